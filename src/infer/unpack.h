/* unpack.h -- what numbers.c and the unpackers have in common. Nobody else includes it.
 *
 * An opener looks at a payload and its companions, checks that all that a read can ask for is there, and
 * chooses the unpacker. Reads check once more and give NaN: a file may shrink in meaning, never in safety. */
#ifndef ARI_INFER_UNPACK_H
#define ARI_INFER_UNPACK_H

#include "infer/numbers.h"

typedef struct opening {
    const ari_checkpoint *c;
    const ari_layout *l;
    const ari_template *t;
    size_t k;
    const ari_tensor *payload;
    ari_shape shape; /* Logical. */
    const char **why;
} opening;

typedef bool opener(const opening *o, ari_numbers *n);
opener open_gptq, open_awq, open_bnb, open_fp4, open_grid, open_compressed, open_mlx, open_hqq;
/* Parts of the above. */
opener open_codes, open_levels;

typedef struct ari_unpacker {
    void (*read)(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out);
} ari_unpacker;

/* False, with these words. */
bool unpack_refuse(const opening *o, const char *words);

/* A companion by its letter; false where it is there and its data is not. One that is missing is empty. */
bool unpack_piece(const opening *o, char letter, ari_piece *out);
bool unpack_has(const opening *o, char letter);

/* Element i as a number; NaN beyond the end. */
float piece_number(const ari_piece *p, uint64_t i);
/* Element i of integers; false beyond the end and where it is negative. */
bool piece_index(const ari_piece *p, uint64_t i, uint64_t *out);

static inline uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t divided_up(uint64_t a, uint64_t by)
{
    return a / by + (a % by > 0);
}

/* Word i of little-endian ones, 0 beyond the end. */
uint32_t span_word(ari_span words, uint64_t i);

/* A code of up to 8 bits that begins at bit `bit` of words `stride` apart, the first of them `at`. */
static inline uint32_t code_at(ari_span words, uint64_t at, uint64_t stride, uint64_t bit, unsigned bits)
{
    unsigned shift = (unsigned)(bit % 32);
    uint64_t first = at + bit / 32 * stride;
    uint64_t both = span_word(words, first);
    if (shift + bits > 32) both |= (uint64_t)span_word(words, first + stride) << 32;
    return (uint32_t)(both >> shift) & ((1u << bits) - 1);
}

#endif
