/* Types of which every element is a number by itself. */
#include "measure/decoding.h"

/* Elements of one byte or more, each by itself. */
#define EACH(type, number)                             \
    DECODER(type)                                      \
    {                                                  \
        for (size_t i = 0; i < blocks; i++) {          \
            const uint8_t *at = in + i * BYTES_##type; \
            out[i] = (number);                         \
        }                                              \
    }

/* Turns of a number that is fixed, which become vectors, and the rest. */
#define MANY(type, number)                                                                   \
    BLOCK_OF_64(type, number)                                                                \
    DECODER(type)                                                                            \
    {                                                                                        \
        size_t i = 0;                                                                        \
        for (; blocks - i >= 64; i += 64) sixty_four_##type(in + i * BYTES_##type, out + i); \
        for (; i < blocks; i++) {                                                            \
            const uint8_t *at = in + i * BYTES_##type;                                       \
            out[i] = (number);                                                               \
        }                                                                                    \
    }

#define BLOCK_OF_64(type, number)                                                                \
    static ALWAYS_INLINE void sixty_four_##type(const uint8_t *restrict in, float *restrict out) \
    {                                                                                            \
        for (size_t i = 0; i < 64; i++) {                                                        \
            const uint8_t *at = in + i * BYTES_##type;                                           \
            out[i] = (number);                                                                   \
        }                                                                                        \
    }

/* The FNUZ formats: a bias of one more, and what would be -0 is no number. */
static ALWAYS_INLINE float from_fnuz(uint32_t b, unsigned fraction, uint32_t bias)
{
    uint32_t nan = (uint32_t) - (int32_t)(b == 0x80);
    return from_bits(to_bits(small_float(b, 7, fraction, bias, false)) | (nan & 0x7FC00000));
}

static ALWAYS_INLINE float from_double(uint64_t bits)
{
    double f;
    memcpy(&f, &bits, sizeof(f));
    return (float)f;
}

MANY(F16, from_half(two_bytes(at)))
MANY(BF16, from_bits(two_bytes(at) << 16))
MANY(F32, from_bits(four_bytes(at)))
MANY(F8_E4M3, from_e4m3(*at))
MANY(F8_E5M2, small_float(*at, 7, 2, 15, true))
MANY(F8_E4M3FNUZ, from_fnuz(*at, 3, 8))
MANY(F8_E5M2FNUZ, from_fnuz(*at, 2, 16))
MANY(I8, (float)(int8_t)*at)
MANY(U8, (float)*at)
EACH(F8_E8M0, from_e8m0(*at))
EACH(BOOL, *at != 0 ? 1.0F : 0.0F)
EACH(I16, (float)(int16_t)two_bytes(at))
EACH(U16, (float)two_bytes(at))
EACH(I32, (float)(int32_t)four_bytes(at))
EACH(U32, (float)four_bytes(at))
EACH(F64, from_double(eight_bytes(at)))
EACH(I64, (float)(int64_t)eight_bytes(at))
EACH(U64, (float)eight_bytes(at))

/* Two a byte, the first in the low half. */
BLOCK(F4)
{
    out[0] = numbers_e2m1[in[0] & 15];
    out[1] = numbers_e2m1[in[0] >> 4];
}
