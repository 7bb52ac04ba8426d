/* cosines.h -- how gate, up and down of one unit lie to each other. (The study's T3.)
 *
 * cos(gate, up), cos(gate, down) and cos(up, down) of a unit stay as they are when the residual basis is
 * permuted or rotated. Over the units of a layer they are ranked, and ranks correlated by unit number; the
 * null is the same with all numbers shifted. */
#ifndef ARI_LINEAGE_COSINES_H
#define ARI_LINEAGE_COSINES_H

#include "lineage/neurons.h"

enum { COSINES = 3, COSINES_UNITS = 256 /* Of a layer, as diff takes them. */ };

/* Of one layer: each of the units' cosines, malloc'd; `there` of them. */
typedef struct ari_cosines {
    double *of[COSINES];
    size_t units;
    uint64_t all; /* Units there are. */
} ari_cosines;

/* Of the first so many units. */
ari_told cosines_measure(ari_bank *b, uint32_t layer, ari_unit_home home, size_t units, ari_cosines *out);
void cosines_free(ari_cosines *c);

typedef struct ari_ranks {
    double rho, z;       /* Mean over those that were told; z by Stouffer. */
    size_t told, shifts; /* Comparisons; the null of each. */
} ari_ranks;

/* Adds up, layer by layer; conclude at the end. Measured of as many units out of as many, else ARI_NOT_THERE.
 */
ari_told cosines_compare(const ari_cosines *a, const ari_cosines *b, ari_ranks *sum);
void cosines_conclude(ari_ranks *sum);

#endif
