/* html.c -- documents as one page that needs nothing else: no script, no network, light and dark, printable.
 */
#include "report/doc.h"

static const char head[] = "<meta charset=\"utf-8\">\n"
                           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                           "style-src 'unsafe-inline'\">\n"
                           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                           "<meta name=\"color-scheme\" content=\"light dark\">\n"
                           "<meta name=\"generator\" content=\"archinspect\">\n";

static const char style_sheet[] =
    "<style>\n"
    ":root{--paper:#fff;--ink:#1b1f24;--dim:#57606a;--rule:#d0d7de;--stripe:#f6f8fa;--good:#116329;--warn:#"
    "7d4e00;"
    "--bad:#a40e26;--t0:#2f6fc4;--t1:#c25a00;--t2:#1a7f37;--t3:#8250df;--t4:#0b7a75;--t5:#b3256e;--t6:#"
    "6e5a00;"
    "--t7:#57606a;--k0:#eaeef2;--k1:#9fd8ac;--k2:#f5b5b5;--k3:#f7d78a;--k4:#eaeef2;--k5:#c9d1d9;--g1:#d0e2f7;"
    "--g2:#9cc2ee;--g3:#659fe0;--g4:#2f6fc4;--g5:#173f77;--b0:#dbe9fb;--b1:#fbe5d0}\n"
    "@media (prefers-color-scheme:dark){:root{--paper:#0d1117;--ink:#e6edf3;--dim:#9da7b3;--rule:#30363d;"
    "--stripe:#161b22;--good:#56d364;--warn:#e3b341;--bad:#ff8e86;--t0:#6ea8fe;--t1:#f0883e;--t2:#56d364;--"
    "t3:#bc8cff;"
    "--t4:#39c5bb;--t5:#f778ba;--t6:#d4b106;--t7:#8b949e;--k0:#21262d;--k1:#1f5f32;--k2:#7a2430;--k3:#6b5000;"
    "--k4:#21262d;--k5:#3b434c;--g1:#1b3350;--g2:#24507f;--g3:#2f6fb8;--g4:#5a9df0;--g5:#a9cdfa;--b0:#1b3350;"
    "--b1:#4a2b10}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,'Segoe UI',"
    "'Noto Sans','Noto Sans KR','Malgun Gothic',sans-serif}\n"
    "main{max-width:60rem;margin:0 auto;padding:1.5rem 1rem 4rem}\n"
    "article+article{border-top:3px double var(--rule);margin-top:3rem;padding-top:1rem}\n"
    "h1{font-size:1.5rem;line-height:1.25;overflow-wrap:anywhere;margin:0 0 .25rem}\n"
    "h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--rule)}\n"
    "p{margin:.5rem 0;overflow-wrap:anywhere}\n"
    ".scroll{overflow-x:auto;max-width:100%}\n"
    ".scroll:focus-visible{outline:2px solid var(--t0)}\n"
    "table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;margin:.25rem 0}\n"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .9rem .25rem .25rem;border-bottom:1px solid "
    "var(--rule)}\n"
    "thead th{color:var(--dim);font-weight:600;white-space:nowrap}\n"
    "tbody th{font-weight:600}\n"
    "tbody tr:nth-child(even){background:var(--stripe)}\n"
    "td.dim{overflow-wrap:anywhere;min-width:12rem}\n"
    ".dim{color:var(--dim)}.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}\n"
    "td.good::before{content:'= '}td.bad::before{content:'\\2260  '}td.warn::before{content:'? '}\n"
    "figure{margin:1.25rem 0}\n"
    "figcaption{font-weight:600;margin-bottom:.25rem}\n"
    "svg{width:100%;min-width:34rem;height:auto;display:block}\n"
    "svg text{font:13px system-ui,-apple-system,'Segoe UI','Noto Sans','Noto Sans "
    "KR',sans-serif;fill:var(--ink)}\n"
    "svg .end{text-anchor:end}svg .mid{text-anchor:middle}svg .small{font-size:11px}svg "
    ".strong{font-weight:600}\n"
    "svg .sign{font-weight:600}\n"
    ".t0{fill:var(--t0)}.t1{fill:var(--t1)}.t2{fill:var(--t2)}.t3{fill:var(--t3)}.t4{fill:var(--t4)}.t5{fill:"
    "var(--t5)}"
    ".t6{fill:var(--t6)}.t7{fill:var(--t7)}\n"
    ".k0{fill:var(--k0)}.k1{fill:var(--k1)}.k2{fill:var(--k2)}.k3{fill:var(--k3)}.k4{fill:var(--k4)}.k5{fill:"
    "var(--k5)}\n"
    ".g0{fill:none}.g1{fill:var(--g1)}.g2{fill:var(--g2)}.g3{fill:var(--g3)}.g4{fill:var(--g4)}.g5{fill:var(-"
    "-g5)}\n"
    ".b0{fill:var(--b0);stroke:var(--t0)}.b1{fill:var(--b1);stroke:var(--t1)}\n"
    "footer{color:var(--dim);font-size:.85rem;margin-top:3rem}\n"
    "@media "
    "print{:root{--paper:#fff;--ink:#000;--dim:#444}main{max-width:none;padding:0}figure,tr{break-inside:"
    "avoid}"
    "h2{break-after:avoid}.scroll{overflow:visible}svg{min-width:0}table{font-size:.7rem;width:100%}td,th,"
    "thead th{white-space:normal;overflow-wrap:anywhere;padding:.15rem .3rem .15rem "
    "0}.grid{table-layout:fixed}.grid thead :first-child{width:19%}@page{margin:12mm}}\n"
    "</style>\n";

static const char *const tones[] = { "", "dim", "good", "warn", "bad" };

void html_begin(ari_text *out, ari_language language, const char *title)
{
    text_printf(out, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n%s<title>",
                language == ARI_KOREAN ? "ko" : "en", head);
    text_put_html(out, title);
    text_printf(out, " - archinspect</title>\n%s</head>\n<body>\n<main>\n", style_sheet);
}

void html_end(ari_text *out)
{
    text_printf(out, "<footer>archinspect %s</footer>\n</main>\n</body>\n</html>\n", ari_version());
}

static void element(ari_text *out, const char *tag, const char *attributes, doc_tone tone, const char *words)
{
    text_printf(out, "<%s%s", tag, attributes);
    if (tone != TONE_PLAIN) text_printf(out, " class=\"%s\"", tones[tone]);
    text_put(out, ">");
    text_put_html(out, words);
    text_printf(out, "</%s>", tag);
}

/* --- Tables ----------------------------------------------------------------------------------------- */

/* The table being written: its columns, and whether one says what a row rests on. */
typedef struct shape {
    size_t columns;
    bool detail;
} shape;

static size_t cells_of(const doc_item *item)
{
    size_t n = DOC_CELLS;
    while (n > 1 && item->cells[n - 1] == NULL) n--;
    return n;
}

static shape shape_of(const ari_doc *d, size_t i)
{
    shape s = { cells_of(&d->items[i]), false };
    while (++i < d->count && d->items[i].kind == DOC_ROW) {
        size_t n = cells_of(&d->items[i]);
        if (n > s.columns) s.columns = n;
        s.detail = s.detail || d->items[i].detail != NULL;
    }
    return s;
}

static void open_table(ari_text *out, const char *name, const char *attributes)
{
    text_put(out, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
    text_put_html(out, name);
    text_printf(out, "\">\n<table%s>\n<thead><tr>", attributes);
}

/* A head without words is no head to a reader of the page. */
static void put_head(ari_text *out, const char *words)
{
    if (words == NULL || words[0] == '\0') {
        text_put(out, "<td></td>");
    } else {
        element(out, "th", " scope=\"col\"", TONE_PLAIN, words);
    }
}

static void write_columns(ari_text *out, const doc_item *item, shape s, const char *name)
{
    open_table(out, name, "");
    for (size_t k = 0; k < s.columns; k++) put_head(out, item->cells[k]);
    if (s.detail) put_head(out, item->detail);
    text_put(out, "</tr></thead>\n<tbody>\n");
}

static void write_row(ari_text *out, const doc_item *item, shape s)
{
    text_put(out, "<tr>");
    for (size_t k = 0; k < s.columns; k++) {
        const char *words = item->cells[k] == NULL ? "" : item->cells[k];
        bool label = k == 0 && words[0] != '\0';
        /* What a tone means there is said by the words. */
        text_printf(out, "<%s>", label ? "th scope=\"row\"" : "td");
        if (k == 1 && item->tone != TONE_PLAIN) {
            element(out, "span", "", item->tone, words);
        } else {
            text_put_html(out, words);
        }
        text_put(out, label ? "</th>" : "</td>");
    }
    if (s.detail) element(out, "td", "", TONE_DIM, item->detail == NULL ? "" : item->detail);
    text_put(out, "</tr>\n");
}

static void write_line(ari_text *out, const doc_item *item)
{
    text_put(out, "<tr>");
    for (size_t k = 0; k < item->grid_count; k++) {
        doc_tone tone = item->tones == NULL ? TONE_PLAIN : item->tones[k];
        if (k == 0) {
            element(out, "th", " scope=\"row\"", item->tone, item->grid[k]);
        } else {
            element(out, "td", "", tone, item->grid[k]);
        }
    }
    text_put(out, "</tr>\n");
}

static void write_grid(ari_text *out, const doc_item *item, const char *name)
{
    open_table(out, name, " class=\"grid\"");
    for (size_t k = 0; k < item->grid_count; k++) put_head(out, item->grid[k]);
    text_put(out, "</tr></thead>\n<tbody>\n");
}

/* --- A document ------------------------------------------------------------------------------------- */

/* Does the table that item i is of end before the next? */
static bool ends_table(const ari_doc *d, size_t i)
{
    doc_kind kind = d->items[i].kind;
    bool within = kind == DOC_ROW || kind == DOC_LINE;
    return within && (i + 1 == d->count || d->items[i + 1].kind != kind);
}

static void write_item(ari_text *out, const ari_doc *d, size_t i, shape *table, const char **name)
{
    const doc_item *item = &d->items[i];
    switch (item->kind) {
    case DOC_TITLE:
        element(out, "h1", "", TONE_PLAIN, item->cells[0]);
        if (item->cells[1] != NULL) element(out, "p", "", TONE_DIM, item->cells[1]);
        *name = item->cells[0];
        break;
    case DOC_HEADING:
        element(out, "h2", "", item->tone, item->cells[0]);
        *name = item->cells[0];
        break;
    case DOC_PARAGRAPH: element(out, "p", "", item->tone, item->cells[0]); break;
    case DOC_COLUMNS:
        if (!doc_begins_table(d, i)) return;
        *table = shape_of(d, i);
        write_columns(out, item, *table, *name);
        break;
    case DOC_ROW: write_row(out, item, *table); break;
    case DOC_GRID: write_grid(out, item, *name); break;
    case DOC_LINE: write_line(out, item); break;
    case DOC_PICTURE: picture_html(out, item->picture); break;
    case DOC_VERBATIM: return;
    }
    text_put(out, ends_table(d, i) ? "</tbody>\n</table></div>\n" : "\n");
}

void doc_write_html(const ari_doc *d, ari_text *out)
{
    shape table = { 0 };
    const char *name = "";
    text_put(out, "<article>\n");
    for (size_t i = 0; i < d->count; i++) write_item(out, d, i, &table, &name);
    text_put(out, "</article>\n");
}
