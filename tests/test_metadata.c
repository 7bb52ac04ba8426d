#include "read/metadata.h"

#include <criterion/criterion.h>
#include <math.h>

/* A value of GGUF as its bytes. */
#define VALUE(kind, literal)                                                                 \
    (ari_meta)                                                                               \
    {                                                                                        \
        .type = ARI_META_##kind, .bytes = {(const uint8_t *)(literal), sizeof(literal) - 1 } \
    }
#define ARRAY_OF(kind, n, literal)                                                 \
    (ari_meta)                                                                     \
    {                                                                              \
        .type = ARI_META_ARRAY, .element = ARI_META_##kind, .count = n, .bytes = { \
            (const uint8_t *)(literal),                                            \
            sizeof(literal) - 1                                                    \
        }                                                                          \
    }

Test(metadata, widths_of_types)
{
    /* GGUF's value types 0 to 12, and one more. */
    static const unsigned widths[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8, 0 };
    static const char *const words[] = { "u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                         "bool", "string", "array", "u64", "i64", "f64", "?" };
    for (uint32_t type = 0; type < 14; type++) {
        cr_expect(meta_type_bytes(type) == widths[type], "%u", type);
        cr_expect(strcmp(meta_type_word(type), words[type]) == 0, "%u", type);
    }
    cr_expect(meta_type_bytes(UINT32_MAX) == 0);
}

Test(metadata, whole_numbers)
{
    const struct {
        ari_meta m;
        int64_t value;
    } rows[] = {
        { VALUE(U8, "\xFF"), 255 },
        { VALUE(I8, "\xFF"), -1 },
        { VALUE(U16, "\x34\x12"), 0x1234 },
        { VALUE(I16, "\x00\x80"), -32768 },
        { VALUE(U32, "\xFF\xFF\xFF\xFF"), 4294967295 },
        { VALUE(I32, "\xFE\xFF\xFF\xFF"), -2 },
        { VALUE(U64, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"), INT64_MAX },
        { VALUE(I64, "\x00\x00\x00\x00\x00\x00\x00\x80"), INT64_MIN },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t value = 0;
        double real = 0;
        cr_expect(meta_integer(&rows[i].m, 0, &value) && value == rows[i].value, "row %zu", i);
        cr_expect(meta_number(&rows[i].m, 0, &real) &&
                  (int64_t)floor(real / 2) == (int64_t)floor((double)value / 2));
        ari_meta cut = rows[i].m;
        cut.bytes.size--;
        cr_expect(!meta_integer(&cut, 0, &value), "row %zu", i);
    }
}

Test(metadata, big_endian_numbers)
{
    ari_meta m = VALUE(U32, "\x01\x02\x03\x04");
    m.big = true;
    int64_t value;
    cr_expect(meta_integer(&m, 0, &value) && value == 0x01020304);
    ari_meta f = VALUE(F32, "\x3F\xC0\x00\x00"); /* 1.5 in IEEE 754. */
    f.big = true;
    double real;
    cr_expect(meta_number(&f, 0, &real) && real > 1.49 && real < 1.51);
}

Test(metadata, real_numbers)
{
    double real = 0;
    int64_t whole;
    bool flag;
    ari_meta f32 = VALUE(F32, "\x00\x00\x20\xC1");                 /* -10 */
    ari_meta f64 = VALUE(F64, "\x00\x00\x00\x00\x00\x00\xC0\xBF"); /* -0.125 */
    cr_expect(meta_number(&f32, 0, &real) && real < -9.9 && real > -10.1);
    cr_expect(meta_number(&f64, 0, &real) && real < -0.124 && real > -0.126);
    cr_expect(!meta_integer(&f32, 0, &whole) && !meta_bool(&f32, 0, &flag));
    ari_meta above = VALUE(U64, "\x00\x00\x00\x00\x00\x00\x00\x80");
    cr_expect(!meta_integer(&above, 0, &whole), "2^63 is no int64_t");
    cr_expect(meta_number(&above, 0, &real) && real > 9.2e18 && real < 9.3e18);
}

/* JSON has no word for these. */
Test(metadata, infinities_are_no_numbers)
{
    double real;
    ari_meta inf = VALUE(F32, "\x00\x00\x80\x7F"), minus = VALUE(F64, "\x00\x00\x00\x00\x00\x00\xF0\xFF");
    ari_meta nan32 = VALUE(F32, "\x01\x00\xC0\x7F");
    cr_expect(!meta_number(&inf, 0, &real) && !meta_number(&minus, 0, &real) &&
              !meta_number(&nan32, 0, &real));
}

Test(metadata, booleans_are_no_numbers)
{
    ari_meta yes = VALUE(BOOL, "\x01"), odd = VALUE(BOOL, "\x7F"), no = VALUE(BOOL, "\x00");
    bool flag = false;
    double real;
    int64_t whole;
    cr_expect(meta_bool(&yes, 0, &flag) && flag);
    cr_expect(meta_bool(&odd, 0, &flag) && flag, "any other than 0 is true, as for the C reader");
    cr_expect(meta_bool(&no, 0, &flag) && !flag);
    cr_expect(!meta_number(&yes, 0, &real) && !meta_integer(&yes, 0, &whole));
}

Test(metadata, elements_of_arrays)
{
    ari_meta m = ARRAY_OF(I16, 3, "\x01\x00\xFF\xFF\x00\x01");
    int64_t value;
    cr_expect(meta_integer(&m, 0, &value) && value == 1);
    cr_expect(meta_integer(&m, 1, &value) && value == -1);
    cr_expect(meta_integer(&m, 2, &value) && value == 256);
    cr_expect(!meta_integer(&m, 3, &value) && !meta_integer(&m, UINT64_MAX, &value));
    m.count = UINT64_MAX; /* Whatever it claims, no byte beyond its own is read. */
    cr_expect(!meta_integer(&m, 3, &value) && !meta_integer(&m, UINT64_MAX / 2, &value));
    ari_meta text = VALUE(STRING, "12"), strings = ARRAY_OF(STRING, 1, "\x01\0\0\0\0\0\0\0a");
    cr_expect(!meta_integer(&text, 0, &value) && !meta_integer(&strings, 0, &value));
}

static void expect_print(ari_meta m, size_t most, const char *wanted)
{
    ari_text out = { 0 };
    text_put(&out, "");
    meta_print(&m, most, &out);
    cr_expect(strcmp(out.data, wanted) == 0, "\"%s\", not \"%s\"", out.data, wanted);
    text_free(&out);
}

Test(metadata, prints_as_people_write)
{
    expect_print(VALUE(U8, "\xC8"), 100, "200");
    expect_print(VALUE(I64, "\x00\x00\x00\x00\x00\x00\x00\x80"), 100, "-9223372036854775808");
    expect_print(VALUE(U64, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), 100, "18446744073709551615");
    expect_print(VALUE(F32, "\xAC\xC5\x27\x37"), 100, "1e-05"); /* The float nearest to it. */
    expect_print(VALUE(F64, "\x9A\x99\x99\x99\x99\x99\xB9\x3F"), 100, "0.10000000000000001");
    expect_print(VALUE(F64, "\x00\x00\x00\x00\x00\x00\xF0\xFF"), 100, "-inf");
    expect_print(VALUE(BOOL, "\x01"), 100, "true");
    expect_print(VALUE(STRING, "a\nb\x1b"), 100, "a\\nb\\x1b");
    expect_print(VALUE(STRING, "abcdef"), 3, "abc... (6 bytes)");
    expect_print(ARRAY_OF(U8, 3, "\x01\x02\x03"), 100, "[1, 2, 3]");
    expect_print(ARRAY_OF(U8, 0, ""), 100, "[]");
    expect_print(ARRAY_OF(U8, 9, "123456789"), 100, "[9 x u8]");
    expect_print(ARRAY_OF(STRING, 1, "\x01\0\0\0\0\0\0\0a"), 100, "[1 x string]");
    expect_print(ARRAY_OF(BOOL, 2, "\x01\x00"), 100, "[true, false]");
}

Test(metadata, finds_the_first_row_of_a_key)
{
    ari_metadata m = { 0 };
    for (unsigned i = 0; i < 100; i++) {
        ari_meta row = VALUE(U8, "\x01");
        row.key = i % 2 == 0 ? ARI_SPAN("even") : ARI_SPAN("odd");
        row.at = i;
        cr_assert(metadata_add(&m, &row));
    }
    cr_expect(m.count == 100 && metadata_find(&m, "odd")->at == 1 && metadata_find(&m, "even")->at == 0);
    cr_expect(metadata_find(&m, "eve") == NULL && metadata_find(&m, "") == NULL);
    metadata_free(&m);
    cr_expect(m.count == 0 && metadata_find(&m, "odd") == NULL);
}
