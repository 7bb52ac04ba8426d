/* record.h -- a model as the comparison sees it: inferred, stated or catalogued, all are one. */
#ifndef ARI_COMPARE_RECORD_H
#define ARI_COMPARE_RECORD_H

#include "compare/catalogue.h"
#include "compare/key.h"
#include "infer/model.h"

typedef struct ari_record {
    const char *name;
    const ari_entry *entry;              /* Of the catalogue, or NULL. */
    ari_inferred values[ARI_KEY_COUNT];  /* With basis and candidates; texts are borrowed. */
    double numbers[ARI_KEY_COUNT];       /* NaN where the value is no number. */
    ari_keys absent, unknown, ambiguous; /* All others have one value. */
    const char *unused_width;    /* An intermediate_size that is stated where every layer has experts of
                                    another width; NULL if there is none. */
    const char *read_as_experts; /* One that was read as moe_intermediate_size, or NULL. */
} ari_record;

/* Both borrow from what they are made of. An intermediate_size that a model without a dense MLP states is
 * read as moe_intermediate_size if it equals that or no other width is given; else it is unused. Strings that
 * have to be made live in the arena. */
void record_of_model(ari_arena *arena, const ari_model *m, ari_record *out);
void record_of_entry(ari_arena *arena, const ari_entry *e, ari_record *out);
/* A part: a component of a model, or a tower of an entry. */
void record_of_part(const char *name, const ari_architecture *a, ari_record *out);

/* Has the model no such thing; does nothing tell; or has it one value and no other? */
static inline bool record_absent(const ari_record *r, size_t key)
{
    return (r->absent & key_bit(key)) != 0;
}

static inline bool record_unknown(const ari_record *r, size_t key)
{
    return (r->unknown & key_bit(key)) != 0;
}

static inline bool record_certain(const ari_record *r, size_t key)
{
    return ((r->absent | r->unknown | r->ambiguous) & key_bit(key)) == 0;
}

/* Do both have this value as the only one? */
bool record_same(const ari_record *a, const ari_record *b, size_t key);

#endif
