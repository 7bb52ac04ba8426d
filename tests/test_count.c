/* Parameters, added up by hand from published configurations. */
#include "infer/count.h"

#include "sample.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

/* Mixtral-8x7B: hidden 4096, 32 layers, 8 key/value heads of 128, 8 experts of 14336, vocabulary 32000. In
 * four bits: valgrind does not map the 93 GB of the release. */
#define BLOCK(tail, sizes) "model.layers.{32}." tail ".weight F4 " sizes "\n"
#define MIXTRAL                                                                               \
    "model.embed_tokens.weight F4 32000x4096\nmodel.norm.weight F4 4096\nlm_head.weight F4 "  \
    "32000x4096\n" BLOCK("input_layernorm", "4096") BLOCK("post_attention_layernorm", "4096") \
        BLOCK("self_attn.q_proj", "4096x4096") BLOCK("self_attn.k_proj", "1024x4096")         \
            BLOCK("self_attn.v_proj", "1024x4096") BLOCK("self_attn.o_proj", "4096x4096")     \
                BLOCK("block_sparse_moe.gate", "8x4096")                                      \
                    BLOCK("block_sparse_moe.experts.{8}.w1", "14336x4096")                    \
                        BLOCK("block_sparse_moe.experts.{8}.w2", "4096x14336")                \
                            BLOCK("block_sparse_moe.experts.{8}.w3", "14336x4096")

Test(count, mixtral)
{
    const uint64_t expert = 3 * UINT64_C(4096) * 14336;
    const uint64_t attention = 2 * UINT64_C(4096) * 4096 + 2 * UINT64_C(1024) * 4096;
    const uint64_t rest = 8 * 4096 + 2 * 4096, outer = 2 * UINT64_C(32000) * 4096 + 4096;
    ari_model *m =
        infer_beside(MIXTRAL, "config.json", "{\"model_type\":\"mixtral\",\"num_experts_per_tok\":2}");
    cr_expect(m->parameters_known && m->parameters == 32 * (attention + 8 * expert + rest) + outer,
              "%" PRIu64, m->parameters);
    cr_expect(m->parameters == UINT64_C(46702792704), "46.7 billion");
    cr_expect(m->active_known && m->active_parameters == 32 * (attention + 2 * expert + rest) + outer,
              "%" PRIu64, m->active_parameters);
    cr_expect(m->active_parameters == UINT64_C(12879925248), "12.9 billion");
    ari_model_close(m);
}

/* Nothing but a claim says how many experts a token reaches. */
Test(count, active_needs_the_experts_per_token)
{
    ari_model *m = infer(MIXTRAL);
    uint64_t n;
    cr_expect(m->parameters == UINT64_C(46702792704) && !m->active_known && !count_active(m, &n));
    ari_model_close(m);
    static const char *const configs[] = { "{\"num_experts_per_tok\":0}", "{\"num_experts_per_tok\":9}",
                                           "{\"num_experts_per_tok\":-1}",
                                           "{\"num_experts_per_tok\":\"two\"}" };
    for (size_t i = 0; i < sizeof(configs) / sizeof(configs[0]); i++) {
        m = infer_beside(MIXTRAL, "config.json", configs[i]);
        cr_expect(!m->active_known, "%s", configs[i]);
        ari_model_close(m);
    }
}

#define LAYER                                                                                          \
    "model.embed_tokens.weight 5000x64\nmodel.layers.{2}.input_layernorm.weight 64\n"                  \
    "model.layers.{2}.self_attn.q_proj.weight 64x64\nmodel.layers.{2}.self_attn.k_proj.weight 64x64\n" \
    "model.layers.{2}.self_attn.v_proj.weight 64x64\nmodel.layers.{2}.self_attn.o_proj.weight 64x64\n"

enum { LAYER_COUNT = 5000 * 64 + 2 * (64 + 4 * 64 * 64) };

static void expect_count(const char *what, const char *lines, uint64_t wanted, bool known)
{
    ari_model *m = infer(lines);
    cr_expect(m->parameters == wanted, "%s: %" PRIu64 " wanted, found %" PRIu64, what, wanted, m->parameters);
    cr_expect(m->parameters_known == known, "%s", what);
    ari_model_close(m);
}

Test(count, buffers_scales_and_tables_are_no_parameters)
{
    expect_count("as it is", LAYER, LAYER_COUNT, true);
    static const char *const buffers[] = {
        "model.layers.{2}.self_attn.rotary_emb.inv_freq F32 32",
        "model.layers.{2}.attn.bias 1x1x128x128",
        "model.layers.{2}.attn.bias BOOL 1x1x128x128",
        "model.layers.{2}.attn.masked_bias F32 -",
        "embeddings.position_ids I64 1x512",
        "embeddings.token_type_ids I64 1x512",
        "bn1.num_batches_tracked I64 -",
        "rope.freqs F32 32",
        "model.layers.{2}.self_attn.k_scale F32 1",
        "model.layers.{2}.mlp.gate.tid2eid I32 5000x6",
        "model.layers.{2}.self_attn.rotary_emb.cos_cached F32 1x1x128x64",
        "lookup I64 512x8",
        "mask BOOL 512x512",
    };
    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
        char lines[1024];
        snprintf(lines, sizeof(lines), "%s%s", LAYER, buffers[i]);
        expect_count(buffers[i], lines, LAYER_COUNT, true);
    }
}

Test(count, what_counts_besides_matrices)
{
    expect_count("biases and small vectors",
                 LAYER "model.layers.{2}.self_attn.q_proj.bias 64\nmodel.layers.{2}.self_attn.sinks 4\n"
                       "model.layers.{2}.layer_scalar 1\nstrange.weight F64 3x5\n",
                 LAYER_COUNT + 2 * (64 + 4 + 1) + 15, true);
    expect_count("nothing at all", "", 0, true);
    expect_count("no elements", "a F32 0x4\nb F32 4", 4, true);
}

/* Unpacked weights: what packs them counts for nothing. */
Test(count, packed_weights)
{
    expect_count(
        "GPTQ of 128 x 64",
        LAYER "model.layers.{2}.mlp.up_proj.qweight I32 8x128\nmodel.layers.{2}.mlp.up_proj.qzeros I32 2x16\n"
              "model.layers.{2}.mlp.up_proj.scales F16 2x128\nmodel.layers.{2}.mlp.up_proj.g_idx I32 64\n",
        LAYER_COUNT + 2 * 128 * 64, true);
    expect_count(
        "bitsandbytes whose state cannot be read: the product is known",
        LAYER
        "model.layers.{2}.mlp.up_proj.weight U8 4096x1\nmodel.layers.{2}.mlp.up_proj.weight.absmax F32 128\n"
        "model.layers.{2}.mlp.up_proj.weight.quant_map F32 16\n"
        "model.layers.{2}.mlp.up_proj.weight.quant_state.bitsandbytes__nf4 U8 * 'x\n",
        LAYER_COUNT + 2 * 8192, true);
    expect_count("a format that hides the number",
                 LAYER "model.layers.{2}.mlp.up_proj.indices I32 1x64x64\n"
                       "model.layers.{2}.mlp.up_proj.centroids.weight F16 1x256x8\n",
                 LAYER_COUNT, false);
}

/* A large matrix of integers under the name of a weight is packed in a way that nobody here knows. */
Test(count, integers_that_may_be_weights)
{
    expect_count("large", LAYER "model.layers.{2}.mlp.up_proj.weight I32 256x256\n", LAYER_COUNT, false);
    expect_count("small", LAYER "model.layers.{2}.mlp.up_proj.weight I32 16x16\n", LAYER_COUNT, true);
}

/* Of an adapter, what it stores: the base is elsewhere. */
Test(count, adapters)
{
    expect_count("LoRA of rank 4",
                 "base_model.model.model.layers.{2}.self_attn.q_proj.lora_A.weight 4x64\n"
                 "base_model.model.model.layers.{2}.self_attn.q_proj.lora_B.weight 128x4\n",
                 2 * (4 * 64 + 128 * 4), true);
}

Test(count, by_type)
{
    ari_model *m = infer("a BF16 10\nb F32 3x2\nc F32 4\nd I64 5\ne F8_E4M3 2x8\ne_scale_inv F32 1x1\n");
    static const struct {
        uint32_t dtype;
        const char *name;
        uint64_t tensors, parameters, bytes;
    } rows[] = {
        { 0, "BF16", 1, 10, 20 }, { 0, "F32", 3, 10, 44 }, { 0, "I64", 1, 0, 40 }, { 0, "F8_E4M3", 1, 16, 16 }
    };
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (uint32_t d = 0; d < m->dtype_count; d++) {
            const ari_dtype_info *info = dtype_info(d);
            if (info == NULL || strcmp(info->name, rows[i].name) != 0 || m->dtypes[d].tensors == 0) continue;
            cr_expect(m->dtypes[d].tensors == rows[i].tensors &&
                          m->dtypes[d].parameters == rows[i].parameters &&
                          m->dtypes[d].bytes == rows[i].bytes,
                      "%s", rows[i].name);
            bytes += m->dtypes[d].bytes;
        }
    }
    cr_expect(bytes == 120 && m->bytes == 120);
    ari_model_close(m);
}
