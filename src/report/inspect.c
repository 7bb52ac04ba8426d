#include "report/inspect.h"

#include "read/container.h"
#include "report/compare.h"
#include "report/plain.h"

#include <inttypes.h>

enum { FINDINGS_SHOWN = 12, CANDIDATES_SHOWN = 6, UNKNOWN_SHOWN = 8 };

static void add_columns(ari_doc *d, const char *first, const char *second, const char *third)
{
    doc_columns(d, first, second, third, "read from");
}

static void add_title(const ari_model *m, ari_doc *d)
{
    const ari_checkpoint *c = m->checkpoint;
    if (m->entry != NULL) {
        doc_title(d, m->path, "catalogued figures, not a checkpoint");
        return;
    }
    const ari_file *first = &c->files[0];
    for (size_t i = 0; i < c->file_count && first->container == NULL; i++) first = &c->files[i];
    const char *format = first->version == 0 ? "safetensors"
                                             : doc_printf(d, "GGUF v%" PRIu32 "%s", first->version,
                                                          first->big ? ", big-endian" : "");
    const char *summary = doc_printf(d, "%s, %zu file%s, %s tensor%s, %s", format, c->file_count,
                                     c->file_count == 1 ? "" : "s", plain_count(d, c->tensors.count),
                                     c->tensors.count == 1 ? "" : "s", plain_bytes(d, m->bytes));
    doc_title(d, m->path, summary);
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
    if (t.size > 0) doc_row(d, TONE_PLAIN, "element types", doc_take(d, &t), NULL, "tensors of each");
    text_free(&t);
}

static void add_model(const ari_model *m, ari_doc *d)
{
    add_columns(d, "what", "value", "basis");
    const char *basis = strcmp(m->kind, "unknown") == 0 ? NULL
                        : m->entry != NULL              ? "stated"
                                                        : "by its tensors";
    doc_row(d, TONE_PLAIN, "kind", m->kind, basis, NULL);
    if (m->entry != NULL && m->parameters_known) {
        doc_row(d, TONE_PLAIN, "parameters", plain_parameters(d, m->parameters), "by its fields", NULL);
    } else if (m->parameters_known) {
        doc_row(d, TONE_PLAIN, "parameters", plain_parameters(d, m->parameters), "shape",
                "sum over all shapes; buffers and scales do not count");
    } else {
        const char *why =
            m->checkpoint->incomplete ? "not all of its files are here" : "packed weights or unknown sizes";
        doc_row(d, TONE_PLAIN, "parameters", "unknown", why, NULL);
    }
    if (m->active_known)
        doc_row(d, TONE_PLAIN, "active parameters", plain_parameters(d, m->active_parameters), "stated",
                "all but the routed experts that a token does not reach");
    add_types(m, d);
    const char *packing = plain_quantization(d, m->quantization);
    if (packing != NULL) doc_row(d, TONE_PLAIN, "quantization", packing, NULL, NULL);
}

static const char *with_candidates(ari_doc *d, ari_field field, const ari_inferred *f)
{
    ari_text t = { 0 };
    text_put(&t, plain_value(d, field, f->value));
    for (size_t i = 1; i < f->candidate_count && i < CANDIDATES_SHOWN; i++) {
        text_printf(&t, "%s%s", i == 1 ? ", or " : ", ", plain_value(d, field, f->candidates[i]));
    }
    if (f->candidate_count > CANDIDATES_SHOWN) text_printf(&t, " ... (%zu)", f->candidate_count);
    return doc_take(d, &t);
}

/* The fields that nothing decides, in one sentence: the first few, or all. */
static void add_unknown(const ari_model *m, size_t most, ari_doc *d)
{
    ari_text names = { 0 };
    size_t n = 0;
    text_put(&names, "Unknown: ");
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) {
        const ari_inferred *f = &m->architecture.fields[i];
        if (f->basis != ARI_UNKNOWN || f->evidence != NULL) continue;
        if (n < most) text_printf(&names, "%s%s", n == 0 ? "" : ", ", field_info((ari_field)i)->label);
        n++;
    }
    if (n > most) text_printf(&names, ", and %zu more (-v lists them)", n - most);
    const char *words = doc_take(d, &names);
    if (n > 0) doc_paragraph(d, TONE_DIM, words);
}

static void add_architecture(const ari_model *m, ari_doc *d)
{
    doc_heading(d, TONE_PLAIN, "Architecture");
    add_columns(d, "field", "value", "basis");
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) {
        const ari_inferred *f = &m->architecture.fields[i];
        if (f->basis == ARI_UNKNOWN && f->evidence == NULL) continue;
        if (strcmp(f->value, "null") == 0 && f->basis != ARI_UNKNOWN) continue;
        const char *value = f->basis == ARI_UNKNOWN ? "unknown" : with_candidates(d, (ari_field)i, f);
        doc_tone tone = f->basis == ARI_AMBIGUOUS ? TONE_WARN : TONE_PLAIN;
        doc_row(d, tone, field_info((ari_field)i)->label, value, ari_basis_word(f->basis), f->evidence);
    }
}

/* "1280 wide, 32 deep, MLP 3420, patch 14, out 3584": what is known of it. */
static const char *part_summary(const ari_component *c, ari_doc *d)
{
    static const struct {
        ari_field field;
        const char *before, *after;
    } words[] = {
        { ARI_FIELD_HIDDEN_SIZE, "", " wide" },      { ARI_FIELD_NUM_HIDDEN_LAYERS, "", " deep" },
        { ARI_FIELD_INTERMEDIATE_SIZE, "MLP ", "" }, { ARI_FIELD_PATCH_SIZE, "patch ", "" },
        { ARI_FIELD_OUT_HIDDEN_SIZE, "out ", "" },
    };
    ari_text t = { 0 };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const ari_inferred *f = &c->architecture.fields[words[i].field];
        if (strcmp(f->value, "null") == 0) continue;
        text_printf(&t, "%s%s%s%s", t.size == 0 ? "" : ", ", words[i].before, f->value, words[i].after);
    }
    return doc_take(d, &t);
}

static void list_parts(const ari_model *m, ari_doc *d)
{
    if (m->component_count < 2) return;
    doc_heading(d, TONE_PLAIN, "Parts");
    add_columns(d, "part", "parameters", "shape");
    for (size_t i = 0; i < m->component_count; i++) {
        const ari_component *c = &m->components[i];
        doc_row(d, TONE_PLAIN, plain_word(d, c->role), plain_parameters(d, c->parameters), part_summary(c, d),
                c->prefix);
    }
}

static void add_contradictions(const ari_model *m, ari_doc *d)
{
    if (m->contradiction_count == 0) return;
    doc_heading(d, TONE_BAD, "Contradictions: what is stated is not what is there");
    add_columns(d, "field", "values", "derived from; stated by");
    for (size_t i = 0; i < m->contradiction_count; i++) {
        const ari_contradiction *c = &m->contradictions[i];
        const char *words = doc_printf(d, "stated %s, derived %s", plain_value(d, c->field, c->stated),
                                       plain_value(d, c->field, c->derived));
        doc_row(d, TONE_BAD, field_info(c->field)->label, words, c->evidence, NULL);
    }
}

static void list_origins(const ari_model *m, ari_doc *d)
{
    if (m->claims.origin_count == 0) return;
    doc_heading(d, TONE_PLAIN, "Origins claimed");
    add_columns(d, "origin", "stated by", NULL);
    for (size_t i = 0; i < m->claims.origin_count; i++) {
        const ari_origin *o = &m->claims.origins[i];
        doc_row(d, TONE_PLAIN, o->stated, o->by, NULL, NULL);
    }
}

static void add_findings(const ari_model *m, ari_doc *d)
{
    static const doc_tone tones[] = { TONE_DIM, TONE_WARN, TONE_BAD };
    static const char *const words[] = { "note", "warning", "error" };
    const ari_findings *f = &m->checkpoint->findings;
    if (f->count == 0) {
        doc_heading(d, TONE_PLAIN, "Findings: none");
        return;
    }
    doc_heading(d, TONE_PLAIN, "Findings");
    add_columns(d, "severity", "finding", "message");
    for (size_t i = 0; i < f->count && i < FINDINGS_SHOWN; i++) {
        const ari_finding *x = &f->items[i];
        bool named = x->tensor != NULL && x->tensor[0] != '\0';
        const char *message = doc_printf(d, "%s%s%s", named ? x->tensor : "", named ? ": " : "", x->message);
        doc_row(d, tones[x->severity], words[x->severity], x->id, message, NULL);
    }
    if (f->count > FINDINGS_SHOWN) {
        doc_paragraph(d, TONE_DIM,
                      doc_printf(d, "and %zu more; --json lists all", f->count - FINDINGS_SHOWN));
    }
}

void inspect_document(const ari_model *m, const ari_comparison *c, const ari_style *style, ari_doc *d)
{
    add_title(m, d);
    add_model(m, d);
    add_architecture(m, d);
    add_unknown(m, style->evidence ? ARI_FIELD_COUNT : UNKNOWN_SHOWN, d);
    list_parts(m, d);
    add_contradictions(m, d);
    if (c == NULL) list_origins(m, d);
    if (m->entry == NULL) add_findings(m, d);
    if (c != NULL) add_resemblance(c, d);
}
