#include "report/diff.h"

#include "base/json.h"
#include "measure/chance.h"
#include "report/plain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static ari_word lead_word(const ari_lineage *l)
{
    switch (l->kinship) {
    case ARI_KINSHIP_RELATED: return WORD_DIFF_LEAD_RELATED;
    case ARI_KINSHIP_PARTLY: return WORD_DIFF_LEAD_PARTLY;
    case ARI_KINSHIP_INCONCLUSIVE: return WORD_DIFF_LEAD_NONE;
    default: return WORD_DIFF_LEAD_NOT_COMPARABLE;
    }
}

/* The study's verdict, in words; never more than it allows. */
static ari_word summary_word(const ari_lineage *l)
{
    if (l->lead) return lead_word(l);
    switch (l->kinship) {
    case ARI_KINSHIP_IDENTICAL: return WORD_DIFF_IDENTICAL;
    case ARI_KINSHIP_RELATED: return l->strong ? WORD_DIFF_STRONGLY_RELATED : WORD_DIFF_RELATED;
    case ARI_KINSHIP_PARTLY: return WORD_DIFF_PARTLY;
    case ARI_KINSHIP_NONE: return WORD_DIFF_NONE;
    case ARI_KINSHIP_INCONCLUSIVE: return WORD_DIFF_INCONCLUSIVE;
    default: break;
    }
    if (l->hindrance == ARI_HINDRANCE_CONSTANT) return WORD_DIFF_CONSTANT;
    return l->hindrance == ARI_HINDRANCE_NO_VALUES ? WORD_DIFF_NO_VALUES : WORD_DIFF_NOT_COMPARABLE;
}

/* What the verdict does not say. */
static ari_word caveat_word(const ari_lineage *l)
{
    bool found = l->kinship == ARI_KINSHIP_RELATED || l->kinship == ARI_KINSHIP_PARTLY;
    if (l->lead) return found ? WORD_DIFF_CAVEAT_LEAD : WORD_DIFF_CAVEAT_MISS;
    switch (l->kinship) {
    case ARI_KINSHIP_RELATED:
    case ARI_KINSHIP_PARTLY: return WORD_DIFF_CAVEAT_RELATED;
    case ARI_KINSHIP_NONE: return WORD_DIFF_CAVEAT_NONE;
    case ARI_KINSHIP_IDENTICAL: return WORD_DIFF_CAVEAT_IDENTICAL;
    default: return WORD_DIFF_CAVEAT_OPEN;
    }
}

/* --- The document ------------------------------------------------------------------------------------ */

static const char *chance_words(ari_doc *d, double p)
{
    return doc_printf(d, p <= CHANCE_LEAST ? "p < %.0e" : "p %.2g", p);
}

/* Of sums no probability is told: they are judged by size. */
static const char *measured_words(ari_doc *d, const ari_lineage *l)
{
    const char *effect = doc_printf(d, "%.3f", l->effect);
    if (l->lead && !(l->p > 0)) return SAY(d, DIFF_MEASURED_ALONE, effect);
    return SAY(d, DIFF_MEASURED, effect, chance_words(d, l->p));
}

static void add_proof(ari_doc *d, const ari_lineage *l, const ari_proof *p)
{
    const char *component = l->trial_count > 1 && p->component != NULL ? doc_term(d, p->component) : NULL;
    const char *words = component == NULL ? p->statement : doc_printf(d, "%s: %s", component, p->statement);
    const char *detail = p->null == NULL ? NULL : SAY(d, DIFF_NULL, p->null, plain_bytes(d, p->bytes_read));
    const char *chance = p->measured && p->p > 0 ? chance_words(d, p->p) : "-";
    doc_row(d, p->corroborates ? TONE_DIM : TONE_PLAIN, doc_term(d, p->test), chance, words, detail);
}

static void add_shares(ari_doc *d, const ari_lineage *l)
{
    if (l->mix.count == 0) return;
    const ari_word heads[] = { WORD_DIFF_LAYER, WORD_DIFF_OF_B, WORD_DIFF_OF_C, WORD_DIFF_RESIDUAL,
                               WORD_DIFF_CONDITION };
    enum { COLUMNS = sizeof(heads) / sizeof(heads[0]) };
    doc_heading(d, TONE_PLAIN, W(d, DIFF_MERGE));
    const char **row = doc_grid(d, DOC_GRID, TONE_PLAIN, COLUMNS);
    for (size_t i = 0; row != NULL && i < COLUMNS; i++) row[i] = word_in(d->language, heads[i]);
    for (size_t i = 0; i < l->mix.count; i++) {
        const ari_mix_layer *m = &l->mix.of[i];
        row = doc_grid(d, DOC_LINE, TONE_PLAIN, COLUMNS);
        if (row == NULL) return;
        row[0] = doc_number(d, m->layer);
        row[1] = doc_printf(d, "%.3f", m->share_b);
        row[2] = doc_printf(d, "%.3f", m->share_c);
        row[3] = doc_printf(d, "%.3f", m->residual);
        row[4] = doc_printf(d, "%.3g", m->condition);
    }
}

static doc_tone tone_of(const ari_lineage *l)
{
    if (l->kinship == ARI_KINSHIP_NONE) return TONE_GOOD;
    return l->kinship == ARI_KINSHIP_IDENTICAL ? TONE_PLAIN : TONE_WARN;
}

void diff_document(const ari_lineage *l, ari_doc *d)
{
    doc_title(d, "A", l->a->path);
    doc_title(d, "B", l->b->path);
    if (l->other != NULL) doc_title(d, "C", l->other->path);
    doc_heading(d, tone_of(l), word_in(d->language, summary_word(l)));
    if (l->measured && (l->p > 0 || l->lead)) doc_paragraph(d, TONE_PLAIN, measured_words(d, l));
    doc_heading(d, TONE_PLAIN, W(d, DIFF_EVIDENCE));
    doc_columns(d, W(d, DIFF_TEST), W(d, DIFF_CHANCE), W(d, MESSAGE), NULL);
    for (size_t i = 0; i < l->proof_count; i++) add_proof(d, l, &l->proofs[i]);
    add_shares(d, l);
    doc_paragraph(d, TONE_DIM, word_in(d->language, caveat_word(l)));
    doc_paragraph(d, TONE_DIM, SAY(d, DIFF_READ, plain_bytes(d, l->bytes_read)));
}

/* --- JSON ------------------------------------------------------------------------------------------------
 */

/* To six digits: more was not measured. */
static void add_real(json_builder *b, json_tree *to, const char *name, bool known, double value)
{
    char digits[32];
    snprintf(digits, sizeof(digits), "%.6g", value);
    if (known && isfinite(value)) {
        json_add_number(b, to, name, strtod(digits, NULL));
    } else {
        json_add_null(b, to, name);
    }
}

static void add_proof_json(json_builder *b, json_tree *list, const ari_proof *p)
{
    json_tree *o = json_add_object(b, list, NULL);
    json_add_text(b, o, "test", p->test);
    json_add_text(b, o, "component", p->component);
    json_add_text(b, o, "statement", p->statement);
    json_add_text(b, o, "null", p->null);
    add_real(b, o, "effect", p->measured, p->effect);
    add_real(b, o, "z", p->measured && p->z != 0, p->z);
    add_real(b, o, "p_value", p->measured && p->p > 0, p->p);
    json_add_bool(b, o, "corroboration_only", p->corroborates);
    json_add_uint(b, o, "bytes_read", p->bytes_read);
}

static void add_layers(json_builder *b, json_tree *list, const ari_trial *t, const char *role)
{
    for (size_t i = 0; i < t->map.count; i++) {
        const ari_layer_match *m = &t->map.of[i];
        json_tree *o = json_add_object(b, list, NULL);
        json_add_text(b, o, "component", role);
        json_add_uint(b, o, "layer", m->layer);
        if (m->other == NO_NUMBER) {
            json_add_null(b, o, "of_a");
        } else {
            json_add_uint(b, o, "of_a", m->other);
        }
        add_real(b, o, "effect", m->told, m->test.rho);
        add_real(b, o, "z", m->told, m->test.z);
        json_add_text(b, o, "by", m->other == NO_NUMBER ? NULL : m->by == ARI_FOUND_T2 ? "T2" : "T1");
        json_add_uint(b, o, "hits", m->test.hits);
        json_add_uint(b, o, "sampled", m->test.units);
    }
}

static void add_mix(json_builder *b, json_tree *top, const ari_lineage *l)
{
    if (l->other == NULL) return;
    json_tree *o = json_add_object(b, top, "merge");
    json_add_text(b, o, "c", l->other->path);
    json_add_text(b, o, "base", l->base == NULL ? NULL : l->base->path);
    json_tree *list = json_add_array(b, o, "layers");
    for (size_t i = 0; i < l->mix.count; i++) {
        const ari_mix_layer *m = &l->mix.of[i];
        json_tree *one = json_add_object(b, list, NULL);
        json_add_uint(b, one, "layer", m->layer);
        add_real(b, one, "share_of_b", true, m->share_b);
        add_real(b, one, "share_of_c", true, m->share_c);
        add_real(b, one, "residual", true, m->residual);
        add_real(b, one, "condition", true, m->condition);
    }
}

bool diff_json(const ari_lineage *l, bool indented, ari_text *out)
{
    json_builder b;
    json_tree *top = json_begin(&b);
    json_add_text(&b, top, "schema", "archinspect/diff/1");
    json_add_text(&b, json_add_object(&b, top, "tool"), "version", ari_version());
    json_add_text(&b, top, "a", l->a->path);
    json_add_text(&b, top, "b", l->b->path);
    json_add_text(&b, top, "relation", kinship_word(l->kinship));
    add_real(&b, top, "p_value", l->measured && l->p > 0, l->p);
    add_real(&b, top, "effect", l->measured, l->effect);
    json_add_uint(&b, top, "bytes_read", l->bytes_read);
    json_add_bool(&b, top, "full", l->full);
    json_add_bool(&b, top, "lead", l->lead);
    json_add_text(&b, top, "summary", word_in(ARI_ENGLISH, summary_word(l)));
    json_add_text(&b, top, "caveat", word_in(ARI_ENGLISH, caveat_word(l)));
    json_tree *list = json_add_array(&b, top, "evidence");
    for (size_t i = 0; i < l->proof_count; i++) add_proof_json(&b, list, &l->proofs[i]);
    list = json_add_array(&b, top, "layers");
    for (size_t i = 0; i < l->trial_count; i++) add_layers(&b, list, &l->trials[i], l->roles[i]);
    add_mix(&b, top, l);
    return json_finish(&b, indented, out);
}
