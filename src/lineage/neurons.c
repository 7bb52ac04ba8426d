#include "lineage/neurons.h"

#include "measure/chance.h"
#include "measure/product.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Wider than any model is, and with more units: memory is taken by them. */
enum { WIDTH_MOST = 1 << 17, UNITS_MOST = 1 << 22 };

/* --- Samples ---------------------------------------------------------------------------------------- */

/* Centre over what is not 0, and scale; false for what has no direction. */
static bool prepare(float *x, size_t width)
{
    double sum = 0, squares = 0;
    size_t there = 0;
    for (size_t i = 0; i < width; i++) {
        sum += (double)x[i];
        there += x[i] != 0;
    }
    if (there < 2 || !isfinite(sum)) return false;
    double mean = sum / (double)there, size = 0;
    for (size_t i = 0; i < width; i++) {
        double centred = x[i] != 0 ? (double)x[i] - mean : 0;
        size += (double)x[i] * (double)x[i];
        squares += centred * centred;
    }
    /* Of a constant what is left is rounding. */
    if (!isfinite(squares) || squares <= size * 1e-10) return false;
    double scale = 1 / sqrt(squares);
    for (size_t i = 0; i < width; i++) x[i] = x[i] != 0 ? (float)(((double)x[i] - mean) * scale) : 0;
    return true;
}

void units_prepare(ari_sample *s)
{
    s->live_count = 0;
    for (size_t i = 0; i < s->count; i++) {
        s->live[i] = prepare(s->x + i * s->room, s->width);
        if (!s->live[i]) memset(s->x + i * s->room, 0, s->room * sizeof(float));
        s->live_count += s->live[i];
    }
}

void units_free(ari_sample *s)
{
    free(s->x);
    free(s->live);
    *s = (ari_sample){ 0 };
}

/* How many of each expert's units, and of how many experts. */
typedef struct plan {
    uint64_t experts, all_experts, each, units;
    size_t width;
} plan;

static bool make_plan(ari_bank *b, uint32_t layer, const sampling *s, plan *out)
{
    ari_units u;
    uint64_t experts = s->alone ? 1 : bank_experts(b, layer, s->kind, s->home);
    if (!bank_units(b, layer, s->kind, s->home, 0, &u)) return false;
    if (u.width > WIDTH_MOST || u.count > UNITS_MOST) return false;
    *out = (plan){ .all_experts = experts, .units = u.count, .width = (size_t)u.width };
    /* At least eight units of an expert, so that of many experts some are left out. */
    out->experts = experts > s->units / 8 ? s->units / 8 : experts;
    out->each = out->experts == 0 ? 0 : s->units / out->experts;
    if (out->each > u.count) out->each = u.count;
    if (s->columns != 0 && s->columns < out->width) out->width = (size_t)s->columns;
    return out->each > 0;
}

static void choose(const plan *p, const sampling *s, uint64_t *which)
{
    uint64_t step = s->adjacent ? 1 : p->units / p->each;
    for (uint64_t i = 0; i < p->each; i++) which[i] = i * step + s->phase % step;
}

ari_told units_sample(ari_bank *b, uint32_t layer, const sampling *s, ari_sample *out)
{
    plan p;
    ari_told told = ARI_TOLD;
    *out = (ari_sample){ 0 };
    if (!make_plan(b, layer, s, &p)) return ARI_NOT_THERE;
    size_t n = (size_t)(p.each * p.experts);
    *out = (ari_sample){ .count = n,
                         .width = p.width,
                         .room = product_room(p.width),
                         .of = p.units * p.all_experts,
                         .experts = p.all_experts,
                         .phases = p.units / p.each };
    out->x = calloc(n * out->room, sizeof(float));
    out->live = calloc(n, sizeof(bool));
    uint64_t *which = calloc(p.each, sizeof(uint64_t));
    float *scratch = calloc((size_t)p.units, sizeof(float));
    if (out->x == NULL || out->live == NULL || which == NULL || scratch == NULL) told = ARI_NO_MEMORY;
    if (told == ARI_TOLD) choose(&p, s, which);
    for (uint64_t e = 0; told == ARI_TOLD && e < p.experts; e++) {
        ari_units u;
        if (!bank_units(b, layer, s->kind, s->home, s->expert + e * p.all_experts / p.experts, &u) ||
            u.count != p.units)
            continue;
        units_read(&u, which, (size_t)p.each, 0, p.width, out->room, scratch,
                   out->x + e * p.each * out->room);
    }
    free(which);
    free(scratch);
    if (told == ARI_TOLD) {
        if (!s->raw) units_prepare(out);
    } else {
        units_free(out);
    }
    return told;
}

/* --- The diagonal ------------------------------------------------------------------------------------ */

/* Only what is live in both, so that shifts pair nothing with what is not there. */
static size_t pack_live(const ari_sample *a, const ari_sample *b, float *x, float *y)
{
    size_t n = 0;
    for (size_t i = 0; i < a->count; i++) {
        if (!a->live[i] || !b->live[i]) continue;
        memcpy(x + n * a->room, a->x + i * a->room, a->room * sizeof(float));
        memcpy(y + n * b->room, b->x + i * b->room, b->room * sizeof(float));
        n++;
    }
    return n;
}

/* Columns of r whose greatest is on the diagonal. */
static size_t count_hits(const float *r, size_t n)
{
    size_t hits = 0;
    for (size_t k = 0; k < n; k++) {
        size_t best = 0;
        for (size_t i = 1; i < n; i++) {
            if (r[i * n + k] > r[best * n + k]) best = i;
        }
        hits += best == k;
    }
    return hits;
}

static double shifted_mean(const float *r, size_t n, size_t shift)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)r[i * n + (i + shift) % n];
    return sum / (double)n;
}

/* The least that the mean of the diagonal spreads by, had every entry a sign of its own: rows that have their
 * entries at the same places, by a mask or blocks or bands, overlap more with those of their number, and vary
 * more, than the shifts tell. */
static double least_spread(const float *x, const float *y, size_t n, size_t room)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)squared_products(x + i * room, y + i * room, room);
    return sqrt(sum) / (double)n;
}

static void judge(const float *r, size_t n, double spread, ari_diagonal *out)
{
    double sum = 0, squares = 0, others = (double)(n - 1);
    for (size_t s = 1; s < n; s++) sum += shifted_mean(r, n, s);
    double mean = sum / others;
    for (size_t s = 1; s < n; s++) {
        double d = shifted_mean(r, n, s) - mean;
        squares += d * d;
    }
    double sd = sqrt(squares / (others - 1));
    if (sd < spread) sd = spread;
    out->units = n;
    double apart = shifted_mean(r, n, 0) - mean;
    out->rho = mean < 1 ? apart / (1 - mean) : 0;
    out->z = apart / (sd + 1e-12);
    out->shifts = n - 1;
    out->blocks = 1;
    out->p = chance_deviation(out->z < 0 ? -out->z : out->z, out->shifts);
    out->hits = count_hits(r, n);
    if (out->rho > 1) out->rho = 1;
    if (out->rho < -1) out->rho = -1;
}

ari_told diagonal_test(const ari_sample *a, const ari_sample *b, ari_diagonal *out)
{
    *out = (ari_diagonal){ 0 };
    if (a->count != b->count || a->width != b->width || a->of != b->of || a->experts != b->experts ||
        a->count < NEURONS_LEAST)
        return ARI_NOT_THERE;
    float *x = calloc(a->count * a->room, sizeof(float)), *y = calloc(b->count * b->room, sizeof(float));
    float *r = calloc(a->count * a->count, sizeof(float));
    ari_told told = x == NULL || y == NULL || r == NULL ? ARI_NO_MEMORY : ARI_TOLD;
    size_t n = told == ARI_TOLD ? pack_live(a, b, x, y) : 0;
    if (told == ARI_TOLD && n < NEURONS_LEAST) told = ARI_NOT_THERE;
    if (told == ARI_TOLD) {
        products(x, n, y, n, a->room, r);
        judge(r, n, least_spread(x, y, n, a->room), out);
    }
    free(x);
    free(y);
    free(r);
    return told;
}
