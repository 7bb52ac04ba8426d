/* verdict.c -- the conclusion, from the references and the parts. */
#include "compare/comparison.h"

/* Does it miss, whatever open keys turn out to be? */
static bool is_miss(const ari_match *m)
{
    return m->tiers.most < ARI_IDENTICAL;
}

/* The nearest of the references, or of those that miss; NULL if there is none. */
static const ari_match *nearest(const ari_comparison *c, bool miss)
{
    size_t n;
    const ari_match *all = comparison_references(c, &n), *best = NULL;
    for (size_t i = 0; i < n; i++) {
        if (miss && !is_miss(&all[i])) continue;
        if (best == NULL || match_order(&all[i], best) < 0) best = &all[i];
    }
    return best;
}

/* Is a part that of another model, as far as anything tells? */
static bool reuses_part(const ari_comparison *c)
{
    for (size_t i = 0; i < c->towers.count; i++) {
        if (c->towers.items[i].agreement >= ARI_LIKELY) return true;
    }
    for (size_t i = 0; i + 1 < c->count; i++) {
        for (size_t k = 0; k < c->beside[i].count; k++) {
            if (c->beside[i].items[k].agreement >= ARI_LIKELY) return true;
        }
    }
    return false;
}

static ari_conclusion conclude(const ari_comparison *c)
{
    size_t n;
    const ari_match *all = comparison_references(c, &n);
    bool identical = false, apart = true;
    for (size_t i = 0; i < n; i++) {
        identical = identical || is_identical(&all[i]);
        apart = apart && all[i].tiers.most <= ARI_INDEPENDENT;
    }
    if (c->verdict.reuses_part) return ARI_PARTIAL_REUSE;
    if (identical) return ARI_FINE_TUNE_SUSPECTED;
    return apart && n > 0 ? ARI_FROM_SCRATCH_SUPPORTED : ARI_INCONCLUSIVE;
}

void verdict_reach(ari_comparison *c)
{
    ari_verdict *v = &c->verdict;
    v->reuses_part = reuses_part(c);
    v->conclusion = conclude(c);
    v->best = nearest(c, false);
    if (v->best == NULL) return;
    v->tiers = v->best->tiers;
    v->miss = nearest(c, true);
    /* Where all references may be identical, the catalogue has one that is not. */
    for (size_t i = 0; v->miss == NULL && i < c->ranking.count; i++) {
        if (is_miss(&c->ranking.matches[i])) v->miss = &c->ranking.matches[i];
    }
}
