/* What sort of model it is, by the words of the report's schema; each a published kind in small. */
#include "infer/kind.h"

#include "blocks.h"
#include "sample.h"

#include <criterion/criterion.h>

static void expect_kind(const char *what, const char *lines, const char *kind, const char *facts)
{
    ari_model *m = infer(lines);
    cr_expect(strcmp(m->kind, kind) == 0, "%s: %s wanted, found %s", what, kind, m->kind);
    expect_facts(m, what, facts);
    ari_model_close(m);
}

Test(kind, language_models)
{
    expect_kind("a separate output", LLAMA UNTIED, "causal-lm", "tie_word_embeddings false shape");
    expect_kind("none", LLAMA, "causal-lm", "tie_word_embeddings true shape");
    expect_kind(
        "experts",
        LLAMA UNTIED
        "model.layers.{4}.mlp.gate.weight 4x64\nmodel.layers.{4}.mlp.experts.{4}.up_proj.weight 16x64\n"
        "model.layers.{4}.mlp.experts.{4}.down_proj.weight 64x16\n",
        "moe-causal-lm", "num_experts 4 shape");
    expect_kind(
        "Mamba",
        "backbone.embeddings.weight 5000x64\nbackbone.norm_f.weight 64\nbackbone.layers.{4}.norm.weight 64\n"
        "backbone.layers.{4}.mixer.in_proj.weight 256x64\nbackbone.layers.{4}.mixer.conv1d.weight 128x1x4\n"
        "backbone.layers.{4}.mixer.x_proj.weight 36x128\nbackbone.layers.{4}.mixer.dt_proj.weight 128x4\n"
        "backbone.layers.{4}.mixer.A_log 128x16\nbackbone.layers.{4}.mixer.out_proj.weight 64x128\n",
        "ssm", "tie_word_embeddings true shape; num_attention_heads null shape");
}

/* Saved without its head, a model loses the "model." before its names; nothing is tied then. */
Test(kind, headless_models)
{
    expect_kind("Qwen3-Embedding",
                "embed_tokens.weight 5000x64\nnorm.weight 64\n" LLAMA_BLOCK("layers", "{4}"), "embedding",
                "tie_word_embeddings null unknown; hidden_size 64 shape");
    expect_kind("a reward model", LLAMA "score.weight 1x64\n", "classifier",
                "tie_word_embeddings null unknown");
    expect_kind("a value head", LLAMA "v_head.summary.weight 1x64\nv_head.summary.bias 1\n", "classifier",
                "hidden_size 64 shape");
}

Test(kind, encoders)
{
    expect_kind("BERT", BERT, "encoder",
                "tie_word_embeddings null unknown; max_position_embeddings 512 convention");
    expect_kind("with a head", BERT "classifier.weight 2x64\nclassifier.bias 2\n", "classifier",
                "hidden_size 64 shape");
    expect_kind("T5's encoder alone",
                "shared.weight 5000x64\n" T5_BLOCK("encoder.block", "{4}",
                                                   "1") "encoder.final_layer_norm.weight 64\n",
                "encoder", "num_hidden_layers 4 shape");
    expect_kind("a tower of images", "patch_embed.proj.weight 48x3x14x14\n" TOWER_BLOCK("blocks", "{5}"),
                "encoder", "hidden_size 48 shape; patch_size 14 shape");
    expect_kind("a fragment", "blk.0.attn_q.weight 64x64\nblk.0.attn_k.weight 64x64\n", "unknown",
                "num_hidden_layers 1 convention");
    expect_kind("T5",
                "shared.weight 5000x64\n" T5_BLOCK("encoder.block", "{2}", "1")
                    T5_BLOCK("decoder.block", "{2}",
                             "2") "decoder.block.{2}.layer.1.EncDecAttention.q.weight "
                                  "64x64\ndecoder.block.{2}.layer.1.EncDecAttention.k.weight 64x64\n",
                "encoder-decoder", "num_hidden_layers 2 convention");
}

Test(kind, several_senses)
{
    expect_kind("images and text",
                LLAMA UNTIED
                "visual.patch_embed.proj.weight 48x3x14x14\n" TOWER_BLOCK("visual.blocks", "{2}"),
                "vision-language", "hidden_size 64 shape");
    expect_kind("sounds and text",
                LLAMA UNTIED "audio_tower.conv1.weight 48x80x3\n" TOWER_BLOCK("audio_tower.layers", "{2}"),
                "audio", "hidden_size 64 shape");
    expect_kind("CLIP: a pair of towers",
                "logit_scale -\ntext_projection.weight 48x48\nvisual_projection.weight 48x48\n"
                "text_model.embeddings.token_embedding.weight 5000x48\n" TOWER_BLOCK(
                    "text_model.encoder.layers",
                    "{2}") "vision_model.embeddings.patch_embedding.weight "
                           "48x3x14x14\n" TOWER_BLOCK("vision_model.encoder.layers", "{2}"),
                "encoder", "hidden_size 48 shape");
}

/* A diffusion model has blocks like a language model's and is none: nothing of those is said of it. */
Test(kind, diffusion)
{
    expect_kind("a UNet",
                "time_embedding.linear_1.weight 256x64\nconv_in.weight 64x4x3x3\n"
                "down_blocks.0.attentions.{2}.transformer_blocks.0.attn1.to_q.weight 64x64\n"
                "down_blocks.0.attentions.{2}.transformer_blocks.0.attn1.to_k.weight 64x64\n"
                "down_blocks.0.attentions.{2}.transformer_blocks.0.norm1.weight 64\n"
                "mid_block.attentions.0.transformer_blocks.0.attn1.to_q.weight 64x64\n",
                "diffusion",
                "hidden_size null unknown; num_hidden_layers null unknown; vocab_size null unknown");
    expect_kind("a transformer of images",
                "x_embedder.proj.weight 64x4x2x2\nt_embedder.mlp.0.weight 64x256\n"
                "blocks.{4}.attn.qkv.weight 192x64\nblocks.{4}.attn.proj.weight "
                "64x64\nblocks.{4}.mlp.fc1.weight 256x64\n"
                "blocks.{4}.mlp.fc2.weight 64x256\nblocks.{4}.adaLN_modulation.1.weight 384x64\n",
                "diffusion", "hidden_size null unknown; num_attention_heads null unknown");
}

Test(kind, adapters)
{
    ari_model *m = infer("base_model.model.model.layers.{4}.self_attn.q_proj.lora_A.weight 8x64\n"
                         "base_model.model.model.layers.{4}.self_attn.q_proj.lora_B.weight 64x8\n"
                         "base_model.model.model.layers.{4}.self_attn.v_proj.lora_A.weight 8x64\n"
                         "base_model.model.model.layers.{4}.self_attn.v_proj.lora_B.weight 32x8\n");
    cr_expect(strcmp(m->kind, "adapter") == 0);
    expect_facts(
        m, "LoRA",
        "lora_rank 8 shape; hidden_size 64 shape; num_hidden_layers 4 shape; "
        "intermediate_size null unknown; tie_word_embeddings null unknown; num_experts null unknown");
    cr_expect(strcmp(m->components[0].role, "adapter") == 0);
    ari_model_close(m);
}

Test(kind, nothing_that_is_known)
{
    expect_kind("a digit classifier", "fc1.weight 128x784\nfc1.bias 128\nfc3.weight 10x128\n", "unknown",
                "hidden_size null unknown");
    expect_kind("no tensors", "", "unknown", "hidden_size null unknown; tie_word_embeddings null unknown");
}
