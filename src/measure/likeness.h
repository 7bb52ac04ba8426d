/* likeness.h -- how alike vectors of one matrix are that stand so far apart.
 *
 * Rows of the value projection that belong to one head point more alike than rows of two heads, whatever the
 * sign: what is summed here are squared cosines, of all pairs (i, i + lag), and of those pairs that lie
 * within one block of so many vectors. */
#ifndef ARI_MEASURE_LIKENESS_H
#define ARI_MEASURE_LIKENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ari_vectors {
    size_t count, width;
    float *of;     /* count x width, one vector after another. */
    double *norms; /* Their lengths, before they became 1; 0 of those that have no direction. */
} ari_vectors;

/* Room for them, all zero. False when memory is short. vectors_free either way. */
bool vectors_alloc(ari_vectors *v, size_t count, size_t width);
void vectors_free(ari_vectors *v);

/* Make all of length 1. One that is zero, or holds what is no number, has no direction and is in no pair. */
void vectors_normalise(ari_vectors *v);

/* Squared cosines of some pairs. */
typedef struct likeness {
    double sum, squares, pairs;
} likeness;

double likeness_mean(const likeness *l);
double likeness_variance(const likeness *l);
/* The pairs of one and not of the other, which is part of it. */
likeness likeness_rest(const likeness *of, const likeness *part);
/* Is the mean of one above that of the other, in standard errors? By a variance that the caller knows. 0
 * where either has fewer than four pairs. */
double likeness_contrast(const likeness *a, const likeness *b, double variance);

/* Room for one lag of so many vectors. */
typedef struct ari_lag {
    size_t room;
    double *running[3]; /* Sum, squares and pairs of the first so many. */
} ari_lag;

bool lag_alloc(ari_lag *l, size_t count);
void lag_free(ari_lag *l);

/* Take all pairs of that lag, which is below the number of vectors. */
void lag_take(ari_lag *l, const ari_vectors *v, size_t lag);
likeness lag_all(const ari_lag *l, const ari_vectors *v, size_t lag);
/* Those within blocks of `size`, which is more than the lag. */
likeness lag_within(const ari_lag *l, const ari_vectors *v, size_t lag, size_t size);

#endif
