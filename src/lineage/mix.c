#include "lineage/mix.h"

#include "lineage/layers.h"

#include <math.h>
#include <stdlib.h>

enum { MIXED, FIRST, SECOND, BASE, MODELS, UNITS_EACH = 32 };

/* Sums of products of what is mixed (y) and the parents (b, c). */
typedef struct sums {
    double yy, bb, cc, yb, yc, bc;
} sums;

/* The mean off each unit's numbers. */
static void centre(ari_sample *s)
{
    for (size_t i = 0; i < s->count; i++) {
        float *x = s->x + i * s->room;
        double sum = 0;
        for (size_t k = 0; k < s->width; k++) sum += (double)x[k];
        for (size_t k = 0; k < s->width; k++) x[k] -= (float)(sum / (double)s->width);
    }
}

static void add(const ari_sample *s, bool based, sums *to)
{
    for (size_t i = 0; i < s[MIXED].count * s[MIXED].room; i++) {
        double off = based ? (double)s[BASE].x[i] : 0;
        double y = (double)s[MIXED].x[i] - off, b = (double)s[FIRST].x[i] - off,
               c = (double)s[SECOND].x[i] - off;
        to->yy += y * y;
        to->bb += b * b;
        to->cc += c * c;
        to->yb += y * b;
        to->yc += y * c;
        to->bc += b * c;
    }
}

static bool alike(const ari_sample *a, const ari_sample *b)
{
    return a->count == b->count && a->width == b->width && a->of == b->of && a->experts == b->experts;
}

/* One kind of units of one layer. ARI_NOT_THERE where some model has none, or others. */
static ari_told add_kind(ari_bank *const *banks, uint32_t layer, ari_unit_kind kind, sums *to)
{
    ari_sample s[MODELS] = { { 0 } };
    ari_told told = ARI_TOLD;
    sampling how = {
        .kind = kind, .home = layer_home(banks[MIXED], layer, kind), .units = UNITS_EACH, .raw = true
    };
    if (how.home == ARI_HOMES) return ARI_NOT_THERE;
    for (size_t i = 0; i < MODELS && told == ARI_TOLD; i++) {
        if (banks[i] == NULL) continue;
        told = units_sample(banks[i], layer, &how, &s[i]);
        if (told == ARI_TOLD && !alike(&s[i], &s[MIXED])) told = ARI_NOT_THERE;
        centre(&s[i]);
    }
    if (told == ARI_TOLD) add(s, banks[BASE] != NULL, to);
    for (size_t i = 0; i < MODELS; i++) units_free(&s[i]);
    return told;
}

static bool solve(const sums *s, ari_mix_layer *out)
{
    double determinant = s->bb * s->cc - s->bc * s->bc, r = fabs(s->bc) / sqrt(s->bb * s->cc);
    if (!(s->yy > 0) || !(s->bb > 0) || !(s->cc > 0) || !isfinite(s->yy + s->bb + s->cc)) return false;
    out->condition = r < 1 ? (1 + r) / (1 - r) : INFINITY;
    if (determinant <= 1e-12 * s->bb * s->cc) {
        /* The parents are the same: together they have one share. */
        out->share_b = s->yb / s->bb;
        out->share_c = 0;
    } else {
        out->share_b = (s->yb * s->cc - s->yc * s->bc) / determinant;
        out->share_c = (s->yc * s->bb - s->yb * s->bc) / determinant;
    }
    out->residual = 1 - (out->share_b * s->yb + out->share_c * s->yc) / s->yy;
    return true;
}

bool mix_measure(ari_bank *mixed, ari_bank *b, ari_bank *c, ari_bank *base, ari_mix *out)
{
    ari_bank *banks[MODELS] = { mixed, b, c, base };
    *out = (ari_mix){ .of = calloc((size_t)mixed->layer_count + 1, sizeof(out->of[0])) };
    if (out->of == NULL) return false;
    for (size_t i = 0; i < MODELS; i++) out->bytes_read -= banks[i] == NULL ? 0 : banks[i]->bytes_read;
    for (uint32_t layer = 0; layer < mixed->layer_count; layer++) {
        sums s = { 0 };
        for (ari_unit_kind kind = ARI_UNITS_UP; kind < ARI_UNIT_KINDS; kind++) {
            if (add_kind(banks, layer, kind, &s) == ARI_NO_MEMORY) return false;
        }
        ari_mix_layer one = { .layer = layer };
        if (solve(&s, &one)) out->of[out->count++] = one;
    }
    for (size_t i = 0; i < MODELS; i++) out->bytes_read += banks[i] == NULL ? 0 : banks[i]->bytes_read;
    return true;
}

void mix_free(ari_mix *m)
{
    free(m->of);
    *m = (ari_mix){ 0 };
}
