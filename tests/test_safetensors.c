/* Rules of the reference reader (safetensors, tensor.rs). What breaks them is in test_malformed.c; here is
 * what does not, and what is read. */
#include "files.h"
#include "reading.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define ENTRY(dtype, shape, begin, end) \
    "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" begin "," end "]}"

static void expect_sound(const char *header, size_t data_bytes)
{
    reading r = read_header(header, data_bytes);
    cr_expect(r.c != NULL, "%s: %s", header, r.err.text);
    cr_expect(strcmp(r.findings, "") == 0, "%s: %s", header, r.findings);
    reading_free(&r);
}

Test(safetensors, legal_though_unusual)
{
    static const struct {
        const char *header;
        size_t data;
    } rows[] = {
        { "{}", 0 },
        { "{}  \t\r\n", 0 },
        { "{ \"a\" : " ENTRY("F32", "[ 2 ]", " 0 ", " 8 ") " } ", 8 },
        { "{\"__metadata__\":null}", 0 },
        { "{\"__metadata__\":{}}", 0 },
        { "{\"a\":" ENTRY("F32", "[]", "0", "4") "}", 4 },
        { "{\"a\":" ENTRY("F32", "[0]", "0", "0") "}", 0 },
        { "{\"a\":" ENTRY("F64", "[5,0,7]", "0", "0") "}", 0 },
        /* Several without elements at one boundary, also before the first byte and after the last. */
        { "{\"a\":" ENTRY("F32", "[0]", "0", "0") ",\"b\":" ENTRY("F32", "[0]", "0", "0") ",\"c\":" ENTRY(
              "F32", "[1]", "0", "4") ",\"d\":" ENTRY("F32", "[0]", "4", "4") "}",
          4 },
        { "{\"c\":" ENTRY("F32", "[1]", "0", "4") ",\"a\":" ENTRY("F32", "[0]", "0", "0") "}", 4 },
        /* The product is taken from the left: 0 times anything stays 0. */
        { "{\"a\":" ENTRY("U8", "[0,9223372036854775808,4]", "0", "0") "}", 0 },
        /* The order of the header need not be that of the data. */
        { "{\"b\":" ENTRY("U8", "[3]", "1", "4") ",\"a\":" ENTRY("U8", "[1]", "0", "1") "}", 4 },
        { "{\"a\":" ENTRY("F4", "[1,2]", "0", "1") "}", 1 },
        { "{\"a\":" ENTRY("F6_E2M3", "[4]", "0", "3") "}", 3 },
        /* No alignment is asked for. */
        { "{\"a\":" ENTRY("U8", "[1]", "0", "1") ",\"b\":" ENTRY("F64", "[1]", "1", "9") "}", 9 },
        { "{\"a\":{\"data_offsets\":[0,1],\"shape\":[1],\"dtype\":\"U8\"}}", 1 },
        { "{\"\\u0061\":{\"\\u0064type\":\"\\u00558\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) expect_sound(rows[i].header, rows[i].data);
}

Test(safetensors, reads_names_shapes_and_places)
{
    reading r = read_header(
        "{\"b\":" ENTRY("BF16", "[2,3]", "4", "16") ",\"a\":" ENTRY("F32", "[]", "0", "4") "}", 16);
    const ari_tensor *a = the_tensor(&r, "a"), *b = the_tensor(&r, "b");
    /* 8 bytes of length, and a header of 5 + 52 + 5 + 46 + 1. */
    uint64_t data =
        8 + strlen("{\"b\":" ENTRY("BF16", "[2,3]", "4", "16") ",\"a\":" ENTRY("F32", "[]", "0", "4") "}");
    cr_expect(r.c->tensors.count == 2 && r.c->files[0].tensor_count == 2 && r.c->files[0].data_at == data);
    cr_expect(a->begin == data && a->bytes == 4 && a->elements == 1 && a->rank == 0);
    cr_expect(b->begin == data + 4 && b->bytes == 12 && b->elements == 6 && b->rank == 2);
    cr_expect(a->dtype == ARI_DT_F32 && b->dtype == ARI_DT_BF16);
    cr_expect(strcmp(shape_text(&r, "b"), "2x3") == 0);
    cr_expect(b->record_at == 8 + 5 && r.c->files[0].version == 0 && !r.c->files[0].big);
    reading_free(&r);
}

Test(safetensors, every_dtype_of_the_fixture)
{
    test_bytes bytes = file_bytes("fixtures/every-dtype.safetensors");
    reading r = read_bytes(bytes_span(bytes), NULL);
    cr_assert(r.c != NULL && strcmp(r.findings, "") == 0, "%s", r.findings);
    cr_expect(r.c->tensors.count == 24);
    /* Eight elements each: as many bytes as an element has bits. */
    cr_expect(the_tensor(&r, "dtype.F4")->bytes == 4 && the_tensor(&r, "dtype.F6_E3M2")->bytes == 6);
    cr_expect(the_tensor(&r, "dtype.BOOL")->bytes == 8 && the_tensor(&r, "dtype.F8_E8M0")->bytes == 8);
    cr_expect(the_tensor(&r, "dtype.BF16")->bytes == 16 && the_tensor(&r, "dtype.F32")->bytes == 32);
    cr_expect(the_tensor(&r, "dtype.C64")->bytes == 64 && the_tensor(&r, "dtype.U64")->bytes == 64);
    cr_expect(strcmp(shape_text(&r, "dtype.F4"), "2x4") == 0, "elements, not bytes");
    cr_expect(the_tensor(&r, "scalar")->elements == 1 && the_tensor(&r, "empty")->elements == 0);
    reading_free(&r);
    free(bytes.data);
}

Test(safetensors, metadata_are_strings)
{
    test_bytes bytes = file_bytes("fixtures/metadata.safetensors");
    reading r = read_bytes(bytes_span(bytes), NULL);
    cr_assert(r.c != NULL && strcmp(r.findings, "") == 0, "%s", r.findings);
    cr_expect(r.c->metadata.count == 4);
    cr_expect(strcmp(value_text(&r, "format"), "pt") == 0);
    cr_expect(strcmp(value_text(&r, ""), "an empty key") == 0);
    cr_expect(strcmp(value_text(&r, "modelspec.title"), "Caf\xC3\xA9 \xE2\x98\x83 \xF0\x9F\x98\x80") == 0);
    cr_expect(strcmp(value_text(&r, "note"), "two\\nlines\\tand \"quotes\" \\\\ and \\x1b[31m") == 0);
    reading_free(&r);
    free(bytes.data);
}

Test(safetensors, of_a_duplicate_the_last_wins)
{
    reading r = read_header("{\"a\":" ENTRY("I32", "[2]", "0", "8") ",\"a\":" ENTRY(
                                "F16", "[4]", "0", "8") ",\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}",
                            8);
    cr_expect(strcmp(r.findings, "duplicate-tensor duplicate-metadata") == 0, "%s", r.findings);
    cr_expect(r.c->tensors.count == 1 && the_tensor(&r, "a")->dtype == ARI_DT_F16);
    cr_expect(r.c->files[0].tensor_count == 1);
    cr_expect(r.c->metadata.count == 1 && strcmp(value_text(&r, "k"), "2") == 0);
    reading_free(&r);
}

Test(safetensors, an_unknown_type_keeps_its_place)
{
    reading r =
        read_header("{\"a\":" ENTRY("F3", "[10]", "0", "5") ",\"b\":" ENTRY("U8", "[1]", "5", "6") "}", 6);
    cr_expect(strcmp(r.findings, "unknown-dtype") == 0, "%s", r.findings);
    const ari_tensor *a = the_tensor(&r, "a");
    cr_expect(a->bytes == 5 && a->elements == 10);
    cr_expect(span_is(tensors_dtype_name(&r.c->tensors, a->dtype), "F3"));
    reading_free(&r);
}

/* The reference reader stops at a nesting of 128; so do we where the caller allows that much. */
Test(safetensors, nesting_in_a_field_nobody_knows)
{
    char header[1024];
    for (int extra = 0; extra < 2; extra++) {
        int levels = 126 + extra; /* The header and the entry are two more. */
        char open[160], close[160];
        memset(open, '[', sizeof(open));
        memset(close, ']', sizeof(close));
        int n = snprintf(header, sizeof(header),
                         "{\"a\":{\"x\":%.*s%.*s,\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
                         levels, open, levels, close);
        uint8_t content[1024] = { (uint8_t)n, (uint8_t)(n >> 8) };
        memcpy(content + 8, header, (size_t)n);
        ari_limits limits = ari_options_default().limits;
        limits.depth = 128;
        reading r = read_bytes((ari_span){ content, (size_t)n + 9 }, &limits);
        cr_expect(r.err.status == (extra == 0 ? ARI_OK : ARI_LIMIT), "%d levels: %s", levels, r.err.text);
        reading_free(&r);
    }
}

Test(safetensors, limits_are_inclusive)
{
    const char *header = "{\"__metadata__\":{\"a\":\"\",\"b\":\"\"},\"a\":" ENTRY(
        "U8", "[1]", "0", "1") ",\"b\":" ENTRY("U8", "[1]", "1", "2") "}";
    size_t n = strlen(header);
    uint8_t content[512] = { (uint8_t)n };
    cr_assert(n < 256);
    memcpy(content + 8, header, n);
    for (int less = 0; less < 2; less++) {
        for (int which = 0; which < 3; which++) {
            ari_limits limits = ari_options_default().limits;
            uint64_t *const limit[] = { &limits.header_bytes, &limits.tensors, &limits.metadata_keys };
            const uint64_t needed[] = { n, 2, 2 };
            *limit[which] = needed[which] - (uint64_t)less;
            reading r = read_bytes((ari_span){ content, 8 + n + 2 }, &limits);
            cr_expect(r.err.status == (less ? ARI_LIMIT : ARI_OK), "limit %d: %s", which, r.err.text);
            reading_free(&r);
        }
    }
    cr_expect(ari_options_default().limits.header_bytes == 100000000, "the reference reader's");
}

Test(safetensors, names_are_views_into_the_file)
{
    reading r = read_header("{\"plain.name\":" ENTRY("U8", "[1]", "0", "1") "}", 1);
    const ari_tensor *t = the_tensor(&r, "plain.name");
    cr_expect(t->name.data == r.c->files[0].map.data + 10);
    reading_free(&r);
}

/* What is JSON and no tensor is told and passed by, as long as there is a tensor. */
Test(safetensors, reads_on_past_entries_that_are_none)
{
    reading r = read_header("{\"x\":[\"U8\",[1],[0,1]],\"a\":" ENTRY(
                                "U8", "[2]", "0", "2") ",\"y\":{\"dtype\":\"U8\","
                                                       "\"shape\":[1.5],\"data_offsets\":[0,1]},\"b\":" ENTRY(
                                                           "U8", "[1]", "2", "3") ",\"z\":{}}",
                            3);
    cr_assert(r.c != NULL, "%s", r.err.text);
    cr_expect(strcmp(r.findings, "bad-entry bad-entry bad-entry") == 0, "%s", r.findings);
    cr_expect(r.c->tensors.count == 2 && the_tensor(&r, "b")->bytes == 1);
    reading_free(&r);
    r = read_header("{\"x\":[1],\"y\":{}}", 0);
    cr_expect(r.c == NULL && r.err.status == ARI_MALFORMED && strstr(r.err.text, "\"x\"") != NULL, "%s",
              r.err.text);
    r = read_header("{\"a\":" ENTRY("U8", "[2]", "0", "2") ",\"y\":{\"dtype\":}}", 2);
    cr_expect(r.c == NULL && r.err.status == ARI_MALFORMED, "what is no JSON ends it");
}
