/* Two models beside each other: the rules of the method and of the report's contract, on records made by
 * hand. */
#include "compare/part.h"
#include "compare/ranking.h"
#include "compare/unique.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static ari_model made;

/* "hidden_size 4096; num_attention_heads 32 ambiguous 64": a value, how it is known if not stated, other
 * candidates. */
static ari_record record_of(ari_arena *arena, const char *name, const char *lines)
{
    ari_record out;
    char *copy = strdup(lines), *rest = copy;
    made = (ari_model){ .path = name };
    architecture_clear(&made.architecture);
    for (char *line; (line = strsep(&rest, ";")) != NULL;) {
        char *words = line + strspn(line, " ");
        ari_field field = field_by_name(strsep(&words, " "));
        cr_assert(field < ARI_FIELD_COUNT && words != NULL, "%s", line);
        const char *value = arena_copy(arena, span_of(strsep(&words, " ")));
        ari_inferred *f = &made.architecture.fields[field];
        *f = (ari_inferred){ .value = value, .basis = ARI_STATED };
        if (words != NULL && strncmp(words, "ambiguous", 9) == 0) {
            f->basis = ARI_AMBIGUOUS;
            f->candidates = arena_alloc(arena, 8 * sizeof(f->candidates[0]));
            f->candidates[f->candidate_count++] = value;
            strsep(&words, " ");
            while (words != NULL)
                f->candidates[f->candidate_count++] = arena_copy(arena, span_of(strsep(&words, " ")));
        }
    }
    free(copy);
    record_of_model(arena, &made, &out);
    return out;
}

static ari_keys key(const char *name)
{
    return key_bit(field_by_name(name));
}

#define LLAMA                                                                                              \
    "hidden_size 4096; num_hidden_layers 32; num_attention_heads 32; intermediate_size 11008; hidden_act " \
    "\"silu\""
/* All layers have experts. */
#define MIXTURE                                                                                              \
    "hidden_size 2048; num_hidden_layers 48; num_attention_heads 32; hidden_act \"silu\"; num_experts 128; " \
    "first_k_dense_replace 0; "

static void expect_tier(const char *what, const char *a, const char *b, const char *tier)
{
    ari_arena arena = { 0 };
    ari_record x = record_of(&arena, "a", a), y = record_of(&arena, "b", b);
    ari_relation core = core_of(relate_all(&x, &y)), back = core_of(relate_all(&y, &x));
    cr_expect_str_eq(tiers_word(tiers_of(&core)), tier, "%s", what);
    cr_expect_str_eq(tiers_word(tiers_of(&back)), tier, "%s, the other way round", what);
    arena_free(&arena);
}

Test(relation, tiers_by_core_matches)
{
    expect_tier("5", LLAMA, LLAMA, "identical");
    expect_tier("4", LLAMA,
                "hidden_size 4096; num_hidden_layers 40; num_attention_heads 32; intermediate_size 11008; "
                "hidden_act \"silu\"",
                "similar");
    expect_tier("3", LLAMA,
                "hidden_size 4096; num_hidden_layers 40; num_attention_heads 32; intermediate_size 14336; "
                "hidden_act \"silu\"",
                "similar");
    expect_tier("2", LLAMA,
                "hidden_size 4096; num_hidden_layers 40; num_attention_heads 40; intermediate_size 14336; "
                "hidden_act \"silu\"",
                "independent");
    expect_tier("1", LLAMA,
                "hidden_size 5120; num_hidden_layers 40; num_attention_heads 40; intermediate_size 14336; "
                "hidden_act \"silu\"",
                "independent");
    expect_tier("0", LLAMA,
                "hidden_size 5120; num_hidden_layers 40; num_attention_heads 40; intermediate_size 14336; "
                "hidden_act \"gelu\"",
                "different");
}

Test(relation, open_keys_make_a_range)
{
    expect_tier("an unknown activation", LLAMA,
                "hidden_size 4096; num_hidden_layers 32; num_attention_heads 32; intermediate_size 11008",
                "similar..identical");
    expect_tier(
        "open heads that may be the same",
        "hidden_size 4096; num_hidden_layers 32; num_attention_heads 64 ambiguous 32 16; intermediate_size "
        "11008; hidden_act \"silu\"",
        LLAMA, "similar..identical");
    expect_tier(
        "open heads that can't be the same",
        "hidden_size 4096; num_hidden_layers 32; num_attention_heads 40 ambiguous 20 10; intermediate_size "
        "11008; hidden_act \"silu\"",
        LLAMA, "similar");
    expect_tier("nothing known", LLAMA, "vocab_size 32000", "different..identical");
}

/* An MLP width that every layer's experts leave unused leaves the score, and opens nothing. */
Test(relation, mixtures_without_a_dense_mlp)
{
    ari_arena arena = { 0 };
    const char *solar =
        "hidden_size 4096; num_hidden_layers 48; num_attention_heads 64; hidden_act \"silu\"; "
        "num_experts 128; first_k_dense_replace 0; intermediate_size 10240; moe_intermediate_size 1280";
    const char *glm =
        "hidden_size 4096; num_hidden_layers 46; num_attention_heads 96; hidden_act \"silu\"; "
        "num_experts 128; first_k_dense_replace 1; intermediate_size 10944; moe_intermediate_size 1408";
    ari_record x = record_of(&arena, "Solar-Open", solar), y = record_of(&arena, "GLM-4.5-Air", glm);
    ari_relation core = core_of(relate_all(&x, &y)), by_width = by_expert_width_of(relate_all(&x, &y));
    cr_expect_str_eq(x.unused_width, "10240");
    cr_expect(core.matched == (key("hidden_size") | key("hidden_act")));
    cr_expect(core.absent == key("intermediate_size") && core.unknown == 0);
    cr_expect_str_eq(tiers_word(tiers_of(&core)), "independent");
    cr_expect(expert_width_stands_in(&x, &y, relate_all(&x, &y)));
    cr_expect(by_width.differing ==
              (key("num_hidden_layers") | key("num_attention_heads") | key("moe_intermediate_size")));
    arena_free(&arena);
}

/* Mixtral states the width of its experts as intermediate_size. */
Test(relation, a_width_that_is_that_of_experts)
{
    ari_arena arena = { 0 };
    ari_record x = record_of(&arena, "a", MIXTURE "intermediate_size 14336");
    ari_record y = record_of(&arena, "b", MIXTURE "intermediate_size 768; moe_intermediate_size 768");
    ari_record z = record_of(&arena, "c", MIXTURE "moe_intermediate_size 768");
    cr_expect_str_eq(x.values[ARI_FIELD_MOE_INTERMEDIATE_SIZE].value, "14336");
    cr_expect(record_absent(&x, ARI_FIELD_INTERMEDIATE_SIZE) && x.unused_width == NULL);
    cr_expect(record_absent(&y, ARI_FIELD_INTERMEDIATE_SIZE) && y.unused_width == NULL);
    ari_match same = match_records(&y, &x, keys_core()), twins = match_records(&y, &y, keys_core());
    cr_expect_str_eq(tiers_word(same.tiers), "similar", "experts of another width close the key");
    cr_expect_str_eq(tiers_word(twins.tiers), "similar..identical");
    cr_expect(is_identical(&twins) && !is_identical(&same));
    /* Of z nothing says that its layers lack a dense MLP. */
    cr_expect(record_unknown(&z, ARI_FIELD_INTERMEDIATE_SIZE));
    arena_free(&arena);
}

/* That there is none and that nothing tells come to one where the other has no value either. */
Test(relation, no_value_on_either_side_leaves_the_tier_open)
{
    expect_tier("none, and nothing tells", MIXTURE "intermediate_size null; moe_intermediate_size 768",
                MIXTURE "moe_intermediate_size 768", "similar..identical");
    expect_tier("the same, of other experts", MIXTURE "intermediate_size null; moe_intermediate_size 768",
                MIXTURE "moe_intermediate_size 512", "similar");
    expect_tier("none, and a value", MIXTURE "intermediate_size null; moe_intermediate_size 768",
                MIXTURE "intermediate_size 6144; first_k_dense_replace 1; moe_intermediate_size 768",
                "similar");
    ari_arena arena = { 0 };
    ari_record x = record_of(&arena, "a", MIXTURE "moe_intermediate_size 768"), y = x;
    cr_expect(expert_width_stands_in(&x, &y, relate_all(&x, &y)));
    arena_free(&arena);
}

static ari_component tower_of(ari_arena *arena, const char *lines)
{
    record_of(arena, "tower", lines);
    return (ari_component){ .role = "vision_encoder", .prefix = "", .architecture = made.architecture };
}

/* How far the tower of one model is that of another. */
Test(relation, towers_agree_for_sure_likely_or_possibly)
{
    static const char sizes[] =
        "hidden_size 1280; num_hidden_layers 32; intermediate_size 3420; patch_size 14; ";
    static const struct {
        const char *a, *b;
        ari_agreement agreement;
    } rows[] = {
        { "num_attention_heads 16", "num_attention_heads 16", ARI_SAME },
        { "num_attention_heads 16", "num_attention_heads 20", ARI_APART },
        { "num_attention_heads 16 ambiguous 20 10", "num_attention_heads 16", ARI_LIKELY },
        { "num_attention_heads 20 ambiguous 16 10", "num_attention_heads 16", ARI_POSSIBLE },
        { "num_attention_heads 20 ambiguous 10", "num_attention_heads 16", ARI_APART },
        { "num_attention_heads 16", "out_hidden_size 4096", ARI_POSSIBLE },
        { "num_attention_heads 16; patch_size 16", "num_attention_heads 16", ARI_APART },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ari_arena arena = { 0 };
        ari_part_matches found = { 0 };
        ari_component x = tower_of(&arena, arena_printf(&arena, "%s%s", sizes, rows[i].a));
        ari_component y = tower_of(&arena, arena_printf(&arena, "%s%s", sizes, rows[i].b));
        ari_model a = { .path = "a", .components = &x, .component_count = 1 };
        ari_model b = { .path = "b", .components = &y, .component_count = 1 };
        cr_assert(parts_beside(&a, &b, &found) && found.count == 1);
        cr_expect_eq(found.items[0].agreement, rows[i].agreement, "row %zu: %s", i,
                     agreement_word(found.items[0].agreement));
        parts_free(&found);
        arena_free(&arena);
    }
}

Test(relation, experts_are_routed_and_shared)
{
    static const struct {
        const char *a, *b;
        bool matched, differing, unknown;
    } rows[] = {
        { "num_experts 128; num_shared_experts 1", "num_experts 128; num_shared_experts 1", true, false,
          false },
        { "num_experts 128; num_shared_experts 1", "num_experts 192; num_shared_experts 1", false, true,
          false },
        { "num_experts 128; num_shared_experts 1", "num_experts 128; num_shared_experts 2", false, true,
          false },
        { "num_experts 8; num_shared_experts 0", "num_experts 8; num_shared_experts null", true, false,
          false },
        { "num_experts 128; num_shared_experts 1", "num_experts 8", false, true, false },
        { "num_experts 128; num_shared_experts 1", "num_experts 128", false, false, true },
        { "num_experts 128; num_shared_experts 1", "vocab_size 32000", false, false, true },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ari_arena arena = { 0 };
        ari_record a = record_of(&arena, "a", rows[i].a), b = record_of(&arena, "b", rows[i].b);
        ari_relation r = relate(&a, &b, key_bit(ARI_KEY_EXPERTS));
        cr_expect((r.matched != 0) == rows[i].matched, "row %zu", i);
        cr_expect((r.differing != 0) == rows[i].differing, "row %zu", i);
        cr_expect((r.unknown != 0) == rows[i].unknown, "row %zu", i);
        arena_free(&arena);
    }
}

/* A float of 32 bits in a GGUF file, and the same number in a config.json. */
Test(relation, numbers_are_compared_as_numbers)
{
    ari_arena arena = { 0 };
    ari_record a = record_of(&arena, "a", "norm_eps 9.999999747378752e-06; rope_theta 1000000.0"),
               b = record_of(&arena, "b", "norm_eps 1e-05; rope_theta 1e6");
    cr_expect(relate(&a, &b, key("norm_eps") | key("rope_theta")).differing == 0);
    arena_free(&arena);
}

Test(relation, as_x_but_for_one_size)
{
    ari_arena arena = { 0 };
    const char *rest =
        "num_attention_heads 32; intermediate_size 14336; num_key_value_heads 8; head_dim 128; "
        "vocab_size 32000; hidden_act \"silu\"; hidden_size 4096; num_hidden_layers ";
    ari_record base = record_of(&arena, "Mistral-7B", arena_printf(&arena, "%s32", rest));
    ari_record scaled = record_of(&arena, "SOLAR-10.7B", arena_printf(&arena, "%s48", rest));
    ari_record other = record_of(&arena, "other", LLAMA);
    cr_expect_eq(differ_in_one(relate_all(&scaled, &base)), ARI_FIELD_NUM_HIDDEN_LAYERS);
    cr_expect_eq(differ_in_one(relate_all(&base, &base)), ARI_KEY_COUNT, "nothing differs");
    cr_expect_eq(differ_in_one(relate_all(&base, &other)), ARI_KEY_COUNT, "too few sizes agree");
    arena_free(&arena);
}

/* Of 8 models 2 have the first value, all the second, none the third: 2 + 0 + 3 bits. Of the last, 4 say, and
 * 2 have it: 1 bit. */
Test(relation, bits_of_rarity)
{
    ari_ranking r = { .models = 8 };
    for (size_t i = 0; i < ARI_KEY_COUNT; i++) r.knowing[i] = 8;
    r.knowing[ARI_FIELD_MLP_BIAS] = 4;
    r.sharing[ARI_FIELD_MLP_BIAS] = 2;
    r.sharing[ARI_FIELD_HIDDEN_SIZE] = 2;
    r.sharing[ARI_FIELD_HIDDEN_ACT] = 8;
    r.knowing[ARI_FIELD_NORM_EPS] = 1000;
    r.sharing[ARI_FIELD_NORM_EPS] = 7;
    ari_keys keys = key("hidden_size") | key("hidden_act") | key("vocab_size");
    ranking_weigh(&r);
    cr_expect(fabs(bits_of(&r, keys) - 5) < 1e-9);
    cr_expect(fabs(bits_of(&r, key("norm_eps")) - log2(1000.0 / 7)) < 1e-9, "as the library has it");
    cr_expect(fabs(bits_of(&r, key("mlp_bias")) - 1) < 1e-9);
    /* "experts" says what its two fields say already. */
    r.sharing[ARI_FIELD_NUM_EXPERTS] = r.sharing[ARI_KEY_EXPERTS] = 4;
    ari_keys routed = key("num_experts");
    ranking_weigh(&r);
    cr_expect(fabs(bits_of(&r, routed | key_bit(ARI_KEY_EXPERTS)) - 1) < 1e-9);
}

Test(relation, keys_by_their_words)
{
    ari_key_list list;
    ari_err err = ARI_ERR_INIT;
    cr_expect(keys_parse("core", &list, NULL) == ARI_OK && list.count == 5 && list.set == keys_core());
    cr_expect(keys_parse("all", &list, NULL) == ARI_OK && list.count == ARI_FIELD_COUNT);
    cr_expect(keys_parse("vocab_size,experts,vocab_size", &list, NULL) == ARI_OK && list.count == 2);
    cr_expect_eq(list.at[1], ARI_KEY_EXPERTS);
    cr_expect(keys_parse("hidden_size,hiden_act", &list, &err) == ARI_USAGE);
    cr_expect(strstr(err.text, "hiden_act") != NULL);
    cr_expect(keys_parse("", &list, NULL) == ARI_USAGE);
    /* The ten of the method's script are in the table that nobody had to ask for. */
    cr_assert(keys_parse("extended", &list, NULL) == ARI_OK);
    static const char *const ten[] = {
        "hidden_size",         "intermediate_size", "num_hidden_layers",       "num_attention_heads",
        "num_key_value_heads", "vocab_size",        "max_position_embeddings", "norm_eps",
        "rope_theta",          "hidden_act"
    };
    for (size_t i = 0; i < 10; i++) cr_expect((list.set & key(ten[i])) != 0, "%s", ten[i]);
}

/* 64 heads are the most of those compared; 128+1 experts are shared. */
Test(relation, unique_values_and_extremes)
{
    ari_arena arena = { 0 };
    ari_ranking ranking = { .models = 9 };
    ari_unique found[ARI_KEY_COUNT];
    const char *experts = "num_experts 128; num_shared_experts 1; num_attention_heads ";
    ari_record subject = record_of(&arena, "s", arena_printf(&arena, "%s64", experts));
    ari_record others[] = { record_of(&arena, "a", arena_printf(&arena, "%s32", experts)),
                            record_of(&arena, "b", arena_printf(&arena, "%s24 ambiguous 48", experts)) };
    ranking.sharing[ARI_FIELD_NUM_ATTENTION_HEADS] = 3;
    ari_keys keys = key("num_experts") | key("num_shared_experts") | key("num_attention_heads");
    size_t n = unique_find(&subject, others, 2, &ranking, keys, found, ARI_KEY_COUNT);
    cr_assert_eq(n, 1);
    cr_expect_eq(found[0].key, ARI_FIELD_NUM_ATTENTION_HEADS);
    cr_expect(found[0].extreme > 0 && found[0].sharing == 3);
    arena_free(&arena);
}
