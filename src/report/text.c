/* text.c -- a document for a terminal or a pipe: columns, wrapping, and colour where it is wanted. */
#include "report/doc.h"

enum {
    INDENT = 2,
    FURTHER = 4,
    GUTTER = 2,
    LABEL_MAX = 24,
    CELL_MAX = 34,
    ROOM_MIN = 24,
    GRID_MAX = 64,
    GRID_CELL_MAX = 60
};

typedef struct page {
    const ari_style *style;
    ari_text *out;
    size_t columns;
    size_t grid[GRID_MAX];    /* Widths of the columns of the grid being written. */
    const char *const *heads; /* Of a grid that is too wide: each row becomes a block. */
} page;

static const char *const colours[] = { "", "\x1b[2m", "\x1b[32m", "\x1b[33m", "\x1b[31m" };

static void put(page *p, const char *words)
{
    if (p->style->ascii) {
        text_put_ascii(p->out, words);
    } else {
        text_put(p->out, words);
    }
}

/* As they will be written. */
static size_t columns_of(const page *p, const char *words)
{
    ari_text plain = { 0 };
    if (!p->style->ascii) return text_columns(words);
    text_put_ascii(&plain, words);
    size_t n = plain.size;
    if (plain.failed) p->out->failed = true;
    text_free(&plain);
    return n;
}

/* Up to the gutter of a column; words wider than it get a gutter too. */
static void pad(page *p, const char *words, size_t width)
{
    size_t n = columns_of(p, words);
    text_repeat(p->out, ' ', (n < width ? width - n : 0) + GUTTER);
}

/* Words from column `at` on; continuation lines start at `at` too. A word longer
 * than a line stays whole, and blanks are as many as they were: a name must be
 * copyable. Colours are but set, so a line break within them is harmless. */
static void wrap(page *p, const char *words, size_t at, doc_tone tone)
{
    size_t column = at, blanks = 0;
    ari_text word = { 0 };
    bool coloured = p->style->color && tone != TONE_PLAIN;
    if (coloured) text_put(p->out, colours[tone]);
    while (*words != '\0') {
        size_t n = strcspn(words, " ");
        word.size = 0;
        text_put_span(&word, (ari_span){ (const uint8_t *)words, n });
        size_t width = n == 0 || word.failed ? 0 : columns_of(p, word.data);
        if (column > at && column + blanks + width > p->columns) {
            text_put(p->out, "\n");
            text_repeat(p->out, ' ', at);
            column = at;
        } else {
            text_repeat(p->out, ' ', blanks);
            column += blanks;
        }
        if (n > 0 && !word.failed) put(p, word.data);
        column += width;
        words += n;
        blanks = strspn(words, " ");
        words += blanks;
    }
    if (word.failed) p->out->failed = true;
    text_free(&word);
    if (coloured) text_put(p->out, "\x1b[0m");
}

/* Widths of the columns before the last of the table that begins at item `first`.
 * A cell of unusual width does not push the others away: it sticks out. */
static void measure(const page *p, const ari_doc *d, size_t first, size_t *widths)
{
    widths[0] = widths[1] = 0;
    for (size_t i = first; i < d->count && d->items[i].kind == DOC_ROW; i++) {
        for (size_t k = 0; k + 1 < DOC_CELLS; k++) {
            const char *cell = d->items[i].cells[k];
            size_t n = cell == NULL || d->items[i].cells[k + 1] == NULL ? 0 : columns_of(p, cell);
            if (n <= (k == 0 ? LABEL_MAX : CELL_MAX) && n > widths[k]) widths[k] = n;
        }
    }
}

/* From one cell to the last: beside it, below it where it sticks out of its
 * column, or further left where that leaves no room. The column it begins at. */
static size_t step_to_last(page *p, const char *words, const char *last, size_t width, size_t at)
{
    size_t beside = at + width + GUTTER;
    if (beside + columns_of(p, last) > p->columns && beside + ROOM_MIN > p->columns) {
        text_put(p->out, "\n");
        text_repeat(p->out, ' ', FURTHER);
        return FURTHER;
    }
    if (columns_of(p, words) > width) {
        text_put(p->out, "\n");
        text_repeat(p->out, ' ', beside);
    } else {
        pad(p, words, width);
    }
    return beside;
}

static bool has_cell(const char *const *cells, size_t k)
{
    return k < DOC_CELLS && cells[k] != NULL && (k == 0 || cells[k][0] != '\0');
}

static void write_row(page *p, const doc_item *item, const size_t *widths)
{
    const char *const *cells = item->cells;
    size_t at = INDENT;
    text_repeat(p->out, ' ', INDENT);
    for (size_t k = 0; has_cell(cells, k); k++) {
        bool more = has_cell(cells, k + 1), last_is_next = more && !has_cell(cells, k + 2);
        wrap(p, cells[k], at, k == 1 ? item->tone : k == 0 ? TONE_PLAIN : TONE_DIM);
        if (last_is_next) {
            at = step_to_last(p, cells[k], cells[k + 1], widths[k], at);
        } else if (more) {
            pad(p, cells[k], widths[k]);
            at += widths[k] + GUTTER;
        }
    }
    text_put(p->out, "\n");
    if (!p->style->evidence || item->detail == NULL) return;
    at = INDENT + widths[0] + GUTTER;
    if (at + ROOM_MIN > p->columns) at = FURTHER;
    text_repeat(p->out, ' ', at);
    wrap(p, item->detail, at, TONE_DIM);
    text_put(p->out, "\n");
}

/* Widths of the grid that begins at item `first`. */
static void measure_grid(page *p, const ari_doc *d, size_t first)
{
    memset(p->grid, 0, sizeof(p->grid));
    for (size_t i = first; i < d->count && (i == first || d->items[i].kind == DOC_LINE); i++) {
        for (size_t k = 0; k < d->items[i].grid_count && k < GRID_MAX; k++) {
            size_t n = columns_of(p, d->items[i].grid[k]);
            /* A long last cell sticks out, and displaces nothing. */
            bool counts = n <= GRID_CELL_MAX || k + 1 < d->items[i].grid_count;
            if (n > p->grid[k] && counts) p->grid[k] = n;
        }
    }
}

static bool too_wide(const page *p, size_t columns)
{
    size_t width = INDENT;
    for (size_t k = 0; k < columns && k < GRID_MAX; k++) width += p->grid[k] + (k + 1 < columns ? GUTTER : 0);
    return width > p->columns;
}

/* The first cell, and below it the others with their heads. */
static void write_block(page *p, const doc_item *item)
{
    ari_text words = { 0 };
    for (size_t k = 1; k < item->grid_count; k++) {
        if (item->grid[k][0] == '\0') continue;
        text_printf(&words, "%s%s%s%s", words.size == 0 ? "" : ", ", p->heads[k],
                    p->heads[k][0] == '\0' ? "" : " ", item->grid[k]);
    }
    if (words.failed) p->out->failed = true;
    text_repeat(p->out, ' ', INDENT);
    wrap(p, item->grid[0], INDENT, item->tone);
    text_put(p->out, "\n");
    text_repeat(p->out, ' ', FURTHER);
    if (words.data != NULL) wrap(p, words.data, FURTHER, TONE_PLAIN);
    text_put(p->out, "\n");
    text_free(&words);
}

static void write_line(page *p, const doc_item *item)
{
    size_t last = item->grid_count;
    while (last > 0 && item->grid[last - 1][0] == '\0') last--;
    bool coloured = p->style->color && item->tone != TONE_PLAIN;
    text_repeat(p->out, ' ', INDENT);
    if (coloured) text_put(p->out, colours[item->tone]);
    for (size_t k = 0; k < last; k++) {
        put(p, item->grid[k]);
        if (k + 1 < last) pad(p, item->grid[k], k < GRID_MAX ? p->grid[k] : 0);
    }
    if (coloured) text_put(p->out, "\x1b[0m");
    text_put(p->out, "\n");
}

void doc_write_text(const ari_doc *d, const ari_style *style, ari_text *out)
{
    page p = { .style = style, .out = out, .columns = style->columns == 0 ? 80 : style->columns };
    size_t widths[DOC_CELLS] = { 0 };
    for (size_t i = 0; i < d->count; i++) {
        const doc_item *item = &d->items[i];
        if (doc_begins_table(d, i)) {
            measure(&p, d, i + 1, widths);
            if (i > 0 && d->items[i - 1].kind != DOC_HEADING) text_put(out, "\n");
        }
        if (item->kind == DOC_COLUMNS || item->kind == DOC_PICTURE) continue;
        if (item->kind == DOC_VERBATIM) {
            put(&p, item->cells[0]);
            continue;
        }
        if (item->kind == DOC_GRID || item->kind == DOC_LINE) {
            if (item->kind == DOC_GRID) {
                measure_grid(&p, d, i);
                p.heads = too_wide(&p, item->grid_count) ? item->grid : NULL;
                if (i > 0 && d->items[i - 1].kind != DOC_HEADING) text_put(out, "\n");
            }
            if (p.heads == NULL) write_line(&p, item);
            if (p.heads != NULL && item->kind == DOC_LINE) write_block(&p, item);
            continue;
        }
        if (i > 0 && (item->kind == DOC_HEADING || item->kind == DOC_TITLE)) text_put(out, "\n");
        if (item->kind == DOC_ROW) {
            write_row(&p, item, widths);
            continue;
        }
        if (item->kind == DOC_PARAGRAPH) text_repeat(out, ' ', INDENT);
        wrap(&p, item->cells[0], item->kind == DOC_PARAGRAPH ? INDENT : 0, item->tone);
        if (item->kind == DOC_TITLE && item->cells[1] != NULL) {
            text_put(out, "\n");
            text_repeat(out, ' ', INDENT);
            wrap(&p, item->cells[1], INDENT, TONE_PLAIN);
        }
        text_put(out, "\n");
    }
}
