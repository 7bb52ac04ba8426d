/* diagram.c -- a model of several parts as boxes in a terminal. */
#include "report/budget.h"
#include "report/plain.h"

#include <string.h>

enum { LINES = 3, INDENT = 2 };

typedef struct drawing {
    ari_doc *d;
    const ari_component *parts[PARTS_MOST];
    const char *lines[PARTS_MOST][LINES];
    size_t widths[PARTS_MOST], count;
    bool ascii;
} drawing;

size_t parts_in_flow(const ari_model *m, const ari_component **out, size_t *more)
{
    static const char *const order[] = { "vision_encoder", "audio_encoder", "text_encoder",
                                         "projector",      "text_decoder",  "head" };
    size_t n = 0;
    bool main_is_in = false;
    *more = 0;
    for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++) {
        for (size_t i = 0; i < m->component_count; i++) {
            if (strcmp(m->components[i].role, order[k]) != 0) continue;
            main_is_in = main_is_in || i == 0;
            if (n + (main_is_in ? 0 : 1) < PARTS_MOST) {
                out[n++] = &m->components[i];
            } else {
                ++*more;
            }
        }
    }
    return n;
}

static bool is_encoder_role(const ari_component *c)
{
    return strstr(c->role, "_encoder") != NULL;
}

/* What a part leads to has the width of the main one; what comes before it, where there is one such, its own.
 */
const char *projector_words(ari_doc *d, const ari_model *m)
{
    const char *to = m->architecture.fields[ARI_FIELD_HIDDEN_SIZE].value, *from = NULL;
    size_t encoders = 0;
    for (size_t i = 1; i < m->component_count; i++) {
        if (!is_encoder_role(&m->components[i])) continue;
        encoders++;
        from = m->components[i].architecture.fields[ARI_FIELD_HIDDEN_SIZE].value;
    }
    const char *arrow = d->ascii ? "->" : "\xE2\x86\x92";
    if (strcmp(to, "null") == 0) return "";
    if (encoders != 1 || strcmp(from, "null") == 0) return doc_printf(d, "%s %s", arrow, to);
    return doc_printf(d, "%s %s %s", from, arrow, to);
}

static const char *size_words(ari_doc *d, const ari_model *m, const ari_component *c)
{
    if (strcmp(c->role, "projector") == 0) return projector_words(d, m);
    const ari_inferred *f = c->architecture.fields;
    const char *width = f[ARI_FIELD_HIDDEN_SIZE].value, *depth = f[ARI_FIELD_NUM_HIDDEN_LAYERS].value;
    const char *out = f[ARI_FIELD_OUT_HIDDEN_SIZE].value;
    if (strcmp(width, "null") != 0 && strcmp(depth, "null") != 0)
        return doc_printf(d, "%s %s %s", width, doc_times(d), depth);
    return strcmp(width, "null") != 0 ? width : strcmp(out, "null") != 0 ? out : "";
}

static void add_box(drawing *g, const ari_model *m, const ari_component *c)
{
    size_t i = g->count++;
    g->parts[i] = c;
    g->lines[i][0] = doc_term(g->d, c->role);
    g->lines[i][1] = size_words(g->d, m, c);
    g->lines[i][2] = plain_scaled(g->d, c->parameters);
    for (size_t k = 0; k < LINES; k++) {
        size_t n = text_columns(g->lines[i][k]);
        if (n > g->widths[i]) g->widths[i] = n;
    }
}

static const char *arrow(const drawing *g, size_t i)
{
    if (is_encoder_role(g->parts[i]) && is_encoder_role(g->parts[i + 1])) return "  +  ";
    return g->ascii ? " --> " : " \xE2\x94\x80\xE2\x94\x80\xE2\x96\xB6 ";
}

static void put_edge(ari_text *t, const drawing *g, size_t i, bool top)
{
    static const char *const corners[2][2] = { { "\xE2\x94\x94", "\xE2\x94\x98" },
                                               { "\xE2\x94\x8C", "\xE2\x94\x90" } };
    text_put(t, g->ascii ? "+" : corners[top][0]);
    for (size_t k = 0; k < g->widths[i] + 2; k++) text_put(t, g->ascii ? "-" : "\xE2\x94\x80");
    text_put(t, g->ascii ? "+" : corners[top][1]);
}

static void put_line(ari_text *t, const drawing *g, size_t i, size_t line)
{
    const char *bar = g->ascii ? "|" : "\xE2\x94\x82", *words = g->lines[i][line];
    size_t rest = g->widths[i] - text_columns(words);
    text_printf(t, "%s ", bar);
    text_repeat(t, ' ', rest / 2);
    text_put(t, words);
    text_repeat(t, ' ', rest - rest / 2);
    text_printf(t, " %s", bar);
}

static void put_boxes(ari_text *t, const drawing *g, size_t first, size_t n)
{
    for (size_t line = 0; line < LINES + 2; line++) {
        text_repeat(t, ' ', INDENT);
        for (size_t i = first; i < first + n; i++) {
            if (line == 0 || line == LINES + 1) {
                put_edge(t, g, i, line == 0);
            } else {
                put_line(t, g, i, line - 1);
            }
            if (i + 1 < first + n && line == 2) text_put(t, arrow(g, i));
            if (i + 1 < first + n && line != 2) text_repeat(t, ' ', 5);
        }
        text_put(t, "\n");
    }
}

static void put_all(ari_text *t, const drawing *g, size_t columns)
{
    size_t width = INDENT;
    for (size_t i = 0; i < g->count; i++) width += g->widths[i] + 4 + (i == 0 ? 0 : 5);
    if (width <= columns) {
        put_boxes(t, g, 0, g->count);
        return;
    }
    /* Too narrow: one below the other. */
    for (size_t i = 0; i < g->count; i++) {
        put_boxes(t, g, i, 1);
        if (i + 1 == g->count) continue;
        text_repeat(t, ' ', INDENT + g->widths[i] / 2 + 1);
        bool beside = is_encoder_role(g->parts[i]) && is_encoder_role(g->parts[i + 1]);
        text_put(t, beside ? "+\n" : g->ascii ? "v\n" : "\xE2\x96\xBC\n");
    }
}

const char *part_diagram(ari_doc *d, const ari_model *m, const ari_style *style)
{
    drawing g = { .d = d, .ascii = d->ascii };
    ari_text t = { 0 };
    const ari_component *parts[PARTS_MOST];
    size_t more, n = parts_in_flow(m, parts, &more);
    for (size_t i = 0; i < n; i++) add_box(&g, m, parts[i]);
    if (g.count < 2) return NULL;
    put_all(&t, &g, style->columns == 0 ? 80 : style->columns);
    if (more > 0) text_printf(&t, "  %s\n", SAY(d, AND_MORE, doc_number(d, more)));
    return doc_take(d, &t);
}
