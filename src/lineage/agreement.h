/* agreement.h -- do gate and up point to the same unit? (The study's T2.)
 *
 * For each of some units of b the nearest of all units of a is looked for twice: by the one matrix and, apart
 * from that, by the other. Of models that were initialised apart they agree once in as many tries as a has
 * units. It finds what was shuffled, pruned, cut into experts or made of a dense MLP; it needs the same
 * residual basis. */
#ifndef ARI_LINEAGE_AGREEMENT_H
#define ARI_LINEAGE_AGREEMENT_H

#include "lineage/neurons.h"

typedef struct ari_gate_up {
    ari_unit_kind by[2];    /* Gate and up; up and down where there is no gate. */
    uint64_t tries, agreed; /* Units of b. */
    uint64_t of;            /* Units of a. */
    double chance;          /* Of one try: how often they agree with the tries shifted, at least 1 / of. */
    double rho;             /* Of those that agreed, the mean correlation; 0 where none did. */
    double p;               /* At least CHANCE_LEAST. */
} ari_gate_up;

/* Between a layer and the one that goes with it, whosever units they are. ARI_NOT_THERE where there are no
 * two matrices to go by, widths differ, or it would take too long (some 10^11 operations). */
ari_told agreement_test(ari_bank *a, uint32_t a_layer, ari_unit_home a_home, ari_bank *b, uint32_t b_layer,
                        ari_unit_home b_home, ari_gate_up *out);

#endif
