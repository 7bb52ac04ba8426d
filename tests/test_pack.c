/* Packed weights: the worked examples of the formats' own documents (AutoGPTQ, AWQ, bitsandbytes,
 * compressed-tensors, ModelOpt, transformers' integrations, exllamav2 and v3, AQLM, QuIP#, mlx-lm, PEFT). */
#include "infer/pack.h"

#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>

typedef struct packed {
    const char *lines, *pattern, *logical, *scheme;
    unsigned bits;
    uint64_t group;
} packed;

static void expect_packed(const packed *p)
{
    sample s = sample_read(p->lines);
    const char *found = logical_text(&s, p->pattern);
    cr_expect(strcmp(found, p->logical) == 0, "%s: %s wanted, found %s", p->pattern, p->logical, found);
    const char *scheme = s.packing.scheme == NULL ? "none" : s.packing.scheme;
    cr_expect(strcmp(scheme, p->scheme) == 0, "%s: %s wanted, found %s", p->pattern, p->scheme, scheme);
    cr_expect(s.packing.bits == p->bits && s.packing.group_size == p->group,
              "%s %s: %u bits in groups of %ju wanted, found %u in %ju", p->scheme, p->logical, p->bits,
              (uintmax_t)p->group, s.packing.bits, (uintmax_t)s.packing.group_size);
    /* All but the payload and what is not packed at all. */
    for (size_t i = 0; i < s.layout.template_count && s.packing.scheme != NULL; i++) {
        const ari_template *t = &s.layout.templates[i];
        bool own = span_is(t->pattern, p->pattern) || span_ends(t->pattern, "norm.weight");
        cr_expect(t->companion == !own, "%s: %.*s", p->scheme, (int)t->pattern.size,
                  (const char *)t->pattern.data);
    }
    sample_free(&s);
}

static void expect_each(const packed *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) expect_packed(&rows[i]);
}

#define EXPECT_EACH(rows) expect_each(rows, sizeof(rows) / sizeof((rows)[0]))

Test(pack, gptq_awq_and_marlin)
{
    static const packed rows[] = {
        { "q.qweight I32 512x4096\nq.qzeros I32 32x512\nq.scales F16 32x4096\nq.g_idx I32 4096", "q.qweight",
          "4096x4096, 4 bits", "gptq", 4, 128 },
        { "q.qweight I32 384x11008\nq.qzeros I32 32x1032\nq.scales F16 32x11008\nq.g_idx I32 4096",
          "q.qweight", "11008x4096, 3 bits", "gptq", 3, 128 },
        { "q.qweight I32 256x4096\nq.qzeros I32 64x256\nq.scales F16 64x4096\nq.g_idx I32 4096", "q.qweight",
          "4096x4096, 2 bits", "gptq", 2, 64 },
        { "q.qweight I32 1024x4096\nq.qzeros I32 1x1024\nq.scales F16 1x4096\nq.g_idx I32 4096", "q.qweight",
          "4096x4096, 8 bits", "gptq", 8, 0 },
        /* AutoRound and GPTQModel leave g_idx out. */
        { "q.qweight I32 512x11008\nq.qzeros I32 32x1376\nq.scales F16 32x11008", "q.qweight",
          "11008x4096, 4 bits", "gptq", 4, 128 },
        { "q.qweight I32 384x11008\nq.qzeros I32 32x1032\nq.scales F16 32x11008", "q.qweight",
          "11008x4096, 3 bits", "gptq", 3, 128 },
        { "d.qweight I32 11008x512\nd.qzeros I32 86x512\nd.scales F16 86x4096", "d.qweight",
          "4096x11008, 4 bits", "awq", 4, 128 },
        { "q.B I32 256x8192\nq.s F16 32x4096\nq.workspace I32 512", "q.B", "4096x4096, 4 bits", "marlin", 4,
          128 },
        { "q.B I32 256x8192\nq.s F16 1x4096", "q.B", "4096x4096, 4 bits", "marlin", 4, 0 },
    };
    EXPECT_EACH(rows);
}

#define NESTED                                                                                \
    "g.weight.absmax U8 917504\ng.weight.quant_map F32 16\ng.weight.nested_absmax F32 3584\n" \
    "g.weight.nested_quant_map F32 256\n"

Test(pack, bitsandbytes)
{
    static const packed rows[] = {
        { "g.weight I8 11008x4096\ng.SCB F32 11008\ng.weight_format U8 -", "g.weight", "11008x4096, 8 bits",
          "bnb", 8, 0 },
        { "g.weight U8 29360128x1\n" NESTED "g.weight.quant_state.bitsandbytes__nf4 U8 * "
          "'{\"quant_type\": \"nf4\", \"blocksize\": 64, \"dtype\": \"bfloat16\", \"shape\": [14336, 4096], "
          "\"nested_blocksize\": 256, \"nested_offset\": 0.03}",
          "g.weight", "14336x4096, 4 bits", "bnb", 4, 64 },
        { "g.weight U8 8388608x1\ng.weight.absmax F32 262144\ng.weight.quant_map F32 16\n"
          "g.weight.quant_state.bitsandbytes__fp4 U8 * '{\"quant_type\":\"fp4\",\"shape\":[4096,4096]}",
          "g.weight", "4096x4096, 4 bits", "bnb", 4, 64 },
    };
    EXPECT_EACH(rows);
}

Test(pack, floats_of_eight_bits)
{
    static const packed rows[] = {
        /* DeepSeek-V3's kv_a_proj_with_mqa: 576 rows are five blocks of 128. */
        { "a.weight F8_E4M3 576x7168\na.weight_scale_inv F32 5x56", "a.weight", "576x7168, 8 bits", "fp8", 8,
          128 },
        { "a.weight F8_E4M3 576x7168\na.weight_scale BF16 5x56", "a.weight", "576x7168, 8 bits", "fp8", 8,
          128 },
        { "a.weight F8_E4M3 576x7168\na.scale F8_E8M0 5x56", "a.weight", "576x7168, 8 bits", "fp8", 8, 128 },
        { "a.weight F8_E4M3 4096x14336\na.weight_scale F32 -\na.input_scale F32 -", "a.weight",
          "4096x14336, 8 bits", "fp8", 8, 0 },
        { "a.weight F8_E4M3 4096x14336\na.weight_scale F32 4096x1", "a.weight", "4096x14336, 8 bits", "fp8",
          8, 0 },
        { "a.weight F8_E4M3 4096x14336\na.qscale_weight F32 -\na.qscale_act F32 -", "a.weight",
          "4096x14336, 8 bits", "fp8", 8, 0 },
        { "a.weight F8_E5M2 4096x14336", "a.weight", "4096x14336, 8 bits", "fp8", 8, 0 },
        /* Fused experts in transformers, and in Llama 4 by fbgemm. */
        { "e.gate_up_proj F8_E4M3 4x512x256\ne.gate_up_proj_scale_inv F32 4x4x2", "e.gate_up_proj",
          "4x512x256, 8 bits", "fp8", 8, 128 },
        { "e.gate_up_proj F8_E4M3 4x256x512\ne.gate_up_proj_scale F32 4x1x512", "e.gate_up_proj",
          "4x256x512, 8 bits", "fp8", 8, 0 },
    };
    EXPECT_EACH(rows);
}

Test(pack, compressed_tensors)
{
    static const packed rows[] = {
        { "u.weight_packed I32 14336x512\nu.weight_scale BF16 14336x32\nu.weight_shape I64 2 = 14336 4096",
          "u.weight_packed", "14336x4096, 4 bits", "compressed-tensors", 4, 128 },
        /* Kimi-K2.5's experts. */
        { "u.weight_packed I32 2048x896\nu.weight_scale BF16 2048x224\nu.weight_shape I32 2 = 2048 7168",
          "u.weight_packed", "2048x7168, 4 bits", "compressed-tensors", 4, 32 },
        { "u.weight_packed I32 4096x1024\nu.weight_scale BF16 4096x1\nu.weight_shape I64 2 = 4096 4096\n"
          "u.weight_zero_point I32 1024x1",
          "u.weight_packed", "4096x4096, 8 bits", "compressed-tensors", 8, 0 },
        { "u.weight I8 14336x4096\nu.weight_scale BF16 14336x1\nu.input_scale F32 1\nu.input_zero_point I8 1",
          "u.weight", "14336x4096, 8 bits", "compressed-tensors", 8, 0 },
        { "u.weight I8 576x7168\nu.weight_scale_inv F32 5x56", "u.weight", "576x7168, 8 bits", "int8", 8,
          128 },
    };
    EXPECT_EACH(rows);
}

Test(pack, floats_of_four_bits)
{
    static const packed rows[] = {
        { "g.weight U8 2048x3584\ng.weight_scale F8_E4M3 2048x448\ng.weight_scale_2 F32 -\ng.input_scale F32 "
          "-",
          "g.weight", "2048x7168, 4 bits", "nvfp4", 4, 16 },
        { "g.weight_packed U8 2048x3584\ng.weight_scale F8_E4M3 2048x448\ng.weight_global_scale F32 1\n"
          "g.input_global_scale F32 1",
          "g.weight_packed", "2048x7168, 4 bits", "nvfp4", 4, 16 },
        /* gpt-oss-20b. */
        { "e.gate_up_proj_blocks U8 32x5760x90x16\ne.gate_up_proj_scales U8 32x5760x90",
          "e.gate_up_proj_blocks", "32x5760x2880, 4 bits", "mxfp4", 4, 32 },
        { "e.mlp1_weight.blocks U8 32x5760x90x16\ne.mlp1_weight.scales U8 32x5760x90", "e.mlp1_weight.blocks",
          "32x5760x2880, 4 bits", "mxfp4", 4, 32 },
        { "g.weight U8 2048x3584\ng.weight_scale U8 2048x224", "g.weight", "2048x7168, 4 bits", "mxfp4", 4,
          32 },
        { "g.weight_packed U8 2048x3584\ng.weight_scale U8 2048x224", "g.weight_packed", "2048x7168, 4 bits",
          "mxfp4", 4, 32 },
        /* DeepSeek-V4's experts. */
        { "w1.weight I8 2048x2048\nw1.scale F8_E8M0 2048x128", "w1.weight", "2048x4096, 4 bits", "mxfp4", 4,
          32 },
    };
    EXPECT_EACH(rows);
}

Test(pack, hqq_exllama_aqlm_and_quip)
{
    static const packed rows[] = {
        { "q.W_q U8 131072x64\nq.scale F16 262144x1\nq.zero F16 262144x1\nq.shape I64 2 = 4096 4096\n"
          "q.nbits I64 1 = 4\nq.group_size I64 1 = 64\nq.axis I64 1 = 1",
          "q.W_q", "4096x4096, 4 bits", "hqq", 4, 64 },
        { "q.W_q U8 131072x64\nq.scale F16 262144x1\nq.nbits I64 1 = 4\nq.group_size I64 1 = 64", "q.W_q",
          "? (16777216 elements), 4 bits", "hqq", 4, 64 },
        { "q.q_weight I32 512x4096\nq.q_invperm I32 4096\nq.q_scale I32 32x512\nq.q_scale_max F16 32\n"
          "q.q_groups I16 64",
          "q.q_weight", "4096x4096, 4 bits", "exl2", 4, 0 },
        { "q.q_weight I32 512x4096\nq.q_perm I16 4096\nq.q_scale I32 32x512", "q.q_weight",
          "4096x4096, 4 bits", "exl2", 4, 0 },
        { "u.trellis I16 256x896x48\nu.suh F16 4096\nu.svh F16 14336", "u.trellis", "14336x4096, 3 bits",
          "exl3", 3, 0 },
        { "u.trellis I16 256x896x64\nu.su I16 256\nu.sv I16 896", "u.trellis", "14336x4096, 4 bits", "exl3",
          4, 0 },
        { "q.codes I16 4096x512x1\nq.codebooks F16 1x65536x1x8\nq.scales F16 4096x1x1x1", "q.codes",
          "4096x4096, 2 bits", "aqlm", 2, 0 },
        { "q.Qidxs I16 4096x512\nq.SU F16 4096\nq.SV F16 4096\nq.Wscale F32 -\nq.codebook_id I64 -",
          "q.Qidxs", "4096x4096, 2 bits", "quip", 2, 0 },
    };
    EXPECT_EACH(rows);
}

Test(pack, torchao_quanto_bitnet_eetq_and_higgs)
{
    static const packed rows[] = {
        { "q._weight_qdata F8_E4M3 4096x4096\nq._weight_scale F32 4096x1", "q._weight_qdata",
          "4096x4096, 8 bits", "torchao", 8, 0 },
        { "q._weight_qdata U8 4096x2048\nq._weight_scale BF16 32x4096\nq._weight_zero_point BF16 32x4096",
          "q._weight_qdata", "4096x4096, 4 bits", "torchao", 4, 128 },
        { "q.weight_qdata I8 4096x4096\nq.weight_scale F32 4096x1", "q.weight_qdata", "4096x4096, 8 bits",
          "torchao", 8, 0 },
        { "q.weight._data I8 4096x4096\nq.weight._scale F32 4096x1\nq.input_scale F32 -\nq.output_scale F32 "
          "-",
          "q.weight._data", "4096x4096, 8 bits", "quanto", 8, 0 },
        { "g.weight U8 1728x2560\ng.weight_scale BF16 1", "g.weight", "6912x2560, 2 bits", "bitnet", 2, 0 },
        { "g.weight I8 4096x14336\ng.weight_scales F16 14336", "g.weight", "14336x4096, 8 bits", "eetq", 8,
          0 },
        { "q.weight I16 1024x4096\nq.scales F16 4096x16\nq.tables F16 16\nq.tables2 F16 16x16x2", "q.weight",
          "4096x4096, 4 bits", "higgs", 4, 256 },
        { "q.qweight I8 4096x2048\nq.s1_scales F16 4096\nq.s2_scales I8 32x4096\nq.s2_zeros I8 32x4096",
          "q.qweight", "4096x4096, 4 bits", "qserve", 4, 0 },
        { "q.qweight U8 4096x2048\nq.scales U8 4096x128\nq.forward_hadamard_matrix BF16 32x32", "q.qweight",
          "4096x4096, 4 bits", "fp-quant", 4, 32 },
    };
    EXPECT_EACH(rows);
}

/* MLX: cols = in * bits / 32, scales = in / group; r = cols / scales has several readings, and the norm
 * decides. */
Test(pack, mlx_of_every_width)
{
    static const unsigned bits[] = { 2, 3, 4, 5, 6, 8 }, groups[] = { 32, 64, 128 };
    for (size_t i = 0; i < 18; i++) {
        unsigned b = bits[i % 6], g = groups[i / 6];
        char lines[256], logical[64];
        snprintf(lines, sizeof(lines),
                 "layers.{2}.norm.weight 2048\ngate_proj.weight U32 6144x%u\ngate_proj.scales 6144x%u\n"
                 "gate_proj.biases 6144x%u",
                 2048 * b / 32, 2048 / g, 2048 / g);
        snprintf(logical, sizeof(logical), "6144x2048, %u bits", b);
        expect_packed(&(packed){ lines, "gate_proj.weight", logical, "mlx", b, g });
    }
}

Test(pack, mlx_without_biases)
{
    static const packed rows[] = {
        { "g.weight U32 6144x256\ng.scales U8 6144x64", "g.weight", "6144x2048, 4 bits", "mlx", 4, 32 },
        { "g.weight U32 6144x256\ng.scales U8 6144x128", "g.weight", "6144x2048, 4 bits", "mlx", 4, 16 },
        { "g.weight U32 6144x512\ng.scales U8 6144x64", "g.weight", "6144x2048, 8 bits", "mlx", 8, 32 },
        { "layers.{2}.norm.weight 2048\ne.weight U32 8x768x256\ne.scales 8x768x32\ne.biases 8x768x32",
          "e.weight", "8x768x2048, 4 bits", "mlx", 4, 64 },
    };
    EXPECT_EACH(rows);
}

/* --- Low-rank pairs ---------------------------------------------------------------------------- */

Test(pack, low_rank_pairs_in_every_spelling)
{
    static const struct {
        const char *lines, *pattern, *logical;
    } rows[] = {
        { "q.lora_A.weight 16x2048\nq.lora_B.weight 4096x16", "q.lora_A.weight", "4096x2048" },
        { "q.lora_A.default.weight 16x2048\nq.lora_B.default.weight 4096x16", "q.lora_A.weight",
          "4096x2048" },
        { "q.lora_A.weight 16x2048\nq.lora_B.weight 4096x16\nq.lora_magnitude_vector.weight 4096",
          "q.lora_A.weight", "4096x2048" },
        { "q.lora_down.weight 16x2048\nq.lora_up.weight 4096x16\nq.alpha -", "q.lora_down.weight",
          "4096x2048" },
        { "q.lora_A 16x2048\nq.lora_B 4096x16", "q.lora_A", "4096x2048" },
        { "q.weight.lora_a 16x2048\nq.weight.lora_b 4096x16", "q.weight.lora_a", "4096x2048" },
        /* mlx-lm stores [in, r] and [r, out]. */
        { "q.lora_a 2048x16\nq.lora_b 16x4096", "q.lora_a", "4096x2048" },
        /* An embedding is [vocabulary, width]. */
        /* Of a square weight either size is shared; the rank cannot be above the weight's sizes. */
        { "q.lora_a 2048x16\nq.lora_b 16x2048", "q.lora_a", "2048x2048" },
        { "q.lora_a 16x2048\nq.lora_b 2048x16", "q.lora_a", "2048x2048" },
        { "e.lora_embedding_A 16x32000\ne.lora_embedding_B 2048x16", "e.lora_embedding_A", "32000x2048" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sample s = sample_read(rows[i].lines);
        const char *found = logical_text(&s, rows[i].pattern);
        cr_expect(strcmp(found, rows[i].logical) == 0, "%s: %s wanted, found %s", rows[i].pattern,
                  rows[i].logical, found);
        cr_expect(s.packing.lora_rank == 16 && s.packing.scheme == NULL, "%s: rank %ju", rows[i].pattern,
                  (uintmax_t)s.packing.lora_rank);
        for (size_t k = 0; k < s.layout.template_count; k++) cr_expect(s.layout.templates[k].adapter);
        sample_free(&s);
    }
}

Test(pack, half_of_a_pair_is_none)
{
    sample s = sample_read("q.lora_A.weight 16x2048\nk.lora_B.weight 4096x16\n");
    cr_expect(s.packing.lora_rank == 0);
    cr_expect(strcmp(logical_text(&s, "q.lora_A.weight"), "16x2048") == 0);
    sample_free(&s);
}

/* --- What lies, and what is missing --------------------------------------------------------------- */

#define CT(shape) "u.weight_packed I32 64x8\nu.weight_scale BF16 64x1\nu.weight_shape I64 2 = " shape

#define NF4(state)                                                            \
    "g.weight U8 2048x1\ng.weight.absmax F32 64\ng.weight.quant_map F32 16\n" \
    "g.weight.quant_state.bitsandbytes__nf4 U8 * '" state

/* A packed matrix of 64 x 8 words has 64 rows, and each of 1 to 32 bits. */
Test(pack, stored_shapes_that_cannot_be)
{
    static const packed rows[] = {
        { CT("64 64"), "u.weight_packed", "64x64, 4 bits", "compressed-tensors", 4, 0 },
        { CT("1 1"), "u.weight_packed", "64x8", "none", 0, 0 },
        { CT("0 64"), "u.weight_packed", "64x8", "none", 0, 0 },
        { CT("128 64"), "u.weight_packed", "64x8", "none", 0, 0 },
        { CT("64 1000000"), "u.weight_packed", "64x8", "none", 0, 0 },
        { CT("64 18446744073709551615"), "u.weight_packed", "64x8", "none", 0, 0 },
        { CT("4611686018427387904 4611686018427387904"), "u.weight_packed", "64x8", "none", 0, 0 },
        { CT("64"), "u.weight_packed", "64x8", "none", 0, 0 },
        { NF4("{\"shape\":[64,64]}"), "g.weight", "64x64, 4 bits", "bnb", 4, 64 },
        { NF4("{\"shape\":[1,1]}"), "g.weight", "? (4096 elements), 4 bits", "bnb", 4, 64 },
        { NF4("{\"shape\":[64,128]}"), "g.weight", "? (4096 elements), 4 bits", "bnb", 4, 64 },
        { NF4("{\"shape\":[0,0]}"), "g.weight", "? (4096 elements), 4 bits", "bnb", 4, 64 },
        { NF4("{\"shape\":[-64,-64]}"), "g.weight", "? (4096 elements), 4 bits", "bnb", 4, 64 },
        { NF4("{\"shape\":[4096]}"), "g.weight", "? (4096 elements), 4 bits", "bnb", 4, 64 },
        { NF4("{\"shape\":[9007199254740992,9007199254740992]}"), "g.weight", "? (4096 elements), 4 bits",
          "bnb", 4, 64 },
        { NF4("{\"shape\":{\"a\":64,\"b\":\"64\"}}"), "g.weight", "? (4096 elements), 4 bits", "bnb", 4, 64 },
        { NF4("{\"shape\":\"64x64\"}"), "g.weight", "? (4096 elements), 4 bits", "bnb", 4, 64 },
        { NF4("no JSON at all"), "g.weight", "? (4096 elements), 4 bits", "bnb", 4, 64 },
        { NF4("[[[[[[[[[["), "g.weight", "? (4096 elements), 4 bits", "bnb", 4, 64 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sample s = sample_read(rows[i].lines);
        const char *found = logical_text(&s, rows[i].pattern);
        cr_expect(strcmp(found, rows[i].logical) == 0, "%s: %s wanted, found %s", rows[i].lines,
                  rows[i].logical, found);
        const char *scheme = s.packing.scheme == NULL ? "none" : s.packing.scheme;
        cr_expect(strcmp(scheme, rows[i].scheme) == 0 && s.packing.bits == rows[i].bits, "%s: %s %u",
                  rows[i].lines, scheme, s.packing.bits);
        sample_free(&s);
    }
}

/* Where sizes do not fit together, a tensor is what it is stored as. */
Test(pack, sizes_that_do_not_fit)
{
    static const struct {
        const char *lines, *pattern, *stored;
    } rows[] = {
        { "q.qweight I32 512x4096", "q.qweight", "512x4096" },
        { "q.qweight I32 512x4096\nq.scales F16 32x4096", "q.qweight", "512x4096" },
        { "q.qweight I32 512x4096\nq.qzeros I32 32x512", "q.qweight", "512x4096" },
        { "q.qweight I32 512x4096\nq.qzeros I32 32x0\nq.scales F16 32x4096", "q.qweight", "512x4096" },
        { "q.qweight I32 512x4096\nq.qzeros I32 0x0\nq.scales F16 0x0", "q.qweight", "512x4096" },
        { "q.qweight I32 0x4096\nq.qzeros I32 32x512\nq.scales F16 32x4096", "q.qweight", "0x4096" },
        { "q.qweight I32 512\nq.qzeros I32 32\nq.scales F16 32\nq.g_idx I32 4096", "q.qweight", "512" },
        { "q.qweight I32 -\nq.qzeros I32 -\nq.scales F16 -\nq.g_idx I32 -", "q.qweight", "" },
        { "q.qweight F16 512x4096\nq.qzeros I32 32x512\nq.scales F16 32x4096\nq.g_idx I32 4096", "q.qweight",
          "512x4096" },
        { "g.weight U8 2048x3584\ng.weight_scale F8_E4M3 2048x447\ng.weight_scale_2 F32 -", "g.weight",
          "2048x3584" },
        { "e.x_blocks U8 32x64x90x8\ne.x_scales U8 32x64x90", "e.x_blocks", "32x64x90x8" },
        { "e.x_blocks U8 32x64x90\ne.x_scales U8 32x64x90", "e.x_blocks", "32x64x90" },
        { "u.trellis I16 256\nu.suh F16 4096", "u.trellis", "256" },
        { "q.codes I16 64x8x1\nq.codebooks F16 1x256", "q.codes", "64x8x1" },
        { ".qweight I32 512x4096\n.qzeros I32 32x512\n.scales F16 32x4096\n.g_idx I32 4096", ".qweight",
          "512x4096" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sample s = sample_read(rows[i].lines);
        const ari_template *t = the_template(&s, rows[i].pattern);
        cr_expect(t->logical == NULL, "%s: %s", rows[i].lines, logical_text(&s, rows[i].pattern));
        cr_expect(strcmp(shape_text(&s.r, rows[i].pattern), rows[i].stored) == 0);
        sample_free(&s);
    }
}

/* Sides whose product is beyond 64 bits. The scales without elements take no room in the file. */
Test(pack, products_that_overflow)
{
    sample s = sample_read("q.qweight I32 1x64\nq.qzeros I32 1x8\nq.scales F16 0x4611686018427387904\n"
                           "q.g_idx I32 64\n"
                           "t.trellis I16 0x1152921504606846976x48\n"
                           "m.weight U32 1x8\nm.scales U8 0x9223372036854775807\n"
                           "l.lora_A.weight 0x4611686018427387904\nl.lora_B.weight 4611686018427387904x0\n");
    cr_expect(the_template(&s, "q.qweight")->logical == NULL);
    cr_expect(the_template(&s, "t.trellis")->logical == NULL);
    cr_expect(the_template(&s, "m.weight")->logical == NULL);
    cr_expect(the_template(&s, "l.lora_A.weight")->logical == NULL);
    cr_expect(s.packing.lora_rank == 0 && s.packing.scheme == NULL);
    sample_free(&s);
}

/* Each place for itself: what one layer lacks, another may have. */
Test(pack, a_companion_that_one_layer_lacks)
{
    sample s = sample_read("layers.{3}.up_proj.qweight I32 8x64\nlayers.{3}.up_proj.qzeros I32 1x8\n"
                           "layers.{3}.up_proj.g_idx I32 64\nlayers.0.up_proj.scales F16 1x64\n"
                           "layers.2.up_proj.scales F16 1x64\n");
    const ari_template *t = the_template(&s, "layers.{}.up_proj.qweight");
    cr_assert(t->logical != NULL && t->count == 3);
    cr_expect(t->logical[0].bits == 4 && t->logical[1].bits == 0 && t->logical[2].bits == 4);
    ari_shape plain = logical_shape(&s.layout, t, 1), packed_one = logical_shape(&s.layout, t, 2);
    cr_expect(plain.sizes[0] == 8 && plain.elements == 512);
    cr_expect(packed_one.sizes[0] == 64 && packed_one.sizes[1] == 64 && packed_one.elements == 4096);
    sample_free(&s);
}

/* Bits and groups are what most elements are stored as. */
Test(pack, the_commonest_of_several)
{
    sample s =
        sample_read("layers.{8}.up_proj.qweight I32 8x64\nlayers.{8}.up_proj.qzeros I32 1x8\n"
                    "layers.{8}.up_proj.g_idx I32 64\nlayers.{8}.up_proj.scales F16 1x64\n"
                    "head.qweight I32 32x64\nhead.qzeros I32 2x16\nhead.g_idx I32 128\nhead.scales F16 2x64\n"
                    "norm.weight 64\nembed.weight 9000x64\n");
    cr_expect(strcmp(s.packing.scheme, "gptq") == 0 && s.packing.bits == 4 && s.packing.group_size == 0);
    cr_expect(strcmp(logical_text(&s, "head.qweight"), "64x128, 8 bits") == 0);
    cr_expect(!s.packing.open);
    sample_free(&s);
}

/* VPTQ's and SpQR's tensors do not tell how many weights they stand for. */
Test(pack, formats_that_hide_their_size)
{
    sample s = sample_read("q.indices I32 1x64x64\nq.centroids.weight F16 1x256x8\nq.perm I32 64\n");
    cr_expect(s.packing.open);
    cr_expect(strncmp(logical_text(&s, "q.indices"), "? (0", 4) == 0);
    sample_free(&s);
}

Test(pack, modules_and_parts)
{
    static const struct {
        const char *name, *module;
        ari_part part;
    } rows[] = {
        { "a.q_proj.weight", "a.q_proj", ARI_PART_WEIGHT },
        { "a.q_proj.bias", "a.q_proj", ARI_PART_BIAS },
        { "a.LayerNorm.gamma", "a.LayerNorm", ARI_PART_WEIGHT },
        { "a.LayerNorm.beta", "a.LayerNorm", ARI_PART_BIAS },
        { "a.kernel", "a", ARI_PART_WEIGHT },
        { "a.in_proj_weight", "a.in_proj", ARI_PART_WEIGHT },
        { "a.dt_bias", "a.dt", ARI_PART_BIAS },
        { "a.A_log", "a.A_log", ARI_PART_OTHER },
        { "norm.scale", "norm", ARI_PART_WEIGHT },
        { "wte.embedding", "wte", ARI_PART_WEIGHT },
        { ".weight", ".weight", ARI_PART_OTHER },
        { "weight", "weight", ARI_PART_OTHER },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char line[64];
        snprintf(line, sizeof(line), "%s 4", rows[i].name);
        sample s = sample_read(line);
        const ari_template *t = &s.layout.templates[0];
        cr_expect(span_is(t->module, rows[i].module) && t->part == rows[i].part, "%s: %.*s %d", rows[i].name,
                  (int)t->module.size, (const char *)t->module.data, t->part);
        sample_free(&s);
    }
}
