/* Names to templates: hf_names.md, section 0, by hand. */
#include "infer/layout.h"

#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* One name alone, as "stack|layers|tail|layer sub deep"; a number that is not there is "-". */
static const char *split(const char *name)
{
    static char out[512];
    char line[256], numbers[3][16];
    snprintf(line, sizeof(line), "%s 2", name);
    sample s = sample_read(line);
    const ari_template *t = &s.layout.templates[0];
    const ari_stack *stack = &s.layout.stacks[t->stack];
    const ari_place *p = &s.layout.places[0];
    const uint32_t found[] = { p->layer, p->sub, p->deep };
    cr_assert(s.layout.template_count == 1 && t->count == 1 && t->first == 0 && p->row == 0, "%s", name);
    for (size_t i = 0; i < 3; i++)
        snprintf(numbers[i], sizeof(numbers[i]), found[i] == NO_NUMBER ? "-" : "%u", found[i]);
    snprintf(out, sizeof(out), "%.*s|%u|%.*s|%s %s %s", (int)stack->prefix.size,
             (const char *)stack->prefix.data, stack->layers, (int)t->tail.size, (const char *)t->tail.data,
             numbers[0], numbers[1], numbers[2]);
    sample_free(&s);
    return out;
}

Test(layout, one_name)
{
    static const struct {
        const char *name, *split;
    } rows[] = {
        { "lm_head.weight", "|0|lm_head.weight|- - -" },
        { "model.layers.17.self_attn.q_proj.weight", "model.layers|1|self_attn.q_proj.weight|17 - -" },
        { "model.layers.17.mlp.experts.5.down_proj.weight",
          "model.layers|1|mlp.experts.{}.down_proj.weight|17 5 -" },
        { "transformer.h.0.ln_1.bias", "transformer.h|1|ln_1.bias|0 - -" },
        { "blk.3.ffn_up.2.weight", "blk|1|ffn_up.{}.weight|3 2 -" },
        { "layers.2.a.3.b.4.c.5", "layers|1|a.{}.b.{}.c.{}|2 3 4" },
        /* The first number after a container word, not the first of all. */
        { "down.0.blocks.4.attn.weight", "down.{}.blocks|1|attn.weight|4 - -" },
        { "encoder.block.1.layer.0.SelfAttention.q.weight",
          "encoder.block|1|layer.{}.SelfAttention.q.weight|1 0 -" },
        /* No container word: the first number. */
        { "mm_projector.2.weight", "mm_projector|1|weight|2 - -" },
        { "7", "|1||7 - -" },
        { "7.weight", "|1|weight|7 - -" },
        { "layers.7", "layers|1||7 - -" },
        { "layers", "|0|layers|- - -" },
        /* A number glued to a word is none, but for those that count experts and layers. */
        { "layers.1.ln_1.norm2.x3y.weight", "layers|1|ln_1.norm2.x3y.weight|1 - -" },
        { "layers.1.experts.expert_7.wi.weight", "layers|1|experts.expert_{}.wi.weight|1 7 -" },
        { "encoder.layer_12.ffn.weight", "encoder|1|ffn.weight|12 - -" },
        { "experts.expert_.wi", "|0|experts.expert_.wi|- - -" },
        /* Nine digits are a number, ten are a word. */
        { "layers.999999999.w", "layers|1|w|999999999 - -" },
        { "layers.1000000000.w", "|0|layers.1000000000.w|- - -" },
        { "layers.0000000007.w", "|0|layers.0000000007.w|- - -" },
        { "layers.+1.w", "|0|layers.+1.w|- - -" },
        { "layers.-1.w", "|0|layers.-1.w|- - -" },
        /* Components may be empty. */
        { "a..b", "|0|a..b|- - -" },
        { ".", "|0|.|- - -" },
        { "layers..1.w", "layers.|1|w|1 - -" },
        { ".1.w", "|1|w|1 - -" },
        { "layers.1.", "layers|1||1 - -" },
        { "layers.1.w.", "layers|1|w.|1 - -" },
        /* A brace of the name is no hole: it is doubled. */
        { "{}.weight", "|0|{{}.weight|- - -" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *found = split(rows[i].name);
        cr_expect(strcmp(found, rows[i].split) == 0, "%s: %s wanted, found %s", rows[i].name, rows[i].split,
                  found);
    }
}

/* The words that frameworks put in front, however many. */
Test(layout, wrappers_come_off)
{
    static const char *const names[] = {
        "module.layers.1.w",
        "_orig_mod.layers.1.w",
        "base_model.model.layers.1.w",
        "module._orig_mod.module.layers.1.w",
        "_fsdp_wrapped_module._checkpoint_wrapped_module.layers.1.w",
        "model_state_dict.layers.1.w",
        "state_dict.base_model.model.module.layers.1.w",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        cr_expect(strcmp(split(names[i]), "layers|1|w|1 - -") == 0, "%s: %s", names[i], split(names[i]));
    cr_expect(strcmp(split("module."), "|0|module.|- - -") == 0, "nothing would be left");
    cr_expect(strcmp(split("layers.1.module.w"), "layers|1|module.w|1 - -") == 0, "only in front");
    cr_expect(strcmp(split("modules.layers.1.w"), "modules.layers|1|w|1 - -") == 0, "whole words only");
}

static const ari_stack *the_stack(const ari_layout *l, const char *prefix)
{
    for (size_t i = 1; i < l->stack_count; i++) {
        if (span_is(l->stacks[i].prefix, prefix)) return &l->stacks[i];
    }
    cr_assert_fail("there is no stack %s", prefix);
    return NULL;
}

Test(layout, stacks_and_their_layers)
{
    sample s = sample_read("model.embed_tokens.weight 8x4\n"
                           "model.layers.{3}.input_layernorm.weight 4\n"
                           "model.layers.{3}.mlp.experts.{4}.up_proj.weight 8x4\n"
                           "model.layers.9.input_layernorm.weight 4\n"
                           "visual.blocks.{2}.norm1.weight 4\n"
                           "visual.blocks.{2}.norm2.weight 4\n"
                           "model.norm.weight 4\n");
    const ari_layout *l = &s.layout;
    cr_expect(l->stack_count == 3 && l->template_count == 6);
    cr_expect(l->stacks[0].prefix.size == 0 && l->stacks[0].layers == 0, "the top");
    cr_expect(the_stack(l, "model.layers")->layers == 4 && the_stack(l, "model.layers")->last == 9,
              "0, 1, 2 and 9");
    cr_expect(the_stack(l, "visual.blocks")->layers == 2 && the_stack(l, "visual.blocks")->last == 1);
    cr_expect(the_template(&s, "model.layers.{}.mlp.experts.{}.up_proj.weight")->count == 12);
    cr_expect(the_template(&s, "model.layers.{}.input_layernorm.weight")->count == 4);
    cr_expect(the_template(&s, "model.norm.weight")->stack == 0);
    /* The same prefix with and without a number. */
    cr_expect(layout_find(l, ARI_SPAN("model.layers")) == NULL && layout_find(l, (ari_span){ 0 }) == NULL);
    cr_expect(layout_find(l, ARI_SPAN("model.layers.{}.input_layernorm.weigh")) == NULL);
    sample_free(&s);
}

/* By layer, then by expert, whatever the order in the file: 10 comes after 9. */
Test(layout, places_are_in_order)
{
    sample s = sample_read("layers.10.experts.1.w 4\n"
                           "layers.9.experts.10.w 4\n"
                           "layers.10.experts.0.w 4\n"
                           "other.w 4\n"
                           "layers.9.experts.2.w 4\n"
                           "layers.2.experts.0.w 4\n");
    static const uint32_t wanted[][3] = {
        { 2, 0, 5 }, { 9, 2, 4 }, { 9, 10, 1 }, { 10, 0, 2 }, { 10, 1, 0 }
    };
    const ari_template *t = the_template(&s, "layers.{}.experts.{}.w");
    cr_assert(t->count == 5);
    for (size_t i = 0; i < 5; i++) {
        const ari_place *p = &s.layout.places[t->first + i];
        cr_expect(p->layer == wanted[i][0] && p->sub == wanted[i][1] && p->row == wanted[i][2], "%zu", i);
        cr_expect(place_tensor(&s.layout, p) == &s.r.c->tensors.rows[p->row]);
    }
    sample_free(&s);
}

/* Other spellings of one number are the same place twice, and none is lost. */
Test(layout, leading_zeros_are_the_same_layer)
{
    sample s = sample_read("layers.1.w 4\nlayers.01.w 4\nlayers.001.w 4\n");
    const ari_template *t = the_template(&s, "layers.{}.w");
    cr_expect(t->count == 3 && s.layout.stacks[1].layers == 1);
    for (size_t i = 0; i < 3; i++) cr_expect(s.layout.places[t->first + i].row == i);
    sample_free(&s);
}

Test(layout, partners_have_the_same_numbers)
{
    sample s = sample_read("layers.{6}.w 4\n"
                           "layers.1.s 4\nlayers.2.s 4\nlayers.4.s 4\n"
                           "layers.{2}.experts.{3}.w 4\nlayers.{2}.experts.2.s 4\n"
                           "w 4\ns 4\n");
    const ari_layout *l = &s.layout;
    const ari_template *w = the_template(&s, "layers.{}.w"), *scale = the_template(&s, "layers.{}.s");
    static const bool has[] = { false, true, true, false, true, false };
    for (size_t i = 0; i < 6; i++) {
        const ari_place *p = &l->places[w->first + i];
        for (size_t hint = 0; hint < 8; hint++) {
            const ari_place *partner = layout_partner(l, scale, p, hint);
            cr_expect((partner != NULL) == has[i], "layer %zu, hint %zu", i, hint);
            cr_expect(partner == NULL || (partner->layer == i && partner->row != p->row));
        }
    }
    const ari_template *expert = the_template(&s, "layers.{}.experts.{}.w");
    for (size_t i = 0; i < expert->count; i++) {
        const ari_place *p = &l->places[expert->first + i];
        const ari_place *partner = layout_partner(l, the_template(&s, "layers.{}.experts.{}.s"), p, i);
        cr_expect((partner != NULL) == (p->sub == 2), "expert %u", p->sub);
        cr_expect(partner == NULL || partner->layer == p->layer);
    }
    const ari_template *top = the_template(&s, "w");
    cr_expect(layout_partner(l, the_template(&s, "s"), &l->places[top->first], 0) != NULL);
    cr_expect(layout_partner(l, scale, &l->places[top->first], 0) == NULL, "no number is no layer");
    sample_free(&s);
}

Test(layout, of_no_tensors)
{
    sample s = sample_read("");
    cr_expect(s.layout.template_count == 0 && s.layout.stack_count == 1);
    cr_expect(layout_find(&s.layout, ARI_SPAN("w")) == NULL);
    sample_free(&s);
}
