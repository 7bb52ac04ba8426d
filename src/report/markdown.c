/* markdown.c -- a document as GitHub-flavoured Markdown. */
#include "report/doc.h"

/* The table being written: its columns, and whether the last says what a row rests on. */
typedef struct shape {
    size_t columns;
    bool evidence;
} shape;

static void write_row(ari_text *out, const doc_item *item, shape s)
{
    for (size_t k = 0; k < s.columns; k++) {
        text_put(out, "| ");
        if (item->cells[k] != NULL) text_put_markdown(out, item->cells[k]);
        text_put(out, " ");
    }
    if (s.evidence) {
        text_put(out, "| ");
        if (item->detail != NULL) text_put_markdown(out, item->detail);
        text_put(out, " ");
    }
    text_put(out, "|\n");
}

static void write_line(ari_text *out, const doc_item *item)
{
    for (size_t k = 0; k < item->grid_count; k++) {
        text_put(out, k == 0 ? "| " : " ");
        text_put_markdown(out, item->grid[k]);
        text_put(out, " |");
    }
    text_put(out, "\n");
}

static size_t cells_of(const doc_item *item)
{
    size_t n = DOC_CELLS;
    while (n > 1 && item->cells[n - 1] == NULL) n--;
    return n;
}

/* Of the table whose columns are item i. */
static shape shape_of(const ari_doc *d, size_t i, bool evidence)
{
    shape s = { cells_of(&d->items[i]), false };
    while (++i < d->count && d->items[i].kind == DOC_ROW) {
        size_t n = cells_of(&d->items[i]);
        if (n > s.columns) s.columns = n;
        if (evidence && d->items[i].detail != NULL) s.evidence = true;
    }
    return s;
}

static void write_rule(ari_text *out, size_t columns)
{
    for (size_t k = 0; k < columns; k++) text_put(out, k == 0 ? "| --- |" : " --- |");
    text_put(out, "\n");
}

static void write_words(ari_text *out, const char *before, const char *words)
{
    if (words == NULL) return;
    text_put(out, before);
    text_put_markdown(out, words);
    text_put(out, "\n");
}

void doc_write_markdown(const ari_doc *d, const ari_style *style, ari_text *out)
{
    shape table = { 0 };
    for (size_t i = 0; i < d->count; i++) {
        const doc_item *item = &d->items[i];
        if (i > 0 && (doc_begins_table(d, i) || item->kind == DOC_HEADING || item->kind == DOC_PARAGRAPH ||
                      item->kind == DOC_GRID))
            text_put(out, "\n");
        if (doc_begins_table(d, i)) {
            table = shape_of(d, i, style->evidence);
            write_row(out, item, table);
            write_rule(out, table.columns + table.evidence);
        }
        switch (item->kind) {
        case DOC_COLUMNS: break;
        case DOC_ROW: write_row(out, item, table); break;
        case DOC_TITLE:
            write_words(out, "# ", item->cells[0]);
            write_words(out, "\n", item->cells[1]);
            break;
        case DOC_HEADING: write_words(out, "## ", item->cells[0]); break;
        case DOC_PARAGRAPH: write_words(out, "", item->cells[0]); break;
        case DOC_GRID:
            write_line(out, item);
            write_rule(out, item->grid_count);
            break;
        case DOC_LINE: write_line(out, item); break;
        case DOC_VERBATIM:
            text_put(out, "\n```text\n");
            text_put(out, item->cells[0]);
            text_put(out, "```\n");
            break;
        case DOC_PICTURE: break;
        }
    }
}
