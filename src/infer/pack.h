/* pack.h -- packing comes before meaning: logical shapes of quantised weights and of LoRA pairs.
 *
 * After this nobody needs to know that a tensor was packed. The layouts are in pack.def. */
#ifndef ARI_INFER_PACK_H
#define ARI_INFER_PACK_H

#include "infer/layout.h"
#include "read/checkpoint.h"

typedef enum ari_part { ARI_PART_WEIGHT, ARI_PART_BIAS, ARI_PART_OTHER } ari_part;

/* Bytes of the longest tensor that is looked into: it holds the shape of another, as numbers or as JSON. */
enum { SMALL_VALUE = 1 << 16 };

/* What most of the packed elements are stored as. */
typedef struct ari_packing {
    const char *scheme; /* NULL where nothing is packed. */
    unsigned bits;
    uint64_t group_size; /* 0 where the whole row or tensor shares a scale. */
    uint64_t lora_rank;  /* Of the commonest pair; 0 where there is none. */
    bool open;           /* Some packed weights have no known number of elements. */
} ari_packing;

/* Fill the packing fields of every template. Reads the few small tensors that
 * hold shapes. False when memory is short. */
bool pack_resolve(ari_layout *l, const ari_checkpoint *c, ari_packing *out);

typedef struct ari_shape {
    const uint64_t *sizes;
    uint32_t rank;
    uint64_t elements;
} ari_shape;

/* The logical shape of the k-th place of a template. */
ari_shape logical_shape(const ari_layout *l, const ari_template *t, size_t k);

/* The scheme that the k-th place is packed by, as pack.def calls it; NULL where it is not packed. */
const char *pack_scheme(const ari_template *t, size_t k);

/* Another tensor of the same module, by the letter that it has in that row of pack.def; NULL where the row
 * has no such letter or the model no such tensor. */
const ari_tensor *pack_companion(const ari_layout *l, const ari_template *t, size_t k, char letter);

#endif
