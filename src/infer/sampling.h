/* sampling.h -- a part of the values of some weights, enough to tell how they are arranged. */
#ifndef ARI_INFER_SAMPLING_H
#define ARI_INFER_SAMPLING_H

#include "infer/numbers.h"
#include "infer/role.h"
#include "measure/likeness.h"

/* What is wanted of a weight: its vectors, one for each of `count` places of its own axis (the rows of a
 * value projection, the columns of an output projection). */
typedef struct ari_wanted {
    uint32_t role;
    uint64_t count;
    bool transposed; /* Matrices are stored [in, out]: which axis of a square one is meant. */
} ari_wanted;

/* Are the matrices of that component stored [in, out]? Those that are not square tell. */
bool stored_transposed(const ari_layout *l, uint32_t component, uint64_t hidden);

/* Is the template a weight of that role in the layers of that component: no bias, no scales, no adapter, no
 * part of cross-attention? */
bool is_weight_of(const ari_template *t, uint32_t component, uint32_t role);

/* How many of `count` layers are looked at, and the i-th of them: spread evenly over the depth. */
size_t layers_sampled(size_t count, uint64_t vectors);
size_t layer_sampled(size_t count, size_t sampled, size_t i);

/* Take the vectors of the k-th place: the beginning of each row, or the numbers of each column in evenly
 * spaced rows. False with *why NULL where memory is short; with words where they cannot be told, or where the
 * shape is another than was wanted. `out` is to be freed in any case. */
bool vectors_sample(const ari_checkpoint *c, const ari_layout *l, const ari_template *t, size_t k,
                    const ari_wanted *wanted, uint64_t *bytes_read, ari_vectors *out, const char **why);

#endif
