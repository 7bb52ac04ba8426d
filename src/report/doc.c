#include "report/doc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void doc_add(ari_doc *d, doc_item item)
{
    if (!array_room(&d->items, &d->room, d->count, sizeof(d->items[0]))) {
        d->failed = true;
        return;
    }
    d->items[d->count++] = item;
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

const char *doc_take(ari_doc *d, ari_text *t)
{
    const char *out = doc_printf(d, "%s", t->data == NULL ? "" : t->data);
    if (t->failed) d->failed = true;
    text_free(t);
    return out;
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
