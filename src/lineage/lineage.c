#include "lineage/lineage.h"

#include "lineage/lead.h"
#include "measure/chance.h"

#include <stdlib.h>
#include <string.h>

const char *kinship_word(ari_kinship k)
{
    static const char *const words[] = {
        "identical", "related", "partly_related", "no_relation_found", "inconclusive", "not_comparable",
    };
    return words[k];
}

const char *ari_lineage_relation(const ari_lineage *l)
{
    return kinship_word(l->kinship);
}

/* --- Measuring -------------------------------------------------------------------------------------- */

/* The component of b that stands in a's i-th one's role; the main ones go with each other in any case. */
static bool counterpart(const ari_model *a, size_t i, const ari_model *b, size_t *out)
{
    *out = 0;
    if (i == 0) return b->component_count > 0;
    for (size_t k = 1; k < b->component_count; k++) {
        *out = k;
        if (strcmp(a->components[i].role, b->components[k].role) == 0) return true;
    }
    return false;
}

static ari_status try_components(ari_lineage *l, ari_err *err)
{
    size_t n = l->a->component_count, other;
    l->trials = calloc(n + 1, sizeof(l->trials[0]));
    l->roles = arena_alloc(&l->arena, (n + 1) * sizeof(l->roles[0]));
    if (l->trials == NULL || l->roles == NULL) return ari_out_of_memory(err);
    for (size_t i = 0; i < n; i++) {
        if (l->a->components[i].sizes == NULL || !counterpart(l->a, i, l->b, &other)) continue;
        if (l->b->components[other].sizes == NULL) continue;
        ari_trial *t = &l->trials[l->trial_count];
        if (trial_run(l->a, i, l->b, other, l->full, &l->watch, t, err) != ARI_OK) return err->status;
        l->roles[l->trial_count++] = l->a->components[i].role;
        l->bytes_read += t->a.bytes_read + t->b.bytes_read;
    }
    return ARI_OK;
}

/* --- What follows ------------------------------------------------------------------------------------- */

/* At the same places of matrices are the same words, and more than elsewhere. */
static bool shares_words(const ari_identity *i)
{
    double same = (double)i->same_words / ((double)i->words + 1);
    double apart = (double)i->null_words / ((double)i->null_tries + 1);
    return i->words >= TENSOR_LEAST && same > 0.05 && same > 4 * apart;
}

static void weigh_trials(ari_lineage *l)
{
    size_t of[ARI_KINSHIP_NOT_COMPARABLE + 1] = { 0 };
    for (size_t i = 0; i < l->trial_count; i++) of[l->trials[i].kinship]++;
    size_t some = of[ARI_KINSHIP_RELATED] + of[ARI_KINSHIP_PARTLY];
    bool others = of[ARI_KINSHIP_NONE] + of[ARI_KINSHIP_PARTLY] + of[ARI_KINSHIP_INCONCLUSIVE] > 0;
    bool shares = l->identity.same_telling > 0 || shares_words(&l->identity);
    l->kinship = some > 0                           ? (others ? ARI_KINSHIP_PARTLY : ARI_KINSHIP_RELATED)
                 : shares                           ? ARI_KINSHIP_PARTLY
                 : of[ARI_KINSHIP_INCONCLUSIVE] > 0 ? ARI_KINSHIP_INCONCLUSIVE
                 : of[ARI_KINSHIP_NONE] > 0         ? ARI_KINSHIP_NONE
                                                    : ARI_KINSHIP_NOT_COMPARABLE;
}

static bool is_found(const ari_trial *t)
{
    return t->kinship == ARI_KINSHIP_RELATED || t->kinship == ARI_KINSHIP_PARTLY;
}

/* The first trial that says what is concluded; else the first that was held. */
static const ari_trial *deciding(const ari_lineage *l)
{
    const ari_trial *held = NULL;
    for (size_t i = 0; i < l->trial_count; i++) {
        const ari_trial *t = &l->trials[i];
        if (is_found(t) || t->kinship == l->kinship) return t;
        if (held == NULL && t->by != ARI_TEST_NONE) held = t;
    }
    return held;
}

/* By the first part that has layers; where none has, by what tensors of one name are. */
static ari_hindrance hindrance_of(const ari_lineage *l)
{
    if (l->kinship != ARI_KINSHIP_NOT_COMPARABLE) return ARI_HINDRANCE_NONE;
    for (size_t i = 0; i < l->trial_count; i++) {
        const ari_trial *t = &l->trials[i];
        if (t->a_layers == 0 || t->b_layers == 0) return ARI_HINDRANCE_NO_VALUES;
        if (trial_is_constant(t)) return ARI_HINDRANCE_CONSTANT;
    }
    if (l->identity.shared > 0 && l->identity.constant == l->identity.shared) return ARI_HINDRANCE_CONSTANT;
    return l->trial_count == 0 && l->identity.compared == 0 ? ARI_HINDRANCE_NO_VALUES : ARI_HINDRANCE_SHAPES;
}

void lineage_judge(ari_lineage *l)
{
    weigh_trials(l);
    if (identity_holds(&l->identity)) l->kinship = ARI_KINSHIP_IDENTICAL;
    l->decides = deciding(l);
    if (l->decides != NULL && l->decides->by != ARI_TEST_NONE) {
        l->measured = true;
        l->effect = l->decides->effect;
        l->p = l->decides->chance;
    }
    bool by_bytes = l->kinship == ARI_KINSHIP_IDENTICAL ||
                    (l->kinship == ARI_KINSHIP_PARTLY && (l->decides == NULL || !is_found(l->decides)));
    if (by_bytes) {
        l->measured = true;
        bool whole = l->kinship == ARI_KINSHIP_IDENTICAL || l->identity.same_telling > 0;
        l->effect = whole ? 1 : (double)l->identity.same_words / (double)l->identity.words;
        l->p = 0; /* Bytes are compared, not tested. */
    }
    l->strong = l->measured && (l->effect >= STRONG_RHO || l->effect <= -STRONG_RHO);
    l->hindrance = hindrance_of(l);
}

static ari_status compare_values(ari_lineage *l, ari_err *err)
{
    identity_test(l->a, l->b, l->full, &l->identity);
    l->bytes_read = 2 * l->identity.compared;
    if (try_components(l, err) != ARI_OK) return err->status;
    lineage_judge(l);
    return lineage_tell(l) ? ARI_OK : ari_out_of_memory(err);
}

static ari_status compare_prints(ari_lineage *l, ari_err *err)
{
    ari_lead lead;
    if (lead_measure(l->a, l->b, &lead, err) != ARI_OK) return err->status;
    return lead_conclude(&lead, l) ? ARI_OK : ari_out_of_memory(err);
}

/* A capsule without a fingerprint. */
static bool is_bare(const ari_model *m)
{
    return ari_model_is_capsule(m) && !ari_model_has_fingerprint(m);
}

bool ari_lineage_is_lead(const ari_lineage *l)
{
    return l->lead;
}

ari_status ari_diff(const ari_model *a, const ari_model *b, const ari_reading *how, ari_lineage **out,
                    ari_err *err)
{
    *out = NULL;
    if (a->entry != NULL || b->entry != NULL)
        return ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET,
                        "the catalogue has figures of it, and no values");
    if (is_bare(a) || is_bare(b)) {
        ari_hint(err, "a capsule of the original made with --fingerprint would do, for a lead");
        return ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET, "a capsule has no values to compare");
    }
    ari_lineage *l = calloc(1, sizeof(*l));
    if (l == NULL) return ari_out_of_memory(err);
    l->a = a;
    l->b = b;
    l->full = how != NULL && how->full;
    l->watch.how = how;
    l->lead = ari_model_is_capsule(a) || ari_model_is_capsule(b);
    ari_status status = l->lead ? compare_prints(l, err) : compare_values(l, err);
    if (status == ARI_OK) {
        *out = l;
    } else {
        ari_lineage_free(l);
    }
    return status;
}

ari_status ari_lineage_mix(ari_lineage *l, const ari_model *other, const ari_model *base, ari_err *err)
{
    enum { COUNT = 4 };
    const ari_model *models[COUNT] = { l->a, l->b, other, base };
    ari_bank banks[COUNT] = { { 0 } };
    bool ok = true;
    for (size_t i = 0; i < COUNT; i++) {
        if (models[i] != NULL && (models[i]->component_count == 0 || models[i]->checkpoint == NULL))
            return ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET, "there are no values to compare");
    }
    for (size_t i = 0; i < COUNT && ok; i++) {
        ok = models[i] == NULL || bank_open(models[i], 0, &banks[i]);
        banks[i].watch = &l->watch;
    }
    l->other = other;
    l->base = base;
    ok = ok && mix_measure(&banks[0], &banks[1], &banks[2], base == NULL ? NULL : &banks[3], &l->mix);
    for (size_t i = 0; i < COUNT; i++) bank_close(&banks[i]);
    if (ok) l->bytes_read += l->mix.bytes_read;
    return ok && lineage_tell_mix(l) ? ARI_OK : ari_out_of_memory(err);
}

void ari_lineage_free(ari_lineage *l)
{
    if (l == NULL) return;
    for (size_t i = 0; l->trials != NULL && i < l->trial_count; i++) trial_free(&l->trials[i]);
    free(l->trials);
    mix_free(&l->mix);
    free(l->proofs);
    arena_free(&l->arena);
    free(l);
}
