/* norms.h -- what vectors of norms say, which is little.
 *
 * They are positive and vary little, so the cosine of any two is near 1: of independent ones it is
 * 1 / sqrt((1 + cv_a^2) (1 + cv_b^2)), cv the standard deviation by the mean. No cosine is given without
 * that. What is left once both are centred is a correlation, whose null is the same with the coordinates of
 * one model shifted, by as much in all vectors: they share one residual basis. */
#ifndef ARI_LINEAGE_NORMS_H
#define ARI_LINEAGE_NORMS_H

#include "lineage/units.h"

typedef struct ari_norms {
    size_t vectors;          /* With one name in both, and neither constant. */
    double cosine, expected; /* Means over them; expected of independent vectors. */
    double rho, z, p;        /* Centred. */
} ari_norms;

/* Of the component of each bank. False when memory is short; `vectors` 0 where there are none. */
bool norms_test(ari_bank *a, ari_bank *b, ari_norms *out);
/* Of independent vectors with these means and standard deviations. */
double norms_expected(double mean_a, double sd_a, double mean_b, double sd_b);

#endif
