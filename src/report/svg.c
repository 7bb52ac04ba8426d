/* svg.c -- a picture as SVG within HTML, and its table. Colours are the page's: classes, not values. */
#include "report/picture.h"

#include <math.h>
#include <string.h>

enum {
    FIGURES_SAID = 10, /* Of a picture, to those who do not see it. */
    WIDTH = 720,
    LINE = 26,         /* Height of a bar and its gap. */
    LABELS_MOST = 350, /* Room for the labels of bars and rows. */
    FIGURES = 170,     /* Room for the values of bars. */
    TINTS = 8,
    BLOCK = 46,
    CELL_MAX = 22,
    CELL_MIN = 3,
};

static double larger(double a, double b)
{
    return a < b ? b : a;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static void text_at(ari_text *out, double x, double y, const char *class, const char *words)
{
    text_printf(out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
    text_put_html(out, words);
    text_put(out, "</text>\n");
}

static void box(ari_text *out, double x, double y, double width, double height, const char *class,
                unsigned tint)
{
    text_printf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s%u\"/>\n", x, y,
                width, height, class, tint);
}

static double greatest(const ari_picture *p)
{
    double most = 0;
    for (size_t i = 0; i < p->count; i++) most = larger(most, p->items[i].size);
    return most > 0 ? most : 1;
}

/* Room for the labels before bars and rows; a letter is some seven and a half wide. */
static double label_room(const ari_picture *p)
{
    double most = 0;
    for (size_t i = 0; i < p->count; i++) most = larger(most, (double)text_columns(p->items[i].label));
    for (size_t i = 0; i < p->rows; i++) most = larger(most, (double)text_columns(p->row_names[i]));
    return smaller(LABELS_MOST, 7.5 * most + 16);
}

static void draw_bars(ari_text *out, const ari_picture *p)
{
    double most = greatest(p), left = label_room(p), room = WIDTH - left - FIGURES;
    for (size_t i = 0; i < p->count; i++) {
        double y = (double)i * LINE;
        text_at(out, left - 8, y + 17, "end", p->items[i].label);
        box(out, left, y + 4, larger(1, p->items[i].size / most * room), LINE - 8, "t", 0);
        text_at(out, left + p->items[i].size / most * room + 6, y + 17, "start", p->items[i].value);
    }
}

static void draw_stack(ari_text *out, const ari_picture *p)
{
    double sum = 0, x = 0;
    for (size_t i = 0; i < p->count; i++) sum += p->items[i].size;
    for (size_t i = 0; i < p->count && sum > 0; i++) {
        double width = p->items[i].size / sum * WIDTH;
        box(out, x, 2, width, LINE + 8, "t", (unsigned)(i % TINTS));
        x += width;
    }
    for (size_t i = 0; i < p->count; i++) {
        double column = i % 2 == 0 ? 0 : WIDTH / 2.0, y = LINE + 18 + (double)(i - i % 2) / 2 * LINE;
        box(out, column, y + 4, 14, 14, "t", (unsigned)(i % TINTS));
        text_at(out, column + 22, y + 16, "start", p->items[i].label);
        text_at(out, column + WIDTH / 2.0 - 12, y + 16, "end", p->items[i].value);
    }
}

static double cell_width(const ari_picture *p)
{
    double room = (WIDTH - label_room(p)) / (double)(p->columns > 0 ? p->columns : 1);
    return smaller(CELL_MAX, larger(CELL_MIN, room));
}

/* Names of columns where there is room for them, else the first and the last. */
static void draw_heads(ari_text *out, const ari_picture *p, double left, double width)
{
    bool all = width >= CELL_MAX;
    for (size_t i = 0; i < p->columns && all; i++)
        text_at(out, left + ((double)i + 0.5) * width, 14, "mid", p->column_names[i]);
    if (all || p->columns == 0) return;
    text_at(out, left, 14, "start", p->column_names[0]);
    text_at(out, left + (double)p->columns * width, 14, "end", p->column_names[p->columns - 1]);
}

static void draw_legend(ari_text *out, const ari_picture *p, double x, double y)
{
    for (unsigned i = 0; i < PICTURE_LEVELS; i++) {
        if (p->level_names[i] == NULL) continue;
        box(out, x, y, 14, 14, p->graded ? "g" : "k", i);
        text_at(out, x + 20, y + 12, "start", p->level_names[i]);
        x += 36 + 8 * (double)text_columns(p->level_names[i]);
    }
}

static void draw_map(ari_text *out, const ari_picture *p)
{
    double width = cell_width(p), left = label_room(p);
    draw_heads(out, p, left, width);
    for (size_t r = 0; r < p->rows; r++) {
        double y = LINE + (double)r * CELL_MAX;
        text_at(out, left - 8, y + 15, "end", p->row_names[r]);
        for (size_t c = 0; c < p->columns; c++) {
            uint8_t level = p->levels[r * p->columns + c];
            double x = left + (double)c * width;
            box(out, x, y + 1, width - (width > 6 ? 2 : 0), CELL_MAX - 2, p->graded ? "g" : "k", level);
            if (width >= CELL_MAX && p->level_signs[level] != NULL)
                text_at(out, x + width / 2 - 1, y + 15, "mid sign", p->level_signs[level]);
        }
    }
    draw_legend(out, p, left, LINE + (double)p->rows * CELL_MAX + 8);
}

/* Widths go by the square root: a vocabulary is a hundred times as wide as a head. */
static void draw_block(ari_text *out, const ari_picture_item *b, double middle, double y, double width,
                       double room)
{
    text_at(out, middle, y + 13, b->size > 0 ? "mid" : "mid strong", b->label);
    text_at(out, middle, y + 26, "mid small", b->value);
    if (b->size > 0) box(out, middle - width / 2, y + 30, width, 10, "b", b->times != NULL ? 1 : 0);
    if (b->times != NULL) text_at(out, middle + room / 2 - 6, y + 39, "end small", b->times);
}

static void draw_blocks(ari_text *out, const ari_picture *p)
{
    unsigned groups = p->count > 0 ? p->items[p->count - 1].group + 1 : 1;
    double room = (double)WIDTH / groups, most = sqrt(greatest(p)), y = 0;
    for (size_t i = 0; i < p->count; i++) {
        const ari_picture_item *b = &p->items[i];
        bool first = i == 0 || p->items[i - 1].group != b->group;
        if (first) y = 0;
        draw_block(out, b, ((double)b->group + 0.5) * room, y, larger(6, sqrt(b->size) / most * (room - 90)),
                   room);
        if (first && b->group > 0)
            text_at(out, (double)b->group * room, y + 15, "mid strong", "\xE2\x86\x92");
        y += BLOCK;
    }
}

static double height_of(const ari_picture *p)
{
    size_t tallest = 0, n = 0;
    switch (p->kind) {
    case PICTURE_BARS: return (double)p->count * LINE + 4;
    case PICTURE_STACK: return LINE + 24 + (double)(p->count + p->count % 2) / 2 * LINE;
    case PICTURE_MAP: return LINE + (double)p->rows * CELL_MAX + 30;
    case PICTURE_BLOCKS: break;
    }
    for (size_t i = 0; i < p->count; i++) {
        n = i > 0 && p->items[i - 1].group == p->items[i].group ? n + 1 : 1;
        if (n > tallest) tallest = n;
    }
    return (double)tallest * BLOCK + 4;
}

static double width_of(const ari_picture *p)
{
    if (p->kind != PICTURE_MAP) return WIDTH;
    return larger(WIDTH, label_room(p) + (double)p->columns * cell_width(p));
}

/* For those who do not see it: what it is of, and what it shows where that is a few figures. */
static void put_alternative(ari_text *out, const ari_picture *p)
{
    bool figures = p->kind == PICTURE_STACK || p->kind == PICTURE_BARS;
    text_put_html(out, p->says);
    for (size_t i = 0; figures && i < p->count && i < FIGURES_SAID; i++) {
        text_put(out, i == 0 ? " " : "; ");
        text_put_html(out, p->items[i].label);
        text_put(out, " ");
        text_put_html(out, p->items[i].value);
    }
}

static void put_svg(ari_text *out, const ari_picture *p)
{
    static void (*const draw[])(ari_text *, const ari_picture *) = { draw_bars, draw_stack, draw_map,
                                                                     draw_blocks };
    text_printf(out, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"", width_of(p), height_of(p));
    put_alternative(out, p);
    text_put(out, "\">\n");
    draw[p->kind](out, p);
    text_put(out, "</svg>\n");
}

/* --- The same as a table ------------------------------------------------------------------------ */

static void cell(ari_text *out, const char *tag, const char *words)
{
    text_printf(out, "<%s>", tag);
    text_put_html(out, words);
    text_printf(out, "</%.2s>", tag);
}

static void put_items(ari_text *out, const ari_picture *p)
{
    text_put(out, "<thead><tr>");
    cell(out, "th scope=\"col\"", p->item_head);
    cell(out, "th scope=\"col\"", p->value_head);
    text_put(out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < p->count; i++) {
        text_put(out, "<tr>");
        cell(out, "th scope=\"row\"", p->items[i].label);
        text_put(out, "<td>");
        text_put_html(out, p->items[i].value);
        if (p->items[i].times != NULL) text_printf(out, " (%s)", p->items[i].times);
        text_put(out, "</td></tr>\n");
    }
}

static bool same_cell(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Equal cells one after another are one: "0-47: 12.3 M". */
static void put_runs(ari_text *out, const ari_picture *p, size_t row)
{
    const char **cells = p->cells + row * p->columns;
    bool any = false;
    for (size_t c = 0, n; c < p->columns; c += n) {
        for (n = 1; c + n < p->columns && same_cell(cells[c + n], cells[c]);) n++;
        if (cells[c] == NULL) continue;
        text_put(out, any ? "; " : "");
        any = true;
        text_put_html(out, p->column_names[c]);
        if (n > 1) text_put(out, "\xE2\x80\x93");
        if (n > 1) text_put_html(out, p->column_names[c + n - 1]);
        text_put(out, ": ");
        text_put_html(out, cells[c]);
    }
}

static void put_map(ari_text *out, const ari_picture *p)
{
    text_put(out, "<thead><tr>");
    cell(out, "th scope=\"col\"", p->item_head);
    if (p->graded) cell(out, "th scope=\"col\"", p->value_head);
    for (size_t c = 0; c < p->columns && !p->graded; c++) cell(out, "th scope=\"col\"", p->column_names[c]);
    text_put(out, "</tr></thead>\n<tbody>\n");
    for (size_t r = 0; r < p->rows; r++) {
        text_put(out, "<tr>");
        cell(out, "th scope=\"row\"", p->row_names[r]);
        if (p->graded && p->cells != NULL) {
            text_put(out, "<td>");
            put_runs(out, p, r);
            text_put(out, "</td>");
        }
        for (size_t c = 0; c < p->columns && !p->graded; c++) {
            const char *name = p->level_names[p->levels[r * p->columns + c]];
            cell(out, "td", name == NULL ? "" : name);
        }
        text_put(out, "</tr>\n");
    }
}

void picture_html(ari_text *out, const ari_picture *p)
{
    text_put(out, "<figure>\n<figcaption>");
    text_put_html(out, p->title);
    text_put(out, "</figcaption>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
    text_put_html(out, p->title);
    text_put(out, "\">\n");
    put_svg(out, p);
    text_put(out, "</div>\n<p class=\"dim\">");
    text_put_html(out, p->says);
    text_put(out, "</p>\n");
    if (!p->tabled) {
        text_put(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
        text_put_html(out, p->title);
        text_put(out, "\">\n<table>\n");
        if (p->kind == PICTURE_MAP) {
            put_map(out, p);
        } else {
            put_items(out, p);
        }
        text_put(out, "</tbody></table></div>\n");
    }
    text_put(out, "</figure>\n");
}
