#include "lineage/layers.h"

#include <stdlib.h>

/* Samples of all layers are held at once: what is taken of each goes by their number. */
enum { FEW_PAIRS = 256, MANY_PAIRS = 1024, COLUMNS_MOST = 1024 };

typedef struct layer_sample {
    uint32_t layer;
    ari_sample sample;
} layer_sample;

typedef struct sampled {
    layer_sample *of;
    size_t count;
} sampled;

ari_unit_home layer_home(const ari_bank *b, uint32_t layer, ari_unit_kind kind)
{
    ari_unit_home home = ARI_HOME_DENSE;
    while (home < ARI_HOMES && bank_experts(b, layer, kind, home) == 0) home++;
    return home;
}

static size_t count_constant(const sampled *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) n += s->of[i].sample.live_count == 0;
    return n;
}

static size_t units_for(uint64_t pairs)
{
    return pairs <= FEW_PAIRS ? NEURONS_MOST : pairs <= MANY_PAIRS ? NEURONS_MOST / 2 : NEURONS_MOST / 4;
}

static void free_sampled(sampled *s)
{
    for (size_t i = 0; i < s->count; i++) sample_free(&s->of[i].sample);
    free(s->of);
}

static bool sample_layers(ari_bank *b, size_t units, sampled *out)
{
    *out = (sampled){ .of = calloc((size_t)b->layer_count + 1, sizeof(layer_sample)) };
    if (out->of == NULL) return false;
    for (uint32_t layer = 0; layer < b->layer_count; layer++) {
        sampling s = { .kind = ARI_UNITS_UP,
                       .home = layer_home(b, layer, ARI_UNITS_UP),
                       .units = units,
                       .columns = COLUMNS_MOST };
        if (s.home == ARI_HOMES) continue;
        layer_sample one = { .layer = layer };
        ari_told told = sample_units(b, layer, &s, &one.sample);
        if (told == ARI_NO_MEMORY) return false;
        if (told == ARI_TOLD) out->of[out->count++] = one;
    }
    return true;
}

static bool hold(const ari_sample *a, uint32_t other, const ari_sample *b, ari_layer_match *m)
{
    ari_diagonal d;
    ari_told told = diagonal_test(a, b, &d);
    if (told != ARI_TOLD) return told != ARI_NO_MEMORY;
    bool sure = d.z > Z_SURE || d.z < -Z_SURE;
    bool better =
        m->other == NO_NUMBER ? sure || !m->told : sure && d.rho * d.rho > m->test.rho * m->test.rho;
    m->told = true;
    if (!better) return true;
    m->test = d;
    if (sure) m->other = other;
    return true;
}

/* That of the same number, then all others. Of a doubled layer both are as near, and the first is taken. */
static bool match(const sampled *a, const layer_sample *b, ari_layer_match *out)
{
    *out = (ari_layer_match){ .layer = b->layer, .other = NO_NUMBER };
    for (size_t i = 0; i < a->count; i++) {
        if (a->of[i].layer == b->layer && !hold(&a->of[i].sample, b->layer, &b->sample, out)) return false;
    }
    if (out->other != NO_NUMBER) return true;
    for (size_t i = 0; i < a->count; i++) {
        if (a->of[i].layer != b->layer && !hold(&a->of[i].sample, a->of[i].layer, &b->sample, out))
            return false;
    }
    return true;
}

static void count_map(ari_layer_map *map, uint32_t layers)
{
    for (uint32_t other = 0; other < layers; other++) {
        bool met = false;
        for (size_t i = 0; i < map->count; i++) met = met || map->of[i].other == other;
        map->distinct += met;
    }
    for (size_t i = 0; i < map->count; i++) {
        map->matched += map->of[i].other != NO_NUMBER;
    }
}

bool layers_map(ari_bank *a, ari_bank *b, ari_layer_map *out)
{
    size_t units = units_for((uint64_t)a->layer_count * b->layer_count);
    sampled x, y = { 0 };
    bool ok = sample_layers(a, units, &x) && sample_layers(b, units, &y);
    *out = (ari_layer_map){ .of = calloc(y.count + 1, sizeof(out->of[0])), .others = x.count };
    ok = ok && out->of != NULL;
    for (size_t i = 0; ok && i < y.count; i++) {
        ok = match(&x, &y.of[i], &out->of[i]);
        out->count++;
    }
    if (ok) count_map(out, a->layer_count);
    out->others_constant = count_constant(&x);
    out->constant = count_constant(&y);
    free_sampled(&x);
    free_sampled(&y);
    return ok;
}

bool layers_repeat(ari_bank *b, ari_layer_map *out)
{
    sampled x;
    bool ok = sample_layers(b, units_for((uint64_t)b->layer_count * b->layer_count), &x);
    *out = (ari_layer_map){ .of = calloc(x.count + 1, sizeof(out->of[0])), .others = x.count };
    ok = ok && out->of != NULL;
    for (size_t i = 1; ok && i < x.count; i++) {
        ari_layer_match *m = &out->of[out->count];
        *m = (ari_layer_match){ .layer = x.of[i].layer, .other = NO_NUMBER };
        for (size_t k = 0; ok && k < i; k++) ok = hold(&x.of[k].sample, x.of[k].layer, &x.of[i].sample, m);
        out->count += m->other != NO_NUMBER;
    }
    if (ok) count_map(out, b->layer_count);
    out->constant = out->others_constant = count_constant(&x);
    free_sampled(&x);
    return ok;
}

void layers_free(ari_layer_map *map)
{
    free(map->of);
    *map = (ari_layer_map){ 0 };
}
