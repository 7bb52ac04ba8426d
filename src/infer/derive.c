#include "infer/derive.h"

#include "base/text.h"
#include "infer/attention.h"
#include "infer/components.h"
#include "infer/convention.h"
#include "infer/count.h"
#include "infer/kind.h"
#include "infer/mixture.h"
#include "infer/shapes.h"

#include <inttypes.h>
#include <stdlib.h>

enum { SPECIAL_ROWS = 64 };

/* --- Sizes ---------------------------------------------------------------------------------- */

static void set_hidden(const ari_derivation *d)
{
    if (d->sizes->hidden > 0)
        set_integer(d->out, d->arena, ARI_FIELD_HIDDEN_SIZE, d->sizes->hidden, ARI_SHAPE,
                    d->sizes->hidden_evidence);
}

static void set_layers(const ari_derivation *d, ari_span prefix, bool complete, bool encoder)
{
    const ari_sizes *s = d->sizes;
    const char *name = arena_escape(d->arena, prefix, 200);
    if (s->layers == 0) return;
    if (s->whole && complete) {
        /* Part of a model looks whole too, but for what follows the layers. */
        bool end =
            !d->text || d->partial || encoder ||
            s->weights[ARI_ROLE_FINAL_NORM] + s->weights[ARI_ROLE_OUTPUT] + s->weights[ARI_ROLE_POOLER] > 0;
        set_integer(d->out, d->arena, ARI_FIELD_NUM_HIDDEN_LAYERS, s->layers,
                    end ? ARI_SHAPE : ARI_CONVENTION,
                    arena_printf(d->arena, "%s.0 to %s.%" PRIu32, name, name, s->layers - 1));
    } else {
        d->out->fields[ARI_FIELD_NUM_HIDDEN_LAYERS].evidence =
            arena_printf(d->arena, "%" PRIu32 " layers of %s are here, the last is number %" PRIu32,
                         s->layers, name, s->number_count - 1);
    }
}

static void set_vocabulary(const ari_derivation *d)
{
    uint64_t rows = size_of(d, ARI_DIM_VOCAB), outputs = size_of(d, ARI_DIM_OUTPUTS);
    /* Some embeddings have a few rows more, for tokens that are never put out. */
    bool fewer = outputs > 0 && outputs < rows && rows - outputs <= SPECIAL_ROWS;
    ari_unknown by = rows > 0 && !fewer ? ARI_DIM_VOCAB : ARI_DIM_OUTPUTS;
    set_size(d, ARI_FIELD_VOCAB_SIZE, size_of(d, by), by);
}

/* Learned positions, or the side of a causal mask. Some tables begin with two rows that are no position. */
static void set_positions(const ari_derivation *d)
{
    uint64_t rows = size_of(d, ARI_DIM_POSITIONS);
    set_size(d, ARI_FIELD_MAX_POSITION_EMBEDDINGS, size_of(d, ARI_DIM_MASK), ARI_DIM_MASK);
    if (rows == 0 || size_of(d, ARI_DIM_MASK) > 0) return;
    bool offset = rows % 8 == 2;
    set_integer(d->out, d->arena, ARI_FIELD_MAX_POSITION_EMBEDDINGS, offset ? rows - 2 : rows, ARI_CONVENTION,
                arena_printf(d->arena, offset ? "%s, less two that are no position" : "%s",
                             size_evidence(d->layout, d->sizes, ARI_DIM_POSITIONS, d->arena)));
}

/* --- Absence ----------------------------------------------------------------------------------- */

/* Is there a matrix in the layers of which nobody knows what it does? */
static bool has_strange_matrix(const ari_layout *l, uint32_t component, uint32_t stack)
{
    for (size_t i = 0; i < l->template_count; i++) {
        const ari_template *t = &l->templates[i];
        bool strange = t->role == ARI_ROLE_NONE && !t->companion && logical_shape(l, t, 0).rank >= 2;
        if (strange && t->component == component && t->stack == stack) return true;
    }
    return false;
}

static void set_absent_fields(const ari_derivation *d, const ari_field *fields, size_t count, const char *why)
{
    for (size_t i = 0; i < count; i++) {
        if (d->out->fields[fields[i]].basis == ARI_UNKNOWN) set_absent(d->out, fields[i], why);
    }
}

/* Where every matrix is known, what none of them has to do with is not there. */
static void set_absences(const ari_derivation *d)
{
    static const ari_field latent[] = { ARI_FIELD_Q_LORA_RANK, ARI_FIELD_KV_LORA_RANK,
                                        ARI_FIELD_QK_NOPE_HEAD_DIM, ARI_FIELD_QK_ROPE_HEAD_DIM,
                                        ARI_FIELD_V_HEAD_DIM };
    static const ari_field state[] = { ARI_FIELD_SSM_STATE_SIZE };
    static const ari_field linear[] = { ARI_FIELD_LINEAR_NUM_KEY_HEADS, ARI_FIELD_LINEAR_NUM_VALUE_HEADS,
                                        ARI_FIELD_LINEAR_KEY_HEAD_DIM, ARI_FIELD_LINEAR_VALUE_HEAD_DIM };
    static const ari_field kernel[] = { ARI_FIELD_CONV_KERNEL };
    static const ari_field tower[] = { ARI_FIELD_PATCH_SIZE, ARI_FIELD_OUT_HIDDEN_SIZE };
    static const ari_field adapter[] = { ARI_FIELD_LORA_RANK };
    uint32_t all = d->sizes->all, recurrent = ARI_HAS_SSM | ARI_HAS_TIME | ARI_HAS_LRU | ARI_HAS_CONV;
    if (d->sizes->layers == 0 || d->partial || d->strange) return;
    const char *why = "every matrix of the layers is known, and none has to do with it";
    set_absent_fields(d, adapter, 1, "no pair of low-rank matrices");
    if (d->text) set_absent_fields(d, tower, 2, "a text model has no patches");
    if ((all & ARI_HAS_LATENT) == 0) set_absent_fields(d, latent, sizeof(latent) / sizeof(latent[0]), why);
    if ((all & recurrent) == 0) set_absent_fields(d, state, 1, why);
    if ((all & (recurrent | ARI_HAS_DELTA)) == 0) set_absent_fields(d, kernel, 1, why);
    if ((all & (ARI_HAS_DELTA | ARI_HAS_TIME)) == 0)
        set_absent_fields(d, linear, sizeof(linear) / sizeof(linear[0]), why);
}

static bool has_attention(const ari_layout *l)
{
    for (size_t i = 0; i < l->template_count; i++) {
        if (role_group(l->templates[i].role) == ARI_GROUP_ATTENTION) return true;
    }
    return false;
}

/* Layers of nothing but MLPs mix tokens without attention. */
static void set_no_attention(const ari_derivation *d)
{
    uint32_t all = d->sizes->all;
    bool mlp = all == ARI_HAS_FEED_FORWARD || all == (ARI_HAS_FEED_FORWARD | ARI_HAS_OTHER);
    if (mlp && !d->partial && !d->strange && !has_attention(d->layout))
        set_text(d->out, d->arena, ARI_FIELD_ATTENTION_TYPE, "none", ARI_SHAPE, "no layer attends");
}

/* --- Biases ------------------------------------------------------------------------------------ */

static void set_bias(const ari_derivation *d, ari_field field, const ari_role *roles, size_t count,
                     const char *what)
{
    size_t weights = 0, biases = 0;
    for (size_t i = 0; i < count; i++) {
        weights += d->sizes->weights[roles[i]];
        biases += d->sizes->biases[roles[i]];
    }
    if (weights == 0) return;
    set_bool(d->out, field, biases > 0, ARI_SHAPE,
             arena_printf(d->arena, biases > 0 ? "%s projections have biases" : "no %s projection has a bias",
                          what));
}

static void set_biases(const ari_derivation *d)
{
    static const ari_role attention[] = { ARI_ROLE_Q,    ARI_ROLE_K,   ARI_ROLE_V,
                                          ARI_ROLE_QKV,  ARI_ROLE_KV,  ARI_ROLE_Q_A,
                                          ARI_ROLE_KV_A, ARI_ROLE_Q_B, ARI_ROLE_KV_B };
    static const ari_role mlp[] = { ARI_ROLE_GATE, ARI_ROLE_UP, ARI_ROLE_DOWN, ARI_ROLE_GATE_UP };
    set_bias(d, ARI_FIELD_ATTENTION_BIAS, attention, sizeof(attention) / sizeof(attention[0]),
             "query, key and value");
    set_bias(d, ARI_FIELD_MLP_BIAS, mlp, sizeof(mlp) / sizeof(mlp[0]), "MLP");
}

/* GPTQ's packers give every linear layer a bias, the model's own or zeros. */
static bool packer_adds_biases(const ari_model *m, const ari_sizes *s)
{
    bool gptq = m->packing.scheme != NULL && strcmp(m->packing.scheme, "gptq") == 0;
    return gptq && s->biases[ARI_ROLE_O] > 0 && s->biases[ARI_ROLE_O] == s->weights[ARI_ROLE_O];
}

/* --- Towers ------------------------------------------------------------------------------------ */

/* The patch is the convolution's side; a linear embedding takes 3 x side x side. */
static void set_patch(const ari_derivation *d)
{
    uint64_t inputs = size_of(d, ARI_DIM_PATCH_INPUTS);
    set_size(d, ARI_FIELD_PATCH_SIZE, size_of(d, ARI_DIM_PATCH), ARI_DIM_PATCH);
    for (uint64_t side = 2; inputs > 0 && side <= 64; side++) {
        if (size_of(d, ARI_DIM_PATCH) > 0 || 3 * side * side != inputs) continue;
        set_integer(
            d->out, d->arena, ARI_FIELD_PATCH_SIZE, side, ARI_CONVENTION,
            arena_printf(d->arena, "3 x %" PRIu64 " x %" PRIu64 " inputs of a patch embedding", side, side));
    }
}

/* What a merger that is part of the tower puts out: the width that follows its last matrix. */
static void set_output_width(const ari_model *m, const ari_derivation *d, ari_span prefix)
{
    uint64_t text =
        m->component_count > 0 && m->components[0].sizes != NULL ? m->components[0].sizes->hidden : 0;
    size_t root = 0;
    for (size_t i = 0; i < prefix.size && root == 0; i++) root = prefix.data[i] == '.' ? i + 1 : 0;
    for (size_t i = 0; i < m->layout.template_count && text > 0; i++) {
        const ari_template *t = &m->layout.templates[i];
        ari_shape shape = logical_shape(&m->layout, t, t->count - 1);
        bool projector = m->parts.rows[t->component].kind == ARI_PART_PROJECTOR;
        if (!projector || t->part != ARI_PART_WEIGHT || shape.rank != 2 || shape.sizes[0] != text) continue;
        if (root == 0 || t->pattern.size < root || memcmp(t->pattern.data, prefix.data, root) != 0) continue;
        set_integer(d->out, d->arena, ARI_FIELD_OUT_HIDDEN_SIZE, text, ARI_SHAPE,
                    arena_printf(d->arena, "rows of %s", arena_escape(d->arena, t->pattern, 200)));
        return;
    }
}

/* --- Components -------------------------------------------------------------------------------- */

static const char *const role_words[] = {
    [ARI_PART_TEXT] = "text_decoder",
    [ARI_PART_ENCODER] = "text_encoder",
    [ARI_PART_VISION] = "vision_encoder",
    [ARI_PART_AUDIO] = "audio_encoder",
    [ARI_PART_PROJECTOR] = "projector",
    [ARI_PART_MTP] = "mtp",
    [ARI_PART_HEAD] = "head",
    [ARI_PART_SPARE] = "other",
};

static bool derive_component(ari_model *m, size_t i)
{
    const ari_part_row *row = &m->parts.rows[i];
    ari_arena *arena = &m->checkpoint->arena;
    ari_component *c = &m->components[i];
    *c = (ari_component){ .role = role_words[row->kind],
                          .prefix = arena_escape(arena, row->prefix, ESCAPE_ALL),
                          .parameters = row->parameters };
    architecture_clear(&c->architecture);
    if (row->stack == 0) return true;
    c->sizes = arena_alloc(arena, sizeof(*c->sizes));
    if (c->sizes == NULL || !sizes_solve(&m->layout, (uint32_t)i, row->stack, arena, c->sizes)) return false;
    bool text = row->kind != ARI_PART_VISION && row->kind != ARI_PART_AUDIO;
    ari_derivation d = { .layout = &m->layout,
                         .sizes = c->sizes,
                         .out = &c->architecture,
                         .arena = arena,
                         .text = text,
                         .partial = m->adapter,
                         .strange = has_strange_matrix(&m->layout, (uint32_t)i, row->stack) };
    ari_traits traits = traits_find(&d, (uint32_t)i, row->stack, text ? m->dialect : NULL);
    if (!has_bottlenecks(&traits)) set_hidden(&d);
    if (!shares_layers(&traits) && !c->sizes->nested)
        set_layers(&d, row->prefix, !m->checkpoint->incomplete, is_encoder(&traits));
    if (text) set_vocabulary(&d);
    attention_derive(&d);
    feed_forward_derive(&d);
    recurrence_derive(&d);
    set_positions(&d);
    set_absences(&d);
    set_no_attention(&d);
    if (!d.partial && !packer_adds_biases(m, c->sizes)) set_biases(&d);
    if (row->kind == ARI_PART_VISION) {
        set_patch(&d);
        set_output_width(m, &d, row->prefix);
    }
    if (!d.partial || traits.mlp == ARI_MLP_GATED) conventions_apply(&d, &traits);
    if (i == 0) m->traits = traits;
    return true;
}

/* Layers in the main stack that predict further tokens, or stacks of their own. */
static void set_next_token_layers(ari_model *m)
{
    uint64_t layers = m->components[0].sizes == NULL ? 0 : m->components[0].sizes->mtp_layers;
    for (uint32_t i = 1; i < m->layout.stack_count && layers == 0; i++) {
        const ari_stack *s = &m->layout.stacks[i];
        if (s->named == ARI_PART_MTP) layers = s->layers;
    }
    ari_architecture *a = &m->components[0].architecture;
    if (layers > 0) {
        set_integer(a, &m->checkpoint->arena, ARI_FIELD_NUM_NEXTN_PREDICT_LAYERS, layers, ARI_SHAPE,
                    "layers that hold eh_proj or enorm, or stand under mtp");
    } else if (m->parts.known) {
        set_absent(a, ARI_FIELD_NUM_NEXTN_PREDICT_LAYERS, "no tensor of a next-token layer");
    }
}

static void set_rank(ari_model *m)
{
    if (m->adapter)
        set_integer(&m->components[0].architecture, &m->checkpoint->arena, ARI_FIELD_LORA_RANK,
                    m->packing.lora_rank, ARI_SHAPE, "the size that both matrices of a pair share");
}

/* A LoRA brings pairs and no layer's own matrices; a whole model may hold pairs besides. */
static bool is_adapter(const ari_model *m)
{
    if (m->packing.lora_rank == 0) return false;
    for (size_t i = 0; i < m->layout.template_count; i++) {
        const ari_template *t = &m->layout.templates[i];
        if (!t->adapter && !t->outside && is_core(t)) return false;
    }
    return true;
}

bool derive(ari_model *m)
{
    ari_arena *arena = &m->checkpoint->arena;
    architecture_clear(&m->architecture);
    m->kind = "unknown";
    m->adapter = is_adapter(m);
    m->dtype_count = ARI_DT_COUNT + m->layout.tensors->unknown_count;
    m->dtypes = arena_alloc(arena, m->dtype_count * sizeof(m->dtypes[0]));
    bool ok = m->dtypes != NULL;
    if (ok) count_parameters(m);
    ok = ok && components_find(&m->layout, arena, &m->parts);
    if (ok) m->components = arena_alloc(arena, (m->parts.count + 1) * sizeof(m->components[0]));
    if (!ok || m->components == NULL) return false;
    for (size_t i = 0; i < m->parts.count; i++) {
        if (!derive_component(m, i)) return false;
        m->component_count++;
    }
    set_next_token_layers(m);
    set_rank(m);
    kind_derive(m);
    ok = m->parts.known || strcmp(m->kind, "unknown") != 0 || shapes_derive(m);
    m->architecture = m->components[0].architecture;
    if (!m->parts.known) m->component_count = 0;
    return ok;
}
