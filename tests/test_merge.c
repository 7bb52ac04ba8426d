/* Claims beside the tensors: gaps are filled, what is open is settled, contradictions are reported. */
#include "infer/merge.h"

#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Two Llama-like layers: 512 wide, queries of 512, keys of 128, an MLP of 1408, 1024 tokens, untied. */
#define SMALL                                                                                              \
    "model.embed_tokens.weight 1024x512\nmodel.norm.weight 512\nlm_head.weight 1024x512\n"                 \
    "model.layers.{2}.input_layernorm.weight 512\nmodel.layers.{2}.post_attention_layernorm.weight 512\n"  \
    "model.layers.{2}.self_attn.q_proj.weight 512x512\nmodel.layers.{2}.self_attn.k_proj.weight 128x512\n" \
    "model.layers.{2}.self_attn.v_proj.weight 128x512\nmodel.layers.{2}.self_attn.o_proj.weight 512x512\n" \
    "model.layers.{2}.mlp.gate_proj.weight 1408x512\nmodel.layers.{2}.mlp.up_proj.weight 1408x512\n"       \
    "model.layers.{2}.mlp.down_proj.weight 512x1408\n"

static void expect_merged(const char *lines, const char *config, const char *facts,
                          const char *contradictions)
{
    ari_model *m = infer_beside(lines, "config.json", config);
    expect_facts(m, config, facts);
    const char *found = contradictions_text(m);
    cr_expect(strcmp(found, contradictions) == 0, "%s: \"%s\" wanted, found \"%s\"", config, contradictions,
              found);
    ari_model_close(m);
}

Test(merge, claims_fill_gaps)
{
    expect_merged(SMALL,
                  "{\"rms_norm_eps\":1e-05,\"rope_theta\":10000,\"max_position_embeddings\":2048,\"model_"
                  "type\":\"llama\"}",
                  "norm_eps 1e-05 stated; rope_theta 10000 stated; max_position_embeddings 2048 stated; "
                  "model_type \"llama\" stated; hidden_size 512 shape",
                  "");
    /* A convention gives way to what is stated. */
    expect_merged(SMALL, "{\"hidden_act\":\"gelu\"}", "hidden_act \"gelu\" stated", "");
    expect_merged(SMALL, "{}", "hidden_act \"silu\" convention; norm_eps null unknown; hidden_size 512 shape",
                  "");
}

Test(merge, agreement_leaves_the_shape)
{
    expect_merged(
        SMALL,
        "{\"hidden_size\":512,\"num_hidden_layers\":2,\"intermediate_size\":1408,\"vocab_size\":1024,"
        "\"tie_word_embeddings\":false,\"attention_bias\":false}",
        "hidden_size 512 shape; num_hidden_layers 2 shape; intermediate_size 1408 shape; vocab_size 1024 "
        "shape; "
        "tie_word_embeddings false shape",
        "");
}

Test(merge, contradictions_keep_what_is_derived)
{
    expect_merged(SMALL, "{\"hidden_size\":1024}", "hidden_size 512 shape", "hidden_size 1024 512");
    expect_merged(SMALL, "{\"num_hidden_layers\":3,\"intermediate_size\":1536,\"tie_word_embeddings\":true}",
                  "num_hidden_layers 2 shape; intermediate_size 1408 shape; tie_word_embeddings false shape",
                  "num_hidden_layers 3 2; intermediate_size 1536 1408; tie_word_embeddings true false");
    expect_merged(SMALL, "{\"num_experts\":8}", "num_experts null shape", "num_experts 8 null");
    /* None of them and no such thing are the same. */
    expect_merged(SMALL, "{\"num_experts\":0,\"num_nextn_predict_layers\":0}", "num_experts null shape", "");
    ari_model *m = infer_beside(SMALL, "config.json", "{\"hidden_size\":1024}");
    cr_expect(strstr(m->contradictions[0].evidence, "config.json: hidden_size") != NULL &&
                  strstr(m->contradictions[0].evidence, "norm") != NULL,
              "both witnesses: %s", m->contradictions[0].evidence);
    ari_model_close(m);
}

/* The author never wrote a default: it fills gaps and contradicts nothing. */
Test(merge, defaults_never_contradict)
{
    expect_merged(SMALL, "{\"model_type\":\"llama\"}",
                  "hidden_size 512 shape; num_hidden_layers 2 shape; intermediate_size 1408 shape; "
                  "hidden_act \"silu\" convention; norm_eps 1e-06 stated",
                  "");
    expect_merged(SMALL, "{\"model_type\":\"gemma2\"}",
                  "hidden_size 512 shape; tie_word_embeddings false shape; norm_eps 1e-06 stated", "");
    expect_merged(SMALL, "{\"model_type\":\"mixtral\"}", "num_experts null shape; rope_theta 1000000 stated",
                  "");
}

/* Embeddings may have rows that are no token, but no fewer than tokens. */
Test(merge, padded_vocabularies)
{
    expect_merged(SMALL, "{\"vocab_size\":1000}", "vocab_size 1024 shape", "");
    expect_merged(SMALL, "{\"vocab_size\":1}", "vocab_size 1024 shape", "");
    expect_merged(SMALL, "{\"vocab_size\":1025}", "vocab_size 1024 shape", "vocab_size 1025 1024");
    ari_model *m =
        infer_beside("model.embed_tokens.weight 32000x512\nmodel.layers.{2}.self_attn.q_proj.weight 512x512\n"
                     "model.layers.{2}.input_layernorm.weight 512\n",
                     "config.json", "{\"vocab_size\":30000}");
    cr_expect(strcmp(contradictions_text(m), "vocab_size 30000 32000") == 0, "%s", contradictions_text(m));
    ari_model_close(m);
}

/* Keys of 128 beside queries of 512: heads of 64 are 8 and 2, of 128 they are 4 and 1. */
Test(merge, heads_that_divide_settle_the_triple)
{
    expect_merged(SMALL, "{\"num_attention_heads\":8}",
                  "num_attention_heads 8 stated; num_key_value_heads 2 stated; head_dim 64 stated", "");
    expect_merged(SMALL, "{\"num_attention_heads\":8,\"num_key_value_heads\":2,\"head_dim\":64}",
                  "num_attention_heads 8 stated; num_key_value_heads 2 stated; head_dim 64 stated; "
                  "attention_type \"gqa\" stated",
                  "");
    expect_merged(SMALL, "{\"num_attention_heads\":4,\"num_key_value_heads\":1,\"hidden_size\":512}",
                  "num_attention_heads 4 stated; num_key_value_heads 1 stated; head_dim 128 stated", "");
    expect_merged(SMALL, "{\"model_type\":\"mistral\",\"num_attention_heads\":8}",
                  "num_attention_heads 8 stated; num_key_value_heads 2 stated; head_dim 64 stated", "");
}

static void expect_refused(const char *config, const char *contradictions)
{
    ari_model *m = infer_beside(SMALL, "config.json", config);
    cr_expect(m->architecture.fields[ARI_FIELD_HEAD_DIM].basis == ARI_AMBIGUOUS, "%s", config);
    cr_expect(strcmp(contradictions_text(m), contradictions) == 0, "%s: %s", config, contradictions_text(m));
    ari_model_close(m);
}

Test(merge, heads_that_do_not_divide_are_contradictions)
{
    char wanted[96];
    ari_model *m = infer(SMALL);
    const char *likeliest = m->architecture.fields[ARI_FIELD_NUM_ATTENTION_HEADS].value;
    snprintf(wanted, sizeof(wanted), "num_attention_heads 7 %s", likeliest);
    expect_refused("{\"num_attention_heads\":7}", wanted);
    snprintf(wanted, sizeof(wanted), "num_attention_heads 3 %s", likeliest);
    expect_refused("{\"num_attention_heads\":3}", wanted);
    ari_model_close(m);
}

Test(merge, heads_fixed_by_shape_are_not_settled)
{
    expect_merged(
        SMALL "model.layers.{2}.self_attn.q_norm.weight 64\nmodel.layers.{2}.self_attn.k_norm.weight 64\n",
        "{\"num_attention_heads\":4,\"num_key_value_heads\":1,\"head_dim\":128}",
        "num_attention_heads 8 shape; num_key_value_heads 2 shape; head_dim 64 shape",
        "num_attention_heads 4 8; num_key_value_heads 1 2; head_dim 128 64");
}

/* Where every layer has experts, a width that is stated for the MLP is theirs. */
#define EXPERTS                                                                                             \
    "model.embed_tokens.weight 1024x64\nmodel.norm.weight 64\nmodel.layers.{2}.input_layernorm.weight 64\n" \
    "model.layers.{2}.self_attn.q_proj.weight 64x64\nmodel.layers.{2}.self_attn.k_proj.weight 64x64\n"      \
    "model.layers.{2}.self_attn.v_proj.weight 64x64\nmodel.layers.{2}.self_attn.o_proj.weight 64x64\n"      \
    "model.layers.{2}.block_sparse_moe.gate.weight "                                                        \
    "4x64\nmodel.layers.{2}.block_sparse_moe.experts.{4}.w1.weight 224x64\n"                                \
    "model.layers.{2}.block_sparse_moe.experts.{4}.w2.weight "                                              \
    "64x224\nmodel.layers.{2}.block_sparse_moe.experts.{4}.w3.weight 224x64\n"

Test(merge, mlp_width_of_a_mixture)
{
    expect_merged(EXPERTS, "{\"intermediate_size\":224,\"num_local_experts\":4,\"num_experts_per_tok\":2}",
                  "intermediate_size null shape; moe_intermediate_size 224 shape; num_experts 4 shape; "
                  "num_experts_per_tok 2 stated",
                  "");
    expect_merged(EXPERTS, "{\"intermediate_size\":999}", "intermediate_size null shape", "");
    expect_merged(EXPERTS, "{\"moe_intermediate_size\":999}", "moe_intermediate_size 224 shape",
                  "moe_intermediate_size 999 224");
}

Test(merge, sizes_of_the_config_are_those_of_the_main_component)
{
    ari_model *m = infer_beside(SMALL, "config.json", "{\"rms_norm_eps\":1e-05}");
    expect_part(m, "text_decoder", "norm_eps 1e-05 stated; hidden_size 512 shape");
    ari_model_close(m);
}

/* --- GGUF: a file whose keys lie about its tensors ------------------------------------------------------ */

static void put_matrix(maker *m, const char *name, uint64_t in, uint64_t out, uint64_t *offset)
{
    put_info(m, name, out == 0 ? 1 : 2, (const uint64_t[]){ in, out }, 0, *offset);
    *offset += in * (out == 0 ? 1 : out) * 4;
}

Test(merge, keys_of_gguf_against_tensors)
{
    uint64_t data = 0;
    maker *m = begin_gguf(3, false, 9, 5);
    put_string(m, "general.architecture");
    put(m, 8, 4);
    put_string(m, "llama");
    put_pair(m, "llama.block_count", 4, 1, 4);
    put_pair(m, "llama.embedding_length", 4, 64, 4);
    put_pair(m, "llama.attention.head_count", 4, 4, 4);
    put_pair(m, "llama.context_length", 4, 2048, 4);
    put_matrix(m, "token_embd.weight", 32, 40, &data);
    put_matrix(m, "output_norm.weight", 32, 0, &data);
    put_matrix(m, "blk.0.attn_norm.weight", 32, 0, &data);
    put_matrix(m, "blk.0.attn_q.weight", 32, 32, &data);
    put_matrix(m, "blk.0.attn_k.weight", 32, 16, &data);
    put_matrix(m, "blk.0.attn_v.weight", 32, 16, &data);
    put_matrix(m, "blk.0.attn_output.weight", 32, 32, &data);
    put_matrix(m, "blk.0.ffn_up.weight", 32, 48, &data);
    put_matrix(m, "blk.0.ffn_down.weight", 48, 32, &data);
    pad(m, 32);
    put_zeros(m, data);
    ari_model *model = infer_made(m);
    expect_facts(
        model, "GGUF",
        "hidden_size 32 shape; num_hidden_layers 1 shape; intermediate_size 48 shape; vocab_size 40 shape; "
        "num_attention_heads 4 stated; num_key_value_heads 2 stated; head_dim 8 stated; "
        "max_position_embeddings 2048 stated; tie_word_embeddings true shape");
    cr_expect(strcmp(contradictions_text(model), "hidden_size 64 32") == 0, "%s", contradictions_text(model));
    ari_model_close(model);
}

/* 512 = 8 x 64, and 128 / 64 = 2: not 1. 512 / 32 = 16, and 128 / 32 = 4. */
Test(merge, stated_heads_hold_together_or_not_at_all)
{
    expect_merged(SMALL, "{\"num_attention_heads\":8,\"num_key_value_heads\":1}",
                  "num_attention_heads 8 ambiguous; num_key_value_heads 2 ambiguous; head_dim 64 ambiguous",
                  "num_key_value_heads 1 2");
    expect_merged(SMALL, "{\"num_attention_heads\":8,\"head_dim\":32}",
                  "num_attention_heads 8 ambiguous; head_dim 64 ambiguous", "head_dim 32 64");
    expect_merged(SMALL, "{\"head_dim\":32}",
                  "num_attention_heads 16 stated; num_key_value_heads 4 stated; head_dim 32 stated", "");
}
