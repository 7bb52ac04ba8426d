#include "read/index.h"

#include "files.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* What it was told, in a line: "tensor=file;". */
typedef struct heard {
    char text[256];
    size_t count, most; /* Pairs; it stops after that many. */
    uint64_t total_size;
} heard;

static bool hear(void *context, const ari_index_row *row)
{
    heard *h = context;
    size_t n = strlen(h->text);
    snprintf(h->text + n, sizeof(h->text) - n, "%.*s=%.*s;", (int)row->tensor.size,
             (const char *)row->tensor.data, (int)row->file.size, (const char *)row->file.data);
    return ++h->count != h->most;
}

static ari_status read_text(const char *text, heard *h, ari_err *err)
{
    memory_file f = memory_open();
    ari_limits limits = ari_options_default().limits;
    *err = (ari_err)ARI_ERR_INIT;
    memory_write(&f, span_of(text));
    ari_status status = index_read(f.path, &limits, hear, h, &h->total_size, err);
    memory_close(&f);
    return status;
}

Test(index, reads_pairs_in_their_order)
{
    heard h = { .text = "" };
    ari_err err;
    cr_assert(read_text("{\"metadata\": {\"total_size\": 14},\n"
                        " \"weight_map\": {\"b\": \"2.safetensors\", \"\\u0061\": \"1.safetensors\"}}\n",
                        &h, &err) == ARI_OK,
              "%s", err.text);
    cr_expect(h.count == 2 && h.total_size == 14);
    cr_expect_str_eq(h.text, "b=2.safetensors;a=1.safetensors;");
}

/* Who wants no more is told no more; that the rest is JSON is still seen to. */
Test(index, stops_when_told_to)
{
    heard h = { .most = 1 };
    ari_err err;
    cr_expect(read_text("{\"weight_map\": {\"a\": \"1\", \"b\": \"2\"}}", &h, &err) == ARI_OK);
    cr_expect_str_eq(h.text, "a=1;");
    cr_expect(read_text("{\"weight_map\": {\"a\": \"1\", \"b\": ]}}", &h, &err) == ARI_MALFORMED);
}

/* total_size is a claim of many hands: what is no plain number says nothing. */
Test(index, total_size)
{
    static const struct {
        const char *metadata;
        uint64_t total;
    } rows[] = {
        { "{\"total_size\": 0}", 0 },
        { "{\"total_size\": 9007199254740993}", 9007199254740993 },
        { "{\"total_parameters\": 5, \"total_size\": 10}", 10 },
        { "{}", ARI_NO_OFFSET },
        { "null", ARI_NO_OFFSET },
        { "[1]", ARI_NO_OFFSET },
        { "{\"total_size\": 1.2e+10}", ARI_NO_OFFSET },
        { "{\"total_size\": 12.0}", ARI_NO_OFFSET },
        { "{\"total_size\": \"12\"}", ARI_NO_OFFSET },
        { "{\"total_size\": -1}", ARI_NO_OFFSET },
        { "{\"total_size\": 99999999999999999999}", ARI_NO_OFFSET },
        { "{\"total_size\": {\"total_size\": 1}}", ARI_NO_OFFSET },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[256];
        heard h = { .text = "" };
        ari_err err;
        snprintf(text, sizeof(text), "{\"metadata\": %s, \"weight_map\": {}}", rows[i].metadata);
        cr_expect(read_text(text, &h, &err) == ARI_OK, "%s: %s", rows[i].metadata, err.text);
        cr_expect(h.total_size == rows[i].total, "%s", rows[i].metadata);
    }
}

Test(index, refuses_what_is_none)
{
    static const struct {
        const char *text;
        uint64_t at;
    } rows[] = {
        { "", 0 },
        { "[]", 0 },
        { "{}", 2 },
        { "{\"weight_map\": []}", 15 },
        { "{\"weight_map\": null}", 15 },
        { "{\"weight_map\": {\"a\": 1}}", 21 },
        { "{\"weight_map\": {\"a\": \"b\"}", 25 },
        { "{\"weight_map\": {\"a\": \"b\"}} x", 27 },
        { "{\"weight_map\": {\"a\": \"b\",}}", 25 },
        { "<html>", 0 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        heard h = { .text = "" };
        ari_err err;
        cr_expect(read_text(rows[i].text, &h, &err) == ARI_MALFORMED, "%s", rows[i].text);
        cr_expect(err.offset == rows[i].at, "%s: at %d", rows[i].text, (int)err.offset);
    }
}

Test(index, has_limits)
{
    static const char text[] = "{\"weight_map\": {\"a\": \"1\", \"b\": \"1\"}}";
    memory_file f = memory_open();
    memory_write(&f, span_of(text));
    for (int which = 0; which < 3; which++) {
        ari_limits limits = ari_options_default().limits;
        if (which == 0) limits.tensors = 1;
        if (which == 1) limits.sidecar_bytes = sizeof(text) - 2;
        if (which == 2) limits.depth = 1;
        heard h = { .text = "" };
        ari_err err = ARI_ERR_INIT;
        cr_expect(index_read(f.path, &limits, hear, &h, &h.total_size, &err) == ARI_LIMIT, "%d: %s", which,
                  err.text);
    }
    memory_close(&f);
}

Test(index, is_not_there)
{
    ari_limits limits = ari_options_default().limits;
    heard h = { .text = "" };
    ari_err err = ARI_ERR_INIT;
    cr_expect(index_read("fixtures/no.index.json", &limits, hear, &h, &h.total_size, &err) == ARI_NOT_FOUND);
}

Test(index, names_that_leave_the_folder)
{
    static const struct {
        ari_span name;
        bool safe;
    } rows[] = {
        { BYTES("model.safetensors"), true },
        { BYTES("model..safetensors"), true },
        { BYTES("sub/model.safetensors"), true },
        { BYTES("..model"), true },
        { BYTES("a/..b/c"), true },
        { BYTES(""), false },
        { BYTES("/etc/passwd"), false },
        { BYTES(".."), false },
        { BYTES("../model.safetensors"), false },
        { BYTES("a/../../b"), false },
        { BYTES("a/.."), false },
        { BYTES("a\0b"), false },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect(index_file_is_safe(rows[i].name) == rows[i].safe, "%s", (const char *)rows[i].name.data);
    }
}
