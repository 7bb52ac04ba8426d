#include "infer/derive.h"

#include "base/arith.h"
#include "base/text.h"
#include "infer/heads.h"

#include <inttypes.h>
#include <stdlib.h>

/* Integers beyond this many in one matrix are no index or mask: a packed weight. */
enum { PACKED_ELEMENTS = 4096, NO_STACK = 0, HIGHEST_LAYER = 65535 };

/* --- Counting ------------------------------------------------------------------------ */

static bool is_packed(const ari_template *t, const ari_tensor *row)
{
    const ari_dtype_info *d = dtype_info(row->dtype);
    if (t->role == ARI_ROLE_PACKED) return true;
    bool buffer = role_group(t->role) == ARI_GROUP_BUFFER || role_group(t->role) == ARI_GROUP_SCALES;
    return d != NULL && d->class == ARI_INTEGER && row->rank == 2 && row->elements >= PACKED_ELEMENTS &&
           !buffer;
}

static bool counts(const ari_template *t, const ari_tensor *row)
{
    const ari_dtype_info *d = dtype_info(row->dtype);
    ari_role_group group = role_group(t->role);
    return (d == NULL || d->class != ARI_INTEGER) && group != ARI_GROUP_BUFFER && group != ARI_GROUP_SCALES;
}

/* Parameters of a template's tensors; the sums by element type on the way. */
static uint64_t count_template(ari_model *m, const ari_template *t)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < t->count; i++) {
        const ari_tensor *row = place_tensor(&m->layout, &m->layout.places[t->first + i]);
        ari_dtype_sum *d = &m->dtypes[row->dtype];
        uint64_t elements = counts(t, row) ? row->elements : 0;
        bool whole = row->elements > 0 || row->bytes == 0;
        if (is_packed(t, row) || !whole) m->parameters_known = false;
        d->tensors++;
        if (!add_u64(d->parameters, elements, &d->parameters) || !add_u64(d->bytes, row->bytes, &d->bytes) ||
            !add_u64(m->bytes, row->bytes, &m->bytes) || !add_u64(sum, elements, &sum)) {
            m->parameters_known = false;
        }
    }
    return sum;
}

/* --- Choosing ------------------------------------------------------------------------ */

/* One a stack: what it holds. */
typedef struct stack_sum {
    uint64_t parameters, strange; /* The second: in templates without a role. */
    bool attention, feed_forward;
} stack_sum;

static bool is_attention(uint32_t role)
{
    return role == ARI_ROLE_Q || role == ARI_ROLE_K || role == ARI_ROLE_V || role == ARI_ROLE_QKV;
}

static bool is_feed_forward(uint32_t role)
{
    return role == ARI_ROLE_GATE || role == ARI_ROLE_UP || role == ARI_ROLE_DOWN ||
           role == ARI_ROLE_GATE_UP || role == ARI_ROLE_EXPERT;
}

static stack_sum *sum_stacks(ari_model *m)
{
    stack_sum *sums = calloc(m->layout.stack_count, sizeof(sums[0]));
    m->parameters_known = !m->checkpoint->incomplete;
    for (size_t i = 0; sums != NULL && i < m->layout.template_count; i++) {
        const ari_template *t = &m->layout.templates[i];
        stack_sum *s = &sums[t->stack];
        uint64_t n = count_template(m, t);
        if (!add_u64(s->parameters, n, &s->parameters) || !add_u64(m->parameters, n, &m->parameters))
            m->parameters_known = false;
        if (t->role == ARI_ROLE_NONE && !add_u64(s->strange, n, &s->strange)) s->strange = UINT64_MAX;
        s->attention = s->attention || is_attention(t->role);
        s->feed_forward = s->feed_forward || is_feed_forward(t->role);
    }
    return sums;
}

/* The largest stack that attends, NO_STACK if none does. */
static uint32_t main_stack(const ari_model *m, const stack_sum *sums)
{
    uint32_t best = NO_STACK;
    for (uint32_t i = 1; i < m->layout.stack_count; i++) {
        if (!sums[i].attention || !sums[i].feed_forward) continue;
        if (best == NO_STACK || sums[i].parameters > sums[best].parameters) best = i;
    }
    return best;
}

/* Layers with a core role: distinct numbers, and whether they run from 0 without a gap. */
static uint64_t core_layers(const ari_layout *l, uint32_t stack, bool *whole)
{
    uint32_t last = l->stacks[stack].last;
    uint64_t count = 0;
    *whole = false;
    if (last > HIGHEST_LAYER) return l->stacks[stack].layers;
    uint8_t *seen = calloc((size_t)last + 1, 1);
    for (size_t i = 0; seen != NULL && i < l->template_count; i++) {
        const ari_template *t = &l->templates[i];
        if (t->stack != stack || !(is_attention(t->role) || is_feed_forward(t->role))) continue;
        for (size_t k = 0; k < t->count; k++) {
            uint32_t layer = l->places[t->first + k].layer;
            count += seen[layer] == 0;
            seen[layer] = 1;
        }
    }
    *whole = seen != NULL && count == (uint64_t)last + 1;
    free(seen);
    return count;
}

/* --- Facts --------------------------------------------------------------------------- */

static void set_size(ari_model *m, ari_field field, const ari_dimension *d)
{
    if (d->value > 0)
        set_integer(&m->architecture, &m->checkpoint->arena, field, d->value, ARI_SHAPE, d->evidence);
}

static void derive_layers(ari_model *m, uint32_t stack)
{
    ari_arena *arena = &m->checkpoint->arena;
    const char *prefix = arena_escape(arena, m->layout.stacks[stack].prefix, 200);
    bool whole;
    uint64_t n = core_layers(&m->layout, stack, &whole);
    if (whole && !m->checkpoint->incomplete) {
        const char *evidence = arena_printf(arena, "%s.0 to %s.%" PRIu64, prefix, prefix, n - 1);
        set_integer(&m->architecture, arena, ARI_FIELD_NUM_HIDDEN_LAYERS, n, ARI_SHAPE, evidence);
    } else {
        m->architecture.fields[ARI_FIELD_NUM_HIDDEN_LAYERS].evidence =
            arena_printf(arena, "%" PRIu64 " layers of %s are here, the last is number %" PRIu32, n, prefix,
                         m->layout.stacks[stack].last);
    }
}

static void derive_norm(ari_model *m, const ari_dimensions *d)
{
    static const ari_role norms[] = { ARI_ROLE_ATTN_NORM, ARI_ROLE_FFN_NORM, ARI_ROLE_FINAL_NORM,
                                      ARI_ROLE_POST_NORM };
    size_t weights = 0, biases = 0;
    for (size_t i = 0; i < sizeof(norms) / sizeof(norms[0]); i++) {
        weights += d->weights[norms[i]];
        biases += d->biases[norms[i]];
    }
    ari_arena *arena = &m->checkpoint->arena;
    if (biases > 0) {
        set_text(&m->architecture, arena, ARI_FIELD_NORM_TYPE, "layernorm", ARI_SHAPE,
                 "its norms have biases");
    } else if (weights > 0 && d->weights[ARI_ROLE_GATE] + d->weights[ARI_ROLE_GATE_UP] > 0) {
        set_text(&m->architecture, arena, ARI_FIELD_NORM_TYPE, "rmsnorm", ARI_CONVENTION,
                 "norms without biases beside a gated MLP");
    }
}

static void derive_biases(ari_model *m, const ari_dimensions *d)
{
    static const ari_role attention[] = { ARI_ROLE_Q, ARI_ROLE_K, ARI_ROLE_V, ARI_ROLE_QKV, ARI_ROLE_O };
    static const ari_role mlp[] = { ARI_ROLE_GATE, ARI_ROLE_UP, ARI_ROLE_DOWN, ARI_ROLE_GATE_UP };
    size_t in_attention = 0, in_mlp = 0;
    for (size_t i = 0; i < sizeof(attention) / sizeof(attention[0]); i++)
        in_attention += d->biases[attention[i]];
    for (size_t i = 0; i < sizeof(mlp) / sizeof(mlp[0]); i++) in_mlp += d->biases[mlp[i]];
    set_bool(&m->architecture, ARI_FIELD_ATTENTION_BIAS, in_attention > 0, ARI_SHAPE,
             in_attention > 0 ? "attention projections have biases" : "no attention projection has a bias");
    if (m->architecture.fields[ARI_FIELD_INTERMEDIATE_SIZE].basis != ARI_SHAPE) return;
    set_bool(&m->architecture, ARI_FIELD_MLP_BIAS, in_mlp > 0, ARI_SHAPE,
             in_mlp > 0 ? "MLP projections have biases" : "no MLP projection has a bias");
}

/* A gated MLP with RMS norms means SiLU everywhere but in Gemma, which also has
 * norms after its blocks, and in Gemma 1, which looks like Llama. */
static void derive_activation(ari_model *m, const ari_dimensions *d)
{
    bool gated = d->weights[ARI_ROLE_GATE] + d->weights[ARI_ROLE_GATE_UP] > 0;
    bool layernorm = m->architecture.fields[ARI_FIELD_NORM_TYPE].basis == ARI_SHAPE;
    if (!gated || layernorm || d->weights[ARI_ROLE_POST_NORM] > 0) return;
    set_text(&m->architecture, &m->checkpoint->arena, ARI_FIELD_HIDDEN_ACT, "silu", ARI_CONVENTION,
             "gated MLP and norms without biases, as in Llama");
}

static void derive_absent(ari_model *m)
{
    static const ari_field experts[] = {
        ARI_FIELD_NUM_EXPERTS,
        ARI_FIELD_NUM_SHARED_EXPERTS,
        ARI_FIELD_NUM_EXPERTS_PER_TOK,
        ARI_FIELD_MOE_INTERMEDIATE_SIZE,
        ARI_FIELD_SHARED_EXPERT_INTERMEDIATE_SIZE,
        ARI_FIELD_FIRST_K_DENSE_REPLACE,
    };
    static const ari_field others[] = {
        ARI_FIELD_Q_LORA_RANK,
        ARI_FIELD_KV_LORA_RANK,
        ARI_FIELD_QK_NOPE_HEAD_DIM,
        ARI_FIELD_QK_ROPE_HEAD_DIM,
        ARI_FIELD_V_HEAD_DIM,
        ARI_FIELD_NUM_NEXTN_PREDICT_LAYERS,
        ARI_FIELD_SSM_STATE_SIZE,
        ARI_FIELD_CONV_KERNEL,
        ARI_FIELD_LINEAR_NUM_KEY_HEADS,
        ARI_FIELD_LINEAR_NUM_VALUE_HEADS,
        ARI_FIELD_LINEAR_KEY_HEAD_DIM,
        ARI_FIELD_LINEAR_VALUE_HEAD_DIM,
        ARI_FIELD_PATCH_SIZE,
        ARI_FIELD_OUT_HIDDEN_SIZE,
        ARI_FIELD_LORA_RANK,
    };
    for (size_t i = 0; i < sizeof(experts) / sizeof(experts[0]); i++) {
        set_absent(&m->architecture, experts[i], "no tensor of an expert or a router");
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        set_absent(&m->architecture, others[i], "every tensor's role is known, and none has to do with it");
    }
}

/* --- Kind ------------------------------------------------------------------------------ */

/* Heads that are no language model's. */
static const char *const other_heads[] = {
    "score", "classifier", "v_head", "value_head", "reward_head", "cls"
};

static bool is_other_head(ari_span pattern)
{
    for (size_t i = 0; i < sizeof(other_heads) / sizeof(other_heads[0]); i++) {
        ari_span word = span_of(other_heads[i]);
        bool starts = span_eq(span_first(pattern, word.size), word);
        if (starts && (pattern.size == word.size || pattern.data[word.size] == '.')) return true;
    }
    return false;
}

/* What stands outside of all stacks: a foreign head, and tensors nobody knows. */
static void look_at_top(const ari_model *m, bool *head, bool *strange)
{
    for (size_t i = 0; i < m->layout.template_count; i++) {
        const ari_template *t = &m->layout.templates[i];
        if (t->stack != 0 || t->role != ARI_ROLE_NONE) continue;
        bool other = is_other_head(t->pattern);
        *head = *head || other;
        *strange = *strange || !other;
    }
}

/* Saved without its head, a model loses the "model." before its names. */
static bool is_headless(const ari_model *m, uint32_t stack)
{
    return span_is(m->layout.stacks[stack].prefix, "layers") &&
           tensors_find(m->layout.tensors, ARI_SPAN("embed_tokens.weight"));
}

static void derive_kind(ari_model *m, uint32_t stack, const stack_sum *sums, const ari_dimensions *d)
{
    bool head = false, strange = false, output = d->weights[ARI_ROLE_OUTPUT] > 0,
         embedding = d->weights[ARI_ROLE_EMBED] > 0;
    look_at_top(m, &head, &strange);
    bool whole = !m->checkpoint->incomplete, headless = head || is_headless(m, stack) || !embedding;
    if (output && embedding) {
        set_bool(&m->architecture, ARI_FIELD_TIE_WORD_EMBEDDINGS, false, ARI_SHAPE,
                 "a separate output matrix is stored");
    } else if (whole && !headless && !strange) {
        set_bool(&m->architecture, ARI_FIELD_TIE_WORD_EMBEDDINGS, true, ARI_SHAPE,
                 "no output matrix is stored");
    }
    for (uint32_t i = 1; i < m->layout.stack_count; i++)
        strange = strange || (i != stack && sums[i].parameters > 0);
    bool experts = d->weights[ARI_ROLE_EXPERT] + d->weights[ARI_ROLE_ROUTER] > 0;
    strange = strange || sums[stack].strange > 0;
    if (!strange && !experts) derive_absent(m);
    if (strange || !whole) return;
    m->kind = head                  ? "classifier"
              : headless && !output ? "embedding"
              : experts             ? "moe-causal-lm"
                                    : "causal-lm";
}

static bool derive_decoder(ari_model *m, uint32_t stack, const stack_sum *sums)
{
    ari_dimensions d;
    ari_arena *arena = &m->checkpoint->arena;
    if (!dimensions_solve(&m->layout, stack, arena, &d)) return false;
    set_size(m, ARI_FIELD_HIDDEN_SIZE, &d.of[ARI_DIM_HIDDEN]);
    set_size(m, ARI_FIELD_INTERMEDIATE_SIZE, &d.of[ARI_DIM_INTERMEDIATE]);
    set_size(m, ARI_FIELD_VOCAB_SIZE, &d.of[d.of[ARI_DIM_VOCAB].value > 0 ? ARI_DIM_VOCAB : ARI_DIM_OUTPUTS]);
    derive_layers(m, stack);
    heads_infer(&m->architecture, arena, &d);
    derive_norm(m, &d);
    derive_biases(m, &d);
    derive_activation(m, &d);
    derive_kind(m, stack, sums, &d);
    m->components = arena_alloc(arena, sizeof(m->components[0]));
    if (m->components == NULL) return false;
    m->components[m->component_count++] = (ari_component){
        .role = "text_decoder",
        .prefix = arena_escape(arena, m->layout.stacks[stack].prefix, ESCAPE_ALL),
        .parameters = sums[stack].parameters,
        .architecture = m->architecture,
    };
    return true;
}

bool derive(ari_model *m)
{
    architecture_clear(&m->architecture);
    m->kind = "unknown";
    m->dtype_count = ARI_DT_COUNT + m->layout.tensors->unknown_count;
    m->dtypes = arena_alloc(&m->checkpoint->arena, m->dtype_count * sizeof(m->dtypes[0]));
    stack_sum *sums = m->dtypes == NULL ? NULL : sum_stacks(m);
    if (sums == NULL) return false;
    uint32_t stack = main_stack(m, sums);
    bool ok = stack == NO_STACK || derive_decoder(m, stack, sums);
    free(sums);
    return ok;
}
