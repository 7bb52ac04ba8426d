/* Every word of a report is there in every language, with the same things to say it of. */
#include "compare/key.h"
#include "compare/relation.h"
#include "report/words.h"

#include <criterion/criterion.h>

static const ari_language languages[] = { ARI_ENGLISH, ARI_KOREAN };

/* A bit for each of {1} to {9}. */
static unsigned holes(const char *words)
{
    unsigned found = 0;
    for (const char *c = words; (c = strchr(c, '{')) != NULL; c++) {
        if (c[1] >= '1' && c[1] <= '9' && c[2] == '}') found |= 1U << (c[1] - '0');
    }
    return found;
}

static bool has_hangul(const char *words)
{
    for (const unsigned char *c = (const unsigned char *)words; *c != '\0'; c++) {
        if (*c >= 0xEA && *c <= 0xED) return true;
    }
    return false;
}

Test(language, every_word_is_translated)
{
    for (size_t w = 0; w < WORD_COUNT; w++) {
        const char *english = word_in(ARI_ENGLISH, (ari_word)w), *korean = word_in(ARI_KOREAN, (ari_word)w);
        cr_assert(english != NULL && english[0] != '\0', "word %zu", w);
        cr_assert(korean != NULL && korean[0] != '\0', "\"%s\"", english);
        cr_expect_eq(holes(english), holes(korean), "\"%s\" and \"%s\"", english, korean);
    }
}

Test(language, every_key_has_a_label)
{
    for (size_t i = 0; i < 2; i++) {
        for (size_t key = 0; key < ARI_KEY_COUNT; key++)
            cr_expect(label_in(languages[i], key) != NULL, "%zu", key);
    }
}

/* The words of the contract: roles, bases, kinds, tiers, conclusions, severities. */
Test(language, every_term_is_translated)
{
    static const char *const terms[] = {
        "text_decoder",
        "text_encoder",
        "vision_encoder",
        "audio_encoder",
        "projector",
        "mtp",
        "adapter",
        "head",
        "other",
        "shape",
        "weights",
        "convention",
        "stated",
        "ambiguous",
        "unknown",
        "causal-lm",
        "moe-causal-lm",
        "vision-language",
        "encoder",
        "encoder-decoder",
        "audio",
        "ssm",
        "diffusion",
        "embedding",
        "classifier",
        "identical",
        "similar",
        "independent",
        "different",
        "from_scratch_supported",
        "fine_tune_suspected",
        "partial_reuse",
        "inconclusive",
        "error",
        "warning",
        "note",
        "memory",
    };
    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
        ari_text t = { 0 };
        put_term(&t, ARI_KOREAN, terms[i]);
        cr_expect(t.data != NULL && has_hangul(t.data), "%s", terms[i]);
        text_free(&t);
    }
}

Test(language, words_are_filled)
{
    static const struct {
        const char *words, *arguments[2], *expected;
    } rows[] = {
        { "{1} file|{1} files", { "1", "" }, "1 file" },
        { "{1} file|{1} files", { "2", "" }, "2 files" },
        { "{2} of {1}", { "a", "b" }, "b of a" },
        { "{0} {3} {x}", { "a", "b" }, "{0}  {x}" },
        { "no {", { "a", "b" }, "no {" },
        { "{1}", { "{2}|", "b" }, "{2}|" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ari_text t = { 0 };
        words_fill(&t, rows[i].words, rows[i].arguments, 2);
        cr_expect_str_eq(t.data, rows[i].expected);
        text_free(&t);
    }
}

Test(language, an_extreme_has_a_name_where_it_tells)
{
    cr_expect_str_eq(extreme_in(ARI_ENGLISH, ARI_FIELD_NUM_ATTENTION_HEADS, EXTREME_GREATEST), "most heads");
    cr_expect(extreme_in(ARI_KOREAN, ARI_FIELD_HEAD_DIM, EXTREME_GREATEST) == NULL);
}
