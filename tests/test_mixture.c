/* Experts, state spaces and linear attention: sizes of published configurations, rebuilt from their shapes.
 */
#include "infer/mixture.h"

#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* `layers` layers of width 64 that attend; what each feeds forward through is in `lines`, with %s for the
 * layers. */
static ari_model *experts(unsigned layers, const char *lines)
{
    ari_text t = { 0 };
    text_printf(&t, "model.embed_tokens.weight 5000x64\nmodel.norm.weight 64\nlm_head.weight 5000x64\n");
    text_printf(&t, "model.layers.{%u}.input_layernorm.weight 64\n", layers);
    text_printf(&t, "model.layers.{%u}.post_attention_layernorm.weight 64\n", layers);
    text_printf(&t, "model.layers.{%u}.self_attn.q_proj.weight 64x64\n", layers);
    text_printf(&t, "model.layers.{%u}.self_attn.k_proj.weight 32x64\n", layers);
    text_printf(&t, "model.layers.{%u}.self_attn.v_proj.weight 32x64\n", layers);
    text_printf(&t, "model.layers.{%u}.self_attn.o_proj.weight 64x64\n", layers);
    text_put(&t, lines);
    ari_model *m = infer(t.data);
    text_free(&t);
    return m;
}

static void expect_experts(const char *what, unsigned layers, const char *lines, const char *facts)
{
    ari_model *m = experts(layers, lines);
    expect_facts(m, what, facts);
    ari_model_close(m);
}

#define ROUTER(range) "model.layers." range ".mlp.gate.weight 8x64\n"
#define EACH(range)                                                   \
    "model.layers." range ".mlp.experts.{8}.gate_proj.weight 24x64\n" \
    "model.layers." range ".mlp.experts.{8}.up_proj.weight 24x64\n"   \
    "model.layers." range ".mlp.experts.{8}.down_proj.weight 64x24\n"
#define DENSE(range)                                       \
    "model.layers." range ".mlp.gate_proj.weight 176x64\n" \
    "model.layers." range ".mlp.up_proj.weight 176x64\n"   \
    "model.layers." range ".mlp.down_proj.weight 64x176\n"

Test(mixture, experts_one_by_one)
{
    expect_experts(
        "Mixtral's names", 2,
        "model.layers.{2}.block_sparse_moe.gate.weight 8x64\n"
        "model.layers.{2}.block_sparse_moe.experts.{8}.w1.weight 224x64\n"
        "model.layers.{2}.block_sparse_moe.experts.{8}.w2.weight 64x224\n"
        "model.layers.{2}.block_sparse_moe.experts.{8}.w3.weight 224x64\n",
        "num_experts 8 shape; moe_intermediate_size 224 shape; intermediate_size null shape; "
        "num_shared_experts null shape; first_k_dense_replace 0 shape; num_experts_per_tok null unknown");
    expect_experts("Qwen's names", 2, ROUTER("{2}") EACH("{2}"),
                   "num_experts 8 shape; moe_intermediate_size 24 shape; intermediate_size null shape; "
                   "shared_expert_intermediate_size null shape");
    expect_experts("no gate, as Nemotron 3", 2,
                   ROUTER("{2}") "model.layers.{2}.mlp.experts.{8}.up_proj.weight 24x64\n"
                                 "model.layers.{2}.mlp.experts.{8}.down_proj.weight 64x24\n",
                   "num_experts 8 shape; moe_intermediate_size 24 shape");
    expect_experts("Switch's names", 2,
                   "model.layers.{2}.mlp.router.classifier.weight 4x64\n"
                   "model.layers.{2}.mlp.experts.expert_0.wi.weight "
                   "256x64\nmodel.layers.{2}.mlp.experts.expert_1.wi.weight 256x64\n"
                   "model.layers.{2}.mlp.experts.expert_2.wi.weight "
                   "256x64\nmodel.layers.{2}.mlp.experts.expert_3.wi.weight 256x64\n"
                   "model.layers.{2}.mlp.experts.expert_0.wo.weight "
                   "64x256\nmodel.layers.{2}.mlp.experts.expert_1.wo.weight 64x256\n"
                   "model.layers.{2}.mlp.experts.expert_2.wo.weight "
                   "64x256\nmodel.layers.{2}.mlp.experts.expert_3.wo.weight 64x256\n",
                   "num_experts 4 shape; moe_intermediate_size 256 shape");
}

/* [E, out, in] or [E, in, out]: the width of the model tells them apart, and where 2 I is that width, down
 * does. */
Test(mixture, experts_in_one_tensor)
{
    expect_experts("out, in", 2,
                   ROUTER("{2}") "model.layers.{2}.mlp.experts.gate_up_proj "
                                 "8x48x64\nmodel.layers.{2}.mlp.experts.down_proj 8x64x24\n",
                   "num_experts 8 shape; moe_intermediate_size 24 shape; intermediate_size null shape");
    expect_experts("in, out", 2,
                   ROUTER("{2}") "model.layers.{2}.mlp.experts.gate_up_proj "
                                 "8x64x48\nmodel.layers.{2}.mlp.experts.down_proj 8x24x64\n",
                   "num_experts 8 shape; moe_intermediate_size 24 shape; intermediate_size null shape");
    expect_experts("2 I = H", 2,
                   ROUTER("{2}") "model.layers.{2}.mlp.experts.gate_up_proj "
                                 "8x64x64\nmodel.layers.{2}.mlp.experts.down_proj 8x32x64\n",
                   "num_experts 8 shape; moe_intermediate_size 32 shape");
    expect_experts("Granite", 2,
                   "model.layers.{2}.block_sparse_moe.router.layer.weight 8x64\n"
                   "model.layers.{2}.block_sparse_moe.input_linear.weight 8x48x64\n"
                   "model.layers.{2}.block_sparse_moe.output_linear.weight 8x64x24\n",
                   "num_experts 8 shape; moe_intermediate_size 24 shape");
    expect_experts(
        "Step 3.5", 2,
        "model.layers.{2}.moe.gate.weight 8x64\nmodel.layers.{2}.moe.gate_proj.weight 8x24x64\n"
        "model.layers.{2}.moe.up_proj.weight 8x24x64\nmodel.layers.{2}.moe.down_proj.weight 8x64x24\n",
        "num_experts 8 shape; moe_intermediate_size 24 shape");
    expect_experts("mlx-lm", 2,
                   ROUTER("{2}") "model.layers.{2}.mlp.switch_mlp.gate_proj.weight 8x24x64\n"
                                 "model.layers.{2}.mlp.switch_mlp.up_proj.weight 8x24x64\n"
                                 "model.layers.{2}.mlp.switch_mlp.down_proj.weight 8x64x24\n",
                   "num_experts 8 shape; moe_intermediate_size 24 shape");
    expect_experts(
        "DBRX: end to end in two dimensions", 2,
        "model.layers.{2}.ffn.router.layer.weight 8x64\nmodel.layers.{2}.ffn.experts.mlp.w1 192x64\n"
        "model.layers.{2}.ffn.experts.mlp.v1 192x64\nmodel.layers.{2}.ffn.experts.mlp.w2 192x64\n",
        "num_experts 8 shape; moe_intermediate_size 24 shape");
}

Test(mixture, shared_experts)
{
    expect_experts(
        "DeepSeek: one module as wide as all of them", 2,
        ROUTER("{2}") EACH("{2}") "model.layers.{2}.mlp.shared_experts.up_proj.weight 48x64\n"
                                  "model.layers.{2}.mlp.shared_experts.down_proj.weight 64x48\n",
        "num_shared_experts 2 shape; shared_expert_intermediate_size 48 shape; num_experts 8 shape");
    expect_experts("Qwen: one, of its own width", 2,
                   ROUTER("{2}") EACH("{2}") "model.layers.{2}.mlp.shared_expert.up_proj.weight 96x64\n"
                                             "model.layers.{2}.mlp.shared_expert.down_proj.weight 64x96\n"
                                             "model.layers.{2}.mlp.shared_expert_gate.weight 1x64\n",
                   "num_shared_experts 1 shape; shared_expert_intermediate_size 96 shape");
    expect_experts("a width that is no multiple is one", 2,
                   ROUTER("{2}") EACH("{2}") "model.layers.{2}.mlp.shared_experts.up_proj.weight 50x64\n"
                                             "model.layers.{2}.mlp.shared_experts.down_proj.weight 64x50\n",
                   "num_shared_experts 1 shape; shared_expert_intermediate_size 50 shape");
}

Test(mixture, leading_dense_layers)
{
    expect_experts("none", 3, ROUTER("{3}") EACH("{3}"),
                   "first_k_dense_replace 0 shape; intermediate_size null shape");
    expect_experts(
        "two", 5, DENSE("{2}") ROUTER("{2-4}") EACH("{2-4}"),
        "first_k_dense_replace 2 shape; intermediate_size 176 shape; moe_intermediate_size 24 shape; "
        "num_hidden_layers 5 shape; num_experts 8 shape");
    expect_experts(
        "every second layer, the first dense", 4,
        DENSE("0") DENSE("2") ROUTER("1") EACH("1") ROUTER("3") EACH("3"),
        "first_k_dense_replace 1 shape; intermediate_size 176 shape; moe_intermediate_size 24 shape");
    expect_experts(
        "none has experts", 3, DENSE("{3}"),
        "first_k_dense_replace null shape; num_experts null shape; moe_intermediate_size null shape; "
        "num_experts_per_tok null shape; intermediate_size 176 shape");
}

/* --- Recurrence --------------------------------------------------------------------------------------- */

static void expect_recurrence(const char *what, const char *lines, const char *facts)
{
    ari_model *m = infer(lines);
    expect_facts(m, what, facts);
    ari_model_close(m);
}

Test(mixture, state_spaces)
{
    expect_recurrence(
        "mamba-130m",
        "backbone.embeddings.weight 50280x768\nbackbone.norm_f.weight 768\nbackbone.layers.{24}.norm.weight "
        "768\n"
        "backbone.layers.{24}.mixer.in_proj.weight 3072x768\nbackbone.layers.{24}.mixer.conv1d.weight "
        "1536x1x4\n"
        "backbone.layers.{24}.mixer.conv1d.bias 1536\nbackbone.layers.{24}.mixer.x_proj.weight 80x1536\n"
        "backbone.layers.{24}.mixer.dt_proj.weight 1536x48\nbackbone.layers.{24}.mixer.dt_proj.bias 1536\n"
        "backbone.layers.{24}.mixer.A_log F32 1536x16\nbackbone.layers.{24}.mixer.D F32 1536\n"
        "backbone.layers.{24}.mixer.out_proj.weight 768x1536\n",
        "ssm_state_size 16 shape; conv_kernel 4 shape; hidden_size 768 shape; num_hidden_layers 24 shape; "
        "attention_type \"none\" shape; num_attention_heads null shape; head_dim null shape; "
        "intermediate_size null shape; tie_word_embeddings true shape");
    ari_model *m =
        infer("backbone.embeddings.weight 50288x768\nbackbone.norm_f.weight "
              "768\nbackbone.layers.{24}.norm.weight 768\n"
              "backbone.layers.{24}.mixer.in_proj.weight 3352x768\nbackbone.layers.{24}.mixer.conv1d.weight "
              "1792x1x4\n"
              "backbone.layers.{24}.mixer.A_log F32 24\nbackbone.layers.{24}.mixer.D F32 24\n"
              "backbone.layers.{24}.mixer.dt_bias 24\nbackbone.layers.{24}.mixer.norm.weight 1536\n"
              "backbone.layers.{24}.mixer.out_proj.weight 768x1536\n");
    /* One group of a state of 128, or two of 64, and so on. */
    expect_facts(m, "mamba2-130m",
                 "ssm_state_size 128 ambiguous; conv_kernel 4 shape; attention_type \"none\" shape");
    cr_expect(strcmp(candidates_text(m, "ssm_state_size"), "128 64 16 32") == 0, "%s",
              candidates_text(m, "ssm_state_size"));
    ari_model_close(m);
}

#define QWEN3_NEXT(linear, full)                                                                            \
    "model.embed_tokens.weight 5000x2048\nmodel.norm.weight 2048\nmodel.layers.{8}.input_layernorm.weight " \
    "2048\n" linear(0) linear(1) linear(2) full(3) linear(4) linear(5) linear(6) full(                      \
        7) "model.layers.{8}.mlp.up_proj.weight 512x2048\nmodel.layers.{8}.mlp.gate_proj.weight 512x2048\n" \
           "model.layers.{8}.mlp.down_proj.weight 2048x512\n"
#define FULL(n)                                                               \
    "model.layers." #n ".self_attn.q_proj.weight 8192x2048\nmodel.layers." #n \
    ".self_attn.k_proj.weight 512x2048\n"                                     \
    "model.layers." #n ".self_attn.v_proj.weight 512x2048\nmodel.layers." #n  \
    ".self_attn.o_proj.weight 2048x4096\n"                                    \
    "model.layers." #n ".self_attn.q_norm.weight 256\nmodel.layers." #n ".self_attn.k_norm.weight 256\n"
#define REST(n)                                                                                          \
    "model.layers." #n ".linear_attn.conv1d.weight 8192x1x4\nmodel.layers." #n ".linear_attn.A_log 32\n" \
    "model.layers." #n ".linear_attn.dt_bias 32\nmodel.layers." #n ".linear_attn.norm.weight 128\n"      \
    "model.layers." #n ".linear_attn.out_proj.weight 2048x4096\n"
#define FUSED(n)                                                       \
    "model.layers." #n ".linear_attn.in_proj_qkvz.weight 12288x2048\n" \
    "model.layers." #n ".linear_attn.in_proj_ba.weight 64x2048\n" REST(n)
#define SPLIT(n)                                                                     \
    "model.layers." #n ".linear_attn.in_proj_qkv.weight 8192x2048\nmodel.layers." #n \
    ".linear_attn.in_proj_z.weight 4096x2048\n"                                      \
    "model.layers." #n ".linear_attn.in_proj_a.weight 32x2048\nmodel.layers." #n     \
    ".linear_attn.in_proj_b.weight 32x2048\n" REST(n)

/* 16 key heads and 32 value heads of 128: the conv runs over 2 x 2048 + 4096 channels. */
Test(mixture, gated_delta)
{
    static const char *const lines[] = { QWEN3_NEXT(FUSED, FULL), QWEN3_NEXT(SPLIT, FULL) };
    for (size_t i = 0; i < 2; i++) {
        ari_model *m = infer(lines[i]);
        expect_facts(
            m, i == 0 ? "Qwen3-Next" : "Qwen3.5",
            "linear_num_value_heads 32 shape; linear_value_head_dim 128 shape; linear_num_key_heads 16 "
            "ambiguous; "
            "linear_key_head_dim 128 ambiguous; conv_kernel 4 shape; attention_type \"hybrid\" shape; "
            "layer_types [[\"linear_attention\", 3], [\"full_attention\", 1]] shape; head_dim 256 shape; "
            "num_attention_heads 16 shape; num_key_value_heads 2 shape; num_hidden_layers 8 shape");
        /* Every size leaves whole heads that divide the value heads: 2048 / 64 = 32 does, 2048 / 32 = 64 does
         * not. */
        cr_expect(strcmp(candidates_text(m, "linear_key_head_dim"), "128 64 256") == 0, "%s",
                  candidates_text(m, "linear_key_head_dim"));
        cr_expect(strcmp(candidates_text(m, "linear_num_key_heads"), "16 32 8") == 0, "%s",
                  candidates_text(m, "linear_num_key_heads"));
        ari_model_close(m);
    }
}

#define MAMBA(n)                                                                                       \
    "model.layers." n ".mamba.in_proj.weight 256x64\nmodel.layers." n ".mamba.conv1d.weight 128x1x4\n" \
    "model.layers." n ".mamba.x_proj.weight 20x128\nmodel.layers." n ".mamba.dt_proj.weight 128x4\n"   \
    "model.layers." n ".mamba.A_log 128x8\nmodel.layers." n ".mamba.D 128\n"                           \
    "model.layers." n ".mamba.out_proj.weight 64x128\n"
#define ATTEND(n)                                                                                          \
    "model.layers." n ".self_attn.q_proj.weight 64x64\nmodel.layers." n ".self_attn.k_proj.weight 32x64\n" \
    "model.layers." n ".self_attn.v_proj.weight 32x64\nmodel.layers." n ".self_attn.o_proj.weight 64x64\n"
#define CONV(n)                                                                                   \
    "model.layers." n ".conv.conv.weight 64x1x3\nmodel.layers." n ".conv.in_proj.weight 192x64\n" \
    "model.layers." n ".conv.out_proj.weight 64x64\n"
#define FEED(n)                                                                                        \
    "model.embed_tokens.weight 5000x64\nmodel.norm.weight 64\n"                                        \
    "model.layers." n ".input_layernorm.weight 64\nmodel.layers." n ".feed_forward.w1.weight 176x64\n" \
    "model.layers." n ".feed_forward.w3.weight 176x64\nmodel.layers." n ".feed_forward.w2.weight 64x176\n"

Test(mixture, kinds_of_layers)
{
    expect_recurrence("Jamba: one of eight attends",
                      FEED("{16}") MAMBA("{0-3}") ATTEND("4") MAMBA("{5-11}") ATTEND("12") MAMBA("{13-15}"),
                      "layer_types [[\"mamba\", 4], [\"full_attention\", 1], [\"mamba\", 3]] shape; "
                      "ssm_state_size 8 shape; "
                      "attention_type \"hybrid\" shape; conv_kernel 4 shape; intermediate_size 176 shape");
    expect_recurrence("by turns", FEED("{4}") MAMBA("0") ATTEND("1") MAMBA("2") ATTEND("3"),
                      "layer_types [[\"mamba\", 1], [\"full_attention\", 1]] shape");
    expect_recurrence("a period that the last layers break off",
                      FEED("{8}") MAMBA("{0-1}") ATTEND("2") MAMBA("{3-4}") ATTEND("5") MAMBA("{6-7}"),
                      "layer_types [[\"mamba\", 2], [\"full_attention\", 1]] shape");
    expect_recurrence("Falcon-H1: both in every layer", FEED("{4}") MAMBA("{4}") ATTEND("{4}"),
                      "layer_types null unknown; attention_type \"hybrid\" shape; ssm_state_size 8 shape");
    expect_recurrence(
        "LFM2, and nothing that repeats", FEED("{6}") CONV("{0-1}") ATTEND("2") CONV("3") ATTEND("{4-5}"),
        "layer_types [[\"conv\", 2], [\"full_attention\", 1], [\"conv\", 1], [\"full_attention\", 2]] shape; "
        "conv_kernel 3 shape; attention_type \"hybrid\" shape; num_hidden_layers 6 shape");
}

/* RWKV-4 has keys and values and yet no softmax attention. */
Test(mixture, rwkv)
{
    expect_recurrence(
        "rwkv-4-169m",
        "rwkv.embeddings.weight 50277x768\nrwkv.ln_out.weight 768\nrwkv.ln_out.bias 768\nhead.weight "
        "50277x768\n"
        "rwkv.blocks.{12}.ln1.weight 768\nrwkv.blocks.{12}.ln1.bias 768\nrwkv.blocks.{12}.ln2.weight 768\n"
        "rwkv.blocks.{12}.ln2.bias 768\nrwkv.blocks.0.pre_ln.weight 768\nrwkv.blocks.0.pre_ln.bias 768\n"
        "rwkv.blocks.{12}.attention.time_decay 768\nrwkv.blocks.{12}.attention.time_first 768\n"
        "rwkv.blocks.{12}.attention.time_mix_key 1x1x768\nrwkv.blocks.{12}.attention.key.weight 768x768\n"
        "rwkv.blocks.{12}.attention.value.weight 768x768\nrwkv.blocks.{12}.attention.receptance.weight "
        "768x768\n"
        "rwkv.blocks.{12}.attention.output.weight 768x768\nrwkv.blocks.{12}.feed_forward.key.weight "
        "3072x768\n"
        "rwkv.blocks.{12}.feed_forward.receptance.weight 768x768\nrwkv.blocks.{12}.feed_forward.value.weight "
        "768x3072\n",
        "hidden_size 768 shape; num_hidden_layers 12 shape; intermediate_size 3072 shape; vocab_size 50277 "
        "shape; "
        "attention_type \"linear\" shape; tie_word_embeddings false shape; norm_type \"layernorm\" shape");
}
