#include "measure/stat.h"

#include "base/wide.h"

#include <math.h>
#include <string.h>

enum { LANES = 8, BLOCK = 4096 };

/* One vector register of AVX2, two of SSE or NEON: the compiler does what the machine has. */
typedef float floats __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t words __attribute__((vector_size(LANES * sizeof(int32_t))));

typedef struct lanes {
    floats sum, squares, fourths, least, greatest;
    words zeros, not_finite;
} lanes;

static ALWAYS_INLINE void choose(const words *which, floats *to, const floats *from)
{
    *to = (floats)((*which & (words)*from) | (~*which & (words)*to));
}

/* Eight numbers. What is not finite is replaced by 0 in sums and by nothing in extremes: without branches, so
 * that the lanes go together. A comparison that holds is -1. */
static ALWAYS_INLINE void add_eight(lanes *l, const float *in)
{
    floats x;
    memcpy(&x, in, sizeof(x));
    words bits = (words)x, finite = (bits & 0x7F800000) != 0x7F800000;
    floats one = (floats)(bits & finite), square = one * one;
    words lower = (x < l->least) & finite, higher = (x > l->greatest) & finite;
    l->not_finite -= ~finite;
    l->zeros -= (bits & 0x7FFFFFFF) == 0;
    l->sum += one;
    l->squares += square;
    l->fourths += square * square;
    choose(&lower, &l->least, &x);
    choose(&higher, &l->greatest, &x);
}

static ALWAYS_INLINE void add_lanes(lanes *l, const float *in, size_t eights)
{
    lanes here = *l;
    for (size_t i = 0; i < eights; i++) add_eight(&here, in + i * LANES);
    *l = here;
}

/* Half a vector: what finds the lesser of two in one instruction on every x86-64. */
typedef float four __attribute__((vector_size(16)));

static ALWAYS_INLINE void widen(const float *in, four *least, four *greatest)
{
    four x;
    memcpy(&x, in, sizeof(x));
#ifdef __SSE__
    *least = __builtin_ia32_minps(x, *least);
    *greatest = __builtin_ia32_maxps(x, *greatest);
#else
    for (size_t i = 0; i < 4; i++) (*least)[i] = x[i] < (*least)[i] ? x[i] : (*least)[i];
    for (size_t i = 0; i < 4; i++) (*greatest)[i] = x[i] > (*greatest)[i] ? x[i] : (*greatest)[i];
#endif
}

/* The same of numbers that all are finite, which is nearly always so, and takes half the time; false, and l
 * is as it was, where it is not so. */
static ALWAYS_INLINE bool add_finite(lanes *l, const float *in, size_t eights)
{
    floats sum = l->sum, squares = l->squares, fourths = l->fourths;
    words zeros = l->zeros, odd = { 0 };
    four least[2], greatest[2];
    memcpy(least, &l->least, sizeof(least));
    memcpy(greatest, &l->greatest, sizeof(greatest));
    for (size_t i = 0; i < eights; i++) {
        floats x;
        memcpy(&x, in + i * LANES, sizeof(x));
        floats square = x * x;
        odd |= ((words)x & 0x7F800000) == 0x7F800000;
        zeros -= x == 0;
        sum += x;
        squares += square;
        fourths += square * square;
        widen(in + i * LANES, &least[0], &greatest[0]);
        widen(in + i * LANES + 4, &least[1], &greatest[1]);
    }
    for (size_t i = 0; i < LANES; i++) {
        if (odd[i] != 0) return false;
    }
    *l = (lanes){
        .sum = sum, .squares = squares, .fourths = fourths, .zeros = zeros, .not_finite = l->not_finite
    };
    memcpy(&l->least, least, sizeof(least));
    memcpy(&l->greatest, greatest, sizeof(greatest));
    return true;
}

static ALWAYS_INLINE void add_any(lanes *l, const float *in, size_t eights)
{
    if (!add_finite(l, in, eights)) add_lanes(l, in, eights);
}

typedef void add_fn(lanes *l, const float *in, size_t eights);

static void add_plain(lanes *l, const float *in, size_t eights)
{
    add_any(l, in, eights);
}

WIDE static void add_wide(lanes *l, const float *in, size_t eights)
{
    add_any(l, in, eights);
}

/* Sums of a block that floats have no room for. */
static void sum_in_double(number_stat *s, const float *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double x = isfinite(in[i]) ? (double)in[i] : 0, square = x * x;
        s->sum += x;
        s->squares += square;
        s->fourths += square * square;
    }
}

static double total(const floats *lane)
{
    double all = 0;
    for (size_t i = 0; i < LANES; i++) all += (double)(*lane)[i];
    return all;
}

/* From 0x1p-100 on, fourth powers that matter are far above what floats lose; below FLT_MAX nothing
 * overflowed. */
static bool in_range(double fourths)
{
    return fourths > 0x1p-100 && fourths < 0x1p127;
}

static void add_block(number_stat *s, const float *in, size_t n, add_fn *add)
{
    lanes l = { 0 };
    float rest[LANES];
    uint64_t zeros = 0, not_finite = 0;
    for (size_t i = 0; i < LANES; i++) l.least[i] = INFINITY;
    for (size_t i = 0; i < LANES; i++) l.greatest[i] = -INFINITY;
    add(&l, in, n / LANES);
    if (n % LANES > 0) {
        for (size_t i = 0; i < LANES; i++) rest[i] = i < n % LANES ? in[n / LANES * LANES + i] : NAN;
        add(&l, rest, 1);
        not_finite -= LANES - n % LANES;
    }
    for (size_t i = 0; i < LANES; i++) {
        zeros += (uint32_t)l.zeros[i];
        not_finite += (uint32_t)l.not_finite[i];
        if (l.least[i] < s->least || (s->count == 0 && i == 0)) s->least = l.least[i];
        if (l.greatest[i] > s->greatest || (s->count == 0 && i == 0)) s->greatest = l.greatest[i];
    }
    s->zeros += zeros;
    s->not_finite += not_finite;
    s->count += n - not_finite;
    if (in_range(total(&l.fourths)) || zeros + not_finite == n) {
        s->sum += total(&l.sum);
        s->squares += total(&l.squares);
        s->fourths += total(&l.fourths);
    } else {
        sum_in_double(s, in, n);
    }
}

static void add_all(number_stat *s, const float *numbers, size_t n, add_fn *add)
{
    for (size_t i = 0; i < n; i += BLOCK) add_block(s, numbers + i, n - i < BLOCK ? n - i : BLOCK, add);
}

void stat_add(number_stat *s, const float *numbers, size_t n)
{
    add_all(s, numbers, n, wide_here() ? add_wide : add_plain);
}

void stat_add_plain(number_stat *s, const float *numbers, size_t n)
{
    add_all(s, numbers, n, add_plain);
}

void stat_merge(number_stat *s, const number_stat *other)
{
    if (other->count > 0 && (s->count == 0 || other->least < s->least)) s->least = other->least;
    if (other->count > 0 && (s->count == 0 || other->greatest > s->greatest)) s->greatest = other->greatest;
    s->count += other->count;
    s->zeros += other->zeros;
    s->not_finite += other->not_finite;
    s->sum += other->sum;
    s->squares += other->squares;
    s->fourths += other->fourths;
}

double stat_mean(const number_stat *s)
{
    return s->count == 0 ? 0 : s->sum / (double)s->count;
}

double stat_variance(const number_stat *s)
{
    double mean = stat_mean(s), variance = s->count == 0 ? 0 : s->squares / (double)s->count - mean * mean;
    return variance > 0 ? variance : 0;
}

double stat_kurtosis(const number_stat *s)
{
    return s->squares > 0 ? s->fourths / s->squares * ((double)s->count / s->squares) : 0;
}
