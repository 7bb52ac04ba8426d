/* maker.h -- GGUF files made byte by byte, in any version and byte order. */
#ifndef ARI_TESTS_MAKER_H
#define ARI_TESTS_MAKER_H

#include "base/span.h"

#include <stdlib.h>

typedef struct maker {
    uint8_t bytes[1 << 16];
    size_t size;
    bool big;
    unsigned wide; /* Bytes of a count: 4 in version 1, else 8. */
} maker;

static inline void put(maker *m, uint64_t value, unsigned width)
{
    for (unsigned i = 0; i < width; i++) {
        unsigned shift = 8 * (m->big ? width - 1 - i : i);
        m->bytes[m->size++] = (uint8_t)(value >> shift);
    }
}

static inline void put_count(maker *m, uint64_t n)
{
    put(m, n, m->wide);
}

static inline void put_string(maker *m, const char *text)
{
    size_t n = strlen(text);
    put_count(m, n);
    memcpy(m->bytes + m->size, text, n);
    m->size += n;
}

static inline void put_zeros(maker *m, size_t n)
{
    memset(m->bytes + m->size, 0, n);
    m->size += n;
}

/* On the heap: it is too large for a stack. */
static inline maker *begin_gguf(unsigned version, bool big, uint64_t tensors, uint64_t pairs)
{
    maker *m = calloc(1, sizeof(*m));
    m->wide = version == 1 ? 4 : 8;
    m->big = big;
    memcpy(m->bytes, "GGUF", 4);
    m->size = 4;
    put(m, version, 4);
    put_count(m, tensors);
    put_count(m, pairs);
    return m;
}

/* A pair of one integer or bool. */
static inline void put_pair(maker *m, const char *key, unsigned type, uint64_t value, unsigned width)
{
    put_string(m, key);
    put(m, type, 4);
    put(m, value, width);
}

static inline void put_info(maker *m, const char *name, unsigned rank, const uint64_t *sizes, uint32_t type,
                            uint64_t offset)
{
    put_string(m, name);
    put(m, rank, 4);
    for (unsigned i = 0; i < rank; i++) put_count(m, sizes[i]);
    put(m, type, 4);
    put(m, offset, 8);
}

static inline void pad(maker *m, size_t alignment)
{
    while (m->size % alignment != 0) m->bytes[m->size++] = 0;
}

static inline ari_span made(const maker *m)
{
    return (ari_span){ m->bytes, m->size };
}

#endif
