/* The numbers that a stack fixes, layer by layer, and the commonest of each. */
#include "infer/sizes.h"

#include "blocks.h"
#include "sample.h"

#include <criterion/criterion.h>

static void expect_sizes(const char *what, const char *lines, const char *facts)
{
    ari_model *m = infer(lines);
    expect_facts(m, what, facts);
    ari_model_close(m);
}

Test(sizes, of_one_stack)
{
    ari_model *m = infer(LLAMA UNTIED);
    const ari_sizes *s = m->components[0].sizes;
    cr_expect(s->hidden == 64 && s->layers == 4 && s->number_count == 4 && s->whole && s->mtp_layers == 0);
    cr_expect(s->of[ARI_DIM_VOCAB].value == 5000 && s->of[ARI_DIM_OUTPUTS].value == 5000);
    cr_expect(s->of[ARI_DIM_QUERIES].value == 64 && s->of[ARI_DIM_QUERIES].layers == 4);
    cr_expect(s->of[ARI_DIM_KEYS].value == 32 && s->of[ARI_DIM_VALUES].value == 32);
    cr_expect(s->of[ARI_DIM_UP].value == 176 && s->of[ARI_DIM_GATE].value == 176 &&
              s->of[ARI_DIM_DOWN].value == 176);
    cr_expect(s->of[ARI_DIM_EXPERTS].value == 0 && s->of[ARI_DIM_QKV].value == 0);
    for (uint32_t i = 0; i < 4; i++)
        cr_expect(s->has[i] == (ARI_HAS_ATTENTION | ARI_HAS_FEED_FORWARD), "layer %u", i);
    cr_expect(s->weights[ARI_ROLE_Q] == 4 && s->biases[ARI_ROLE_Q] == 0 && s->weights[ARI_ROLE_OUTPUT] == 1);
    ari_model_close(m);
}

/* Norms say how wide the model is; where there are none (OLMo 1), the width that most matrices meet. */
Test(sizes, width)
{
    expect_sizes(
        "queries wider than the model, as in Qwen3-0.6B",
        "model.embed_tokens.weight 5000x64\nmodel.layers.{4}.input_layernorm.weight 64\n"
        "model.layers.{4}.self_attn.q_proj.weight 128x64\nmodel.layers.{4}.self_attn.k_proj.weight 32x64\n"
        "model.layers.{4}.self_attn.v_proj.weight 32x64\nmodel.layers.{4}.self_attn.o_proj.weight 64x128\n",
        "hidden_size 64 shape");
    expect_sizes(
        "no norms",
        "model.embed_tokens.weight 5000x64\nmodel.layers.{4}.self_attn.q_proj.weight 64x64\n"
        "model.layers.{4}.self_attn.k_proj.weight 64x64\nmodel.layers.{4}.self_attn.v_proj.weight 64x64\n"
        "model.layers.{4}.self_attn.o_proj.weight 64x64\nmodel.layers.{4}.mlp.gate_proj.weight 176x64\n"
        "model.layers.{4}.mlp.up_proj.weight 176x64\nmodel.layers.{4}.mlp.down_proj.weight 64x176\n",
        "hidden_size 64 shape; intermediate_size 176 shape");
    /* OPT-350m's embedding is narrower than the model, with a projection between. */
    expect_sizes("an embedding of another width",
                 "model.decoder.embed_tokens.weight 5000x32\nmodel.decoder.project_in.weight 64x32\n"
                 "model.decoder.layers.{4}.self_attn_layer_norm.weight "
                 "64\nmodel.decoder.layers.{4}.self_attn.q_proj.weight 64x64\n"
                 "model.decoder.layers.{4}.self_attn.k_proj.weight "
                 "64x64\nmodel.decoder.layers.{4}.self_attn.v_proj.weight 64x64\n"
                 "model.decoder.layers.{4}.self_attn.out_proj.weight "
                 "64x64\nmodel.decoder.layers.{4}.fc1.weight 256x64\n"
                 "model.decoder.layers.{4}.fc2.weight 64x256\n",
                 "hidden_size 64 shape; vocab_size 5000 shape; intermediate_size 256 shape");
}

/* Where layers differ, a field holds the commonest layer's value, and the evidence says so. */
Test(sizes, layers_that_differ)
{
    ari_model *m = infer(LLAMA LLAMA_BLOCK("model.layers", "{4-6}") UNTIED);
    expect_facts(m, "seven alike", "num_hidden_layers 7 shape; intermediate_size 176 shape");
    ari_model_close(m);
    m = infer(
        "model.embed_tokens.weight 5000x64\nmodel.layers.{5}.input_layernorm.weight 64\n"
        "model.layers.{2}.mlp.up_proj.weight 100x64\nmodel.layers.{2}.mlp.down_proj.weight 64x100\n"
        "model.layers.{2-4}.mlp.up_proj.weight 176x64\nmodel.layers.{2-4}.mlp.down_proj.weight 64x176\n"
        "model.layers.{5}.self_attn.q_proj.weight 64x64\nmodel.layers.{5}.self_attn.k_proj.weight 64x64\n");
    expect_facts(m, "pruned", "intermediate_size 176 shape; num_hidden_layers 5 convention");
    const char *evidence = m->architecture.fields[ARI_FIELD_INTERMEDIATE_SIZE].evidence;
    cr_expect(strstr(evidence, "3 of 5 layers") != NULL, "%s", evidence);
    ari_model_close(m);
    /* A layer without attention is a layer. */
    expect_sizes("Nemotron-NAS",
                 LLAMA "model.layers.4.input_layernorm.weight 64\nmodel.layers.4.mlp.up_proj.weight 176x64\n"
                       "model.layers.4.mlp.down_proj.weight 64x176\n",
                 "num_hidden_layers 5 shape; intermediate_size 176 shape");
}

/* Layers whose number is missing may be in a part of the checkpoint that is not here. */
Test(sizes, numbers_with_holes)
{
    expect_sizes("the first is missing",
                 "model.embed_tokens.weight 5000x64\n" LLAMA_BLOCK("model.layers", "{1-4}"),
                 "num_hidden_layers null unknown; hidden_size 64 shape; intermediate_size 176 shape");
    expect_sizes("one in the middle",
                 "model.embed_tokens.weight 5000x64\n" LLAMA_BLOCK("model.layers", "{2}")
                     LLAMA_BLOCK("model.layers", "{3-4}"),
                 "num_hidden_layers null unknown");
    expect_sizes("a number beyond all reason", LLAMA "model.layers.999999999.mlp.up_proj.weight 176x64\n",
                 "num_hidden_layers null unknown; hidden_size 64 shape");
}

/* Layers that predict further tokens stand at the end, and are none of the model's own. */
Test(sizes, next_token_layers)
{
    expect_sizes("DeepSeek-V3's form",
                 LLAMA UNTIED LLAMA_BLOCK(
                     "model.layers",
                     "4") "model.layers.4.eh_proj.weight 64x128\nmodel.layers.4.enorm.weight 64\n"
                          "model.layers.4.hnorm.weight 64\nmodel.layers.4.embed_tokens.weight 5000x64\n"
                          "model.layers.4.shared_head.head.weight 5000x64\n",
                 "num_hidden_layers 4 shape; num_nextn_predict_layers 1 shape; vocab_size 5000 shape");
    expect_sizes("a stack of their own",
                 LLAMA UNTIED LLAMA_BLOCK("mtp.layers", "{2}") "mtp.fc.weight 64x128\n",
                 "num_hidden_layers 4 shape; num_nextn_predict_layers 2 shape");
    expect_sizes("none", LLAMA, "num_nextn_predict_layers null shape");
}

Test(sizes, positions)
{
    expect_sizes(
        "GPT-2: as many as rows",
        "wte.weight 5000x64\nwpe.weight 1024x64\nh.{4}.ln_1.weight 64\nh.{4}.attn.c_attn.weight 64x192\n"
        "h.{4}.attn.c_proj.weight 64x64\n",
        "max_position_embeddings 1024 convention");
    expect_sizes(
        "OPT and RoBERTa: two rows are no position",
        "model.decoder.embed_tokens.weight 5000x64\nmodel.decoder.embed_positions.weight 2050x64\n"
        "model.decoder.layers.{4}.self_attn_layer_norm.weight 64\nmodel.decoder.layers.{4}.fc1.weight "
        "256x64\n"
        "model.decoder.layers.{4}.fc2.weight 64x256\nmodel.decoder.layers.{4}.self_attn.q_proj.weight 64x64\n"
        "model.decoder.layers.{4}.self_attn.k_proj.weight 64x64\n",
        "max_position_embeddings 2048 convention");
    expect_sizes("the side of a causal mask",
                 "gpt_neox.embed_in.weight 5000x64\ngpt_neox.layers.{4}.input_layernorm.weight 64\n"
                 "gpt_neox.layers.{4}.attention.query_key_value.weight "
                 "192x64\ngpt_neox.layers.{4}.attention.dense.weight 64x64\n"
                 "gpt_neox.layers.{4}.attention.bias BOOL 1x1x2048x2048\n",
                 "max_position_embeddings 2048 shape");
}

Test(sizes, biases)
{
    expect_sizes("of queries", LLAMA "model.layers.{4}.self_attn.q_proj.bias 64\n",
                 "attention_bias true shape; mlp_bias false shape");
    expect_sizes("of the MLP", LLAMA "model.layers.{4}.mlp.up_proj.bias 176\n",
                 "attention_bias false shape; mlp_bias true shape");
}

/* Sizes that cannot be are no reason to fail. */
Test(sizes, of_nothing)
{
    expect_sizes(
        "no elements",
        "model.embed_tokens.weight 0x0\nmodel.layers.{2}.input_layernorm.weight 0\n"
        "model.layers.{2}.self_attn.q_proj.weight 0x64\nmodel.layers.{2}.self_attn.k_proj.weight 64x0\n"
        "model.layers.{2}.mlp.up_proj.weight -\nmodel.layers.{2}.mlp.down_proj.weight 0x0x0\n",
        "vocab_size null unknown; head_dim null unknown");
    expect_sizes(
        "other ranks",
        "model.embed_tokens.weight 5000\nmodel.layers.{2}.input_layernorm.weight 8x8\n"
        "model.layers.{2}.self_attn.q_proj.weight 64\nmodel.layers.{2}.self_attn.k_proj.weight 2x2x2x2\n",
        "vocab_size null unknown; head_dim null unknown");
}
