/* stat.h -- what many numbers look like together: how many, their moments, the least and the greatest.
 *
 * Sums go in eight lanes of floats over at most 4096 numbers and are added up in double after that, so the
 * relative error of each sum of squares is some 1e-5 at worst. The lanes are eight whatever the processor, so
 * all give the same bits. Where a block's fourth powers leave the range of floats, that block is summed
 * in double instead.
 *
 * Numbers that are none or infinite are counted and enter nothing else. Subnormal numbers count as what they
 * are; nothing is changed in how the thread computes, so they may be slow. */
#ifndef ARI_MEASURE_STAT_H
#define ARI_MEASURE_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct number_stat {
    uint64_t count;               /* Of finite numbers. */
    uint64_t zeros, not_finite;   /* Zeros of either sign. */
    double sum, squares, fourths; /* Of x, x^2, x^4. */
    float least, greatest;        /* Meaningless where count is 0. */
} number_stat;

/* Add n numbers to what is there; begin with zeros. In whichever pieces they come, counts and extremes are
 * the same; sums are so to their precision, and to the bit where all pieces but the last are of multiples of
 * 4096. */
void stat_add(number_stat *s, const float *numbers, size_t n);

/* Add another's. */
void stat_merge(number_stat *s, const number_stat *other);

double stat_mean(const number_stat *s);
/* Of the whole population: squares / count - mean^2, never below 0. */
double stat_variance(const number_stat *s);
/* Fourth over squared second moment about zero, which is the kurtosis where the mean is small: 3 for a normal
 * distribution. 0 where all are 0. */
double stat_kurtosis(const number_stat *s);

/* stat_add without the instructions that not all processors have: what tests compare with. */
void stat_add_plain(number_stat *s, const float *numbers, size_t n);

#endif
