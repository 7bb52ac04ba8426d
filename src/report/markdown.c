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

void doc_write_markdown(const ari_doc *d, const ari_style *style, ari_text *out)
{
    for (size_t i = 0; i < d->count; i++) {
        const doc_item *item = &d->items[i];
        bool begins = item->kind == DOC_ROW && (i == 0 || d->items[i - 1].kind != DOC_ROW);
        if (i > 0 && (item->kind != DOC_ROW || begins)) text_put(out, "\n");
        if (begins) {
            text_put(out, style->evidence
                              ? "| what | value | basis | read from |\n| --- | --- | --- | --- |\n"
                              : "| what | value | basis |\n| --- | --- | --- |\n");
        }
        if (item->kind == DOC_ROW) {
            write_row(out, item, style->evidence);
            continue;
        }
        text_put(out, item->kind == DOC_TITLE ? "# " : item->kind == DOC_HEADING ? "## " : "");
        text_put_markdown(out, item->cells[0]);
        text_put(out, "\n");
        if (item->cells[1] != NULL) {
            text_put(out, "\n");
            text_put_markdown(out, item->cells[1]);
            text_put(out, "\n");
        }
    }
}
