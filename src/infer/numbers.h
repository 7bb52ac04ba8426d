/* numbers.h -- the numbers of one weight, in its logical shape, however it is packed.
 *
 * A weight of [out, in] is `rows` rows of `columns` numbers; of more sizes the last is the columns, and the
 * others together the rows. */
#ifndef ARI_INFER_NUMBERS_H
#define ARI_INFER_NUMBERS_H

#include "infer/pack.h"

typedef struct ari_numbers {
    uint64_t rows, columns;
    uint32_t dtype; /* Of the payload. */
    bool big;
    ari_span data;        /* The payload's bytes. Borrowed from the map. */
    uint64_t *bytes_read; /* What was looked at is added here; or NULL. */
} ari_numbers;

/* Those of the k-th place of a template. False, with *why a few words ("its data is not all there"), where
 * they cannot be told: cut or compressed data, a type or a packing that is not decoded, an empty shape. */
bool numbers_open(const ari_checkpoint *c, const ari_layout *l, const ari_template *t, size_t k,
                  ari_numbers *out, const char **why);

/* `count` numbers of a row, from a column on. Within its rows and columns, which is for the caller to see to.
 */
void numbers_read(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out);

#endif
