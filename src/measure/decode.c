#include "measure/decode.h"

#include <string.h>

typedef struct decoder {
    uint32_t dtype;
    /* `blocks` whole blocks, little-endian. */
    void (*decode)(const uint8_t *in, size_t blocks, float *out);
} decoder;

static float from_bits(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof(f));
    return f;
}

static uint32_t two_bytes(const uint8_t *in)
{
    return (uint32_t)in[0] | (uint32_t)in[1] << 8;
}

/* IEEE 754 binary16; what is subnormal there is not so in a float. */
static float from_half(uint32_t h)
{
    uint32_t sign = (h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023;
    if (exponent == 31) return from_bits(sign | 0x7F800000 | fraction << 13);
    if (exponent != 0) return from_bits(sign | (exponent + 112) << 23 | fraction << 13);
    float small = (float)fraction * 0x1p-24F;
    return sign != 0 ? -small : small;
}

static void decode_f16(const uint8_t *in, size_t blocks, float *out)
{
    for (size_t i = 0; i < blocks; i++) out[i] = from_half(two_bytes(in + 2 * i));
}

static void decode_bf16(const uint8_t *in, size_t blocks, float *out)
{
    for (size_t i = 0; i < blocks; i++) out[i] = from_bits(two_bytes(in + 2 * i) << 16);
}

static void decode_f32(const uint8_t *in, size_t blocks, float *out)
{
    for (size_t i = 0; i < blocks; i++)
        out[i] = from_bits(two_bytes(in + 4 * i) | two_bytes(in + 4 * i + 2) << 16);
}

static const decoder decoders[] = {
    { ARI_DT_F16, decode_f16 },
    { ARI_DT_BF16, decode_bf16 },
    { ARI_DT_F32, decode_f32 },
};

static const decoder *decoder_of(uint32_t dtype)
{
    for (size_t i = 0; i < sizeof(decoders) / sizeof(decoders[0]); i++) {
        if (decoders[i].dtype == dtype) return &decoders[i];
    }
    return NULL;
}

bool decode_known(uint32_t dtype)
{
    return decoder_of(dtype) != NULL;
}

void decode_elements(uint32_t dtype, bool big, ari_span data, uint64_t first, size_t count, float *out)
{
    const ari_dtype_info *d = dtype_info(dtype);
    (void)big;
    decoder_of(dtype)->decode(data.data + first * d->block_bytes, count, out);
}
