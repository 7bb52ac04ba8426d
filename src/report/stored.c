/* stored.c -- the models that other programs keep on this machine: what --list says. */
#include "base/json.h"
#include "read/store.h"
#include "report/plain.h"

#include <errno.h>
#include <time.h>

enum { COLUMNS = 5 };

static const char *escaped(ari_doc *d, const char *foreign)
{
    ari_text t = { 0 };
    text_escape(&t, span_of(foreign), ESCAPE_ALL);
    return doc_take(d, &t);
}

/* Universal time; "" where it is beyond any calendar. */
static const char *when(ari_doc *d, int64_t seconds, bool day_only)
{
    char words[32] = "";
    struct tm parts;
    time_t t = (time_t)seconds;
    if (gmtime_r(&t, &parts) == NULL) return "";
    size_t n = day_only ? strftime(words, sizeof(words), "%Y-%m-%d", &parts)
                        : strftime(words, sizeof(words), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return n == 0 ? "" : doc_printf(d, "%s", words);
}

/* Names come last: they may be long, and are never cut. */
static void add_models(const ari_inventory *inventory, ari_doc *d)
{
    static const ari_word heads[COLUMNS] = { WORD_STORE, WORD_SIZE, WORD_FILE_COUNT, WORD_DATE, WORD_NAME };
    const char **cells = doc_grid(d, DOC_GRID, TONE_PLAIN, COLUMNS);
    for (size_t k = 0; cells != NULL && k < COLUMNS; k++) cells[k] = word_in(d->language, heads[k]);
    for (size_t i = 0; i < inventory->count; i++) {
        const ari_stored *m = &inventory->models[i];
        cells = doc_grid(d, DOC_LINE, TONE_PLAIN, COLUMNS);
        if (cells == NULL) return;
        cells[0] = m->store;
        cells[1] = plain_bytes(d, m->bytes);
        cells[2] = plain_count(d, m->files);
        cells[3] = when(d, m->modified, true);
        cells[4] = escaped(d, m->name);
    }
}

static const char *state_of(const store_place *p, ari_doc *d)
{
    char words[128];
    if (p->trouble == 0) return W(d, SEARCHED);
    if (p->trouble == ENOENT) return W(d, NOT_THERE);
    return doc_printf(d, "%s", strerror_r(p->trouble, words, sizeof(words)));
}

static void add_places(const ari_inventory *inventory, ari_doc *d)
{
    doc_heading(d, TONE_PLAIN, W(d, LOOKED_IN));
    doc_columns(d, W(d, STORE), W(d, STATE), W(d, WHERE), NULL);
    for (size_t i = 0; i < inventory->place_count; i++) {
        const store_place *p = &inventory->places[i];
        doc_row(d, TONE_PLAIN, p->kind->word, state_of(p, d), escaped(d, p->path), NULL);
    }
}

static void list_document(const ari_inventory *inventory, bool places, ari_doc *d)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < inventory->count; i++) {
        /* Two tags of one model are one file. */
        size_t first = 0;
        while (strcmp(inventory->models[first].path, inventory->models[i].path) != 0) first++;
        if (first == i) bytes += inventory->models[i].bytes;
    }
    doc_title(d, W(d, MODELS_HERE),
              SAY(d, MODELS_OF_BYTES, doc_number(d, inventory->count), plain_bytes(d, bytes)));
    if (inventory->count > 0) add_models(inventory, d);
    if (inventory->without > 0)
        doc_paragraph(d, TONE_DIM, SAY(d, WITHOUT_WEIGHTS, doc_number(d, inventory->without)));
    if (inventory->count > 0 && !places) return;
    add_places(inventory, d);
}

/* The document is only where strings are made. */
static bool list_json(const ari_inventory *inventory, bool indented, ari_doc *d, ari_text *out)
{
    json_builder b;
    json_tree *top = json_begin(&b);
    json_add_text(&b, top, "schema", "archinspect/list/1");
    json_add_text(&b, json_add_object(&b, top, "tool"), "version", ari_version());
    json_tree *models = json_add_array(&b, top, "models");
    for (size_t i = 0; i < inventory->count; i++) {
        const ari_stored *m = &inventory->models[i];
        json_tree *o = json_add_object(&b, models, NULL);
        json_add_text(&b, o, "name", escaped(d, m->name));
        json_add_text(&b, o, "store", m->store);
        json_add_text(&b, o, "path", escaped(d, m->path));
        json_add_uint(&b, o, "bytes", m->bytes);
        json_add_uint(&b, o, "files", m->files);
        json_add_text(&b, o, "modified", when(d, m->modified, false));
    }
    json_tree *places = json_add_array(&b, top, "places");
    for (size_t i = 0; i < inventory->place_count; i++) {
        const store_place *p = &inventory->places[i];
        json_tree *o = json_add_object(&b, places, NULL);
        json_add_text(&b, o, "store", p->kind->word);
        json_add_text(&b, o, "path", escaped(d, p->path));
        json_add_bool(&b, o, "searched", p->trouble == 0);
    }
    return json_finish(&b, indented, out);
}

static void write_list(const ari_doc *d, const ari_style *style, ari_text *out)
{
    switch (style->format) {
    case ARI_MARKDOWN: doc_write_markdown(d, style, out); break;
    case ARI_HTML: doc_write_html(d, out); break;
    default: doc_write_text(d, style, out); break;
    }
}

ari_status ari_report_list(const ari_inventory *inventory, const ari_style *style, char **out, ari_err *err)
{
    ari_text t = { 0 };
    ari_doc d = { .language = style->language, .ascii = style->ascii && style->format == ARI_TEXT };
    bool json = style->format == ARI_JSON || style->format == ARI_NDJSON;
    if (json && !list_json(inventory, style->format == ARI_JSON, &d, &t)) t.failed = true;
    if (!json) list_document(inventory, style->evidence, &d);
    bool whole = !d.failed && !d.arena.failed && !t.failed;
    if (whole && !json) write_list(&d, style, &t);
    doc_free(&d);
    *out = whole && !t.failed ? t.data : NULL;
    if (*out != NULL) return ARI_OK;
    text_free(&t);
    return ari_out_of_memory(err);
}
