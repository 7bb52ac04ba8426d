/* fingerprints.c -- the subject's values against what capsules of others kept of theirs. */
#include "compare/comparison.h"

#include "lineage/lineage.h"

static const char *copied(ari_arena *a, const char *text)
{
    return text == NULL ? NULL : arena_copy(a, span_of(text));
}

/* What tells most: the sums, or whatever else could be compared. */
static const char *statement_of(const ari_lineage *l)
{
    for (size_t i = 0; i < l->proof_count; i++) {
        if (strcmp(l->proofs[i].test, "F1") == 0) return l->proofs[i].statement;
    }
    return l->proof_count > 0 ? l->proofs[0].statement : NULL;
}

static void take(ari_arena *a, const ari_lineage *l, ari_print_match *out)
{
    out->lead = l->kinship == ARI_KINSHIP_RELATED || l->kinship == ARI_KINSHIP_PARTLY;
    out->relation = kinship_word(l->kinship);
    out->measured = l->measured;
    out->effect = l->effect;
    out->statement = copied(a, statement_of(l));
}

ari_status ari_comparison_add_fingerprint(ari_comparison *c, const ari_model *capsule, ari_err *err)
{
    ari_err own = ARI_ERR_INIT;
    ari_lineage *l = NULL;
    ari_print_match one = { .path = copied(&c->arena, capsule->path) };
    if (!ari_model_has_fingerprint(capsule))
        return ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET, "no capsule with a fingerprint");
    if (ari_diff(capsule, c->models[0], false, &l, &own) == ARI_OK) {
        take(&c->arena, l, &one);
    } else if (own.status == ARI_UNSUPPORTED) {
        /* The subject has no values. */
        one.relation = kinship_word(ARI_KINSHIP_NOT_COMPARABLE);
        one.statement = copied(&c->arena, own.text);
    } else {
        return ari_fail(err, own.status, own.offset, "%s", own.text);
    }
    ari_lineage_free(l);
    if (!array_room(&c->prints, &c->print_room, c->print_count, sizeof(one)) || c->arena.failed)
        return ari_out_of_memory(err);
    c->prints[c->print_count++] = one;
    return ARI_OK;
}
