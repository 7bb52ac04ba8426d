/* catalogue.c -- the reference models: which there are, and where each figure comes from. */
#include "report/compare.h"
#include "report/judgement.h"
#include "report/plain.h"

static const char *const confidences[] = { "read", "reported", "memory" };

static bool is_listed(const char *const *list, const char *word)
{
    while (*list != NULL && strcmp(*list, word) != 0) list++;
    return *list != NULL;
}

/* How far the sum over the fields is from the stated total; NULL where either is missing. */
static const char *deviation(const ari_entry *e, uint64_t counted, ari_doc *d)
{
    if (e->total_params == 0) return W(d, NO_TOTAL);
    double off = 100 * ((double)counted / (double)e->total_params - 1);
    return SAY(d, OFF_BY, doc_printf(d, "%+.2f", off),
               e->params_basis == NULL ? doc_term(d, "stated") : e->params_basis);
}

/* --- All of it ------------------------------------------------------------------------------ */

static void add_list(const ari_catalogue *c, ari_doc *d)
{
    static const ari_word heads[] = { WORD_MODEL, WORD_PARAMETERS, WORD_FIGURES };
    const char **cells = doc_grid(d, DOC_GRID, TONE_PLAIN, 3);
    for (size_t k = 0; cells != NULL && k < 3; k++) cells[k] = word_in(d->language, heads[k]);
    for (size_t i = 0; i < c->count; i++) {
        const ari_entry *e = c->entries[i];
        uint64_t counted, active;
        cells = doc_grid(d, DOC_LINE, e->confidence == ARI_MEMORY ? TONE_WARN : TONE_PLAIN, 3);
        if (cells == NULL) return;
        cells[0] = e->name;
        cells[1] = entry_parameters(e, &counted, &active) ? plain_scaled(d, counted) : W(d, UNCHECKED);
        cells[2] = e->confidence != ARI_MEMORY && e->unverified[0] != NULL
                       ? W(d, PARTLY)
                       : doc_term(d, confidences[e->confidence]);
    }
}

static void list_document(const ari_catalogue *c, ari_doc *d)
{
    size_t remembered = 0, counts = 0;
    uint64_t counted, active;
    for (size_t i = 0; i < c->count; i++) {
        remembered += c->entries[i]->confidence == ARI_MEMORY;
        counts += entry_parameters(c->entries[i], &counted, &active);
    }
    doc_title(d, W(d, CATALOGUE),
              SAY(d, CATALOGUE_OF, doc_number(d, c->count), doc_number(d, c->users), c->date, c->digest));
    add_list(c, d);
    doc_paragraph(d, TONE_DIM,
                  SAY(d, CATALOGUE_NOTE, doc_number(d, remembered), doc_number(d, c->count - counts)));
}

/* --- One of it ------------------------------------------------------------------------------ */

static void add_figures(const ari_entry *e, const ari_tower *tower, ari_doc *d)
{
    ari_architecture a;
    entry_architecture(e, tower, &a);
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) {
        const ari_inferred *f = &a.fields[i];
        bool memory = tower == NULL && is_listed(e->unverified, field_info((ari_field)i)->name);
        if (f->basis == ARI_UNKNOWN) continue;
        doc_row(d, memory ? TONE_WARN : TONE_PLAIN, label_in(d->language, i),
                plain_value(d, (ari_field)i, f->value),
                memory || e->confidence == ARI_MEMORY ? W(d, MEMORY)
                                                      : doc_term(d, confidences[e->confidence]),
                NULL);
    }
}

static void add_totals(const ari_entry *e, ari_doc *d)
{
    uint64_t counted, active;
    if (entry_parameters(e, &counted, &active)) {
        doc_row(d, TONE_PLAIN, W(d, PARAMETERS), plain_parameters(d, counted), deviation(e, counted, d),
                W(d, SUM_OF_FIELDS));
        if (active != counted)
            doc_row(d, TONE_PLAIN, W(d, ACTIVE), plain_parameters(d, active), W(d, OF_ONE_TOKEN), NULL);
    } else {
        doc_row(d, TONE_PLAIN, W(d, PARAMETERS), W(d, UNCHECKED), W(d, FIELDS_MISSING), NULL);
    }
    if (e->total_params > 0)
        doc_row(d, TONE_PLAIN, W(d, STATED_TOTAL), plain_parameters(d, e->total_params), e->params_basis,
                NULL);
    if (e->active_params > 0)
        doc_row(d, TONE_PLAIN, W(d, STATED_ACTIVE), plain_parameters(d, e->active_params), NULL, NULL);
}

static void add_names(const char *label, const char *const *names, ari_doc *d)
{
    for (size_t i = 0; names[i] != NULL; i++)
        doc_row(d, TONE_PLAIN, i == 0 ? label : "", names[i], NULL, NULL);
}

static void add_sources(const ari_entry *e, ari_doc *d)
{
    doc_heading(d, TONE_PLAIN, W(d, SOURCES));
    doc_columns(d, W(d, WHAT), W(d, WHERE), NULL, NULL);
    doc_row(d, TONE_PLAIN, W(d, SOURCE), e->source == NULL ? W(d, NONE_GIVEN) : e->source, NULL, NULL);
    add_names(W(d, ALSO_IN), e->also_in, d);
    add_names(W(d, SAME_SIZES), e->same_shape_as, d);
    add_names(W(d, VARIANTS), e->variants, d);
    if (e->notes != NULL) doc_row(d, TONE_PLAIN, W(d, NOTES), e->notes, NULL, NULL);
}

static void entry_document(const ari_entry *e, ari_doc *d)
{
    static const ari_word words[] = { WORD_READ_IN, WORD_REPORTED_BY, WORD_ALL_FROM_MEMORY };
    ari_arena scratch = { 0 };
    ari_record r;
    record_of_entry(&scratch, e, &r);
    const char *const about[] = { e->family, e->kind, e->released };
    const char *line = "";
    for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
        if (about[i] != NULL) line = doc_printf(d, "%s%s, ", line, about[i]);
    }
    doc_title(d, e->name, doc_printf(d, "%s%s", line, word_in(d->language, words[e->confidence])));
    doc_columns(d, W(d, FIELD), W(d, VALUE), W(d, BASIS), NULL);
    add_figures(e, NULL, d);
    add_totals(e, d);
    if (r.unused_width != NULL) doc_paragraph(d, TONE_DIM, SAY(d, UNUSED_WIDTH, r.unused_width));
    for (size_t i = 0; i < e->tower_count; i++) {
        doc_heading(d, TONE_PLAIN, doc_term(d, e->towers[i].role));
        doc_columns(d, W(d, FIELD), W(d, VALUE), W(d, BASIS), NULL);
        add_figures(e, &e->towers[i], d);
    }
    if (e->remark_count > 0) {
        doc_heading(d, TONE_PLAIN, W(d, ALSO_STATED));
        doc_columns(d, W(d, KEY), W(d, VALUE), NULL, NULL);
    }
    for (size_t i = 0; i < e->remark_count; i++)
        doc_row(d, TONE_PLAIN, e->remarks[i].key, plain_value(d, ARI_FIELD_MODEL_TYPE, e->remarks[i].value),
                NULL, NULL);
    add_sources(e, d);
    arena_free(&scratch);
}

void catalogue_document(const ari_catalogue *c, const ari_entry *e, ari_doc *d)
{
    if (e == NULL) {
        list_document(c, d);
    } else {
        entry_document(e, d);
    }
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void add_strings(json_builder *b, json_tree *to, const char *name, const char *const *list)
{
    json_tree *a = json_add_array(b, to, name);
    for (size_t i = 0; list[i] != NULL; i++) json_add_text(b, a, NULL, list[i]);
}

static void add_fields(json_builder *b, json_tree *to, const ari_entry *e, const ari_tower *tower)
{
    ari_architecture a;
    json_tree *o = json_add_object(b, to, "architecture");
    entry_architecture(e, tower, &a);
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) {
        if (a.fields[i].basis != ARI_UNKNOWN)
            json_add_raw(b, o, field_info((ari_field)i)->name, a.fields[i].value);
    }
}

static void add_count(json_builder *b, json_tree *o, const char *name, uint64_t n)
{
    if (n > 0) {
        json_add_uint(b, o, name, n);
    } else {
        json_add_null(b, o, name);
    }
}

static void add_entry(json_builder *b, json_tree *list, const ari_entry *e)
{
    uint64_t counted = 0, active = 0;
    json_tree *o = json_add_object(b, list, NULL);
    json_add_text(b, o, "name", e->name);
    json_add_text(b, o, "family", e->family);
    json_add_text(b, o, "kind", e->kind);
    json_add_text(b, o, "released", e->released);
    json_add_text(b, o, "confidence", e->confidence == ARI_REPORTED ? "report" : confidences[e->confidence]);
    json_add_text(b, o, "source", e->source);
    add_strings(b, o, "also_in", e->also_in);
    add_strings(b, o, "unverified", e->unverified);
    json_add_text(b, o, "notes", e->notes);
    add_count(b, o, "total_params", e->total_params);
    add_count(b, o, "active_params", e->active_params);
    json_add_text(b, o, "params_basis", e->params_basis);
    if (!entry_parameters(e, &counted, &active)) counted = active = 0;
    add_count(b, o, "computed_params", counted);
    add_count(b, o, "computed_active_params", active);
    add_fields(b, o, e, NULL);
    json_tree *towers = json_add_array(b, o, "components");
    for (size_t i = 0; i < e->tower_count; i++) {
        json_tree *t = json_add_object(b, towers, NULL);
        json_add_text(b, t, "role", e->towers[i].role);
        add_fields(b, t, e, &e->towers[i]);
    }
    json_tree *remarks = json_add_object(b, o, "remarks");
    for (size_t i = 0; i < e->remark_count; i++)
        json_add_raw(b, remarks, e->remarks[i].key, e->remarks[i].value);
    add_strings(b, o, "same_shape_as", e->same_shape_as);
    add_strings(b, o, "variants", e->variants);
}

bool catalogue_json(const ari_catalogue *c, const ari_entry *e, bool indented, ari_text *out)
{
    json_builder b;
    json_tree *top = json_begin(&b);
    json_add_text(&b, top, "schema", "archinspect/catalogue/1");
    json_add_tool(&b, top, c);
    json_tree *models = json_add_array(&b, top, "models");
    for (size_t i = 0; i < c->count; i++) {
        if (e == NULL || c->entries[i] == e) add_entry(&b, models, c->entries[i]);
    }
    return json_finish(&b, indented, out);
}
