/* ggml's blocks: integers of few bits, and what scales them. Each is computed in the order of ggml's
 * dequantize_row_*, so that it rounds as there; what stands where is in ggml-common.h. */
#include "measure/decoding.h"

/* --- 32 elements and more with one scale: the low halves of the bytes come first ------------- */

BLOCK(Q4_0)
{
    float d = half_at(in);
    for (size_t i = 0; i < 16; i++) out[i] = (float)((in[2 + i] & 15) - 8) * d;
    for (size_t i = 0; i < 16; i++) out[16 + i] = (float)((in[2 + i] >> 4) - 8) * d;
}

BLOCK(Q4_1)
{
    float d = half_at(in), m = half_at(in + 2);
    for (size_t i = 0; i < 16; i++) out[i] = (float)(in[4 + i] & 15) * d + m;
    for (size_t i = 0; i < 16; i++) out[16 + i] = (float)(in[4 + i] >> 4) * d + m;
}

/* The fifth bit of element i is bit i of a word. */
static ALWAYS_INLINE int fifth(uint32_t bits, size_t i)
{
    return (int)(bits >> i & 1) << 4;
}

BLOCK(Q5_0)
{
    float d = half_at(in);
    uint32_t high = four_bytes(in + 2);
    for (size_t i = 0; i < 16; i++) out[i] = (float)((in[6 + i] & 15) + fifth(high, i) - 16) * d;
    for (size_t i = 0; i < 16; i++) out[16 + i] = (float)((in[6 + i] >> 4) + fifth(high, 16 + i) - 16) * d;
}

BLOCK(Q5_1)
{
    float d = half_at(in), m = half_at(in + 2);
    uint32_t high = four_bytes(in + 4);
    for (size_t i = 0; i < 16; i++) out[i] = (float)((in[8 + i] & 15) + fifth(high, i)) * d + m;
    for (size_t i = 0; i < 16; i++) out[16 + i] = (float)((in[8 + i] >> 4) + fifth(high, 16 + i)) * d + m;
}

static ALWAYS_INLINE void scaled_bytes(const uint8_t *restrict in, size_t n, float d, float *restrict out)
{
    for (size_t i = 0; i < n; i++) out[i] = (float)(int8_t)in[i] * d;
}

BLOCK(Q8_0)
{
    scaled_bytes(in + 2, 32, half_at(in), out);
}

/* Its second number is a sum, which nothing needs here. */
BLOCK(Q8_1)
{
    scaled_bytes(in + 4, 32, half_at(in), out);
}

BLOCK(Q8_K)
{
    scaled_bytes(in + 4, 256, from_bits(four_bytes(in)), out);
}

BLOCK(Q1_0)
{
    float d = half_at(in);
    for (size_t i = 0; i < 128; i++) out[i] = (in[2 + i / 8] >> i % 8 & 1) != 0 ? d : -d;
}

BLOCK(Q2_0)
{
    float d = half_at(in);
    for (size_t i = 0; i < 64; i++) out[i] = (float)((in[2 + i / 4] >> i % 4 * 2 & 3) - 1) * d;
}

/* --- OCP's four bits, which are numbers themselves ------------------------------------------ */

static ALWAYS_INLINE void scaled_e2m1(const uint8_t *restrict in, size_t half, float scale,
                                      float *restrict out)
{
    for (size_t i = 0; i < half; i++) {
        out[i] = numbers_e2m1[in[i] & 15] * scale;
        out[half + i] = numbers_e2m1[in[i] >> 4] * scale;
    }
}

BLOCK(MXFP4)
{
    scaled_e2m1(in + 1, 16, from_e8m0(in[0]), out);
}

/* Four scales without a sign, each for 16. */
BLOCK(NVFP4)
{
    for (size_t i = 0; i < 4; i++) scaled_e2m1(in + 4 + 8 * i, 8, from_e4m3(in[i] & 127), out + 16 * i);
}

/* --- 256 elements, whose scales are integers too -------------------------------------------- */

/* Two bits an element: byte i of 32 has elements i, i + 32, i + 64 and i + 96; a scale for every 16. */
BLOCK(Q2_K)
{
    float d = half_at(in + 80), m = half_at(in + 82);
    for (size_t k = 0; k < 16; k++) {
        const uint8_t *q = in + 16 + k / 8 * 32 + k % 2 * 16;
        float scale = d * (float)(in[k] & 15), least = m * (float)(in[k] >> 4);
        unsigned shift = k / 2 % 4 * 2;
        for (size_t i = 0; i < 16; i++) out[16 * k + i] = scale * (float)(q[i] >> shift & 3) - least;
    }
}

/* As Q2_K with a third bit, bit k / 2 of 32 other bytes. Scales have their low four bits in 8 bytes and the
 * upper two in 4. */
BLOCK(Q3_K)
{
    float d = half_at(in + 108);
    for (size_t k = 0; k < 16; k++) {
        const uint8_t *q = in + 32 + k / 8 * 32 + k % 2 * 16, *high = in + k % 2 * 16, *scales = in + 96;
        int low = scales[k % 8] >> k / 8 * 4 & 15, upper = scales[8 + k % 4] >> k / 4 * 2 & 3;
        float scale = d * (float)((low | upper << 4) - 32);
        unsigned shift = k / 2 % 4 * 2, bit = (unsigned)k / 2;
        for (size_t i = 0; i < 16; i++) {
            int n = (q[i] >> shift & 3) + (high[i] >> bit & 1) * 4 - 4;
            out[16 * k + i] = scale * (float)n;
        }
    }
}

/* The k-th of eight scales and minima of six bits, in 12 bytes: the first four are the low bits of bytes 0-3
 * and 4-7, the others have four bits in bytes 8-11 and two in the upper ones of bytes 0-3 and 4-7. */
static ALWAYS_INLINE void scale_and_least(const uint8_t *in, size_t k, int *scale, int *least)
{
    *scale = k < 4 ? in[k] & 63 : (in[k + 4] & 15) | in[k - 4] >> 6 << 4;
    *least = k < 4 ? in[k + 4] & 63 : in[k + 4] >> 4 | in[k] >> 6 << 4;
}

BLOCK(Q4_K)
{
    float d = half_at(in), m = half_at(in + 2);
    for (size_t k = 0; k < 8; k++) {
        const uint8_t *q = in + 16 + k / 2 * 32;
        int scale, least;
        scale_and_least(in + 4, k, &scale, &least);
        float by = d * (float)scale, minus = m * (float)least;
        unsigned shift = k % 2 * 4;
        for (size_t i = 0; i < 32; i++) out[32 * k + i] = by * (float)(q[i] >> shift & 15) - minus;
    }
}

BLOCK(Q5_K)
{
    float d = half_at(in), m = half_at(in + 2);
    for (size_t k = 0; k < 8; k++) {
        const uint8_t *q = in + 48 + k / 2 * 32, *high = in + 16;
        int scale, least;
        scale_and_least(in + 4, k, &scale, &least);
        float by = d * (float)scale, minus = m * (float)least;
        unsigned shift = k % 2 * 4, bit = (unsigned)k;
        for (size_t i = 0; i < 32; i++) {
            int n = (q[i] >> shift & 15) + (high[i] >> bit & 1) * 16;
            out[32 * k + i] = by * (float)n - minus;
        }
    }
}

/* Of each 128 elements, byte i of 64 has the low bits of element i and of i + 64, and byte i of 32 the upper
 * two of i, i + 32, i + 64 and i + 96. A signed scale for every 16. */
BLOCK(Q6_K)
{
    float d = half_at(in + 208);
    for (size_t half = 0; half < 2; half++) {
        const uint8_t *low = in + 64 * half, *high = in + 128 + 32 * half, *scales = in + 192 + 8 * half;
        uint8_t n[128];
        for (size_t i = 0; i < 32; i++) {
            n[i] = (uint8_t)((low[i] & 15) | (high[i] & 3) << 4);
            n[32 + i] = (uint8_t)((low[32 + i] & 15) | (high[i] >> 2 & 3) << 4);
            n[64 + i] = (uint8_t)(low[i] >> 4 | (high[i] >> 4 & 3) << 4);
            n[96 + i] = (uint8_t)(low[32 + i] >> 4 | high[i] >> 6 << 4);
        }
        for (size_t k = 0; k < 8; k++) {
            float scale = d * (float)(int8_t)scales[k], *to = out + 128 * half + 16 * k;
            for (size_t i = 0; i < 16; i++) to[i] = scale * (float)(n[16 * k + i] - 32);
        }
    }
}

/* --- Ternary ------------------------------------------------------------------------------ */

/* Digit `power` of five in a byte, which holds them as a fraction of 256: rounded up, so the product has the
 * digit above its eighth bit. */
static ALWAYS_INLINE float trit(uint8_t byte, uint8_t power)
{
    uint8_t rest = (uint8_t)(byte * power);
    return (float)((rest * 3 >> 8) - 1);
}

/* 32 bytes of five, 16 bytes of five, 4 bytes of four. */
BLOCK(TQ1_0)
{
    static const uint8_t powers[] = { 1, 3, 9, 27, 81 };
    float d = half_at(in + 52);
    for (size_t n = 0; n < 5; n++) {
        for (size_t i = 0; i < 32; i++) out[32 * n + i] = trit(in[i], powers[n]) * d;
        for (size_t i = 0; i < 16; i++) out[160 + 16 * n + i] = trit(in[32 + i], powers[n]) * d;
    }
    for (size_t n = 0; n < 4; n++) {
        for (size_t i = 0; i < 4; i++) out[240 + 4 * n + i] = trit(in[48 + i], powers[n]) * d;
    }
}

BLOCK(TQ2_0)
{
    float d = half_at(in + 64);
    for (size_t k = 0; k < 8; k++) {
        const uint8_t *q = in + k / 4 * 32;
        unsigned shift = k % 4 * 2;
        for (size_t i = 0; i < 32; i++) out[32 * k + i] = (float)((q[i] >> shift & 3) - 1) * d;
    }
}
