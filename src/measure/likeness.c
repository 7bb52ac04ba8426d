#include "measure/likeness.h"

#include <math.h>
#include <stdlib.h>

enum { LANES = 16, PAIRS_MIN = 4 };

bool vectors_alloc(ari_vectors *v, size_t count, size_t width)
{
    *v = (ari_vectors){ .count = count, .width = width };
    if (width != 0 && count > SIZE_MAX / sizeof(float) / width) return false;
    v->of = calloc(count * width + 1, sizeof(v->of[0]));
    v->norms = calloc(count + 1, sizeof(v->norms[0]));
    return v->of != NULL && v->norms != NULL;
}

void vectors_free(ari_vectors *v)
{
    free(v->of);
    free(v->norms);
    *v = (ari_vectors){ 0 };
}

/* Lanes of floats are what a compiler makes vectors of without being told that sums may be regrouped. */
static double product(const float *a, const float *b, size_t n)
{
    float lanes[LANES] = { 0 };
    size_t i = 0;
    double sum = 0;
    for (; i + LANES <= n; i += LANES) {
        for (size_t k = 0; k < LANES; k++) lanes[k] += a[i + k] * b[i + k];
    }
    for (; i < n; i++) sum += (double)a[i] * (double)b[i];
    for (size_t k = 0; k < LANES; k++) sum += (double)lanes[k];
    return sum;
}

static double length(const float *a, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)a[i] * (double)a[i];
    return sqrt(sum);
}

void vectors_normalise(ari_vectors *v)
{
    for (size_t i = 0; i < v->count; i++) {
        float *row = v->of + i * v->width;
        double norm = length(row, v->width);
        bool some = isfinite(norm) && norm > 0;
        v->norms[i] = some ? norm : 0;
        for (size_t k = 0; k < v->width; k++) row[k] = some ? (float)((double)row[k] / norm) : 0;
    }
}

double likeness_mean(const likeness *l)
{
    return l->pairs > 0 ? l->sum / l->pairs : 0;
}

double likeness_variance(const likeness *l)
{
    double mean = likeness_mean(l);
    double variance = l->pairs > 0 ? l->squares / l->pairs - mean * mean : 0;
    return variance > 0 ? variance : 0;
}

likeness likeness_rest(const likeness *of, const likeness *part)
{
    return (likeness){ of->sum - part->sum, of->squares - part->squares, of->pairs - part->pairs };
}

double likeness_contrast(const likeness *a, const likeness *b, double variance)
{
    if (a->pairs < PAIRS_MIN || b->pairs < PAIRS_MIN) return 0;
    /* Of what is as alike everywhere, down to rounding, nothing stands out. */
    double error = sqrt(variance * (1 / a->pairs + 1 / b->pairs));
    double apart = likeness_mean(a) - likeness_mean(b);
    return error > 1e-9 ? apart / error : 0;
}

bool lag_alloc(ari_lag *l, size_t count)
{
    bool ok = true;
    *l = (ari_lag){ .room = count };
    for (size_t i = 0; i < 3; i++) {
        l->running[i] = calloc(count + 1, sizeof(l->running[i][0]));
        ok = ok && l->running[i] != NULL;
    }
    return ok;
}

void lag_free(ari_lag *l)
{
    for (size_t i = 0; i < 3; i++) free(l->running[i]);
    *l = (ari_lag){ 0 };
}

void lag_take(ari_lag *l, const ari_vectors *v, size_t lag)
{
    double sum = 0, squares = 0, pairs = 0;
    for (size_t i = 0; i + lag < v->count; i++) {
        if (v->norms[i] > 0 && v->norms[i + lag] > 0) {
            double c = product(v->of + i * v->width, v->of + (i + lag) * v->width, v->width);
            sum += c * c;
            squares += c * c * c * c;
            pairs++;
        }
        l->running[0][i + 1] = sum;
        l->running[1][i + 1] = squares;
        l->running[2][i + 1] = pairs;
    }
}

static likeness between(const ari_lag *l, size_t from, size_t to)
{
    return (likeness){ l->running[0][to] - l->running[0][from], l->running[1][to] - l->running[1][from],
                       l->running[2][to] - l->running[2][from] };
}

likeness lag_all(const ari_lag *l, const ari_vectors *v, size_t lag)
{
    return between(l, 0, v->count - lag);
}

likeness lag_within(const ari_lag *l, const ari_vectors *v, size_t lag, size_t size)
{
    likeness all = { 0 };
    for (size_t at = 0; at + size <= v->count; at += size) {
        likeness block = between(l, at, at + size - lag);
        all.sum += block.sum;
        all.squares += block.squares;
        all.pairs += block.pairs;
    }
    return all;
}
