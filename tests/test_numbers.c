/* Packed weights, unpacked: examples so small that they are computed by hand. Floats stand as their bits:
 *
 *     F32: 0.5 1056964608, 1 1065353216, 2 1073741824, 3 1077936128, 4 1082130432
 *     F16: 0.5 14336, 1 15360, 2 16384, 3 16896, 4 17408    E4M3: 1 56, -1 184, 2 64, 4 72
 *
 * Words of eight nibbles: 0 to 7 is 0x76543210 = 1985229328, 8 to 15 is 0xFEDCBA98 = 4275878552. */
#include "infer/numbers.h"

#include "sample.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

typedef struct unpacked {
    const char *lines, *pattern;
    uint64_t row, column;
    const char *numbers;
} unpacked;

enum { MOST = 256 };

static void expect_numbers(const unpacked *u)
{
    sample s = sample_read(u->lines);
    ari_numbers n;
    const char *why = "";
    float out[MOST];
    size_t count = 0, i = 0;
    for (const char *c = u->numbers; *c != '\0'; c++) count += c[0] != ' ' && (c[1] == ' ' || c[1] == '\0');
    cr_assert(numbers_open(s.r.c, &s.layout, the_template(&s, u->pattern), 0, &n, &why), "%s: %s", u->lines,
              why);
    cr_assert(u->row < n.rows && u->column + count <= n.columns);
    uint64_t looked_at = 0;
    n.bytes_read = &looked_at;
    numbers_read(&n, u->row, u->column, count, out);
    cr_expect(looked_at > 0);
    for (const char *text = u->numbers; *text != '\0'; i++) {
        char *end;
        float wanted = strtof(text, &end);
        cr_expect(fabsf(out[i] - wanted) <= 1e-6F || (isnan(out[i]) && isnan(wanted)),
                  "%s\nnumber %zu of row %ju: %g wanted, found %g", u->lines, i, (uintmax_t)u->row,
                  (double)wanted, (double)out[i]);
        float one;
        numbers_read(&n, u->row, u->column + i, 1, &one);
        cr_expect(memcmp(&one, &out[i], sizeof(one)) == 0, "%s: alone", u->lines);
        text = end + strspn(end, " ");
    }
    sample_free(&s);
}

static void expect_each(const unpacked *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) expect_numbers(&rows[i]);
}

#define EXPECT_EACH(rows) expect_each(rows, sizeof(rows) / sizeof((rows)[0]))

static void expect_refused(const char *lines, const char *pattern, const char *wanted)
{
    sample s = sample_read(lines);
    ari_numbers n;
    const char *why = "";
    cr_expect(!numbers_open(s.r.c, &s.layout, the_template(&s, pattern), 0, &n, &why), "%s", lines);
    cr_expect(strcmp(why, wanted) == 0, "%s\n%s", lines, why);
    sample_free(&s);
}

Test(numbers, plain_weights_are_read_as_they_are)
{
    static const unpacked rows[] = {
        { "q.weight F16 2x3 = 15360 14336 0 16384 16896 17408", "q.weight", 1, 0, "2 3 4" },
        { "q.weight F32 4 = 0 1065353216 1073741824 1077936128", "q.weight", 0, 1, "1 2 3" },
        { "q.weight I8 2x2 = 1 255 128 127", "q.weight", 1, 0, "-128 127" },
    };
    EXPECT_EACH(rows);
    expect_refused("q.weight C64 2x2", "q.weight", "its type is not decoded");
    expect_refused("q.weight F16 -", "q.weight", "its shape is not known");
}

#define W "q.weight F8_E4M3 2x2 = 56 184 64 72\n"

Test(numbers, fp8_has_scales_for_all_for_rows_or_for_blocks)
{
    static const unpacked rows[] = {
        { "q.weight F8_E4M3 2x2 = 56 184 64 72", "q.weight", 0, 0, "1 -1" },
        { W "q.weight_scale F32 - = 1056964608", "q.weight", 0, 0, "0.5 -0.5" },
        { W "q.weight_scale F32 1 = 1056964608", "q.weight", 1, 0, "1 2" },
        { W "q.weight_scale F32 2x1 = 1065353216 1056964608", "q.weight", 1, 0, "1 2" },
        { W "q.weight_scale F32 2 = 1065353216 1056964608", "q.weight", 1, 0, "1 2" },
        { W "q.weight_scale_inv F32 1x1 = 1073741824", "q.weight", 1, 0, "4 8" },
        { W "q.scale F8_E8M0 1x1 = 128", "q.weight", 0, 0, "2 -2" },
        { W "q.qscale_weight F32 - = 1056964608\nq.qscale_act F32 - = 1073741824", "q.weight", 0, 0,
          "0.5 -0.5" },
        /* Of the second of two matrices, the second column. */
        { "m F8_E4M3 2x1x2 = 56 56 56 56\nm_scale F32 2x1x2 = 0 0 1065353216 1073741824", "m", 1, 0, "1 2" },
        { "m F8_E4M3 2x2x1 = 56 56 56 56\nm_scale_inv F32 2x1x1 = 0 1077936128", "m", 3, 0, "3" },
    };
    EXPECT_EACH(rows);
    expect_refused(W "q.weight_scale F32 3x2", "q.weight", "its scales do not fit its shape");
    expect_refused(W "q.weight_scale F32 2x2x2", "q.weight", "its scales do not fit its shape");
    expect_refused(W "q.weight_scale C64 1", "q.weight", "the type of what scales it is not decoded");
    expect_refused(W "q.weight_scale F32 1\nq.weight_scale_inv F32 1x1", "q.weight", "it has several scales");
}

/* Zeros all, so that a number is its scale: (0 - -1) x scale. 129 is 128 and one more. */
#define BLOCKS                                                            \
    "q.weight I8 129x129\nq.weight_zero_point I8 2x2 = 255 255 255 255\n" \
    "q.weight_scale F32 2x2 = 1065353216 1073741824 1077936128 1082130432"

Test(numbers, integers_of_eight_bits)
{
    static const unpacked rows[] = {
        { BLOCKS, "q.weight", 127, 126, "1 1 2" },
        { BLOCKS, "q.weight", 128, 126, "3 3 4" },
        { "q.weight I8 2x2 = 1 255 128 127\nq.weight_scale F32 2x1 = 1065353216 1056964608", "q.weight", 1, 0,
          "-64 63.5" },
        { "q.weight I8 1x2 = 1 255\nq.weight_scale_inv F32 1x1 = 1073741824", "q.weight", 0, 0, "2 -2" },
        /* The greatest of a row is 127: 2 x 127 / 127, 64 / 127. */
        { "q.weight I8 2x2 = 127 129 64 0\nq.SCB F32 2 = 1073741824 1065353216", "q.weight", 0, 0, "2 -2" },
        { "q.weight I8 2x2 = 127 129 64 0\nq.SCB F32 2 = 1073741824 1065353216\nq.weight_format U8 - = 0",
          "q.weight", 1, 0, "0.503937 0" },
    };
    EXPECT_EACH(rows);
    expect_refused("q.weight I8 2x2\nq.SCB F32 2\nq.weight_format U8 - = 1", "q.weight",
                   "its rows stand in an order for a processor");
    expect_refused("q.weight I8 2x2\nq.weight_scale F32 2x1\nq.weight_zero_point I8 1", "q.weight",
                   "its zero points do not fit its scales");
}

#define CT "q.weight_packed I32 2x1 = 1985229328 4275878552\nq.weight_shape I64 2 = 2 8\n"

Test(numbers, compressed_tensors_add_half_the_range)
{
    static const unpacked rows[] = {
        { CT "q.weight_scale F16 2x1 = 15360 14336", "q.weight_packed", 0, 0, "-8 -7 -6 -5 -4 -3 -2 -1" },
        { CT "q.weight_scale F16 2x1 = 15360 14336", "q.weight_packed", 1, 0, "0 0.5 1 1.5 2 2.5 3 3.5" },
        /* Zero points of rows 0 and 1 are 0 and 15 of 16. */
        { CT "q.weight_scale F16 2x1 = 15360 14336\nq.weight_zero_point I32 1x1 = 240", "q.weight_packed", 0,
          0, "0 1 2 3 4 5 6 7" },
        { CT "q.weight_scale F16 2x1 = 15360 14336\nq.weight_zero_point I32 1x1 = 240", "q.weight_packed", 1,
          0, "-3.5 -3 -2.5 -2 -1.5 -1 -0.5 0" },
        { CT "q.weight_scale F16 2x2 = 15360 14336 16384 0", "q.weight_packed", 0, 0,
          "-8 -7 -6 -5 -2 -1.5 -1 -0.5" },
        { CT "q.weight_scale F16 2x2 = 15360 14336 16384 0\nq.weight_g_idx I32 8 = 0 1 0 1 0 1 0 1",
          "q.weight_packed", 0, 0, "-8 -3.5 -6 -2.5 -4 -1.5 -2 -0.5" },
        /* Eight bits. */
        { "q.weight_packed I32 1x1 = 2155839232\nq.weight_shape I64 2 = 1 4\nq.weight_scale F16 1x1 = 15360",
          "q.weight_packed", 0, 0, "-128 -1 -1 0" },
    };
    EXPECT_EACH(rows);
    expect_refused(CT "q.weight_scale F16 2x2\nq.weight_g_idx I32 8 = 0 1 2", "q.weight_packed",
                   "its order of columns points past its scales");
    expect_refused(CT "q.weight_scale F16 2x2\nq.weight_g_idx I32 8 = 0 4294967295", "q.weight_packed",
                   "its order of columns points past its scales");
    expect_refused(CT "q.weight_scale F16 2x3", "q.weight_packed", "its sizes do not fit each other");
}

/* All sixteen numbers of E2M1, two a byte, low half first. */
#define ALL "= 16 50 84 118 152 186 220 254\n"
#define UP "0 0.5 1 1.5 2 3 4 6 0 -0.5 -1 -1.5 -2 -3 -4 -6"

Test(numbers, four_bits_that_are_numbers)
{
    static const unpacked rows[] = {
        /* ModelOpt: 2 x 0.5. compressed-tensors: 4 / 4. */
        { "q.weight U8 1x8 " ALL "q.weight_scale F8_E4M3 1x1 = 64\nq.weight_scale_2 F32 - = 1056964608",
          "q.weight", 0, 0, UP },
        { "q.weight_packed U8 1x8 " ALL
          "q.weight_scale F8_E4M3 1x1 = 72\nq.weight_global_scale F32 1 = 1082130432",
          "q.weight_packed", 0, 0, UP },
        { "d_blocks U8 1x2x1x16 = 16 50 84 118 152 186 220 254 0 0 0 0 0 0 0 0 64\nd_scales U8 1x2x1 = 128 "
          "126",
          "d_blocks", 0, 1, "1 2 3 4 6 8 12" },
        { "d_blocks U8 1x2x1x16 = 16 50 84 118 152 186 220 254 0 0 0 0 0 0 0 0 64\nd_scales U8 1x2x1 = 128 "
          "126",
          "d_blocks", 1, 0, "0 1 0" },
        { "q.weight U8 1x16 " ALL "q.weight_scale U8 1x1 = 255", "q.weight", 0, 0, "nan nan" },
        { "q.weight I8 1x16 " ALL "q.scale F8_E8M0 1x1 = 126", "q.weight", 0, 4, "1 1.5 2 3" },
    };
    EXPECT_EACH(rows);
    expect_refused("d_blocks U8 1x2x1x16\nd_scales U8 1x1x1", "d_blocks", "its scales do not fit its shape");
}

/* Eight columns and eight rows; row 0 has codes 0 to 7, all others 0. */
#define GPTQ "q.qweight I32 1x8 = 1985229328\n"
#define IDX "q.g_idx I32 8 = 0 0 0 0 0 0 0 0\n"
#define ONES "q.scales F16 1x8 = 15360 14336 15360 15360 15360 15360 15360 15360\n"

Test(numbers, gptq_stores_zero_points_less_one)
{
    static const unpacked rows[] = {
        /* 0x77777777, the middle less one; 0x88888888, the middle as version 2 has it; 3 in one place. */
        { GPTQ IDX ONES "q.qzeros I32 1x1 = 2004318071", "q.qweight", 0, 0, "-8 -7 -6 -5 -4 -3 -2 -1" },
        { GPTQ IDX ONES "q.qzeros I32 1x1 = 2004318071", "q.qweight", 1, 0, "-4 -4" },
        { GPTQ IDX ONES "q.qzeros I32 1x1 = 2290649224", "q.qweight", 0, 0, "-8 -7 -6 -5 -4 -3 -2 -1" },
        { GPTQ IDX ONES "q.qzeros I32 1x1 = 2004318067", "q.qweight", 0, 0, "-4 -3 -2 -1 0 1 2 3" },
        /* Columns in two groups: scale 1 and zero 0 + 1, scale 2 and zero 1 + 1. */
        { GPTQ "q.g_idx I32 8 = 0 1 0 1 0 1 0 1\nq.scales F16 2x8 = 15360 0 0 0 0 0 0 0 16384\n"
               "q.qzeros I32 2x1 = 0 1",
          "q.qweight", 0, 0, "-1 -2 1 2 3 6 5 10" },
        /* Three bits go across words: code 10 of row 0 has its low two bits, here 2, at the end of the first
         * word and 4 in the second. */
        { "q.qweight I32 3x32 = 2147483648 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 1\n"
          "q.g_idx I32 32\nq.scales F16 1x32 = 15360\nq.qzeros I32 1x3",
          "q.qweight", 0, 8, "-1 -1 5 -1" },
    };
    EXPECT_EACH(rows);
    expect_refused(GPTQ ONES "q.g_idx I32 8 = 0 1\nq.qzeros I32 1x1", "q.qweight",
                   "its order of columns points past its scales");
    expect_refused(GPTQ ONES IDX "q.qzeros I32 1x0", "q.qweight", "what scales it is not all there");
    expect_refused(GPTQ ONES IDX, "q.qweight", "its zero points are not there");
}

Test(numbers, awq_has_an_order_of_its_own)
{
    /* Nibble p of a word is output 0 2 4 6 1 3 5 7. Column 0 has nibbles 0 to 7. */
    static const char *const lines =
        "q.qweight I32 2x1 = 1985229328 0\nq.qzeros I32 1x1 = 2\nq.scales F16 1x8 = "
        "15360 15360 15360 14336 15360 15360 15360 15360";
    const unpacked rows[] = {
        { lines, "q.qweight", 0, 0, "-2 -2" }, /* The only zero point is its own. */
        { lines, "q.qweight", 1, 0, "4 0" },   { lines, "q.qweight", 2, 0, "1 0" },
        { lines, "q.qweight", 3, 0, "2.5 0" }, { lines, "q.qweight", 4, 0, "2 0" },
        { lines, "q.qweight", 6, 0, "3 0" },   { lines, "q.qweight", 7, 0, "7 0" },
    };
    EXPECT_EACH(rows);
}

Test(numbers, mlx_has_biases)
{
    static const unpacked rows[] = {
        { "a.norm.weight BF16 32\nq.weight U32 1x4 = 1985229328 4275878552\nq.scales F16 1x1 = 14336\n"
          "q.biases F16 1x1 = 15360",
          "q.weight", 0, 6, "4 4.5 5 5.5" },
        /* Three bits: code 10 begins two bits before the second word. */
        { "a.norm.weight BF16 32\nq.weight U32 1x3 = 2147483648 1\nq.scales F16 1x1 = 15360\nq.biases F16 "
          "1x1",
          "q.weight", 0, 9, "0 6 0" },
        /* E8M0: 2. */
        { "q.weight U32 1x4 = 1985229328 4275878552\nq.scales U8 1x1 = 128", "q.weight", 0, 5,
          "6 8 12 0 -1" },
        /* E4M3: 0.5. */
        { "q.weight U32 1x2 = 1985229328 4275878552\nq.scales U8 1x1 = 48", "q.weight", 0, 5,
          "1.5 2 3 0 -0.25" },
        /* 8 bits: 1 -1 2 4. */
        { "q.weight U32 1x8 = 1212201016\nq.scales U8 1x1 = 128", "q.weight", 0, 0, "2 -2 4 8 0" },
    };
    EXPECT_EACH(rows);
}

#define NF4                                                                                          \
    "q.weight U8 4x1 = 1 35 69 103\nq.weight.quant_map F32 16 = 0 1065353216 1073741824 1077936128 " \
    "1082130432 "                                                                                    \
    "1084227584 1086324736 1088421888\n"

Test(numbers, bitsandbytes_has_levels_and_levels_of_scales)
{
    static const unpacked rows[] = {
        { NF4 "q.weight.absmax F32 1 = 1056964608\n"
              "q.weight.quant_state.bitsandbytes__nf4 U8 * '{\"blocksize\":64,\"shape\":[2,4]}",
          "q.weight", 1, 0, "2 2.5 3 3.5" },
        { NF4 "q.weight.absmax F32 2 = 1056964608 1073741824\n"
              "q.weight.quant_state.bitsandbytes__fp4 U8 * '{\"blocksize\":4,\"shape\":[2,4]}",
          "q.weight", 1, 0, "8 10 12 14" },
        /* Level 3 is 0.5: 0.5 x 2 + 1. */
        { NF4
          "q.weight.absmax U8 1 = 3\nq.weight.nested_absmax F32 1 = 1073741824\n"
          "q.weight.nested_quant_map F32 256 = 0 0 0 1056964608\nq.weight.quant_state.bitsandbytes__nf4 U8 * "
          "'{\"blocksize\":64,\"nested_blocksize\":256,\"nested_offset\":1.0,\"shape\":[2,4]}",
          "q.weight", 0, 0, "0 2 4 6" },
    };
    EXPECT_EACH(rows);
    expect_refused(NF4
                   "q.weight.absmax F32 1\nq.weight.quant_state.bitsandbytes__nf4 U8 * '{\"shape\":[2,4]}",
                   "q.weight", "its state does not say how many share a scale");
    expect_refused(NF4 "q.weight.absmax U8 1\nq.weight.quant_state.bitsandbytes__nf4 U8 * "
                       "'{\"blocksize\":64,\"shape\":[2,4]}",
                   "q.weight", "its scales are of no kind that is known");
}

#define HQQ "q.W_q U8 1x4 = 16 50 84 118\nq.shape I64 2 = 2 4\nq.nbits I64 - = 4\n"

Test(numbers, hqq_packs_groups_above_each_other)
{
    static const unpacked rows[] = {
        { HQQ "q.group_size I64 - = 4\nq.axis I64 - = 1\nq.scale F16 2x1 = 15360 14336\nq.zero F16 2x1 = "
              "15360 16384",
          "q.W_q", 0, 0, "0 2 4 6" },
        { HQQ "q.group_size I64 - = 4\nq.axis I64 - = 1\nq.scale F16 2x1 = 15360 14336\nq.zero F16 2x1 = "
              "15360 16384",
          "q.W_q", 1, 0, "-1 0 1 2" },
        /* Columns are groups of two: scales 1 2 1 1, zeros 0 1 0 0. */
        { HQQ "q.group_size I64 - = 2\nq.axis I64 - = 0\nq.scale F16 1x4 = 15360 16384 15360 15360\n"
              "q.zero F16 1x4 = 0 15360",
          "q.W_q", 0, 0, "1 4 5 7" },
    };
    EXPECT_EACH(rows);
    expect_refused(HQQ "q.group_size I64 - = 3\nq.axis I64 - = 1\nq.scale F16 2x1\nq.zero F16 2x1", "q.W_q",
                   "its sizes do not fit each other");
    expect_refused(HQQ "q.group_size I64 - = 4\nq.scale F16 2x1\nq.zero F16 2x1", "q.W_q",
                   "its bits, group or axis is not stored");
}

Test(numbers, what_cannot_be_told_is_refused)
{
    expect_refused("q.lora_A.weight F32 2x8\nq.lora_B.weight F32 8x2", "q.lora_A.weight",
                   "it is one of two matrices, whose product is added to a weight");
    expect_refused("q.weight U8 2x8\nq.weight_scale F32 1", "q.weight",
                   "whether its scale multiplies or divides is not in the tensors");
    expect_refused("q.weight I8 8x4\nq.weight_scales F16 4", "q.weight",
                   "its bytes stand in an order that is made for a processor");
    expect_refused("q.trellis I16 2x2x48\nq.suh F16 32\nq.svh F16 32", "q.trellis",
                   "its packing is not decoded");
}
