#include "lineage/sketch.h"

#include "lineage/cosines.h"
#include "lineage/identity.h"
#include "lineage/layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)PRINT_UP == (int)ARI_UNITS_UP && (int)PRINT_GATE == (int)ARI_UNITS_GATE &&
                   (int)PRINT_DOWN == (int)ARI_UNITS_DOWN && (int)PRINT_VALUE == (int)ARI_UNITS_VALUE,
               "kinds of units and of sketches have one order");

/* --- Signs ----------------------------------------------------------------------------------------- */

enum { SIGNS = 64, UNIT_OF_SUMS = 32, GREATEST = 127 };

uint64_t sketch_signs(uint64_t n)
{
    uint64_t z = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t sketch_signs_at(uint32_t kind, uint64_t sum, uint64_t entry)
{
    return sketch_signs((uint64_t)kind << 48 | sum << 32 | entry / SIGNS);
}

static double signed_sum(const float *x, size_t n, uint64_t signs)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (signs >> i & 1) != 0 ? (double)x[i] : -(double)x[i];
    return sum;
}

static int8_t small(double x)
{
    if (!isfinite(x)) return 0;
    return (int8_t)(x > GREATEST ? GREATEST : x < -GREATEST ? -GREATEST : x < 0 ? x - 0.5 : x + 0.5);
}

void sketch_sums(const ari_sample *s, uint32_t kind, size_t sums, int8_t *out)
{
    double squares = 0;
    for (size_t u = 0; u < s->count; u++) {
        for (size_t i = 0; i < s->width; i++) {
            double x = (double)s->x[u * s->room + i];
            squares += x * x;
        }
    }
    for (size_t k = 0; k < sums; k++) {
        double sum = 0;
        for (size_t u = 0; u < s->count; u++) {
            for (size_t i = 0; i < s->width; i += SIGNS) {
                size_t n = s->width - i < SIGNS ? s->width - i : SIGNS;
                sum += signed_sum(s->x + u * s->room + i, n, sketch_signs_at(kind, k, u * PRINT_NUMBERS + i));
            }
        }
        out[k] = squares > 0 ? small(UNIT_OF_SUMS * sum / sqrt(squares)) : 0;
    }
}

/* --- A layer ----------------------------------------------------------------------------------------- */

static void describe(const ari_sample *s, print_vector *out)
{
    double n = (double)s->count * (double)s->width, mean = 0, two = 0, four = 0, most = 0;
    for (size_t u = 0; u < s->count; u++) {
        for (size_t i = 0; i < s->width; i++) mean += (double)s->x[u * s->room + i] / n;
    }
    for (size_t u = 0; u < s->count; u++) {
        for (size_t i = 0; i < s->width; i++) {
            double x = (double)s->x[u * s->room + i], square = (x - mean) * (x - mean);
            two += square / n;
            four += square * square / n;
            if (fabs(x) > most) most = fabs(x);
        }
    }
    out->sd = sqrt(two);
    out->kurtosis = two > 0 ? four / two / two : 0;
    out->most = most;
}

/* Of each number its mean over the units: the direction that they have in common. */
static void take_off_common(ari_sample *s)
{
    for (size_t i = 0; i < s->width && s->live_count > 0; i++) {
        double sum = 0;
        for (size_t u = 0; u < s->count; u++) sum += s->live[u] ? (double)s->x[u * s->room + i] : 0;
        double mean = sum / (double)s->live_count;
        for (size_t u = 0; u < s->count; u++) {
            float *x = &s->x[u * s->room + i];
            if (s->live[u]) *x = (float)((double)*x - mean);
        }
    }
}

static ari_told sketch_kind(ari_bank *b, uint32_t layer, uint32_t kind, size_t sums, print_vector *out)
{
    ari_sample s = { 0 };
    sampling how = { .kind = (ari_unit_kind)kind,
                     .home = layer_home(b, layer, (ari_unit_kind)kind),
                     .units = PRINT_UNITS,
                     .columns = PRINT_NUMBERS,
                     .adjacent = true,
                     .raw = true };
    if (how.home == ARI_HOMES) return ARI_NOT_THERE;
    ari_told told = units_sample(b, layer, &how, &s);
    if (told == ARI_TOLD) {
        *out = (print_vector){ .units = s.of, .experts = s.experts, .home = how.home };
        describe(&s, out);
        units_prepare(&s);
        take_off_common(&s);
        sketch_sums(&s, kind, sums, out->values);
        out->count = s.live_count < NEURONS_LEAST ? 0 : (uint32_t)sums;
    }
    units_free(&s);
    return told;
}

/* The greatest is 127: what is compared are ranks. */
static void keep_cosines(const double *x, const ari_cosines *c, print_vector *out)
{
    double most = 0;
    out->units = c->all;
    for (size_t i = 0; i < c->units; i++) {
        if (fabs(x[i]) > most) most = fabs(x[i]);
    }
    if (!(most > 0)) return;
    out->count = (uint32_t)c->units;
    for (size_t i = 0; i < c->units; i++) out->values[i] = small(GREATEST * x[i] / most);
}

static ari_told sketch_cosines(ari_bank *b, uint32_t layer, print_layer *out)
{
    ari_cosines c = { 0 };
    ari_unit_home home = layer_home(b, layer, ARI_UNITS_UP);
    if (home == ARI_HOMES) return ARI_NOT_THERE;
    ari_told told = cosines_measure(b, layer, home, PRINT_UNITS, &c);
    for (size_t i = 0; told == ARI_TOLD && i < COSINES; i++) {
        print_vector *to = &out->of[PRINT_SKETCHES + i];
        *to = (print_vector){ .home = home, .experts = bank_experts(b, layer, ARI_UNITS_UP, home) };
        if (c.of[i] != NULL) keep_cosines(c.of[i], &c, to);
    }
    cosines_free(&c);
    return told;
}

ari_told sketch_layer(ari_bank *b, uint32_t layer, size_t sums, bool cosines, print_layer *out)
{
    *out = (print_layer){ .layer = layer };
    ari_told told = ARI_TOLD;
    for (uint32_t kind = 0; kind < PRINT_SKETCHES && told != ARI_NO_MEMORY; kind++)
        told = sketch_kind(b, layer, kind, sums, &out->of[kind]);
    if (cosines && told != ARI_NO_MEMORY) told = sketch_cosines(b, layer, out);
    return told == ARI_NO_MEMORY ? ARI_NO_MEMORY : ARI_TOLD;
}

/* --- A model ------------------------------------------------------------------------------------------ */

bool sketch_bank(const ari_model *m, ari_bank *out)
{
    size_t i = 0;
    *out = (ari_bank){ .model = m };
    while (i < m->component_count && m->components[i].sizes == NULL) i++;
    return i == m->component_count || bank_open(m, i, out);
}

size_t sketch_depth(const ari_bank *b)
{
    size_t n = 0;
    for (uint32_t i = 0; i < b->layer_count; i++) n += layer_home(b, i, ARI_UNITS_UP) != ARI_HOMES;
    return n;
}

size_t sketch_sums_each(uint64_t depth)
{
    uint64_t layers = depth < PRINT_LAYERS ? depth : PRINT_LAYERS;
    return layers == 0 ? 0 : (size_t)(PRINT_SUMS / layers);
}

static bool is_empty(const print_layer *l)
{
    for (size_t kind = 0; kind < PRINT_KINDS; kind++) {
        if (l->of[kind].count > 0) return false;
    }
    return true;
}

/* The middles of so many equal parts of the depth. */
bool sketch_model(ari_bank *b, ari_fingerprint *out)
{
    size_t depth = sketch_depth(b), n = depth < PRINT_LAYERS ? depth : PRINT_LAYERS, at = 0, next = 0;
    *out = (ari_fingerprint){ .width = b->width, .depth = depth };
    for (uint32_t i = 0; i < b->layer_count && next < n; i++) {
        print_layer *to = &out->layers[out->count];
        if (layer_home(b, i, ARI_UNITS_UP) == ARI_HOMES) continue;
        if (at++ != (2 * next + 1) * depth / (2 * n)) continue;
        if (sketch_layer(b, i, sketch_sums_each(depth), true, to) == ARI_NO_MEMORY) return false;
        out->count += !is_empty(to);
        next++;
    }
    return true;
}

/* --- Hashes -------------------------------------------------------------------------------------------- */

static uint64_t fnv(uint64_t hash, ari_span bytes)
{
    for (size_t i = 0; i < bytes.size; i++) hash = (hash ^ bytes.data[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t sketch_hash(ari_span bytes)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    if (bytes.size <= (size_t)3 * PRINT_HASHED) {
        hash = fnv(hash, bytes);
    } else {
        size_t tail = bytes.size - PRINT_HASHED;
        hash = fnv(hash, span_first(bytes, PRINT_HASHED));
        hash = fnv(hash, span_first(span_from(bytes, tail / 2), PRINT_HASHED));
        hash = fnv(hash, span_from(bytes, tail));
    }
    return hash == 0 ? 1 : hash;
}

/* Rows that identity_test would call telling, as far as headers say. */
static size_t mark_rows(const ari_model *m, uint64_t *rows)
{
    const ari_layout *l = &m->layout;
    size_t n = 0;
    for (size_t i = 0; i < l->template_count; i++) {
        const ari_template *t = &l->templates[i];
        for (size_t k = 0; !identity_made(&m->layout, t) && k < t->count; k++) {
            uint32_t at = l->places[t->first + k].row;
            const ari_tensor *row = &l->tensors->rows[at];
            rows[at] = row->rank > 1 && row->elements >= TENSOR_LEAST;
            n += rows[at];
        }
    }
    return n;
}

/* As far as its head tells: the same in many models. */
static bool is_constant(const ari_tensor *row, ari_span bytes)
{
    const ari_dtype_info *d = dtype_info(row->dtype);
    size_t unit = d == NULL || d->block_bytes == 0 ? 1 : d->block_bytes;
    bytes = span_first(bytes, PRINT_HASHED);
    return bytes.size <= unit || memcmp(bytes.data, bytes.data + unit, bytes.size - unit) == 0;
}

uint64_t *sketch_hashes(const ari_model *m)
{
    size_t rows = m->checkpoint->tensors.count, seen = 0;
    uint64_t *out = calloc(rows + 1, sizeof(out[0]));
    if (out == NULL) return NULL;
    size_t marked = mark_rows(m, out), step = 1 + (marked > 0 ? (marked - 1) / PRINT_HASHES : 0);
    for (size_t i = 0; i < rows; i++) {
        ari_span bytes;
        bool chosen = out[i] != 0 && seen++ % step == 0;
        const ari_tensor *row = &m->checkpoint->tensors.rows[i];
        out[i] = 0;
        if (!chosen || !checkpoint_bytes(m->checkpoint, row, UINT64_MAX, &bytes)) continue;
        if (!is_constant(row, bytes)) out[i] = sketch_hash(bytes);
    }
    return out;
}
