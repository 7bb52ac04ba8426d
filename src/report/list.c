#include "report/list.h"

#include "base/json.h"
#include "infer/role.h"
#include "report/words.h"

#include <inttypes.h>
#include <stdlib.h>

enum { NAME_MAX = 64, SHAPE_MAX = 24 };

/* One line being made; its buffers are used again for the next. */
typedef struct line {
    const ari_model *m;
    const ari_style *style;
    ari_text *out;
    ari_text name, shape;
    const uint32_t *roles; /* By row. */
    size_t name_width, dtype_width, shape_width;
} line;

/* Which role each row has: the templates know it, and rows do not know their template. */
static uint32_t *roles_by_row(const ari_model *m)
{
    const ari_layout *l = &m->layout;
    uint32_t *roles = calloc(l->tensors->count + 1, sizeof(roles[0]));
    for (size_t i = 0; roles != NULL && i < l->template_count; i++) {
        const ari_template *t = &l->templates[i];
        for (size_t k = 0; k < t->count; k++) roles[l->places[t->first + k].row] = t->role;
    }
    return roles;
}

static void spell(line *l, const ari_tensor_info *t, const char *between)
{
    l->name.size = l->shape.size = 0;
    text_escape(&l->name, (ari_span){ (const uint8_t *)t->name, t->name_bytes }, ESCAPE_ALL);
    if (l->name.size == 0) text_put(&l->name, "");
    text_put(&l->shape, "[");
    for (size_t i = 0; i < t->rank; i++)
        text_printf(&l->shape, "%s%" PRIu64, i == 0 ? "" : between, t->shape[i]);
    text_put(&l->shape, "]");
}

static void put_json(line *l, const ari_tensor_info *t, size_t i)
{
    spell(l, t, ",");
    text_put(l->out, "{\"name\":");
    json_put_string(l->out, l->name.data == NULL ? "" : l->name.data);
    text_put(l->out, ",\"dtype\":");
    json_put_string(l->out, t->dtype);
    text_put(l->out, ",\"shape\":[");
    for (size_t k = 0; k < t->rank; k++) {
        if (k > 0) text_put(l->out, ",");
        json_put_uint(l->out, t->shape[k]);
    }
    text_put(l->out, "],\"bytes\":");
    json_put_uint(l->out, t->bytes);
    text_put(l->out, ",\"offset\":");
    json_put_uint(l->out, t->offset);
    text_printf(l->out, ",\"file\":%zu,\"role\":", t->file);
    if (l->roles[i] == ARI_ROLE_NONE) {
        text_put(l->out, "null}");
    } else {
        text_printf(l->out, "\"%s\"}", role_word(l->roles[i]));
    }
}

static void put_head(line *l)
{
    const ari_checkpoint *c = l->m->checkpoint;
    text_put(l->out, "{\"schema\":\"archinspect/tensors/1\",\"path\":");
    json_put_string(l->out, l->m->path);
    text_printf(l->out, ",\"tool\":{\"version\":\"%s\"},\"files\":[", ari_version());
    for (size_t i = 0; i < c->file_count; i++) {
        if (i > 0) text_put(l->out, ",");
        json_put_string(l->out, c->files[i].shown);
    }
    text_put(l->out, "],\"tensors\":[");
}

static void list_json(line *l)
{
    bool lines = l->style->format == ARI_NDJSON;
    size_t n = ari_model_tensor_count(l->m);
    if (!lines) put_head(l);
    for (size_t i = 0; i < n; i++) {
        ari_tensor_info t = ari_model_tensor(l->m, i);
        if (!lines) text_put(l->out, i == 0 ? "\n" : ",\n");
        put_json(l, &t, i);
        if (lines) text_put(l->out, "\n");
    }
    if (!lines) text_put(l->out, "\n]}");
}

static void grow(size_t *width, size_t n, size_t most)
{
    if (n > most) n = most;
    if (n > *width) *width = n;
}

static void put_cell(line *l, const char *words, size_t width)
{
    size_t n = text_columns(words);
    if (l->style->ascii) {
        text_put_ascii(l->out, words);
    } else {
        text_put(l->out, words);
    }
    text_repeat(l->out, ' ', (n < width ? width - n : 0) + 2);
}

/* As people read it; JSON says null where there is none. */
static const char *role_cell(const line *l, size_t i)
{
    return l->roles[i] == ARI_ROLE_NONE ? "-" : role_word(l->roles[i]);
}

static void list_text(line *l)
{
    size_t n = ari_model_tensor_count(l->m);
    for (size_t i = 0; i < n; i++) {
        ari_tensor_info t = ari_model_tensor(l->m, i);
        spell(l, &t, ", ");
        grow(&l->name_width, text_columns(l->name.data == NULL ? "" : l->name.data), NAME_MAX);
        grow(&l->dtype_width, strlen(t.dtype), NAME_MAX);
        grow(&l->shape_width, l->shape.size, SHAPE_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        ari_tensor_info t = ari_model_tensor(l->m, i);
        spell(l, &t, ", ");
        put_cell(l, l->name.data == NULL ? "" : l->name.data, l->name_width);
        put_cell(l, t.dtype, l->dtype_width);
        put_cell(l, l->shape.data == NULL ? "" : l->shape.data, l->shape_width);
        text_printf(l->out, "%12" PRIu64 "  %s\n", t.bytes, role_cell(l, i));
    }
}

static const ari_word heads[] = { WORD_TENSOR, WORD_TYPE, WORD_SHAPE, WORD_BYTES, WORD_ROLE };

enum { HEADS = sizeof(heads) / sizeof(heads[0]) };

static void list_markdown(line *l)
{
    for (size_t i = 0; i < HEADS; i++) text_printf(l->out, "| %s ", word_in(l->style->language, heads[i]));
    text_put(l->out, "|\n| --- | --- | --- | ---: | --- |\n");
    for (size_t i = 0; i < ari_model_tensor_count(l->m); i++) {
        ari_tensor_info t = ari_model_tensor(l->m, i);
        spell(l, &t, ", ");
        text_put(l->out, "| ");
        text_put_markdown(l->out, l->name.data == NULL ? "" : l->name.data);
        text_printf(l->out, " | %s | %s | %" PRIu64 " | %s |\n", t.dtype, l->shape.data, t.bytes,
                    role_cell(l, i));
    }
}

static void list_html(line *l)
{
    text_put(l->out, "<article>\n<h1>");
    text_put_html(l->out, l->m->path);
    text_put(l->out, "</h1>\n<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
    text_put_html(l->out, l->m->path);
    text_put(l->out, "\">\n<table>\n<thead><tr>");
    for (size_t i = 0; i < HEADS; i++)
        text_printf(l->out, "<th scope=\"col\">%s</th>", word_in(l->style->language, heads[i]));
    text_put(l->out, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < ari_model_tensor_count(l->m); i++) {
        ari_tensor_info t = ari_model_tensor(l->m, i);
        spell(l, &t, ", ");
        text_put(l->out, "<tr><th scope=\"row\">");
        text_put_html(l->out, l->name.data == NULL ? "" : l->name.data);
        text_put(l->out, "</th><td>");
        text_put_html(l->out, t.dtype);
        text_printf(l->out, "</td><td>%s</td><td>%" PRIu64 "</td><td>%s</td></tr>\n", l->shape.data, t.bytes,
                    role_cell(l, i));
    }
    text_put(l->out, "</tbody>\n</table></div>\n</article>\n");
}

void list_tensors(const ari_model *m, const ari_style *style, ari_text *out)
{
    uint32_t *roles = roles_by_row(m);
    line l = { .m = m, .style = style, .out = out, .roles = roles };
    if (roles == NULL) {
        out->failed = true;
        return;
    }
    switch (style->format) {
    case ARI_TEXT: list_text(&l); break;
    case ARI_MARKDOWN: list_markdown(&l); break;
    case ARI_HTML: list_html(&l); break;
    case ARI_JSON:
    case ARI_NDJSON: list_json(&l); break;
    }
    if (l.name.failed || l.shape.failed) out->failed = true;
    text_free(&l.name);
    text_free(&l.shape);
    free(roles);
}
