#include "base/text.h"

#include "base/json_reader.h"
#include "files.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void expect_text(ari_text *t, const char *wanted)
{
    cr_expect(!t->failed && t->data != NULL && strcmp(t->data, wanted) == 0, "\"%s\", not \"%s\"",
              t->data == NULL ? "" : t->data, wanted);
    cr_expect(t->data != NULL && t->size == strlen(t->data));
    text_free(t);
}

Test(text, grows)
{
    ari_text t = { 0 };
    for (int i = 0; i < 1000; i++) {
        text_put(&t, "ab");
        text_printf(&t, "%d", i % 10);
        text_repeat(&t, '-', 2);
        text_put_span(&t, ARI_SPAN("xyz!"));
    }
    cr_assert(!t.failed && t.size == 9000 && t.data[9000] == '\0');
    for (int i = 0; i < 1000; i++) {
        char wanted[16];
        snprintf(wanted, sizeof(wanted), "ab%d--xyz!", i % 10);
        cr_assert(memcmp(t.data + 9 * i, wanted, 9) == 0);
    }
    text_free(&t);
    cr_expect(t.data == NULL && t.size == 0);
}

Test(text, remembers_that_memory_was_short)
{
    ari_text t = { 0 };
    text_put(&t, "a");
    text_put_span(&t, (ari_span){ (const uint8_t *)"x", SIZE_MAX });
    cr_expect(t.failed);
    text_put(&t, "b");
    cr_expect(t.failed && strcmp(t.data, "a") == 0);
    text_free(&t);
}

/* What is printed of foreign text: UTF-8 as it is, everything else in ASCII. */
Test(text, escapes_what_drives_a_terminal_or_does_not_show)
{
#define ROW(foreign, shown)   \
    {                         \
        BYTES(foreign), shown \
    }
    static const struct {
        ari_span foreign;
        const char *shown;
    } rows[] = {
        ROW("model.layers.0.weight", "model.layers.0.weight"),
        ROW("", ""),
        ROW("a b\"c'", "a b\"c'"),
        ROW("caf\xC3\xA9 \xED\x95\x9C\xEA\xB8\x80 \xF0\x9F\xA6\x99",
            "caf\xC3\xA9 \xED\x95\x9C\xEA\xB8\x80 \xF0\x9F\xA6\x99"),
        ROW("\n\r\t\\", "\\n\\r\\t\\\\"),
        ROW("\x1b[31mred\x07\x7f\0", "\\x1b[31mred\\x07\\x7f\\x00"),
        ROW("\xC2\x85\xC2\x9B", "\\u0085\\u009b"), /* C1: next line, and the one-byte CSI. */
        ROW("\xC2\xAD\xE2\x80\x8B\xE2\x80\xAE\xE2\x81\xA6", "\\u00ad\\u200b\\u202e\\u2066"),
        ROW("\xE2\x80\xA8\xE2\x80\xA9", "\\u2028\\u2029"),
        ROW("\xEF\xBB\xBF\xEF\xBF\xBE\xEE\x80\x80", "\\ufeff\\ufffe\\ue000"),
        ROW("\xF3\xA0\x81\x81", "\\U000e0041"), /* A tag character. */
        ROW("\xFF\xC0\xAF\x80", "\\xff\\xc0\\xaf\\x80"),
        ROW("\xED\xA0\x80", "\\xed\\xa0\\x80"), /* A surrogate. */
        ROW("\xE2\x82", "\\xe2\\x82"),          /* The beginning of a character. */
    };
#undef ROW
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ari_text t = { 0 };
        text_put(&t, "");
        text_escape(&t, rows[i].foreign, ESCAPE_ALL);
        expect_text(&t, rows[i].shown);
    }
}

Test(text, cuts_long_foreign_text_and_says_so)
{
    ari_text t = { 0 };
    text_escape(&t, ARI_SPAN("abcdefgh"), 3);
    expect_text(&t, "abc... (8 bytes)");
    text_escape(&t, ARI_SPAN("abc"), 3);
    expect_text(&t, "abc");
    text_escape(&t, ARI_SPAN("ab\xE2\x82\xAC!"), 3);
    expect_text(&t, "ab\xE2\x82\xAC... (6 bytes)");
}

/* RFC 3629, and the table of well-formed sequences in the Unicode standard (3-7). */
Test(text, decodes_utf8_strictly)
{
    static const struct {
        const char *bytes;
        size_t size;
        uint32_t code; /* UINT32_MAX: refused. */
    } rows[] = {
        { "\x00", 1, 0 },
        { "\x7F", 1, 0x7F },
        { "\xC2\x80", 2, 0x80 },
        { "\xDF\xBF", 2, 0x7FF },
        { "\xE0\xA0\x80", 3, 0x800 },
        { "\xED\x9F\xBF", 3, 0xD7FF },
        { "\xEE\x80\x80", 3, 0xE000 },
        { "\xEF\xBF\xBF", 3, 0xFFFF },
        { "\xF0\x90\x80\x80", 4, 0x10000 },
        { "\xF4\x8F\xBF\xBF", 4, 0x10FFFF },
        { "\x80", 1, UINT32_MAX },
        { "\xC0\x80", 2, UINT32_MAX },
        { "\xC1\xBF", 2, UINT32_MAX },
        { "\xC2", 1, UINT32_MAX },
        { "\xC2\x41", 2, UINT32_MAX },
        { "\xE0\x9F\xBF", 3, UINT32_MAX },
        { "\xED\xA0\x80", 3, UINT32_MAX },
        { "\xED\xBF\xBF", 3, UINT32_MAX },
        { "\xF0\x8F\xBF\xBF", 4, UINT32_MAX },
        { "\xF4\x90\x80\x80", 4, UINT32_MAX },
        { "\xF5\x80\x80\x80", 4, UINT32_MAX },
        { "\xFE", 1, UINT32_MAX },
        { "\xFF", 1, UINT32_MAX },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t length = 0;
        ari_span s = { (const uint8_t *)rows[i].bytes, rows[i].size };
        cr_expect(utf8_decode(s, &length) == rows[i].code, "row %zu", i);
        cr_expect(length == (rows[i].code == UINT32_MAX ? 1 : rows[i].size), "row %zu", i);
        cr_expect(utf8_valid(s) == (rows[i].code != UINT32_MAX), "row %zu", i);
    }
    size_t length;
    cr_expect(utf8_decode((ari_span){ 0 }, &length) == UINT32_MAX && length == 1);
    cr_expect(utf8_valid((ari_span){ 0 }));
}

Test(text, knows_where_a_cut_went_through_a_character)
{
    const char *text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\xA6\x99";
    static const size_t whole[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10 };
    for (size_t n = 0; n <= 10; n++) {
        cr_expect(utf8_whole((ari_span){ (const uint8_t *)text, n }) == whole[n], "%zu bytes", n);
    }
    cr_expect(utf8_whole(ARI_SPAN("ab\x80\x80\x80\x80")) == 6, "what never was a character is not cut");
}

/* A name in a message: its beginning, whatever it is made of, as valid UTF-8. */
Test(text, shows_the_beginning_of_a_name)
{
    cr_expect(strcmp(show(ARI_SPAN("short")).text, "short") == 0);
    cr_expect(strcmp(show((ari_span){ 0 }).text, "") == 0);
    char name[300];
    for (size_t controls = 0; controls < 40; controls++) {
        for (size_t i = 0; i < sizeof(name); i++) name[i] = "\xEA\xB8\x80"[i % 3];
        memset(name, 1, controls);
        ari_shown shown = show((ari_span){ (const uint8_t *)name, controls + 255 });
        cr_expect(utf8_valid(span_of(shown.text)), "after %zu controls", controls);
        cr_expect(span_ends(span_of(shown.text), "..."));
    }
}

Test(text, falls_back_to_ascii)
{
    ari_text t = { 0 };
    text_put_ascii(&t, "caf\xC3\xA9 \xE2\x9C\x93 \xF0\x9F\xA6\x99");
    expect_text(&t, "caf\\u00e9 \\u2713 \\U0001f999");
}

Test(text, escapes_markdown)
{
    ari_text t = { 0 };
    text_put_markdown(&t, "a|b_c*d`e <script> #1 [x](y) \\ ~");
    expect_text(&t, "a\\|b\\_c\\*d\\`e \\<script\\> \\#1 \\[x\\](y) \\\\ \\~");
}

Test(text, groups_thousands)
{
    static const struct {
        uint64_t n;
        const char *text;
    } rows[] = {
        { 0, "0" },
        { 999, "999" },
        { 1000, "1,000" },
        { 1000001, "1,000,001" },
        { UINT64_MAX, "18,446,744,073,709,551,615" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ari_text t = { 0 };
        text_thousands(&t, rows[i].n);
        expect_text(&t, rows[i].text);
    }
}

Test(text, counts_columns)
{
    cr_expect(text_columns("") == 0);
    cr_expect(text_columns("abc") == 3);
    cr_expect(text_columns("caf\xC3\xA9") == 4);
    cr_expect(text_columns("\xED\x95\x9C\xEA\xB8\x80") == 4, "two Korean syllables");
    cr_expect(text_columns("\xE3\x81\x82\xEF\xBC\x81") == 4, "kana and a fullwidth sign");
}

Test(text, escaped_copies_live_in_the_arena)
{
    ari_arena a = { 0 };
    cr_expect(strcmp(arena_escape(&a, ARI_SPAN("a\nb"), ESCAPE_ALL), "a\\nb") == 0);
    cr_expect(strcmp(arena_escape(&a, (ari_span){ 0 }, ESCAPE_ALL), "") == 0);
    cr_expect(strcmp(arena_escape(&a, ARI_SPAN("abcdef"), 2), "ab... (6 bytes)") == 0);
    arena_free(&a);
}

static const struct {
    ari_span bytes;
    const char *json;
} strings[] = {
    { BYTES(""), "\"\"" },
    { BYTES("model.norm"), "\"model.norm\"" },
    { BYTES("\"\\\n\t/"), "\"\\\"\\\\\\n\\t/\"" },
    { BYTES("\0\x1b\x7f"), "\"\\u0000\\u001b\\u007f\"" },
    { BYTES("\xC3\xA9\xED\x95\x9C"), "\"\xC3\xA9\xED\x95\x9C\"" },
    { BYTES("\xE2\x80\xAE"), "\"\\u202e\"" },
    { BYTES("\xF3\xA0\x80\x81"), "\"\\udb40\\udc01\"" },
    { BYTES("a\xFF\x80z"), "\"a\\udcff\\udc80z\"" },
    { BYTES("\xED\xB2\x80"), "\"\\udced\\udcb2\\udc80\"" },
    { BYTES("\xF3\xA0\x80\x81\xFF"), "\"\\udb40\\udc01\\udcff\"" },
};

/* What Python's json.dumps makes of them by surrogateescape, but that what shows stays as it is. */
Test(text, any_bytes_are_a_string_of_json)
{
    for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
        ari_text t = { 0 };
        ari_arena arena = { 0 };
        ari_err err = ARI_ERR_INIT;
        text_put_json(&t, strings[i].bytes);
        cr_expect_str_eq(t.data, strings[i].json);
        ari_cursor c = cursor_over(span_of(t.data), &err);
        json_reader r = json_over(&c, &arena, 1);
        cr_expect(span_eq(arena_json_bytes(&arena, json_string(&r)), strings[i].bytes), "%s", t.data);
        text_free(&t);
        arena_free(&arena);
    }
}
