#include "report/doc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void add(ari_doc *d, doc_item item)
{
    if (!array_room(&d->items, &d->room, d->count, sizeof(d->items[0]))) {
        d->failed = true;
        return;
    }
    d->items[d->count++] = item;
}

void doc_title(ari_doc *d, const char *words, const char *beside)
{
    add(d, (doc_item){ .kind = DOC_TITLE, .cells = { words, beside } });
}

void doc_heading(ari_doc *d, doc_tone tone, const char *words)
{
    add(d, (doc_item){ .kind = DOC_HEADING, .tone = tone, .cells = { words } });
}

void doc_paragraph(ari_doc *d, doc_tone tone, const char *words)
{
    add(d, (doc_item){ .kind = DOC_PARAGRAPH, .tone = tone, .cells = { words } });
}

void doc_columns(ari_doc *d, const char *first, const char *second, const char *third, const char *detail)
{
    add(d, (doc_item){ .kind = DOC_COLUMNS, .cells = { first, second, third }, .detail = detail });
}

void doc_row(ari_doc *d, doc_tone tone, const char *first, const char *second, const char *third,
             const char *detail)
{
    add(d, (doc_item){ .kind = DOC_ROW, .tone = tone, .cells = { first, second, third }, .detail = detail });
}

const char *doc_printf(ari_doc *d, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int n = vsnprintf(NULL, 0, format, values);
    va_end(values);
    char *out = n < 0 ? NULL : arena_alloc(&d->arena, (size_t)n + 1);
    if (out == NULL) {
        d->failed = true;
        return "";
    }
    va_start(values, format);
    vsnprintf(out, (size_t)n + 1, format, values);
    va_end(values);
    return out;
}

const char *doc_say(ari_doc *d, ari_word w, const char *const *arguments, size_t n)
{
    ari_text t = { 0 };
    words_fill(&t, word_in(d->language, w), arguments, n);
    return doc_take(d, &t);
}

const char *doc_term(ari_doc *d, const char *json_word)
{
    ari_text t = { 0 };
    put_term(&t, d->language, json_word);
    return doc_take(d, &t);
}

const char *doc_times(const ari_doc *d)
{
    return d->ascii ? "x" : "\xC3\x97";
}

const char *doc_number(ari_doc *d, size_t n)
{
    return doc_printf(d, "%zu", n);
}

const char *doc_take(ari_doc *d, ari_text *t)
{
    const char *out = doc_printf(d, "%s", t->data == NULL ? "" : t->data);
    if (t->failed) d->failed = true;
    text_free(t);
    return out;
}

const char **doc_grid(ari_doc *d, doc_kind kind, doc_tone tone, size_t count)
{
    const char **cells = arena_alloc(&d->arena, (count + 1) * sizeof(cells[0]));
    for (size_t i = 0; cells != NULL && i < count; i++) cells[i] = "";
    if (cells == NULL) d->failed = true;
    if (cells != NULL) add(d, (doc_item){ .kind = kind, .tone = tone, .grid = cells, .grid_count = count });
    return cells;
}

void doc_verbatim(ari_doc *d, const char *lines)
{
    add(d, (doc_item){ .kind = DOC_VERBATIM, .cells = { lines } });
}

doc_tone *doc_grid_tones(ari_doc *d, size_t count)
{
    doc_tone *tones = arena_alloc(&d->arena, (count + 1) * sizeof(tones[0]));
    if (tones == NULL) d->failed = true;
    if (tones != NULL && d->count > 0) d->items[d->count - 1].tones = tones;
    return tones;
}

ari_picture *doc_picture(ari_doc *d, ari_picture_kind kind, const char *title, const char *says)
{
    ari_picture *p = arena_alloc(&d->arena, sizeof(*p));
    if (p == NULL) {
        d->failed = true;
        return NULL;
    }
    *p = (ari_picture){ .kind = kind, .title = title, .says = says };
    add(d, (doc_item){ .kind = DOC_PICTURE, .picture = p });
    return p;
}

bool doc_begins_table(const ari_doc *d, size_t i)
{
    return d->items[i].kind == DOC_COLUMNS && i + 1 < d->count && d->items[i + 1].kind == DOC_ROW;
}

void doc_free(ari_doc *d)
{
    free(d->items);
    arena_free(&d->arena);
    *d = (ari_doc){ 0 };
}
