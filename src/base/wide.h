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

/* cppcheck does not know what it would include. */
#if defined(__x86_64__) && defined(__has_include) && !defined(__cppcheck__)
#if __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#endif
#endif

#define ALWAYS_INLINE inline __attribute__((always_inline))

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2")))
/* The loader knows. The compiler's own way asks the processor at every start, which takes long where a
 * hypervisor answers for it. */
static inline bool wide_here(void)
{
#ifdef CPU_FEATURE_ACTIVE
    return CPU_FEATURE_ACTIVE(AVX2);
#else
    return __builtin_cpu_supports("avx2");
#endif
}
#else
#define WIDE
static inline bool wide_here(void)
{
    return false;
}
#endif

#endif
