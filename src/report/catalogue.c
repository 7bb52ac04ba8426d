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
    if (e->total_params == 0) return "no total is stated: unchecked";
    double off = 100 * ((double)counted / (double)e->total_params - 1);
    return doc_printf(d, "%+.2f %% of the %s total", off,
                      e->params_basis == NULL ? "stated" : e->params_basis);
}

/* --- All of it ------------------------------------------------------------------------------ */

static void add_list(const ari_catalogue *c, ari_doc *d)
{
    static const char *const heads[] = { "model", "parameters", "figures" };
    const char **cells = doc_grid(d, DOC_GRID, TONE_PLAIN, 3);
    for (size_t k = 0; cells != NULL && k < 3; k++) cells[k] = heads[k];
    for (size_t i = 0; i < c->count; i++) {
        const ari_entry *e = c->entries[i];
        uint64_t counted, active;
        cells = doc_grid(d, DOC_LINE, e->confidence == ARI_MEMORY ? TONE_WARN : TONE_PLAIN, 3);
        if (cells == NULL) return;
        cells[0] = e->name;
        cells[1] = entry_parameters(e, &counted, &active) ? plain_scaled(d, counted) : "unchecked";
        cells[2] = e->confidence != ARI_MEMORY && e->unverified[0] != NULL
                       ? doc_printf(d, "%s, partly from memory", confidences[e->confidence])
                       : confidences[e->confidence];
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
    doc_title(d, "Catalogue",
              doc_printf(d, "%zu models, %zu of them from users' files; %s, digest %s", c->count, c->users,
                         c->date, c->digest));
    add_list(c, d);
    doc_paragraph(
        d, TONE_DIM,
        doc_printf(d,
                   "Figures were read in a "
                   "configuration or its code, reported by a paper or model card, or come from memory (%zu: "
                   "unverified). Parameters are the sum over the fields; %zu entries do not have all it "
                   "takes. archinspect catalogue NAME shows one with its sources.",
                   remembered, c->count - counts));
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
        doc_row(d, memory ? TONE_WARN : TONE_PLAIN, field_info((ari_field)i)->label,
                plain_value(d, (ari_field)i, f->value),
                memory || e->confidence == ARI_MEMORY ? "from memory, unverified"
                                                      : confidences[e->confidence],
                NULL);
    }
}

static void add_totals(const ari_entry *e, ari_doc *d)
{
    uint64_t counted, active;
    if (entry_parameters(e, &counted, &active)) {
        doc_row(d, TONE_PLAIN, "parameters", plain_parameters(d, counted), deviation(e, counted, d),
                "the sum over the fields, of the text model");
        if (active != counted)
            doc_row(d, TONE_PLAIN, "active parameters", plain_parameters(d, active), "of one token", NULL);
    } else {
        doc_row(d, TONE_PLAIN, "parameters", "unchecked", "the fields do not suffice to count them", NULL);
    }
    if (e->total_params > 0)
        doc_row(d, TONE_PLAIN, "stated parameters", plain_parameters(d, e->total_params), e->params_basis,
                NULL);
    if (e->active_params > 0)
        doc_row(d, TONE_PLAIN, "stated active", plain_parameters(d, e->active_params), NULL, NULL);
}

static void add_names(const char *label, const char *const *names, ari_doc *d)
{
    for (size_t i = 0; names[i] != NULL; i++)
        doc_row(d, TONE_PLAIN, i == 0 ? label : "", names[i], NULL, NULL);
}

static void add_sources(const ari_entry *e, ari_doc *d)
{
    doc_heading(d, TONE_PLAIN, "Sources");
    doc_columns(d, "what", "where", NULL, NULL);
    doc_row(d, TONE_PLAIN, "source", e->source == NULL ? "none given" : e->source, NULL, NULL);
    add_names("also in", e->also_in, d);
    add_names("same sizes", e->same_shape_as, d);
    add_names("variants", e->variants, d);
    if (e->notes != NULL) doc_row(d, TONE_PLAIN, "notes", e->notes, NULL, NULL);
}

static void entry_document(const ari_entry *e, ari_doc *d)
{
    static const char *const words[] = { "read in a configuration, or the code of its class",
                                         "reported by a paper or a model card", "from memory: unverified" };
    ari_arena scratch = { 0 };
    ari_record r;
    record_of_entry(&scratch, e, &r);
    const char *const about[] = { e->family, e->kind, e->released };
    const char *line = "";
    for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++) {
        if (about[i] != NULL) line = doc_printf(d, "%s%s, ", line, about[i]);
    }
    doc_title(d, e->name, doc_printf(d, "%s%s", line, words[e->confidence]));
    doc_columns(d, "field", "value", "basis", NULL);
    add_figures(e, NULL, d);
    add_totals(e, d);
    if (r.unused_width != NULL)
        doc_paragraph(d, TONE_DIM,
                      doc_printf(d, "Of the MLP width %s no layer makes use: every layer has experts.",
                                 r.unused_width));
    for (size_t i = 0; i < e->tower_count; i++) {
        doc_heading(d, TONE_PLAIN, plain_word(d, e->towers[i].role));
        doc_columns(d, "field", "value", "basis", NULL);
        add_figures(e, &e->towers[i], d);
    }
    if (e->remark_count > 0) {
        doc_heading(d, TONE_PLAIN, "Also stated");
        doc_columns(d, "key", "value", NULL, NULL);
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
