/* doc.h -- a report as data: what is said, not how it is set. Writers are one file a format.
 *
 * Cells are valid UTF-8 without control characters: what came from a file has
 * been escaped before it gets here. */
#ifndef ARI_REPORT_DOC_H
#define ARI_REPORT_DOC_H

#include "base/arena.h"
#include "base/text.h"

enum { DOC_CELLS = 3 };

typedef enum doc_tone { TONE_PLAIN, TONE_DIM, TONE_GOOD, TONE_WARN, TONE_BAD } doc_tone;

typedef enum doc_kind {
    DOC_TITLE,     /* cells[0], and beside it cells[1]. */
    DOC_HEADING,   /* cells[0] */
    DOC_COLUMNS,   /* Opens a table: what its columns hold, for formats that head them. */
    DOC_ROW,       /* The last cell wraps. */
    DOC_PARAGRAPH, /* cells[0] */
} doc_kind;

typedef struct doc_item {
    doc_kind kind;
    doc_tone tone;                /* Of the first cell of a row after the label. */
    const char *cells[DOC_CELLS]; /* NULL where there are fewer. */
    const char *detail;           /* What it rests on; shown where evidence is wanted. */
} doc_item;

typedef struct ari_doc {
    ari_arena arena; /* For cells that had to be made. */
    doc_item *items;
    size_t count, room;
    bool failed;
} ari_doc;

void doc_add(ari_doc *d, doc_item item);
/* A string made for this document; "", and failed, when memory is short. */
const char *doc_printf(ari_doc *d, const char *format, ...) ARI_PRINTF(2, 3);
/* The text as such a string; it is freed. */
const char *doc_take(ari_doc *d, ari_text *t);
/* Does a table begin at item i? Columns without a row are none. */
bool doc_begins_table(const ari_doc *d, size_t i);
void doc_free(ari_doc *d);

void doc_write_text(const ari_doc *d, const ari_style *style, ari_text *out);
void doc_write_markdown(const ari_doc *d, const ari_style *style, ari_text *out);

#endif
