#include "lineage/agreement.h"

#include "measure/chance.h"
#include "measure/product.h"

#include <stdlib.h>

enum { CHUNK = 256, TRIES = 128, TRIES_LEAST = 32, EXPERTS_MOST = 4096 };

/* Multiplications at most. */
#define WORK_MOST 6e10

/* One search: of each unit of b, the nearest of a so far. */
typedef struct search {
    ari_sample tries;
    float *best;
    uint64_t *at;
} search;

typedef struct agreeing {
    ari_bank *a;
    uint32_t layer;
    ari_unit_home home;
    search of[2];
    float *products, *scratch;
    uint64_t *which, live; /* live: units of a that were looked at. */
} agreeing;

static bool has_both(const ari_bank *b, uint32_t layer, ari_unit_home home, const ari_unit_kind *by)
{
    return bank_experts(b, layer, by[0], home) > 0 && bank_experts(b, layer, by[1], home) > 0;
}

/* A chunk of one expert's units against all that are looked for. */
static ari_told look(agreeing *g, search *s, const ari_units *u, uint64_t from, size_t n, uint64_t number,
                     bool count)
{
    ari_sample chunk = { .count = n, .width = (size_t)u->width, .room = product_room((size_t)u->width) };
    chunk.x = calloc(n * chunk.room, sizeof(float));
    chunk.live = calloc(n, sizeof(bool));
    ari_told told = chunk.x == NULL || chunk.live == NULL ? ARI_NO_MEMORY : ARI_TOLD;
    if (told == ARI_TOLD) {
        for (size_t i = 0; i < n; i++) g->which[i] = from + i;
        units_read(u, g->which, n, 0, chunk.width, chunk.room, g->scratch, chunk.x);
        units_prepare(&chunk);
        products(s->tries.x, s->tries.count, chunk.x, n, chunk.room, g->products);
    }
    for (size_t i = 0; told == ARI_TOLD && i < s->tries.count; i++) {
        for (size_t k = 0; k < n; k++) {
            if (!chunk.live[k] || g->products[i * n + k] <= s->best[i]) continue;
            s->best[i] = g->products[i * n + k];
            s->at[i] = number + k;
        }
    }
    if (count) g->live += chunk.live_count;
    units_free(&chunk);
    return told;
}

static ari_told search_all(agreeing *g, size_t i, ari_unit_kind kind)
{
    uint64_t experts = bank_experts(g->a, g->layer, kind, g->home), before = 0;
    for (uint64_t e = 0; e < experts; e++) {
        ari_units u;
        if (!bank_units(g->a, g->layer, kind, g->home, e, &u) || u.width != g->of[i].tries.width)
            return ARI_NOT_THERE;
        for (uint64_t from = 0; from < u.count; from += CHUNK) {
            size_t n = u.count - from < CHUNK ? (size_t)(u.count - from) : CHUNK;
            ari_told told = look(g, &g->of[i], &u, from, n, before + from, i == 0);
            if (told != ARI_TOLD) return told;
        }
        before += u.count;
    }
    return ARI_TOLD;
}

/* What is found by the one and by the other agrees by chance as often as it does with the tries shifted: some
 * units are near to everything, and are found by both for whatever is looked for. */
static double agree_by_chance(const agreeing *g, size_t n)
{
    uint64_t agreed = 0;
    for (size_t shift = 1; shift < n; shift++) {
        for (size_t i = 0; i < n; i++) agreed += g->of[0].at[i] == g->of[1].at[(i + shift) % n];
    }
    double met = (double)agreed / ((double)n * (double)(n - 1)), least = 1 / (double)g->live;
    return met > least ? met : least;
}

static void conclude(const agreeing *g, ari_gate_up *out)
{
    double sum = 0;
    size_t n = g->of[0].tries.count;
    for (size_t i = 0; i < n; i++) {
        if (!g->of[0].tries.live[i] || !g->of[1].tries.live[i]) continue;
        out->tries++;
        if (g->of[0].at[i] != g->of[1].at[i]) continue;
        out->agreed++;
        sum += ((double)g->of[0].best[i] + (double)g->of[1].best[i]) / 2;
    }
    out->of = g->live;
    out->rho = out->agreed == 0 ? 0 : sum / (double)out->agreed;
    out->chance = g->live == 0 || n < 2 ? 1 : agree_by_chance(g, n);
    out->p = chance_hits(out->agreed, out->tries, out->chance);
}

/* As many units of b as there is time for. */
static size_t tries_for(ari_bank *a, uint32_t layer, ari_unit_home home, ari_unit_kind kind)
{
    ari_units u;
    uint64_t experts = bank_experts(a, layer, kind, home);
    if (!bank_units(a, layer, kind, home, 0, &u) || experts > EXPERTS_MOST) return 0;
    double each = 2 * (double)u.count * (double)experts * (double)u.width;
    double tries = WORK_MOST / each;
    return tries < TRIES_LEAST ? 0 : tries > TRIES ? TRIES : (size_t)tries;
}

static ari_told make_room(agreeing *g, ari_unit_kind kind)
{
    ari_units u;
    size_t n = g->of[0].tries.count;
    if (!bank_units(g->a, g->layer, kind, g->home, 0, &u)) return ARI_NOT_THERE;
    g->products = calloc(n * CHUNK, sizeof(float));
    g->which = calloc(CHUNK, sizeof(uint64_t));
    g->scratch = calloc(CHUNK, sizeof(float));
    bool ok = g->products != NULL && g->which != NULL && g->scratch != NULL;
    for (size_t i = 0; i < 2; i++) {
        g->of[i].best = calloc(n, sizeof(float));
        g->of[i].at = malloc(n * sizeof(uint64_t));
        ok = ok && g->of[i].best != NULL && g->of[i].at != NULL;
        /* What is nearest to nothing agrees with nothing. */
        for (size_t k = 0; ok && k < n; k++) g->of[i].at[k] = UINT64_MAX - i;
    }
    return ok ? ARI_TOLD : ARI_NO_MEMORY;
}

ari_told agreement_test(ari_bank *a, uint32_t a_layer, ari_unit_home a_home, ari_bank *b, uint32_t b_layer,
                        ari_unit_home b_home, ari_gate_up *out)
{
    static const ari_unit_kind gated[] = { ARI_UNITS_GATE, ARI_UNITS_UP },
                               plain[] = { ARI_UNITS_UP, ARI_UNITS_DOWN };
    bool gates = has_both(a, a_layer, a_home, gated) && has_both(b, b_layer, b_home, gated);
    const ari_unit_kind *by = gates ? gated : plain;
    *out = (ari_gate_up){ .by = { by[0], by[1] } };
    if (!has_both(a, a_layer, a_home, by) || !has_both(b, b_layer, b_home, by)) return ARI_NOT_THERE;
    agreeing g = { .a = a, .layer = a_layer, .home = a_home };
    size_t tries = tries_for(a, a_layer, a_home, by[0]);
    ari_told told = tries == 0 ? ARI_NOT_THERE : ARI_TOLD;
    for (size_t i = 0; told == ARI_TOLD && i < 2; i++) {
        sampling s = { .kind = by[i], .home = b_home, .units = tries };
        told = units_sample(b, b_layer, &s, &g.of[i].tries);
    }
    if (told == ARI_TOLD && g.of[0].tries.count != g.of[1].tries.count) told = ARI_NOT_THERE;
    if (told == ARI_TOLD) told = make_room(&g, by[0]);
    for (size_t i = 0; told == ARI_TOLD && i < 2; i++) told = search_all(&g, i, by[i]);
    if (told == ARI_TOLD) conclude(&g, out);
    if (told == ARI_TOLD && out->tries < NEURONS_LEAST) told = ARI_NOT_THERE;
    for (size_t i = 0; i < 2; i++) {
        units_free(&g.of[i].tries);
        free(g.of[i].best);
        free(g.of[i].at);
    }
    free(g.products);
    free(g.which);
    free(g.scratch);
    return told;
}
