#include "infer/attention.h"

#include <inttypes.h>
#include <stdlib.h>

enum {
    GATED_HEAD_MIN = 32,
    HEAD_MIN = 8,
    HEAD_MAX = 576,
    NARROW = 2048,
    CANDIDATES = (HEAD_MAX - HEAD_MIN) / 2 + 1
};

static const ari_field triple[] = { ARI_FIELD_NUM_ATTENTION_HEADS, ARI_FIELD_NUM_KEY_VALUE_HEADS,
                                    ARI_FIELD_HEAD_DIM };

typedef enum form { SEPARATE, FUSED, TOWER } form;

static const struct head_row {
    form form;
    uint64_t hidden, layers, width, queries, keys;
    uint32_t head_dim, models;
} known[] = {
#define HEAD(...) { __VA_ARGS__ },
#include "infer/head.def"
};

/* What attention is made of, whatever it is stored as. */
typedef struct widths {
    uint64_t queries, keys; /* Of all heads together. */
    const char *evidence;
} widths;

/* --- Widths ---------------------------------------------------------------------------------- */

/* A fused matrix has the queries' rows, which the output projection takes in, and
 * as many again for keys and for values. */
static bool fused_widths(const ari_derivation *d, widths *w)
{
    uint64_t all = size_of(d, ARI_DIM_QKV), out = size_of(d, ARI_DIM_OUT_INPUTS);
    if (all == 0) return false;
    /* A block that calls itself a mixer calls its output projection as state spaces do. */
    if (out == 0 && size_of(d, ARI_DIM_SSM_HEADS) == 0) out = size_of(d, ARI_DIM_SSM_INNER);
    if (out == 0 || all <= out || (all - out) % 2 != 0) return false;
    w->queries = out;
    w->keys = (all - out) / 2;
    return true;
}

/* A doubled query carries a gate; a value head may be narrower than a key head. */
static bool separate_widths(const ari_derivation *d, widths *w)
{
    uint64_t q = size_of(d, ARI_DIM_QUERIES), k = size_of(d, ARI_DIM_KEYS), v = size_of(d, ARI_DIM_VALUES),
             o = size_of(d, ARI_DIM_OUT_INPUTS), kv = size_of(d, ARI_DIM_KV);
    uint64_t heads = size_of(d, ARI_DIM_HEADS);
    if (q == 0) q = size_of(d, ARI_DIM_QUERY_UP);
    /* Keys and values side by side, or one vector that is both. */
    bool one = heads > 0 && q == heads * kv;
    if (k == 0 && kv > 0) k = one ? kv : kv % 2 == 0 ? kv / 2 : 0;
    if (k == 0) k = v;
    if (q == 0) q = o;
    if (q == 0 || k == 0) return false;
    /* Queries may carry gates; what the output projection takes in is never more than
     * all heads, and as much where values are as wide as keys. */
    bool carries = o > 0 && o < q && (v == 0 || k == v);
    w->queries = carries ? o : q;
    w->keys = k;
    return true;
}

static bool find_widths(const ari_derivation *d, widths *w)
{
    bool separate = separate_widths(d, w);
    if (!separate && !fused_widths(d, w)) return false;
    ari_unknown u = !separate                          ? ARI_DIM_QKV
                    : size_of(d, ARI_DIM_QUERIES) > 0  ? ARI_DIM_QUERIES
                    : size_of(d, ARI_DIM_QUERY_UP) > 0 ? ARI_DIM_QUERY_UP
                                                       : ARI_DIM_KEYS;
    w->evidence = arena_printf(d->arena, "queries are %" PRIu64 " wide, keys %" PRIu64 " (%s)", w->queries,
                               w->keys, size_evidence(d->layout, d->sizes, u, d->arena));
    return w->keys <= w->queries;
}

/* --- What decides ---------------------------------------------------------------------------- */

static void decide(const ari_derivation *d, const widths *w, uint64_t head_dim, ari_basis basis,
                   const char *evidence)
{
    const char *divided = arena_printf(d->arena, "%s, divided by head_dim", w->evidence);
    set_integer(d->out, d->arena, ARI_FIELD_HEAD_DIM, head_dim, basis, evidence);
    set_integer(d->out, d->arena, ARI_FIELD_NUM_ATTENTION_HEADS, w->queries / head_dim, basis, divided);
    set_integer(d->out, d->arena, ARI_FIELD_NUM_KEY_VALUE_HEADS, w->keys / head_dim, basis, divided);
}

static bool divides(const widths *w, uint64_t head_dim)
{
    return head_dim > 0 && w->queries % head_dim == 0 && w->keys % head_dim == 0;
}

/* The size that one tensor fixes, or 0. A norm over all heads at once is as long
 * as the projection and fixes nothing. */
static uint64_t fixed_head_dim(const ari_derivation *d, const widths *w, ari_unknown *by)
{
    uint64_t heads = size_of(d, ARI_DIM_HEADS), q = size_of(d, ARI_DIM_QUERY_NORM),
             k = size_of(d, ARI_DIM_KEY_NORM);
    *by = ARI_DIM_HEADS;
    if (heads > 0 && w->queries % heads == 0 && divides(w, w->queries / heads)) return w->queries / heads;
    bool one_head =
        q > 0 && (k == 0 || q == k) && !(q == w->queries && w->keys == w->queries) && q < w->queries;
    *by = ARI_DIM_QUERY_NORM;
    if (q == 0 && k > 0 && k < w->keys) {
        *by = ARI_DIM_KEY_NORM;
        q = k;
        one_head = true;
    }
    return one_head && divides(w, q) ? q : 0;
}

/* A rotary table has half of what is rotated: the whole head where the block is
 * Llama's (RMS norms, a gated MLP, separate projections), a part of it elsewhere. */
static uint64_t rotary_head_dim(const ari_derivation *d, const widths *w)
{
    const ari_sizes *s = d->sizes;
    uint64_t rotated = 2 * size_of(d, ARI_DIM_FREQUENCIES);
    bool gated =
        s->weights[ARI_ROLE_GATE] + s->weights[ARI_ROLE_GATE_UP] + s->expert_weights[ARI_ROLE_GATE] > 0;
    bool llama = gated && s->biases[ARI_ROLE_NORM] == 0 && size_of(d, ARI_DIM_QUERIES) > 0;
    return llama && divides(w, rotated) ? rotated : 0;
}

/* --- Candidates -------------------------------------------------------------------------------- */

/* Head sizes by how common they are; narrow models mostly have 64. */
static uint64_t default_rank(const ari_derivation *d, uint64_t head_dim)
{
    static const uint16_t wide[] = { 128, 64, 256, 96, 80, 112, 192, 160, 120, 72, 32, 48, 100 };
    static const uint16_t narrow[] = { 64, 128, 32, 96, 256, 80, 72, 48, 16, 112, 120, 192 };
    uint64_t hidden = d->sizes->hidden;
    /* Mixtures with shared experts have heads of 128 however narrow they are. */
    bool shared = size_of(d, ARI_DIM_SHARED_DOWN) > 0;
    bool is_narrow = (hidden < NARROW && !shared) || !d->text;
    const uint16_t *order = is_narrow ? narrow : wide;
    size_t count = is_narrow ? sizeof(narrow) / sizeof(narrow[0]) : sizeof(wide) / sizeof(wide[0]);
    for (size_t i = 0; i < count; i++) {
        if (order[i] == head_dim) return i + 1;
    }
    uint64_t away = head_dim > 128 ? head_dim - 128 : 128 - head_dim;
    return count + 1 + away + ((head_dim & (head_dim - 1)) == 0 ? 0 : 1000);
}

typedef struct candidate {
    uint64_t head_dim;
    uint64_t score[5]; /* Larger first, in this order. */
} candidate;

static uint64_t mlp_width(const ari_derivation *d)
{
    static const ari_unknown widths_by_trust[] = { ARI_DIM_DOWN, ARI_DIM_EXPERT_DOWN, ARI_DIM_GATE,
                                                   ARI_DIM_UP };
    size_t i = 0;
    while (i < 3 && size_of(d, widths_by_trust[i]) == 0) i++;
    return size_of(d, widths_by_trust[i]);
}

static form form_of(const ari_derivation *d)
{
    if (!d->text && size_of(d, ARI_DIM_PATCH) + size_of(d, ARI_DIM_PATCH_INPUTS) > 0) return TOWER;
    return size_of(d, ARI_DIM_QKV) > 0 ? FUSED : SEPARATE;
}

/* How many known models agree: in everything; in all but the depth; in the widths
 * of attention, if none of those divides them otherwise. */
static void score(const ari_derivation *d, const widths *w, candidate *c)
{
    uint64_t width = mlp_width(d), others = 0, alike = 0;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const struct head_row *k = &known[i];
        if (k->hidden != d->sizes->hidden || k->queries != w->queries || k->keys != w->keys ||
            k->form != form_of(d))
            continue;
        if (k->head_dim != c->head_dim) {
            others++;
            continue;
        }
        if (k->width == width && k->layers == d->sizes->layers) c->score[0] += k->models;
        if (k->width == width) c->score[1] += k->models;
        alike += k->models;
    }
    c->score[2] = others == 0 && alike > 1 ? alike : 0;
    c->score[3] = 2 * size_of(d, ARI_DIM_FREQUENCIES) == c->head_dim ? 1 : 0;
    c->score[4] = UINT64_MAX / 2 - default_rank(d, c->head_dim);
}

static int by_score(const void *a, const void *b)
{
    const candidate *x = a, *y = b;
    for (size_t i = 0; i < sizeof(x->score) / sizeof(x->score[0]); i++) {
        if (x->score[i] != y->score[i]) return x->score[i] > y->score[i] ? -1 : 1;
    }
    return x->head_dim < y->head_dim ? -1 : x->head_dim > y->head_dim;
}

static size_t find_candidates(const ari_derivation *d, const widths *w, candidate *out)
{
    size_t n = 0;
    for (uint64_t h = HEAD_MIN; h <= HEAD_MAX; h += 2) {
        if (!divides(w, h)) continue;
        out[n] = (candidate){ .head_dim = h };
        score(d, w, &out[n++]);
    }
    qsort(out, n, sizeof(out[0]), by_score);
    return n;
}

/* Returns the likeliest head_dim, 0 if none divides. */
static uint64_t list_candidates(const ari_derivation *d, const widths *w)
{
    candidate c[CANDIDATES];
    size_t n = find_candidates(d, w, c);
    if (n == 0) return 0;
    const char *evidence = arena_printf(d->arena, "%s; no tensor fixes the size of a head", w->evidence);
    uint64_t values[3][CANDIDATES];
    for (size_t i = 0; i < n; i++) {
        values[0][i] = w->queries / c[i].head_dim;
        values[1][i] = w->keys / c[i].head_dim;
        values[2][i] = c[i].head_dim;
    }
    for (size_t f = 0; f < 3; f++) set_candidates(d->out, d->arena, triple[f], values[f], n, evidence);
    return c[0].head_dim;
}

/* --- Kinds of attention --------------------------------------------------------------------------- */

static void set_type(const ari_derivation *d, const widths *w, uint64_t head_dim, bool decided)
{
    /* Where some matrix is unknown it may be another kind of attention. */
    ari_basis basis = d->strange ? ARI_CONVENTION : ARI_SHAPE;
    if (w->queries == w->keys) {
        set_text(d->out, d->arena, ARI_FIELD_ATTENTION_TYPE, "mha", basis, w->evidence);
    } else if (decided || w->keys > HEAD_MAX || w->keys % 2 != 0) {
        bool one = head_dim == w->keys;
        set_text(d->out, d->arena, ARI_FIELD_ATTENTION_TYPE, one ? "mqa" : "gqa", basis, w->evidence);
    } else {
        static const char *grouped[] = { "\"gqa\"", "\"mqa\"" }, *one[] = { "\"mqa\"", "\"gqa\"" };
        const char **both = head_dim == w->keys ? one : grouped;
        d->out->fields[ARI_FIELD_ATTENTION_TYPE] =
            (ari_inferred){ both[0], ARI_AMBIGUOUS, w->evidence, both, 2, false, 0 };
    }
}

static void latent_attention(const ari_derivation *d)
{
    uint64_t rank = size_of(d, ARI_DIM_KV_RANK), down = size_of(d, ARI_DIM_KV_DOWN),
             q_rank = size_of(d, ARI_DIM_QUERY_RANK);
    if (rank == 0) rank = size_of(d, ARI_DIM_KV_RANK_IN);
    if (q_rank == 0) q_rank = size_of(d, ARI_DIM_QUERY_RANK_NORM);
    uint64_t fused = size_of(d, ARI_DIM_QKV_DOWN);
    if (down == 0 && fused > q_rank) down = fused - q_rank;
    uint64_t queries = size_of(d, ARI_DIM_QUERY_UP), up = size_of(d, ARI_DIM_KV_UP),
             out = size_of(d, ARI_DIM_OUT_INPUTS);
    if (queries == 0) queries = size_of(d, ARI_DIM_QUERIES);
    uint64_t rope = rank > 0 && down > rank ? down - rank : 0, heads = size_of(d, ARI_DIM_HEADS);
    uint64_t nope = size_of(d, ARI_DIM_KEY_UP), value = size_of(d, ARI_DIM_VALUE_UP);
    if (heads == 0 && rope > 0 && up > 0 && out > 0 && queries + out > up && (queries + out - up) % rope == 0)
        heads = (queries + out - up) / rope;
    if (heads > 0 && value == 0 && out % heads == 0) value = out / heads;
    if (heads > 0 && nope == 0 && queries % heads == 0 && queries / heads > rope)
        nope = queries / heads - rope;
    set_size(d, ARI_FIELD_KV_LORA_RANK, rank,
             size_of(d, ARI_DIM_KV_RANK) > 0 ? ARI_DIM_KV_RANK : ARI_DIM_KV_RANK_IN);
    if (q_rank > 0) {
        set_size(d, ARI_FIELD_Q_LORA_RANK, q_rank,
                 size_of(d, ARI_DIM_QUERY_RANK) > 0 ? ARI_DIM_QUERY_RANK : ARI_DIM_QUERY_RANK_NORM);
    } else if (size_of(d, ARI_DIM_QUERIES) > 0) {
        set_absent(d->out, ARI_FIELD_Q_LORA_RANK, "queries are projected directly");
    }
    set_size(d, ARI_FIELD_QK_ROPE_HEAD_DIM, rope, ARI_DIM_KV_DOWN);
    ari_unknown by = size_of(d, ARI_DIM_KEY_UP) > 0     ? ARI_DIM_KEY_UP
                     : size_of(d, ARI_DIM_QUERY_UP) > 0 ? ARI_DIM_QUERY_UP
                                                        : ARI_DIM_QUERIES;
    set_size(d, ARI_FIELD_QK_NOPE_HEAD_DIM, nope, by);
    set_size(d, ARI_FIELD_V_HEAD_DIM, value,
             size_of(d, ARI_DIM_VALUE_UP) > 0 ? ARI_DIM_VALUE_UP : ARI_DIM_OUT_INPUTS);
    if (heads > 0) {
        set_integer(
            d->out, d->arena, ARI_FIELD_NUM_ATTENTION_HEADS, heads, ARI_SHAPE,
            "(rows of q_b - rows of kv_b + columns of o) / qk_rope_head_dim, or the first size of k_b");
    }
    set_absent(d->out, ARI_FIELD_NUM_KEY_VALUE_HEADS, "latent attention has no key/value heads of its own");
    set_absent(d->out, ARI_FIELD_HEAD_DIM, "latent attention has several sizes of head");
    set_text(d->out, d->arena, ARI_FIELD_ATTENTION_TYPE, "mla", ARI_SHAPE,
             "keys and values come from a latent vector");
}

/* Value heads may be of another size than key heads; mostly they are not. */
static void set_value_size(const ari_derivation *d, const widths *w, uint64_t head_dim)
{
    uint64_t values = size_of(d, ARI_DIM_VALUES), kv_heads = head_dim == 0 ? 0 : w->keys / head_dim;
    if (values == 0 || values == w->keys || kv_heads == 0 || values % kv_heads != 0) return;
    set_size(d, ARI_FIELD_V_HEAD_DIM, values / kv_heads, ARI_DIM_VALUES);
}

static void plain_attention(const ari_derivation *d)
{
    static const ari_unknown single[] = { ARI_DIM_QUERIES, ARI_DIM_KEYS, ARI_DIM_VALUES, ARI_DIM_OUT_INPUTS,
                                          ARI_DIM_QKV };
    widths w = { 0 };
    ari_unknown by = ARI_DIM_HEADS;
    /* Two tensors of one role and different sizes in a layer: their roles are not what they seem. */
    for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
        if (d->sizes->of[single[i]].clash) return;
    }
    set_size(d, ARI_FIELD_Q_LORA_RANK, size_of(d, ARI_DIM_QUERY_RANK), ARI_DIM_QUERY_RANK);
    if (!find_widths(d, &w)) return;
    uint64_t head_dim = fixed_head_dim(d, &w, &by), rotary = rotary_head_dim(d, &w);
    bool decided = head_dim > 0 || rotary > 0;
    if (head_dim > 0) {
        decide(d, &w, head_dim, ARI_SHAPE, size_evidence(d->layout, d->sizes, by, d->arena));
    } else if (rotary > 0) {
        head_dim = rotary;
        const char *evidence =
            arena_printf(d->arena, "twice the %s; such blocks rotate whole heads",
                         size_evidence(d->layout, d->sizes, ARI_DIM_FREQUENCIES, d->arena));
        decide(d, &w, head_dim, ARI_CONVENTION, evidence);
    } else {
        head_dim = list_candidates(d, &w);
    }
    set_type(d, &w, head_dim, decided);
    set_value_size(d, &w, decided ? head_dim : 0);
}

/* Layers of several kinds make a hybrid; linear layers alone are linear attention. */
static void set_mixture(const ari_derivation *d)
{
    uint32_t all = d->sizes->all;
    bool softmax = (all & ARI_HAS_ATTENTION) != 0;
    bool linear = (all & (ARI_HAS_DELTA | ARI_HAS_TIME)) != 0;
    bool other = linear || (all & (ARI_HAS_SSM | ARI_HAS_LRU | ARI_HAS_CONV)) != 0;
    if (softmax && other) {
        set_text(d->out, d->arena, ARI_FIELD_ATTENTION_TYPE, "hybrid", ARI_SHAPE,
                 "layers of attention and layers of another kind");
    } else if (linear) {
        set_text(d->out, d->arena, ARI_FIELD_ATTENTION_TYPE, "linear", ARI_SHAPE,
                 "all layers run linear attention");
    } else if (!softmax && other) {
        set_text(d->out, d->arena, ARI_FIELD_ATTENTION_TYPE, "none", ARI_SHAPE, "no layer attends");
        for (size_t f = 0; f < 3; f++) set_absent(d->out, triple[f], "no layer attends");
    }
}

/* Is there a vector in attention of which nobody knows what it does? */
static bool has_strange_vector(const ari_derivation *d)
{
    for (size_t i = 0; i < d->layout->template_count; i++) {
        const ari_template *t = &d->layout->templates[i];
        bool vector = !t->companion && place_tensor(d->layout, &d->layout->places[t->first])->rank == 1;
        if (vector && !t->outside && t->role == ARI_ROLE_NONE && (t->context & ARI_IN_ATTENTION) != 0)
            return true;
    }
    return false;
}

static void set_qk_norm(const ari_derivation *d)
{
    bool norms = d->sizes->weights[ARI_ROLE_Q_NORM] + d->sizes->weights[ARI_ROLE_K_NORM] > 0;
    if (norms) {
        set_bool(d->out, ARI_FIELD_QK_NORM, true, ARI_SHAPE, "query and key norms are stored");
    } else if (!d->partial && !has_strange_vector(d)) {
        /* Some norms have no weights. */
        set_bool(d->out, ARI_FIELD_QK_NORM, false, ARI_CONVENTION, "no query or key norm is stored");
    }
}

void attention_derive(const ari_derivation *d)
{
    uint32_t all = d->sizes->all;
    if ((all & ARI_HAS_LATENT) != 0) {
        latent_attention(d);
    } else if ((all & ARI_HAS_ATTENTION) != 0) {
        plain_attention(d);
    }
    if ((all & ARI_HAS_ATTENTION) != 0) set_qk_norm(d);
    set_mixture(d);
}

void attention_take(ari_architecture *a, ari_arena *arena, const uint64_t *numbers, const char *evidence)
{
    const char *words = arena_printf(arena, "%s; it divides the widths evenly", evidence);
    for (size_t f = 0; f < 3; f++) set_integer(a, arena, triple[f], numbers[f], ARI_STATED, words);
}
