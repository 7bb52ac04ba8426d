#include "infer/heads.h"

#include <math.h>
#include <stdlib.h>

/* An answer takes this much; see "MEASURED ON VALUES" in archinspect(1). */
static const double Z_LEAST = 8, MARGIN_LEAST = 1.6, FINER_MOST = 4, VALUE_Z_LEAST = 3;

enum {
    ANSWER_LEAST = 16, /* Smaller blocks are in sight of other neighbourhoods than heads'. */
    ANSWER_MOST = 256,
    ANSWER_UNIT = 8,
    GROUPS_MOST = 128,
    ALL_LAGS = 1024, /* Of more vectors than that, not every distance is looked at. */
    LAGS_OF_MANY = 32,
    LAG_MOST = 576, /* The greatest size of a head. */
};

/* One tensor under test. */
typedef struct trial {
    size_t count;
    const uint64_t *blocks; /* Vectors in a block, one a size; 0 where it cannot tell. */
    double *sum;            /* Of contrasts, count + count x count: across blocks; of i within blocks of j. */
    double *lags;           /* How many these are, likewise. */
    likeness *within;
} trial;

static bool alloc_trial(trial *t, size_t count)
{
    size_t cells = count * (count + 1);
    *t = (trial){ .count = count,
                  .sum = calloc(cells + 1, sizeof(t->sum[0])),
                  .lags = calloc(cells + 1, sizeof(t->lags[0])),
                  .within = calloc(count + 1, sizeof(t->within[0])) };
    return t->sum != NULL && t->lags != NULL && t->within != NULL;
}

static void free_trial(trial *t)
{
    free(t->sum);
    free(t->lags);
    free(t->within);
}

/* Is the size judged by this distance? Of many vectors by so many, evenly spaced below it. */
static bool uses_lag(size_t vectors, uint64_t block, size_t lag)
{
    size_t most = block < LAG_MOST ? (size_t)block : LAG_MOST;
    size_t step = vectors <= ALL_LAGS ? 1 : (most + LAGS_OF_MANY - 1) / LAGS_OF_MANY;
    return most > lag && (lag - 1) % (step == 0 ? 1 : step) == 0;
}

static void add(trial *t, size_t cell, const likeness *in, const likeness *out, double variance)
{
    double z = likeness_contrast(in, out, variance);
    if (z == 0) return;
    t->sum[cell] += z;
    t->lags[cell]++;
}

/* Every size by one distance. */
static void judge_lag(trial *t, const ari_lag *lag, const ari_vectors *v, size_t apart)
{
    likeness all = lag_all(lag, v, apart);
    double variance = likeness_variance(&all);
    for (size_t i = 0; i < t->count; i++) {
        if (t->blocks[i] > apart) t->within[i] = lag_within(lag, v, apart, (size_t)t->blocks[i]);
    }
    for (size_t i = 0; i < t->count; i++) {
        if (!uses_lag(v->count, t->blocks[i], apart)) continue;
        likeness across = likeness_rest(&all, &t->within[i]);
        add(t, i, &t->within[i], &across, variance);
        for (size_t j = 0; j < t->count; j++) {
            if (t->blocks[j] <= t->blocks[i] || t->blocks[j] % t->blocks[i] != 0) continue;
            likeness rest = likeness_rest(&t->within[j], &t->within[i]);
            add(t, t->count * (1 + j) + i, &t->within[i], &rest, likeness_variance(&t->within[j]));
        }
    }
}

static bool any_uses(const trial *t, size_t vectors, size_t lag)
{
    for (size_t i = 0; i < t->count; i++) {
        if (uses_lag(vectors, t->blocks[i], lag)) return true;
    }
    return false;
}

/* False when memory is short. */
static bool judge(trial *t, const ari_vectors *v)
{
    ari_lag lag;
    size_t cells = t->count * (t->count + 1);
    bool ok = lag_alloc(&lag, v->count);
    for (size_t i = 0; i < cells; i++) t->sum[i] = t->lags[i] = 0;
    for (size_t apart = 1; ok && apart < v->count; apart++) {
        if (!any_uses(t, v->count, apart)) continue;
        lag_take(&lag, v, apart);
        judge_lag(t, &lag, v, apart);
    }
    lag_free(&lag);
    return ok;
}

/* --- All tensors -------------------------------------------------------------------------------- */

typedef struct looking {
    const head_subject *s;
    head_look *out;
    trial one;
    uint64_t *blocks;
    double *total, *tensors; /* As of a trial: sums over tensors, and how many. */
    double *value_total, *value_tensors;
} looking;

static void collect(looking *l, bool values)
{
    size_t count = l->out->all, cells = count * (count + 1);
    for (size_t i = 0; i < cells; i++) {
        if (l->one.lags[i] == 0) continue;
        double z = l->one.sum[i] / sqrt(l->one.lags[i]);
        l->total[i] += z;
        l->tensors[i]++;
        if (values && i < count) l->value_total[i] += z;
        if (values && i < count) l->value_tensors[i]++;
    }
}

/* How many vectors of a projection that wide are one head's; 0 where there would not be two heads. */
static void set_blocks(looking *l, uint64_t width, bool values)
{
    for (size_t i = 0; i < l->out->all; i++) {
        const head_size *h = &l->out->sizes[i];
        uint64_t heads = values ? h->kv_heads : h->heads;
        l->blocks[i] = heads > 1 && width % heads == 0 ? width / heads : 0;
    }
}

static bool is_stored_in_blocks(const ari_layout *l, const ari_template *t, size_t k)
{
    const ari_logical *packed = logical_at(t, k);
    const ari_dtype_info *d = dtype_info(place_tensor(l, &l->places[t->first + k])->dtype);
    return (packed != NULL && packed->bits > 0) || (d != NULL && d->block_elems > 1);
}

static bool look_at(looking *l, const ari_template *t, const ari_wanted *wanted)
{
    const head_subject *s = l->s;
    bool values = wanted->role == ARI_ROLE_V;
    size_t sampled = layers_sampled(t->count, wanted->count);
    set_blocks(l, wanted->count, values);
    for (size_t i = 0; i < sampled; i++) {
        ari_vectors v;
        const char *why;
        size_t k = layer_sampled(t->count, sampled, i);
        bool taken = vectors_sample(s->checkpoint, s->layout, t, k, wanted, s->bytes_read, &v, &why);
        bool ok = taken ? judge(&l->one, &v) : why != NULL;
        vectors_free(&v);
        if (!ok) return false;
        if (!taken) *s->unread = why;
        if (!taken) continue;
        l->out->tensors++;
        l->out->quantised = l->out->quantised || (!values && is_stored_in_blocks(s->layout, t, k));
        collect(l, values);
    }
    return true;
}

static bool look_at_all(looking *l)
{
    const ari_sizes *sizes = l->s->sizes;
    const head_size *first = &l->out->sizes[0];
    uint64_t values = sizes->of[ARI_DIM_VALUES].value, out = sizes->of[ARI_DIM_OUT_INPUTS].value;
    if (values == 0) values = first->kv_heads * first->head_dim;
    if (out == 0) out = first->heads * first->head_dim;
    bool transposed = stored_transposed(l->s->layout, l->s->component, sizes->hidden);
    const ari_wanted wanted[] = { { ARI_ROLE_V, values, transposed }, { ARI_ROLE_O, out, transposed } };
    for (size_t i = 0; i < l->s->layout->template_count; i++) {
        const ari_template *t = &l->s->layout->templates[i];
        for (size_t w = 0; w < 2; w++) {
            if (!is_weight_of(t, l->s->component, wanted[w].role)) continue;
            if (!look_at(l, t, &wanted[w])) return false;
        }
    }
    return true;
}

/* --- What follows --------------------------------------------------------------------------------- */

static void sum_up(const looking *l)
{
    head_look *out = l->out;
    for (size_t i = 0; i < out->all; i++) {
        head_size *h = &out->sizes[i];
        h->tensors = (size_t)l->tensors[i];
        h->z = h->tensors > 0 ? l->total[i] / sqrt(l->tensors[i]) : 0;
        h->value_z = l->value_tensors[i] > 0 ? l->value_total[i] / sqrt(l->value_tensors[i]) : 0;
        if (i < out->count && h->z > out->sizes[out->best].z) out->best = i;
    }
    for (size_t i = 0; i < out->all; i++) {
        size_t cell = out->all * (1 + out->best) + i;
        double z = l->tensors[cell] > 0 ? l->total[cell] / sqrt(l->tensors[cell]) : 0;
        if (z > out->finer) out->finer = z;
    }
}

/* A size of groups counts where it may be one of such heads. */
static void find_margin(head_look *out)
{
    const head_size *best = &out->sizes[out->best];
    double next = 1;
    for (size_t i = 0; i < out->all; i++) {
        const head_size *h = &out->sizes[i];
        bool rival = i < out->count ? i != out->best : h->head_dim % best->head_dim == 0;
        if (rival && h->z > next) next = h->z;
    }
    out->margin = best->z / next;
}

/* By value projections alone it stands out most, too. */
static bool values_agree(const head_look *look)
{
    const head_size *best = &look->sizes[look->best];
    for (size_t i = 0; i < look->count; i++) {
        if (look->sizes[i].value_z > best->value_z) return false;
    }
    return best->value_z >= VALUE_Z_LEAST;
}

/* Would another size of a head have groups that wide? */
static bool may_be_groups(const head_look *look)
{
    const head_size *best = &look->sizes[look->best];
    for (size_t i = 0; i < look->count; i++) {
        const head_size *h = &look->sizes[i];
        if (h->head_dim >= ANSWER_LEAST && h->head_dim < best->head_dim &&
            h->heads * h->head_dim == h->kv_heads * best->head_dim)
            return true;
    }
    return false;
}

/* What an output projection shows may be its groups of query heads, or its blocks of quantisation, both of
 * which run along the heads. Then values, which have neither, have to say the same; a single key/value head,
 * which has no second to differ from, cannot. */
static bool needs_values(const head_look *look)
{
    const head_size *best = &look->sizes[look->best];
    bool grouped = best->kv_heads > 1 && best->heads != best->kv_heads;
    return look->quantised || grouped || may_be_groups(look);
}

static bool is_usual(uint64_t d)
{
    return d >= ANSWER_LEAST && d <= ANSWER_MOST && d % ANSWER_UNIT == 0;
}

static void conclude(head_look *look)
{
    const head_size *best = &look->sizes[look->best];
    look->why = look->tensors == 0            ? "no value or output projection could be read"
                : best->z < Z_LEAST           ? "no size stands out by 8 standard errors"
                : look->margin < MARGIN_LEAST ? "another size stands out nearly as much"
                : !is_usual(best->head_dim)   ? "the size that stands out is none that models have"
                : look->finer > FINER_MOST    ? "within blocks of that size, smaller ones stand out"
                : needs_values(look) && !values_agree(look)
                    ? "values alone do not say the same, and output projections show groups and blocks, too"
                    : NULL;
    look->answered = look->why == NULL;
}

/* Sizes that a group of query heads may have in the output projection. */
static void add_groups(head_look *out)
{
    const head_size *first = &out->sizes[0];
    uint64_t width = first->heads * first->head_dim;
    if (first->heads == first->kv_heads) return;
    for (uint64_t heads = 2; heads <= GROUPS_MOST && out->all < out->count + GROUPS_MOST; heads++) {
        bool known = width % heads != 0;
        for (size_t i = 0; i < out->count; i++) known = known || out->sizes[i].heads == heads;
        if (!known) out->sizes[out->all++] = (head_size){ .head_dim = width / heads, .heads = heads };
    }
}

static bool take_candidates(const head_subject *s, head_look *out)
{
    const ari_inferred *f = s->architecture->fields;
    size_t n = f[ARI_FIELD_HEAD_DIM].candidate_count;
    bool open = f[ARI_FIELD_HEAD_DIM].basis == ARI_AMBIGUOUS &&
                f[ARI_FIELD_NUM_ATTENTION_HEADS].candidate_count == n &&
                f[ARI_FIELD_NUM_KEY_VALUE_HEADS].candidate_count == n;
    *out = (head_look){ .count = open ? n : 0, .all = open ? n : 0 };
    out->sizes = arena_alloc(s->arena, (out->count + GROUPS_MOST + 1) * sizeof(out->sizes[0]));
    for (size_t i = 0; out->sizes != NULL && i < out->count; i++) {
        out->sizes[i].head_dim = strtoull(f[ARI_FIELD_HEAD_DIM].candidates[i], NULL, 10);
        out->sizes[i].heads = strtoull(f[ARI_FIELD_NUM_ATTENTION_HEADS].candidates[i], NULL, 10);
        out->sizes[i].kv_heads = strtoull(f[ARI_FIELD_NUM_KEY_VALUE_HEADS].candidates[i], NULL, 10);
    }
    return out->sizes != NULL;
}

bool heads_look(const head_subject *s, head_look *out)
{
    if (!take_candidates(s, out)) return false;
    if (out->count == 0) return true;
    add_groups(out);
    size_t cells = out->all * (out->all + 1);
    double *totals = calloc(4 * cells, sizeof(totals[0]));
    looking l = { .s = s, .out = out, .blocks = calloc(out->all, sizeof(l.blocks[0])) };
    bool ok = alloc_trial(&l.one, out->all) && totals != NULL && l.blocks != NULL;
    if (ok) {
        l.one.blocks = l.blocks;
        l.total = totals;
        l.tensors = totals + cells;
        l.value_total = totals + 2 * cells;
        l.value_tensors = totals + 3 * cells;
        ok = look_at_all(&l);
    }
    if (ok) sum_up(&l);
    if (ok) find_margin(out);
    if (ok) conclude(out);
    if (ok && out->tensors == 0 && *s->unread != NULL) out->why = *s->unread;
    free_trial(&l.one);
    free(l.blocks);
    free(totals);
    return ok;
}
