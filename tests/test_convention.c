/* Activations and norms by convention: the default configurations of transformers (hf_names.md 12.3
 * and 12.4). */
#include "infer/convention.h"

#include "blocks.h"
#include "sample.h"

#include <criterion/criterion.h>

static void expect_convention(const char *what, const char *lines, const char *facts)
{
    ari_model *m = infer(lines);
    expect_facts(m, what, facts);
    ari_model_close(m);
}

#define ATTENTION(at) at ".q_proj.weight 64x64\n" at ".k_proj.weight 64x64\n" at ".v_proj.weight 64x64\n"
#define MODEL "model.embed_tokens.weight 5000x64\nmodel.norm.weight 64\n"
#define BLOCK MODEL "model.layers.{4}.input_layernorm.weight 64\n" ATTENTION("model.layers.{4}.self_attn")

Test(convention, gated)
{
    expect_convention("Llama", LLAMA UNTIED,
                      "hidden_act \"silu\" convention; norm_type \"rmsnorm\" convention");
    expect_convention("Gemma 2",
                      LLAMA "model.layers.{4}.pre_feedforward_layernorm.weight 64\n"
                            "model.layers.{4}.post_feedforward_layernorm.weight 64\n",
                      "hidden_act \"gelu_pytorch_tanh\" convention; norm_type \"rmsnorm\" convention");
    expect_convention(
        "Gemma 1: by its vocabulary of 256000, tied",
        "model.embed_tokens.weight 256000x64\nmodel.norm.weight 64\n" LLAMA_BLOCK("model.layers", "{4}"),
        "hidden_act \"gelu_pytorch_tanh\" convention");
    expect_convention(
        "one fewer is no Gemma",
        "model.embed_tokens.weight 255999x64\nmodel.norm.weight 64\n" LLAMA_BLOCK("model.layers", "{4}"),
        "hidden_act \"silu\" convention");
    expect_convention("nor is 256000 with an output",
                      "model.embed_tokens.weight 256000x64\nlm_head.weight 256000x64\n"
                      "model.norm.weight 64\n" LLAMA_BLOCK("model.layers", "{4}"),
                      "hidden_act \"silu\" convention");
    expect_convention("PaliGemma's vocabulary may have one",
                      "model.embed_tokens.weight 257152x64\nlm_head.weight 257152x64\n"
                      "model.norm.weight 64\n" LLAMA_BLOCK("model.layers", "{4}"),
                      "hidden_act \"gelu_pytorch_tanh\" convention");
    expect_convention("Command-R has that vocabulary too, and one norm a block",
                      "model.embed_tokens.weight 256000x64\nmodel.norm.weight 64\n"
                      "model.layers.{4}.input_layernorm.weight 64\n" ATTENTION(
                          "model.layers.{4}.self_attn") "model.layers.{4}.mlp.gate_proj.weight "
                                                        "176x64\nmodel.layers.{4}.mlp.up_proj.weight 176x64\n"
                                                        "model.layers.{4}.mlp.down_proj.weight 64x176\n",
                      "hidden_act \"silu\" convention; norm_type \"layernorm\" convention");
    expect_convention("flan-T5",
                      "shared.weight 5000x64\nencoder.block.{2}.layer.0.SelfAttention.q.weight 64x64\n"
                      "encoder.block.{2}.layer.0.SelfAttention.k.weight "
                      "64x64\nencoder.block.{2}.layer.0.SelfAttention.v.weight 64x64\n"
                      "encoder.block.{2}.layer.0.layer_norm.weight "
                      "64\nencoder.block.{2}.layer.1.DenseReluDense.wi_0.weight 176x64\n"
                      "encoder.block.{2}.layer.1.DenseReluDense.wi_1.weight 176x64\n"
                      "encoder.block.{2}.layer.1.DenseReluDense.wo.weight 64x176\n",
                      "hidden_act \"gelu_new\" convention; norm_type \"rmsnorm\" convention");
    expect_convention("Mixtral",
                      BLOCK "model.layers.{4}.block_sparse_moe.gate.weight 4x64\n"
                            "model.layers.{4}.block_sparse_moe.experts.{4}.w1.weight 16x64\n"
                            "model.layers.{4}.block_sparse_moe.experts.{4}.w2.weight 64x16\n"
                            "model.layers.{4}.block_sparse_moe.experts.{4}.w3.weight 16x64\n",
                      "hidden_act \"silu\" convention");
    expect_convention(
        "Phi-3: gate and up in one",
        BLOCK
        "model.layers.{4}.mlp.gate_up_proj.weight 352x64\nmodel.layers.{4}.mlp.down_proj.weight 64x176\n",
        "hidden_act \"silu\" convention; intermediate_size 176 shape");
}

Test(convention, plain)
{
    expect_convention(
        "GPT-2",
        "wte.weight 5000x64\nh.{4}.ln_1.weight 64\nh.{4}.ln_1.bias 64\nh.{4}.attn.c_attn.weight 64x192\n"
        "h.{4}.attn.c_proj.weight 64x64\nh.{4}.mlp.c_fc.weight 64x256\nh.{4}.mlp.c_proj.weight 256x64\n",
        "hidden_act \"gelu_new\" convention; norm_type \"layernorm\" shape");
    expect_convention(
        "StarCoder: the same names, not transposed",
        "wte.weight 5000x64\nh.{4}.ln_1.weight 64\nh.{4}.ln_1.bias 64\nh.{4}.attn.c_attn.weight 96x64\n"
        "h.{4}.attn.c_proj.weight 64x64\nh.{4}.mlp.c_fc.weight 256x64\nh.{4}.mlp.c_proj.weight 64x256\n",
        "hidden_act \"gelu_pytorch_tanh\" convention");
    expect_convention(
        "Nemotron: up and down",
        BLOCK "model.layers.{4}.mlp.up_proj.weight 256x64\nmodel.layers.{4}.mlp.down_proj.weight 64x256\n",
        "hidden_act \"relu2\" convention");
    expect_convention(
        "Phi-2",
        BLOCK "model.layers.{4}.self_attn.dense.weight 64x64\nmodel.layers.{4}.mlp.fc1.weight 256x64\n"
              "model.layers.{4}.mlp.fc2.weight 64x256\n",
        "hidden_act \"gelu_new\" convention");
    expect_convention(
        "OPT",
        "model.decoder.embed_tokens.weight 5000x64\nmodel.decoder.embed_positions.weight 514x64\n"
        "model.decoder.layers.{4}.self_attn_layer_norm.weight "
        "64\nmodel.decoder.layers.{4}.self_attn_layer_norm.bias 64\n" ATTENTION(
            "model.decoder.layers.{4}.self_attn") "model.decoder.layers.{4}.fc1.weight 256x64\n"
                                                  "model.decoder.layers.{4}.fc2.weight 64x256\n",
        "hidden_act \"relu\" convention; norm_type \"layernorm\" shape");
    expect_convention("NeoX",
                      "gpt_neox.embed_in.weight 5000x64\ngpt_neox.layers.{4}.input_layernorm.weight 64\n"
                      "gpt_neox.layers.{4}.attention.query_key_value.weight "
                      "192x64\ngpt_neox.layers.{4}.attention.dense.weight 64x64\n"
                      "gpt_neox.layers.{4}.mlp.dense_h_to_4h.weight "
                      "256x64\ngpt_neox.layers.{4}.mlp.dense_4h_to_h.weight 64x256\n",
                      "hidden_act \"gelu\" convention");
    expect_convention("BERT", BERT, "hidden_act \"gelu\" convention; norm_type \"layernorm\" shape");
}

/* A bias makes it a layer norm; without one names decide, and without norms nothing does. */
Test(convention, norms)
{
    expect_convention("a bias", LLAMA "model.layers.{4}.input_layernorm.bias 64\n",
                      "norm_type \"layernorm\" shape");
    expect_convention(
        "MPT's have none",
        "transformer.wte.weight 5000x64\ntransformer.blocks.{4}.norm_1.weight "
        "64\ntransformer.blocks.{4}.norm_2.weight 64\n"
        "transformer.blocks.{4}.attn.Wqkv.weight 192x64\ntransformer.blocks.{4}.attn.out_proj.weight 64x64\n"
        "transformer.blocks.{4}.ffn.up_proj.weight 256x64\ntransformer.blocks.{4}.ffn.down_proj.weight "
        "64x256\n",
        "norm_type \"layernorm\" convention; hidden_act \"gelu\" convention");
    expect_convention(
        "OLMo 1 stores no norms",
        "model.embed_tokens.weight 5000x64\n" ATTENTION(
            "model.layers.{4}.self_attn") "model.layers.{4}.self_attn.o_proj.weight "
                                          "64x64\nmodel.layers.{4}.mlp.gate_proj.weight 176x64\n"
                                          "model.layers.{4}.mlp.up_proj.weight "
                                          "176x64\nmodel.layers.{4}.mlp.down_proj.weight 64x176\n",
        "norm_type \"layernorm\" convention; hidden_act \"silu\" convention");
}

/* Never an invented number. */
Test(convention, what_no_name_tells)
{
    expect_convention("Llama", LLAMA UNTIED,
                      "norm_eps null unknown; rope_theta null unknown; rope_scaling null unknown; "
                      "sliding_window null unknown; "
                      "max_position_embeddings null unknown; model_type null unknown");
}

/* GGUF gives all families one set of names; general.architecture, the dialect, tells them apart. */
static ari_model *dialect(const char *architecture)
{
    static const struct {
        const char *name;
        uint64_t in, out;
    } rows[] = { { "token_embd.weight", 32, 64 },   { "blk.0.attn_norm.weight", 32, 1 },
                 { "blk.0.attn_q.weight", 32, 32 }, { "blk.0.attn_k.weight", 32, 32 },
                 { "blk.0.ffn_up.weight", 32, 64 }, { "blk.0.ffn_down.weight", 64, 32 } };
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    uint64_t data = 0;
    maker *m = begin_gguf(3, false, ROWS, 1);
    put_string(m, "general.architecture");
    put(m, 8, 4);
    put_string(m, architecture);
    for (size_t i = 0; i < ROWS; i++) {
        put_info(m, rows[i].name, rows[i].out == 1 ? 1 : 2, (const uint64_t[]){ rows[i].in, rows[i].out }, 0,
                 data);
        data += rows[i].in * rows[i].out * 4;
    }
    pad(m, 32);
    put_zeros(m, data);
    return infer_made(m);
}

Test(convention, dialects_of_gguf)
{
    static const struct {
        const char *name, *facts, *kind;
    } rows[] = {
        { "gpt2", "hidden_act \"gelu_new\" convention; norm_type \"layernorm\" convention", "causal-lm" },
        { "falcon", "hidden_act \"gelu\" convention; norm_type \"layernorm\" convention", "causal-lm" },
        { "nemotron", "hidden_act \"relu2\" convention; norm_type \"layernorm\" convention", "causal-lm" },
        { "gemma3", "hidden_act \"gelu_pytorch_tanh\" convention; norm_type \"rmsnorm\" convention",
          "causal-lm" },
        { "bert", "hidden_act \"gelu\" convention; norm_type \"layernorm\" convention", "encoder" },
        { "phi2", "hidden_act \"gelu_new\" convention", "causal-lm" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ari_model *m = dialect(rows[i].name);
        expect_facts(m, rows[i].name, rows[i].facts);
        cr_expect(strcmp(m->kind, rows[i].kind) == 0, "%s: %s", rows[i].name, m->kind);
        ari_model_close(m);
    }
}
