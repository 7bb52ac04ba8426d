/* ggml's IQ types: eight or four elements at once are a point of a grid, signs are kept apart, and the four
 * bits of IQ4 are levels that lie unevenly. The order of computing is that of ggml's dequantize_row_*. */
#include "measure/decoding.h"

/* The points, packed: the grids of IQ1 and IQ2 have 8 coordinates of 2 bits, those of IQ3 4 of 3 bits. */
static const uint16_t grid_iq1[] = {
#define GRID_IQ1
#include "measure/grid.def"
#undef GRID_IQ1
};
static const uint16_t grid_iq2_xxs[] = {
#define GRID_IQ2_XXS
#include "measure/grid.def"
#undef GRID_IQ2_XXS
};
static const uint16_t grid_iq2_xs[] = {
#define GRID_IQ2_XS
#include "measure/grid.def"
#undef GRID_IQ2_XS
};
static const uint16_t grid_iq2_s[] = {
#define GRID_IQ2_S
#include "measure/grid.def"
#undef GRID_IQ2_S
};
static const uint16_t grid_iq3_xxs[] = {
#define GRID_IQ3_XXS
#include "measure/grid.def"
#undef GRID_IQ3_XXS
};
static const uint16_t grid_iq3_s[] = {
#define GRID_IQ3_S
#include "measure/grid.def"
#undef GRID_IQ3_S
};

/* Every index has a point. */
#define POINTS(grid, n) _Static_assert(sizeof(grid) / sizeof((grid)[0]) == (n), #grid)
POINTS(grid_iq1, 2048);
POINTS(grid_iq2_xxs, 256);
POINTS(grid_iq2_xs, 512);
POINTS(grid_iq2_s, 1024);
POINTS(grid_iq3_xxs, 256);
POINTS(grid_iq3_s, 512);

static const float levels_iq2[] = { 8, 25, 43, 0 };
static const float levels_iq3_xxs[] = { 4, 12, 20, 28, 36, 44, 52, 62 };
static const float levels_iq3_s[] = { 1, 3, 5, 7, 9, 11, 13, 15 };
static const float levels_iq4[] = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
};

/* Eight signs of which seven are stored: their number is even. */
static ALWAYS_INLINE unsigned even_signs(unsigned seven)
{
    return seven | (unsigned)__builtin_parity(seven) << 7;
}

/* n coordinates of `width` bits; bit i of `signs` makes the i-th negative. */
static ALWAYS_INLINE void point(unsigned packed, unsigned width, const float *levels, size_t n, float scale,
                                unsigned signs, float *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        float x = scale * levels[packed >> i * width & ((1u << width) - 1)];
        out[i] = (signs >> i & 1) != 0 ? -x : x;
    }
}

BLOCK(IQ2_XXS)
{
    float d = half_at(in);
    for (size_t k = 0; k < 8; k++) {
        const uint8_t *q = in + 2 + 8 * k;
        uint32_t rest = four_bytes(q + 4);
        float scale = d * (0.5F + (float)(rest >> 28)) * 0.25F;
        for (size_t i = 0; i < 4; i++)
            point(grid_iq2_xxs[q[i]], 2, levels_iq2, 8, scale, even_signs(rest >> 7 * i & 127),
                  out + 32 * k + 8 * i);
    }
}

/* Two scales of four bits for each 32. */
static ALWAYS_INLINE float quarter_scale(float d, uint8_t both, size_t second)
{
    return d * (0.5F + (float)(both >> 4 * second & 15)) * 0.25F;
}

BLOCK(IQ2_XS)
{
    float d = half_at(in);
    for (size_t k = 0; k < 32; k++) {
        uint32_t q = two_bytes(in + 2 + 2 * k);
        float scale = quarter_scale(d, in[66 + k / 4], k / 2 % 2);
        point(grid_iq2_xs[q & 511], 2, levels_iq2, 8, scale, even_signs(q >> 9), out + 8 * k);
    }
}

BLOCK(IQ2_S)
{
    float d = half_at(in);
    for (size_t k = 0; k < 32; k++) {
        unsigned high = (unsigned)in[66 + k / 4] >> k % 4 * 2 & 3u;
        float scale = quarter_scale(d, in[74 + k / 4], k / 2 % 2);
        point(grid_iq2_s[in[2 + k] | high << 8], 2, levels_iq2, 8, scale, in[34 + k], out + 8 * k);
    }
}

BLOCK(IQ3_XXS)
{
    float d = half_at(in);
    for (size_t k = 0; k < 8; k++) {
        const uint8_t *q = in + 2 + 8 * k;
        uint32_t rest = four_bytes(in + 66 + 4 * k);
        float scale = d * (0.5F + (float)(rest >> 28)) * 0.5F;
        for (size_t i = 0; i < 8; i++) {
            unsigned signs = even_signs(rest >> 7 * (i / 2) & 127) >> i % 2 * 4;
            point(grid_iq3_xxs[q[i]], 3, levels_iq3_xxs, 4, scale, signs, out + 32 * k + 4 * i);
        }
    }
}

BLOCK(IQ3_S)
{
    float d = half_at(in);
    for (size_t k = 0; k < 64; k++) {
        unsigned high = (unsigned)in[66 + k / 8] >> k % 8 & 1u, signs = (unsigned)in[74 + k / 2] >> k % 2 * 4;
        float scale = d * (float)(1 + 2 * (in[106 + k / 16] >> k / 8 % 2 * 4 & 15));
        point(grid_iq3_s[in[2 + k] | high << 8], 3, levels_iq3_s, 4, scale, signs, out + 4 * k);
    }
}

/* Coordinates -1, 0 and 1, moved by an eighth to either side. */
static ALWAYS_INLINE void shifted_point(unsigned packed, float scale, bool down, float *restrict out)
{
    float delta = down ? -0.125F : 0.125F;
    for (size_t i = 0; i < 8; i++) out[i] = scale * ((float)((int)(packed >> 2 * i & 3) - 1) + delta);
}

BLOCK(IQ1_S)
{
    float d = half_at(in);
    for (size_t k = 0; k < 32; k++) {
        uint32_t high = two_bytes(in + 34 + k / 4 * 2), upper = high >> k % 4 * 3 & 7;
        float scale = d * (float)(2 * (high >> 12 & 7) + 1);
        shifted_point(grid_iq1[in[2 + k] | upper << 8], scale, (high & 0x8000) != 0, out + 8 * k);
    }
}

/* Its scale is spread over the upper four bits of four words of smaller scales. */
BLOCK(IQ1_M)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) bits |= two_bytes(in + 48 + 2 * i) >> 12 << 4 * i;
    float d = from_half(bits);
    for (size_t k = 0; k < 32; k++) {
        unsigned high = (unsigned)in[32 + k / 2] >> k % 2 * 4 & 15u,
                 shift = (unsigned)k / 4 % 2 * 6 + (unsigned)k / 2 % 2 * 3;
        float scale = d * (float)(2 * (two_bytes(in + 48 + k / 8 * 2) >> shift & 7) + 1);
        shifted_point(grid_iq1[in[k] | (high & 7) << 8], scale, (high & 8) != 0, out + 8 * k);
    }
}

BLOCK(IQ4_NL)
{
    float d = half_at(in);
    for (size_t i = 0; i < 16; i++) {
        out[i] = d * levels_iq4[in[2 + i] & 15];
        out[16 + i] = d * levels_iq4[in[2 + i] >> 4];
    }
}

BLOCK(IQ4_XS)
{
    float d = half_at(in);
    uint32_t high = two_bytes(in + 2);
    for (size_t k = 0; k < 8; k++) {
        const uint8_t *q = in + 8 + 16 * k;
        int scale = (in[4 + k / 2] >> k % 2 * 4 & 15) | (int)(high >> 2 * k & 3) << 4;
        float by = d * (float)(scale - 32);
        for (size_t i = 0; i < 16; i++) {
            out[32 * k + i] = by * levels_iq4[q[i] & 15];
            out[32 * k + 16 + i] = by * levels_iq4[q[i] >> 4];
        }
    }
}
