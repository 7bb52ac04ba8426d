/* derivation.h -- from the sizes of one component to its fields. */
#ifndef ARI_INFER_DERIVATION_H
#define ARI_INFER_DERIVATION_H

#include "infer/architecture.h"
#include "infer/sizes.h"

/* One component being derived. */
typedef struct ari_derivation {
    const ari_layout *layout;
    const ari_sizes *sizes;
    ari_architecture *out;
    ari_arena *arena;
    bool text;    /* Not a tower of images or sounds. */
    bool partial; /* An adapter: what is not here may be in its base. */
    bool strange; /* Some matrix in the layers is of no known role: nothing follows from absence. */
} ari_derivation;

/* 0 where nothing speaks of it. */
uint64_t size_of(const ari_derivation *d, ari_unknown u);

/* Set the field on the evidence of that size; not to 0. */
void set_size(const ari_derivation *d, ari_field field, uint64_t value, ari_unknown by);

#endif
