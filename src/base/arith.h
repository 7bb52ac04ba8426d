/* arith.h -- arithmetic on numbers that came from a file: checked or not done. */
#ifndef ARI_BASE_ARITH_H
#define ARI_BASE_ARITH_H

#include <stdbool.h>
#include <stdint.h>

static inline bool mul_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    return !__builtin_mul_overflow(a, b, out);
}

static inline bool add_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    return !__builtin_add_overflow(a, b, out);
}

/* The next multiple of `alignment`, a power of two. */
static inline bool align_u64(uint64_t n, uint64_t alignment, uint64_t *out)
{
    if (!add_u64(n, alignment - 1, out)) return false;
    *out &= ~(alignment - 1);
    return true;
}

#endif
