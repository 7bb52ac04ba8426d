#include "report/compare.h"

#include "base/json.h"
#include "report/budget.h"
#include "report/plain.h"
#include "report/verdict.h"

#include <inttypes.h>
#include <stdlib.h>

/* As the text writer sets a grid; and the width of its last column. */
enum { INDENT = 2, GUTTER = 2, LAST = 7 };

/* The table before it is set: a cell a key and model. */
typedef struct table {
    const ari_comparison *c;
    ari_doc *d;
    bool letters;         /* Heads are A, B, C; else names. */
    bool page;            /* It is HTML. */
    const char **cells;   /* keys.count rows of c->count. */
    const char **sharers; /* Of each key: those that have the subject's value. */
    bool *shown;          /* A row that says nothing of anyone is not. */
} table;

static const char *head(const table *t, size_t model)
{
    if (!t->letters) return t->c->records[model].name;
    return model < 26 ? doc_printf(t->d, "%c", (char)('A' + model)) : doc_printf(t->d, "#%zu", model + 1);
}

/* Within a cell: a page numbers its models. */
static const char *short_head(const table *t, size_t model)
{
    return t->page ? doc_number(t->d, model + 1) : head(t, model);
}

static const char *label_of(const table *t, size_t key)
{
    bool core = (keys_core() & key_bit(key)) != 0;
    return t->letters ? doc_printf(t->d, "%c %s", core ? '*' : ' ', label_in(t->d->language, key))
                      : doc_printf(t->d, "%s%s", key_name(key), core ? " *" : "");
}

/* Which of the others have the subject's value: a dozen of them, and how many. */
static const char *sharers(const table *t, size_t key)
{
    enum { NAMED = 12 };
    ari_text words = { 0 };
    size_t n = 0;
    for (size_t m = 1; m < t->c->count; m++) {
        ari_keys bit = key_bit(key);
        if ((relate(&t->c->records[0], &t->c->records[m], bit).matched & bit) == 0) continue;
        if (n < NAMED) text_printf(&words, "%s%s", n == 0 ? "" : t->letters ? " " : ", ", short_head(t, m));
        n++;
    }
    if (n > NAMED) text_printf(&words, " ... (%zu)", n);
    return doc_take(t->d, &words);
}

static bool fill(table *t)
{
    size_t n = t->c->count;
    t->cells = arena_alloc(&t->d->arena, (t->c->keys.count * n + 1) * sizeof(t->cells[0]));
    t->shown = arena_alloc(&t->d->arena, t->c->keys.count + 1);
    t->sharers = arena_alloc(&t->d->arena, (t->c->keys.count + 1) * sizeof(t->sharers[0]));
    if (t->cells == NULL || t->shown == NULL || t->sharers == NULL) {
        t->d->failed = true;
        return false;
    }
    for (size_t i = 0; i < t->c->keys.count; i++) {
        t->sharers[i] = sharers(t, t->c->keys.at[i]);
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

/* How a key of one of the others stands to the subject's. */
typedef enum state {
    STATE_NONE,
    STATE_MATCHED,
    STATE_DIFFERING,
    STATE_POSSIBLE,
    STATE_UNKNOWN,
    STATE_ABSENT
} state;

static state state_of(const table *t, size_t key, size_t model)
{
    ari_relation r = relate(&t->c->records[0], &t->c->records[model], key_bit(key));
    return r.matched != 0     ? STATE_MATCHED
           : r.differing != 0 ? STATE_DIFFERING
           : r.possible != 0  ? STATE_POSSIBLE
           : r.absent != 0    ? STATE_ABSENT
                              : STATE_UNKNOWN;
}

static void mark_cells(const table *t, size_t key, size_t first, size_t n)
{
    static const doc_tone tones[] = { TONE_PLAIN, TONE_GOOD, TONE_BAD, TONE_WARN, TONE_DIM, TONE_DIM };
    doc_tone *cells = doc_grid_tones(t->d, n + 4);
    for (size_t m = 0; cells != NULL && m < n; m++) cells[2 + m] = tones[state_of(t, key, first + m)];
}

static void add_block(const table *t, size_t first, size_t n)
{
    const ari_comparison *c = t->c;
    const char **cells = doc_grid(t->d, DOC_GRID, TONE_PLAIN, n + 4);
    if (cells == NULL) return;
    if (!t->letters) cells[0] = W(t->d, KEY);
    cells[1] = head(t, 0);
    for (size_t m = 0; m < n; m++) cells[2 + m] = head(t, first + m);
    cells[n + 2] = t->letters ? W(t->d, AS_A) : W(t->d, AS_FIRST);
    cells[n + 3] = W(t->d, HAVE_IT);
    for (size_t i = 0; i < c->keys.count; i++) {
        size_t key = c->keys.at[i];
        if (!t->shown[i]) continue;
        cells = doc_grid(t->d, DOC_LINE, TONE_PLAIN, n + 4);
        if (cells == NULL) return;
        cells[0] = label_of(t, key);
        cells[1] = t->cells[i * c->count];
        for (size_t m = 0; m < n; m++) cells[2 + m] = t->cells[i * c->count + first + m];
        cells[n + 2] = t->sharers[i];
        mark_cells(t, key, first, n);
        if (record_certain(&c->records[0], key))
            cells[n + 3] = doc_printf(t->d, "%u/%u", c->ranking.sharing[key], c->ranking.knowing[key]);
        if (t->letters && cells[n + 2][0] == '\0') cells[n + 2] = "-";
    }
}

static const char *origin_of(ari_doc *d, const ari_comparison *c, size_t model)
{
    static const ari_word words[] = { WORD_CATALOGUE_READ, WORD_CATALOGUE_REPORT, WORD_CATALOGUE_MEMORY };
    const ari_entry *e = c->records[model].entry;
    if (e == NULL) {
        const ari_model *m = c->models[model];
        const char *tensors = doc_number(d, m->checkpoint->tensors.count);
        return m->contradiction_count > 0 ? SAY(d, TENSORS_DISPUTED, tensors) : SAY(d, TENSORS_READ, tensors);
    }
    const char *read = word_in(d->language, words[e->confidence]);
    if (e->unverified[0] == NULL || e->confidence == ARI_MEMORY) return read;
    ari_text list = { 0 };
    for (size_t i = 0; e->unverified[i] != NULL; i++)
        text_printf(&list, "%s%s", i == 0 ? "" : ", ", e->unverified[i]);
    return SAY(d, PARTS_MEMORY, read, doc_take(d, &list));
}

static void add_legend(const table *t)
{
    doc_heading(t->d, TONE_PLAIN, W(t->d, MODELS));
    doc_columns(t->d, "", W(t->d, MODEL), W(t->d, FROM), W(t->d, SOURCE));
    for (size_t i = 0; i < t->c->count; i++) {
        const ari_entry *e = t->c->records[i].entry;
        doc_row(t->d, TONE_PLAIN, t->letters ? head(t, i) : doc_printf(t->d, "%zu", i + 1),
                t->c->records[i].name, origin_of(t->d, t->c, i), e == NULL ? NULL : e->source);
    }
}

static void add_notes(const table *t)
{
    bool unused = false;
    for (size_t i = 0; i < t->c->count; i++)
        unused = unused || t->c->records[i].unused_width != NULL || t->c->records[i].read_as_experts != NULL;
    doc_paragraph(t->d, TONE_DIM, W(t->d, TABLE_NOTE));
    if (unused) doc_paragraph(t->d, TONE_DIM, W(t->d, UNUSED_NOTE));
}

/* Of a page: the same as colours and signs. */
static void draw_heat(const table *t)
{
    static const ari_word names[] = { WORD_COUNT,          WORD_STATE_MATCHED, WORD_STATE_DIFFERING,
                                      WORD_STATE_POSSIBLE, WORD_STATE_UNKNOWN, WORD_STATE_ABSENT };
    static const char *const signs[] = { NULL, "=", "\xE2\x89\xA0", "?", "\xC2\xB7", "\xE2\x80\x93" };
    ari_doc *d = t->d;
    size_t columns = t->c->count - 1;
    ari_picture *p =
        doc_picture(d, PICTURE_MAP, W(d, PICTURE_HEAT), SAY(d, SAYS_HEAT, t->c->records[0].name));
    if (p == NULL) return;
    p->tabled = true;
    p->row_names = arena_alloc(&d->arena, t->c->keys.count * sizeof(p->row_names[0]));
    p->column_names = arena_alloc(&d->arena, columns * sizeof(p->column_names[0]));
    p->levels = arena_alloc(&d->arena, t->c->keys.count * columns);
    if (p->row_names == NULL || p->column_names == NULL || p->levels == NULL) return;
    p->columns = columns;
    for (size_t m = 0; m < columns; m++) p->column_names[m] = doc_number(d, m + 2);
    for (size_t i = 0; i < t->c->keys.count; i++) {
        if (!t->shown[i]) continue;
        p->row_names[p->rows] = key_name(t->c->keys.at[i]);
        for (size_t m = 0; m < columns; m++) {
            state s = state_of(t, t->c->keys.at[i], m + 1);
            p->levels[p->rows * columns + m] = (uint8_t)s;
            p->level_names[s] = word_in(d->language, names[s]);
            p->level_signs[s] = signs[s];
        }
        p->rows++;
    }
}

static void add_table(table *t, const ari_style *style)
{
    size_t columns = style->columns == 0 ? 80 : style->columns;
    doc_heading(t->d, TONE_PLAIN, W(t->d, COMPARISON));
    if (!fill(t)) return;
    if (t->page) draw_heat(t);
    for (size_t first = 1, n; first < t->c->count; first += n) {
        n = t->letters ? models_beside(t, first, columns) : t->c->count - first;
        add_block(t, first, n);
    }
    add_notes(t);
}

/* --- What a model is made of, a row a model ------------------------------------------------------- */

/* A field of a sentence: "label value", in the order of the table. */
typedef struct section {
    ari_word heading;
    const ari_field *fields;
    size_t count;
    bool bare; /* Its only field needs no label; and it fits no cell of the table. */
} section;

/* "attention gqa 8:1, attention heads 64, ..." of what the model has. */
static const char *section_words(const table *t, const section *s, size_t model)
{
    const ari_record *r = &t->c->records[model];
    ari_text words = { 0 };
    for (size_t i = 0; i < s->count; i++) {
        ari_field field = s->fields[i];
        bool plain = field == ARI_FIELD_ROPE_SCALING || field == ARI_FIELD_LAYER_TYPES;
        if ((t->c->keys.set & key_bit(field)) == 0 || record_absent(r, field) || record_unknown(r, field))
            continue;
        const char *value =
            plain ? plain_value(t->d, field, r->values[field].value) : compare_cell(t->d, r, field);
        text_printf(&words, "%s%s%s%s", words.size == 0 ? "" : ", ",
                    s->bare ? "" : label_in(t->d->language, field), s->bare ? "" : " ", value);
    }
    return doc_take(t->d, &words);
}

/* "D M×26", of the tensors where there are some. */
static const char *pattern_words(const table *t, size_t model)
{
    ari_budget b;
    const char *words = NULL;
    if (budget_of(t->c->models[model], &t->d->arena, &b)) words = layer_strip(t->d, t->c->models[model], &b);
    return words;
}

/* Why there is nothing to say. */
static const char *empty_words(const table *t, const section *s, size_t model)
{
    bool absent = true;
    for (size_t i = 0; i < s->count; i++)
        absent = absent && record_absent(&t->c->records[model], s->fields[i]);
    return doc_term(t->d, absent ? "none" : "unknown");
}

/* On a terminal, and of patterns, only what there is; a report has all other sections, and says where one is
 * empty. */
static void add_section(const table *t, const section *s)
{
    bool begun = false;
    for (size_t m = 0; m < t->c->count; m++) {
        bool pattern = s->fields[0] == ARI_FIELD_LAYER_TYPES;
        const char *words = pattern ? pattern_words(t, m) : NULL;
        if (words == NULL) words = section_words(t, s, m);
        if (words[0] == '\0' && (t->letters || pattern)) continue;
        if (words[0] == '\0') words = empty_words(t, s, m);
        if (!begun) {
            doc_heading(t->d, TONE_PLAIN, word_in(t->d->language, s->heading));
            doc_columns(t->d, W(t->d, MODEL), W(t->d, VALUE), NULL, NULL);
        }
        begun = true;
        doc_row(t->d, TONE_PLAIN, head(t, m), words, NULL, NULL);
    }
}

#define SECTION(heading, fields, bare)                                     \
    {                                                                      \
        WORD_##heading, fields, sizeof(fields) / sizeof((fields)[0]), bare \
    }

static void add_sections(const table *t)
{
    static const ari_field attention[] = { ARI_FIELD_ATTENTION_TYPE,
                                           ARI_FIELD_NUM_ATTENTION_HEADS,
                                           ARI_FIELD_NUM_KEY_VALUE_HEADS,
                                           ARI_FIELD_HEAD_DIM,
                                           ARI_FIELD_Q_LORA_RANK,
                                           ARI_FIELD_KV_LORA_RANK,
                                           ARI_FIELD_QK_NOPE_HEAD_DIM,
                                           ARI_FIELD_QK_ROPE_HEAD_DIM,
                                           ARI_FIELD_V_HEAD_DIM,
                                           ARI_FIELD_SLIDING_WINDOW,
                                           ARI_FIELD_QK_NORM };
    static const ari_field mixture[] = { ARI_FIELD_NUM_EXPERTS,
                                         ARI_FIELD_NUM_SHARED_EXPERTS,
                                         ARI_FIELD_NUM_EXPERTS_PER_TOK,
                                         ARI_FIELD_MOE_INTERMEDIATE_SIZE,
                                         ARI_FIELD_SHARED_EXPERT_INTERMEDIATE_SIZE,
                                         ARI_FIELD_FIRST_K_DENSE_REPLACE };
    static const ari_field rope[] = { ARI_FIELD_ROPE_SCALING };
    static const ari_field layers[] = { ARI_FIELD_LAYER_TYPES };
    static const section sections[] = { SECTION(ATTENTION, attention, false),
                                        SECTION(MIXTURE, mixture, false), SECTION(ROPE, rope, true),
                                        SECTION(LAYER_PATTERN, layers, true) };
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        /* Where a terminal's table has it, that is enough. */
        if (!t->letters || sections[i].bare) add_section(t, &sections[i]);
    }
}

static const char *facts_words(const table *t, size_t model)
{
    ari_doc *d = t->d;
    const ari_model *m = t->c->models[model];
    const ari_record *r = &t->c->records[model];
    ari_text words = { 0 };
    text_put(&words, doc_term(d, m->kind));
    text_printf(&words, ", %s %s", W(d, PARAMETERS),
                m->parameters_known ? plain_scaled(d, m->parameters) : W(d, UNCOUNTED));
    if (m->active_known) text_printf(&words, ", %s %s", W(d, ACTIVE), plain_scaled(d, m->active_parameters));
    if (record_certain(r, ARI_KEY_EXPERTS))
        text_printf(&words, ", %s %s", label_in(d->language, ARI_FIELD_NUM_EXPERTS),
                    compare_cell(d, r, ARI_KEY_EXPERTS));
    if (record_certain(r, ARI_FIELD_MAX_POSITION_EMBEDDINGS))
        text_printf(&words, ", %s %s", label_in(d->language, ARI_FIELD_MAX_POSITION_EMBEDDINGS),
                    compare_cell(d, r, ARI_FIELD_MAX_POSITION_EMBEDDINGS));
    return doc_take(d, &words);
}

static void add_facts(const table *t)
{
    doc_heading(t->d, TONE_PLAIN, W(t->d, BASIC_FACTS));
    doc_columns(t->d, W(t->d, MODEL), W(t->d, VALUE), NULL, NULL);
    for (size_t m = 0; m < t->c->count; m++)
        doc_row(t->d, TONE_PLAIN, head(t, m), facts_words(t, m), NULL, NULL);
}

/* --- Tallies ---------------------------------------------------------------------------------------- */

static void add_tally(const table *t, size_t i)
{
    ari_doc *d = t->d;
    const ari_match *m = &t->c->pairs[i];
    const char *score =
        SAY(d, TALLY, score_words(d, &m->core), score_words(d, &m->extended), tiers_words(d, m->tiers));
    const char *core = m->core.matched == 0 ? W(d, NONE) : keys_words(d, m->core.matched);
    const char *more = SAY(d, TALLY_BITS, core, doc_printf(d, "%.1f", m->bits));
    if (m->core.possible != 0) more = SAY(d, TALLY_POSSIBLY, more, keys_words(d, m->core.possible));
    if (m->has_expert_width) more = SAY(d, TALLY_BY_WIDTH, more, score_words(d, &m->by_expert_width));
    doc_tone tone = is_identical(m) ? TONE_BAD : m->tiers.least == ARI_SIMILAR ? TONE_WARN : TONE_PLAIN;
    doc_row(d, tone, head(t, i + 1), score, more, SAY(d, ALL_THAT_MATCH, keys_words(d, m->extended.matched)));
}

static void add_tallies(const table *t)
{
    doc_heading(t->d, TONE_PLAIN, W(t->d, TALLIES));
    doc_columns(t->d, W(t->d, WITH), W(t->d, MATCHED_OF_KNOWN), W(t->d, CORE_THAT_MATCH), W(t->d, ALL_KEYS));
    for (size_t i = 0; i + 1 < t->c->count; i++) add_tally(t, i);
}

void compare_document(const ari_comparison *c, const ari_style *style, ari_doc *d)
{
    table t = { .c = c, .d = d, .letters = style->format == ARI_TEXT, .page = style->format == ARI_HTML };
    doc_title(d, c->records[0].name,
              SAY(d, BESIDE, doc_number(d, c->count - 1), doc_number(d, c->keys.count)));
    add_legend(&t);
    add_facts(&t);
    add_table(&t, style);
    add_sections(&t);
    add_tallies(&t);
    add_parts(c, d);
    add_unique(c, d);
    add_origins(c, d);
    add_verdict(c, d);
}
