/* wide.h -- one function compiled twice: for any processor, and for those with AVX2.
 *
 *     static ALWAYS_INLINE float body(...) { ... }
 *     static float plain(...) { return body(...); }
 *     WIDE static float wide(...) { return body(...); }
 *     float it(...) { return wide_here() ? wide(...) : plain(...); }
 *
 * Both give the same bits: nothing is contracted (-ffp-contract=off) and no sum put in another order. */
#ifndef ARI_BASE_WIDE_H
#define ARI_BASE_WIDE_H

#include <stdbool.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2")))
static inline bool wide_here(void)
{
    return __builtin_cpu_supports("avx2");
}
#else
#define WIDE
static inline bool wide_here(void)
{
    return false;
}
#endif

#endif
