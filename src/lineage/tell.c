#include "base/text.h"
#include "lineage/lineage.h"
#include "measure/chance.h"

#include <inttypes.h>
#include <math.h>

void lineage_prove(ari_lineage *l, const ari_proof *one)
{
    if (array_room(&l->proofs, &l->proof_room, l->proof_count, sizeof(l->proofs[0]))) {
        l->proofs[l->proof_count++] = *one;
    } else {
        l->arena.failed = true;
    }
}

static const char *kind_words(ari_unit_kind kind)
{
    static const char *const words[] = { "up", "gate", "down", "v" };
    return words[kind];
}

static const char *home_words(ari_unit_home home)
{
    static const char *const words[] = { "the dense MLP", "the shared experts", "the routed experts" };
    return words[home];
}

static void keep_text(ari_lineage *l, ari_text *t, const char **out)
{
    *out = t->failed ? NULL : arena_copy(&l->arena, (ari_span){ (const uint8_t *)t->data, t->size });
    if (*out == NULL) l->arena.failed = true;
    text_free(t);
}

/* --- T0 ------------------------------------------------------------------------------------------------ */

static void tell_identity(ari_lineage *l)
{
    const ari_identity *i = &l->identity;
    ari_text t = { 0 };
    if (i->shared == 0) return;
    text_printf(
        &t, "%" PRIu64 " of %" PRIu64 " tensors of one name, type and shape hold the same bytes in A and B",
        i->same, i->shared);
    text_printf(
        &t, i->whole ? ", all bytes compared" : " as far as was compared (%" PRIu64 " of %" PRIu64 " bytes)",
        i->compared, i->bytes);
    if (i->telling > 0) {
        text_printf(&t,
                    "; of the %" PRIu64 " that can tell, being neither constant nor small, %" PRIu64 " do",
                    i->telling, i->same_telling);
    } else {
        text_put(&t, "; all are constant, or too small to tell anything");
    }
    if (i->example != NULL && i->same < i->shared) {
        text_put(&t, ", such as ");
        text_escape(&t,
                    span_first(i->example->name, i->example->name.size < 200 ? i->example->name.size : 200),
                    ESCAPE_ALL);
    }
    if (i->only_a + i->only_b > 0)
        text_printf(&t, "; %" PRIu64 " tensors are only in A, %" PRIu64 " only in B", i->only_a, i->only_b);
    ari_proof p = { .test = "T0", .bytes_read = 2 * i->compared };
    if (i->words > 0) {
        double words = (double)i->words;
        text_printf(&t, "; %.2f %% of the words of matrices are the same at the same place",
                    100 * (double)i->same_words / words);
        p.null = arena_printf(&l->arena, "%.2f %% of the words are the same some thousand places apart",
                              100 * (double)i->null_words / (double)(i->null_tries == 0 ? 1 : i->null_tries));
        p.measured = true;
        p.effect = (double)i->same_words / words;
    }
    keep_text(l, &t, &p.statement);
    lineage_prove(l, &p);
}

/* --- Layers -------------------------------------------------------------------------------------------- */

static void put_run(ari_text *t, uint32_t from, uint32_t to)
{
    text_printf(t, from == to ? "%" PRIu32 : "%" PRIu32 " to %" PRIu32, from, to);
}

/* Layers that go on as they began: "4 to 7 of B with 2 to 5 of A". */
static void put_matches(ari_text *t, const ari_layer_map *m)
{
    size_t runs = 0;
    text_put(t, "layers that go together: ");
    for (size_t i = 0, n; i < m->count; i += n) {
        const ari_layer_match *x = &m->of[i];
        n = 1;
        if (x->other == NO_NUMBER) continue;
        while (i + n < m->count && x[n].layer == x->layer + n && x[n].other == x->other + n) n++;
        text_put(t, runs++ == 0 ? "" : ", ");
        put_run(t, x->layer, x[n - 1].layer);
        text_put(t, runs == 1 ? " of B with " : " with ");
        put_run(t, x->other, x[n - 1].other);
        if (runs == 1) text_put(t, " of A");
    }
}

/* Those of b that nothing was found for. */
static void put_unmatched(ari_text *t, const ari_layer_map *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->count; i++) {
        if (m->of[i].other != NO_NUMBER) continue;
        text_printf(t, n++ == 0 ? "; without a partner in A: layer %" PRIu32 " of B" : ", %" PRIu32,
                    m->of[i].layer);
    }
}

/* It, or a layer that is like it within the model. */
static bool is_met(const ari_trial *x, uint32_t k)
{
    bool met = layers_met(&x->map, k) > 0;
    for (size_t i = 0; i < x->repeats_a.count && !met; i++) {
        const ari_layer_match *m = &x->repeats_a.of[i];
        met = (m->layer == k && layers_met(&x->map, m->other) > 0) ||
              (m->other == k && layers_met(&x->map, m->layer) > 0);
    }
    return met;
}

static void put_unmet(ari_text *t, const ari_trial *x)
{
    size_t n = 0;
    for (uint32_t k = 0; k < x->a.layer_count; k++) {
        if (layer_home(&x->a, k, ARI_UNITS_UP) == ARI_HOMES || is_met(x, k)) continue;
        text_printf(t, n++ == 0 ? "; without a partner in B: layer %" PRIu32 " of A" : ", %" PRIu32, k);
    }
}

static size_t put_found(ari_text *t, const ari_layer_map *m, ari_found by, const char *test)
{
    size_t n = 0;
    for (size_t i = 0; i < m->count; i++) {
        const ari_layer_match *x = &m->of[i];
        if (x->other == NO_NUMBER || x->by != by) continue;
        if (n++ == 0) {
            text_printf(t, "; found by %s: %" PRIu32, test, x->layer);
        } else {
            text_printf(t, ", %" PRIu32, x->layer);
        }
    }
    return n;
}

static bool is_doubled(const ari_layer_map *m)
{
    for (size_t i = 0; i < m->count; i++) {
        if (m->of[i].other != NO_NUMBER && layers_met(m, m->of[i].other) > 1) return true;
    }
    return false;
}

static void tell_map(ari_lineage *l, const ari_trial *x, const char *role)
{
    ari_text t = { 0 };
    ari_proof p = { .test = "layers",
                    .component = role,
                    .bytes_read = x->bytes_map,
                    .null = "units with their numbers shifted; a match is beyond z 8" };
    if (x->map.count == 0 || x->map.others == 0) return;
    if (layers_met(&x->map, NO_NUMBER) == 0) {
        text_printf(
            &t, "none of the %zu layers of B has one among the %zu of A whose units bear the same numbers",
            x->map.count, x->map.others);
    } else {
        put_matches(&t, &x->map);
        size_t closer = put_found(&t, &x->map, ARI_FOUND_T1, "a larger sample (T1)");
        closer += put_found(&t, &x->map, ARI_FOUND_T2, "gate and up (T2)");
        /* Then what the map did not find was not looked at so closely. */
        if (closer == 0) put_unmatched(&t, &x->map);
        if (closer == 0) put_unmet(&t, x);
        if (is_doubled(&x->map)) text_put(&t, "; layers of A stand in B more than once (depth up-scaling)");
    }
    keep_text(l, &t, &p.statement);
    lineage_prove(l, &p);
}

static void tell_repeats(ari_lineage *l, const ari_layer_map *m, const char *name, const char *role)
{
    ari_text t = { 0 };
    ari_proof p = { .test = "layers",
                    .component = role,
                    .null = "units with their numbers shifted; a match is beyond z 8" };
    if (m->count == 0) return;
    text_printf(&t, "within %s itself, layers repeat others: ", name);
    for (size_t i = 0; i < m->count; i++)
        text_printf(&t, "%s%" PRIu32 " is like %" PRIu32, i == 0 ? "" : ", ", m->of[i].layer, m->of[i].other);
    text_put(&t, " (as depth up-scaling leaves them)");
    keep_text(l, &t, &p.statement);
    lineage_prove(l, &p);
}

static void tell_experts(ari_lineage *l, const ari_kin_experts *x, const char *name, const char *role)
{
    ari_proof p = { .test = "experts",
                    .component = role,
                    .measured = true,
                    .effect = x->rho,
                    .z = x->z,
                    .bytes_read = x->bytes_read,
                    .null = "the same neurons with their numbers shifted" };
    if (x->alike == 0) return;
    p.statement = arena_printf(&l->arena,
                               "within %s itself, %zu of %zu experts of layer %" PRIu32
                               " are like its first, neuron by neuron: "
                               "correlation %.3f; made of one MLP, or given one random state",
                               name, x->alike, x->tried, x->layer, x->rho);
    lineage_prove(l, &p);
}

/* --- T1 to T3 --------------------------------------------------------------------------------------------
 */

/* How far from each other: of the length of one, noise of `drift` times that was added. */
static void put_drift(ari_text *t, double rho)
{
    double square = rho * rho;
    if (square > 0 && square < 1 - 1e-6)
        text_printf(t, ", as if %.3g times its size of noise had been added", sqrt(1 / square - 1));
}

static void put_kind(ari_text *t, const ari_diagonal *d, ari_unit_kind kind, bool first)
{
    if (first) {
        text_printf(t,
                    "by %s, %zu of %zu sampled neurons of B are closest to the same-numbered neuron of A "
                    "(chance: %zu)",
                    kind_words(kind), d->hits, d->units, d->blocks);
    } else {
        text_printf(t, ", by %s %zu of %zu", kind_words(kind), d->hits, d->units);
    }
}

static void tell_layer(ari_lineage *l, const ari_layer_trial *x, const char *role)
{
    ari_text t = { 0 };
    bool first = true;
    ari_proof p = { .test = "T1",
                    .component = role,
                    .measured = true,
                    .effect = x->rho,
                    .z = x->z,
                    .p = chance_deviation(fabs(x->z), x->shifts),
                    .bytes_read = x->bytes_read,
                    .null = "the same units with their numbers shifted" };
    text_printf(&t,
                x->a == x->b ? "layer %" PRIu32 ": " : "layer %" PRIu32 " of B and %" PRIu32 " of A: ", x->b,
                x->a);
    for (size_t i = 0; i < TRIAL_KINDS; i++) {
        if (!x->told[i]) continue;
        put_kind(&t, &x->of[i], trial_kinds[i], first);
        first = false;
    }
    text_printf(&t, "; correlation %.3f, z %.1f", x->rho, x->z);
    if (fabs(x->z) > Z_SURE) put_drift(&t, x->rho);
    keep_text(l, &t, &p.statement);
    lineage_prove(l, &p);
}

static void tell_agreement(ari_lineage *l, const ari_agreement_trial *x, const char *role)
{
    const ari_gate_up *g = &x->test;
    bool swapped = x->a_home != ARI_HOME_DENSE && x->b_home == ARI_HOME_DENSE;
    ari_text t = { 0 };
    ari_proof p = { .test = "T2",
                    .component = role,
                    .measured = true,
                    .effect = g->rho,
                    .p = g->p,
                    .bytes_read = x->bytes_read };
    text_printf(&t,
                x->a == x->b ? "layer %" PRIu32 ": " : "layer %" PRIu32 " of B and %" PRIu32 " of A: ", x->b,
                x->a);
    if (x->a_home != x->b_home)
        text_printf(&t, "%s of A and %s of B: ", home_words(x->a_home), home_words(x->b_home));
    text_printf(&t,
                "%" PRIu64 " of %" PRIu64
                " sampled neurons of %s have the same nearest neuron of %s by %s and by %s"
                " (chance: %.2g)",
                g->agreed, g->tries, swapped ? "A" : "B", swapped ? "B" : "A", kind_words(g->by[0]),
                kind_words(g->by[1]), (double)g->tries * g->chance);
    if (g->agreed > 0) text_printf(&t, "; these correlate by %.3f", g->rho);
    p.null = arena_printf(
        &l->arena, "the tries shifted; at least, each of the two finds any of %" PRIu64 " neurons", g->of);
    keep_text(l, &t, &p.statement);
    lineage_prove(l, &p);
}

static void tell_cosines(ari_lineage *l, const ari_trial *x, const char *role)
{
    ari_proof p = { .test = "T3",
                    .component = role,
                    .measured = true,
                    .effect = x->cosines.rho,
                    .z = x->cosines.z,
                    .p = x->cosines_p,
                    .bytes_read = x->bytes_cosines,
                    .null = "the same ranks with the numbers of the neurons shifted" };
    if (x->cosines.told == 0) return;
    p.statement =
        arena_printf(&l->arena,
                     "how gate, up and down of each neuron lie to each other, which no change of the basis "
                     "changes: ranks over the neurons correlate by %.3f, z %.1f (%zu cosines compared)",
                     x->cosines.rho, x->cosines.z, x->cosines.told);
    lineage_prove(l, &p);
}

/* So near to what is expected, a cosine is that. */
#define COSINE_NOTHING 0.01

static void tell_norms(ari_lineage *l, const ari_trial *x, const char *role)
{
    const ari_norms *n = &x->norms;
    ari_proof p = { .test = "norms",
                    .component = role,
                    .corroborates = true,
                    .measured = true,
                    .effect = n->rho,
                    .z = n->z,
                    .p = n->p,
                    .bytes_read = x->bytes_norms,
                    .null = "the coordinates of B shifted, in all vectors by as much" };
    if (n->vectors == 0) return;
    bool nothing = fabs(n->cosine - n->expected) < COSINE_NOTHING;
    p.statement =
        arena_printf(&l->arena,
                     "%zu vectors of norms, centred, correlate by %.3f (z %.1f); their cosine is %.4f, where "
                     "%.4f is expected of independent vectors with these means and spreads%s",
                     n->vectors, n->rho, n->z, n->cosine, n->expected, nothing ? ": it says nothing" : "");
    lineage_prove(l, &p);
}

/* Why there was no test. */
static void tell_untested(ari_lineage *l, const ari_trial *x, const char *role)
{
    ari_proof p = { .test = "layers", .component = role, .bytes_read = x->a.bytes_read + x->b.bytes_read };
    if (!x->same_width) {
        p.statement = arena_printf(
            &l->arena, "A is %" PRIu64 " wide and B %" PRIu64 ": no unit of the one is like one of the other",
            x->a.width, x->b.width);
    } else if (x->a_layers == 0 || x->b_layers == 0) {
        p.statement = arena_printf(&l->arena, "%s has no hidden units whose values can be read",
                                   x->a_layers == 0 ? "A" : "B");
    } else {
        p.statement =
            arena_printf(&l->arena,
                         "of the layers with hidden units, those of which all values sampled are constant: "
                         "%zu of %zu in A, %zu of %zu in B",
                         x->a_constant, x->a_layers, x->b_constant, x->b_layers);
    }
    lineage_prove(l, &p);
}

static void tell_trial(ari_lineage *l, const ari_trial *x, const char *role)
{
    if (x->by == ARI_TEST_NONE) {
        tell_untested(l, x, role);
    } else {
        tell_map(l, x, role);
    }
    tell_repeats(l, &x->repeats_a, "A", role);
    tell_repeats(l, &x->repeats_b, "B", role);
    tell_experts(l, &x->experts_a, "A", role);
    tell_experts(l, &x->experts_b, "B", role);
    for (size_t i = 0; i < x->layer_count; i++) tell_layer(l, &x->layers[i], role);
    for (size_t i = 0; i < x->agreement_count; i++) tell_agreement(l, &x->agreements[i], role);
    tell_cosines(l, x, role);
    tell_norms(l, x, role);
}

bool lineage_tell(ari_lineage *l)
{
    tell_identity(l);
    for (size_t i = 0; i < l->trial_count; i++) tell_trial(l, &l->trials[i], l->roles[i]);
    return !l->arena.failed;
}

/* --- Merges -----------------------------------------------------------------------------------------------
 */

/* Beyond this the parents are too near to each other for shares to mean much. */
#define CONDITION_MOST 100.0

bool lineage_tell_mix(ari_lineage *l)
{
    const ari_mix *m = &l->mix;
    double b = 0, c = 0, residual = 0, condition = 1;
    ari_proof p = { .test = "merge",
                    .bytes_read = m->bytes_read,
                    .null = "a model that is no mix of the two leaves a residual near 1" };
    for (size_t i = 0; i < m->count; i++) {
        b += m->of[i].share_b / (double)m->count;
        c += m->of[i].share_c / (double)m->count;
        residual += m->of[i].residual / (double)m->count;
        if (m->of[i].condition > condition) condition = m->of[i].condition;
    }
    if (m->count == 0) {
        p.statement = "no layer has equally many hidden units in all models and something to explain";
    } else {
        p.statement = arena_printf(
            &l->arena,
            "in %zu layers, %s is %.3f of B and %.3f of C on average, which leaves %.3f of it unexplained; "
            "condition at most %.3g%s",
            m->count, l->base == NULL ? "A" : "what A changed of the base", b, c, residual, condition,
            condition > CONDITION_MOST ? ": B and C are too near to each other for the shares to be sure"
                                       : "");
    }
    lineage_prove(l, &p);
    return !l->arena.failed;
}
