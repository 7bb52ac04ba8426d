/* chance.h -- how likely it is that chance alone goes so far. */
#ifndef ARI_MEASURE_CHANCE_H
#define ARI_MEASURE_CHANCE_H

#include <stddef.h>
#include <stdint.h>

/* Below this no probability is printed: nothing was calibrated so far out. */
#define CHANCE_LEAST 1e-12

/* Of a normal variable: P(Z >= z). */
double chance_normal(double z);
/* Of a deviation that was measured with a mean and a spread of `samples` others: Student's t, two-sided, by
 * Wallace's approximation. */
double chance_deviation(double z, size_t samples);
/* P(X >= hits) of `tries`, each of probability p. tries: at most some thousands. */
double chance_hits(uint64_t hits, uint64_t tries, double p);

double chance_ln(double x); /* Of a positive, normal number. */
double chance_exp(double x);

#endif
