#include "infer/sizes.h"

#include "base/arith.h"
#include "base/text.h"
#include "infer/pack.h"
#include "infer/settle.h"

#include <inttypes.h>
#include <stdlib.h>

/* Deeper numbers are no layers: the deepest models have hundreds. */
enum { NUMBERS_MAX = 8192, WIDTHS_KEPT = 256 };

typedef enum take { FIRST, LAST, MIDDLE, ACROSS, PER_ROW, COUNT, SQUARE } take;

static const struct size_row {
    ari_role role;
    uint32_t rank;
    take take;
    ari_unknown unknown;
} rows[] = {
#define SIZE(role, rank, take, unknown) { ARI_ROLE_##role, rank, take, ARI_DIM_##unknown },
#include "infer/size.def"
};

/* One stack under examination. values: one a layer number and unknown; the last
 * layer number stands for what is outside of the layers. */
typedef struct solving {
    const ari_layout *l;
    ari_sizes *out;
    uint32_t component, stack;
    uint64_t *values;
    uint64_t output_rows; /* Of the output matrix, 0 where there is none. */
    unsigned embedding;   /* Rank of the best embedding: the lesser are others. */
} solving;

static uint64_t *value_at(const solving *s, uint32_t number, ari_unknown u)
{
    return &s->values[(size_t)number * ARI_DIM_COUNT + u];
}

static bool belongs(const solving *s, const ari_template *t)
{
    return t->component == s->component && (t->stack == s->stack || t->stack == 0);
}

static uint32_t number_of(const solving *s, const ari_template *t, const ari_place *p)
{
    return !t->outside && p->layer < s->out->number_count ? p->layer : s->out->number_count;
}

/* --- What a layer is ------------------------------------------------------------------------- */

static uint32_t bits_of(const ari_template *t)
{
    bool expert = (t->context & (ARI_IN_EXPERT | ARI_IN_SHARED)) != 0;
    switch (role_group(t->role)) {
    case ARI_GROUP_ATTENTION: return ARI_HAS_ATTENTION;
    case ARI_GROUP_LATENT: return ARI_HAS_ATTENTION | ARI_HAS_LATENT;
    case ARI_GROUP_CROSS: return ARI_HAS_CROSS;
    case ARI_GROUP_FEED_FORWARD: return expert ? ARI_HAS_EXPERTS : ARI_HAS_FEED_FORWARD;
    case ARI_GROUP_SSM: return ARI_HAS_SSM;
    case ARI_GROUP_DELTA: return ARI_HAS_DELTA;
    case ARI_GROUP_TIME: return ARI_HAS_TIME;
    case ARI_GROUP_CONV: return ARI_HAS_CONV;
    case ARI_GROUP_LRU: return ARI_HAS_LRU;
    case ARI_GROUP_MTP: return ARI_HAS_MTP;
    default: return 0;
    }
}

/* In a layer of linear attention or RWKV, q, k and v are that attention's. GGUF
 * gives all state spaces one set of names: A decides between them. */
static uint32_t settle_bits(uint32_t bits)
{
    uint32_t linear = ARI_HAS_DELTA | ARI_HAS_TIME | ARI_HAS_LRU;
    if ((bits & linear) != 0 && (bits & ARI_HAS_LATENT) == 0) bits &= ~(uint32_t)ARI_HAS_ATTENTION;
    if ((bits & ARI_HAS_DELTA) != 0) bits &= ~(uint32_t)ARI_HAS_SSM;
    return bits;
}

static bool is_layer(uint32_t bits)
{
    return (bits & ~(uint32_t)ARI_HAS_OTHER) != 0 && (bits & ARI_HAS_MTP) == 0;
}

/* Every number holds something, and the layers among them follow one another. */
static bool is_whole(const ari_sizes *out)
{
    uint32_t runs = 0;
    for (uint32_t n = 0; n < out->number_count; n++) {
        if (out->has[n] == 0) return false;
        runs += is_layer(out->has[n]) && (n == 0 || !is_layer(out->has[n - 1]));
    }
    return runs == 1;
}

/* How many places of the template share the layer of the k-th: its experts, or layers within it. */
static uint64_t places_in_layer(const solving *s, const ari_template *t, size_t k)
{
    const ari_place *p = &s->l->places[t->first];
    size_t end = k;
    while (end < t->count && p[end].layer == p[k].layer) end++;
    return end - k;
}

/* Several layers under one number. */
static bool is_nested(const solving *s, const ari_template *t)
{
    if (!t->nested || t->outside || !is_core(t) || (t->context & (ARI_IN_EXPERT | ARI_IN_SHARED)) != 0)
        return false;
    for (size_t k = 0; k < t->count; k += places_in_layer(s, t, k)) {
        if (places_in_layer(s, t, k) > 1) return true;
    }
    return false;
}

static bool find_layers(solving *s, ari_arena *arena)
{
    ari_sizes *out = s->out;
    uint32_t last = s->l->stacks[s->stack].last;
    out->number_count = s->stack == 0 ? 0 : (last < NUMBERS_MAX ? last : NUMBERS_MAX - 1) + 1;
    out->has = arena_alloc(arena, (out->number_count + 1) * sizeof(out->has[0]));
    if (out->has == NULL) return false;
    for (size_t i = 0; i < s->l->template_count; i++) {
        const ari_template *t = &s->l->templates[i];
        if (!belongs(s, t) || t->stack == 0) continue;
        out->nested = out->nested || is_nested(s, t);
        uint32_t bits = t->outside ? ARI_HAS_OTHER : bits_of(t);
        for (size_t k = 0; k < t->count; k++) {
            uint32_t number = s->l->places[t->first + k].layer;
            if (number < out->number_count) out->has[number] |= bits;
        }
    }
    for (uint32_t n = 0; n < out->number_count; n++) {
        uint32_t bits = out->has[n] = settle_bits(out->has[n]);
        out->mtp_layers += (bits & ARI_HAS_MTP) != 0;
        out->layers += is_layer(bits);
        out->all |= bits;
    }
    out->whole = is_whole(out) && last < NUMBERS_MAX;
    return true;
}

/* Is the place in a layer whose sizes count? */
static bool counts(const solving *s, const ari_template *t, const ari_place *p)
{
    return t->outside || (s->out->has[number_of(s, t, p)] & ARI_HAS_MTP) == 0;
}

/* --- The width of the model --------------------------------------------------------------------- */

typedef struct widths {
    struct {
        uint64_t width, votes;
        uint32_t from;
    } of[WIDTHS_KEPT];
    size_t count;
} widths;

static void vote(widths *w, uint64_t width, uint64_t votes, uint32_t from)
{
    size_t i = 0;
    while (i < w->count && w->of[i].width != width) i++;
    if (i == WIDTHS_KEPT || width == 0) return;
    if (i == w->count) {
        w->of[w->count].width = width;
        w->of[w->count++].from = from;
    }
    w->of[i].votes += votes;
}

static bool is_matrix(const ari_template *t)
{
    ari_role_group g = role_group(t->role);
    return t->part != ARI_PART_BIAS && (g == ARI_GROUP_ATTENTION || g == ARI_GROUP_FEED_FORWARD ||
                                        g == ARI_GROUP_LATENT || g == ARI_GROUP_SSM || g == ARI_GROUP_DELTA);
}

/* Of which axis is the model's width, by the name: the input, but of what leads back. */
static uint32_t named_axis(uint32_t role)
{
    return role == ARI_ROLE_O || role == ARI_ROLE_DOWN || role == ARI_ROLE_SSM_OUT ? 0 : 1;
}

/* What shapes of a template vote for: norms, any side of a matrix, and that which its name means. */
typedef struct ballot {
    widths norms, sides, named;
} ballot;

static void cast(const solving *s, const ari_template *t, size_t k, uint64_t votes, ballot *b)
{
    uint32_t from = (uint32_t)(t - s->l->templates);
    ari_shape shape = logical_shape(s->l, t, k);
    if (t->role == ARI_ROLE_NORM && shape.rank == 1 && t->part != ARI_PART_BIAS) {
        vote(&b->norms, shape.sizes[0], votes, from);
    } else if (is_matrix(t) && shape.rank == 2) {
        vote(&b->sides, shape.sizes[0], votes, from);
        if (shape.sizes[1] != shape.sizes[0]) vote(&b->sides, shape.sizes[1], votes, from);
        vote(&b->named, shape.sizes[named_axis(t->role)], votes, from);
    }
}

static void collect(const solving *s, const ari_template *t, ballot *b)
{
    bool one_shape = t->alike && (t->logical == NULL || t->one_logical);
    uint64_t votes = 0;
    for (size_t k = 0; k < t->count; k++) {
        if (!counts(s, t, &s->l->places[t->first + k])) continue;
        if (!one_shape) cast(s, t, k, 1, b);
        votes++;
    }
    if (one_shape && votes > 0) cast(s, t, 0, votes, b);
}

static size_t winner(const widths *w, bool *tie)
{
    size_t best = 0;
    *tie = false;
    for (size_t i = 1; i < w->count; i++) {
        if (w->of[i].votes == w->of[best].votes) *tie = true;
        if (w->of[i].votes <= w->of[best].votes) continue;
        best = i;
        *tie = false;
    }
    return best;
}

/* The norms' length; without norms the width that meets most matrices, and where
 * two do, the one that the names mean. */
static bool find_hidden(solving *s, ari_arena *arena)
{
    ballot *all = calloc(1, sizeof(*all));
    bool tie;
    if (all == NULL) return false;
    for (size_t i = 0; i < s->l->template_count; i++) {
        const ari_template *t = &s->l->templates[i];
        if (belongs(s, t) && !t->outside) collect(s, t, all);
    }
    widths *w = all->norms.count > 0 ? &all->norms : &all->sides;
    size_t i = winner(w, &tie);
    if (tie && all->named.count > 0) {
        w = &all->named;
        i = winner(w, &tie);
    }
    /* A pyramid of stages has no one width. */
    if (s->out->nested && all->norms.count > 1) w->count = 0;
    if (w->count > 0) {
        s->out->hidden = w->of[i].width;
        const char *name = arena_escape(arena, s->l->templates[w->of[i].from].pattern, 200);
        s->out->hidden_evidence =
            w == &all->norms ? arena_printf(arena, "length of %s", name)
                             : arena_printf(arena, "the width that meets most matrices, such as %s", name);
    }
    bool ok = w->count == 0 || s->out->hidden_evidence != NULL;
    free(all);
    return ok;
}

/* --- Sizes ---------------------------------------------------------------------------------------- */

/* The side of a matrix that is not the model's width. A flattened matrix has only
 * its elements. */
static uint64_t across(ari_shape shape, uint32_t role, uint64_t hidden)
{
    if (shape.rank == 0) return hidden > 0 && shape.elements % hidden == 0 ? shape.elements / hidden : 0;
    const uint64_t *a = shape.sizes + (shape.rank - 2);
    if (a[0] == hidden && a[1] != hidden) return a[1];
    if (a[1] == hidden) return a[0];
    return a[1 - named_axis(role)];
}

/* The side of a kernel: the last two sizes are equal, or where channels come last the two before them. */
static uint64_t square_side(ari_shape shape)
{
    const uint64_t *last = shape.sizes + (shape.rank - 1);
    if (last[0] == last[-1] && last[0] > 1) return last[0];
    return last[-1] == last[-2] ? last[-1] : 0;
}

static uint64_t taken(const struct size_row *row, ari_shape shape, uint64_t hidden)
{
    switch (row->take) {
    case FIRST: return shape.sizes[0];
    case LAST: return shape.sizes[shape.rank - 1];
    case MIDDLE: return shape.sizes[1];
    case ACROSS: return across(shape, row->role, hidden);
    case SQUARE: return square_side(shape);
    case PER_ROW: return shape.sizes[0] == 0 ? 0 : shape.elements / shape.sizes[0];
    default: return shape.elements;
    }
}

static void note(const solving *s, const ari_template *t, const ari_place *p, ari_unknown u, uint64_t value)
{
    uint64_t *at = value_at(s, number_of(s, t, p), u);
    ari_size *size = &s->out->of[u];
    if (value == 0) return;
    if (*at == 0) {
        if (size->all++ == 0) size->from = (uint32_t)(t - s->l->templates);
        *at = value;
    } else if (*at != value) {
        size->clash = true;
    }
}

static bool row_fits(const struct size_row *row, const ari_template *t, ari_shape shape)
{
    /* A sink is a bias; nothing else that a bias says is of use. */
    bool bias = t->part == ARI_PART_BIAS && row->role != ARI_ROLE_SINKS && row->role != ARI_ROLE_BUFFER;
    if (row->role != t->role || bias) return false;
    if (shape.rank == 0) return row->take == ACROSS && shape.elements > 0;
    return row->rank == shape.rank || (row->rank == 0 && shape.rank >= 2);
}

/* How much an embedding is the text's own: as wide as the model; with as many rows as the output has. */
static unsigned embedding_rank(const solving *s, const ari_template *t)
{
    ari_shape shape = logical_shape(s->l, t, 0);
    bool meets = shape.rank == 2 && (shape.sizes[0] == s->out->hidden || shape.sizes[1] == s->out->hidden);
    if (!meets) return 0;
    bool listed = s->output_rows > 0 && across(shape, ARI_ROLE_EMBED, s->out->hidden) == s->output_rows;
    return listed ? 2 : 1;
}

static unsigned best_embedding(const solving *s)
{
    unsigned best = 0;
    for (size_t i = 0; i < s->l->template_count; i++) {
        const ari_template *t = &s->l->templates[i];
        if (t->role != ARI_ROLE_EMBED || !belongs(s, t) || t->part == ARI_PART_BIAS) continue;
        unsigned rank = embedding_rank(s, t);
        if (rank > best) best = rank;
    }
    return best;
}

static uint64_t find_output_rows(const solving *s)
{
    for (size_t i = 0; i < s->l->template_count; i++) {
        const ari_template *t = &s->l->templates[i];
        ari_shape shape = logical_shape(s->l, t, 0);
        if (t->role == ARI_ROLE_OUTPUT && belongs(s, t) && t->part != ARI_PART_BIAS && shape.rank == 2)
            return across(shape, ARI_ROLE_OUTPUT, s->out->hidden);
    }
    return 0;
}

static void take_sizes(const solving *s, const ari_template *t, size_t k)
{
    ari_shape shape = logical_shape(s->l, t, k);
    const ari_place *p = &s->l->places[t->first + k];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (row_fits(&rows[i], t, shape))
            note(s, t, p, rows[i].unknown, taken(&rows[i], shape, s->out->hidden));
    }
    /* Whatever its name, a matrix whose output is the model's width leads back. */
    bool up =
        (t->role == ARI_ROLE_UP || t->role == ARI_ROLE_GATE) && t->part != ARI_PART_BIAS && shape.rank == 2;
    if (up && shape.sizes[0] == s->out->hidden && shape.sizes[1] != s->out->hidden)
        note(s, t, p, ARI_DIM_DOWN, shape.sizes[1]);
}

static const struct expert_row {
    ari_role role;
    ari_unknown routed, shared;
} expert_rows[] = {
    { ARI_ROLE_GATE, ARI_DIM_EXPERT_GATE, ARI_DIM_COUNT },
    { ARI_ROLE_UP, ARI_DIM_EXPERT_UP, ARI_DIM_SHARED_UP },
    { ARI_ROLE_GATE_UP, ARI_DIM_EXPERT_GATE_UP, ARI_DIM_COUNT },
    { ARI_ROLE_DOWN, ARI_DIM_EXPERT_DOWN, ARI_DIM_SHARED_DOWN },
};

/* The first expert of each layer speaks for all. Returns how many places to go on. */
static size_t take_expert(const solving *s, const ari_template *t, size_t k)
{
    ari_shape shape = logical_shape(s->l, t, k);
    const ari_place *p = &s->l->places[t->first + k];
    bool shared = (t->context & ARI_IN_SHARED) != 0;
    uint64_t n = places_in_layer(s, t, k);
    for (size_t i = 0; i < sizeof(expert_rows) / sizeof(expert_rows[0]); i++) {
        ari_unknown u = shared ? expert_rows[i].shared : expert_rows[i].routed;
        if (expert_rows[i].role != t->role || u == ARI_DIM_COUNT || t->part == ARI_PART_BIAS) continue;
        if (shape.rank == 1 || shape.rank > 3) continue;
        note(s, t, p, u, across(shape, t->role, s->out->hidden));
        uint64_t experts = shape.rank == 3 ? shape.sizes[0] : p->sub == NO_NUMBER ? 0 : n;
        note(s, t, p, shared ? ARI_DIM_SHARED_EXPERTS : ARI_DIM_EXPERTS,
             shared && experts == 0 ? 1 : experts);
    }
    return (size_t)n;
}

static bool attends(const solving *s, const ari_template *t, const ari_place *p)
{
    ari_role_group g = role_group(t->role);
    bool attention = g == ARI_GROUP_ATTENTION || g == ARI_GROUP_LATENT || t->role == ARI_ROLE_Q_NORM ||
                     t->role == ARI_ROLE_K_NORM;
    return !attention || t->outside || (s->out->has[number_of(s, t, p)] & ARI_HAS_ATTENTION) != 0;
}

static void take_template(const solving *s, const ari_template *t)
{
    bool feed_forward = role_group(t->role) == ARI_GROUP_FEED_FORWARD;
    bool expert = feed_forward && (t->context & (ARI_IN_EXPERT | ARI_IN_SHARED)) != 0;
    bool bias = t->part == ARI_PART_BIAS, shared = (t->context & ARI_IN_SHARED) != 0;
    if ((t->context & ARI_IN_CROSS) != 0 || (t->companion && !t->adapter)) return;
    if (t->role == ARI_ROLE_EMBED && embedding_rank(s, t) < s->embedding) return;
    for (size_t k = 0, n; k < t->count; k += n) {
        const ari_place *p = &s->l->places[t->first + k];
        n = 1;
        if (!counts(s, t, p)) continue;
        size_t *counter = bias               ? s->out->biases
                          : expert && shared ? s->out->shared_weights
                          : expert           ? s->out->expert_weights
                                             : s->out->weights;
        if (attends(s, t, p)) counter[t->role]++;
        if (feed_forward && !expert && !bias && !t->nested && !t->outside && places_in_layer(s, t, k) > 1)
            s->out->several = true;
        if (expert) {
            n = take_expert(s, t, k);
        } else if (attends(s, t, p)) {
            take_sizes(s, t, k);
        }
    }
}

bool sizes_solve(const ari_layout *l, uint32_t component, uint32_t stack, ari_arena *arena, ari_sizes *out)
{
    *out = (ari_sizes){ 0 };
    solving s = { .l = l, .out = out, .component = component, .stack = stack };
    if (!find_layers(&s, arena) || !find_hidden(&s, arena)) return false;
    s.output_rows = find_output_rows(&s);
    s.embedding = best_embedding(&s);
    size_t numbers = (size_t)out->number_count + 1;
    s.values = calloc(numbers * ARI_DIM_COUNT, sizeof(s.values[0]));
    for (size_t i = 0; s.values != NULL && i < l->template_count; i++) {
        if (belongs(&s, &l->templates[i])) take_template(&s, &l->templates[i]);
    }
    bool ok = s.values != NULL && sizes_settle(s.values, out);
    free(s.values);
    return ok;
}

const char *size_evidence(const ari_layout *l, const ari_sizes *s, ari_unknown u, ari_arena *arena)
{
    const ari_size *size = &s->of[u];
    if (size->value == 0) return "";
    const char *name = arena_escape(arena, l->templates[size->from].pattern, 200);
    const char *out = size->layers == size->all
                          ? arena_printf(arena, "shape of %s", name)
                          : arena_printf(arena, "shape of %s, in %" PRIu32 " of %" PRIu32 " layers", name,
                                         size->layers, size->all);
    return out == NULL ? "" : out;
}
