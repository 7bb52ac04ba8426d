/* oddities.h -- values that training does not leave: constants, copies, what looks freshly initialised. */
#ifndef ARI_INFER_ODDITIES_H
#define ARI_INFER_ODDITIES_H

#include "infer/numbers.h"
#include "infer/role.h"

/* How many, and the first. */
typedef struct oddity {
    size_t count;
    ari_span first; /* Foreign text. */
} oddity;

/* Of the weights that were looked at: some of each name, and a part of each. */
typedef struct oddities {
    size_t norms, matrices; /* Looked at. */
    size_t spread;          /* Matrices large enough to tell how their values are spread. */
    size_t drawn;           /* Of these, as a normal or a uniform distribution is. */
    oddity plain;           /* Norms of ones only, or of zeros only. */
    oddity zero, constant;  /* Matrices. */
    oddity unread;
    const char *why; /* The first could not be read. */
} oddities;

/* Adds findings. False when memory is short. */
bool oddities_find(ari_checkpoint *c, const ari_layout *l, uint64_t *bytes_read, oddities *out);

#endif
