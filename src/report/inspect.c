#include "report/inspect.h"

#include "read/container.h"

#include <inttypes.h>

enum { FINDINGS_SHOWN = 12, CANDIDATES_SHOWN = 6, CELL_BYTES = 120 };

/* 1234567 as "1,234,567". */
static const char *thousands(ari_doc *d, uint64_t n)
{
    ari_text t = { 0 };
    text_thousands(&t, n);
    return doc_take(d, &t);
}

/* 269060552 as "269.1 MB": powers of 1000, as download pages count. */
static const char *scaled(ari_doc *d, uint64_t n, const char *unit)
{
    static const char *const steps[] = { "", "K", "M", "G", "T", "P", "E" };
    double value = (double)n;
    size_t step = 0;
    for (; value >= 999.95 && step + 1 < sizeof(steps) / sizeof(steps[0]); step++) value /= 1000;
    return step == 0 ? doc_printf(d, "%" PRIu64 " %s", n, unit)
                     : doc_printf(d, "%.1f %s%s", value, steps[step], unit);
}

static void add_title(const ari_model *m, ari_doc *d)
{
    const ari_checkpoint *c = m->checkpoint;
    const ari_file *first = &c->files[0];
    for (size_t i = 0; i < c->file_count && first->container == NULL; i++) first = &c->files[i];
    const char *format = first->version == 0 ? "safetensors"
                                             : doc_printf(d, "GGUF v%" PRIu32 "%s", first->version,
                                                          first->big ? ", big-endian" : "");
    const char *summary = doc_printf(d, "%s, %zu file%s, %s tensor%s, %s", format, c->file_count,
                                     c->file_count == 1 ? "" : "s", thousands(d, c->tensors.count),
                                     c->tensors.count == 1 ? "" : "s", scaled(d, m->bytes, "B"));
    doc_add(d, (doc_item){ DOC_TITLE, TONE_PLAIN, { m->path, summary }, NULL });
}

static void add_types(const ari_model *m, ari_doc *d)
{
    ari_text t = { 0 };
    for (size_t i = 0; i < m->dtype_count; i++) {
        const ari_dtype_sum *s = &m->dtypes[i];
        const ari_dtype_info *known = dtype_info((uint32_t)i);
        if (s->tensors == 0) continue;
        text_printf(&t, "%s%s %" PRIu64, t.size == 0 ? "" : ", ",
                    known != NULL ? known->name : m->unknown_dtypes[i - ARI_DT_COUNT], s->tensors);
    }
    if (t.size > 0)
        doc_add(d,
                (doc_item){ DOC_ROW, TONE_PLAIN, { "element types", doc_take(d, &t) }, "tensors of each" });
    text_free(&t);
}

static void add_model(const ari_model *m, ari_doc *d)
{
    doc_add(d, (doc_item){ DOC_ROW,
                           TONE_PLAIN,
                           { "kind", m->kind, strcmp(m->kind, "unknown") == 0 ? "" : "by its tensors" },
                           NULL });
    if (m->parameters_known) {
        const char *rounded = scaled(d, m->parameters, "");
        const char *words = m->parameters < 1000
                                ? thousands(d, m->parameters)
                                : doc_printf(d, "%s (%s)", thousands(d, m->parameters), rounded);
        doc_add(d, (doc_item){ DOC_ROW,
                               TONE_PLAIN,
                               { "parameters", words, "shape" },
                               "sum over all shapes; buffers and scales do not count" });
    } else {
        const char *why =
            m->checkpoint->incomplete ? "not all of its files are here" : "packed weights or unknown sizes";
        doc_add(d, (doc_item){ DOC_ROW, TONE_PLAIN, { "parameters", "unknown", why }, NULL });
    }
    add_types(m, d);
    if (strcmp(m->quantization, "null") != 0)
        doc_add(d, (doc_item){ DOC_ROW, TONE_PLAIN, { "quantization", m->quantization }, NULL });
}

/* A value as people read it: no quotes, thousands apart. */
static const char *humane(ari_doc *d, ari_field field, const char *value)
{
    static const ari_field grouped[] = { ARI_FIELD_VOCAB_SIZE, ARI_FIELD_MAX_POSITION_EMBEDDINGS,
                                         ARI_FIELD_ROPE_THETA };
    size_t n = strlen(value);
    if (n >= 2 && value[0] == '"') return doc_printf(d, "%.*s", (int)(n - 2), value + 1);
    if (strcmp(value, "true") == 0) return "yes";
    if (strcmp(value, "false") == 0) return "no";
    for (size_t i = 0; i < sizeof(grouped) / sizeof(grouped[0]); i++) {
        uint64_t whole = 0;
        bool digits = grouped[i] == field && n < 19;
        for (size_t k = 0; k < n && digits; k++) {
            digits = value[k] >= '0' && value[k] <= '9';
            whole = whole * 10 + (uint64_t)(value[k] & 0x0F);
        }
        if (digits) return thousands(d, whole);
    }
    return n <= CELL_BYTES ? value : doc_printf(d, "%.*s...", CELL_BYTES, value);
}

static const char *with_candidates(ari_doc *d, ari_field field, const ari_inferred *f)
{
    ari_text t = { 0 };
    text_put(&t, humane(d, field, f->value));
    for (size_t i = 1; i < f->candidate_count && i < CANDIDATES_SHOWN; i++) {
        const char *c = humane(d, field, f->candidates[i]);
        text_printf(&t, "%s%s", i == 1 ? ", or " : ", ", c);
    }
    if (f->candidate_count > CANDIDATES_SHOWN) text_printf(&t, " ... (%zu)", f->candidate_count);
    return doc_take(d, &t);
}

static void add_architecture(const ari_model *m, ari_doc *d)
{
    ari_text unknown = { 0 };
    doc_add(d, (doc_item){ DOC_HEADING, TONE_PLAIN, { "Architecture" }, NULL });
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) {
        const ari_inferred *f = &m->architecture.fields[i];
        if (f->basis == ARI_UNKNOWN && f->evidence == NULL) {
            text_printf(&unknown, "%s%s", unknown.size == 0 ? "Unknown: " : ", ",
                        field_info((ari_field)i)->label);
            continue;
        }
        if (strcmp(f->value, "null") == 0 && f->basis != ARI_UNKNOWN) continue;
        const char *value = f->basis == ARI_UNKNOWN ? "unknown" : with_candidates(d, (ari_field)i, f);
        doc_tone tone = f->basis == ARI_AMBIGUOUS ? TONE_WARN : TONE_PLAIN;
        doc_add(d, (doc_item){ DOC_ROW,
                               tone,
                               { field_info((ari_field)i)->label, value, ari_basis_word(f->basis) },
                               f->evidence });
    }
    if (unknown.size > 0) doc_add(d, (doc_item){ DOC_PARAGRAPH, TONE_DIM, { doc_take(d, &unknown) }, NULL });
    text_free(&unknown);
}

static void add_contradictions(const ari_model *m, ari_doc *d)
{
    if (m->contradiction_count == 0) return;
    doc_add(d, (doc_item){
                   DOC_HEADING, TONE_BAD, { "Contradictions: what is stated is not what is there" }, NULL });
    for (size_t i = 0; i < m->contradiction_count; i++) {
        const ari_contradiction *c = &m->contradictions[i];
        const char *words = doc_printf(d, "stated %s, derived %s", humane(d, c->field, c->stated),
                                       humane(d, c->field, c->derived));
        doc_add(d,
                (doc_item){ DOC_ROW, TONE_BAD, { field_info(c->field)->label, words, c->evidence }, NULL });
    }
}

static void add_origins(const ari_model *m, ari_doc *d)
{
    if (m->claims.origin_count == 0) return;
    doc_add(d, (doc_item){ DOC_HEADING, TONE_PLAIN, { "Origins claimed" }, NULL });
    for (size_t i = 0; i < m->claims.origin_count; i++) {
        const ari_origin *o = &m->claims.origins[i];
        doc_add(d, (doc_item){ DOC_ROW, TONE_PLAIN, { o->stated, o->by }, NULL });
    }
}

static void add_findings(const ari_model *m, ari_doc *d)
{
    static const doc_tone tones[] = { TONE_DIM, TONE_WARN, TONE_BAD };
    static const char *const words[] = { "note", "warning", "error" };
    const ari_findings *f = &m->checkpoint->findings;
    if (f->count == 0) {
        doc_add(d, (doc_item){ DOC_HEADING, TONE_PLAIN, { "Findings: none" }, NULL });
        return;
    }
    doc_add(d, (doc_item){ DOC_HEADING, TONE_PLAIN, { "Findings" }, NULL });
    for (size_t i = 0; i < f->count && i < FINDINGS_SHOWN; i++) {
        const ari_finding *x = &f->items[i];
        bool named = x->tensor != NULL && x->tensor[0] != '\0';
        const char *message = doc_printf(d, "%s%s%s", named ? x->tensor : "", named ? ": " : "", x->message);
        doc_add(d, (doc_item){ DOC_ROW, tones[x->severity], { words[x->severity], x->id, message }, NULL });
    }
    if (f->count > FINDINGS_SHOWN) {
        doc_add(d, (doc_item){ DOC_PARAGRAPH,
                               TONE_DIM,
                               { doc_printf(d, "and %zu more; --json lists all", f->count - FINDINGS_SHOWN) },
                               NULL });
    }
}

void inspect_document(const ari_model *m, ari_doc *d)
{
    add_title(m, d);
    add_model(m, d);
    add_architecture(m, d);
    add_contradictions(m, d);
    add_origins(m, d);
    add_findings(m, d);
}
