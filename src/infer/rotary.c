#include "infer/rotary.h"

#include "measure/chance.h"

#include <math.h>
#include <stdlib.h>

enum { HEADS_LEAST = 4, HEAD_MOST = 1024, ROTATED_LEAST = 8 };

/* What an answer takes: each figure of a look within its bounds; the first row that fits is it. Between the
 * rows it stays open. Peaks of halves are the surest sign; pairs have none of their own but what neighbours
 * share, and "none" needs heads that stand out all the same. */
static const struct layout_row {
    rotary_layout layout;
    double reliability[2], halves[2], peak[2], pairs_least, z_least, confidence;
} rows[] = {
    { ROTARY_HALVES, { 0.5, 1 }, { 0.3, 1 }, { 1.4, HUGE_VAL }, 0, 4, 0.8 },
    { ROTARY_PAIRS, { 0.6, 1 }, { -HUGE_VAL, 0.3 }, { 0, 1.3 }, 1, 3, 0.6 },
    { ROTARY_NONE, { -1, 0.4 }, { -HUGE_VAL, HUGE_VAL }, { 0, 1.4 }, 0, 8, 0.6 },
};

/* Sums over heads. */
typedef struct folded {
    size_t d, heads;
    double *profile[2]; /* Log lengths by row within a head: of heads of even and of odd number. */
    double *lag;        /* Likeness by distance within a head. */
    double *pairs;      /* How many. */
    double z, tensors;
} folded;

static bool fold_alloc(folded *f, size_t d)
{
    *f = (folded){ .d = d,
                   .profile = { calloc(d, sizeof(double)), calloc(d, sizeof(double)) },
                   .lag = calloc(d, sizeof(double)),
                   .pairs = calloc(d, sizeof(double)) };
    return f->profile[0] != NULL && f->profile[1] != NULL && f->lag != NULL && f->pairs != NULL;
}

static void fold_free(folded *f)
{
    free(f->profile[0]);
    free(f->profile[1]);
    free(f->lag);
    free(f->pairs);
}

static double log_length(double norm)
{
    return chance_ln(norm > 1e-12 ? norm : 1e-12);
}

static void fold_lengths(folded *f, const ari_vectors *v)
{
    double mean = 0;
    for (size_t i = 0; i < v->count; i++) mean += log_length(v->norms[i]) / (double)v->count;
    for (size_t i = 0; i < v->count; i++)
        f->profile[(f->heads + i / f->d) % 2][i % f->d] += log_length(v->norms[i]) - mean;
    f->heads += v->count / f->d;
}

static bool fold_likeness(folded *f, const ari_vectors *v)
{
    ari_lag lag;
    double sum = 0, lags = 0;
    bool ok = lag_alloc(&lag, v->count);
    for (size_t apart = 1; ok && apart < f->d; apart++) {
        lag_take(&lag, v, apart);
        likeness all = lag_all(&lag, v, apart), within = lag_within(&lag, v, apart, f->d);
        likeness across = likeness_rest(&all, &within);
        double z = likeness_contrast(&within, &across, likeness_variance(&all));
        f->lag[apart] += within.sum;
        f->pairs[apart] += within.pairs;
        sum += z;
        lags += z != 0;
    }
    if (lags > 0) {
        f->z += sum / sqrt(lags);
        f->tensors++;
    }
    lag_free(&lag);
    return ok;
}

static bool fold_template(const head_subject *s, const ari_template *t, const ari_wanted *wanted, folded *f)
{
    size_t sampled = layers_sampled(t->count, wanted->count);
    for (size_t i = 0; i < sampled; i++) {
        ari_vectors v;
        const char *why;
        size_t k = layer_sampled(t->count, sampled, i);
        bool taken = vectors_sample(s->checkpoint, s->layout, t, k, wanted, s->bytes_read, &v, &why);
        bool ok = taken || why != NULL;
        if (taken) {
            fold_lengths(f, &v);
            ok = fold_likeness(f, &v);
        } else if (why != NULL) {
            *s->unread = why;
        }
        vectors_free(&v);
        if (!ok) return false;
    }
    return true;
}

static bool fold_all(const head_subject *s, folded *f)
{
    static const struct {
        ari_role role;
        ari_unknown size;
    } both[] = { { ARI_ROLE_Q, ARI_DIM_QUERIES }, { ARI_ROLE_K, ARI_DIM_KEYS } };
    bool transposed = stored_transposed(s->layout, s->component, s->sizes->hidden);
    for (size_t i = 0; i < s->layout->template_count; i++) {
        const ari_template *t = &s->layout->templates[i];
        for (size_t b = 0; b < 2; b++) {
            ari_wanted wanted = { both[b].role, s->sizes->of[both[b].size].value, transposed };
            if (!is_weight_of(t, s->component, wanted.role) || wanted.count % f->d != 0) continue;
            if (!fold_template(s, t, &wanted, f)) return false;
        }
    }
    return true;
}

/* --- What follows --------------------------------------------------------------------------------- */

static double correlation(const double *a, const double *b, size_t n)
{
    double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < n; i++) {
        ma += a[i] / (double)n;
        mb += b[i] / (double)n;
    }
    for (size_t i = 0; i < n; i++) {
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
        ab += (a[i] - ma) * (b[i] - mb);
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 0;
}

static double profile_at(const folded *f, size_t i)
{
    return f->profile[0][i] + f->profile[1][i];
}

/* 1 less the squared distance of the halves, in units of what unrelated ones would have. */
static double halves_agree(const folded *f)
{
    double mean = 0, all = 0, apart = 0;
    size_t half = f->d / 2;
    for (size_t i = 0; i < f->d; i++) mean += profile_at(f, i) / (double)f->d;
    for (size_t i = 0; i < f->d; i++) all += pow(profile_at(f, i) - mean, 2) / (double)f->d;
    for (size_t i = 0; i < half; i++)
        apart += pow(profile_at(f, i) - profile_at(f, i + half), 2) / (double)half;
    return all > 0 ? 1 - apart / (2 * all) : 0;
}

/* Steps from pair to pair against steps within pairs: above 1 where neighbours are one frequency. */
static double pairs_agree(const folded *f)
{
    double within = 0, between = 0;
    for (size_t i = 0; i + 2 < f->d; i += 2) {
        within += pow(profile_at(f, i + 1) - profile_at(f, i), 2);
        between += pow(profile_at(f, i + 2) - profile_at(f, i + 1), 2);
    }
    return within > 0 ? between / within : 0;
}

static double mean_lag(const folded *f, size_t lag)
{
    return f->pairs[lag] > 0 ? f->lag[lag] / f->pairs[lag] : 0;
}

/* The second peak of likeness: a little around it, since the partner itself is less alike. */
static void find_peak(const folded *f, rotary_look *out)
{
    for (size_t r = ROTATED_LEAST; r <= f->d; r += 2) {
        size_t half = r / 2;
        size_t last = half + 1 < f->d ? half + 1 : half;
        double near = 0, valley = INFINITY;
        for (size_t i = half - 1; i <= last; i++) near += mean_lag(f, i) / (double)(last - half + 2);
        for (size_t i = half / 3 > 1 ? half / 3 : 1; i < half; i++)
            if (mean_lag(f, i) < valley) valley = mean_lag(f, i);
        if (!(valley > 0) || near / valley <= out->peak) continue;
        out->peak = near / valley;
        out->rotated = r;
    }
}

static bool is_within(double x, const double *bounds)
{
    return x >= bounds[0] && x <= bounds[1];
}

static bool row_fits(const struct layout_row *row, const rotary_look *x)
{
    /* A part that is rotated does not fill the halves of a head. */
    bool halves =
        is_within(x->halves, row->halves) || (row->layout == ROTARY_HALVES && x->rotated < x->head_dim);
    return halves && is_within(x->reliability, row->reliability) && is_within(x->peak, row->peak) &&
           x->pairs >= row->pairs_least && x->z >= row->z_least;
}

/* Where queries and keys are normed, their lengths say nothing by being even. */
static void decide(rotary_look *out, bool normed)
{
    size_t i = 0, n = sizeof(rows) / sizeof(rows[0]);
    while (i < n && !row_fits(&rows[i], out)) i++;
    bool told = i < n && out->heads >= HEADS_LEAST && !(normed && rows[i].layout == ROTARY_NONE);
    if (told) {
        out->layout = rows[i].layout;
        out->confidence = rows[i].confidence;
    } else {
        out->why = out->heads == 0            ? "no query or key projection could be read"
                   : out->heads < HEADS_LEAST ? "too few heads"
                                              : "no layout stands out";
    }
    if (out->layout != ROTARY_HALVES) out->rotated = 0;
}

bool rotary_look_at(const head_subject *s, uint64_t head_dim, rotary_look *out)
{
    folded f;
    *out = (rotary_look){ .why = "the size of a head is not known" };
    if (head_dim < ROTATED_LEAST || head_dim > HEAD_MOST || head_dim % 2 != 0) return true;
    bool ok = fold_alloc(&f, (size_t)head_dim) && fold_all(s, &f);
    if (ok) {
        *out = (rotary_look){ .head_dim = head_dim, .heads = f.heads };
        out->reliability = correlation(f.profile[0], f.profile[1], f.d);
        out->halves = halves_agree(&f);
        out->pairs = pairs_agree(&f);
        out->z = f.tensors > 0 ? f.z / sqrt(f.tensors) : 0;
        find_peak(&f, out);
        decide(out, s->sizes->weights[ARI_ROLE_Q_NORM] + s->sizes->weights[ARI_ROLE_K_NORM] > 0);
    }
    fold_free(&f);
    return ok;
}

const char *rotary_word(rotary_layout layout)
{
    static const char *const words[] = { NULL, "half-split", "interleaved", "none" };
    return words[layout];
}
