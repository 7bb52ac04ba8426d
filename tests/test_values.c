/* What is no number, by the bits of each format: IEEE 754, and the OCP's of 8 bits. */
#include "measure/values.h"

#include <criterion/criterion.h>

typedef struct bits {
    uint32_t dtype;
    uint64_t bits;
    bool nan, infinite, zero;
} bits;

static const bits table[] = {
    { ARI_DT_F16, 0x3C00, false, false, false },
    { ARI_DT_F16, 0x7BFF, false, false, false }, /* The greatest. */
    { ARI_DT_F16, 0x7C00, false, true, false },
    { ARI_DT_F16, 0xFC00, false, true, false },
    { ARI_DT_F16, 0x7C01, true, false, false },
    { ARI_DT_F16, 0xFE00, true, false, false },
    { ARI_DT_F16, 0x8000, false, false, true }, /* -0 */
    { ARI_DT_F16, 0x0001, false, false, false },
    { ARI_DT_BF16, 0x7F7F, false, false, false },
    { ARI_DT_BF16, 0xFF80, false, true, false },
    { ARI_DT_BF16, 0x7FC0, true, false, false },
    { ARI_DT_F32, 0x7F7FFFFF, false, false, false },
    { ARI_DT_F32, 0xFF800000, false, true, false },
    { ARI_DT_F32, 0x7F800001, true, false, false },
    { ARI_DT_F32, 0x80000000, false, false, true },
    { ARI_DT_F64, 0x7FEFFFFFFFFFFFFF, false, false, false },
    { ARI_DT_F64, 0x7FF0000000000000, false, true, false },
    { ARI_DT_F64, 0xFFF8000000000000, true, false, false },
    { ARI_DT_F8_E5M2, 0x7B, false, false, false },
    { ARI_DT_F8_E5M2, 0xFC, false, true, false },
    { ARI_DT_F8_E5M2, 0x7D, true, false, false },
    { ARI_DT_F8_E4M3, 0x7E, false, false, false }, /* 448 */
    { ARI_DT_F8_E4M3, 0x7F, true, false, false },
    { ARI_DT_F8_E4M3, 0xFF, true, false, false },
    { ARI_DT_F8_E4M3FNUZ, 0x80, true, false, false },
    { ARI_DT_F8_E4M3FNUZ, 0x7F, false, false, false },
    { ARI_DT_F8_E4M3FNUZ, 0x00, false, false, true },
    { ARI_DT_F8_E5M2FNUZ, 0x80, true, false, false },
    { ARI_DT_F8_E8M0, 0xFF, true, false, false },
    { ARI_DT_F8_E8M0, 0x00, false, false, false }, /* 2^-127 */
};

static void store(uint8_t *at, uint64_t n, unsigned width, bool big)
{
    for (unsigned i = 0; i < width; i++) at[big ? width - 1 - i : i] = (uint8_t)(n >> 8 * i);
}

Test(values, bits_mean_what_the_standards_say)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const bits *b = &table[i];
        unsigned width = dtype_info(b->dtype)->block_bytes;
        for (int big = 0; big < 2; big++) {
            uint8_t data[8 * 5] = { 0 };
            value_tally t = { 0 };
            for (unsigned k = 0; k < 5; k++) store(data + k * width, b->bits, width, big);
            values_count(b->dtype, big, (ari_span){ data, 5 * (size_t)width }, &t);
            cr_expect(t.not_numbers == (b->nan ? 5 : 0), "row %zu: %zu", i, (size_t)t.not_numbers);
            cr_expect(t.infinite == (b->infinite ? 5 : 0), "row %zu", i);
            cr_expect(t.any == !b->zero, "row %zu", i);
        }
    }
}

/* Where ggml-common.h has the scales of a block. */
static const struct scale {
    uint32_t dtype, at;
} scales[] = {
    { ARI_DT_Q4_0, 0 },   { ARI_DT_Q4_1, 2 },   { ARI_DT_Q5_0, 0 },   { ARI_DT_Q5_1, 2 },
    { ARI_DT_Q8_0, 0 },   { ARI_DT_Q2_K, 80 },  { ARI_DT_Q2_K, 82 },  { ARI_DT_Q3_K, 108 },
    { ARI_DT_Q4_K, 2 },   { ARI_DT_Q5_K, 0 },   { ARI_DT_Q6_K, 208 }, { ARI_DT_IQ4_NL, 0 },
    { ARI_DT_IQ4_XS, 0 }, { ARI_DT_TQ1_0, 52 }, { ARI_DT_TQ2_0, 64 }, { ARI_DT_IQ3_XXS, 0 },
    { ARI_DT_IQ2_S, 0 },
};

Test(values, blocks_are_judged_by_their_scales)
{
    for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
        size_t width = dtype_info(scales[i].dtype)->block_bytes;
        uint8_t data[300 * 3];
        value_tally t = { 0 };
        /* 0x3C3C is a number like any other. */
        memset(data, 0x3C, sizeof(data));
        values_count(scales[i].dtype, false, (ari_span){ data, 3 * width }, &t);
        cr_expect(t.not_numbers == 0 && t.infinite == 0 && t.any, "row %zu", i);
        store(data + width + scales[i].at, 0x7E00, 2, false);
        store(data + 2 * width + scales[i].at, 0xFC00, 2, false);
        values_count(scales[i].dtype, false, (ari_span){ data, 3 * width }, &t);
        cr_expect(t.not_numbers == 1 && t.infinite == 1, "row %zu", i);
    }
}

Test(values, what_is_not_decoded_is_not_judged)
{
    cr_expect(!values_known(ARI_DT_U8) && !values_known(ARI_DT_F4) && !values_known(ARI_DT_COUNT));
    cr_expect(values_known(ARI_DT_MXFP4) && values_known(ARI_DT_NVFP4));
}
