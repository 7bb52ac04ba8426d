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

/* Those that were matched; where none was, those of the same number, or as far down. */
static size_t pair_layers(const ari_trial *t, const uint32_t *a, size_t a_count, const uint32_t *b,
                          size_t b_count, layer_pair *out)
{
    size_t n = 0;
    for (size_t i = 0; i < t->map.count; i++) {
        if (t->map.of[i].other != NO_NUMBER)
            out[n++] = (layer_pair){ t->map.of[i].other, t->map.of[i].layer };
    }
    for (size_t i = 0; t->map.matched == 0 && a_count > 0 && i < b_count; i++)
        out[n++] = (layer_pair){ a[a_count == b_count ? i : i * a_count / b_count], b[i] };
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
    uint32_t *a = calloc(room, sizeof(uint32_t)), *b = calloc(room, sizeof(uint32_t));
    layer_pair *pairs = calloc(room, sizeof(layer_pair));
    if (a != NULL && b != NULL && pairs != NULL) {
        size_t a_count = layers_with_units(&t->a, a), b_count = layers_with_units(&t->b, b);
        *count = pair_layers(t, a, a_count, b, b_count, pairs);
        if (!full) *count = thin_out(pairs, *count);
    } else {
        free(pairs);
        pairs = NULL;
    }
    free(a);
    free(b);
    return pairs;
}

/* --- T1 ------------------------------------------------------------------------------------------------- */

/* One matrix: a sample of its units, or sample after sample until all were in one. */
static ari_told test_kind(ari_trial *t, layer_pair at, ari_unit_kind kind, bool full, ari_diagonal *out)
{
    sampling s = { .kind = kind, .home = layer_home(&t->a, at.a, kind), .units = NEURONS_MOST };
    *out = (ari_diagonal){ 0 };
    if (s.home == ARI_HOMES || s.home != layer_home(&t->b, at.b, kind)) return ARI_NOT_THERE;
    size_t done = 0;
    for (s.of_phase = 1; s.phase < s.of_phase; s.phase++) {
        ari_sample x = { 0 }, y = { 0 };
        ari_diagonal d;
        ari_told told = units_sample(&t->a, at.a, &s, &x);
        if (told == ARI_TOLD) told = units_sample(&t->b, at.b, &s, &y);
        if (told == ARI_TOLD) told = diagonal_test(&x, &y, &d);
        if (told == ARI_TOLD && full && s.phase == 0)
            s.of_phase = x.of / bank_experts(&t->a, at.a, kind, s.home) * 8 / NEURONS_MOST;
        units_free(&x);
        units_free(&y);
        if (told == ARI_NO_MEMORY || (told != ARI_TOLD && done == 0)) return told;
        if (told != ARI_TOLD) break;
        out->units += d.units;
        out->hits += d.hits;
        out->rho += d.rho;
        out->z += d.z;
        done++;
    }
    out->rho /= (double)done;
    out->z /= sqrt((double)done);
    out->p = chance_deviation(fabs(out->z), NEURONS_MOST);
    return ARI_TOLD;
}

static bool test_layer(ari_trial *t, layer_pair at, bool full)
{
    ari_layer_trial one = { .a = at.a, .b = at.b };
    for (size_t i = 0; i < TRIAL_KINDS; i++) {
        ari_told told = test_kind(t, at, trial_kinds[i], full, &one.of[i]);
        if (told == ARI_NO_MEMORY) return false;
        one.told[i] = told == ARI_TOLD;
        if (told != ARI_TOLD) continue;
        one.told_count++;
        one.rho += one.of[i].rho;
        one.z += one.of[i].z;
    }
    if (one.told_count == 0) return true;
    one.rho /= (double)one.told_count;
    one.z /= sqrt((double)one.told_count);
    t->sure += fabs(one.z) > Z_SURE;
    t->layers[t->layer_count++] = one;
    return true;
}

static bool test_neurons(ari_trial *t, const layer_pair *pairs, size_t count, bool full)
{
    uint64_t before = bytes_of(t);
    t->layers = calloc(count + 1, sizeof(t->layers[0]));
    bool ok = t->layers != NULL;
    for (size_t i = 0; ok && i < count; i++) ok = test_layer(t, pairs[i], full);
    for (size_t i = 0; i < t->layer_count; i++) {
        t->rho += t->layers[i].rho / (double)t->layer_count;
        t->z += t->layers[i].z / sqrt((double)t->layer_count);
    }
    t->p = chance_deviation(fabs(t->z), NEURONS_MOST);
    t->bytes_neurons = bytes_of(t) - before;
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
    if (one.a_home == ARI_HOMES || one.b_home == ARI_HOMES) return true;
    bool swapped = one.a_home != ARI_HOME_DENSE && one.b_home == ARI_HOME_DENSE;
    ari_told told = swapped ? agreement_test(&t->b, at.b, one.b_home, &t->a, at.a, one.a_home, &one.test)
                            : agreement_test(&t->a, at.a, one.a_home, &t->b, at.b, one.b_home, &one.test);
    if (told == ARI_NO_MEMORY) return false;
    if (told != ARI_TOLD) return true;
    t->agreeing += one.test.p < P_SURE;
    t->agreements[t->agreement_count++] = one;
    return true;
}

/* A layer that was matched, so that it is confirmed, and those that were not; where none was, first one in
 * the middle and the others only if it agrees. */
static bool test_agreements(ari_trial *t, const layer_pair *pairs, size_t count)
{
    uint64_t before = bytes_of(t);
    bool ok = true;
    if (t->map.matched > 0) {
        ok = count == 0 || test_agreement(t, pairs[count / 2]);
        for (size_t i = 0; ok && i < t->map.count && t->agreement_count < TRIAL_LAYERS; i++) {
            const ari_layer_match *m = &t->map.of[i];
            if (m->other == NO_NUMBER && m->layer < t->a.layer_count)
                ok = test_agreement(t, (layer_pair){ m->layer, m->layer });
        }
    } else {
        ok = count == 0 || test_agreement(t, pairs[count / 2]);
        for (size_t i = 0; ok && t->agreeing > 0 && i < count && t->agreement_count < TRIAL_LAYERS; i++) {
            if (i != count / 2) ok = test_agreement(t, pairs[i]);
        }
    }
    t->bytes_agreement = bytes_of(t) - before;
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
    t->cosines_p = chance_deviation(fabs(t->cosines.z), COSINES_UNITS);
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

/* Of the layers of the model that has fewer. */
static bool most_layers(const ari_trial *t)
{
    size_t fewer = t->map.others < t->map.count ? t->map.others : t->map.count;
    return most(t->map.distinct, fewer);
}

static bool settled_by_neurons(const ari_trial *t)
{
    return most(t->sure, t->layer_count) && t->map.matched > 1 && most_layers(t);
}

/* Some layers, or one that the other test confirms; the agreements without the one of a matched layer. */
static void decide_partly(ari_trial *t)
{
    bool confirmed = t->agreement_count > 0 && t->agreements[0].test.p < P_SURE;
    size_t others = t->agreement_count - (t->agreement_count > 0), agreeing = t->agreeing - confirmed;
    bool all = t->map.count == 1 || most_layers(t) || (others > 0 && most(agreeing, others));
    if (t->map.matched > 1 || confirmed) {
        decide(t, all ? ARI_KINSHIP_RELATED : ARI_KINSHIP_PARTLY, ARI_TEST_NEURONS);
    } else {
        decide(t, t->agreement_count == 0 ? ARI_KINSHIP_INCONCLUSIVE : ARI_KINSHIP_NONE, ARI_TEST_NEURONS);
    }
}

static void decide_doubtful(ari_trial *t)
{
    bool some = fabs(t->z) > Z_SOME, open = false, silent = t->layer_count == 0 && t->agreement_count == 0;
    for (size_t i = 0; i < t->layer_count; i++) some = some || fabs(t->layers[i].z) > Z_SOME;
    for (size_t i = 0; i < t->agreement_count; i++) open = open || t->agreements[i].test.p < P_SOME;
    open = open || (t->cosines.told > 0 && fabs(t->cosines.z) > Z_SOME + 1);
    open = open || (some && t->agreement_count == 0 && t->cosines.told == 0);
    ari_test by = t->layer_count > 0       ? ARI_TEST_NEURONS
                  : t->agreement_count > 0 ? ARI_TEST_AGREEMENT
                                           : ARI_TEST_NONE;
    decide(t, silent ? ARI_KINSHIP_NOT_COMPARABLE : open ? ARI_KINSHIP_INCONCLUSIVE : ARI_KINSHIP_NONE, by);
}

static bool run_tests(ari_trial *t, const layer_pair *pairs, size_t count, bool full)
{
    if (!test_neurons(t, pairs, count, full)) return false;
    if (settled_by_neurons(t)) {
        decide(t, ARI_KINSHIP_RELATED, ARI_TEST_NEURONS);
        return true;
    }
    if (!test_agreements(t, pairs, count)) return false;
    if (t->map.matched > 0) {
        decide_partly(t);
        return true;
    }
    if (t->agreeing > 0) {
        decide(t, most(t->agreeing, t->agreement_count) ? ARI_KINSHIP_RELATED : ARI_KINSHIP_PARTLY,
               ARI_TEST_AGREEMENT);
        return true;
    }
    if (!test_cosines(t, pairs, count)) return false;
    if (t->cosines.told > 0 && fabs(t->cosines.z) > Z_SURE) {
        decide(t, ARI_KINSHIP_RELATED, ARI_TEST_COSINES);
    } else {
        decide_doubtful(t);
    }
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
            if (m->layer == g->b && m->other == NO_NUMBER) m->other = g->a;
        }
    }
}

static bool run(ari_trial *t, bool full)
{
    size_t count = 0;
    t->same_width = t->a.width == t->b.width;
    decide(t, ARI_KINSHIP_NOT_COMPARABLE, ARI_TEST_NONE);
    if (!find_layers(t)) return false;
    bool constant = t->a_constant == t->a_layers || t->b_constant == t->b_layers;
    if (!t->same_width || constant) return true;
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
                     bool full, ari_trial *out, ari_err *err)
{
    *out = (ari_trial){ 0 };
    bool ok = bank_open(a, a_component, &out->a) && bank_open(b, b_component, &out->b) && run(out, full);
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
