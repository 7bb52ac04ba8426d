/* What values say where shapes are silent: of models whose values are drawn, and whose heads are planted. */
#include "infer/model.h"

#include "planted.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static ari_model *measured(const plant *p)
{
    ari_err err = ARI_ERR_INIT;
    ari_model *m = planted(p);
    cr_assert(ari_model_measure(m, &err) == ARI_OK, "%s", err.text);
    return m;
}

/* Trained, two layers, heads that stand out. */
static plant usual(unsigned hidden, unsigned heads, unsigned kv_heads, unsigned head_dim)
{
    return (plant){ .hidden = hidden,
                    .heads = heads,
                    .kv_heads = kv_heads,
                    .head_dim = head_dim,
                    .layers = 2,
                    .shared = 0.5,
                    .seed = hidden + head_dim,
                    .trained = true };
}

static uint64_t number(const ari_model *m, const char *field)
{
    return strtoull(ari_model_fact(m, field).value, NULL, 10);
}

static void expect_answer(const char *what, const plant *p)
{
    ari_model *m = measured(p);
    cr_expect(ari_model_fact(m, "head_dim").basis == ARI_WEIGHTS, "%s: %s", what,
              ari_model_fact(m, "head_dim").evidence);
    cr_expect(number(m, "head_dim") == p->head_dim, "%s: %s", what, ari_model_fact(m, "head_dim").value);
    cr_expect(number(m, "num_attention_heads") == p->heads, "%s", what);
    cr_expect(number(m, "num_key_value_heads") == p->kv_heads, "%s", what);
    cr_expect(m->architecture.fields[ARI_FIELD_HEAD_DIM].confidence == 0.8, "%s", what);
    cr_expect(m->measured.heads.margin >= 1.6, "%s: %g", what, m->measured.heads.margin);
    cr_expect(m->measured.heads.sizes[m->measured.heads.best].z >= 8, "%s", what);
    ari_model_close(m);
}

static void expect_none(const char *what, const plant *p)
{
    ari_model *m = measured(p);
    cr_expect(ari_model_fact(m, "head_dim").basis == ARI_AMBIGUOUS, "%s: %s", what,
              ari_model_fact(m, "head_dim").value);
    ari_model_close(m);
}

static bool finds(const ari_model *m, const char *id)
{
    size_t n = 0;
    for (size_t i = 0; i < ari_model_finding_count(m); i++) n += strcmp(ari_model_finding(m, i).id, id) == 0;
    cr_expect(n <= 1, "%s is told %zu times", id, n);
    return n > 0;
}

/* --- The size of a head ----------------------------------------------------------------------------- */

Test(heads, planted_sizes_are_found)
{
    static const unsigned sizes[][4] = { { 256, 8, 8, 32 }, { 256, 4, 4, 64 }, { 256, 16, 16, 16 },
                                         { 384, 8, 8, 48 }, { 384, 4, 4, 96 }, { 256, 8, 4, 32 },
                                         { 384, 6, 2, 64 } };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        plant p = usual(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3]);
        expect_answer("planted", &p);
    }
}

Test(heads, one_key_value_head_is_told_by_the_output_projection)
{
    plant p = usual(256, 8, 1, 32);
    ari_model *m = measured(&p);
    ari_fact type = ari_model_fact(m, "attention_type");
    cr_expect_str_eq(type.value, "\"mqa\"");
    cr_expect(type.basis == ARI_WEIGHTS);
    ari_model_close(m);
    expect_answer("mqa", &p);
}

Test(heads, storage_does_not_matter)
{
    plant fused = usual(256, 8, 8, 32), turned = usual(256, 8, 8, 32), gaps = usual(256, 8, 8, 32);
    fused.fused = true;
    turned.transposed = true;
    gaps.gaps = true;
    expect_answer("fused", &fused);
    expect_answer("[in, out]", &turned);
    expect_answer("a head of zeros", &gaps);
}

Test(heads, chance_answers_nothing)
{
    for (unsigned seed = 1; seed <= 12; seed++) {
        plant p = { .hidden = 128,
                    .heads = 4,
                    .kv_heads = seed % 2 == 0 ? 4 : 2,
                    .head_dim = 32,
                    .layers = 3,
                    .seed = seed,
                    .uniform = seed % 3 == 0,
                    .trained = seed % 4 == 0,
                    .gaps = seed % 5 == 0 };
        ari_model *before = planted(&p), *m = measured(&p);
        const ari_inferred *was = &before->architecture.fields[ARI_FIELD_HEAD_DIM],
                           *is = &m->architecture.fields[ARI_FIELD_HEAD_DIM];
        cr_expect(is->basis == ARI_AMBIGUOUS, "seed %u: %s", seed, is->value);
        for (size_t i = 0; i < is->candidate_count; i++)
            cr_expect_str_eq(is->candidates[i], was->candidates[i], "seed %u: chance changed the order",
                             seed);
        ari_model_close(before);
        ari_model_close(m);
    }
}

/* Query heads that share keys are alike: no size of a head. */
Test(heads, groups_are_not_taken_for_heads)
{
    for (unsigned kv_heads = 2; kv_heads <= 4; kv_heads += 2) {
        plant p = usual(256, 8, kv_heads, 32);
        p.shared = 0.1;
        p.grouped = 0.6;
        expect_none("groups", &p);
        p.shared = 0;
        expect_none("nothing but groups", &p);
    }
}

/* Not enough for an answer, enough for an order: candidates stay parallel. */
Test(heads, what_stands_out_a_little_comes_first)
{
    plant p = usual(256, 16, 16, 16);
    p.shared = 0.11;
    ari_model *m = measured(&p);
    const ari_inferred *f = m->architecture.fields;
    const ari_inferred *d = &f[ARI_FIELD_HEAD_DIM], *heads = &f[ARI_FIELD_NUM_ATTENTION_HEADS],
                       *kv = &f[ARI_FIELD_NUM_KEY_VALUE_HEADS];
    double z = m->measured.heads.sizes[m->measured.heads.best].z;
    cr_assert(z >= 4 && z < 8, "z %g", z);
    cr_expect(d->basis == ARI_AMBIGUOUS);
    cr_expect_str_eq(d->candidates[0], "16");
    cr_expect_str_eq(d->value, "16");
    for (size_t i = 0; i < d->candidate_count; i++) {
        uint64_t size = strtoull(d->candidates[i], NULL, 10);
        cr_expect(size * strtoull(heads->candidates[i], NULL, 10) == 256);
        cr_expect(size * strtoull(kv->candidates[i], NULL, 10) == 256);
    }
    ari_model_close(m);
}

Test(heads, measuring_twice_is_measuring_once)
{
    plant p = usual(256, 8, 8, 32);
    ari_model *m = measured(&p);
    uint64_t bytes = m->measured.bytes_read;
    size_t findings = ari_model_finding_count(m);
    cr_expect(bytes > 0);
    cr_expect(ari_model_measure(m, NULL) == ARI_OK);
    cr_expect(m->measured.bytes_read == bytes);
    cr_expect(ari_model_finding_count(m) == findings);
    ari_model_close(m);
}

/* --- Rotation --------------------------------------------------------------------------------------- */

Test(rotary, halves_are_told_from_chance)
{
    plant p = usual(256, 8, 8, 32);
    ari_model *m = measured(&p);
    cr_expect_null(rotary_word(m->measured.rotary.layout));
    cr_expect_not_null(m->measured.rotary.why);
    ari_model_close(m);
    p.halves = 16;
    m = measured(&p);
    cr_assert_not_null(rotary_word(m->measured.rotary.layout), "%s", m->measured.rotary.evidence);
    cr_expect_str_eq(rotary_word(m->measured.rotary.layout), "half-split");
    cr_expect(m->measured.rotary.rotated == 32, "%s", m->measured.rotary.evidence);
    ari_model_close(m);
}

Test(rotary, needs_the_size_of_a_head)
{
    plant p = usual(256, 8, 8, 32);
    p.shared = 0;
    p.halves = 16;
    ari_model *m = measured(&p);
    cr_expect_null(rotary_word(m->measured.rotary.layout));
    cr_expect_str_eq(m->measured.rotary.evidence, "the size of a head is not known");
    ari_model_close(m);
}

/* --- What training does not leave ----------------------------------------------------------------- */

Test(oddities, what_is_fresh_looks_untrained)
{
    plant p = usual(128, 4, 4, 32);
    p.trained = false;
    p.shared = 0;
    ari_model *m = measured(&p);
    cr_expect(finds(m, "untrained"));
    cr_expect(!finds(m, "plain-norm"));
    ari_model_close(m);
    p.uniform = true;
    m = measured(&p);
    cr_expect(finds(m, "untrained"));
    ari_model_close(m);
    p.trained = true;
    m = measured(&p);
    cr_expect(!finds(m, "untrained"));
    ari_model_close(m);
}

/* Norms alone are not enough. */
Test(oddities, heads_that_stand_out_were_trained)
{
    plant p = usual(256, 8, 8, 32);
    p.trained = false;
    ari_model *m = measured(&p);
    cr_expect(!finds(m, "untrained"));
    cr_expect(finds(m, "plain-norm"));
    ari_model_close(m);
}

Test(oddities, copies_constants_and_ties_are_told)
{
    plant p = usual(256, 8, 8, 32);
    ari_model *m = measured(&p);
    cr_expect(ari_model_finding_count(m) == 0);
    ari_model_close(m);
    p.copied = p.tied = true;
    m = measured(&p);
    cr_expect(finds(m, "copied-weight"));
    cr_expect(finds(m, "tied-copy"));
    cr_expect(!finds(m, "constant-tensor"));
    ari_model_close(m);
    p.copied = p.tied = false;
    p.constant = true;
    m = measured(&p);
    bool told = false;
    for (size_t i = 0; i < ari_model_finding_count(m); i++)
        told = told || strcmp(ari_model_finding(m, i).id, "constant-tensor") == 0;
    cr_expect(told);
    cr_expect(!finds(m, "copied-weight"));
    ari_model_close(m);
}
