/* What elements and blocks mean, by numbers that were computed by hand from the definitions of the types. */
#include "measure/decode.h"

#include <criterion/criterion.h>
#include <math.h>

/* The bytes that are not zero, as "offset:hex offset:hex ..."; numbers as "element=number ...". `big`: the
 * same in a big-endian file, NULL where that has no other bytes. */
typedef struct example {
    uint32_t dtype;
    const char *bytes, *big, *numbers;
} example;

/* Halves: 0x3C00 is 1, 0x3800 1/2, 0x3400 1/4, 0x4000 2, 0xBC00 -1. They stand low byte first. */
static const example examples[] = {
    { ARI_DT_F16, "0:003C0000FF7B01000080007C00FC007EFF03", "0:3C0000007BFF000180007C00FC007E0003FF",
      "0=1 1=0 2=65504 3=0x1p-24 4=-0 5=inf 6=-inf 7=nan 8=0x3FFp-24" },
    { ARI_DT_BF16, "0:803F80BF01007F7F80FFC07F", "0:3F80BF8000017F7FFF807FC0",
      "0=1 1=-1 2=0x1p-133 3=0x1.FEp127 4=-inf 5=nan" },
    { ARI_DT_F32, "0:0000803F01000000CDCCCC3D000080FF", "0:3F800000000000013DCCCCCDFF800000",
      "0=1 1=0x1p-149 2=0x1.99999Ap-4 3=-inf" },
    /* 0.1 is between two floats, the nearer of which is 0x1.99999Ap-4; 1e300 is above all of them. */
    { ARI_DT_F64, "0:9A9999999999B93F 8:9C7500883CE4377E", "0:3FB999999999999A 8:7E37E43C8800759C",
      "0=0x1.99999Ap-4 1=inf" },
    /* Bias 7, 3 bits: 2^-9 is the least, 1.75 x 2^8 the greatest. */
    { ARI_DT_F8_E4M3, "0:38B87EFE01070880007FFF", NULL,
      "0=1 1=-1 2=448 3=-448 4=0x1p-9 5=0x7p-9 6=0x1p-6 7=-0 8=0 9=nan 10=nan" },
    /* Bias 15, 2 bits: as the upper half of binary16. */
    { ARI_DT_F8_E5M2, "0:3CBC7B0103047CFC7D80", NULL,
      "0=1 1=-1 2=57344 3=0x1p-16 4=0x3p-16 5=0x1p-14 6=inf 7=-inf 8=nan 9=-0" },
    /* Bias 8: 1.875 x 2^7 = 240. */
    { ARI_DT_F8_E4M3FNUZ, "0:40C07FFF01810800 8:80", NULL,
      "0=1 1=-1 2=240 3=-240 4=0x1p-10 5=-0x1p-10 6=0x1p-7 7=0 8=nan" },
    /* Bias 16: 1.75 x 2^15. */
    { ARI_DT_F8_E5M2FNUZ, "0:40C07FFF01040080", NULL,
      "0=1 1=-1 2=57344 3=-57344 4=0x1p-17 5=0x1p-15 6=0 7=nan" },
    { ARI_DT_F8_E8M0, "0:7F0001FEFF80", NULL, "0=1 1=0x1p-127 2=0x1p-126 3=0x1p127 4=nan 5=2" },
    { ARI_DT_F4, "0:1032547698BADCFE", NULL,
      "0=0 1=0.5 2=1 3=1.5 4=2 5=3 6=4 7=6 8=-0 9=-0.5 10=-1 11=-1.5 12=-2 13=-3 14=-4 15=-6" },
    { ARI_DT_BOOL, "0:0001FF", NULL, "0=0 1=1 2=1" },
    { ARI_DT_U8, "0:00FF80", NULL, "0=0 1=255 2=128" },
    { ARI_DT_I8, "0:007F80FF", NULL, "0=0 1=127 2=-128 3=-1" },
    { ARI_DT_I16, "0:0080FF7FFFFF", "0:80007FFFFFFF", "0=-32768 1=32767 2=-1" },
    { ARI_DT_U16, "0:0080FEFF", "0:8000FFFE", "0=32768 1=65534" },
    /* 2^24 + 1 is no float; 2^24 + 3 is halfway too and goes to the even one above. */
    { ARI_DT_I32, "0:000000800100000103000001FFFFFFFF", "0:800000000100000101000003FFFFFFFF",
      "0=-2147483648 1=16777216 2=16777220 3=-1" },
    { ARI_DT_U32, "0:FFFFFFFF01000000", "0:FFFFFFFF00000001", "0=4294967296 1=1" },
    { ARI_DT_I64, "0:0000000000000080FFFFFFFFFFFFFFFF", "0:8000000000000000FFFFFFFFFFFFFFFF",
      "0=-0x1p63 1=-1" },
    { ARI_DT_U64, "0:FFFFFFFFFFFFFFFF0200000000000000", "0:FFFFFFFFFFFFFFFF0000000000000002",
      "0=0x1p64 1=2" },

    /* (n - 8) / 2: 0 is -4, 15 is 3.5, 8 is 0. */
    { ARI_DT_Q4_0, "0:0038 2:F08F", "0:3800 2:F08F", "0=-4 16=3.5 1=3.5 17=0 2=-4 31=-4" },
    /* The least scale, 2^-24. */
    { ARI_DT_Q4_0, "0:0100 2:F0", "0:0001 2:F0", "0=-0x8p-24 16=0x7p-24" },
    { ARI_DT_Q4_0, "0:007E", "0:7E00", "0=nan 31=nan" },
    /* n / 2 - 1. */
    { ARI_DT_Q4_1, "0:003800BC 4:F0", "0:3800BC00 4:F0", "0=-1 16=6.5 1=-1 31=-1" },
    /* Fifth bits of 0, 16 and 31. 15 + 16 - 16; 0 + 16 - 16; 0 - 16. */
    { ARI_DT_Q5_0, "0:003C 2:01000180 6:0F", "0:3C00 2:80010001 6:0F", "0=15 16=0 31=0 1=-16 30=-16" },
    /* (1 + 16) x 2 + 1; 2 x 2 + 1. */
    { ARI_DT_Q5_1, "0:0040003C 4:01000000 8:21", "0:40003C00 4:00000001 8:21", "0=35 16=5 1=1" },
    { ARI_DT_Q8_0, "0:0034 2:807FFF", "0:3400 2:807FFF", "0=-32 1=31.75 2=-0.25 3=0" },
    { ARI_DT_Q8_1, "0:0034FFFF 4:80 35:01", "0:3400FFFF 4:80 35:01", "0=-32 31=0.25" },
    { ARI_DT_Q8_K, "0:0000003F 4:80 259:7F 260:FFFF", "0:3F000000 4:80 259:7F", "0=-64 255=63.5 1=0" },
    { ARI_DT_Q1_0, "0:003C 2:01 17:80", "0:3C00 2:01 17:80", "0=1 1=-1 127=1 126=-1" },
    /* 0xE4 is 3 2 1 0, the first lowest. */
    { ARI_DT_Q2_0, "0:0040 2:E4 17:C0", "0:4000 2:E4 17:C0", "0=-2 1=0 2=2 3=4 4=-2 63=4" },
    /* Scale 1, minimum 2 / 2: 0 - 1. Scale 15, minimum 1 / 2: 15 - 0.5. 3 x 2. 3 - 15 / 2. The last: 2 x 3.
     */
    { ARI_DT_Q2_K, "0:21 2:1F 4:03 6:F1 8:01 15:02 16:E4 48:03 79:C0 80:003C0038",
      "0:21 2:1F 4:03 6:F1 8:01 15:02 16:E4 48:03 79:C0 80:3C003800",
      "0=-1 32=14.5 64=6 96=-4.5 128=3 255=6 16=0" },
    /* Scales of 0, 2, 4, 8 and 12: 15 - 32, 0 - 32, 16 - 32, 1 + 32 - 32, 48 - 32. With the third bit n is 3
     * and 2; without it, 1 - 4, 2 - 4 and 0 - 4. */
    { ARI_DT_Q3_K, "0:11 32:E7 64:02 96:1F 104:E4 108:003C", "0:11 32:E7 64:02 96:1F 104:E4 108:3C00",
      "0=-51 32=96 64=32 128=2 192=-64" },
    /* Scale 5, minimum 2 / 2; 1, 4 / 2; 10 + 3 x 16, (1 + 2 x 16) / 2: 58 x 15 - 16.5. */
    { ARI_DT_Q4_K, "0:003C0038 4:C501 8:8204 12:1A 16:7F 80:0F", "0:3C003800 4:C501 8:8204 12:1A 16:7F 80:0F",
      "0=74 32=5 33=-2 128=853.5 129=-16.5" },
    /* As before, with a fifth bit of 0 and of 128: 31 x 5 - 1, 31 x 58 - 16.5. */
    { ARI_DT_Q5_K, "0:003C0038 4:C501 8:8204 12:1A 16:11 48:7F 112:0F",
      "0:3C003800 4:C501 8:8204 12:1A 16:11 48:7F 112:0F", "0=154 32=5 128=1781.5 129=-16.5" },
    /* -1 x (0 - 32) / 2; 127 x (15 + 48 - 32) / 2; 2 x (5 + 16 - 32) / 2. */
    { ARI_DT_Q6_K, "0:F0 127:50 128:30 191:40 192:FF 196:7F 207:02 208:0038",
      "0:F0 127:50 128:30 191:40 192:FF 196:7F 207:02 208:3800", "0=16 64=1968.5 255=-11" },
    /* Digits 1 0 2 0 1 are 81 + 18 + 1 of 243: 100 x 256 / 243 rounded up is 0x6A. Five times 2 is 0xFF.
     * Digits 2 1 0 2 (0) are 162 + 27 + 6: 0xCE. */
    { ARI_DT_TQ1_0, "0:6A 32:FF 48:CE 52:0040", "0:6A 32:FF 48:CE 52:4000",
      "0=0 32=-2 64=2 96=-2 128=0 160=2 176=2 192=2 208=2 224=2 1=-2 240=2 244=0 248=-2 252=2 255=-2" },
    { ARI_DT_TQ2_0, "0:E4 32:01 64:0040", "0:E4 32:01 64:4000", "0=-2 32=0 64=2 96=4 128=0 129=-2" },
    /* 6 x 2; the least scale; one that is no number. */
    { ARI_DT_MXFP4, "0:80 1:F7", NULL, "0=12 16=-12 1=0 31=0" },
    { ARI_DT_MXFP4, "0:00 1:17", NULL, "0=0x6p-127 16=0x1p-128" },
    { ARI_DT_MXFP4, "0:FE 1:7F", NULL, "0=-inf 16=inf 1=0" },
    { ARI_DT_MXFP4, "0:FF 1:07", NULL, "0=nan 1=nan" },
    /* Scales 1, 2, 448 and 2^-9. */
    { ARI_DT_NVFP4, "0:38407E01 4:21 12:F0 20:07 28:04", NULL, "0=0.5 8=1 16=0 24=-12 32=2688 48=0x1p-8" },
    { ARI_DT_NVFP4, "0:7F", NULL, "0=nan 15=nan 16=0" },
    { ARI_DT_IQ4_NL, "0:0038 2:F087", "0:3800 2:F087", "0=-63.5 16=56.5 1=-5 17=0.5 2=-63.5" },
    /* Scales 63 - 32 and 0 - 32. */
    { ARI_DT_IQ4_XS, "0:003C0300 4:0F 8:F0", "0:3C000003 4:0F 8:F0", "0=-3937 16=3503 32=4064" },
    /* Point 1 is 43 8 8 8 8 8 8 8; 3.5 / 4 = 0.875. One sign is stored, the eighth makes their number even.
     * Point 255 is 8 25 8 8 25 43 43 43; 2.5 / 4. */
    { ARI_DT_IQ2_XXS, "0:003C 2:01 6:01000030", NULL, "0=-37.625 1=7 6=7 7=-7 8=7 32=1" },
    { ARI_DT_IQ2_XXS, "0:003C 2:FF 6:00000020", NULL, "0=5 1=15.625 2=5 3=5 4=15.625 5=26.875 7=26.875" },
    /* The second 16 have a scale of their own: 1.5 / 4 x 8. */
    { ARI_DT_IQ2_XS, "0:003C 2:0102 66:13", NULL, "0=-37.625 1=7 7=-7 8=7 16=3" },
    { ARI_DT_IQ2_XS, "0:003C 2:FF01 66:02", NULL, "0=26.875 1=26.875 7=26.875" },
    { ARI_DT_IQ2_S, "0:003C 2:01 34:81 74:13", NULL, "0=-37.625 1=7 7=-7 8=7 16=3 32=1" },
    /* Point 0x301 is 25 8 25 25 8 8 43 25. */
    { ARI_DT_IQ2_S, "0:003C 2:01 66:03 74:02", NULL,
      "0=15.625 1=5 2=15.625 3=15.625 4=5 5=5 6=26.875 7=15.625" },
    /* Points 20 4 4 4 and 4 4 4 4; 3.5 / 2. */
    { ARI_DT_IQ3_XXS, "0:003C 2:01 66:01000030", NULL, "0=-35 1=7 4=7 7=-7 8=7 32=1" },
    { ARI_DT_IQ3_XXS, "0:003C 2:FF", NULL, "0=1 1=7 2=13 3=15.5" }, /* 4 28 52 62 */
    /* Point 3 1 1 1; scales 1 + 2 x 3 and 1 + 2 x 2. */
    { ARI_DT_IQ3_S, "0:003C 2:01 74:81 106:23", NULL, "0=-21 1=7 4=7 7=-7 32=5 64=1" },
    /* Points 257 and 511: 5 7 9 5 and 1 1 15 15. */
    { ARI_DT_IQ3_S, "0:003C 2:01FF 66:03", NULL, "0=5 1=7 2=9 3=5 4=1 5=1 6=15 7=15" },
    /* Point 1 is 1 -1 -1 -1 -1 -1 -1 -1, point 0 all -1. 7 x (1 - 1/8), 7 x (-1 - 1/8); -1 + 1/8. */
    { ARI_DT_IQ1_S, "0:003C 2:01 34:00B0", NULL, "0=6.125 1=-7.875 8=-7.875 32=-0.875" },
    /* Point 0x701 is -1 0 0 1 1 0 0 1. */
    { ARI_DT_IQ1_S, "0:003C 2:01 34:07", NULL, "0=-0.875 1=0.125 2=0.125 3=1.125 4=1.125 7=1.125" },
    /* Its scale 0x3C00 from four words; 5 x (1 - 1/8), 5 x (-1 - 1/8), 5 x (-1 + 1/8), 7 x (-1 + 1/8). */
    { ARI_DT_IQ1_M, "0:01 32:08 48:1A00 52:00C00030", NULL, "0=4.375 1=-5.625 8=-4.375 16=-6.125" },
    { ARI_DT_IQ1_M, "0:FF 32:07 52:00C00030", NULL, "0=1.125 1=1.125 7=1.125 8=-0.875" },
};

enum { EXAMPLES = sizeof(examples) / sizeof(examples[0]), ROOM = 300, MOST = 256 };

static unsigned nibble(char c)
{
    return (unsigned)(c >= 'A' ? c - 'A' + 10 : c - '0');
}

static size_t fill(const char *text, uint8_t *out)
{
    size_t end = 0;
    memset(out, 0, ROOM);
    while (*text != '\0') {
        char *at;
        size_t i = strtoul(text, &at, 10);
        for (at++; *at != ' ' && *at != '\0'; at += 2)
            out[i++] = (uint8_t)(nibble(at[0]) << 4 | nibble(at[1]));
        text = at + (*at == ' ');
        end = i > end ? i : end;
    }
    return end;
}

static bool same(float a, float b)
{
    return memcmp(&a, &b, sizeof(a)) == 0 || (isnan(a) && isnan(b));
}

static void expect_numbers(const example *e, bool big)
{
    uint8_t bytes[ROOM];
    float out[MOST];
    const ari_dtype_info *d = dtype_info(e->dtype);
    size_t size = fill(big ? e->big : e->bytes, bytes);
    size_t blocks = (size + d->block_bytes - 1) / d->block_bytes;
    decode_elements(e->dtype, big, (ari_span){ bytes, ROOM }, 0, blocks * d->block_elems, out);
    for (const char *text = e->numbers; *text != '\0';) {
        char *at;
        size_t i = strtoul(text, &at, 10);
        float expected = strtof(at + 1, &at);
        cr_assert(i < blocks * d->block_elems, "%s: %zu", d->name, i);
        cr_expect(same(out[i], expected), "%s%s, element %zu: %a, not %a", d->name, big ? ", big-endian" : "",
                  i, (double)out[i], (double)expected);
        text = at + (*at == ' ');
    }
}

Test(decode, numbers_are_those_of_the_definition)
{
    for (size_t i = 0; i < EXAMPLES; i++) expect_numbers(&examples[i], false);
}

Test(decode, big_endian_files_have_scales_the_other_way_round)
{
    for (size_t i = 0; i < EXAMPLES; i++) {
        example e = examples[i];
        if (e.big == NULL && !decode_known_big(e.dtype)) continue;
        if (e.big == NULL) e.big = e.bytes;
        expect_numbers(&e, true);
    }
}

Test(decode, every_type_has_an_example_or_a_reason)
{
    static const uint32_t without[] = { ARI_DT_C64, ARI_DT_F6_E2M3, ARI_DT_F6_E3M2 };
    for (uint32_t t = 0; t < ARI_DT_COUNT; t++) {
        bool shown = false, reason = dtype_info(t)->class >= ARI_REMOVED;
        for (size_t i = 0; i < EXAMPLES; i++) shown = shown || examples[i].dtype == t;
        for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) reason = reason || without[i] == t;
        cr_expect(shown != reason, "%s", dtype_info(t)->name);
        cr_expect(decode_known(t) == shown, "%s", dtype_info(t)->name);
    }
    cr_expect(!decode_known(ARI_DT_COUNT) && !decode_known(UINT32_MAX));
}

Test(decode, grids_are_not_defined_in_big_endian_files)
{
    static const uint32_t grids[] = { ARI_DT_IQ1_S, ARI_DT_IQ1_M,   ARI_DT_IQ2_XXS, ARI_DT_IQ2_XS,
                                      ARI_DT_IQ2_S, ARI_DT_IQ3_XXS, ARI_DT_IQ3_S };
    for (uint32_t t = 0; t < ARI_DT_COUNT; t++) {
        bool grid = false;
        for (size_t i = 0; i < sizeof(grids) / sizeof(grids[0]); i++) grid = grid || grids[i] == t;
        cr_expect(decode_known_big(t) == (decode_known(t) && !grid), "%s", dtype_info(t)->name);
    }
}

/* --- The same whatever is asked for, and by whatever processor ---------------------------------------- */

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

static void noise(uint8_t *out, size_t size, uint64_t *state)
{
    for (size_t i = 0; i < size; i++) out[i] = (uint8_t)next(state);
}

enum { BLOCKS = 300, BYTES = BLOCKS * ROOM, ELEMENTS = BLOCKS * MOST };

static uint8_t bytes[BYTES];
static float all[ELEMENTS], part[ELEMENTS];

Test(decode, a_part_is_the_same_as_in_the_whole)
{
    uint64_t state = 88172645463325252;
    for (uint32_t t = 0; t < ARI_DT_COUNT; t++) {
        const ari_dtype_info *d = dtype_info(t);
        size_t elements = BLOCKS * d->block_elems;
        if (!decode_known(t)) continue;
        for (int big = 0; big < (decode_known_big(t) ? 2 : 1); big++) {
            noise(bytes, BYTES, &state);
            decode_elements(t, big, (ari_span){ bytes, BYTES }, 0, elements, all);
            for (size_t k = 0; k < 100; k++) {
                size_t first = next(&state) % elements, count = next(&state) % (elements - first + 1);
                decode_elements(t, big, (ari_span){ bytes, BYTES }, first, count, part);
                cr_expect(memcmp(part, all + first, count * sizeof(part[0])) == 0, "%s: %zu from %zu",
                          d->name, count, first);
            }
        }
    }
}

Test(decode, all_processors_give_the_same_bits)
{
    uint64_t state = 4101842887655102017;
    for (uint32_t t = 0; t < ARI_DT_COUNT; t++) {
        if (!decode_known(t)) continue;
        size_t elements = BLOCKS * dtype_info(t)->block_elems;
        for (size_t k = 0; k < 20; k++) {
            noise(bytes, BYTES, &state);
            decode_elements(t, false, (ari_span){ bytes, BYTES }, 0, elements, all);
            decode_elements_plain(t, false, (ari_span){ bytes, BYTES }, 0, elements, part);
            cr_expect(memcmp(part, all, elements * sizeof(part[0])) == 0, "%s", dtype_info(t)->name);
        }
    }
}

/* All of 65536 halves, against arithmetic: sign x 2^(e - 25) x (1024 + fraction). */
Test(decode, halves_are_exact)
{
    for (uint32_t h = 0; h < 65536; h++) {
        uint8_t two[] = { (uint8_t)h, (uint8_t)(h >> 8) };
        uint32_t e = h >> 10 & 31, fraction = h & 1023;
        float out, expected = ldexpf((float)(fraction + (e > 0 ? 1024 : 0)), (int)(e > 0 ? e : 1) - 25);
        if (e == 31) expected = fraction > 0 ? NAN : INFINITY;
        decode_elements(ARI_DT_F16, false, (ari_span){ two, 2 }, 0, 1, &out);
        cr_expect(same(out, (h & 0x8000) != 0 ? -expected : expected), "%04x", h);
    }
}
