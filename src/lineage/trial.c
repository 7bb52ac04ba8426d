#include "lineage/trial.h"

#include "measure/chance.h"

#include <math.h>
#include <stdlib.h>

const ari_unit_kind trial_kinds[TRIAL_KINDS] = { ARI_UNITS_UP, ARI_UNITS_GATE, ARI_UNITS_VALUE };

/* What an agreement is worth: of nothing else than chance, and of what might be. */
#define P_SURE 1e-9
#define P_SOME 1e-4

/* A share that stands for all: three of four. */
static bool most(size_t some, size_t all)
{
    return some > 0 && 4 * some >= 3 * all;
}

static uint64_t bytes_of(const ari_trial *t)
{
    return t->a.bytes_read + t->b.bytes_read;
}

/* --- Which layers are held against each other --------------------------------------------------------- */

typedef struct layer_pair {
    uint32_t a, b;
} layer_pair;

static size_t layers_with_units(const ari_bank *b, uint32_t *out)
{
    size_t n = 0;
    for (uint32_t i = 0; i < b->layer_count; i++) {
        if (layer_home(b, i, ARI_UNITS_UP) != ARI_HOMES) out[n++] = i;
    }
    return n;
}

/* Those that were matched; of the others those of the same number, or as far down, that are free. */
static size_t pair_layers(const ari_trial *t, const uint32_t *a, size_t a_count, layer_pair *out)
{
    const ari_layer_map *m = &t->map;
    size_t n = 0;
    for (size_t i = 0; i < m->count; i++) {
        uint32_t other = m->of[i].other;
        if (other == NO_NUMBER && a_count > 0) {
            other = a[a_count == m->count ? i : i * a_count / m->count];
            if (layers_met(m, other)) continue;
        }
        if (other != NO_NUMBER) out[n++] = (layer_pair){ other, m->of[i].layer };
    }
    return n;
}

/* Four of them: at 10, 37, 63 and 90 per cent of the depth. */
static size_t thin_out(layer_pair *pairs, size_t n)
{
    static const size_t depths[TRIAL_LAYERS] = { 10, 37, 63, 90 };
    if (n <= TRIAL_LAYERS) return n;
    for (size_t i = 0; i < TRIAL_LAYERS; i++) pairs[i] = pairs[n * depths[i] / 100];
    return TRIAL_LAYERS;
}

/* malloc'd; NULL when memory is short. */
static layer_pair *choose_pairs(const ari_trial *t, bool full, size_t *count)
{
    size_t room = (size_t)t->a.layer_count + t->b.layer_count + 1;
    uint32_t *a = calloc(room, sizeof(uint32_t));
    layer_pair *pairs = calloc(room, sizeof(layer_pair));
    if (a != NULL && pairs != NULL) {
        *count = pair_layers(t, a, layers_with_units(&t->a, a), pairs);
        if (!full) *count = thin_out(pairs, *count);
    } else {
        free(pairs);
        pairs = NULL;
    }
    free(a);
    return pairs;
}

/* --- T1 ------------------------------------------------------------------------------------------------- */

static ari_told test_sample(ari_trial *t, layer_pair at, const sampling *s, uint64_t *phases,
                            ari_diagonal *out)
{
    ari_sample x = { 0 }, y = { 0 };
    ari_told told = units_sample(&t->a, at.a, s, &x);
    if (told == ARI_TOLD) told = units_sample(&t->b, at.b, s, &y);
    if (told == ARI_TOLD) told = diagonal_test(&x, &y, out);
    *phases = x.phases;
    units_free(&x);
    units_free(&y);
    return told;
}

/* One matrix: a sample of its units, or sample after sample until all were in one. */
static ari_told test_kind(ari_trial *t, layer_pair at, ari_unit_kind kind, bool full, ari_diagonal *out)
{
    sampling s = { .kind = kind, .home = layer_home(&t->a, at.a, kind), .units = NEURONS_MOST };
    *out = (ari_diagonal){ 0 };
    if (s.home == ARI_HOMES || s.home != layer_home(&t->b, at.b, kind)) return ARI_NOT_THERE;
    for (uint64_t phases = 1; s.phase < (full ? phases : 1); s.phase++) {
        ari_diagonal d;
        ari_told told = test_sample(t, at, &s, &phases, &d);
        if (told == ARI_NO_MEMORY) return told;
        if (told != ARI_TOLD) continue;
        out->units += d.units;
        out->hits += d.hits;
        out->shifts += d.shifts;
        out->rho += d.rho;
        out->z += d.z;
        out->blocks++;
    }
    if (out->blocks == 0) return ARI_NOT_THERE;
    out->rho /= (double)out->blocks;
    out->z /= sqrt((double)out->blocks);
    out->p = chance_deviation(fabs(out->z), out->shifts);
    return ARI_TOLD;
}

static bool is_sure(double z)
{
    return fabs(z) > Z_SURE;
}

/* All kinds together, and those of the MLP and of attention apart. */
static void pool_kinds(ari_layer_trial *x)
{
    double mlp = 0;
    size_t of_mlp = 0;
    for (size_t i = 0; i < TRIAL_KINDS; i++) {
        if (!x->told[i]) continue;
        const ari_diagonal *d = &x->of[i];
        x->told_count++;
        x->rho += d->rho;
        x->z += d->z;
        if (x->shifts == 0 || d->shifts < x->shifts) x->shifts = d->shifts;
        if (trial_kinds[i] == ARI_UNITS_VALUE) {
            x->sure_value = is_sure(d->z);
        } else {
            mlp += d->z;
            of_mlp++;
        }
    }
    x->mlp_told = of_mlp > 0;
    double z = of_mlp > 0 ? mlp / sqrt((double)of_mlp) : 0;
    x->sure_mlp = is_sure(z);
    x->some_mlp = fabs(z) > Z_SOME;
    x->rho /= (double)x->told_count;
    x->z /= sqrt((double)x->told_count);
}

static bool test_layer(ari_trial *t, layer_pair at, bool full)
{
    ari_layer_trial one = { .a = at.a, .b = at.b };
    uint64_t before = bytes_of(t);
    bool any = false;
    for (size_t i = 0; i < TRIAL_KINDS; i++) {
        ari_told told = test_kind(t, at, trial_kinds[i], full, &one.of[i]);
        if (told == ARI_NO_MEMORY) return false;
        one.told[i] = told == ARI_TOLD;
        any = any || told == ARI_TOLD;
    }
    one.bytes_read = bytes_of(t) - before;
    if (!any) return true;
    pool_kinds(&one);
    t->mlp_told += one.mlp_told;
    t->sure_mlp += one.sure_mlp;
    t->some_mlp += one.some_mlp;
    t->sure_value += one.sure_value;
    t->layers[t->layer_count++] = one;
    return true;
}

/* Over the layers that a verdict goes by. */
typedef bool counts_fn(const ari_layer_trial *x);

static bool counts_all(const ari_layer_trial *x)
{
    return x->told_count > 0;
}

static bool counts_sure(const ari_layer_trial *x)
{
    return x->sure_mlp || x->sure_value;
}

static void pool_layers(ari_trial *t, counts_fn *counts)
{
    size_t n = 0, shifts = 0;
    t->rho = t->z = 0;
    for (size_t i = 0; i < t->layer_count; i++) {
        const ari_layer_trial *x = &t->layers[i];
        if (!counts(x)) continue;
        t->rho += x->rho;
        t->z += x->z;
        if (n++ == 0 || x->shifts < shifts) shifts = x->shifts;
    }
    if (n == 0) return;
    t->rho /= (double)n;
    t->z /= sqrt((double)n);
    t->p = chance_deviation(fabs(t->z), shifts);
}

/* What T1 is sure of goes together, too: it looks at more than the map did. */
static void adopt_layers(ari_trial *t)
{
    for (size_t i = 0; i < t->layer_count; i++) {
        const ari_layer_trial *x = &t->layers[i];
        for (size_t k = 0; x->sure_mlp && k < t->map.count; k++) {
            ari_layer_match *m = &t->map.of[k];
            if (m->layer == x->b) layer_found(m, x->a, ARI_FOUND_T1);
        }
    }
}

static bool test_neurons(ari_trial *t, const layer_pair *pairs, size_t count, bool full)
{
    t->layers = calloc(count + 1, sizeof(t->layers[0]));
    if (t->layers == NULL) return false;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) ok = test_layer(t, pairs[i], full);
    pool_layers(t, counts_all);
    adopt_layers(t);
    return ok;
}

/* --- T2 ------------------------------------------------------------------------------------------------- */

/* Units of b are looked for among those of a; experts are, each by itself, looked for in a dense MLP. */
static bool test_agreement(ari_trial *t, layer_pair at)
{
    ari_agreement_trial one = { .a = at.a,
                                .b = at.b,
                                .a_home = layer_home(&t->a, at.a, ARI_UNITS_UP),
                                .b_home = layer_home(&t->b, at.b, ARI_UNITS_UP) };
    uint64_t before = bytes_of(t);
    if (one.a_home == ARI_HOMES || one.b_home == ARI_HOMES) return true;
    bool swapped = one.a_home != ARI_HOME_DENSE && one.b_home == ARI_HOME_DENSE;
    ari_told told = swapped ? agreement_test(&t->b, at.b, one.b_home, &t->a, at.a, one.a_home, &one.test)
                            : agreement_test(&t->a, at.a, one.a_home, &t->b, at.b, one.b_home, &one.test);
    if (told == ARI_NO_MEMORY) return false;
    if (told != ARI_TOLD) return true;
    t->agreeing += one.test.p < P_SURE;
    one.bytes_read = bytes_of(t) - before;
    t->agreements[t->agreement_count++] = one;
    return true;
}

static bool is_sure_pair(const ari_trial *t, layer_pair at)
{
    for (size_t i = 0; i < t->layer_count; i++) {
        if (t->layers[i].a == at.a && t->layers[i].b == at.b) return t->layers[i].sure_mlp;
    }
    return false;
}

/* One pair that T1 is sure of, so that it is confirmed, and those that it is not; where it is sure of none,
 * the one in the middle, and the others only if that agrees. */
static bool test_agreements(ari_trial *t, const layer_pair *pairs, size_t count)
{
    bool ok = true;
    size_t first = count / 2;
    for (size_t i = 0; t->sure_mlp > 0 && i < count; i++) {
        if (is_sure_pair(t, pairs[i])) first = i;
    }
    if (count > 0) ok = test_agreement(t, pairs[first]);
    for (size_t i = 0; ok && i < count && t->agreement_count < TRIAL_LAYERS; i++) {
        bool wanted = t->sure_mlp > 0 ? !is_sure_pair(t, pairs[i]) : t->agreeing > 0;
        if (i != first && wanted) ok = test_agreement(t, pairs[i]);
    }
    return ok;
}

/* --- T3 ------------------------------------------------------------------------------------------------- */

static bool test_cosines(ari_trial *t, const layer_pair *pairs, size_t count)
{
    uint64_t before = bytes_of(t);
    ari_told told = ARI_TOLD;
    for (size_t i = 0; i < count && i < TRIAL_LAYERS && told != ARI_NO_MEMORY; i++) {
        ari_cosines x = { 0 }, y = { 0 };
        ari_unit_home a = layer_home(&t->a, pairs[i].a, ARI_UNITS_UP),
                      b = layer_home(&t->b, pairs[i].b, ARI_UNITS_UP);
        if (a == ARI_HOMES || a != b) continue;
        told = cosines_measure(&t->a, pairs[i].a, a, COSINES_UNITS, &x);
        if (told == ARI_TOLD) told = cosines_measure(&t->b, pairs[i].b, b, COSINES_UNITS, &y);
        if (told == ARI_TOLD) told = cosines_compare(&x, &y, &t->cosines);
        cosines_free(&x);
        cosines_free(&y);
    }
    cosines_conclude(&t->cosines);
    t->cosines_p = chance_deviation(fabs(t->cosines.z), t->cosines.shifts);
    t->bytes_cosines = bytes_of(t) - before;
    return told != ARI_NO_MEMORY;
}

/* --- What follows ----------------------------------------------------------------------------------------
 */

static void decide(ari_trial *t, ari_kinship kinship, ari_test by)
{
    t->kinship = kinship;
    t->by = by;
    t->effect = by == ARI_TEST_COSINES ? t->cosines.rho : t->rho;
    t->chance = by == ARI_TEST_COSINES ? t->cosines_p : t->p;
    if (by != ARI_TEST_AGREEMENT) return;
    t->effect = 0;
    t->chance = 1;
    for (size_t i = 0; i < t->agreement_count; i++) {
        const ari_gate_up *a = &t->agreements[i].test;
        if (a->p >= P_SURE && t->agreeing > 0) continue;
        t->effect += a->rho / (double)(t->agreeing > 0 ? t->agreeing : t->agreement_count);
        if (a->p < t->chance) t->chance = a->p;
    }
}

/* Of so little nothing is said, however sure it is. */
#define RHO_LEAST 0.02

/* Most layers are sure; or two are, and most of all go that way, as where much noise lies in between. */
static bool related_by_neurons(ari_trial *t)
{
    bool sure = most(t->sure_mlp, t->mlp_told) || (t->sure_mlp > 1 && most(t->some_mlp, t->mlp_told));
    return t->layer_count > 1 && sure && fabs(t->rho) >= RHO_LEAST;
}

/* T1 is sure of some layers: of two, or of one that T2 confirms. Whether of all goes by T2 of the others. */
static bool related_in_layers(ari_trial *t)
{
    bool confirmed = false;
    size_t others = 0, agreeing = 0;
    for (size_t i = 0; i < t->agreement_count; i++) {
        const ari_agreement_trial *g = &t->agreements[i];
        bool sure = is_sure_pair(t, (layer_pair){ g->a, g->b }), agrees = g->test.p < P_SURE;
        confirmed = confirmed || (sure && agrees);
        others += !sure;
        agreeing += !sure && agrees;
    }
    if (t->sure_mlp == 0 || (t->sure_mlp == 1 && !confirmed)) return false;
    bool all = t->mlp_told == 1 || (others > 0 && most(agreeing, others));
    pool_layers(t, counts_sure);
    decide(t, all ? ARI_KINSHIP_RELATED : ARI_KINSHIP_PARTLY, ARI_TEST_NEURONS);
    return true;
}

static bool related_by_agreement(ari_trial *t)
{
    if (t->agreeing == 0) return false;
    bool all = most(t->agreeing, t->agreement_count);
    decide(t, all ? ARI_KINSHIP_RELATED : ARI_KINSHIP_PARTLY, ARI_TEST_AGREEMENT);
    return true;
}

static bool related_by_cosines(ari_trial *t)
{
    if (t->cosines.told == 0 || !is_sure(t->cosines.z)) return false;
    decide(t, ARI_KINSHIP_RELATED, ARI_TEST_COSINES);
    return true;
}

/* No MLP, but attention's values in two layers, or in the only one. */
static bool related_in_attention(ari_trial *t)
{
    if (t->sure_value == 0 || (t->sure_value == 1 && t->layer_count > 1)) return false;
    pool_layers(t, counts_sure);
    decide(t, ARI_KINSHIP_PARTLY, ARI_TEST_NEURONS);
    return true;
}

/* Is there more than chance often gives, which no other test could look at or dismiss? */
static bool is_open(const ari_trial *t)
{
    bool some = fabs(t->z) > Z_SOME;
    for (size_t i = 0; i < t->layer_count; i++) some = some || fabs(t->layers[i].z) > Z_SOME;
    for (size_t i = 0; i < t->agreement_count; i++) {
        if (t->agreements[i].test.p < P_SOME) return true;
    }
    /* Of six cosines and more, chance is beyond 3 now and then. */
    if (t->cosines.told > 0 && fabs(t->cosines.z) > Z_SOME + 1) return true;
    if (t->sure_value > 0 || t->sure_mlp > 1 || (t->layer_count > 0 && t->p < P_SURE)) return true;
    return some && t->agreement_count == 0 && t->cosines.told == 0;
}

static void decide_unrelated(ari_trial *t)
{
    ari_test by = t->layer_count > 0       ? ARI_TEST_NEURONS
                  : t->agreement_count > 0 ? ARI_TEST_AGREEMENT
                                           : ARI_TEST_NONE;
    if (by == ARI_TEST_NONE) {
        decide(t, ARI_KINSHIP_NOT_COMPARABLE, by);
    } else {
        decide(t, is_open(t) ? ARI_KINSHIP_INCONCLUSIVE : ARI_KINSHIP_NONE, by);
    }
}

/* The order is the study's; what holds first decides. */
static bool run_tests(ari_trial *t, const layer_pair *pairs, size_t count, bool full)
{
    if (!test_neurons(t, pairs, count, full)) return false;
    if (related_by_neurons(t)) {
        decide(t, ARI_KINSHIP_RELATED, ARI_TEST_NEURONS);
        return true;
    }
    if (!test_agreements(t, pairs, count)) return false;
    if (related_in_layers(t) || related_by_agreement(t)) return true;
    if (!test_cosines(t, pairs, count)) return false;
    if (!related_by_cosines(t) && !related_in_attention(t)) decide_unrelated(t);
    return true;
}

/* The map and the repeats; false when memory is short. */
static bool find_layers(ari_trial *t)
{
    ari_layer_samples a, b;
    uint64_t before = bytes_of(t);
    bool ok = layers_sample(&t->a, &t->b, &a, &b);
    t->a_layers = a.count;
    t->b_layers = b.count;
    t->a_constant = a.constant;
    t->b_constant = b.constant;
    ok = ok && layers_repeat(&a, &t->repeats_a) && layers_repeat(&b, &t->repeats_b) &&
         layers_map(&a, &b, &t->map);
    layers_release(&a);
    layers_release(&b);
    t->bytes_map = bytes_of(t) - before;
    return ok;
}

/* Layers whose units agree go together, too, whatever their numbers. */
static void adopt_agreements(ari_trial *t)
{
    for (size_t i = 0; i < t->agreement_count; i++) {
        const ari_agreement_trial *g = &t->agreements[i];
        for (size_t k = 0; g->test.p < P_SURE && k < t->map.count; k++) {
            ari_layer_match *m = &t->map.of[k];
            if (m->layer == g->b) layer_found(m, g->a, ARI_FOUND_T2);
        }
    }
}

bool trial_is_constant(const ari_trial *t)
{
    return t->a_constant == t->a_layers || t->b_constant == t->b_layers;
}

static bool run(ari_trial *t, bool full)
{
    size_t count = 0;
    t->same_width = t->a.width == t->b.width;
    decide(t, ARI_KINSHIP_NOT_COMPARABLE, ARI_TEST_NONE);
    if (!find_layers(t)) return false;
    if (experts_test(&t->a, &t->experts_a) == ARI_NO_MEMORY ||
        experts_test(&t->b, &t->experts_b) == ARI_NO_MEMORY)
        return false;
    if (!t->same_width || trial_is_constant(t)) return true;
    layer_pair *pairs = choose_pairs(t, full, &count);
    bool ok = pairs != NULL && run_tests(t, pairs, count, full);
    free(pairs);
    adopt_agreements(t);
    uint64_t before = bytes_of(t);
    ok = ok && norms_test(&t->a, &t->b, &t->norms);
    t->bytes_norms = bytes_of(t) - before;
    return ok;
}

ari_status trial_run(const ari_model *a, size_t a_component, const ari_model *b, size_t b_component,
                     bool full, ari_watch *watch, ari_trial *out, ari_err *err)
{
    *out = (ari_trial){ 0 };
    bool ok = bank_open(a, a_component, &out->a) && bank_open(b, b_component, &out->b);
    out->a.watch = out->b.watch = watch;
    ok = ok && run(out, full);
    if (ok) return ARI_OK;
    trial_free(out);
    return ari_out_of_memory(err);
}

void trial_free(ari_trial *t)
{
    layers_free(&t->map);
    layers_free(&t->repeats_a);
    layers_free(&t->repeats_b);
    free(t->layers);
    t->layers = NULL;
    bank_close(&t->a);
    bank_close(&t->b);
}
