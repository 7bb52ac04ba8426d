/* decoding.h -- what the decoders of decode_*.c have in common. Nobody else includes it.
 *
 * A decoder is written once, as DECODER(type) { ... } or of one block as BLOCK(type) { ... }, and compiled
 * twice: for any processor, and for those with AVX2. Loops of a fixed number of turns become vectors. Where
 * there is no second set of instructions, both names are of one function. */
#ifndef ARI_MEASURE_DECODING_H
#define ARI_MEASURE_DECODING_H

#include "base/wide.h"
#include "read/dtype.h"

#include <string.h>

/* `blocks` whole blocks, little-endian. */
typedef void decode_fn(const uint8_t *restrict in, size_t blocks, float *restrict out);

#define DECODE(type, ...) decode_fn decode_##type, decode_##type##_wide;
#include "measure/decode.def"
#undef DECODE

enum {
#define DTYPE(id, safetensors, ggml, elems, bytes, row, class) ELEMS_##id = (elems), BYTES_##id = (bytes),
#include "read/dtype.def"
#undef DTYPE
};

/* One that looks at all blocks together. */
#define DECODER(type)                                                                                     \
    static ALWAYS_INLINE void all_##type(const uint8_t *restrict in, size_t blocks, float *restrict out); \
    void decode_##type(const uint8_t *restrict in, size_t blocks, float *restrict out)                    \
    {                                                                                                     \
        all_##type(in, blocks, out);                                                                      \
    }                                                                                                     \
    WIDE void decode_##type##_wide(const uint8_t *restrict in, size_t blocks, float *restrict out)        \
    {                                                                                                     \
        all_##type(in, blocks, out);                                                                      \
    }                                                                                                     \
    static ALWAYS_INLINE void all_##type(const uint8_t *restrict in, size_t blocks, float *restrict out)

/* One block after the other. */
#define BLOCK(type)                                                                                    \
    static ALWAYS_INLINE void one_##type(const uint8_t *restrict in, float *restrict out);             \
    DECODER(type)                                                                                      \
    {                                                                                                  \
        for (size_t i = 0; i < blocks; i++) one_##type(in + i * BYTES_##type, out + i * ELEMS_##type); \
    }                                                                                                  \
    static ALWAYS_INLINE void one_##type(const uint8_t *restrict in, float *restrict out)

static inline float from_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof(f));
    return f;
}

static inline uint32_t to_bits(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof(bits));
    return bits;
}

/* Little-endian numbers, at any address. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LITTLE(bits, n) (n)
#else
#define LITTLE(bits, n) __builtin_bswap##bits(n)
#endif

static inline uint32_t two_bytes(const uint8_t *in)
{
    uint16_t n;
    memcpy(&n, in, sizeof(n));
    return LITTLE(16, n);
}

static inline uint32_t four_bytes(const uint8_t *in)
{
    uint32_t n;
    memcpy(&n, in, sizeof(n));
    return LITTLE(32, n);
}

static inline uint64_t eight_bytes(const uint8_t *in)
{
    uint64_t n;
    memcpy(&n, in, sizeof(n));
    return LITTLE(64, n);
}

/* A float of fewer bits: its sign at bit `sign`, below it the exponent, below that `fraction` bits. Without
 * branches, so that several can be done at once. What is subnormal there is not so in a float: it gets the
 * smallest exponent that is not, which is then taken away again. All ones in the exponent are infinite or no
 * number, where the format has such. */
static ALWAYS_INLINE float small_float(uint32_t bits, unsigned sign, unsigned fraction, uint32_t bias,
                                       bool ieee)
{
    uint32_t magnitude = (bits & ((1u << sign) - 1)) << (23 - fraction);
    uint32_t ones = ((1u << (sign - fraction)) - 1) << 23, exponent = magnitude & ones;
    uint32_t wide = magnitude + ((127 - bias) << 23);
    uint32_t special = (uint32_t) - (int32_t)(ieee && exponent == ones);
    uint32_t subnormal = (uint32_t) - (int32_t)(exponent == 0);
    uint32_t normal = wide | (special & 0x7F800000);
    float rest = from_bits(magnitude + ((128 - bias) << 23)) - from_bits((128 - bias) << 23);
    return from_bits((subnormal & to_bits(rest)) | (~subnormal & normal) | (bits >> sign & 1) << 31);
}

/* IEEE 754 binary16. */
static ALWAYS_INLINE float from_half(uint32_t h)
{
    return small_float(h, 15, 10, 15, true);
}

static inline float half_at(const uint8_t *in)
{
    return from_half(two_bytes(in));
}

/* OCP E8M0: a power of two and nothing else; 2^-127 is subnormal in a float. */
static inline float from_e8m0(uint32_t e)
{
    return from_bits(e == 0 ? 0x00400000 : e == 255 ? 0x7FC00000 : e << 23);
}

/* OCP E4M3, which has one number that is none and no infinity. */
static ALWAYS_INLINE float from_e4m3(uint32_t b)
{
    uint32_t nan = (uint32_t) - (int32_t)((b & 0x7F) == 0x7F);
    return from_bits(to_bits(small_float(b, 7, 3, 7, false)) | (nan & 0x7FC00000));
}

/* OCP E2M1, all 16 of them. */
static const float numbers_e2m1[] = { 0,     0.5F,  1,  1.5F,  2,  3,  4,  6, //
                                      -0.0F, -0.5F, -1, -1.5F, -2, -3, -4, -6 };

#endif
