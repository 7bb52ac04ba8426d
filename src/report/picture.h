/* picture.h -- what a page draws, as data: every picture is a table too, and has a sentence that says what it
 * shows. */
#ifndef ARI_REPORT_PICTURE_H
#define ARI_REPORT_PICTURE_H

#include "base/text.h"
#include "report/words.h"

typedef enum ari_picture_kind {
    PICTURE_BARS,   /* A bar an item, by its size. */
    PICTURE_STACK,  /* One bar, a piece an item. */
    PICTURE_MAP,    /* Rows and columns of cells. */
    PICTURE_BLOCKS, /* Columns of blocks as wide as their sizes, from the input down. */
} ari_picture_kind;

typedef struct ari_picture_item {
    const char *label, *value; /* "query", "8,388,608 (8.4 M)" */
    double size;
    unsigned group;    /* Of blocks: the column it stands in. */
    const char *times; /* Of blocks: "x 28" where it repeats, else NULL. */
} ari_picture_item;

enum { PICTURE_LEVELS = 6 };

typedef struct ari_picture {
    ari_picture_kind kind;
    const char *title, *says;           /* The second is its text alternative. */
    bool tabled;                        /* Its table follows in the document: it needs none of its own. */
    const char *item_head, *value_head; /* Of its table. */
    ari_picture_item *items;
    size_t count;
    /* Of a map. */
    const char **row_names, **column_names;
    size_t rows, columns;
    uint8_t *levels;    /* rows * columns of them. */
    const char **cells; /* As many: what the table says of a cell, NULL where there is nothing. */
    const char *level_names[PICTURE_LEVELS]; /* NULL for those that do not occur. */
    const char *level_signs[PICTURE_LEVELS]; /* What stands in a cell beside its colour. */
    bool graded; /* Levels are more and more of one thing, not different things. */
} ari_picture;

/* <figure>, with the picture as SVG and its table. */
void picture_html(ari_text *out, const ari_picture *p);

#endif
