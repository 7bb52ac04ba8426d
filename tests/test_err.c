#include "base/err.h"

#include "base/text.h"

#include <criterion/criterion.h>
#include <string.h>

Test(err, the_first_failure_wins)
{
    ari_err err = ARI_ERR_INIT;
    cr_expect(ari_fail(&err, ARI_MALFORMED, 12, "%s %d", "word", 3) == ARI_MALFORMED);
    cr_expect(ari_fail(&err, ARI_LIMIT, 99, "other") == ARI_MALFORMED, "what broke first is the cause");
    cr_expect(err.status == ARI_MALFORMED && err.offset == 12);
    cr_expect(strcmp(err.text, "word 3") == 0);
}

Test(err, nobody_needs_to_ask)
{
    cr_expect(ari_fail(NULL, ARI_LIMIT, 0, "x") == ARI_LIMIT);
    cr_expect(ari_wrap(NULL, "x") != ARI_OK);
    cr_expect(ari_hint(NULL, "x") != ARI_OK);
    cr_expect(ari_out_of_memory(NULL) == ARI_LIMIT);
}

Test(err, outer_layers_say_where)
{
    ari_err err = ARI_ERR_INIT;
    ari_fail(&err, ARI_TRUNCATED, 40, "need 8 bytes");
    cr_expect(ari_wrap(&err, "tensor %d", 12) == ARI_TRUNCATED);
    ari_wrap(&err, "model.gguf");
    cr_expect(strcmp(err.text, "model.gguf: tensor 12: need 8 bytes") == 0, "%s", err.text);
    cr_expect(err.offset == 40);
}

Test(err, the_first_hint_stays)
{
    ari_err err = ARI_ERR_INIT;
    ari_fail(&err, ARI_LIMIT, 0, "x");
    cr_expect(ari_hint(&err, "one") == ARI_LIMIT);
    ari_hint(&err, "two");
    cr_expect(strcmp(err.hint, "one") == 0);
}

/* A long name must not push out where it happened, nor be cut inside of a character. */
Test(err, what_is_too_long_is_cut_between_characters)
{
    char hearts[900];
    for (size_t i = 0; i + 3 < sizeof(hearts); i += 3) memcpy(hearts + i, "\xE2\x99\xA5", 4);
    for (size_t shift = 0; shift < 4; shift++) {
        ari_err err = ARI_ERR_INIT;
        ari_fail(&err, ARI_LIMIT, 0, "%.*s%s", (int)shift, "abc", hearts);
        cr_expect(strlen(err.text) < sizeof(err.text) && strlen(err.text) > sizeof(err.text) - 5);
        cr_expect(utf8_valid(span_of(err.text)), "shift %zu", shift);
        for (int i = 0; i < 5; i++) {
            ari_wrap(&err, "%.*s%s", (int)shift, "abc", hearts);
            cr_expect(strlen(err.text) < sizeof(err.text));
            cr_expect(utf8_valid(span_of(err.text)), "shift %zu, wrapped", shift);
        }
        ari_wrap(&err, "where");
        cr_expect(strncmp(err.text, "where: ", 7) == 0);
    }
}

/* The words of the JSON contract. */
Test(err, statuses_have_their_words)
{
    static const struct {
        ari_status status;
        const char *word;
    } rows[] = {
        { ARI_OK, "ok" },
        { ARI_NOT_FOUND, "not_found" },
        { ARI_UNREADABLE, "unreadable" },
        { ARI_UNSUPPORTED, "unsupported" },
        { ARI_NOT_A_MODEL, "not_a_model" },
        { ARI_MALFORMED, "malformed" },
        { ARI_TRUNCATED, "truncated" },
        { ARI_LIMIT, "limit" },
        { ARI_USAGE, "usage" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect(strcmp(ari_status_word(rows[i].status), rows[i].word) == 0, "%s", rows[i].word);
    }
    cr_expect(strcmp(ari_status_word((ari_status)99), "?") == 0);
}
