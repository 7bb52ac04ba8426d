/* mix.h -- is a model a mix of two others, and in what shares?
 *
 * Least squares of each layer's units, centred, on those of both parents: y = b x_b + c x_c. Parents that are
 * near to each other, as two fine-tunes of one base are, leave the shares open, which the condition says: of
 * the parents' correlation r it is (1 + |r|) / (1 - |r|). With the base at hand it is taken off all three
 * first. Spherical interpolation is linear within a layer, up to a factor that the shares then do not add up
 * to 1 by. */
#ifndef ARI_LINEAGE_MIX_H
#define ARI_LINEAGE_MIX_H

#include "lineage/neurons.h"

typedef struct ari_mix_layer {
    uint32_t layer;
    double share_b, share_c;
    double residual;  /* Of the layer's variance, what both together do not explain: 0 to 1. */
    double condition; /* Infinite where the parents are the same. */
} ari_mix_layer;

typedef struct ari_mix {
    ari_mix_layer *of; /* malloc'd. */
    size_t count;
    uint64_t bytes_read;
} ari_mix;

/* Layers that all of them have with equally many units; base may be NULL. False when memory is short. */
bool mix_measure(ari_bank *mixed, ari_bank *b, ari_bank *c, ari_bank *base, ari_mix *out);
void mix_free(ari_mix *m);

#endif
