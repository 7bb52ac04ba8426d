#include "report/inspect.h"

#include "read/container.h"
#include "report/budget.h"
#include "report/compare.h"
#include "report/plain.h"

#include <inttypes.h>

enum { FINDINGS_SHOWN = 12, CANDIDATES_SHOWN = 6, UNKNOWN_SHOWN = 8 };

static void add_columns(ari_doc *d, const char *first, const char *second, const char *third)
{
    doc_columns(d, first, second, third, W(d, READ_FROM));
}

static void add_title(const ari_model *m, ari_doc *d)
{
    const ari_checkpoint *c = m->checkpoint;
    if (m->entry != NULL) {
        doc_title(d, m->path, W(d, NO_CHECKPOINT));
        return;
    }
    const ari_file *first = &c->files[0];
    for (size_t i = 0; i < c->file_count && first->container == NULL; i++) first = &c->files[i];
    const char *format =
        first->version == 0 ? "safetensors" : doc_printf(d, "GGUF v%" PRIu32, first->version);
    if (first->big) format = doc_printf(d, "%s, %s", format, W(d, BIG_ENDIAN));
    if (c->capsule != NULL) format = SAY(d, CAPSULE_OF, format);
    const char *summary =
        doc_printf(d, "%s, %s, %s, %s", format, SAY(d, FILES, doc_number(d, c->file_count)),
                   SAY(d, TENSOR_COUNT, plain_count(d, c->tensors.count)), plain_bytes(d, m->bytes));
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
    if (t.failed) d->failed = true;
    if (t.size > 0) doc_row(d, TONE_PLAIN, W(d, ELEMENT_TYPES), doc_take(d, &t), NULL, W(d, TENSORS_OF_EACH));
    text_free(&t);
}

static void add_model(const ari_model *m, ari_doc *d)
{
    add_columns(d, W(d, WHAT), W(d, VALUE), W(d, BASIS));
    if (m->place != NULL) doc_row(d, TONE_PLAIN, W(d, WHERE), m->place, NULL, NULL);
    const char *basis = strcmp(m->kind, "unknown") == 0 ? NULL
                        : m->entry != NULL              ? doc_term(d, "stated")
                                                        : W(d, BY_TENSORS);
    doc_row(d, TONE_PLAIN, W(d, KIND), doc_term(d, m->kind), basis, NULL);
    if (m->entry != NULL && m->parameters_known) {
        doc_row(d, TONE_PLAIN, W(d, PARAMETERS), plain_parameters(d, m->parameters), W(d, BY_FIELDS), NULL);
    } else if (m->parameters_known) {
        doc_row(d, TONE_PLAIN, W(d, PARAMETERS), plain_parameters(d, m->parameters), doc_term(d, "shape"),
                W(d, SUM_OF_SHAPES));
    } else {
        const char *why = m->checkpoint->incomplete ? W(d, FILES_MISSING) : W(d, PACKED_OR_OPEN);
        doc_row(d, TONE_PLAIN, W(d, PARAMETERS), W(d, UNKNOWN), why, NULL);
    }
    if (m->active_known)
        doc_row(d, TONE_PLAIN, W(d, ACTIVE), plain_parameters(d, m->active_parameters), doc_term(d, "stated"),
                W(d, WHAT_A_TOKEN_USES));
    add_types(m, d);
    const char *packing = plain_quantization(d, m->quantization);
    if (packing != NULL) doc_row(d, TONE_PLAIN, W(d, QUANTIZATION), packing, NULL, NULL);
}

static const char *with_candidates(ari_doc *d, ari_field field, const ari_inferred *f)
{
    ari_text others = { 0 };
    const char *first = plain_value(d, field, f->value);
    if (f->candidate_count < 2) return first;
    for (size_t i = 1; i < f->candidate_count && i < CANDIDATES_SHOWN; i++)
        text_printf(&others, "%s%s", i == 1 ? "" : ", ", plain_value(d, field, f->candidates[i]));
    if (f->candidate_count > CANDIDATES_SHOWN) text_printf(&others, " ... (%zu)", f->candidate_count);
    return SAY(d, OR, first, doc_take(d, &others));
}

/* The fields that nothing decides, in one sentence: the first few, or all. */
static void add_unknown(const ari_model *m, size_t most, ari_doc *d)
{
    ari_text names = { 0 };
    size_t n = 0;
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) {
        const ari_inferred *f = &m->architecture.fields[i];
        if (f->basis != ARI_UNKNOWN || f->evidence != NULL) continue;
        if (n < most) text_printf(&names, "%s%s", n == 0 ? "" : ", ", label_in(d->language, i));
        n++;
    }
    if (n > most) text_printf(&names, ", %s", SAY(d, AND_MORE_V, doc_number(d, n - most)));
    const char *words = doc_take(d, &names);
    if (n > 0) doc_paragraph(d, TONE_DIM, SAY(d, UNKNOWN_ARE, words));
}

static void add_architecture(const ari_model *m, const ari_budget *b, ari_doc *d)
{
    const char *strip = layer_strip(d, m, b);
    doc_heading(d, TONE_PLAIN, W(d, ARCHITECTURE));
    add_columns(d, W(d, FIELD), W(d, VALUE), W(d, BASIS));
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) {
        const ari_inferred *f = &m->architecture.fields[i];
        if (f->basis == ARI_UNKNOWN && f->evidence == NULL) continue;
        if (strcmp(f->value, "null") == 0 && f->basis != ARI_UNKNOWN) continue;
        const char *value = f->basis == ARI_UNKNOWN ? W(d, UNKNOWN) : with_candidates(d, (ari_field)i, f);
        doc_tone tone = f->basis == ARI_AMBIGUOUS ? TONE_WARN : TONE_PLAIN;
        doc_row(d, tone, label_in(d->language, i), value, doc_term(d, ari_basis_word(f->basis)), f->evidence);
        if (i == ARI_FIELD_NUM_HIDDEN_LAYERS && strip != NULL)
            doc_row(d, TONE_PLAIN, W(d, LAYERS_ARE), strip, NULL, NULL);
    }
}

/* "1280 wide, 32 deep, MLP 3420, patch 14, out 3584": what is known of it. */
static const char *part_summary(const ari_component *c, ari_doc *d)
{
    static const struct {
        ari_field field;
        ari_word words;
    } sizes[] = {
        { ARI_FIELD_HIDDEN_SIZE, WORD_WIDE },      { ARI_FIELD_NUM_HIDDEN_LAYERS, WORD_DEEP },
        { ARI_FIELD_INTERMEDIATE_SIZE, WORD_MLP }, { ARI_FIELD_PATCH_SIZE, WORD_PATCH },
        { ARI_FIELD_OUT_HIDDEN_SIZE, WORD_OUT },
    };
    ari_text t = { 0 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const ari_inferred *f = &c->architecture.fields[sizes[i].field];
        if (strcmp(f->value, "null") == 0) continue;
        text_printf(&t, "%s%s", t.size == 0 ? "" : ", ", doc_say(d, sizes[i].words, &f->value, 1));
    }
    return doc_take(d, &t);
}

static void list_parts(const ari_model *m, const ari_style *style, ari_doc *d)
{
    if (m->component_count < 2) return;
    const char *diagram = part_diagram(d, m, style);
    doc_heading(d, TONE_PLAIN, W(d, PARTS));
    if (diagram != NULL) doc_verbatim(d, diagram);
    add_columns(d, W(d, PART), W(d, PARAMETERS), W(d, SHAPE));
    for (size_t i = 0; i < m->component_count; i++) {
        const ari_component *c = &m->components[i];
        doc_row(d, TONE_PLAIN, doc_term(d, c->role), plain_parameters(d, c->parameters), part_summary(c, d),
                c->prefix);
    }
}

static void add_contradictions(const ari_model *m, ari_doc *d)
{
    if (m->contradiction_count == 0) return;
    doc_heading(d, TONE_BAD, W(d, CONTRADICTIONS));
    add_columns(d, W(d, FIELD), W(d, VALUES), W(d, DERIVED_STATED));
    for (size_t i = 0; i < m->contradiction_count; i++) {
        const ari_contradiction *c = &m->contradictions[i];
        const char *words =
            SAY(d, STATED_DERIVED, plain_value(d, c->field, c->stated), plain_value(d, c->field, c->derived));
        doc_row(d, TONE_BAD, label_in(d->language, c->field), words, c->evidence, NULL);
    }
}

static void add_measured(const ari_measured *measured, ari_doc *d)
{
    const head_look *h = &measured->heads;
    const rotary_look *r = &measured->rotary;
    if (!measured->made) return;
    doc_heading(d, TONE_PLAIN, SAY(d, MEASURED, plain_bytes(d, measured->bytes_read)));
    add_columns(d, W(d, WHAT), W(d, VALUE), NULL);
    if (h->count > 0 && h->tensors > 0) {
        const head_size *best = &h->sizes[h->best];
        const char *size = doc_printf(d, "%" PRIu64, best->head_dim), *z = doc_printf(d, "%.1f", best->z),
                   *margin = doc_printf(d, "%.2f", h->margin);
        const char *words =
            h->answered ? SAY(d, HEAD_TOLD, size, z, margin) : SAY(d, HEAD_OPEN, size, z, margin);
        doc_row(d, h->answered ? TONE_PLAIN : TONE_WARN, label_in(d->language, ARI_FIELD_HEAD_DIM), words,
                NULL, h->why);
    }
    const char *layout = rotary_word(r->layout),
               *words = layout == NULL ? W(d, UNKNOWN) : doc_term(d, layout);
    if (r->rotated > 0) words = SAY(d, ROTATED, words, doc_printf(d, "%" PRIu64, r->rotated));
    doc_row(d, TONE_PLAIN, W(d, ROTARY), words, NULL, r->evidence);
}

static void list_origins(const ari_model *m, ari_doc *d)
{
    if (m->claims.origin_count == 0) return;
    doc_heading(d, TONE_PLAIN, W(d, ORIGINS));
    add_columns(d, W(d, ORIGIN), W(d, STATED_BY), NULL);
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
        doc_heading(d, TONE_PLAIN, W(d, NO_FINDINGS));
        return;
    }
    doc_heading(d, TONE_PLAIN, W(d, FINDINGS));
    add_columns(d, W(d, SEVERITY), W(d, FINDING), W(d, MESSAGE));
    for (size_t i = 0; i < f->count && i < FINDINGS_SHOWN; i++) {
        const ari_finding *x = &f->items[i];
        bool named = x->tensor != NULL && x->tensor[0] != '\0';
        const char *message = doc_printf(d, "%s%s%s", named ? x->tensor : "", named ? ": " : "", x->message);
        doc_row(d, tones[x->severity], doc_term(d, words[x->severity]), x->id, message, NULL);
    }
    if (f->count > FINDINGS_SHOWN) {
        doc_paragraph(d, TONE_DIM, SAY(d, AND_MORE_JSON, doc_number(d, f->count - FINDINGS_SHOWN)));
    }
}

/* What a page draws and a terminal cannot. */
static void add_pictures(const ari_model *m, const ari_budget *b, ari_doc *d)
{
    draw_blocks_of(m, b, d);
    if (m->entry != NULL) return;
    if (m->parameters > 0) draw_budget(m, b, d);
    draw_bytes(m, d);
    if (b->layers > 0) draw_layers(b, d);
}

void inspect_document(const ari_model *m, const ari_comparison *c, const ari_style *style, ari_doc *d)
{
    ari_budget budget;
    if (!budget_of(m, &d->arena, &budget)) d->failed = true;
    if (d->failed) return;
    add_title(m, d);
    add_model(m, d);
    if (style->format == ARI_HTML) add_pictures(m, &budget, d);
    add_architecture(m, &budget, d);
    add_unknown(m, style->evidence ? ARI_FIELD_COUNT : UNKNOWN_SHOWN, d);
    list_parts(m, style, d);
    add_measured(&m->measured, d);
    add_contradictions(m, d);
    if (c == NULL) list_origins(m, d);
    if (m->entry == NULL) add_findings(m, d);
    if (c != NULL) add_resemblance(c, d);
}
