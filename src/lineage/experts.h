/* experts.h -- were the experts of a model made of one MLP?
 *
 * Experts that were initialised apart are as far from each other as two models are. Copies of one dense MLP
 * ("upcycling"), with noise or training on top, are not; nor are those that a framework gave one random
 * state by mistake. */
#ifndef ARI_LINEAGE_EXPERTS_H
#define ARI_LINEAGE_EXPERTS_H

#include "lineage/neurons.h"

typedef struct ari_kin_experts {
    uint32_t layer;
    size_t tried, alike; /* Experts held against the first; of these, those beyond Z_SURE. */
    double rho, z;       /* Means over those that were tried. */
    uint64_t bytes_read;
} ari_kin_experts;

/* Of a layer in the middle of those with routed experts. ARI_NOT_THERE where none has two. */
ari_told experts_test(ari_bank *b, ari_kin_experts *out);

#endif
