#include "base/json.h"

#include "base/json_reader.h"
#include "files.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static json_tree *parse(const char *text)
{
    return json_parse(span_of(text), NULL);
}

/* What cJSON alone would let pass. */
Test(json, parses_strictly)
{
    static const struct {
        ari_span text;
        bool good;
        uint64_t at;
    } rows[] = {
        { BYTES("{\"a\": 1}"), true, 0 },
        { BYTES(" 1 "), true, 0 },
        { BYTES("{\"a\": 1} trail"), false, 9 },
        { BYTES("{\"a\": 1}\0"), false, 8 },
        { BYTES("{\"a\": \"\xFF\"}"), false, 7 },
        { BYTES("{\"\xC0\x80\": 1}"), false, 2 },
        { BYTES("{\"a\": \"\\ud800\"}"), false, 7 },
        { BYTES("{\"a\": \"b\nc\"}"), false, 8 },
        { BYTES("{\"a\": \"b\0c\"}"), false, 8 },
        { BYTES("{\"a\\u0000b\": 1}"), false, 2 },
        { BYTES("{\"a\": \"\\u0000\"}"), false, 7 },
        { BYTES("{\"a\": \"\\\\u0000\"}"), true, 0 },
        { BYTES("{\"a\": 01}"), false, 7 },
        { BYTES("{\"a\": 1.}"), false, 8 },
        { BYTES("{\"a\": +1}"), false, 6 },
        { BYTES("{\"a\": }"), false, 6 },
        { BYTES("{\"a\": 1,}"), false, 8 },
        { BYTES("\xEF\xBB\xBF{}"), false, 0 },
        { BYTES(""), false, 0 },
        { BYTES("   "), false, 3 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ari_err err = ARI_ERR_INIT;
        json_tree *tree = json_parse(rows[i].text, &err);
        cr_expect((tree != NULL) == rows[i].good, "row %zu", i);
        cr_expect(rows[i].good || (err.status == ARI_MALFORMED && err.offset == rows[i].at),
                  "row %zu: at %d, %s", i, (int)err.offset, err.text);
        json_free(tree);
    }
}

Test(json, looks_up_exactly_and_takes_the_last)
{
    json_tree *t = parse("{\"weight\": 1, \"Weight\": 2, \"weight\": 3, \"n\": null, \"o\": {\"x\": true}}");
    int64_t n;
    bool flag;
    cr_assert(t != NULL && json_size(t) == 5);
    cr_expect(json_integer(json_get(t, "weight"), &n) && n == 3);
    cr_expect(json_integer(json_get(t, "Weight"), &n) && n == 2);
    cr_expect(json_get(t, "WEIGHT") == NULL && json_get(NULL, "a") == NULL);
    cr_expect(json_get(json_get(t, "weight"), "a") == NULL, "a number has no members");
    cr_expect(json_is_null(json_get(t, "n")) && json_is_null(json_get(t, "absent")));
    cr_expect(json_bool(json_get(json_get(t, "o"), "x"), &flag) && flag);
    json_free(t);
}

Test(json, walks_children)
{
    json_tree *t = parse("[\"a\", 2, {\"k\": 3}]");
    const json_tree *c = json_child(t);
    cr_assert(json_is_array(t) && !json_is_object(t) && json_size(t) == 3);
    cr_expect(strcmp(json_text(c), "a") == 0 && strcmp(json_name(c), "") == 0);
    c = json_next(json_next(c));
    cr_expect(json_is_object(c) && strcmp(json_name(json_child(c)), "k") == 0 && json_next(c) == NULL);
    cr_expect(json_child(NULL) == NULL && json_size(NULL) == 0 && json_text(json_child(c)) == NULL);
    json_free(t);
}

Test(json, whole_numbers_up_to_two_to_53)
{
    static const struct {
        const char *text;
        bool whole;
        int64_t value;
    } rows[] = {
        { "0", true, 0 },
        { "-5", true, -5 },
        { "1e3", true, 1000 },
        { "1.5e1", true, 15 },
        { "2.0", true, 2 },
        { "2147483648", true, 2147483648 }, /* Where cJSON's valueint stops. */
        { "9007199254740992", true, 9007199254740992 },
        { "-9007199254740992", true, -9007199254740992 },
        { "9007199254740994", false, 0 },
        { "1e300", false, 0 },
        { "0.5", false, 0 },
        { "\"7\"", false, 0 },
        { "true", false, 0 },
        { "null", false, 0 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_tree *t = parse(rows[i].text);
        int64_t value = 0;
        cr_expect(json_integer(t, &value) == rows[i].whole, "%s", rows[i].text);
        cr_expect(value == rows[i].value, "%s", rows[i].text);
        json_free(t);
    }
}

Test(json, infinite_numbers_are_none)
{
    json_tree *t = parse("[1e999, -1e999, 1e-999, 0.25]");
    double d = 7;
    const json_tree *c = json_child(t);
    cr_expect(!json_number(c, &d) && !json_number(json_next(c), &d));
    c = json_next(json_next(c));
    cr_expect(json_number(c, &d) && fabs(d) <= 0.0);
    cr_expect(json_number(json_next(c), &d) && d > 0.249 && d < 0.251);
    json_free(t);
}

static json_tree *fill(json_builder *b)
{
    json_tree *top = json_begin(b);
    json_add_text(b, top, "text", "a\"b\\c\n");
    json_add_text(b, top, "none", NULL);
    json_add_uint(b, top, "exact", 9007199254740992);
    json_add_uint(b, top, "beyond", 9007199254740993);
    json_add_bool(b, top, "flag", true);
    json_add_null(b, top, "nothing");
    json_add_raw(b, top, "raw", "[1, 2]");
    json_tree *array = json_add_array(b, top, "array");
    json_add_uint(b, array, NULL, 0);
    json_add_text(b, json_add_object(b, array, NULL), "k", "v");
    return top;
}

Test(json, builds)
{
    json_builder b;
    ari_text out = { 0 };
    fill(&b);
    cr_assert(json_finish(&b, false, &out));
    cr_expect(strcmp(out.data,
                     "{\"text\":\"a\\\"b\\\\c\\n\",\"none\":null,\"exact\":9007199254740992,"
                     "\"beyond\":\"9007199254740993\",\"flag\":true,\"nothing\":null,\"raw\":[1, 2],"
                     "\"array\":[0,{\"k\":\"v\"}]}") == 0,
              "%s", out.data);
    text_free(&out);
    fill(&b);
    cr_expect(json_finish(&b, true, &out));
    json_tree *again = parse(out.data);
    cr_expect(again != NULL && json_size(again) == 8);
    json_free(again);
    text_free(&out);
}

Test(json, remembers_a_failure)
{
    json_builder b;
    ari_text out = { 0 };
    json_tree *top = json_begin(&b);
    cr_expect(json_add_object(&b, NULL, "a") == NULL, "of a parent that could not be made");
    json_add_text(&b, top, "b", "c");
    cr_expect(b.failed && !json_finish(&b, false, &out) && out.data == NULL);
}

Test(json, prints_single_values)
{
    ari_text out = { 0 };
    json_put_string(&out, "a\"b\xC3\xA9");
    json_put_uint(&out, 7);
    json_put_uint(&out, UINT64_MAX);
    cr_expect(strcmp(out.data, "\"a\\\"b\xC3\xA9\"7\"18446744073709551615\"") == 0, "%s", out.data);
    text_free(&out);
}

/* Foreign trees come out as one line of JSON, with what is dangerous in their strings escaped twice: once
 * for the reader's terminal, once for JSON. */
Test(json, prints_foreign_trees)
{
    static const struct {
        const char *text, *printed;
    } rows[] = {
        { "{}", "{}" },
        { "[]", "[]" },
        { "[[], {}, [[]]]", "[[],{},[[]]]" },
        { "{\"a\": [1, 2.5, {\"b\": null}], \"c\": {\"d\": true}, \"e\": -0.5}",
          "{\"a\":[1,2.5,{\"b\":null}],\"c\":{\"d\":true},\"e\":-0.5}" },
        { "\"\\u001b[31m\"", "\"\\\\x1b[31m\"" },
        { "{\"\\u202e\": \"\\\\\"}", "{\"\\\\u202e\":\"\\\\\\\\\"}" },
        { "\"\xED\x95\x9C\"", "\"\xED\x95\x9C\"" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_tree *t = parse(rows[i].text);
        ari_text out = { 0 };
        cr_assert(t != NULL, "%s", rows[i].text);
        json_print_foreign(t, &out);
        cr_expect(strcmp(out.data, rows[i].printed) == 0, "%s", out.data);
        text_free(&out);
        json_free(t);
    }
}

Test(json, prints_foreign_trees_as_deep_as_they_parse)
{
    char text[2 * JSON_MAX_DEPTH + 1];
    memset(text, '[', JSON_MAX_DEPTH);
    memset(text + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
    text[2 * JSON_MAX_DEPTH] = '\0';
    json_tree *t = parse(text);
    ari_text out = { 0 };
    cr_assert(t != NULL);
    json_print_foreign(t, &out);
    cr_expect(strcmp(out.data, text) == 0);
    text_free(&out);
    json_free(t);
}
