/* neurons.h -- does the number of a hidden unit mean anything? (The study's T1.)
 *
 * Before training, hidden units are numbered at random: of two models that were initialised apart, unit 7 of
 * the one is no nearer to unit 7 of the other than to unit 8. So the correlations of each unit with all that
 * have another number are the null, exactly, whatever the data, the training or the storage. The shift by s
 * pairs unit i with i + s; what the pairs of equal number correlate beyond the mean of all other shifts is
 * rho (as a share of what is left to 1), and z its distance in their standard deviations, or in what it would
 * vary by if all products had signs at random, whichever is more. */
#ifndef ARI_LINEAGE_NEURONS_H
#define ARI_LINEAGE_NEURONS_H

#include "lineage/units.h"

enum { NEURONS_MOST = 128 };

/* Vectors, centred over what is not exactly 0 (masks are shared by frameworks, not by descent) and of length
 * 1; one that is constant, or holds what is no number, is not live. */
typedef struct ari_sample {
    float *x;
    bool *live;
    size_t count, width, room, live_count;
    uint64_t of, experts; /* Units there are, in all; in so many experts. */
    uint64_t phases;      /* Samples that have no unit in common. */
} ari_sample;

/* What is sampled of each layer. */
typedef struct sampling {
    ari_unit_kind kind;
    ari_unit_home home;
    size_t units;     /* At most; spread evenly over all experts. */
    uint64_t columns; /* Numbers of each, from the first on; 0 for all. */
    uint64_t phase;   /* Which of the samples that have no unit in common. */
    bool adjacent;    /* Those that follow one another, so that columns lie together. */
    bool alone;       /* Only of that expert. */
    uint64_t expert;
    bool raw; /* Not prepared: neither centred nor scaled. */
} sampling;

/* Samples of fewer units say nothing. */
enum { NEURONS_LEAST = 16 };

typedef enum ari_told { ARI_TOLD, ARI_NOT_THERE, ARI_NO_MEMORY } ari_told;

/* *out is empty, and ARI_NOT_THERE, where the layer has no such units. Free it. */
ari_told units_sample(ari_bank *b, uint32_t layer, const sampling *s, ari_sample *out);
/* Center and scale the vectors that are there. */
void units_prepare(ari_sample *s);
void units_free(ari_sample *s);

typedef struct ari_diagonal {
    size_t units;  /* That are live in both. */
    double rho;    /* -1 to 1. */
    double z, p;   /* p two-sided, at least CHANCE_LEAST. */
    size_t shifts; /* The null has so many. */
    size_t blocks; /* Samples that this is of; by chance each has one hit. */
    size_t hits;   /* Units of b whose nearest in a has the same number; by chance, one. */
} ari_diagonal;

/* ARI_NOT_THERE where fewer than NEURONS_LEAST are live in both, or widths differ. Allocates. */
ari_told diagonal_test(const ari_sample *a, const ari_sample *b, ari_diagonal *out);

#endif
