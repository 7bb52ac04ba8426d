#include "report/compare.h"

#include "base/json.h"
#include "report/plain.h"

#include <inttypes.h>
#include <stdlib.h>

/* As the text writer sets a grid; and the width of its last column. */
enum { INDENT = 2, GUTTER = 2, LAST = 6 };

/* The table before it is set: a cell a key and model. */
typedef struct table {
    const ari_comparison *c;
    ari_doc *d;
    bool letters;       /* Heads are A, B, C; else names. */
    const char **cells; /* keys.count rows of c->count. */
    bool *shown;        /* A row that says nothing of anyone is not. */
} table;

static const char *head(const table *t, size_t model)
{
    if (!t->letters) return t->c->records[model].name;
    return model < 26 ? doc_printf(t->d, "%c", (char)('A' + model)) : doc_printf(t->d, "#%zu", model + 1);
}

static const char *label_of(const table *t, size_t key)
{
    bool core = (keys_core() & key_bit(key)) != 0;
    return t->letters ? doc_printf(t->d, "%c %s", core ? '*' : ' ', key_label(key))
                      : doc_printf(t->d, "%s%s", key_name(key), core ? " *" : "");
}

static bool fill(table *t)
{
    size_t n = t->c->count;
    t->cells = arena_alloc(&t->d->arena, (t->c->keys.count * n + 1) * sizeof(t->cells[0]));
    t->shown = arena_alloc(&t->d->arena, t->c->keys.count + 1);
    if (t->cells == NULL || t->shown == NULL) {
        t->d->failed = true;
        return false;
    }
    for (size_t i = 0; i < t->c->keys.count; i++) {
        for (size_t m = 0; m < n; m++) {
            const char *cell = compare_cell(t->d, &t->c->records[m], t->c->keys.at[i]);
            t->cells[i * n + m] = cell;
            t->shown[i] = t->shown[i] || (strcmp(cell, "?") != 0 && strcmp(cell, "-") != 0);
        }
    }
    return true;
}

static size_t column_width(const table *t, size_t model)
{
    size_t width = text_columns(head(t, model));
    for (size_t i = 0; i < t->c->keys.count; i++) {
        size_t n = text_columns(t->cells[i * t->c->count + model]);
        if (n > width) width = n;
    }
    return width + GUTTER;
}

static size_t label_width(const table *t)
{
    size_t width = 0;
    for (size_t i = 0; i < t->c->keys.count; i++) {
        size_t n = t->shown[i] ? text_columns(label_of(t, t->c->keys.at[i])) : 0;
        if (n > width) width = n;
    }
    return width + GUTTER;
}

/* How many of the models from `first` on stand beside the subject in so many columns: one at least. */
static size_t models_beside(const table *t, size_t first, size_t columns)
{
    size_t used = INDENT + label_width(t) + column_width(t, 0) + GUTTER + LAST, n = 0;
    while (first + n < t->c->count) {
        /* Two more for its letter in the column of those that share. */
        used += column_width(t, first + n) + 2;
        if (used > columns && n > 0) break;
        n++;
    }
    return n;
}

/* Which of the others have the subject's value. */
static const char *sharers(const table *t, size_t key)
{
    ari_text words = { 0 };
    for (size_t m = 1; m < t->c->count; m++) {
        ari_keys bit = key_bit(key);
        if ((relate(&t->c->records[0], &t->c->records[m], bit).matched & bit) == 0) continue;
        text_printf(&words, "%s%s", words.size == 0 ? "" : t->letters ? " " : ", ", head(t, m));
    }
    return doc_take(t->d, &words);
}

static void add_block(const table *t, size_t first, size_t n)
{
    const ari_comparison *c = t->c;
    const char **cells = doc_grid(t->d, DOC_GRID, TONE_PLAIN, n + 4);
    if (cells == NULL) return;
    if (!t->letters) cells[0] = "key";
    cells[1] = head(t, 0);
    for (size_t m = 0; m < n; m++) cells[2 + m] = head(t, first + m);
    cells[n + 2] = t->letters ? "as A" : "same as the first";
    cells[n + 3] = doc_printf(t->d, "of %zu", c->ranking.models);
    for (size_t i = 0; i < c->keys.count; i++) {
        size_t key = c->keys.at[i];
        if (!t->shown[i]) continue;
        cells = doc_grid(t->d, DOC_LINE, TONE_PLAIN, n + 4);
        if (cells == NULL) return;
        cells[0] = label_of(t, key);
        cells[1] = t->cells[i * c->count];
        for (size_t m = 0; m < n; m++) cells[2 + m] = t->cells[i * c->count + first + m];
        cells[n + 2] = sharers(t, key);
        if (record_certain(&c->records[0], key))
            cells[n + 3] = doc_printf(t->d, "%u", c->ranking.sharing[key]);
        if (t->letters && cells[n + 2][0] == '\0') cells[n + 2] = "-";
    }
}

static const char *origin_of(ari_doc *d, const ari_comparison *c, size_t model)
{
    static const char *const words[] = { "read", "reported", "from memory, unverified" };
    const ari_entry *e = c->records[model].entry;
    if (e == NULL) {
        const ari_model *m = c->models[model];
        return doc_printf(d, "%zu tensors%s", m->checkpoint->tensors.count,
                          m->contradiction_count > 0 ? "; its configuration contradicts them" : "");
    }
    if (e->unverified[0] == NULL || e->confidence == ARI_MEMORY)
        return doc_printf(d, "catalogue, %s", words[e->confidence]);
    ari_text list = { 0 };
    for (size_t i = 0; e->unverified[i] != NULL; i++)
        text_printf(&list, "%s%s", i == 0 ? "" : ", ", e->unverified[i]);
    return doc_printf(d, "catalogue, %s; from memory: %s", words[e->confidence], doc_take(d, &list));
}

static void add_legend(const table *t)
{
    doc_heading(t->d, TONE_PLAIN, "Models");
    doc_columns(t->d, "", "model", "from", "source");
    for (size_t i = 0; i < t->c->count; i++) {
        const ari_entry *e = t->c->records[i].entry;
        doc_row(t->d, TONE_PLAIN, t->letters ? head(t, i) : doc_printf(t->d, "%zu", i + 1),
                t->c->records[i].name, origin_of(t->d, t->c, i), e == NULL ? NULL : e->source);
    }
}

static void add_notes(const table *t)
{
    bool unused = false;
    for (size_t i = 0; i < t->c->count; i++) unused = unused || t->c->records[i].unused_width != NULL;
    doc_paragraph(
        t->d, TONE_DIM,
        doc_printf(t->d,
                   "* one of the five keys that decide. ? nothing tells it; - the model has no such "
                   "thing; 64? the likeliest of several. The last column: how many catalogued models have "
                   "the first one's value."));
    if (unused)
        doc_paragraph(
            t->d, TONE_DIM,
            "In parentheses: stated, but every layer has experts of another width; no layer uses it, and it "
            "does not count. The width of the experts is compared instead.");
}

static void add_table(table *t, const ari_style *style)
{
    size_t columns = style->columns == 0 ? 80 : style->columns;
    doc_heading(t->d, TONE_PLAIN, "Comparison");
    if (!fill(t)) return;
    for (size_t first = 1, n; first < t->c->count; first += n) {
        n = t->letters ? models_beside(t, first, columns) : t->c->count - first;
        add_block(t, first, n);
    }
    add_notes(t);
}

/* RoPE scaling and layer patterns do not fit a cell. */
static void add_long_values(const table *t)
{
    static const ari_field fields[] = { ARI_FIELD_ROPE_SCALING, ARI_FIELD_LAYER_TYPES };
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        bool begun = false;
        if ((t->c->keys.set & key_bit(fields[i])) == 0) continue;
        for (size_t m = 0; m < t->c->count; m++) {
            const ari_record *r = &t->c->records[m];
            if (record_absent(r, fields[i]) || record_unknown(r, fields[i])) continue;
            if (!begun) {
                doc_heading(t->d, TONE_PLAIN,
                            fields[i] == ARI_FIELD_ROPE_SCALING ? "RoPE scaling" : "Layer pattern");
                doc_columns(t->d, "model", "value", NULL, NULL);
            }
            begun = true;
            doc_row(t->d, TONE_PLAIN, head(t, m), plain_value(t->d, fields[i], r->values[fields[i]].value),
                    NULL, NULL);
        }
    }
}

static const char *words_of(ari_doc *d, ari_keys set)
{
    return keys_in_words(&d->arena, set);
}

static void add_tally(const table *t, size_t i)
{
    ari_doc *d = t->d;
    const ari_match *m = &t->c->pairs[i];
    const char *score = doc_printf(d, "%s core, %s all, %s", score_of(&d->arena, &m->core),
                                   score_of(&d->arena, &m->extended), tiers_word(m->tiers));
    const char *core = m->core.matched == 0 ? "none" : words_of(d, m->core.matched);
    ari_text more = { 0 };
    text_printf(&more, "%s; at most %.1f bits", core, m->bits);
    if (m->core.possible != 0) text_printf(&more, "; possibly %s", words_of(d, m->core.possible));
    if (m->has_expert_width)
        text_printf(&more, "; by moe_intermediate_size %s", score_of(&d->arena, &m->by_expert_width));
    doc_tone tone = is_identical(m) ? TONE_BAD : m->tiers.least == ARI_SIMILAR ? TONE_WARN : TONE_PLAIN;
    doc_row(d, tone, head(t, i + 1), score, doc_take(d, &more),
            doc_printf(d, "all that match: %s", words_of(d, m->extended.matched)));
}

static void add_tallies(const table *t)
{
    doc_heading(t->d, TONE_PLAIN, "Tallies");
    doc_columns(t->d, "with", "matched of known", "core keys that match", "all keys");
    for (size_t i = 0; i + 1 < t->c->count; i++) add_tally(t, i);
}

void compare_document(const ari_comparison *c, const ari_style *style, ari_doc *d)
{
    table t = { .c = c, .d = d, .letters = style->format != ARI_MARKDOWN };
    doc_title(d, c->records[0].name,
              doc_printf(d, "beside %zu other%s, by %zu keys", c->count - 1, c->count == 2 ? "" : "s",
                         c->keys.count));
    add_legend(&t);
    add_table(&t, style);
    add_long_values(&t);
    add_tallies(&t);
    add_parts(c, d);
    add_unique(c, d);
    add_origins(c, d);
    add_verdict(c, d);
}
