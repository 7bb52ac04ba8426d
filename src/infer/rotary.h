/* rotary.h -- how query and key heads are rotated, by values, where the size of a head is known.
 *
 * The number of a row within a head is a frequency, and rows of one frequency come to be alike: in lengths,
 * and in direction. Where a head is split into halves, what is half of the rotated part away is alike; where
 * it is interleaved, the neighbour; where nothing is rotated, no row differs from another. */
#ifndef ARI_INFER_ROTARY_H
#define ARI_INFER_ROTARY_H

#include "infer/heads.h"

typedef enum rotary_layout { ROTARY_OPEN, ROTARY_HALVES, ROTARY_PAIRS, ROTARY_NONE } rotary_layout;

typedef struct rotary_look {
    rotary_layout layout;
    uint64_t head_dim;  /* By which rows were folded; 0 where it is not known, and nothing was looked at. */
    uint64_t rotated;   /* Dimensions, of halves. */
    size_t heads;       /* Queries' and keys', looked at. */
    double reliability; /* Of the profile of lengths: one half of the heads against the other. */
    double halves;      /* How well the two halves of the profile agree, 1 at most. */
    double peak;        /* Likeness half of the rotated part away, to the least before it. */
    double pairs;       /* Steps between pairs of the profile, to steps within them. */
    double z;           /* How far heads stand out at all. */
    double confidence;
    const char *why;      /* Where it stays open. Constant text. */
    const char *evidence; /* By who asked. */
} rotary_look;

/* "half-split", "interleaved", "none"; NULL while open. */
const char *rotary_word(rotary_layout layout);

/* False when memory is short. */
bool rotary_look_at(const head_subject *s, uint64_t head_dim, rotary_look *out);

#endif
