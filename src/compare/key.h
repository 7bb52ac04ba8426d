/* key.h -- what models are compared by: the fields of an architecture, and "experts", which is two of them.
 */
#ifndef ARI_COMPARE_KEY_H
#define ARI_COMPARE_KEY_H

#include "infer/architecture.h"

/* A key is the number of a field, or this. */
enum { ARI_KEY_EXPERTS = ARI_FIELD_COUNT, ARI_KEY_COUNT };

/* A bit a key. */
typedef uint64_t ari_keys;
_Static_assert(ARI_KEY_COUNT <= 64, "a set of keys is one word");

static inline ari_keys key_bit(size_t key)
{
    return UINT64_C(1) << key;
}

/* Keys in the order of their table. */
typedef struct ari_key_list {
    uint8_t at[ARI_KEY_COUNT];
    size_t count;
    ari_keys set;
} ari_key_list;

/* hidden_size num_hidden_layers num_attention_heads intermediate_size hidden_act: these decide. */
ari_keys keys_core(void);
/* Sizes that show in the tensors. */
ari_keys keys_sizes(void);
size_t keys_count(ari_keys set);

/* The field's name, or "experts". */
const char *key_name(size_t key);

/* "core", "extended", "all", or names with commas between. Fails with USAGE. */
ari_status keys_parse(const char *words, ari_key_list *out, ari_err *err);

#endif
