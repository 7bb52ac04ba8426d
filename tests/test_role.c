/* Roles: the table of tails against itself, and names as families write them (the modeling files of
 * transformers, the reference code of Meta, Mistral, RWKV, DBRX and Grok, llama.cpp's tensor names). */
#include "infer/role.h"

#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* --- The table tests itself ------------------------------------------------------------------ */

static const struct row {
    const char *words;
    ari_role role;
    unsigned needs, adds;
} tails[] = {
#define ARI_IN_0 0
#define TAIL(words, role, needs, adds) { words, ARI_ROLE_##role, ARI_IN_##needs, ARI_IN_##adds },
#include "infer/tail.def"
#undef ARI_IN_0
};

enum { TAIL_COUNT = sizeof(tails) / sizeof(tails[0]) };

/* The ancestors that a row asks for. */
static const char *ancestors(unsigned needs)
{
    switch (needs) {
    case ARI_IN_TOP:
    case ARI_IN_BARE: return "";
    case ARI_IN_ATTENTION: return "layers.3.self_attn.";
    case ARI_IN_FEED_FORWARD: return "layers.3.feed_forward.";
    case ARI_IN_EXPERT: return "layers.3.experts.5.";
    case ARI_IN_SHARED: return "layers.3.shared_experts.";
    case ARI_IN_MIXER: return "layers.3.mixer.";
    case ARI_IN_LINEAR: return "layers.3.linear_attn.";
    default: return "layers.3.";
    }
}

/* The row's words behind its ancestors, with `hole` for {}. */
static void name_row(const struct row *row, const char *hole, const char *suffix, char *out, size_t size)
{
    size_t at = (size_t)snprintf(out, size, "%s", ancestors(row->needs));
    for (const char *s = row->words; *s != '\0' && at < size;) {
        bool number = strncmp(s, "{}", 2) == 0;
        at +=
            (size_t)snprintf(out + at, size - at, "%.*s", number ? (int)strlen(hole) : 1, number ? hole : s);
        s += number ? 2 : 1;
    }
    snprintf(out + at, size - at, "%s", suffix);
}

/* The pattern that the layout makes of a name. */
static void pattern_of(const char *name, char *out)
{
    for (const char *s = name; *s != '\0';) {
        size_t n = strcspn(s, ".");
        bool number = n > 0 && strspn(s, "0123456789") == n;
        out += sprintf(out, "%.*s", number ? 2 : (int)n, number ? "{}" : s);
        s += n;
        if (*s == '.') *out++ = *s++;
    }
    *out = '\0';
}

static void expect_rows(const char *suffix, bool (*wanted)(const struct row *))
{
    ari_text lines = { 0 };
    char name[256], pattern[256];
    for (size_t i = 0; i < TAIL_COUNT; i++) {
        if (!wanted(&tails[i])) continue;
        name_row(&tails[i], "7", suffix, name, sizeof(name));
        text_printf(&lines, "%s 2x2\n", name);
    }
    sample s = sample_read(lines.data);
    for (size_t i = 0; i < TAIL_COUNT; i++) {
        if (!wanted(&tails[i])) continue;
        name_row(&tails[i], "7", suffix, name, sizeof(name));
        pattern_of(name, pattern);
        const ari_template *t = the_template(&s, pattern);
        cr_expect(t->role == (uint32_t)tails[i].role, "%s: %s wanted, found %s", name,
                  role_word(tails[i].role), role_word(t->role));
        cr_expect((t->context & tails[i].adds) == tails[i].adds, "%s", name);
    }
    sample_free(&s);
    text_free(&lines);
}

static bool any(const struct row *row)
{
    return row->words[0] != '\0';
}

/* A row that another one shadows, or that is mistyped, does not get its own role. */
Test(role, every_tail_gets_its_own_role)
{
    expect_rows(".weight", any);
}

/* Buffers and scales are stored by their bare names. */
static bool is_bare(const struct row *row)
{
    ari_role_group group = role_group(row->role);
    return group == ARI_GROUP_BUFFER || group == ARI_GROUP_SCALES || row->role == ARI_ROLE_ROUTER_BIAS;
}

Test(role, buffers_scales_and_router_biases_have_bare_names)
{
    expect_rows("", is_bare);
}

Test(role, no_row_stands_twice)
{
    for (size_t i = 0; i < TAIL_COUNT; i++) {
        for (size_t k = i + 1; k < TAIL_COUNT; k++) {
            cr_expect(tails[i].needs != tails[k].needs || strcmp(tails[i].words, tails[k].words) != 0, "%s",
                      tails[i].words);
        }
    }
}

Test(role, words_are_distinct)
{
    for (uint32_t i = 0; i < ARI_ROLE_COUNT; i++) {
        for (uint32_t k = i + 1; k < ARI_ROLE_COUNT; k++)
            cr_expect(strcmp(role_word(i), role_word(k)) != 0, "%s", role_word(i));
    }
    cr_expect(strcmp(role_word(ARI_ROLE_COUNT), "?") == 0);
    cr_expect(role_group(ARI_ROLE_COUNT) == ARI_GROUP_OTHER);
}

/* --- Names in the wild ------------------------------------------------------------------------ */

/* "name role" a line; sizes do not matter but where they are given. */
static void expect_names(const char *family, const char *lines)
{
    ari_text tensors = { 0 };
    char name[128], role[64], sizes[32], pattern[160];
    const char *line = lines;
    for (int n; sscanf(line, "%127s %63s %31[0-9x]%n", name, role, sizes, &n) == 3; line += n)
        text_printf(&tensors, "%s %s\n", name, sizes);
    cr_assert(line[strspn(line, " \n")] == '\0', "%s: %s", family, line);
    sample s = sample_read(tensors.data);
    line = lines;
    for (int n; sscanf(line, "%127s %63s %31[0-9x]%n", name, role, sizes, &n) == 3; line += n) {
        pattern_of(name, pattern);
        const ari_template *t = the_template(&s, pattern);
        cr_expect(strcmp(role_word(t->role), role) == 0, "%s: %s: %s wanted, found %s", family, name, role,
                  role_word(t->role));
    }
    sample_free(&s);
    text_free(&tensors);
}

Test(role, dense_decoders)
{
    expect_names("Llama", "model.embed_tokens.weight embedding 8x4\n"
                          "model.layers.0.input_layernorm.weight norm 4\n"
                          "model.layers.0.self_attn.q_proj.weight query 4x4\n"
                          "model.layers.0.self_attn.k_proj.weight key 4x4\n"
                          "model.layers.0.self_attn.v_proj.bias value 4\n"
                          "model.layers.0.self_attn.o_proj.weight attn-out 4x4\n"
                          "model.layers.0.self_attn.rotary_emb.inv_freq rotary 2\n"
                          "model.layers.0.post_attention_layernorm.weight norm 4\n"
                          "model.layers.0.mlp.gate_proj.weight ffn-gate 8x4\n"
                          "model.layers.0.mlp.up_proj.weight ffn-up 8x4\n"
                          "model.layers.0.mlp.down_proj.weight ffn-down 4x8\n"
                          "model.norm.weight final-norm 4\n"
                          "lm_head.weight output 8x4\n");
    expect_names("Meta", "tok_embeddings.weight embedding 8x4\n"
                         "layers.0.attention.wq.weight query 4x4\n"
                         "layers.0.attention.wo.weight attn-out 4x4\n"
                         "layers.0.attention_norm.weight norm 4\n"
                         "layers.0.feed_forward.w1.weight ffn-gate 8x4\n"
                         "layers.0.feed_forward.w2.weight ffn-down 4x8\n"
                         "layers.0.feed_forward.w3.weight ffn-up 8x4\n"
                         "layers.0.ffn_norm.weight norm 4\n"
                         "norm.weight final-norm 4\n"
                         "output.weight output 8x4\n"
                         "rope.freqs rotary 2\n");
    expect_names("OPT", "model.decoder.embed_positions.weight positions 10x4\n"
                        "model.decoder.layers.0.self_attn.out_proj.weight attn-out 4x4\n"
                        "model.decoder.layers.0.self_attn_layer_norm.bias norm 4\n"
                        "model.decoder.layers.0.fc1.weight ffn-up 16x4\n"
                        "model.decoder.layers.0.fc2.weight ffn-down 4x16\n"
                        "model.decoder.layers.0.final_layer_norm.weight norm 4\n"
                        "model.decoder.final_layer_norm.weight final-norm 4\n");
    expect_names("Phi-2", "model.layers.0.self_attn.dense.weight attn-out 4x4\n"
                          "model.layers.0.mlp.fc1.weight ffn-up 16x4\n"
                          "model.layers.0.mlp.fc2.weight ffn-down 4x16\n"
                          "model.final_layernorm.weight final-norm 4\n");
    expect_names("GPT-J", "transformer.h.0.attn.out_proj.weight attn-out 4x4\n"
                          "transformer.h.0.mlp.fc_in.weight ffn-up 16x4\n"
                          "transformer.h.0.mlp.fc_out.weight ffn-down 4x16\n"
                          "transformer.h.0.ln_1.weight norm 4\n");
    expect_names("EXAONE 3", "transformer.h.0.attn.attention.q_proj.weight query 4x4\n"
                             "transformer.h.0.attn.attention.out_proj.weight attn-out 4x4\n"
                             "transformer.h.0.mlp.c_fc_0.weight ffn-gate 8x4\n"
                             "transformer.h.0.mlp.c_fc_1.weight ffn-up 8x4\n"
                             "transformer.h.0.mlp.c_proj.weight ffn-down 4x8\n"
                             "transformer.ln_f.weight final-norm 4\n");
    expect_names("Cohere R+", "model.layers.0.self_attn.q_norm.weight q-norm 2x2\n"
                              "model.layers.0.self_attn.k_norm.weight k-norm 1x2\n");
    expect_names("Gemma 2", "model.layers.0.pre_feedforward_layernorm.weight norm 4\n"
                            "model.layers.0.post_feedforward_layernorm.weight norm 4\n");
    expect_names("LLaDA", "model.transformer.wte.weight embedding 8x4\n"
                          "model.transformer.blocks.0.attn_out.weight attn-out 4x4\n"
                          "model.transformer.blocks.0.ff_proj.weight ffn-gate 8x4\n"
                          "model.transformer.blocks.0.up_proj.weight ffn-up 8x4\n"
                          "model.transformer.blocks.0.ff_out.weight ffn-down 4x8\n"
                          "model.transformer.ff_out.weight output 8x4\n");
}

Test(role, fused_queries_keys_and_values)
{
    expect_names("GPT-2", "wte.weight embedding 8x4\n"
                          "wpe.weight positions 6x4\n"
                          "h.0.attn.c_attn.weight query-key-value 4x12\n"
                          "h.0.attn.c_attn.bias query-key-value 12\n"
                          "h.0.attn.bias buffer 1x1x6x6\n"
                          "h.0.attn.masked_bias buffer 1\n"
                          "h.0.attn.c_proj.weight attn-out 4x4\n"
                          "h.0.mlp.c_fc.weight ffn-up 4x16\n"
                          "h.0.mlp.c_proj.weight ffn-down 16x4\n");
    expect_names("NeoX", "gpt_neox.embed_in.weight embedding 8x4\n"
                         "gpt_neox.layers.0.attention.query_key_value.weight query-key-value 12x4\n"
                         "gpt_neox.layers.0.attention.dense.weight attn-out 4x4\n"
                         "gpt_neox.layers.0.attention.bias buffer 1x1x6x6\n"
                         "gpt_neox.layers.0.attention.rotary_emb.inv_freq rotary 1\n"
                         "gpt_neox.layers.0.mlp.dense_h_to_4h.weight ffn-up 16x4\n"
                         "gpt_neox.layers.0.mlp.dense_4h_to_h.weight ffn-down 4x16\n"
                         "gpt_neox.final_layer_norm.weight final-norm 4\n"
                         "embed_out.weight output 8x4\n");
    expect_names("Falcon", "transformer.word_embeddings.weight embedding 8x4\n"
                           "transformer.h.0.self_attention.query_key_value.weight query-key-value 8x4\n"
                           "transformer.h.0.ln_attn.weight norm 4\n"
                           "transformer.h.0.ln_mlp.weight norm 4\n");
    expect_names("ChatGLM",
                 "transformer.embedding.word_embeddings.weight embedding 8x4\n"
                 "transformer.encoder.layers.0.self_attention.query_key_value.weight query-key-value 8x4\n"
                 "transformer.encoder.final_layernorm.weight final-norm 4\n"
                 "transformer.output_layer.weight output 8x4\n");
    expect_names("Phi-3", "model.layers.0.self_attn.qkv_proj.weight query-key-value 12x4\n"
                          "model.layers.0.mlp.gate_up_proj.weight ffn-gate-up 16x4\n");
    expect_names("Baichuan", "model.layers.0.self_attn.W_pack.weight query-key-value 12x4\n");
    expect_names("InternLM2", "model.tok_embeddings.weight embedding 8x4\n"
                              "model.layers.0.attention.wqkv.weight query-key-value 8x4\n"
                              "model.layers.0.attention.wo.weight attn-out 4x4\n"
                              "model.layers.0.feed_forward.w1.weight ffn-gate 8x4\n");
    expect_names("Qwen 1", "transformer.h.0.mlp.w1.weight ffn-up 8x4\n"
                           "transformer.h.0.mlp.w2.weight ffn-gate 8x4\n"
                           "transformer.h.0.mlp.c_proj.weight ffn-down 4x8\n");
    expect_names("MPT", "transformer.blocks.0.attn.Wqkv.weight query-key-value 12x4\n"
                        "transformer.blocks.0.attn.out_proj.weight attn-out 4x4\n"
                        "transformer.blocks.0.ffn.up_proj.weight ffn-up 16x4\n"
                        "transformer.blocks.0.ffn.down_proj.weight ffn-down 4x16\n"
                        "transformer.norm_f.weight final-norm 4\n");
    expect_names("gpt-oss, original", "block.0.attn.qkv.weight query-key-value 8x4\n"
                                      "block.0.attn.out.weight attn-out 4x4\n"
                                      "block.0.attn.sinks sinks 2\n"
                                      "embedding.weight embedding 8x4\n"
                                      "unembedding.weight output 8x4\n"
                                      "norm.scale final-norm 4\n");
}

Test(role, mixtures_of_experts)
{
    expect_names("Mixtral", "model.layers.0.block_sparse_moe.gate.weight router 2x4\n"
                            "model.layers.0.block_sparse_moe.experts.1.w1.weight ffn-gate 8x4\n"
                            "model.layers.0.block_sparse_moe.experts.1.w2.weight ffn-down 4x8\n"
                            "model.layers.0.block_sparse_moe.experts.1.w3.weight ffn-up 8x4\n");
    expect_names("Qwen MoE", "model.layers.0.mlp.gate.weight router 2x4\n"
                             "model.layers.0.mlp.experts.1.down_proj.weight ffn-down 4x8\n"
                             "model.layers.0.mlp.shared_expert.up_proj.weight ffn-up 8x4\n"
                             "model.layers.0.mlp.shared_expert_gate.weight shared-expert-gate 1x4\n");
    expect_names("DeepSeek-V3", "model.layers.3.mlp.gate.e_score_correction_bias router-bias 2\n"
                                "model.layers.3.mlp.shared_experts.gate_proj.weight ffn-gate 8x4\n");
    expect_names("DBRX", "transformer.blocks.0.ffn.router.layer.weight router 2x4\n"
                         "transformer.blocks.0.ffn.experts.mlp.w1 ffn-gate 16x4\n"
                         "transformer.blocks.0.ffn.experts.mlp.v1 ffn-up 16x4\n"
                         "transformer.blocks.0.ffn.experts.mlp.w2 ffn-down 16x4\n"
                         "transformer.blocks.0.norm_attn_norm.attn.Wqkv.weight query-key-value 8x4\n");
    expect_names("Granite MoE", "model.layers.0.block_sparse_moe.router.layer.weight router 2x4\n"
                                "model.layers.0.block_sparse_moe.input_linear.weight ffn-up 2x16x4\n"
                                "model.layers.0.block_sparse_moe.output_linear.weight ffn-down 2x4x8\n"
                                "model.layers.0.shared_mlp.input_linear.weight ffn-up 16x4\n");
    expect_names("Step 3.5", "model.layers.4.moe.gate.weight router 2x4\n"
                             "model.layers.4.moe.router_bias router-bias 2\n"
                             "model.layers.4.share_expert.down_proj.weight ffn-down 4x8\n"
                             "model.layers.4.self_attn.g_proj.weight attn-gate 2x4\n");
    expect_names("gpt-oss", "model.layers.0.mlp.router.weight router 2x4\n"
                            "model.layers.0.mlp.router.bias router 2\n"
                            "model.layers.0.mlp.experts.gate_up_proj ffn-gate-up 2x4x16\n"
                            "model.layers.0.mlp.experts.gate_up_proj_bias ffn-gate-up 2x16\n"
                            "model.layers.0.self_attn.sinks sinks 2\n");
    expect_names("LFM2 MoE", "model.layers.2.feed_forward.gate.weight router 2x4\n"
                             "model.layers.2.feed_forward.expert_bias router-bias 2\n"
                             "model.layers.2.feed_forward.experts.1.w1.weight ffn-gate 8x4\n");
    expect_names("Hunyuan", "model.layers.0.mlp.gate.wg.weight router 2x4\n"
                            "model.layers.0.mlp.shared_mlp.up_proj.weight ffn-up 8x4\n");
    expect_names("Mistral", "layers.0.gate.weight router 2x4\n"
                            "layers.0.experts.1.w1.weight ffn-gate 8x4\n"
                            "layers.0.shared_experts.w2.weight ffn-down 4x8\n");
    expect_names("AFMoE", "model.layers.2.mlp.router.gate.weight router 2x4\n"
                          "model.layers.2.mlp.expert_bias router-bias 2\n"
                          "model.layers.2.self_attn.gate_proj.weight attn-gate 4x4\n");
}

Test(role, latent_attention)
{
    expect_names("DeepSeek", "model.layers.0.self_attn.q_a_proj.weight mla-query-down 4x8\n"
                             "model.layers.0.self_attn.q_a_layernorm.weight mla-query-norm 4\n"
                             "model.layers.0.self_attn.q_b_proj.weight mla-query-up 8x4\n"
                             "model.layers.0.self_attn.kv_a_proj_with_mqa.weight mla-kv-down 6x8\n"
                             "model.layers.0.self_attn.kv_a_layernorm.weight mla-kv-norm 4\n"
                             "model.layers.0.self_attn.kv_b_proj.weight mla-kv-up 8x4\n"
                             "model.layers.0.self_attn.indexer.wk.weight auxiliary 4x8\n"
                             "model.layers.0.self_attn.indexer.k_norm.bias auxiliary 4\n"
                             "model.layers.61.eh_proj.weight next-token 8x16\n"
                             "model.layers.61.embed_tokens.weight next-token 9x8\n"
                             "model.layers.61.shared_head.norm.weight next-token 8\n");
    expect_names("Mistral", "layers.0.attention.wq_a.weight mla-query-down 4x8\n"
                            "layers.0.attention.wq_b.weight mla-query-up 8x4\n"
                            "layers.0.attention.wkv_a_with_mqa.weight mla-kv-down 6x8\n"
                            "layers.0.attention.wkv_b.weight mla-kv-up 8x4\n"
                            "layers.0.attention.kv_a_norm.weight mla-kv-norm 4\n");
    expect_names("GGUF", "blk.0.attn_q_a.weight mla-query-down 4x8\n"
                         "blk.0.attn_kv_a_mqa.weight mla-kv-down 6x8\n"
                         "blk.0.attn_k_b.weight mla-key-up 2x4x4\n"
                         "blk.0.attn_v_b.weight mla-value-up 2x4x4\n");
}

Test(role, state_spaces_and_linear_attention)
{
    expect_names("Mamba", "backbone.embeddings.weight embedding 9x4\n"
                          "backbone.layers.0.mixer.in_proj.weight ssm-in 16x4\n"
                          "backbone.layers.0.mixer.conv1d.weight ssm-conv 8x1x4\n"
                          "backbone.layers.0.mixer.x_proj.weight ssm-x 5x8\n"
                          "backbone.layers.0.mixer.dt_proj.weight ssm-dt 8x1\n"
                          "backbone.layers.0.mixer.A_log ssm-a 8x2\n"
                          "backbone.layers.0.mixer.D ssm-d 8\n"
                          "backbone.layers.0.mixer.out_proj.weight ssm-out 4x8\n"
                          "backbone.layers.0.norm.weight norm 4\n"
                          "backbone.norm_f.weight final-norm 4\n");
    expect_names("Mamba 2", "backbone.layers.0.mixer.norm.weight ssm-norm 8\n"
                            "backbone.layers.0.mixer.dt_bias ssm-dt 2\n");
    expect_names("Qwen3-Next", "model.layers.0.linear_attn.in_proj_qkvz.weight linear-qkvz 12x4\n"
                               "model.layers.0.linear_attn.in_proj_ba.weight linear-ba 4x4\n"
                               "model.layers.0.linear_attn.conv1d.weight ssm-conv 8x1x4\n"
                               "model.layers.0.linear_attn.norm.weight ssm-norm 2\n"
                               "model.layers.0.linear_attn.out_proj.weight ssm-out 4x4\n");
    expect_names("Qwen3.5", "model.layers.0.linear_attn.in_proj_qkv.weight linear-qkv 8x4\n"
                            "model.layers.0.linear_attn.in_proj_z.weight linear-z 4x4\n"
                            "model.layers.0.linear_attn.in_proj_a.weight linear-attention 2x4\n");
    expect_names("Kimi Linear", "model.layers.0.self_attn.q_conv1d.weight linear-conv 4x1x4\n"
                                "model.layers.0.self_attn.f_a_proj.weight linear-attention 2x4\n"
                                "model.layers.0.self_attn.o_norm.weight ssm-norm 2\n");
    expect_names("LFM2", "model.layers.0.conv.conv.weight short-conv 4x1x3\n"
                         "model.layers.0.conv.in_proj.weight short-conv-projection 12x4\n"
                         "model.layers.0.operator_norm.weight norm 4\n"
                         "model.layers.2.self_attn.q_layernorm.weight q-norm 2\n"
                         "model.embedding_norm.weight final-norm 4\n");
    expect_names("Griffin", "model.layers.0.temporal_block.linear_x.weight recurrent 4x4\n"
                            "model.layers.0.temporal_block.rg_lru.input_gate_weight recurrent 2x2x2\n"
                            "model.layers.2.temporal_block.q_proj.weight query 4x4\n"
                            "model.layers.2.mlp_block.up_proj.weight ffn-up 8x4\n");
    expect_names("RWKV 4", "rwkv.blocks.0.attention.time_decay time-mix 4\n"
                           "rwkv.blocks.0.attention.time_mix_key time-mix 1x1x4\n"
                           "rwkv.blocks.0.attention.key.weight key 4x4\n"
                           "rwkv.blocks.0.attention.receptance.weight receptance 4x4\n"
                           "rwkv.blocks.0.feed_forward.key.weight ffn-up 16x4\n"
                           "rwkv.blocks.0.feed_forward.value.weight ffn-down 4x16\n"
                           "rwkv.ln_out.weight final-norm 4\n"
                           "head.weight output 9x4\n");
    expect_names("RWKV 7", "blocks.0.att.r_k time-mix-heads 2x2\n"
                           "blocks.0.att.w1 time-mix 4x2\n"
                           "blocks.0.att.ln_x.weight time-mix 4\n"
                           "blocks.0.ffn.key.weight ffn-up 16x4\n"
                           "emb.weight embedding 9x4\n");
}

Test(role, encoders_and_towers)
{
    expect_names("BERT", "embeddings.word_embeddings.weight embedding 9x4\n"
                         "embeddings.position_embeddings.weight positions 6x4\n"
                         "encoder.layer.0.attention.self.query.weight query 4x4\n"
                         "encoder.layer.0.attention.output.dense.weight attn-out 4x4\n"
                         "encoder.layer.0.attention.output.LayerNorm.weight norm 4\n"
                         "encoder.layer.0.intermediate.dense.weight ffn-up 16x4\n"
                         "encoder.layer.0.output.dense.weight ffn-down 4x16\n"
                         "encoder.layer.0.output.LayerNorm.gamma norm 4\n"
                         "pooler.dense.weight pooler 4x4\n");
    expect_names("T5",
                 "shared.weight embedding 9x4\n"
                 "encoder.block.0.layer.0.SelfAttention.q.weight query 4x4\n"
                 "encoder.block.0.layer.0.SelfAttention.o.weight attn-out 4x4\n"
                 "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight relative-bias 8x2\n"
                 "encoder.block.0.layer.1.DenseReluDense.wi_0.weight ffn-gate 8x4\n"
                 "encoder.block.0.layer.1.DenseReluDense.wo.weight ffn-down 4x8\n"
                 "decoder.block.0.layer.1.EncDecAttention.k.weight cross-attention 4x4\n");
    expect_names("Whisper", "model.encoder.conv1.weight audio-convolution 4x8x3\n"
                            "model.encoder.embed_positions.weight positions 6x4\n"
                            "model.decoder.layers.0.encoder_attn.q_proj.weight cross-attention 4x4\n"
                            "model.decoder.layers.0.encoder_attn_layer_norm.weight norm 4\n"
                            "proj_out.weight output 9x4\n");
    expect_names("ModernBERT", "model.layers.1.attn.Wqkv.weight query-key-value 12x4\n"
                               "model.layers.1.attn.Wo.weight attn-out 4x4\n"
                               "model.layers.1.mlp.Wi.weight ffn-up 16x4\n"
                               "model.layers.1.mlp.Wo.weight ffn-down 4x8\n");
    expect_names("CLIP", "vision_model.embeddings.patch_embedding.weight patch-embedding 4x3x2x2\n"
                         "vision_model.encoder.layers.0.self_attn.out_proj.weight attn-out 4x4\n"
                         "vision_model.encoder.layers.0.layer_norm1.weight norm 4\n");
    expect_names("Qwen2-VL", "visual.patch_embed.proj.weight patch-embedding 4x3x2x2x2\n"
                             "visual.blocks.0.attn.qkv.weight query-key-value 12x4\n"
                             "visual.blocks.0.attn.proj.weight attn-out 4x4\n");
    expect_names("reward model", "score.weight head 1x4\n"
                                 "v_head.summary.weight head 1x4\n");
}

Test(role, names_of_gguf)
{
    expect_names("Llama", "token_embd.weight embedding 9x4\n"
                          "output_norm.weight final-norm 4\n"
                          "output.weight output 9x4\n"
                          "rope_freqs.weight rotary 2\n"
                          "blk.0.attn_norm.weight norm 4\n"
                          "blk.0.attn_q.weight query 4x4\n"
                          "blk.0.attn_output.weight attn-out 4x4\n"
                          "blk.0.ffn_gate.weight ffn-gate 8x4\n"
                          "blk.0.ffn_down.weight ffn-down 4x8\n");
    expect_names("experts", "blk.0.ffn_gate_inp.weight router 2x4\n"
                            "blk.0.exp_probs_b.bias router-bias 2\n"
                            "blk.0.ffn_up_exps.weight ffn-up 2x8x4\n"
                            "blk.0.ffn_down_shexp.weight ffn-down 4x8\n"
                            "blk.0.ffn_gate.1.weight ffn-gate 8x4\n"
                            "blk.1.nextn.eh_proj.weight next-token 4x8\n");
    expect_names("Mamba", "blk.0.ssm_in.weight ssm-in 16x4\n"
                          "blk.0.ssm_conv1d.weight ssm-conv 8x4\n"
                          "blk.0.ssm_a ssm-a 8x2\n"
                          "blk.0.ssm_out.weight ssm-out 4x8\n");
}

/* Scales of a packed weight are nothing else, whatever their names end in. */
Test(role, companions_are_scales)
{
    expect_names("alone", "model.layers.0.mlp.gate_proj.weight_scale scale 1\n");
    sample s = sample_read("layers.0.mlp.up_proj.weight F8_E4M3 8x4\n"
                           "layers.0.mlp.up_proj.weight_scale F32 -\n");
    cr_expect(the_template(&s, "layers.{}.mlp.up_proj.weight")->role == ARI_ROLE_UP);
    cr_expect(the_template(&s, "layers.{}.mlp.up_proj.weight_scale")->role == ARI_ROLE_SCALE);
    sample_free(&s);
}

/* Whatever all names begin with wraps the model; what only some do may be anything. */
Test(role, any_wrapper_of_all_names)
{
    expect_names("all", "my_net.inner.backbone.embeddings.weight embedding 100x4\n"
                        "my_net.inner.backbone.layers.0.self_attn.q_proj.weight query 4x4\n"
                        "my_net.inner.lm_head.weight output 100x4\n");
}

Test(role, unknown_names_have_none)
{
    expect_names("strange", "a none 4x4\n"
                            "a..b none 4x4\n"
                            "layers.0.xq_proj.weight none 4x4\n"
                            "layers.0.q_proj.weightx none 4x4\n"
                            "model.norm.7.x none 4\n");
}
