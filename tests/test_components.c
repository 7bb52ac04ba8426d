/* Which tensors make up which part: the prefixes of hf_names.md, sections 0, 6 and 9, and what is inside. */
#include "infer/components.h"

#include "blocks.h"
#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* "role prefix layers" of each component in order, separated by "; ". */
static const char *parts_text(const ari_model *m)
{
    static char out[1024];
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < m->component_count && at < sizeof(out); i++) {
        const ari_component *c = &m->components[i];
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%s %s %u", i == 0 ? "" : "; ", c->role,
                               c->prefix, c->sizes == NULL ? 0 : c->sizes->layers);
    }
    return out;
}

static void expect_parts(const char *what, const char *lines, const char *parts)
{
    ari_model *m = infer(lines);
    const char *found = parts_text(m);
    cr_expect(strcmp(found, parts) == 0, "%s: \"%s\" wanted, found \"%s\"", what, parts, found);
    uint64_t sum = 0;
    for (size_t i = 0; i < m->component_count; i++) sum += m->components[i].parameters;
    cr_expect(sum == m->parameters, "%s: every tensor belongs to one part", what);
    ari_model_close(m);
}

Test(components, text_alone)
{
    expect_parts("Llama", LLAMA UNTIED, "text_decoder model.layers 4");
    expect_parts("no prefix", "embed_tokens.weight 5000x64\nnorm.weight 64\n" LLAMA_BLOCK("layers", "{4}"),
                 "text_decoder layers 4");
    expect_parts("thinker",
                 "thinker.model.embed_tokens.weight 5000x64\nthinker.model.norm.weight 64\n"
                 "thinker.lm_head.weight 5000x64\n" LLAMA_BLOCK("thinker.model.layers", "{4}"),
                 "text_decoder thinker.model.layers 4");
}

#define PATCH(at) at ".patch_embedding.weight 48x3x14x14\n"

Test(components, towers_by_their_names)
{
    expect_parts("LLaVA",
                 "language_model.model.embed_tokens.weight 5000x64\nlanguage_model.model.norm.weight 64\n"
                 "language_model.lm_head.weight 5000x64\n" LLAMA_BLOCK("language_model.model.layers", "{4}")
                     PATCH("vision_tower.vision_model.embeddings")
                         TOWER_BLOCK("vision_tower.vision_model.encoder.layers",
                                     "{6}") "multi_modal_projector.linear_1.weight "
                                            "64x48\nmulti_modal_projector.linear_2.weight 64x64\n",
                 "text_decoder language_model.model.layers 4; vision_encoder "
                 "vision_tower.vision_model.encoder.layers 6; "
                 "projector multi_modal_projector.linear_1 0");
    /* A tower may be larger than the text model. */
    expect_parts("a tower of more layers",
                 LLAMA UNTIED PATCH("visual.embeddings") TOWER_BLOCK("visual.blocks", "{40}"),
                 "text_decoder model.layers 4; vision_encoder visual.blocks 40");
    expect_parts("audio",
                 LLAMA UNTIED "audio_tower.conv1.weight 48x80x3\n" TOWER_BLOCK("audio_tower.layers", "{3}"),
                 "text_decoder model.layers 4; audio_encoder audio_tower.layers 3");
    expect_parts(
        "both", LLAMA UNTIED TOWER_BLOCK("vpm.encoder.layers", "{2}") TOWER_BLOCK("apm.layers", "{3}"),
        "text_decoder model.layers 4; vision_encoder vpm.encoder.layers 2; audio_encoder apm.layers 3");
}

/* A stack beside a patch convolution sees, one beside a wave convolution hears. */
Test(components, towers_by_what_is_inside)
{
    expect_parts("sees",
                 LLAMA UNTIED "eyes.patch_embed.proj.weight 48x3x14x14\n" TOWER_BLOCK("eyes.blocks", "{5}"),
                 "text_decoder model.layers 4; vision_encoder eyes.blocks 5");
    expect_parts("hears", LLAMA UNTIED "ears.conv1.weight 48x80x3\n" TOWER_BLOCK("ears.layers", "{5}"),
                 "text_decoder model.layers 4; audio_encoder ears.layers 5");
    expect_parts("a tower alone", "patch_embed.proj.weight 48x3x14x14\n" TOWER_BLOCK("blocks", "{5}"),
                 "vision_encoder blocks 5");
}

Test(components, heads_and_next_token_layers)
{
    expect_parts("a reward model", LLAMA "score.weight 1x64\n", "text_decoder model.layers 4; head score 0");
    expect_parts(
        "Qwen3-Next's mtp",
        LLAMA UNTIED
        "mtp.fc.weight 64x128\nmtp.norm.weight 64\nmtp.pre_fc_norm_embedding.weight 64\n" LLAMA_BLOCK(
            "mtp.layers", "{1}"),
        "text_decoder model.layers 4; mtp mtp.fc 0");
}

/* A stack that meets neither embedding nor output is not the text model, however large. */
Test(components, the_text_model_meets_its_embedding)
{
    expect_parts("a larger stack of another width", LLAMA UNTIED TOWER_BLOCK("other.layers", "{30}"),
                 "text_decoder model.layers 4; other other.layers 30");
}

Test(components, encoder_and_decoder)
{
    ari_model *m =
        infer("shared.weight 5000x64\n" T5_BLOCK("encoder.block", "{3}", "1")
                  T5_BLOCK("decoder.block", "{2}",
                           "2") "decoder.block.{2}.layer.1.EncDecAttention.q.weight 64x64\n"
                                "decoder.block.{2}.layer.1.EncDecAttention.k.weight 64x64\n"
                                "decoder.block.{2}.layer.1.EncDecAttention.v.weight 64x64\n"
                                "decoder.block.{2}.layer.1.EncDecAttention.o.weight 64x64\n"
                                "decoder.block.{2}.layer.1.layer_norm.weight 64\n"
                                "encoder.final_layer_norm.weight 64\ndecoder.final_layer_norm.weight 64\n");
    cr_expect(strcmp(parts_text(m), "text_decoder decoder.block 2; text_encoder encoder.block 3") == 0, "%s",
              parts_text(m));
    cr_expect(m->parts.seq2seq);
    expect_part(m, "text_encoder",
                "num_hidden_layers 3 shape; hidden_size 64 shape; intermediate_size 256 shape");
    ari_model_close(m);
}

/* Each part has an architecture of its own. */
Test(components, architectures_of_their_own)
{
    ari_model *m = infer(LLAMA UNTIED PATCH("visual.embeddings") TOWER_BLOCK("visual.blocks", "{6}"));
    expect_part(m, "text_decoder",
                "hidden_size 64 shape; num_hidden_layers 4 shape; intermediate_size 176 shape; "
                "vocab_size 5000 shape; patch_size null shape; norm_type \"rmsnorm\" convention");
    expect_part(m, "vision_encoder",
                "hidden_size 48 shape; num_hidden_layers 6 shape; intermediate_size 192 shape; "
                "vocab_size null unknown; patch_size 14 shape; norm_type \"layernorm\" shape");
    ari_model_close(m);
}

Test(components, of_no_layers)
{
    ari_model *m = infer("a.weight 4x4\nb.weight 4x4\n");
    cr_expect(!m->parts.known && m->component_count == 0);
    ari_model_close(m);
    m = infer("");
    cr_expect(!m->parts.known && m->component_count == 0 && strcmp(m->kind, "unknown") == 0);
    ari_model_close(m);
}
