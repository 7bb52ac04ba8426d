/* What the reference reader of safetensors accepts and refuses, rule by rule, beside what we say.
 *
 * The column of the reference is not ours: it is what its crate did with these headers
 * (huggingface/safetensors at 24b0b28, 2026-05-12). What it refuses must be an error here, of reading or
 * among the findings. What it accepts must have no error, but where we are stricter on purpose, which the row
 * says. */
#include "files.h"
#include "reading.h"

#include <criterion/criterion.h>
#include <stdlib.h>

typedef enum verdict { ACCEPTS, REFUSES } verdict;

/* OURS: the same. STRICTER: an error here. ODD: a warning here. */
typedef enum own { SAME, ODD, STRICTER } own;

typedef struct row {
    const char *rule;
    verdict reference;
    own ours;
    ari_span header;
    size_t data;
} row;

#define R(rule, reference, ours, header, data)                                         \
    {                                                                                  \
        rule, reference, ours, { (const uint8_t *)(header), sizeof(header) - 1 }, data \
    }
#define T(dtype, shape, begin, end) \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"
#define DEEP16 "[[[[[[[[[[[[[[[["

static const row rows[] = {
    /* §2: the checks in their order. */
    R("4: invalid UTF-8 in the header", REFUSES, SAME, "{\"\xFF\":" T("U8", "[1]", "0", "1") "}", 1),
    R("5: not JSON", REFUSES, SAME, "{\"a\"", 0),
    R("6: first BEGIN is not 0", REFUSES, SAME, "{\"a\":" T("U8", "[1]", "1", "2") "}", 2),
    R("6: a hole", REFUSES, SAME, "{\"a\":" T("U8", "[1]", "0", "1") ",\"b\":" T("U8", "[1]", "2", "3") "}",
      3),
    R("6: an overlap", REFUSES, SAME,
      "{\"a\":" T("U8", "[2]", "0", "2") ",\"b\":" T("U8", "[2]", "1", "3") "}", 3),
    R("6: END before BEGIN", REFUSES, SAME, "{\"a\":" T("U8", "[1]", "1", "0") "}", 1),
    R("6: ten tensors in one place", REFUSES, SAME,
      "{\"a\":" T("U8", "[4]", "0", "4") ",\"b\":" T("U8", "[4]", "0", "4") ",\"c\":" T("U8", "[4]", "0",
                                                                                        "4") "}",
      4),
    R("7: a product that overflows", REFUSES, SAME,
      "{\"a\":" T("U8", "[2,18446744073709551614]", "0", "4") "}", 4),
    R("7: a product of exactly 2^64", REFUSES, SAME,
      "{\"a\":" T("U8", "[2,9223372036854775808]", "0", "4") "}", 4),
    R("7: bits that overflow", REFUSES, SAME, "{\"a\":" T("F64", "[2,9223372036854775807]", "0", "4") "}", 4),
    R("7: overflow before a zero", REFUSES, SAME,
      "{\"a\":" T("U8", "[9223372036854775808,4,0]", "0", "0") "}", 0),
    R("7: a zero before overflow", ACCEPTS, SAME,
      "{\"a\":" T("U8", "[0,9223372036854775808,4]", "0", "0") "}", 0),
    R("8: half a byte", REFUSES, SAME, "{\"a\":" T("F4", "[1,3]", "0", "2") "}", 2),
    R("8: two in a byte", ACCEPTS, SAME, "{\"a\":" T("F4", "[1,2]", "0", "1") "}", 1),
    R("8: six bits, four in three bytes", ACCEPTS, SAME, "{\"a\":" T("F6_E3M2", "[4]", "0", "3") "}", 3),
    R("8: six bits, two", REFUSES, SAME, "{\"a\":" T("F6_E3M2", "[2]", "0", "2") "}", 2),
    R("9: another size than the shape's", REFUSES, SAME, "{\"a\":" T("F32", "[2]", "0", "4") "}", 4),
    R("10: bytes behind the last tensor", REFUSES, SAME, "{\"a\":" T("U8", "[1]", "0", "1") "}", 2),
    R("10: two bytes missing", REFUSES, SAME, "{\"a\":" T("U8", "[4]", "0", "4") "}", 2),
    R("no tensors", ACCEPTS, SAME, "{}", 0),
    R("no tensors, and a byte", REFUSES, SAME, "{}", 1),
    R("rank 0", ACCEPTS, SAME, "{\"a\":" T("F32", "[]", "0", "4") "}", 4),
    R("the order of the header is free", ACCEPTS, SAME,
      "{\"b\":" T("U8", "[1]", "1", "2") ",\"a\":" T("U8", "[1]", "0", "1") "}", 2),
    R("no alignment", ACCEPTS, SAME,
      "{\"a\":" T("U8", "[1]", "0", "1") ",\"b\":" T("F64", "[1]", "1", "9") "}", 9),
    /* §4: how strict the JSON is. */
    R("white space before {", ACCEPTS, ODD, " \t\r\n{}", 0),
    R("white space behind }", ACCEPTS, SAME, "{} \t\r\n", 0),
    R("NUL behind }", REFUSES, SAME, "{}\0", 0),
    R("a byte-order mark", REFUSES, SAME, "\xEF\xBB\xBF{}", 0),
    R("an empty header", REFUSES, SAME, "", 0),
    R("an array", REFUSES, SAME, "[]", 0),
    R("a comment", REFUSES, SAME, "{/*x*/}", 0),
    R("a trailing comma", REFUSES, SAME, "{\"a\":" T("U8", "[1]", "0", "1") ",}", 1),
    R("single quotes", REFUSES, SAME, "{'a':" T("U8", "[1]", "0", "1") "}", 1),
    R("one name twice, one place", ACCEPTS, STRICTER,
      "{\"a\":" T("U8", "[1]", "0", "1") ",\"a\":" T("I8", "[1]", "0", "1") "}", 1),
    R("one name twice, two places", REFUSES, SAME,
      "{\"a\":" T("U8", "[1]", "0", "1") ",\"a\":" T("U8", "[1]", "1", "2") "}", 2),
    R("one name twice, the first empty", ACCEPTS, STRICTER,
      "{\"a\":" T("U8", "[0]", "0", "0") ",\"a\":" T("U8", "[1]", "0", "1") "}", 1),
    R("__metadata__ twice", REFUSES, SAME, "{\"__metadata__\":{},\"__metadata__\":{}}", 0),
    R("a key twice in __metadata__", ACCEPTS, ODD, "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0),
    R("dtype twice", REFUSES, SAME,
      "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1),
    R("shape twice", REFUSES, SAME,
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,1]}}", 1),
    R("a field nobody knows", ACCEPTS, ODD,
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"x\":[{}]}}", 1),
    R("a field missing", REFUSES, SAME, "{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1),
    R("__metadata__ is null", ACCEPTS, SAME, "{\"__metadata__\":null}", 0),
    R("__metadata__ is a list", REFUSES, SAME, "{\"__metadata__\":[]}", 0),
    R("a number in __metadata__", REFUSES, SAME, "{\"__metadata__\":{\"k\":1}}", 0),
    R("a tensor as a list", ACCEPTS, STRICTER, "{\"a\":[\"U8\",[1],[0,1]]}", 1),
    R("dtype as an object", ACCEPTS, STRICTER,
      "{\"a\":{\"dtype\":{\"U8\":null},\"shape\":[1],\"data_offsets\":[0,1]}}", 1),
    R("an unknown dtype", REFUSES, SAME, "{\"a\":" T("U9", "[1]", "0", "1") "}", 1),
    R("a dtype in small letters", REFUSES, SAME, "{\"a\":" T("u8", "[1]", "0", "1") "}", 1),
    R("2.0 as a size", REFUSES, SAME, "{\"a\":" T("U8", "[2.0]", "0", "2") "}", 2),
    R("2e0 as a size", REFUSES, SAME, "{\"a\":" T("U8", "[2e0]", "0", "2") "}", 2),
    R("-0 as an offset", REFUSES, SAME, "{\"a\":" T("U8", "[1]", "-0", "1") "}", 1),
    R("-2 as a size", REFUSES, SAME, "{\"a\":" T("U8", "[-2]", "0", "1") "}", 1),
    R("2^64 as a size", REFUSES, SAME, "{\"a\":" T("U8", "[18446744073709551616]", "0", "1") "}", 1),
    R("one offset", REFUSES, SAME, "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0]}}", 1),
    R("three offsets", REFUSES, SAME, "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1,1]}}", 1),
    R("an empty name", ACCEPTS, ODD, "{\"\":" T("U8", "[1]", "0", "1") "}", 1),
    R("NUL in a name", ACCEPTS, ODD, "{\"a\\u0000b\":" T("U8", "[1]", "0", "1") "}", 1),
    R("a lone surrogate", REFUSES, SAME, "{\"\\ud800\":" T("U8", "[1]", "0", "1") "}", 1),
    R("a raw control character", REFUSES, SAME, "{\"a\x01\":" T("U8", "[1]", "0", "1") "}", 1),
    R("nesting of more than 128", REFUSES, SAME,
      "{\"a\":{\"x\":" DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 "]", 0),
    R("an empty tensor inside another", REFUSES, SAME,
      "{\"a\":" T("U8", "[4]", "0", "4") ",\"b\":" T("U8", "[0]", "2", "2") "}", 4),
    R("empty tensors at a boundary", ACCEPTS, SAME,
      "{\"a\":" T("U8", "[0]", "0", "0") ",\"b\":" T("U8", "[0]", "0", "0") ",\"c\":" T("U8", "[1]", "0",
                                                                                        "1") "}",
      1),
};

/* Of headers whose length is said wrongly, the whole file. */
static const struct file {
    const char *rule;
    ari_span bytes;
} files[] = {
    { "1: seven bytes", BYTES("\x02\0\0\0\0\0\0") },
    { "2: a length of 2^56 and more", BYTES("\x02\0\0\0\xFF\xFF\xFF\xFF{}") },
    { "2: a length of 100,000,001", BYTES("\x01\xE1\xF5\x05\0\0\0\0{}") },
    { "3: a length beyond the file", BYTES("\x03\0\0\0\0\0\0\0{}") },
    { "3: a length that wraps", BYTES("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF{}") },
    { "a length of 1, {", BYTES("\x01\0\0\0\0\0\0\0{") },
    { "a length of 1, 0xFF", BYTES("\x01\0\0\0\0\0\0\0\xFF") },
    { "a length of 0", BYTES("\0\0\0\0\0\0\0\0") },
};

/* The gravest that we say: nothing, ODD, or STRICTER for an error of either kind. */
static own say(reading *r)
{
    own worst = r->c == NULL ? STRICTER : SAME;
    for (size_t i = 0; r->c != NULL && i < r->c->findings.count; i++) {
        ari_severity s = r->c->findings.items[i].severity;
        if (s == ARI_ERROR) worst = STRICTER;
        if (s == ARI_WARNING && worst == SAME) worst = ODD;
    }
    reading_free(r);
    return worst;
}

static own read_row(const row *w)
{
    uint8_t *content = calloc(1, 8 + w->header.size + w->data);
    for (unsigned i = 0; i < 8; i++) content[i] = (uint8_t)(w->header.size >> (8 * i));
    memcpy(content + 8, w->header.data, w->header.size);
    reading r = read_bytes((ari_span){ content, 8 + w->header.size + w->data }, NULL);
    free(content);
    return say(&r);
}

Test(reference, rules_of_safetensors)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        own wanted = rows[i].reference == REFUSES ? STRICTER : rows[i].ours;
        own got = read_row(&rows[i]);
        cr_expect(got == wanted, "%s: %d, not %d", rows[i].rule, (int)got, (int)wanted);
    }
}

Test(reference, lengths_of_safetensors)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        reading r = read_bytes(files[i].bytes, NULL);
        cr_expect(say(&r) == STRICTER, "%s", files[i].rule);
    }
}
