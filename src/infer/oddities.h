/* oddities.h -- values that training does not leave: constants, copies, what looks freshly initialised. */
#ifndef ARI_INFER_ODDITIES_H
#define ARI_INFER_ODDITIES_H

#include "infer/numbers.h"
#include "infer/role.h"

/* Of all weights; a few of each kind are looked at, and of each a part. */
typedef struct oddities {
    size_t norms, plain_norms; /* Looked at; all ones or all zeros. */
    size_t matrices, fresh;    /* Looked at; spread like a normal or a uniform distribution. */
    size_t unread;             /* Weights that could not be looked at. */
    const char *why;           /* One of the reasons. */
    ari_span example, plain;   /* One that was not read; a norm. Foreign text. */
} oddities;

/* Adds findings. False when memory is short. */
bool oddities_find(ari_checkpoint *c, const ari_layout *l, uint64_t *bytes_read, oddities *out);

#endif
