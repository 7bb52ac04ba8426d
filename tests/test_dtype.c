/* Sizes here are from the formats' own documents, in bits and in ggml's block traits; the table under test is
 * in blocks of elements and bytes. */
#include "read/dtype.h"

#include "base/arith.h"

#include <criterion/criterion.h>

/* The 22 of safetensors (its Dtype::bitsize). */
static const struct {
    const char *name;
    unsigned bits;
} safetensors[] = {
    { "BOOL", 8 },        { "F4", 4 },      { "F6_E2M3", 6 }, { "F6_E3M2", 6 }, { "U8", 8 },
    { "I8", 8 },          { "F8_E5M2", 8 }, { "F8_E4M3", 8 }, { "F8_E8M0", 8 }, { "F8_E4M3FNUZ", 8 },
    { "F8_E5M2FNUZ", 8 }, { "I16", 16 },    { "U16", 16 },    { "F16", 16 },    { "BF16", 16 },
    { "I32", 32 },        { "U32", 32 },    { "F32", 32 },    { "C64", 64 },    { "F64", 64 },
    { "I64", 64 },        { "U64", 64 },
};

/* ggml's type_traits: elements and bytes of a block; 0 bytes where nobody says. */
static const struct {
    uint32_t id;
    const char *name;
    uint64_t elements, bytes;
} ggml[] = {
    { 0, "F32", 1, 4 },         { 1, "F16", 1, 2 },         { 2, "Q4_0", 32, 18 },
    { 3, "Q4_1", 32, 20 },      { 6, "Q5_0", 32, 22 },      { 7, "Q5_1", 32, 24 },
    { 8, "Q8_0", 32, 34 },      { 9, "Q8_1", 32, 36 },      { 10, "Q2_K", 256, 84 },
    { 11, "Q3_K", 256, 110 },   { 12, "Q4_K", 256, 144 },   { 13, "Q5_K", 256, 176 },
    { 14, "Q6_K", 256, 210 },   { 15, "Q8_K", 256, 292 },   { 16, "IQ2_XXS", 256, 66 },
    { 17, "IQ2_XS", 256, 74 },  { 18, "IQ3_XXS", 256, 98 }, { 19, "IQ1_S", 256, 50 },
    { 20, "IQ4_NL", 32, 18 },   { 21, "IQ3_S", 256, 110 },  { 22, "IQ2_S", 256, 82 },
    { 23, "IQ4_XS", 256, 136 }, { 24, "I8", 1, 1 },         { 25, "I16", 1, 2 },
    { 26, "I32", 1, 4 },        { 27, "I64", 1, 8 },        { 28, "F64", 1, 8 },
    { 29, "IQ1_M", 256, 56 },   { 30, "BF16", 1, 2 },       { 31, "Q4_0_4_4", 32, 18 },
    { 32, "Q4_0_4_8", 32, 18 }, { 33, "Q4_0_8_8", 32, 18 }, { 34, "TQ1_0", 256, 54 },
    { 35, "TQ2_0", 256, 66 },   { 39, "MXFP4", 32, 17 },    { 40, "NVFP4", 64, 36 },
    { 41, "Q1_0", 128, 18 },    { 42, "Q2_0", 64, 18 },     { 45, "TQ3_1S", 32, 16 },
    { 46, "TQ4_1S", 32, 20 },   { 133, "Q6_0", 32, 26 },    { 134, "IQ1_BN", 64, 13 },
    { 135, "IQ2_BN", 64, 16 },  { 137, "IQ2_K", 256, 76 },  { 138, "IQ3_K", 256, 110 },
    { 139, "IQ4_K", 256, 144 }, { 140, "IQ5_K", 256, 176 }, { 141, "IQ6_K", 256, 212 },
};

Test(dtype, all_22_of_safetensors)
{
    uint32_t seen[22];
    for (size_t i = 0; i < 22; i++) {
        uint32_t t;
        uint64_t bytes = 0;
        cr_assert(dtype_from_safetensors(span_of(safetensors[i].name), &t), "%s", safetensors[i].name);
        /* 24 elements are whole bytes at every width. */
        cr_expect(dtype_bytes(t, 24, 24, &bytes) && bytes == 3u * safetensors[i].bits, "%s",
                  safetensors[i].name);
        cr_expect(strcmp(dtype_info(t)->name, safetensors[i].name) == 0);
        for (size_t k = 0; k < i; k++) cr_expect(seen[k] != t, "%s stands for two", safetensors[i].name);
        seen[i] = t;
    }
}

Test(dtype, spellings_are_exact)
{
    static const char *const wrong[] = { "f32", "F32 ", "", "F", "BF16x", "FLOAT", "Q4_0", "F8" };
    uint32_t t;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        cr_expect(!dtype_from_safetensors(span_of(wrong[i]), &t), "%s", wrong[i]);
    }
}

Test(dtype, every_type_of_ggml)
{
    for (size_t i = 0; i < sizeof(ggml) / sizeof(ggml[0]); i++) {
        uint32_t t;
        uint64_t bytes = 0;
        cr_assert(dtype_from_ggml(ggml[i].id, &t), "%s", ggml[i].name);
        cr_expect(strcmp(dtype_info(t)->name, ggml[i].name) == 0, "%s", dtype_info(t)->name);
        cr_expect(dtype_info(t)->block_elems == ggml[i].elements, "%s", ggml[i].name);
        cr_expect(dtype_bytes(t, ggml[i].elements * 3, ggml[i].elements * 15, &bytes), "%s", ggml[i].name);
        cr_expect(bytes == ggml[i].bytes * 15, "%s", ggml[i].name);
    }
}

Test(dtype, ids_nobody_uses)
{
    static const uint32_t ids[] = { 43, 44, 47, 100, 132, 136, 1000, UINT32_MAX };
    uint32_t t;
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        cr_expect(!dtype_from_ggml(ids[i], &t), "%u", ids[i]);
    cr_expect(dtype_info(ARI_DT_COUNT) == NULL && dtype_info(UINT32_MAX) == NULL);
}

Test(dtype, removed_types_and_those_of_forks_say_so)
{
    static const struct {
        uint32_t id;
        ari_dtype_class class;
    } rows[] = {
        { 4, ARI_REMOVED },  { 5, ARI_REMOVED },  { 31, ARI_REMOVED }, { 33, ARI_REMOVED },
        { 36, ARI_REMOVED }, { 38, ARI_REMOVED }, { 45, ARI_FORK },    { 137, ARI_FORK },
        { 144, ARI_FORK },   { 2, ARI_BLOCKS },   { 42, ARI_BLOCKS },  { 0, ARI_FLOATING },
        { 24, ARI_INTEGER },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t t;
        cr_assert(dtype_from_ggml(rows[i].id, &t));
        cr_expect(dtype_info(t)->class == rows[i].class, "id %u", rows[i].id);
    }
}

/* ik_llama.cpp's IQ4_KS keeps a float for each row beside its blocks of 136 bytes. */
Test(dtype, rows_may_cost_extra)
{
    uint32_t t;
    uint64_t bytes;
    cr_assert(dtype_from_ggml(144, &t));
    cr_expect(dtype_bytes(t, 512, 512 * 10, &bytes) && bytes == 10 * (2 * 136 + 4));
    cr_expect(dtype_bytes(t, 0, 0, &bytes) && bytes == 0);
}

Test(dtype, blocks_must_be_whole)
{
    static const struct {
        const char *name;
        uint64_t elements;
        bool whole;
        uint64_t bytes;
    } rows[] = {
        { "F4", 2, true, 1 },      { "F4", 3, false, 0 },      { "F4", 0, true, 0 },
        { "F6_E2M3", 4, true, 3 }, { "F6_E3M2", 6, false, 0 }, { "F6_E3M2", 8, true, 6 },
        { "U8", 3, true, 3 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t t;
        uint64_t bytes = 0;
        cr_assert(dtype_from_safetensors(span_of(rows[i].name), &t));
        cr_expect(dtype_bytes(t, rows[i].elements, rows[i].elements, &bytes) == rows[i].whole, "row %zu", i);
        cr_expect(!rows[i].whole || bytes == rows[i].bytes, "row %zu", i);
    }
    uint32_t q;
    uint64_t bytes;
    cr_assert(dtype_from_ggml(2, &q));
    cr_expect(!dtype_bytes(q, 16, 64, &bytes), "64 elements, but in rows of 16: half a block each");
}

Test(dtype, sizes_beyond_numbers)
{
    uint64_t bytes;
    cr_expect(dtype_bytes(ARI_DT_F64, 1, (1ull << 61) - 1, &bytes) && bytes == 0xFFFFFFFFFFFFFFF8u);
    cr_expect(!dtype_bytes(ARI_DT_F64, 1, 1ull << 61, &bytes));
    cr_expect(!dtype_bytes(ARI_DT_F32, 1, UINT64_MAX, &bytes));
}
