/* markdown.c -- a document as GitHub-flavoured Markdown. */
#include "report/doc.h"

static void write_row(ari_text *out, const doc_item *item, bool evidence)
{
    for (size_t k = 0; k < DOC_CELLS; k++) {
        text_put(out, "| ");
        if (item->cells[k] != NULL) text_put_markdown(out, item->cells[k]);
        text_put(out, " ");
    }
    if (evidence) {
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

/* Does any row of the table after item i say what it rests on? */
static bool has_detail(const ari_doc *d, size_t i)
{
    while (++i < d->count && d->items[i].kind == DOC_ROW) {
        if (d->items[i].detail != NULL) return true;
    }
    return false;
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
    bool evidence = false;
    for (size_t i = 0; i < d->count; i++) {
        const doc_item *item = &d->items[i];
        if (i > 0 && (doc_begins_table(d, i) || item->kind == DOC_HEADING || item->kind == DOC_PARAGRAPH ||
                      item->kind == DOC_GRID))
            text_put(out, "\n");
        if (doc_begins_table(d, i)) {
            evidence = style->evidence && has_detail(d, i);
            write_row(out, item, evidence);
            text_put(out, evidence ? "| --- | --- | --- | --- |\n" : "| --- | --- | --- |\n");
        }
        switch (item->kind) {
        case DOC_COLUMNS: break;
        case DOC_ROW: write_row(out, item, evidence); break;
        case DOC_TITLE:
            write_words(out, "# ", item->cells[0]);
            write_words(out, "\n", item->cells[1]);
            break;
        case DOC_HEADING: write_words(out, "## ", item->cells[0]); break;
        case DOC_PARAGRAPH: write_words(out, "", item->cells[0]); break;
        case DOC_GRID:
            write_line(out, item);
            for (size_t k = 0; k < item->grid_count; k++) text_put(out, k == 0 ? "| --- |" : " --- |");
            text_put(out, "\n");
            break;
        case DOC_LINE: write_line(out, item); break;
        }
    }
}
