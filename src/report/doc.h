/* doc.h -- a report as data: what is said, not how it is set. Writers are one file a format.
 *
 * Cells are valid UTF-8 without control characters: what came from a file has
 * been escaped before it gets here. */
#ifndef ARI_REPORT_DOC_H
#define ARI_REPORT_DOC_H

#include "base/arena.h"
#include "base/text.h"
#include "report/picture.h"

enum { DOC_CELLS = 3 };

typedef enum doc_tone { TONE_PLAIN, TONE_DIM, TONE_GOOD, TONE_WARN, TONE_BAD } doc_tone;

typedef enum doc_kind {
    DOC_TITLE,     /* cells[0], and beside it cells[1]. */
    DOC_HEADING,   /* cells[0] */
    DOC_COLUMNS,   /* Opens a table: what its columns hold, for formats that head them. */
    DOC_ROW,       /* The last cell wraps. */
    DOC_PARAGRAPH, /* cells[0] */
    DOC_GRID,      /* Opens a table of any number of columns, whose heads (grid) show in every format. */
    DOC_LINE,      /* A row of it: cells are aligned and never wrap. */
    DOC_VERBATIM,  /* cells[0]: lines that are set already, for formats that do not draw. */
    DOC_PICTURE,   /* For formats that draw. */
} doc_kind;

typedef struct doc_item {
    doc_kind kind;
    doc_tone tone;                /* Of the first cell of a row after the label. */
    const char *cells[DOC_CELLS]; /* NULL where there are fewer. */
    const char *detail;           /* What it rests on; shown where evidence is wanted. */
    const char *const *grid;      /* The cells of a grid's row, none of them NULL. */
    size_t grid_count;
    const doc_tone *tones; /* One a cell of a grid's row, or NULL. */
    const ari_picture *picture;
} doc_item;

typedef struct ari_doc {
    ari_arena arena; /* For cells that had to be made. */
    doc_item *items;
    size_t count, room;
    ari_language language;
    bool ascii; /* Its signs are to be in ASCII. */
    bool failed;
} ari_doc;

/* A string made for this document; "", and failed, when memory is short. */
const char *doc_printf(ari_doc *d, const char *format, ...) ARI_PRINTF(2, 3);
/* The words of that id in the document's language, with the arguments in place of {1}, {2} ... */
#define W(d, id) word_in((d)->language, WORD_##id)
#define SAY(d, id, ...)                                         \
    doc_say(d, WORD_##id, (const char *const[]){ __VA_ARGS__ }, \
            sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))
const char *doc_say(ari_doc *d, ari_word w, const char *const *arguments, size_t n);
/* What the contract calls "text_decoder", as the reader's language does. */
const char *doc_term(ari_doc *d, const char *json_word);
/* The sign of multiplication. */
const char *doc_times(const ari_doc *d);
/* A number without thousands. */
const char *doc_number(ari_doc *d, size_t n);
/* The text as such a string; it is freed. */
const char *doc_take(ari_doc *d, ari_text *t);
void doc_title(ari_doc *d, const char *words, const char *beside);
void doc_heading(ari_doc *d, doc_tone tone, const char *words);
void doc_paragraph(ari_doc *d, doc_tone tone, const char *words);
/* NULL where there are fewer cells. */
void doc_columns(ari_doc *d, const char *first, const char *second, const char *third, const char *detail);
void doc_row(ari_doc *d, doc_tone tone, const char *first, const char *second, const char *third,
             const char *detail);
/* A head or row of a grid: room for count cells, "" at first; NULL, and failed, when memory is short. */
const char **doc_grid(ari_doc *d, doc_kind kind, doc_tone tone, size_t count);
/* Lines that are set already, each with its line break. */
void doc_verbatim(ari_doc *d, const char *lines);
/* The tones of the cells of the row that was added last: room for count of them, plain at first. */
doc_tone *doc_grid_tones(ari_doc *d, size_t count);
/* A picture of that kind, in the document: the caller fills it. NULL, and failed, when memory is short. */
ari_picture *doc_picture(ari_doc *d, ari_picture_kind kind, const char *title, const char *says);
/* Does a table begin at item i? Columns without a row are none. */
bool doc_begins_table(const ari_doc *d, size_t i);
void doc_free(ari_doc *d);

void doc_write_text(const ari_doc *d, const ari_style *style, ari_text *out);
void doc_write_markdown(const ari_doc *d, const ari_style *style, ari_text *out);
/* An <article>; a page is html_begin, articles, html_end. */
void doc_write_html(const ari_doc *d, ari_text *out);
void html_begin(ari_text *out, ari_language language, const char *title);
void html_end(ari_text *out);

#endif
