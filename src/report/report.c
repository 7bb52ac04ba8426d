/* report.c -- the public door to the reports: choose a writer, hand out a string. */
#include "base/json.h"
#include "report/compare.h"
#include "report/diff.h"
#include "report/inspect.h"
#include "report/list.h"
#include "report/verify.h"

#include <inttypes.h>
#include <stdlib.h>

static ari_doc doc_begin(const ari_style *style)
{
    return (ari_doc){ .language = style->language, .ascii = style->ascii && style->format == ARI_TEXT };
}

/* The text becomes the caller's string. */
static ari_status hand_out(ari_text *t, char **out, ari_err *err)
{
    if (!t->failed && t->data == NULL) text_put(t, "");
    if (t->failed) {
        text_free(t);
        *out = NULL;
        return ari_out_of_memory(err);
    }
    *out = t->data;
    return ARI_OK;
}

static bool is_json(const ari_style *style)
{
    return style->format == ARI_JSON || style->format == ARI_NDJSON;
}

/* The document is written and freed. */
static ari_status write_document(ari_doc *d, const ari_style *style, char **out, ari_err *err)
{
    ari_text t = { 0 };
    if (d->failed || d->arena.failed) {
        doc_free(d);
        *out = NULL;
        return ari_out_of_memory(err);
    }
    if (style->format == ARI_MARKDOWN) {
        doc_write_markdown(d, style, &t);
    } else if (style->format == ARI_HTML) {
        doc_write_html(d, &t);
    } else {
        doc_write_text(d, style, &t);
    }
    doc_free(d);
    return hand_out(&t, out, err);
}

static ari_status write_json(bool whole, ari_text *t, char **out, ari_err *err)
{
    if (!whole) t->failed = true;
    return hand_out(t, out, err);
}

ari_status ari_report_inspect(const ari_model *model, const ari_comparison *comparison,
                              const ari_style *style, char **out, ari_err *err)
{
    ari_text t = { 0 };
    ari_doc d = doc_begin(style);
    if (is_json(style))
        return write_json(inspect_json(model, comparison, style->format == ARI_JSON, &t), &t, out, err);
    inspect_document(model, comparison, style, &d);
    return write_document(&d, style, out, err);
}

ari_status ari_report_verify(const ari_model *model, const ari_checks *checks, bool strict,
                             const ari_style *style, char **out, ari_err *err)
{
    static const ari_checks none = { 0 };
    if (checks == NULL) checks = &none;
    ari_text t = { 0 };
    ari_doc d = doc_begin(style);
    *out = NULL;
    if (model->entry != NULL)
        return ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET, "the catalogue has figures of it, and no files");
    if (is_json(style))
        return write_json(verify_json(model, checks, strict, style->format == ARI_JSON, &t), &t, out, err);
    verify_document(model, checks, strict, &d);
    return write_document(&d, style, out, err);
}

ari_status ari_report_compare(const ari_comparison *comparison, const ari_style *style, char **out,
                              ari_err *err)
{
    ari_text t = { 0 };
    ari_doc d = doc_begin(style);
    if (is_json(style))
        return write_json(compare_json(comparison, style->format == ARI_JSON, &t), &t, out, err);
    compare_document(comparison, style, &d);
    return write_document(&d, style, out, err);
}

ari_status ari_report_match(const ari_comparison *comparison, size_t top, const ari_style *style, char **out,
                            ari_err *err)
{
    ari_text t = { 0 };
    ari_doc d = doc_begin(style);
    if (is_json(style))
        return write_json(match_json(comparison, top, style->format == ARI_JSON, &t), &t, out, err);
    match_document(comparison, top, style, &d);
    return write_document(&d, style, out, err);
}

ari_status ari_report_diff(const ari_lineage *lineage, const ari_style *style, char **out, ari_err *err)
{
    ari_text t = { 0 };
    ari_doc d = doc_begin(style);
    if (is_json(style)) return write_json(diff_json(lineage, style->format == ARI_JSON, &t), &t, out, err);
    diff_document(lineage, &d);
    return write_document(&d, style, out, err);
}

ari_status ari_report_catalogue(const ari_catalogue *catalogue, const char *name, const ari_style *style,
                                char **out, ari_err *err)
{
    ari_text t = { 0 };
    ari_doc d = doc_begin(style);
    const ari_entry *e = NULL;
    *out = NULL;
    if (name != NULL) {
        ari_status status = catalogue_need(catalogue, name, &e, err);
        if (status != ARI_OK) return status;
    }
    if (is_json(style))
        return write_json(catalogue_json(catalogue, e, style->format == ARI_JSON, &t), &t, out, err);
    catalogue_document(catalogue, e, &d);
    return write_document(&d, style, out, err);
}

ari_status ari_report_tensors(const ari_model *model, const ari_style *style, char **out, ari_err *err)
{
    ari_text t = { 0 };
    *out = NULL;
    if (model->entry != NULL)
        return ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET,
                        "the catalogue has figures of it, and no tensors");
    list_tensors(model, style, &t);
    return hand_out(&t, out, err);
}

ari_status ari_page_begin(const char *title, const ari_style *style, char **out, ari_err *err)
{
    ari_text t = { 0 }, shown = { 0 };
    text_escape(&shown, span_of(title), ESCAPE_ALL);
    html_begin(&t, style->language, shown.data == NULL ? "" : shown.data);
    if (shown.failed) t.failed = true;
    text_free(&shown);
    return hand_out(&t, out, err);
}

ari_status ari_page_end(char **out, ari_err *err)
{
    ari_text t = { 0 };
    html_end(&t);
    return hand_out(&t, out, err);
}

static void error_json(const char *path, const ari_err *what, bool indented, ari_text *out)
{
    json_builder b;
    json_tree *top = json_begin(&b);
    json_add_text(&b, top, "schema", "archinspect/error/1");
    json_add_text(&b, top, "path", path);
    json_add_text(&b, top, "status", ari_status_word(what->status));
    if (what->offset == ARI_NO_OFFSET) {
        json_add_null(&b, top, "offset");
    } else {
        json_add_uint(&b, top, "offset", what->offset);
    }
    json_add_text(&b, top, "message", what->text);
    if (!json_finish(&b, indented, out)) out->failed = true;
}

static void error_document(const char *path, const ari_err *what, ari_doc *d)
{
    const char *at =
        what->offset == ARI_NO_OFFSET ? "" : doc_printf(d, " (%s %" PRIu64 ")", W(d, AT_BYTE), what->offset);
    if (path != NULL) doc_title(d, path, NULL);
    doc_paragraph(d, TONE_BAD, doc_printf(d, "%s: %s%s", doc_term(d, "error"), what->text, at));
    if (what->hint != NULL) doc_paragraph(d, TONE_PLAIN, what->hint);
}

ari_status ari_report_error(const char *path, const ari_err *what, const ari_style *style, char **out,
                            ari_err *err)
{
    ari_text t = { 0 }, shown = { 0 };
    ari_doc d = doc_begin(style);
    if (path != NULL) text_escape(&shown, span_of(path), ESCAPE_ALL);
    const char *safe = path == NULL ? NULL : shown.data == NULL ? "" : shown.data;
    if (is_json(style)) {
        error_json(safe, what, style->format == ARI_JSON, &t);
    } else {
        error_document(safe, what, &d);
        doc_write_html(&d, &t);
    }
    if (shown.failed || d.failed) t.failed = true;
    doc_free(&d);
    text_free(&shown);
    return hand_out(&t, out, err);
}
