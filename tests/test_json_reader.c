#include "base/json_reader.h"

#include "files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* A reader over a text, and what it needs to live. */
typedef struct fixture {
    ari_arena arena;
    ari_err err;
    ari_cursor cursor;
    json_reader r;
} fixture;

static void open_reader(fixture *f, ari_span text)
{
    *f = (fixture){ .err = ARI_ERR_INIT };
    f->cursor = cursor_over(text, &f->err);
    f->r = json_over(&f->cursor, &f->arena, JSON_MAX_DEPTH);
}

static void close_reader(fixture *f)
{
    arena_free(&f->arena);
}

#define ROW(text, at)   \
    {                   \
        BYTES(text), at \
    }
enum { GOOD = -1 };

/* RFC 8259, clause by clause: what is JSON, and at which byte the rest is not. */
static const struct {
    ari_span text;
    int at;
} grammar[] = {
    ROW("{}", GOOD),
    ROW("[]", GOOD),
    ROW(" \t\r\n[ 1 , 2 ] \n", GOOD),
    ROW("{\"a\":{\"b\":[null,true,false]}}", GOOD),
    ROW("\"\"", GOOD),
    ROW("0", GOOD),
    ROW("-0", GOOD),
    ROW("-12.50e+10", GOOD),
    ROW("1E-7", GOOD),
    ROW("[[[[]]],{}]", GOOD),
    ROW("{\"a\":1,\"a\":2}", GOOD),
    ROW("\"\\u0000\\\"\\\\\\/\\b\\f\\n\\r\\t\"", GOOD),

    ROW("", 0),
    ROW("  ", 2),
    ROW("{", 1),
    ROW("[", 1),
    ROW("[1", 2),
    ROW("{\"a\"", 4),
    ROW("{\"a\":", 5),
    ROW("{\"a\":1", 6),
    ROW("[1,]", 3),
    ROW("[,1]", 1),
    ROW("[1 2]", 3),
    ROW("{\"a\":1,}", 7),
    ROW("{,}", 1),
    ROW("{a:1}", 1),
    ROW("{'a':1}", 1),
    ROW("{\"a\" 1}", 5),
    ROW("{1:1}", 1),
    ROW("[1}", 2),
    ROW("{\"a\":1]", 6),
    ROW("]", 0),
    ROW("[1]]", 3),
    ROW("{} {}", 3),
    ROW("{}\0", 2),
    ROW("\xEF\xBB\xBF{}", 0),
    ROW("// x\n1", 0),
    ROW("/**/1", 0),
    ROW("NaN", 0),
    ROW("Infinity", 0),
    ROW("-", 1),
    ROW("+1", 0),
    ROW(".5", 0),
    ROW("1.", 2),
    ROW("1.e3", 2),
    ROW("1e", 2),
    ROW("1e+", 3),
    ROW("01", 1),
    ROW("-01", 2),
    ROW("0x10", 1),
    ROW("tru", 0),
    ROW("truex", 4),
    ROW("nul", 0),
    ROW("True", 0),
    ROW("\"abc", 0),
    ROW("[\"abc", 1),
    ROW("\"\\", 0),
    ROW("\"\\\"", 0),
    ROW("\"a\\x\"", 2),
    ROW("\"\\u12\"", 1),
    ROW("\"ab\\u12G4\"", 3),
    ROW("'a'", 0),
    ROW("undefined", 0),
};

Test(json_reader, takes_exactly_the_grammar)
{
    for (size_t i = 0; i < sizeof(grammar) / sizeof(grammar[0]); i++) {
        fixture f;
        open_reader(&f, grammar[i].text);
        ari_span value = json_skip(&f.r);
        bool good = json_end(&f.r);
        const char *text = (const char *)grammar[i].text.data;
        cr_expect(good == (grammar[i].at == GOOD), "%s: %s", text, f.err.text);
        if (!good) {
            cr_expect(f.err.status == ARI_MALFORMED, "%s", text);
            cr_expect(f.err.offset == (uint64_t)grammar[i].at, "%s: at %d, not %d", text, (int)f.err.offset,
                      grammar[i].at);
        } else {
            cr_expect(value.size > 0, "%s", text);
        }
        close_reader(&f);
    }
}

/* Every prefix of a good text is bad, and none of them is read beyond. */
Test(json_reader, a_prefix_is_never_enough)
{
    static const char text[] =
        "{\"a\\u00e9\": [1.5e3, -0, {\"b\": null}, \"x\\\"y\", true, false], \"c\": {}}";
    for (size_t n = 0; n < sizeof(text) - 1; n++) {
        fixture f;
        char *exact = malloc(n + 1);
        memcpy(exact, text, n);
        open_reader(&f, (ari_span){ (const uint8_t *)exact, n });
        json_skip(&f.r);
        cr_expect(!json_end(&f.r) && f.err.status == ARI_MALFORMED && f.err.offset <= n, "%zu bytes", n);
        close_reader(&f);
        free(exact);
    }
}

Test(json_reader, strings_mean_what_they_say)
{
    static const struct {
        ari_span text, meaning;
        bool good_utf8;
    } rows[] = {
        { BYTES("\"plain\""), BYTES("plain"), true },
        { BYTES("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), BYTES("\"\\/\b\f\n\r\t"), true },
        { BYTES("\"a\\u0000b\""), BYTES("a\0b"), true },
        { BYTES("\"\\u0041\\u00e9\\u20AC\""), BYTES("A\xC3\xA9\xE2\x82\xAC"), true },
        { BYTES("\"\\ud83d\\ude00\""), BYTES("\xF0\x9F\x98\x80"), true },
        { BYTES("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""), BYTES("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"), true },
        { BYTES("\"caf\xC3\xA9\""), BYTES("caf\xC3\xA9"), true },
        { BYTES("\"\xFF\""), BYTES("\xFF"), false },
        { BYTES("\"\\ud83d\""), BYTES("\xED\xA0\xBD"), false },
        { BYTES("\"\\ud83dx\\ude00\""), BYTES("\xED\xA0\xBDx\xED\xB8\x80"), false },
        { BYTES("\"\\ude00\\ud83d\""), BYTES("\xED\xB8\x80\xED\xA0\xBD"), false },
        { BYTES("\"\\ud83d\\u0041\""),
          BYTES("\xED\xA0\xBD"
                "A"),
          false },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture f;
        open_reader(&f, rows[i].text);
        ari_span got = json_string(&f.r);
        cr_expect(json_end(&f.r) && span_eq(got, rows[i].meaning), "row %zu", i);
        cr_expect((f.r.bad_utf8_at == ARI_NO_OFFSET) == rows[i].good_utf8, "row %zu", i);
        cr_expect(f.r.control_at == ARI_NO_OFFSET);
        close_reader(&f);
    }
}

Test(json_reader, strings_without_escapes_are_views)
{
    static const char text[] = "[\"0123456789abcdef0123456789abcdef\"]";
    fixture f;
    open_reader(&f, span_of(text));
    bool first = true;
    json_enter(&f.r, JSON_ARRAY);
    cr_assert(json_element(&f.r, &first));
    ari_span s = json_string(&f.r);
    cr_expect(s.data == (const uint8_t *)text + 2 && s.size == 32);
    cr_expect(f.arena.blocks == NULL, "nothing was copied");
    close_reader(&f);
}

Test(json_reader, notes_controls_and_bad_utf8_and_reads_on)
{
    fixture f;
    open_reader(&f, ARI_SPAN("[\"ab\x01\x02\", \"ok\", \"\xC3\x28\", \"\xFF\"]"));
    json_skip(&f.r);
    cr_expect(json_end(&f.r));
    cr_expect(f.r.control_at == 4, "of several, the first");
    cr_expect(f.r.bad_utf8_at == 16);
    close_reader(&f);
}

/* The scan of eight bytes at a time must see each special byte at each place. */
Test(json_reader, finds_the_end_of_strings_of_every_length)
{
    for (size_t n = 0; n < 40; n++) {
        for (size_t special = 0; special <= n; special++) {
            char text[64] = "\"";
            memset(text + 1, 'x', n);
            if (special < n) text[1 + special] = '\x1f';
            text[n + 1] = '"';
            fixture f;
            open_reader(&f, (ari_span){ (const uint8_t *)text, n + 2 });
            cr_expect(json_string(&f.r).size == n && json_end(&f.r), "%zu, %zu", n, special);
            cr_expect(f.r.control_at == (special < n ? 1 + special : ARI_NO_OFFSET), "%zu, %zu", n, special);
            close_reader(&f);
        }
    }
}

Test(json_reader, integers_are_plain_and_exact)
{
    static const struct {
        const char *text;
        bool good;
        uint64_t value;
    } rows[] = {
        { "0", true, 0 },
        { "7", true, 7 },
        { "9007199254740993", true, 9007199254740993 }, /* No double holds it. */
        { "18446744073709551615", true, UINT64_MAX },
        { "18446744073709551616", false, 0 },
        { "99999999999999999999999", false, 0 },
        { "00", false, 0 },
        { "01", false, 0 },
        { "-0", false, 0 },
        { "-1", false, 0 },
        { "1.0", false, 0 },
        { "1e3", false, 0 },
        { "1E3", false, 0 },
        { "\"1\"", false, 0 },
        { "null", false, 0 },
        { "", false, 0 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture f;
        open_reader(&f, span_of(rows[i].text));
        uint64_t value = json_uint(&f.r);
        cr_expect(json_end(&f.r) == rows[i].good, "%s", rows[i].text);
        cr_expect(!rows[i].good || value == rows[i].value, "%s", rows[i].text);
        cr_expect(rows[i].good || f.err.offset == 0, "%s", rows[i].text);
        close_reader(&f);
    }
}

Test(json_reader, walks_members_and_elements)
{
    fixture f;
    open_reader(&f, ARI_SPAN(" { \"a\" : [ 1 , 2 , 3 ] , \"b\" : null , \"c\" : { } } "));
    ari_span key;
    uint64_t sum = 0;
    char keys[8] = "";
    json_enter(&f.r, JSON_OBJECT);
    for (bool first = true; json_member(&f.r, &first, &key);) {
        strncat(keys, (const char *)key.data, key.size);
        if (span_is(key, "a")) {
            json_enter(&f.r, JSON_ARRAY);
            for (bool one = true; json_element(&f.r, &one);) sum += json_uint(&f.r);
        } else if (!json_null(&f.r)) {
            json_skip(&f.r);
        }
    }
    cr_expect(json_end(&f.r) && strcmp(keys, "abc") == 0 && sum == 6);
    close_reader(&f);
}

Test(json_reader, peeks_without_consuming)
{
    static const struct {
        const char *text;
        json_kind kind;
    } rows[] = {
        { " {", JSON_OBJECT }, { "[", JSON_ARRAY },    { "\"", JSON_STRING }, { "-1", JSON_NUMBER },
        { "9", JSON_NUMBER },  { "true", JSON_WORD },  { "null", JSON_WORD }, { "", JSON_NOTHING },
        { "]", JSON_NOTHING }, { "+1", JSON_NOTHING },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture f;
        open_reader(&f, span_of(rows[i].text));
        cr_expect(json_peek(&f.r) == rows[i].kind && json_peek(&f.r) == rows[i].kind, "%s", rows[i].text);
        cr_expect(json_ok(&f.r));
        close_reader(&f);
    }
}

Test(json_reader, skipping_returns_the_bytes_of_the_value)
{
    static const char text[] = "[ {\"x\": [1, 2]} , \"s\" , -1.5 ]";
    static const char *const values[] = { "{\"x\": [1, 2]}", "\"s\"", "-1.5" };
    fixture f;
    open_reader(&f, span_of(text));
    size_t n = 0;
    json_enter(&f.r, JSON_ARRAY);
    for (bool first = true; json_element(&f.r, &first); n++) {
        cr_assert(n < 3);
        cr_expect(span_is(json_skip(&f.r), values[n]), "%s", values[n]);
    }
    cr_expect(n == 3 && json_end(&f.r));
    close_reader(&f);
}

/* Brackets of both kinds, `levels` deep. */
static size_t nest(char *out, size_t levels)
{
    size_t n = 0;
    for (size_t i = 0; i < levels; i++) n += (size_t)sprintf(out + n, "%s", i % 2 == 0 ? "[" : "{\"a\":");
    if (levels % 2 == 0) n += (size_t)sprintf(out + n, "0");
    for (size_t i = levels; i > 0; i--) n += (size_t)sprintf(out + n, "%s", i % 2 == 1 ? "]" : "}");
    return n;
}

Test(json_reader, nesting_has_a_limit)
{
    static const struct {
        size_t levels;
        uint64_t limit;
        bool good;
    } rows[] = {
        { 1, 1, true },       { 2, 1, false },     { 64, 64, true },   { 65, 64, false },
        { 128, 128, true },   { 129, 128, false }, { 128, 999, true }, { 129, 999, false },
        { 1000, 128, false }, { 1, 0, false },
    };
    static char text[16384];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture f;
        size_t n = nest(text, rows[i].levels);
        open_reader(&f, (ari_span){ (const uint8_t *)text, n });
        f.r = json_over(&f.cursor, &f.arena, rows[i].limit);
        json_skip(&f.r);
        cr_expect(json_end(&f.r) == rows[i].good, "%zu levels, limit %d", rows[i].levels, (int)rows[i].limit);
        cr_expect(rows[i].good || f.err.status == ARI_LIMIT, "%zu levels", rows[i].levels);
        close_reader(&f);
    }
}

Test(json_reader, does_nothing_after_a_failure)
{
    fixture f;
    open_reader(&f, ARI_SPAN("x 1 2 3"));
    ari_span key;
    bool first = true;
    json_uint(&f.r);
    cr_expect(!json_ok(&f.r) && f.err.offset == 0);
    cr_expect(!json_enter(&f.r, JSON_OBJECT) && !json_member(&f.r, &first, &key));
    cr_expect(json_skip(&f.r).size == 0 && json_string(&f.r).size == 0 && json_uint(&f.r) == 0);
    cr_expect(!json_null(&f.r) && !json_end(&f.r) && json_peek(&f.r) == JSON_NOTHING);
    cr_expect(f.cursor.at == 0 && f.err.offset == 0);
    close_reader(&f);
}
