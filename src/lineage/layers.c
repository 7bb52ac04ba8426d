#include "lineage/layers.h"

#include <stdlib.h>

/* Samples of all layers are held at once: what is taken of each goes by their number. */
enum { FEW_PAIRS = 256, MANY_PAIRS = 1024, COLUMNS_MOST = 1024 };

/* Of more layers than any model has, each is held against those near it only: pairs take time. */
enum { PAIRS_MOST = 1 << 16, REACH = 32 };

static bool in_reach(size_t i, size_t k, size_t a_count, size_t b_count)
{
    if (a_count <= PAIRS_MOST / (b_count + 1)) return true;
    return i < k + REACH && k < i + REACH;
}

struct layer_sample {
    uint32_t layer;
    ari_sample sample;
};

ari_unit_home layer_home(const ari_bank *b, uint32_t layer, ari_unit_kind kind)
{
    ari_unit_home home = ARI_HOME_DENSE;
    while (home < ARI_HOMES && bank_experts(b, layer, kind, home) == 0) home++;
    return home;
}

static size_t units_for(uint64_t pairs)
{
    return pairs <= FEW_PAIRS ? NEURONS_MOST : pairs <= MANY_PAIRS ? NEURONS_MOST / 2 : NEURONS_MOST / 4;
}

void layers_release(ari_layer_samples *s)
{
    for (size_t i = 0; i < s->count; i++) units_free(&s->of[i].sample);
    free(s->of);
    *s = (ari_layer_samples){ 0 };
}

static bool sample_all(ari_bank *b, size_t units, ari_layer_samples *out)
{
    *out = (ari_layer_samples){ .of = calloc((size_t)b->layer_count + 1, sizeof(struct layer_sample)) };
    if (out->of == NULL) return false;
    for (uint32_t layer = 0; layer < b->layer_count; layer++) {
        sampling s = { .kind = ARI_UNITS_UP,
                       .home = layer_home(b, layer, ARI_UNITS_UP),
                       .units = units,
                       .columns = COLUMNS_MOST };
        struct layer_sample one = { .layer = layer };
        if (s.home == ARI_HOMES) continue;
        ari_told told = units_sample(b, layer, &s, &one.sample);
        if (told == ARI_NO_MEMORY) return false;
        if (told != ARI_TOLD) continue;
        out->of[out->count++] = one;
        out->constant += one.sample.live_count == 0;
    }
    return true;
}

bool layers_sample(ari_bank *a, ari_bank *b, ari_layer_samples *of_a, ari_layer_samples *of_b)
{
    uint64_t most = a->layer_count > b->layer_count ? a->layer_count : b->layer_count;
    *of_b = (ari_layer_samples){ 0 };
    return sample_all(a, units_for(most * most), of_a) && sample_all(b, units_for(most * most), of_b);
}

static bool hold(const ari_sample *a, uint32_t other, const ari_sample *b, ari_layer_match *m)
{
    ari_diagonal d;
    ari_told told = diagonal_test(a, b, &d);
    if (told != ARI_TOLD) return told != ARI_NO_MEMORY;
    bool sure = (d.z > Z_SURE || d.z < -Z_SURE) && d.p < P_MATCH; /* Of few units, z is less sure. */
    bool better =
        m->other == NO_NUMBER ? sure || !m->told : sure && d.rho * d.rho > m->test.rho * m->test.rho;
    m->told = true;
    if (!better) return true;
    m->test = d;
    if (sure) m->other = other;
    return true;
}

/* That of the same number, then all others. Of a doubled layer both are as near, and the first is taken. */
static bool match(const ari_layer_samples *a, const ari_layer_samples *all, size_t at, ari_layer_match *out)
{
    const struct layer_sample *b = &all->of[at];
    *out = (ari_layer_match){ .layer = b->layer, .other = NO_NUMBER };
    for (size_t i = 0; i < a->count; i++) {
        if (a->of[i].layer == b->layer && !hold(&a->of[i].sample, b->layer, &b->sample, out)) return false;
    }
    if (out->other != NO_NUMBER) return true;
    for (size_t i = 0; i < a->count; i++) {
        if (a->of[i].layer == b->layer || !in_reach(i, at, a->count, all->count)) continue;
        if (!hold(&a->of[i].sample, a->of[i].layer, &b->sample, out)) return false;
    }
    return true;
}

void layer_found(ari_layer_match *m, uint32_t other, ari_found by)
{
    if (m->other != NO_NUMBER) return;
    m->other = other;
    m->by = by;
}

size_t layers_met(const ari_layer_map *map, uint32_t other)
{
    size_t n = 0;
    for (size_t i = 0; i < map->count; i++) {
        uint32_t found = map->of[i].other;
        n += found != NO_NUMBER && (other == NO_NUMBER || found == other);
    }
    return n;
}

bool layers_map(const ari_layer_samples *a, const ari_layer_samples *b, ari_layer_map *out)
{
    *out = (ari_layer_map){ .of = calloc(b->count + 1, sizeof(out->of[0])), .others = a->count };
    bool ok = out->of != NULL;
    for (size_t i = 0; ok && i < b->count; i++) {
        ok = match(a, b, i, &out->of[i]);
        out->count++;
    }
    return ok;
}

bool layers_repeat(const ari_layer_samples *s, ari_layer_map *out)
{
    *out = (ari_layer_map){ .of = calloc(s->count + 1, sizeof(out->of[0])), .others = s->count };
    bool ok = out->of != NULL;
    for (size_t i = 1; ok && i < s->count; i++) {
        ari_layer_match *m = &out->of[out->count];
        *m = (ari_layer_match){ .layer = s->of[i].layer, .other = NO_NUMBER };
        for (size_t k = 0; ok && k < i; k++) {
            if (in_reach(k, i, s->count, s->count))
                ok = hold(&s->of[k].sample, s->of[k].layer, &s->of[i].sample, m);
        }
        out->count += m->other != NO_NUMBER;
    }
    return ok;
}

void layers_free(ari_layer_map *map)
{
    free(map->of);
    *map = (ari_layer_map){ 0 };
}
