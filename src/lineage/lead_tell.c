#include "base/text.h"
#include "lineage/lead.h"
#include "lineage/sketch.h"
#include "measure/chance.h"

#include <inttypes.h>
#include <math.h>

/* --- What follows ----------------------------------------------------------------------------------- */

/* Of so many sums of independent models, one standard deviation. */
static double deviation(const ari_lead *x)
{
    return x->sums > 0 ? 1 / sqrt((double)x->sums) : 1;
}

static bool is_found(const ari_lead *x)
{
    return x->sums > 0 && fabs(x->rho) >= LEAD_RHO && fabs(x->rho) >= LEAD_DEVIATIONS * deviation(x);
}

static bool is_ranked(const ari_lead *x)
{
    return x->ranks.told > 0 && fabs(x->ranks.z) > Z_SURE;
}

static void judge(const ari_lead *x, ari_lineage *l)
{
    bool all = x->hashed > 0 && x->same == x->hashed;
    bool any = x->sums > 0 || x->ranks.told > 0 || x->hashed > 0;
    l->kinship = is_found(x) || is_ranked(x) || all ? ARI_KINSHIP_RELATED
                 : x->same > 0                      ? ARI_KINSHIP_PARTLY
                 : any                              ? ARI_KINSHIP_INCONCLUSIVE
                                                    : ARI_KINSHIP_NOT_COMPARABLE;
    l->measured = any;
    if (is_ranked(x) && !is_found(x)) {
        l->effect = x->ranks.rho;
        l->p = x->ranks_p;
    } else if (x->sums > 0) {
        l->effect = x->rho;
    } else if (any) {
        l->effect = x->ranks.told > 0 ? x->ranks.rho : (double)x->same / (double)x->hashed;
    }
    l->strong = l->measured && l->effect >= STRONG_RHO;
    l->hindrance = any ? ARI_HINDRANCE_NONE : ARI_HINDRANCE_SHAPES;
}

/* --- Proofs ------------------------------------------------------------------------------------------- */

static void tell_sums(ari_lineage *l, const ari_lead *x)
{
    ari_proof p = { .test = "F1", .measured = true, .effect = x->rho, .bytes_read = x->bytes_read };
    if (x->sums == 0) return;
    const char *of = is_found(x)                ? "a lead"
                     : fabs(x->rho) < LEAD_SOME ? "no lead, which clears nobody"
                                                : "too little for a lead, which clears nobody";
    p.statement =
        arena_printf(&l->arena,
                     "signed sums of the entries of up, gate, down and v, in %zu layer%s%s: %zu of "
                     "each correlate by %.3f: %s",
                     x->pair_count, x->pair_count == 1 ? "" : "s",
                     x->searched ? ", paired by the other half of the sums" : "", x->sums, x->rho, of);
    p.null = arena_printf(&l->arena,
                          "independent models: 0, with a standard deviation of %.3f and what all models of a "
                          "kind have in common",
                          deviation(x));
    lineage_prove(l, &p);
}

static void tell_ranks(ari_lineage *l, const ari_lead *x)
{
    ari_proof p = { .test = "F2",
                    .measured = true,
                    .effect = x->ranks.rho,
                    .z = x->ranks.z,
                    .p = x->ranks_p,
                    .null = "the same ranks with the numbers of the neurons shifted" };
    if (x->ranks.told == 0) return;
    p.statement =
        arena_printf(&l->arena,
                     "how gate, up and down of each neuron lie to each other, which no change of the basis "
                     "changes: ranks over %d neurons correlate by %.3f, z %.1f (%zu lists compared)",
                     PRINT_UNITS, x->ranks.rho, x->ranks.z, x->ranks.told);
    lineage_prove(l, &p);
}

static void tell_hashes(ari_lineage *l, const ari_lead *x)
{
    ari_proof p = { .test = "F3", .measured = true };
    if (x->hashed == 0) return;
    p.effect = (double)x->same / (double)x->hashed;
    p.statement = arena_printf(&l->arena,
                               "%" PRIu64 " of %" PRIu64 " tensors of one name, type and shape have the same "
                               "hash, of all their bytes or of head, middle and tail",
                               x->same, x->hashed);
    lineage_prove(l, &p);
}

static void tell_layers(ari_lineage *l, const ari_lead *x)
{
    ari_text t = { 0 };
    ari_proof p = { .test = "layers" };
    if (!x->searched || x->pair_count == 0) return;
    text_put(&t,
             "the models are not as deep as each other; the layers of B with those of A that are nearest: ");
    for (size_t i = 0; i < x->pair_count; i++)
        text_printf(&t, "%s%" PRIu32 " with %" PRIu32, i == 0 ? "" : ", ", x->pairs[i].b, x->pairs[i].a);
    p.statement = t.failed ? NULL : arena_copy(&l->arena, (ari_span){ (const uint8_t *)t.data, t.size });
    if (t.failed) l->arena.failed = true;
    text_free(&t);
    lineage_prove(l, &p);
}

static void tell_untested(ari_lineage *l, const ari_lead *x)
{
    ari_proof p = { .test = "layers" };
    if (x->a_width != x->b_width) {
        p.statement = arena_printf(&l->arena,
                                   "A is %" PRIu64 " wide and B %" PRIu64 ": fingerprints of such "
                                   "models say nothing of each other",
                                   x->a_width, x->b_width);
    } else if (x->sums == 0 && x->ranks.told == 0) {
        p.statement =
            "no matrix of the one is as large as that of the other: their fingerprints say nothing of "
            "each other";
    } else {
        return;
    }
    lineage_prove(l, &p);
}

bool lead_conclude(const ari_lead *x, ari_lineage *l)
{
    l->bytes_read = x->bytes_read;
    judge(x, l);
    tell_hashes(l, x);
    tell_untested(l, x);
    tell_layers(l, x);
    tell_sums(l, x);
    tell_ranks(l, x);
    return !l->arena.failed;
}
