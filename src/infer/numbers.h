/* numbers.h -- the numbers of one weight, in its logical shape, however it is packed.
 *
 * A weight of [out, in] is `rows` rows of `columns` numbers; of more sizes the last is the columns, and the
 * others together the rows. Schemes are those of pack.def; which of them are unpacked is in unpack.def, with
 * the reason why the others are not. Everything is computed in float as the scheme's own code does it, in its
 * order. Scales that are no numbers make numbers that are none. */
#ifndef ARI_INFER_NUMBERS_H
#define ARI_INFER_NUMBERS_H

#include "infer/pack.h"

/* A tensor beside the payload: scales, zero points, an order. Empty where there is none. */
typedef struct ari_piece {
    ari_span data;
    uint64_t elements;
    uint32_t dtype;
    bool big;
} ari_piece;

typedef struct ari_numbers {
    uint64_t rows, columns;
    uint32_t dtype; /* Of the payload. */
    bool big;
    ari_span data;        /* The payload's bytes. Borrowed from the map. */
    uint64_t *bytes_read; /* What was looked at of the payload is added here; or NULL. */
    /* What follows is for unpacking; nobody else needs it. */
    const struct ari_unpacker *unpacker; /* NULL: it is not packed. */
    ari_piece scales, zeros, order, nested;
    uint64_t group;  /* Columns, or elements, that share a scale. */
    uint64_t height; /* Rows that do. */
    uint64_t across, matrix_rows,
        matrix_scales; /* Scales in a row, rows and scales of one matrix of several. */
    uint64_t words;    /* 32-bit words that a row of the payload takes. */
    uint64_t zero_words;
    unsigned bits;
    int added;    /* To stored zero points. */
    float factor; /* Of all scales. */
    bool divided; /* By it, not times it. */
    float levels[16], nested_levels[256];
    float nested_added;
    uint64_t nested_group;
} ari_numbers;

/* Those of the k-th place of a template. False, with *why a few words ("its data is not all there"), where
 * they cannot be told: cut or compressed data, a type or a packing that is not decoded, an empty shape,
 * scales that do not fit. Nothing is kept that must be freed; the checkpoint and the layout must outlive it.
 */
bool numbers_open(const ari_checkpoint *c, const ari_layout *l, const ari_template *t, size_t k,
                  ari_numbers *out, const char **why);

/* `count` numbers of a row, from a column on. Within its rows and columns, which is for the caller to see to.
 * Allocates nothing. Packings that run along the rows (GPTQ, AWQ) are read a word for each number. */
void numbers_read(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out);

#endif
