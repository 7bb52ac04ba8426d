/* Lineage: models made of noise, whose relation is known by how they were made. The numbers are those that
 * the study behind the tests gives: 1 / sqrt(1 + k^2) for noise of k times the size, one chance hit, three
 * standard deviations in 0.27 % of draws. */
#include "lineage/lineage.h"

#include "files.h"
#include "lineage/sketch.h"
#include "measure/chance.h"
#include "measure/product.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { WIDTH = 64, UNITS = 256, LAYERS = 4, VALUES = 64 };

/* --- Models of noise ------------------------------------------------------------------------------- */

typedef struct dice {
    uint64_t state;
} dice;

static double uniform(dice *d)
{
    d->state ^= d->state << 13;
    d->state ^= d->state >> 7;
    d->state ^= d->state << 17;
    return (double)(d->state >> 11) * 0x1p-53;
}

/* Nearly normal: mean 0, deviation 1. */
static double normal(dice *d)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) sum += uniform(d);
    return sum;
}

/* What one layer holds, in the order of its file. */
static const struct matrix {
    const char *name;
    size_t rows, columns;
} matrices[] = {
    { "mlp.gate_proj.weight", UNITS, WIDTH },    { "mlp.up_proj.weight", UNITS, WIDTH },
    { "mlp.down_proj.weight", WIDTH, UNITS },    { "self_attn.q_proj.weight", WIDTH, WIDTH },
    { "self_attn.k_proj.weight", WIDTH, WIDTH }, { "self_attn.v_proj.weight", VALUES, WIDTH },
    { "self_attn.o_proj.weight", WIDTH, WIDTH }, { "input_layernorm.weight", 1, WIDTH },
};

enum { MATRICES = sizeof(matrices) / sizeof(matrices[0]), GATE = 0, UP = 1, DOWN = 2, V = 5, NORM = 7 };

typedef struct noise {
    size_t layers;
    float *of[2 * LAYERS][MATRICES];
} noise;

static size_t numbers_in(size_t m)
{
    return matrices[m].rows * matrices[m].columns;
}

static noise *make(uint64_t seed, size_t layers)
{
    noise *n = calloc(1, sizeof(*n));
    dice d = { seed * UINT64_C(0x9E3779B97F4A7C15) + 1 };
    for (int i = 0; i < 20; i++) uniform(&d);
    n->layers = layers;
    for (size_t l = 0; l < layers; l++) {
        for (size_t m = 0; m < MATRICES; m++) {
            n->of[l][m] = calloc(numbers_in(m), sizeof(float));
            for (size_t i = 0; i < numbers_in(m); i++)
                n->of[l][m][i] = (float)(m == NORM ? 1 + 0.05 * normal(&d) : 0.02 * normal(&d));
        }
    }
    return n;
}

static void drop(noise *n)
{
    for (size_t l = 0; l < n->layers; l++) {
        for (size_t m = 0; m < MATRICES; m++) free(n->of[l][m]);
    }
    free(n);
}

static void add_noise(noise *n, double k, uint64_t seed)
{
    noise *other = make(seed, n->layers);
    for (size_t l = 0; l < n->layers; l++) {
        for (size_t m = 0; m < NORM; m++) {
            for (size_t i = 0; i < numbers_in(m); i++) n->of[l][m][i] += (float)k * other->of[l][m][i];
        }
    }
    drop(other);
}

static ari_model *read_back(ari_span content)
{
    memory_file file = memory_open();
    memory_write(&file, content);
    ari_err err = ARI_ERR_INIT;
    ari_set *set = NULL;
    ari_model *model = NULL;
    cr_assert(ari_set_find(file.path, NULL, &set, &err) == ARI_OK, "%s", err.text);
    cr_assert(ari_model_open(set, 0, NULL, &model, &err) == ARI_OK, "%s", err.text);
    ari_set_free(set);
    memory_close(&file);
    return model;
}

/* As a safetensors file; the caller closes it. */
static ari_model *written(const noise *n)
{
    ari_text header = { 0 }, file = { 0 };
    uint64_t at = 0;
    for (size_t l = 0; l < n->layers; l++) {
        for (size_t m = 0; m < MATRICES; m++) {
            uint64_t end = at + numbers_in(m) * sizeof(float);
            text_printf(&header, "%s\"model.layers.%zu.%s\":{\"dtype\":\"F32\",\"shape\":[",
                        at == 0 ? "{" : ",", l, matrices[m].name);
            if (matrices[m].rows > 1) text_printf(&header, "%zu,", matrices[m].rows);
            text_printf(&header, "%zu],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", matrices[m].columns, at,
                        end);
            at = end;
        }
    }
    text_put(&header, "}");
    while (header.size % 8 != 0) text_put(&header, " ");
    uint64_t size = header.size;
    text_put_span(&file, (ari_span){ (const uint8_t *)&size, sizeof(size) });
    text_put_span(&file, (ari_span){ (const uint8_t *)header.data, header.size });
    for (size_t l = 0; l < n->layers; l++) {
        for (size_t m = 0; m < MATRICES; m++)
            text_put_span(&file, (ari_span){ (const uint8_t *)n->of[l][m], numbers_in(m) * sizeof(float) });
    }
    ari_model *model = read_back((ari_span){ (const uint8_t *)file.data, file.size });
    text_free(&header);
    text_free(&file);
    return model;
}

/* Both are dropped; the caller frees it and closes its models. */
static ari_lineage *held(noise *a, noise *b)
{
    ari_err err = ARI_ERR_INIT;
    ari_lineage *l = NULL;
    cr_assert(ari_diff(written(a), written(b), NULL, &l, &err) == ARI_OK, "%s", err.text);
    drop(a);
    drop(b);
    return l;
}

static void let_go(ari_lineage *l)
{
    ari_model *a = (ari_model *)(uintptr_t)l->a, *b = (ari_model *)(uintptr_t)l->b;
    ari_lineage_free(l);
    ari_model_close(a);
    ari_model_close(b);
}

static void expect_relation(ari_lineage *l, const char *what, const char *relation)
{
    cr_expect(strcmp(ari_lineage_relation(l), relation) == 0, "%s: %s wanted, found %s", what, relation,
              ari_lineage_relation(l));
}

/* --- Relations --------------------------------------------------------------------------------------- */

Test(lineage, apart_and_the_same)
{
    ari_lineage *l = held(make(1, LAYERS), make(2, LAYERS));
    expect_relation(l, "two seeds", "no_relation_found");
    cr_expect(fabs(l->effect) < 0.05);
    let_go(l);
    l = held(make(1, LAYERS), make(1, LAYERS));
    expect_relation(l, "the same bytes", "identical");
    let_go(l);
}

/* A + k noise: correlation 1 / sqrt(1 + k^2), within one per cent. */
Test(lineage, noise_follows_the_formula)
{
    static const double sizes[] = { 0.1, 0.5, 1, 2 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        noise *b = make(3, LAYERS);
        add_noise(b, sizes[i], 4);
        ari_lineage *l = held(make(3, LAYERS), b);
        double expected = 1 / sqrt(1 + sizes[i] * sizes[i]);
        expect_relation(l, "noise", "related");
        cr_expect(fabs(l->effect / expected - 1) < 0.01, "noise of %g: %g wanted, found %g", sizes[i],
                  expected, l->effect);
        cr_expect(l->p <= CHANCE_LEAST);
        let_go(l);
    }
}

/* What naive correlation takes for proof: every row of both leans the same way. */
Test(lineage, a_shared_mean_is_nothing)
{
    noise *of[2] = { make(5, LAYERS), make(6, LAYERS) }, *lean = make(7, 1);
    for (size_t k = 0; k < 2; k++) {
        for (size_t l = 0; l < LAYERS; l++) {
            for (size_t i = 0; i < numbers_in(UP); i++) {
                of[k]->of[l][UP][i] += lean->of[0][UP][i % WIDTH];
                of[k]->of[l][GATE][i] += lean->of[0][GATE][i % WIDTH];
            }
        }
    }
    double xy = 0, xx = 0, yy = 0;
    for (size_t i = 0; i < numbers_in(UP); i++) {
        double x = (double)of[0]->of[0][UP][i], y = (double)of[1]->of[0][UP][i];
        xy += x * y;
        xx += x * x;
        yy += y * y;
    }
    cr_assert(xy / sqrt(xx * yy) > 0.3, "the trap is set");
    ari_lineage *l = held(of[0], of[1]);
    expect_relation(l, "a shared mean", "no_relation_found");
    let_go(l);
    drop(lean);
}

/* Norms near 1: their cosine is near 1 and says nothing. */
Test(lineage, norms_say_nothing)
{
    ari_lineage *l = held(make(8, LAYERS), make(9, LAYERS));
    const ari_norms *n = &l->trials[0].norms;
    expect_relation(l, "norms", "no_relation_found");
    cr_assert(n->vectors == LAYERS);
    /* Deviations of 0.05 by a mean of 1: 1 / (1 + 0.0025). */
    cr_expect(fabs(n->expected - 0.9975) < 0.001 && fabs(n->cosine - n->expected) < 0.002, "%g %g", n->cosine,
              n->expected);
    cr_expect(fabs(n->rho) < 0.3);
    bool told = false;
    for (size_t i = 0; i < l->proof_count; i++)
        told = told || strstr(l->proofs[i].statement, "is expected") != NULL;
    cr_expect(told, "the closed form stands beside the cosine");
    let_go(l);
}

/* Solar-Open-100B's layer 0 against GLM-4.5-Air's deeper ones, as published: mean 0.016 and deviation 0.041
 * against a vector that hardly varies. */
Test(lineage, the_cosine_that_was_taken_for_proof)
{
    /* cv 2.5625: 1 / sqrt(1 + 6.566) = 0.3635. */
    cr_expect(fabs(norms_expected(0.016, 0.041, 1, 0) - 0.3635) < 1e-4);
    /* cv 0.1 both: 1 / 1.01. */
    cr_expect(fabs(norms_expected(0.35, 0.035, 0.82, 0.082) - 0.990099) < 1e-6);
}

/* In another order, all three matrices alike. */
static void shuffle(noise *n)
{
    for (size_t l = 0; l < n->layers; l++) {
        float *was[3];
        for (size_t m = 0; m < 3; m++) {
            was[m] = n->of[l][m];
            n->of[l][m] = calloc(numbers_in(m), sizeof(float));
        }
        for (size_t u = 0; u < UNITS; u++) {
            size_t from = (u * 77 + 13 * l + 5) % UNITS; /* 77 and 256 have no factor in common. */
            memcpy(n->of[l][GATE] + u * WIDTH, was[GATE] + from * WIDTH, WIDTH * sizeof(float));
            memcpy(n->of[l][UP] + u * WIDTH, was[UP] + from * WIDTH, WIDTH * sizeof(float));
            for (size_t i = 0; i < WIDTH; i++) n->of[l][DOWN][i * UNITS + u] = was[DOWN][i * UNITS + from];
        }
        /* The values are not shuffled with them: another's, so that only the MLP can tell. */
        noise *other = make(99 + l, 1);
        memcpy(n->of[l][V], other->of[0][V], numbers_in(V) * sizeof(float));
        drop(other);
        for (size_t m = 0; m < 3; m++) free(was[m]);
    }
}

Test(lineage, shuffled_neurons)
{
    noise *b = make(10, LAYERS);
    shuffle(b);
    add_noise(b, 0.5, 11);
    ari_lineage *l = held(make(10, LAYERS), b);
    const ari_trial *t = &l->trials[0];
    expect_relation(l, "shuffled", "related");
    cr_expect(fabs(t->z) < 4, "the numbers say nothing: z %g", t->z);
    cr_expect(t->by == ARI_TEST_AGREEMENT && t->agreement_count == LAYERS);
    for (size_t i = 0; i < t->agreement_count; i++)
        cr_expect(t->agreements[i].test.agreed > 100, "%ju", (uintmax_t)t->agreements[i].test.agreed);
    let_go(l);
}

/* Units whose matrices lie to each other as training leaves them, each in a way of its own. */
static void entangle(noise *n)
{
    dice d = { 4711 };
    for (size_t l = 0; l < n->layers; l++) {
        for (size_t u = 0; u < UNITS; u++) {
            float lean = (float)normal(&d);
            for (size_t i = 0; i < WIDTH; i++) {
                n->of[l][UP][u * WIDTH + i] += lean * n->of[l][GATE][u * WIDTH + i];
                n->of[l][DOWN][i * UNITS + u] += lean * n->of[l][GATE][u * WIDTH + i];
            }
        }
    }
}

static void permute(float *x, size_t step)
{
    float was[WIDTH];
    for (size_t i = 0; i < WIDTH; i++) was[i] = x[i * step];
    for (size_t i = 0; i < WIDTH; i++) x[i * step] = was[(i * 27 + 3) % WIDTH];
}

/* The residual stream in another order, and all but the MLP another's: only what no basis changes is left. */
static void rebase(noise *n)
{
    noise *other = make(77, n->layers);
    for (size_t l = 0; l < n->layers; l++) {
        for (size_t u = 0; u < UNITS; u++) {
            permute(n->of[l][GATE] + u * WIDTH, 1);
            permute(n->of[l][UP] + u * WIDTH, 1);
            permute(n->of[l][DOWN] + u, UNITS);
        }
        for (size_t m = DOWN + 1; m < MATRICES; m++)
            memcpy(n->of[l][m], other->of[l][m], numbers_in(m) * sizeof(float));
    }
    drop(other);
}

Test(lineage, another_basis)
{
    noise *a = make(12, LAYERS), *b = make(12, LAYERS);
    entangle(a);
    entangle(b);
    rebase(b);
    ari_lineage *l = held(a, b);
    expect_relation(l, "another basis", "related");
    cr_expect(l->decides->by == ARI_TEST_COSINES && l->effect > 0.99, "%d %g", l->decides->by, l->effect);
    let_go(l);
}

/* --- Layers -------------------------------------------------------------------------------------------- */

/* Of which layers of a the child is made; UINT32_MAX for one of its own. */
static noise *stacked(const noise *a, const uint32_t *order, size_t count, double k)
{
    noise *out = make(20, count);
    for (size_t l = 0; l < count; l++) {
        for (size_t m = 0; m < MATRICES && order[l] != NO_NUMBER; m++) {
            for (size_t i = 0; i < numbers_in(m); i++)
                out->of[l][m][i] = a->of[order[l]][m][i] + (float)k * (m == NORM ? 0 : out->of[l][m][i]);
        }
    }
    return out;
}

static void expect_map(const uint32_t *order, size_t count, double k, const char *relation)
{
    noise *a = make(21, LAYERS), *b = stacked(a, order, count, k);
    ari_lineage *l = held(a, b);
    const ari_layer_map *map = &l->trials[0].map;
    expect_relation(l, "stacked", relation);
    cr_assert(map->count == count);
    for (size_t i = 0; i < count; i++)
        cr_expect(map->of[i].other == order[i], "layer %zu goes with %ju", i, (uintmax_t)map->of[i].other);
    let_go(l);
}

Test(lineage, layers_that_moved)
{
    static const uint32_t doubled[] = { 0, 1, 2, 1, 2, 3 }, dropped[] = { 0, 2, 3 };
    static const uint32_t inserted[] = { 0, 1, NO_NUMBER, 2, 3 }, half[] = { 0, 1, NO_NUMBER, NO_NUMBER };
    expect_map(doubled, 6, 1, "related");
    expect_map(dropped, 3, 0.5, "related");
    expect_map(inserted, 5, 0.5, "related");
    expect_map(half, 4, 0.5, "partly_related");
}

/* What was doubled shows without the one it was made of. */
Test(lineage, depth_that_was_doubled)
{
    static const uint32_t doubled[] = { 0, 1, 2, 1, 2, 3 };
    noise *a = make(22, LAYERS), *b = stacked(a, doubled, 6, 0.5);
    drop(a);
    ari_lineage *l = held(b, make(23, 6));
    const ari_layer_map *map = &l->trials[0].repeats_a;
    expect_relation(l, "another", "no_relation_found");
    cr_assert(map->count == 2, "%zu", map->count);
    cr_expect(map->of[0].layer == 3 && map->of[0].other == 1 && map->of[1].layer == 4 &&
              map->of[1].other == 2);
    cr_expect(l->trials[0].repeats_b.count == 0);
    let_go(l);
}

Test(lineage, constants_say_nothing)
{
    noise *of[2] = { make(30, LAYERS), make(31, LAYERS) };
    for (size_t k = 0; k < 2; k++) {
        for (size_t l = 0; l < LAYERS; l++) {
            for (size_t m = 0; m < NORM; m++) {
                for (size_t i = 0; i < numbers_in(m); i++) of[k]->of[l][m][i] = k == 0 ? 0 : 0.02F;
            }
        }
    }
    ari_lineage *l = held(of[0], of[1]);
    expect_relation(l, "constants", "not_comparable");
    cr_expect(l->hindrance == ARI_HINDRANCE_CONSTANT);
    let_go(l);
}

/* --- Chance ----------------------------------------------------------------------------------------------
 */

/* A thousand pairs of what was drawn apart: three deviations in 0.27 % of them, so hardly ever ten times. */
Test(lineage, a_thousand_pairs)
{
    dice d = { 12345 };
    size_t far = 0, hits = 0;
    double sum = 0, squares = 0;
    for (int pair = 0; pair < 1000; pair++) {
        ari_sample s[2];
        for (size_t k = 0; k < 2; k++) {
            s[k] = (ari_sample){ .count = 64,
                                 .width = 32,
                                 .room = 32,
                                 .of = 64,
                                 .x = calloc(64 * 32, sizeof(float)),
                                 .live = calloc(64, sizeof(bool)) };
            for (size_t i = 0; i < 64 * 32; i++) s[k].x[i] = (float)normal(&d);
            units_prepare(&s[k]);
        }
        ari_diagonal t;
        cr_assert(diagonal_test(&s[0], &s[1], &t) == ARI_TOLD && t.units == 64);
        far += fabs(t.z) > 3;
        hits += t.hits;
        sum += t.z;
        squares += t.z * t.z;
        units_free(&s[0]);
        units_free(&s[1]);
    }
    cr_expect(far < 10, "%zu of 1000 beyond three", far);
    cr_expect(fabs(sum / 1000) < 0.15 && fabs(sqrt(squares / 1000) - 1) < 0.1, "%g %g", sum / 1000,
              sqrt(squares / 1000));
    cr_expect(hits > 850 && hits < 1150, "%zu hits, one a pair wanted", hits);
}

/* Tables of the normal distribution; a binomial by hand. */
Test(lineage, chances)
{
    cr_expect(fabs(chance_normal(0) - 0.5) < 1e-15 && fabs(chance_normal(1.959963985) - 0.025) < 1e-10);
    cr_expect(fabs(chance_normal(3) / 1.349898032e-3 - 1) < 1e-9 &&
              fabs(chance_normal(6) / 9.865876450e-10 - 1) < 1e-9);
    cr_expect(fabs(chance_normal(-1) - 0.8413447460685429) < 1e-12);
    /* 1 - 0.75^4; 6 0.25^2 0.75^2 + 4 0.25^3 0.75 + 0.25^4. */
    cr_expect(fabs(chance_hits(1, 4, 0.25) - 0.68359375) < 1e-12 &&
              fabs(chance_hits(2, 4, 0.25) - 0.26171875) < 1e-12);
    cr_expect(chance_hits(0, 4, 0.25) >= 1 && chance_hits(128, 128, 0.01) <= CHANCE_LEAST);
    /* Student's t of 30 degrees: 2.042 is the two-sided 5 %. */
    cr_expect(fabs(chance_deviation(2.042 * sqrt(1 + 1.0 / 31), 31) - 0.05) < 1e-3);
    cr_expect(fabs(chance_ln(10) - 2.302585092994046) < 1e-14 &&
              fabs(chance_exp(1) - 2.718281828459045) < 1e-14);
}

Test(lineage, products_of_vectors)
{
    float a[3 * 8] = { 1, 2, 3, 4, 5, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0 }, b[5 * 8] = { 0 }, out[15];
    for (size_t k = 0; k < 5; k++) b[k * 8 + k] = (float)(k + 1); /* k + 1 times the k-th axis. */
    products(a, 3, b, 5, product_room(5), out);
    static const float expected[15] = { 1, 4, 9, 16, 25, 1, 2, 3, 4, 5 };
    for (size_t i = 0; i < 15; i++) cr_expect(out[i] == expected[i], "%zu: %g", i, (double)out[i]);
    /* 1 + 4 + 9 + 16 + 25, squared one by one: 1 + 16 + 81 + 256 + 625. */
    cr_expect(squared_products(a, a, product_room(5)) == 979.0F);
}

/* --- Fingerprints ----------------------------------------------------------------------------------------
 */

/* Splitmix64 as its author has it, seeded with 0; the others by a program of a few lines. */
Test(lineage, signs_are_published)
{
    cr_expect(sketch_signs(0) == UINT64_C(0xe220a8397b1dcdaf));
    cr_expect(sketch_signs(1) == UINT64_C(0x6e789e6aa1b965f4));
    cr_expect(sketch_signs_at(PRINT_GATE, 0, 63) == UINT64_C(0xd08bf4eccba8d3a1));
    cr_expect(sketch_signs_at(PRINT_DOWN, 3, PRINT_NUMBERS + 64) == UINT64_C(0xda0a6818339272ce));
}

/* Two units: 3 0 4 and 0 12 0, of size 13; signs as above. +-3 +-4 +-12, by 13, times 32. */
Test(lineage, sums_by_hand)
{
    static const int8_t expected[PRINT_SKETCHES][6] = { { -12, 32, 47, 12, 12, 32 },
                                                        { -32, -47, -27, 12, -32, -32 },
                                                        { 47, -27, -12, -27, 12, -47 },
                                                        { -32, -47, -47, 47, -27, -32 } };
    float x[2 * 8] = { 3, 0, 4, 0, 0, 0, 0, 0, 0, 12, 0 };
    bool live[2] = { true, true };
    ari_sample s = { .x = x, .live = live, .count = 2, .width = 3, .room = 8, .live_count = 2 };
    for (uint32_t kind = 0; kind < PRINT_SKETCHES; kind++) {
        int8_t out[6];
        sketch_sums(&s, kind, 6, out);
        cr_expect(memcmp(out, expected[kind], sizeof(out)) == 0, "kind %" PRIu32 ": %d %d ...", kind, out[0],
                  out[1]);
    }
}

/* FNV's own vectors; of what is longer, three parts. */
Test(lineage, hashes_are_known)
{
    enum { LONG = 1 << 20 };
    cr_expect(sketch_hash(ARI_SPAN("a")) == UINT64_C(0xaf63dc4c8601ec8c));
    cr_expect(sketch_hash(ARI_SPAN("foobar")) == UINT64_C(0x85944171f73967e8));
    uint8_t *bytes = calloc(1, LONG);
    ari_span all = { bytes, LONG };
    uint64_t before = sketch_hash(all);
    bytes[1 << 17] = 1; /* Between the head and the middle. */
    cr_expect(sketch_hash(all) == before);
    static const size_t seen[] = { 0, PRINT_HASHED - 1, (LONG - PRINT_HASHED) / 2, LONG - PRINT_HASHED,
                                   LONG - 1 };
    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
        bytes[seen[i]] = 1;
        cr_expect(sketch_hash(all) != before, "%zu", seen[i]);
        bytes[seen[i]] = 0;
    }
    free(bytes);
}

/* The model's capsule, opened. */
static ari_model *kept(ari_model *m)
{
    ari_checks checks = { .fingerprint = true };
    ari_err err = ARI_ERR_INIT;
    unsigned char *bytes[2];
    size_t size[2];
    for (size_t i = 0; i < 2; i++)
        cr_assert(ari_capsule_make(m, &checks, &bytes[i], &size[i], &err) == ARI_OK, "%s", err.text);
    cr_expect(size[0] == size[1] && memcmp(bytes[0], bytes[1], size[0]) == 0, "the same bytes");
    ari_model *out = read_back((ari_span){ bytes[0], size[0] });
    cr_expect(ari_model_has_fingerprint(out) && !ari_model_has_fingerprint(m));
    ari_model_close(m);
    free(bytes[0]);
    free(bytes[1]);
    return out;
}

/* a's capsule with b, or with b's capsule; both are dropped. */
static ari_lineage *led(noise *a, noise *b, bool both)
{
    ari_err err = ARI_ERR_INIT;
    ari_lineage *l = NULL;
    ari_model *x = kept(written(a)), *y = both ? kept(written(b)) : written(b);
    cr_assert(ari_diff(x, y, false, &l, &err) == ARI_OK, "%s", err.text);
    cr_expect(ari_lineage_is_lead(l));
    drop(a);
    drop(b);
    return l;
}

static const ari_proof *proof_of(const ari_lineage *l, const char *test)
{
    for (size_t i = 0; i < l->proof_count; i++) {
        if (strcmp(l->proofs[i].test, test) == 0) return &l->proofs[i];
    }
    cr_assert_fail("no %s", test);
    return NULL;
}

/* A capsule keeps what the values say: of both, of one, the same correlation. */
Test(lineage, fingerprints_survive_a_capsule)
{
    for (int both = 0; both < 2; both++) {
        ari_lineage *l = led(make(20, LAYERS), make(20, LAYERS), both);
        expect_relation(l, "the same", "related");
        cr_expect(proof_of(l, "F1")->effect >= 1 && proof_of(l, "F2")->effect > 0.999);
        cr_expect(proof_of(l, "F3")->effect >= 1);
        let_go(l);
    }
}

/* 1 / sqrt(1 + k^2), as of the values; 1024 sums: of such a correlation four standard deviations are
 * 4 (1 - rho^2) / 32. Of independent ones below 0.15, and never related. */
Test(lineage, fingerprints_follow_the_formula)
{
    static const double sizes[] = { 0.1, 0.5, 1, 2 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        noise *b = make(21, LAYERS);
        add_noise(b, sizes[i], 22);
        ari_lineage *l = led(make(21, LAYERS), b, i % 2 == 0);
        double rho = 1 / sqrt(1 + sizes[i] * sizes[i]);
        expect_relation(l, "noise", "related");
        cr_expect(fabs(l->effect - rho) < 4 * (1 - rho * rho) / 32 + 0.005,
                  "noise of %g: %g wanted, found %g", sizes[i], rho, l->effect);
        cr_expect(!(proof_of(l, "F3")->effect > 0));
        let_go(l);
    }
    for (uint64_t seed = 30; seed < 40; seed++) {
        ari_lineage *l = led(make(seed, LAYERS), make(seed + 10, LAYERS), seed % 2 == 0);
        expect_relation(l, "two seeds", "inconclusive");
        cr_expect(fabs(l->effect) < 0.15, "%g", l->effect);
        let_go(l);
    }
}

/* What all units lean to is no lead. */
Test(lineage, a_shared_mean_is_no_lead)
{
    noise *of[2] = { make(23, LAYERS), make(24, LAYERS) }, *lean = make(25, 1);
    for (size_t k = 0; k < 2; k++) {
        for (size_t l = 0; l < LAYERS; l++) {
            for (size_t i = 0; i < numbers_in(UP); i++) {
                of[k]->of[l][UP][i] += lean->of[0][UP][i % WIDTH];
                of[k]->of[l][GATE][i] += lean->of[0][GATE][i % WIDTH];
            }
        }
    }
    ari_lineage *l = led(of[0], of[1], false);
    expect_relation(l, "a shared mean", "inconclusive");
    cr_expect(fabs(proof_of(l, "F1")->effect) < 0.15, "%g", proof_of(l, "F1")->effect);
    let_go(l);
    drop(lean);
}

/* Twice as deep, each layer doubled: found by half of the sums, and told by the other; noise finds nothing.
 */
Test(lineage, fingerprints_of_another_depth)
{
    noise *deep = make(27, 2 * LAYERS), *flat = make(26, LAYERS);
    for (size_t l = 0; l < deep->layers; l++) {
        for (size_t m = 0; m < MATRICES; m++)
            memcpy(deep->of[l][m], flat->of[l / 2][m], numbers_in(m) * sizeof(float));
    }
    ari_lineage *l = led(flat, deep, false);
    expect_relation(l, "doubled", "related");
    cr_expect(l->effect > 0.999 && proof_of(l, "F2")->effect > 0.999, "%g", l->effect);
    cr_expect(strstr(proof_of(l, "layers")->statement, ": 0 with 0, 2 with 1, 4 with 2, 6 with 3") != NULL,
              "%s", proof_of(l, "layers")->statement);
    let_go(l);
    l = led(make(28, LAYERS), make(29, 2 * LAYERS), false);
    expect_relation(l, "two seeds of two depths", "inconclusive");
    cr_expect(fabs(l->effect) < 0.15, "%g", l->effect);
    let_go(l);
}
