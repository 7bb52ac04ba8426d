#include "read/findings.h"

#include "base/text.h"

#include <criterion/criterion.h>

Test(findings, keeps_what_is_said)
{
    ari_arena arena = { 0 };
    ari_findings f = { .arena = &arena, .most = 10 };
    finding_add(&f, ARI_FINDING_OVERLAP, ARI_SPAN("a\x1b"), 42, "shares %d bytes", 7);
    finding_add(&f, ARI_FINDING_GAP, NO_TENSOR, ARI_NO_OFFSET, "x");
    finding_add(&f, ARI_FINDING_ODD_NAME, ARI_SPAN(""), 0, "a tensor without a name");
    cr_assert(f.count == 3);
    cr_expect(strcmp(f.items[0].id, "tensor-overlap") == 0 && f.items[0].severity == ARI_ERROR);
    cr_expect(strcmp(f.items[0].tensor, "a\\x1b") == 0 && f.items[0].offset == 42);
    cr_expect(strcmp(f.items[0].message, "shares 7 bytes") == 0);
    cr_expect(f.items[1].tensor == NULL && f.items[1].offset == ARI_NO_OFFSET);
    cr_expect(f.items[2].tensor != NULL && f.items[2].tensor[0] == '\0', "an empty name is a name");
    findings_close(&f);
    cr_expect(f.count == 3, "nothing was dropped");
    findings_free(&f);
    arena_free(&arena);
}

Test(findings, counts_those_it_does_not_keep)
{
    ari_arena arena = { 0 };
    ari_findings f = { .arena = &arena, .most = 3 };
    for (int i = 0; i < 1000; i++) finding_add(&f, ARI_FINDING_GAP, NO_TENSOR, (uint64_t)i, "gap %d", i);
    cr_expect(f.count == 3 && f.dropped == 997);
    findings_close(&f);
    cr_assert(f.count == 4);
    cr_expect(strcmp(f.items[3].id, "findings-cut") == 0 && f.items[3].severity == ARI_NOTE);
    cr_expect(strstr(f.items[3].message, "997") != NULL, "%s", f.items[3].message);
    findings_free(&f);
    arena_free(&arena);
}

Test(findings, long_messages_are_cut_between_characters)
{
    ari_arena arena = { 0 };
    ari_findings f = { .arena = &arena, .most = 10 };
    char name[900];
    for (size_t i = 0; i + 1 < sizeof(name); i++) name[i] = "\xEA\xB8\x80"[i % 3];
    name[sizeof(name) - 1] = '\0';
    for (int shift = 0; shift < 3; shift++) {
        finding_add(&f, ARI_FINDING_GAP, NO_TENSOR, 0, "%.*s%s", shift, "ab", name);
        cr_expect(utf8_valid(span_of(f.items[shift].message)), "shift %d", shift);
        cr_expect(strlen(f.items[shift].message) > 500);
    }
    findings_free(&f);
    arena_free(&arena);
}

/* The words are permanent: a user may have them in a script. */
Test(findings, words_are_unique_and_well_formed)
{
    static const struct {
        const char *word;
    } kinds[] = {
#define FINDING(id, word, severity, meaning, remedy) { word },
#include "read/finding.def"
#undef FINDING
    };
    for (size_t i = 0; i < ARI_FINDING_COUNT; i++) {
        size_t n = strspn(kinds[i].word, "abcdefghijklmnopqrstuvwxyz0123456789-");
        cr_expect(kinds[i].word[n] == '\0' && n > 0, "%s", kinds[i].word);
        for (size_t k = 0; k < i; k++)
            cr_expect(strcmp(kinds[i].word, kinds[k].word) != 0, "%s", kinds[i].word);
    }
}

/* A flood of warnings hides no error, in the list or in the count. */
Test(findings, errors_take_the_place_of_lesser_ones)
{
    ari_arena arena = { 0 };
    ari_findings f = { .arena = &arena, .most = 10 };
    for (int i = 0; i < 50; i++) finding_add(&f, ARI_FINDING_UNKNOWN_FIELD, NO_TENSOR, 0, "w");
    finding_add(&f, ARI_FINDING_OVERLAP, NO_TENSOR, 0, "e");
    findings_close(&f);
    cr_expect(f.count == 11 && f.said[ARI_ERROR] == 1 && f.said[ARI_WARNING] == 50);
    cr_expect(f.items[9].severity == ARI_ERROR && strcmp(f.items[10].id, "findings-cut") == 0);
    for (int i = 0; i < 50; i++) finding_add(&f, ARI_FINDING_OVERLAP, NO_TENSOR, 0, "e");
    findings_close(&f);
    size_t errors = 0;
    for (size_t i = 0; i < f.count; i++) errors += f.items[i].severity == ARI_ERROR;
    cr_expect(errors >= 10 && f.said[ARI_ERROR] == 51);
    cr_expect(strcmp(f.items[f.count - 1].id, "findings-cut") == 0);
    findings_free(&f);
    arena_free(&arena);
}
