#include "lineage/cosines.h"

#include <math.h>
#include <stdlib.h>

static const ari_unit_kind pairs[COSINES][2] = {
    { ARI_UNITS_GATE, ARI_UNITS_UP },
    { ARI_UNITS_GATE, ARI_UNITS_DOWN },
    { ARI_UNITS_UP, ARI_UNITS_DOWN },
};

void cosines_free(ari_cosines *c)
{
    for (size_t i = 0; i < COSINES; i++) free(c->of[i]);
    *c = (ari_cosines){ 0 };
}

static double cosine(const float *x, const float *y, size_t n)
{
    double xy = 0, xx = 0, yy = 0;
    for (size_t i = 0; i < n; i++) {
        xy += (double)x[i] * (double)y[i];
        xx += (double)x[i] * (double)x[i];
        yy += (double)y[i] * (double)y[i];
    }
    double size = sqrt(xx * yy);
    return size > 0 && isfinite(size) && isfinite(xy) ? xy / size : 0;
}

static bool compute(const ari_sample *of, ari_cosines *out)
{
    for (size_t c = 0; c < COSINES; c++) {
        const ari_sample *x = &of[pairs[c][0]], *y = &of[pairs[c][1]];
        if (x->count == 0 || y->count != x->count || x->of != y->of) continue;
        out->of[c] = calloc(x->count, sizeof(double));
        if (out->of[c] == NULL) return false;
        out->units = x->count;
        out->all = x->of;
        for (size_t i = 0; i < x->count; i++)
            out->of[c][i] = cosine(x->x + i * x->room, y->x + i * y->room, x->width);
    }
    return true;
}

ari_told cosines_measure(ari_bank *b, uint32_t layer, ari_unit_home home, size_t units, ari_cosines *out)
{
    ari_sample of[ARI_UNITS_DOWN + 1] = { { 0 } };
    ari_told told = ARI_TOLD;
    *out = (ari_cosines){ 0 };
    for (ari_unit_kind kind = ARI_UNITS_UP; kind <= ARI_UNITS_DOWN && told != ARI_NO_MEMORY; kind++) {
        sampling s = { .kind = kind, .home = home, .units = units, .adjacent = true, .raw = true };
        told = units_sample(b, layer, &s, &of[kind]);
    }
    if (told != ARI_NO_MEMORY) told = compute(of, out) ? ARI_TOLD : ARI_NO_MEMORY;
    if (told == ARI_TOLD && out->units < NEURONS_LEAST) told = ARI_NOT_THERE;
    for (size_t i = 0; i <= ARI_UNITS_DOWN; i++) units_free(&of[i]);
    if (told != ARI_TOLD) cosines_free(out);
    return told;
}

typedef struct ranked {
    double value;
    size_t at;
} ranked;

static int by_value(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

/* Ranks in place of values, centred and of length 1; equal ones share a rank. False where all are equal. */
static bool rank(const double *x, size_t n, ranked *room, double *out)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++) room[i] = (ranked){ x[i], i };
    qsort(room, n, sizeof(room[0]), by_value);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && !(room[end].value > room[i].value);) end++;
        double mean = (double)(i + end - 1) / 2 - (double)(n - 1) / 2;
        for (size_t k = i; k < end; k++) {
            out[room[k].at] = mean;
            squares += mean * mean;
        }
    }
    for (size_t i = 0; squares > 0 && i < n; i++) out[i] /= sqrt(squares);
    return squares > 0;
}

static double shifted(const double *x, const double *y, size_t n, size_t shift)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += x[i] * y[i + shift < n ? i + shift : i + shift - n];
    return sum;
}

static void add(const double *x, const double *y, size_t n, ari_ranks *sum)
{
    double mean = 0, squares = 0, others = (double)(n - 1);
    for (size_t s = 1; s < n; s++) mean += shifted(x, y, n, s) / others;
    for (size_t s = 1; s < n; s++) {
        double d = shifted(x, y, n, s) - mean;
        squares += d * d;
    }
    double rho = shifted(x, y, n, 0) - mean;
    sum->rho += rho;
    sum->z += rho / (sqrt(squares / (others - 1)) + 1e-12);
    sum->told++;
    sum->shifts = n - 1;
}

ari_told cosines_compare(const ari_cosines *a, const ari_cosines *b, ari_ranks *sum)
{
    size_t n = a->units;
    if (n != b->units || a->all != b->all || n < NEURONS_LEAST) return ARI_NOT_THERE;
    ranked *room = calloc(n, sizeof(ranked));
    double *x = calloc(n, sizeof(double)), *y = calloc(n, sizeof(double));
    bool ok = room != NULL && x != NULL && y != NULL;
    for (size_t c = 0; ok && c < COSINES; c++) {
        if (a->of[c] == NULL || b->of[c] == NULL) continue;
        if (rank(a->of[c], n, room, x) && rank(b->of[c], n, room, y)) add(x, y, n, sum);
    }
    free(room);
    free(x);
    free(y);
    return ok ? ARI_TOLD : ARI_NO_MEMORY;
}

void cosines_conclude(ari_ranks *sum)
{
    if (sum->told == 0) return;
    sum->rho /= (double)sum->told;
    sum->z /= sqrt((double)sum->told);
    if (sum->rho > 1) sum->rho = 1;
    if (sum->rho < -1) sum->rho = -1;
}
