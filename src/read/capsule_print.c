#include "read/capsule_print.h"

#include "base/hash.h"
#include "base/json.h"
#include "read/capsule_reading.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const kind_words[] = { "up", "gate", "down", "v", "gate-up", "gate-down", "up-down" };
static const char *const home_words[] = { "dense", "shared", "routed" };

_Static_assert(sizeof(kind_words) / sizeof(kind_words[0]) == PRINT_KINDS, "a word of each kind");

enum { HOMES = sizeof(home_words) / sizeof(home_words[0]) };

/* --- Writing ------------------------------------------------------------------------------------- */

/* Four digits: it is to look at. */
static void put_real(const char *name, double x, ari_text *out)
{
    char digits[32];
    snprintf(digits, sizeof(digits), "%.4g", x);
    text_printf(out, isfinite(x) ? ",\"%s\":%s" : ",\"%s\":null", name, digits);
}

static void put_number(const char *name, uint64_t n, ari_text *out)
{
    text_printf(out, ",\"%s\":", name);
    json_put_uint(out, n);
}

static void put_vector(const ari_fingerprint *f, const print_layer *l, size_t kind, ari_text *out)
{
    const print_vector *v = &l->of[kind];
    text_printf(out, "{\"fingerprint\":\"%s\",\"version\":%d", kind_words[kind], PRINT_VERSION);
    put_number("layer", l->layer, out);
    put_number("depth", f->depth, out);
    put_number("width", f->width, out);
    text_printf(out, ",\"home\":\"%s\"", home_words[v->home]);
    put_number("units", v->units, out);
    put_number("experts", v->experts, out);
    if (kind < PRINT_SKETCHES) {
        put_real("sd", v->sd, out);
        put_real("kurtosis", v->kurtosis, out);
        put_real("max", v->most, out);
    }
    text_put(out, ",\"values\":\"");
    for (size_t i = 0; i < v->count; i++) text_printf(out, "%02x", (unsigned)(uint8_t)v->values[i]);
    text_put(out, "\"}\n");
}

void capsule_put_print(const ari_fingerprint *f, ari_text *out)
{
    for (size_t i = 0; i < f->count; i++) {
        for (size_t kind = 0; kind < PRINT_KINDS; kind++) {
            if (f->layers[i].of[kind].count > 0) put_vector(f, &f->layers[i], kind, out);
        }
    }
}

void capsule_put_hash(uint64_t hash, ari_text *out)
{
    text_printf(out, "\"%016" PRIx64 "\"", hash);
}

/* --- Reading --------------------------------------------------------------------------------------- */

static void refuse(capsule_reading *r, size_t at, const char *why)
{
    if (!json_ok(&r->json)) return;
    if (at != 0) r->c->at = at;
    cursor_fail(r->c, ARI_MALFORMED, "%s", why);
}

uint64_t capsule_hash_at(capsule_reading *r, size_t at)
{
    uint8_t bytes[8];
    uint64_t hash = 0;
    ari_span hex = capsule_text_at(r, at);
    if (hex.data == NULL || !json_ok(&r->json)) return 0;
    if (!hash_unhex(hex, sizeof(bytes), bytes)) {
        refuse(r, at, "a tensor's hash of other than 16 hexadecimal digits");
        return 0;
    }
    for (size_t i = 0; i < sizeof(bytes); i++) hash = hash << 8 | bytes[i];
    return hash;
}

static size_t index_of(const char *const *words, size_t n, ari_span word)
{
    size_t i = 0;
    while (i < n && !span_is(word, words[i])) i++;
    return i;
}

/* The capsule's; all its lines say the same of the model. NULL, and bad, where they do not. */
static ari_fingerprint *fingerprint_of(capsule_reading *r, uint64_t depth, uint64_t width)
{
    ari_capsule *k = r->capsule;
    if (!json_ok(&r->json)) return NULL;
    if (k->print == NULL) {
        k->print = calloc(1, sizeof(*k->print));
        if (k->print == NULL) {
            cursor_fail(r->c, ARI_LIMIT, "out of memory");
            return NULL;
        }
        k->print->depth = depth;
        k->print->width = width;
    }
    if (depth > 0 && width > 0 && k->print->depth == depth && k->print->width == width) return k->print;
    refuse(r, 0, "lines of the fingerprint differ in what they say of the model");
    return NULL;
}

static print_layer *layer_in(capsule_reading *r, ari_fingerprint *f, uint64_t layer)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->layers[i].layer == layer) return &f->layers[i];
    }
    if (f->count == PRINT_LAYERS || layer > UINT32_MAX) {
        refuse(r, 0,
               layer > UINT32_MAX ? "a layer's number is too high" : "a fingerprint of too many layers");
        return NULL;
    }
    f->layers[f->count].layer = (uint32_t)layer;
    return &f->layers[f->count++];
}

static void take_values(capsule_reading *r, size_t at, print_vector *out)
{
    ari_span hex = capsule_text_at(r, at);
    if (!json_ok(&r->json)) return;
    uint8_t bytes[PRINT_SUMS];
    size_t n = hex.size / 2;
    if (n == 0 || n > PRINT_SUMS || !hash_unhex(hex, n, bytes)) {
        refuse(r, at, "a fingerprint's values are other than up to 256 bytes in hexadecimal");
        return;
    }
    out->count = (uint32_t)n;
    memcpy(out->values, bytes, n);
}

const char *const capsule_print_members[] = { "version", "layer",  "depth", "width",    "home", "units",
                                              "experts", "values", "sd",    "kurtosis", "max",  NULL };

void capsule_read_print(capsule_reading *r, ari_span name, const size_t *at)
{
    enum { VERSION, LAYER, DEPTH, WIDTH, HOME, UNITS, EXPERTS, VALUES };
    size_t kind = index_of(kind_words, PRINT_KINDS, name), begin = r->c->at;
    size_t home = index_of(home_words, HOMES, capsule_text_at(r, at[HOME]));
    uint64_t version = capsule_number_at(r, at[VERSION], 0);
    if (!json_ok(&r->json)) return;
    if (kind == PRINT_KINDS || home == HOMES || version != PRINT_VERSION) {
        capsule_pass_over(r, ARI_SPAN("fingerprint"), begin);
        return;
    }
    print_vector v = { .home = (uint32_t)home };
    v.units = capsule_number_at(r, at[UNITS], 0);
    v.experts = capsule_number_at(r, at[EXPERTS], 1);
    take_values(r, at[VALUES], &v);
    uint64_t layer = capsule_number_at(r, at[LAYER], UINT64_MAX);
    uint64_t depth = capsule_number_at(r, at[DEPTH], 0), width = capsule_number_at(r, at[WIDTH], 0);
    ari_fingerprint *f = fingerprint_of(r, depth, width);
    print_layer *l = f == NULL ? NULL : layer_in(r, f, layer);
    if (l != NULL) l->of[kind] = v;
}
