/* strip.c -- which layers are of which kind, in a line. */
#include "base/json.h"
#include "compare/catalogue.h"
#include "report/budget.h"

#include <stdlib.h>
#include <string.h>

enum { LAYERS_MOST = 512, PERIOD_MOST = 16, RUNS_MOST = 8, KINDS = 8 };

static const struct kind {
    const char *layer_type; /* As layer_types has it; NULL for what the tensors show. */
    char letter, other;     /* The second where an earlier kind of the model has the first. */
    ari_word words;
} kinds[] = {
    { "full_attention", 'G', 'G', WORD_LAYER_FULL },
    { "sliding_attention", 'L', 'L', WORD_LAYER_SLIDING },
    { "chunked_attention", 'C', 'C', WORD_LAYER_CHUNKED },
    { "linear_attention", 'L', 'N', WORD_LAYER_LINEAR },
    { "mamba", 'S', 'S', WORD_LAYER_MAMBA },
    { "recurrent", 'R', 'R', WORD_LAYER_RECURRENT },
    { "conv", 'C', 'V', WORD_LAYER_CONV },
    { "moe", 'M', 'M', WORD_LAYER_MOE },
    { "mlp", 'D', 'D', WORD_LAYER_DENSE },
};

enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]), MOE = KIND_COUNT - 2, DENSE = KIND_COUNT - 1 };

/* Kinds by layer, and how many layers. */
typedef struct strip {
    uint8_t of[LAYERS_MOST];
    size_t layers;
} strip;

static bool has_kind(const strip *s, size_t kind)
{
    for (size_t i = 0; i < s->layers; i++) {
        if (s->of[i] == kind) return true;
    }
    return false;
}

static char letter_of(const strip *s, size_t kind)
{
    for (size_t i = 0; i < kind; i++) {
        if (kinds[i].letter == kinds[kind].letter && has_kind(s, i)) return kinds[kind].other;
    }
    return kinds[kind].letter;
}

static size_t kind_named(const char *layer_type)
{
    size_t i = 0;
    while (i < KIND_COUNT && (layer_type == NULL || strcmp(kinds[i].layer_type, layer_type) != 0)) i++;
    return i;
}

static size_t layer_count(const ari_model *m)
{
    uint64_t n = strtoull(m->architecture.fields[ARI_FIELD_NUM_HIDDEN_LAYERS].value, NULL, 10);
    return n <= LAYERS_MOST ? (size_t)n : 0;
}

/* The runs of one period, over all layers; nothing where a word is not known. */
static strip by_types(ari_doc *d, const ari_model *m)
{
    strip s = { .layers = 0 };
    size_t n = layer_count(m), period = 0;
    json_tree *runs = json_parse(span_of(m->architecture.fields[ARI_FIELD_LAYER_TYPES].value), NULL);
    if (runs == NULL) d->failed = true;
    for (const json_tree *e = json_is_array(runs) ? json_child(runs) : NULL; e != NULL; e = json_next(e)) {
        int64_t length = 0;
        size_t kind = kind_named(json_text(json_child(e)));
        bool known = json_integer(json_next(json_child(e)), &length) && kind < KIND_COUNT;
        for (int64_t i = 0; known && i < length && period < n; i++) s.of[period++] = (uint8_t)kind;
        if (!known) n = 0;
    }
    json_free(runs);
    for (size_t i = period; period > 0 && i < n; i++) s.of[i] = s.of[i % period];
    s.layers = period > 0 ? n : 0;
    return s;
}

/* By the tensors of each layer; of a catalogued model by the number of its leading dense layers. */
static strip by_mlp(const ari_model *m, const ari_budget *b)
{
    strip s = { .layers = 0 };
    const char *leading = m->architecture.fields[ARI_FIELD_FIRST_K_DENSE_REPLACE].value;
    size_t n = b->layers > 0 && b->layers <= LAYERS_MOST ? b->layers : layer_count(m);
    bool scattered = m->entry != NULL && m->entry->partly_dense;
    if (strcmp(leading, "null") == 0 || scattered) return s;
    for (size_t i = 0; i < n; i++) {
        const uint64_t *row = b->by_layer == NULL ? NULL : b->by_layer + i * WORK_COUNT;
        bool dense = row == NULL ? i < strtoull(leading, NULL, 10) : row[WORK_EXPERTS] == 0;
        /* A layer that has neither is told by its type. */
        if (row != NULL && row[WORK_EXPERTS] == 0 && row[WORK_DENSE] == 0) return s;
        s.of[i] = dense ? DENSE : MOE;
    }
    s.layers = n;
    return s;
}

/* The length of the shortest pattern that all layers repeat, or 0. */
static size_t period_of(const strip *s)
{
    for (size_t p = 1; p <= PERIOD_MOST && 2 * p <= s->layers; p++) {
        size_t i = p;
        while (i < s->layers && s->of[i] == s->of[i - p]) i++;
        if (i == s->layers) return p;
    }
    return 0;
}

static void put_letters(ari_text *t, const strip *s, size_t first, size_t n)
{
    for (size_t i = first; i < first + n; i++) text_repeat(t, letter_of(s, s->of[i]), 1);
}

/* "LLLG×12", "D M×60", or every letter. */
static void put_strip(const ari_doc *d, ari_text *t, const strip *s)
{
    size_t period = period_of(s), runs = 1;
    for (size_t i = 1; i < s->layers; i++) runs += s->of[i] != s->of[i - 1];
    if (period > 0) {
        put_letters(t, s, 0, period);
        text_printf(t, "%s%zu", doc_times(d), s->layers / period);
        if (s->layers % period > 0) text_put(t, " ");
        put_letters(t, s, 0, s->layers % period);
        return;
    }
    for (size_t i = 0, n; i < s->layers; i += n) {
        for (n = 1; i + n < s->layers && s->of[i + n] == s->of[i];) n++;
        if (runs > RUNS_MOST) {
            put_letters(t, s, i, n);
            continue;
        }
        text_printf(t, "%s%c", i == 0 ? "" : " ", letter_of(s, s->of[i]));
        if (n > 1) text_printf(t, "%s%zu", doc_times(d), n);
    }
}

static void put_legend(const ari_doc *d, ari_text *t, const strip *s, uint32_t *named)
{
    for (size_t i = 0; i < s->layers; i++) {
        uint32_t bit = UINT32_C(1) << s->of[i];
        if ((*named & bit) != 0) continue;
        text_printf(t, "%s%c %s", *named == 0 ? "" : ", ", letter_of(s, s->of[i]),
                    word_in(d->language, kinds[s->of[i]].words));
        *named |= bit;
    }
}

const char *layer_strip(ari_doc *d, const ari_model *m, const ari_budget *b)
{
    const strip strips[] = { by_types(d, m), by_mlp(m, b) };
    ari_text t = { 0 }, legend = { 0 };
    uint32_t named = 0;
    for (size_t i = 0; i < sizeof(strips) / sizeof(strips[0]); i++) {
        if (strips[i].layers == 0 || period_of(&strips[i]) == 1) continue;
        if (t.size > 0) text_put(&t, "; ");
        put_strip(d, &t, &strips[i]);
        put_legend(d, &legend, &strips[i], &named);
    }
    const char *words = doc_take(d, &t), *letters = doc_take(d, &legend);
    return words[0] == '\0' ? NULL : doc_printf(d, "%s (%s)", words, letters);
}
