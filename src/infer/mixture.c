#include "infer/mixture.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *evidence(const ari_derivation *d, ari_unknown u)
{
    return size_evidence(d->layout, d->sizes, u, d->arena);
}

/* --- Feed-forward ------------------------------------------------------------------------------- */

/* One MLP, dense or an expert: which sizes speak of it, in the order of trust. */
typedef struct mlp {
    ari_unknown down, gate, up, gate_up;
} mlp;

/* The width between the two halves. What leads back to the model is never fused;
 * without it, gate and up by themselves are not, and a fused pair is halved. */
static uint64_t inner_width(const ari_derivation *d, const mlp *m, ari_unknown *by)
{
    const ari_unknown plain[] = { m->down, m->gate, m->up };
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        *by = plain[i];
        if (size_of(d, plain[i]) > 0) return size_of(d, plain[i]);
    }
    *by = m->gate_up;
    return size_of(d, m->gate_up) / 2;
}

static void set_dense(const ari_derivation *d)
{
    static const mlp dense = { ARI_DIM_DOWN, ARI_DIM_GATE, ARI_DIM_UP, ARI_DIM_GATE_UP };
    ari_unknown by;
    uint64_t width = inner_width(d, &dense, &by);
    bool fused = by == ARI_DIM_UP && width % 2 == 0 && !d->partial;
    if (width > 0 && fused) {
        const uint64_t choices[] = { width, width / 2 };
        set_candidates(d->out, d->arena, ARI_FIELD_INTERMEDIATE_SIZE, choices, 2,
                       "a matrix that may hold a gate too, and none that leads back");
    } else if (width > 0 && d->sizes->several && size_of(d, ARI_DIM_EXPERTS) == 0) {
        d->out->fields[ARI_FIELD_INTERMEDIATE_SIZE].evidence = "several MLPs a layer, which may be experts";
    } else if (width > 0) {
        set_size(d, ARI_FIELD_INTERMEDIATE_SIZE, width, by);
    } else if (d->sizes->layers > 0 && !d->partial && !d->strange) {
        set_absent(d->out, ARI_FIELD_INTERMEDIATE_SIZE, "no layer has a dense MLP");
    }
}

static void set_no_experts(const ari_derivation *d)
{
    static const ari_field fields[] = {
        ARI_FIELD_NUM_EXPERTS,
        ARI_FIELD_NUM_SHARED_EXPERTS,
        ARI_FIELD_NUM_EXPERTS_PER_TOK,
        ARI_FIELD_MOE_INTERMEDIATE_SIZE,
        ARI_FIELD_SHARED_EXPERT_INTERMEDIATE_SIZE,
        ARI_FIELD_FIRST_K_DENSE_REPLACE,
    };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        set_absent(d->out, fields[i], "no tensor of an expert or a router");
}

static bool is_single(const ari_derivation *d)
{
    const ari_template *t = &d->layout->templates[d->sizes->of[ARI_DIM_SHARED_DOWN].from];
    return (t->context & ARI_IN_SINGLE) != 0 || d->sizes->weights[ARI_ROLE_SHARED_GATE] > 0;
}

/* Shared experts are stored as one, as wide as all of them; a module named in the singular is one. */
static void set_shared(const ari_derivation *d, uint64_t expert_width)
{
    uint64_t width = size_of(d, ARI_DIM_SHARED_DOWN), count = size_of(d, ARI_DIM_SHARED_EXPERTS);
    if (width == 0) width = size_of(d, ARI_DIM_SHARED_UP);
    if (width == 0 && (d->partial || d->strange)) return;
    if (width == 0) {
        set_absent(d->out, ARI_FIELD_NUM_SHARED_EXPERTS, "no tensor of a shared expert");
        set_absent(d->out, ARI_FIELD_SHARED_EXPERT_INTERMEDIATE_SIZE, "no tensor of a shared expert");
        return;
    }
    ari_unknown by = size_of(d, ARI_DIM_SHARED_DOWN) > 0 ? ARI_DIM_SHARED_DOWN : ARI_DIM_SHARED_UP;
    bool divides = expert_width > 0 && width % expert_width == 0 && width > expert_width;
    bool gated = d->sizes->expert_weights[ARI_ROLE_GATE] + d->sizes->expert_weights[ARI_ROLE_GATE_UP] > 0;
    if (count <= 1 && divides && !is_single(d) && !gated) {
        /* Nemotron's one shared expert is twice as wide as the others. */
        const uint64_t choices[] = { 1, width / expert_width };
        set_candidates(d->out, d->arena, ARI_FIELD_NUM_SHARED_EXPERTS, choices, 2, evidence(d, by));
    } else {
        if (count <= 1) count = is_single(d) || !divides ? 1 : width / expert_width;
        set_size(d, ARI_FIELD_NUM_SHARED_EXPERTS, count, by);
    }
    set_size(d, ARI_FIELD_SHARED_EXPERT_INTERMEDIATE_SIZE, width, by);
}

static void set_leading_dense(const ari_derivation *d)
{
    const ari_sizes *s = d->sizes;
    uint32_t n = 0;
    while (n < s->number_count && s->has[n] != 0 && (s->has[n] & ARI_HAS_EXPERTS) == 0) n++;
    if (s->whole)
        set_integer(d->out, d->arena, ARI_FIELD_FIRST_K_DENSE_REPLACE, n, ARI_SHAPE,
                    "layers before the first with experts");
}

static void set_experts(const ari_derivation *d)
{
    static const mlp expert = { ARI_DIM_EXPERT_DOWN, ARI_DIM_EXPERT_GATE, ARI_DIM_EXPERT_UP,
                                ARI_DIM_EXPERT_GATE_UP };
    ari_unknown by, count_by = ARI_DIM_EXPERTS;
    uint64_t width = inner_width(d, &expert, &by), count = size_of(d, ARI_DIM_EXPERTS);
    if (count == 0) {
        /* DBRX stores all experts of a layer end to end in one matrix. */
        count = size_of(d, ARI_DIM_ROUTED);
        count_by = ARI_DIM_ROUTED;
        width = count > 0 && width % count == 0 ? width / count : 0;
    }
    set_size(d, ARI_FIELD_NUM_EXPERTS, count, count_by);
    set_size(d, ARI_FIELD_MOE_INTERMEDIATE_SIZE, width, by);
    set_shared(d, width);
    set_leading_dense(d);
}

void feed_forward_derive(const ari_derivation *d)
{
    uint32_t all = d->sizes->all;
    set_dense(d);
    if ((all & ARI_HAS_EXPERTS) != 0) {
        set_experts(d);
    } else if (!d->partial && !d->strange && size_of(d, ARI_DIM_ROUTED) == 0) {
        set_no_experts(d);
    }
}

/* --- Recurrence ----------------------------------------------------------------------------------- */

/* Mamba-2 convolves x, B and C together: what is left beside x is 2 x groups x state. */
static void set_state(const ari_derivation *d)
{
    static const uint64_t likely[] = { 128, 64, 256, 16, 32, 96, 192, 512 };
    uint64_t direct = size_of(d, ARI_DIM_SSM_STATE), inner = size_of(d, ARI_DIM_SSM_INNER),
             all = size_of(d, ARI_DIM_CONV_CHANNELS);
    if (direct > 1) {
        set_size(d, ARI_FIELD_SSM_STATE_SIZE, direct, ARI_DIM_SSM_STATE);
        return;
    }
    if (inner == 0 || all <= inner || (all - inner) % 2 != 0) return;
    uint64_t product = (all - inner) / 2, values[sizeof(likely) / sizeof(likely[0])];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(likely) / sizeof(likely[0]); i++) {
        if (product % likely[i] == 0) values[n++] = likely[i];
    }
    set_candidates(d->out, d->arena, ARI_FIELD_SSM_STATE_SIZE, values, n,
                   arena_printf(d->arena, "groups x state is %" PRIu64 "; no tensor divides it", product));
}

/* Key heads and their size are known as a product only; value heads exactly. */
static void set_key_heads(const ari_derivation *d, uint64_t keys, uint64_t value_heads, uint64_t value_size)
{
    uint64_t sizes[8] = { 0 }, heads[8] = { 0 };
    size_t n = 0;
    const uint64_t likely[] = { value_size, 128, 64, 256, 32, 96, 192 };
    for (size_t i = 0; i < sizeof(likely) / sizeof(likely[0]); i++) {
        bool again = false;
        for (size_t k = 0; k < n; k++) again = again || sizes[k] == likely[i];
        if (again || likely[i] == 0 || keys % likely[i] != 0 || value_heads % (keys / likely[i]) != 0)
            continue;
        sizes[n] = likely[i];
        heads[n++] = keys / likely[i];
    }
    const char *why =
        arena_printf(d->arena, "linear keys are %" PRIu64 " wide; no tensor divides them into heads", keys);
    set_candidates(d->out, d->arena, ARI_FIELD_LINEAR_NUM_KEY_HEADS, heads, n, why);
    set_candidates(d->out, d->arena, ARI_FIELD_LINEAR_KEY_HEAD_DIM, sizes, n, why);
}

static void set_linear(const ari_derivation *d)
{
    uint64_t values = size_of(d, ARI_DIM_SSM_INNER), heads = size_of(d, ARI_DIM_SSM_HEADS),
             all = size_of(d, ARI_DIM_CONV_CHANNELS);
    if (all == 0) all = size_of(d, ARI_DIM_DELTA_QKV);
    if (heads == 0) heads = size_of(d, ARI_DIM_DELTA_BA) / 2;
    if (heads == 0 || values == 0 || values % heads != 0) return;
    set_size(d, ARI_FIELD_LINEAR_NUM_VALUE_HEADS, heads,
             size_of(d, ARI_DIM_SSM_HEADS) > 0 ? ARI_DIM_SSM_HEADS : ARI_DIM_DELTA_BA);
    set_size(d, ARI_FIELD_LINEAR_VALUE_HEAD_DIM, values / heads, ARI_DIM_SSM_INNER);
    if (all > values && (all - values) % 2 == 0) set_key_heads(d, (all - values) / 2, heads, values / heads);
}

static const char *layer_word(uint32_t bits)
{
    static const struct {
        uint32_t bits;
        const char *word;
    } words[] = {
        { ARI_HAS_SSM | ARI_HAS_ATTENTION, "mamba+attention" },
        { ARI_HAS_DELTA, "linear_attention" },
        { ARI_HAS_SSM, "mamba" },
        { ARI_HAS_TIME, "rwkv" },
        { ARI_HAS_LRU, "recurrent" },
        { ARI_HAS_CONV, "conv" },
        { ARI_HAS_ATTENTION, "full_attention" },
        { ARI_HAS_CROSS, "cross_attention" },
        { ARI_HAS_EXPERTS, "moe" },
        { ARI_HAS_FEED_FORWARD, "mlp" },
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if ((bits & words[i].bits) == words[i].bits) return words[i].word;
    }
    return "?";
}

static void set_layer_types(const ari_derivation *d)
{
    const ari_sizes *s = d->sizes;
    bool alike = true;
    if (!s->whole || s->layers == 0 || s->layers > s->number_count) return;
    const char **words = calloc(s->layers, sizeof(words[0]));
    for (uint32_t i = 0; words != NULL && i < s->layers; i++) {
        words[i] = layer_word(s->has[i]);
        alike = alike && words[i] == words[0];
    }
    /* Alike as far as shapes tell: sliding windows do not show. */
    const char *value = words == NULL || alike ? NULL : layer_period(d->arena, words, s->layers);
    free(words);
    if (value != NULL)
        d->out->fields[ARI_FIELD_LAYER_TYPES] =
            (ari_inferred){ .value = value, .basis = ARI_SHAPE, .evidence = "what each layer holds" };
}

void recurrence_derive(const ari_derivation *d)
{
    uint32_t all = d->sizes->all;
    if ((all & (ARI_HAS_SSM | ARI_HAS_DELTA | ARI_HAS_CONV)) != 0)
        set_size(d, ARI_FIELD_CONV_KERNEL, size_of(d, ARI_DIM_CONV_KERNEL), ARI_DIM_CONV_KERNEL);
    if ((all & ARI_HAS_SSM) != 0) set_state(d);
    if ((all & ARI_HAS_DELTA) != 0) set_linear(d);
    set_layer_types(d);
}
