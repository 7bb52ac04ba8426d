#include "read/capsule.h"

#include "base/zstd.h"
#include "files.h"
#include "read/set.h"
#include "sample.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>
#include <zstd.h>

/* --- Making and reading back ----------------------------------------------------------------------- */

static ari_model *open_path(const char *path)
{
    ari_set *set = NULL;
    ari_model *model = NULL;
    ari_err err = ARI_ERR_INIT;
    cr_assert(ari_set_find(path, NULL, &set, &err) == ARI_OK, "%s", err.text);
    cr_assert(ari_model_open(set, 0, NULL, &model, &err) == ARI_OK, "%s", err.text);
    ari_set_free(set);
    return model;
}

static test_bytes capsule_of(ari_model *model)
{
    test_bytes out;
    ari_err err = ARI_ERR_INIT;
    cr_assert(ari_capsule_make(model, NULL, &out.data, &out.size, &err) == ARI_OK, "%s", err.text);
    return out;
}

static ari_model *open_bytes(test_bytes bytes)
{
    memory_file file = memory_open();
    memory_write(&file, bytes_span(bytes));
    ari_model *model = open_path(file.path);
    memory_close(&file);
    return model;
}

/* Its text, terminated. */
static char *text_of(test_bytes capsule)
{
    size_t size = (size_t)ZSTD_getFrameContentSize(capsule.data, capsule.size);
    char *out = calloc(1, size + 1);
    cr_assert(ZSTD_decompress(out, size, capsule.data, capsule.size) == size);
    return out;
}

static void expect_line(const char *text, const char *line)
{
    char whole[1024];
    snprintf(whole, sizeof(whole), "\n%s\n", line);
    cr_expect(strstr(text, whole) != NULL, "no line \"%s\" in:\n%s", line, text);
}

static void expect_same_rows(const ari_model *a, const ari_model *b)
{
    cr_assert(ari_model_tensor_count(a) == ari_model_tensor_count(b));
    for (size_t i = 0; i < ari_model_tensor_count(a); i++) {
        ari_tensor_info x = ari_model_tensor(a, i);
        const ari_tensors *t = &b->checkpoint->tensors;
        const ari_tensor *row = tensors_find(t, (ari_span){ (const uint8_t *)x.name, x.name_bytes });
        cr_assert(row != NULL, "%s", x.name);
        ari_tensor_info y = ari_model_tensor(b, (size_t)(row - t->rows));
        cr_expect(x.rank == y.rank && memcmp(x.shape, y.shape, x.rank * sizeof(x.shape[0])) == 0);
        cr_expect(strcmp(x.dtype, y.dtype) == 0 && x.elements == y.elements);
        cr_expect(x.bytes == y.bytes && x.offset == y.offset && x.file == y.file);
    }
}

static void expect_same_metadata(const ari_metadata *a, const ari_metadata *b)
{
    cr_assert(a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        const ari_meta *x = &a->rows[i], *y = &b->rows[i];
        ari_text s = { 0 }, t = { 0 };
        meta_print(x, ESCAPE_ALL, &s);
        meta_print(y, ESCAPE_ALL, &t);
        cr_expect(span_eq(x->key, y->key) && x->type == y->type && x->element == y->element);
        cr_expect(x->count == y->count && x->file == y->file);
        cr_expect(s.size == t.size && (s.size == 0 || strcmp(s.data, t.data) == 0), "%s: %s", s.data, t.data);
        text_free(&s);
        text_free(&t);
    }
}

static void expect_same_architecture(const ari_model *a, const ari_model *b)
{
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) {
        const ari_inferred *x = &a->architecture.fields[i], *y = &b->architecture.fields[i];
        cr_expect(strcmp(x->value, y->value) == 0 && x->basis == y->basis, "%s: %s, %s",
                  field_info((ari_field)i)->name, x->value, y->value);
        cr_expect((x->evidence == NULL) == (y->evidence == NULL));
        if (x->evidence != NULL) cr_expect(strcmp(x->evidence, y->evidence) == 0);
    }
    cr_expect(a->parameters == b->parameters && a->component_count == b->component_count);
    cr_expect(strcmp(a->quantization, b->quantization) == 0 && strcmp(a->kind, b->kind) == 0);
}

/* By number, without what only a capsule has. */
static void count_findings(const ari_model *m, unsigned *counts)
{
    for (size_t i = 0; i < ari_model_finding_count(m); i++) {
        size_t kind = finding_kind(ari_model_finding(m, i).id);
        if (kind != ARI_FINDING_CAPSULE) counts[kind]++;
    }
}

static void expect_same_findings(const ari_model *a, const ari_model *b)
{
    unsigned x[ARI_FINDING_COUNT] = { 0 }, y[ARI_FINDING_COUNT] = { 0 };
    count_findings(a, x);
    count_findings(b, y);
    for (size_t i = 0; i < ARI_FINDING_COUNT; i++)
        cr_expect(x[i] == y[i], "finding %zu: %u, %u", i, x[i], y[i]);
}

static void expect_same(ari_model *model)
{
    test_bytes first = capsule_of(model), second = capsule_of(model);
    cr_expect(span_eq(bytes_span(first), bytes_span(second)));
    ari_model *kept = open_bytes(first);
    cr_expect(ari_model_is_capsule(kept) && !ari_model_is_capsule(model));
    expect_same_rows(model, kept);
    expect_same_metadata(&model->checkpoint->metadata, &kept->checkpoint->metadata);
    expect_same_architecture(model, kept);
    expect_same_findings(model, kept);
    ari_model_close(kept);
    free(first.data);
    free(second.data);
}

struct subject {
    char path[64];
};

ParameterizedTestParameters(capsule, says_what_the_model_says)
{
    static struct subject subjects[] = {
        { "fixtures/tiny-llama" },
        { "fixtures/tiny-moe" },
        { "fixtures/tiny-sharded" },
        { "fixtures/lying-config" },
        { "fixtures/demo.gguf" },
        { "fixtures/every-type.gguf" },
        { "fixtures/every-dtype.safetensors" },
        { "fixtures/metadata.safetensors" },
        { "fixtures/big-endian.gguf" },
        { "fixtures/v1.gguf" },
        { "fixtures/v2.gguf" },
        { "fixtures/nested-array.gguf" },
        { "fixtures/no-tensors.gguf" },
        { "fixtures/packed.gguf.zst" },
        { "fixtures/piped.safetensors.zst" },
        { "fixtures/tiny-split-00001-of-00002.gguf" },
        { "fixtures/malformed/config-broken" },
        { "fixtures/malformed/data-cut.gguf" },
        { "fixtures/malformed/dtype-unknown.safetensors" },
        { "fixtures/malformed/metadata-key-twice.safetensors" },
        { "fixtures/malformed/name-not-utf8.gguf" },
        { "fixtures/malformed/name-twice-elsewhere.safetensors" },
        { "fixtures/malformed/offset-huge.gguf" },
        { "fixtures/malformed/offset-order.gguf" },
        { "fixtures/malformed/offset-overlap.gguf" },
        { "fixtures/malformed/offsets-reversed.safetensors" },
        { "fixtures/malformed/shape-overflow.gguf" },
        { "fixtures/malformed/shape-overflow.safetensors" },
        { "fixtures/malformed/size-mismatch.safetensors" },
        { "fixtures/malformed/trailing-bytes.gguf" },
        { "fixtures/malformed/type-43.gguf" },
        { "fixtures/malformed/type-retired.gguf" },
    };
    return cr_make_param_array(struct subject, subjects, sizeof(subjects) / sizeof(subjects[0]));
}

ParameterizedTest(struct subject *s, capsule, says_what_the_model_says)
{
    ari_model *model = open_path(s->path);
    expect_same(model);
    ari_model_close(model);
}

/* The shape of what is packed stands in a tensor's data. */
Test(capsule, keeps_the_shapes_of_packed_weights)
{
    static const char lines[] = "model.embed_tokens.weight 128x16\n"
                                "model.layers.{2}.self_attn.q_proj.weight 16x16\n"
                                "model.layers.{2}.mlp.up_proj.weight_packed I32 64x2\n"
                                "model.layers.{2}.mlp.up_proj.weight_shape I64 2 = 64 16\n"
                                "model.layers.{2}.mlp.up_proj.weight_scale 64x1\n"
                                "model.norm.weight 16\n";
    ari_model *model = infer(lines);
    expect_same(model);
    test_bytes capsule = capsule_of(model);
    char *text = text_of(capsule);
    expect_line(text, "[\"model.layers.0.mlp.up_proj.weight_shape\",\"I64\",[2],"
                      "{\"values\":\"40000000000000001000000000000000\"}]");
    ari_model *kept = open_bytes(capsule);
    /* 128 x 16 + 2 x 16 x 16 + 2 x 64 x 16 + 16 */
    cr_expect(kept->parameters_known && kept->parameters == 4624);
    ari_model_close(kept);
    free(text);
    free(capsule.data);
    ari_model_close(model);
}

static void put_key(maker *m, const char *key, uint32_t type)
{
    put_string(m, key);
    put(m, type, 4);
}

Test(capsule, keeps_values_exactly)
{
    static maker m;
    m = (maker){ .wide = 8 };
    memcpy(m.bytes, "GGUF", 4);
    m.size = 4;
    put(&m, 3, 4);
    put(&m, 0, 8);
    put(&m, 7, 8);
    put_key(&m, "u64", ARI_META_U64);
    put(&m, UINT64_MAX, 8);
    put_key(&m, "i64", ARI_META_I64);
    put(&m, UINT64_C(1) << 63, 8);
    put_key(&m, "f32", ARI_META_F32);
    put(&m, 0x3DCCCCCD, 4); /* The nearest to 0.1. */
    put_key(&m, "nan", ARI_META_F64);
    put(&m, UINT64_C(0x7FF8) << 48, 8);
    put_key(&m, "i8s", ARI_META_ARRAY);
    put(&m, ARI_META_I8, 4);
    put(&m, 2, 8);
    put(&m, 0x80, 1);
    put(&m, 0x7F, 1);
    put_key(&m, "long", ARI_META_ARRAY);
    put(&m, ARI_META_U8, 4);
    put(&m, 4097, 8);
    put_zeros(&m, 4097);
    put_key(&m, "bytes", ARI_META_STRING);
    put_string(&m, "a\xFF\xED\xA0\x80\x1b\xE2\x80\xAE\"");
    memory_file file = memory_open();
    memory_write(&file, (ari_span){ m.bytes, m.size });
    ari_model *model = open_path(file.path);
    memory_close(&file);
    expect_same(model);
    test_bytes capsule = capsule_of(model);
    char *text = text_of(capsule), *sha256;
    expect_line(text, "{\"metadata\":\"u64\",\"type\":\"u64\",\"value\":\"18446744073709551615\"}");
    expect_line(text, "{\"metadata\":\"i64\",\"type\":\"i64\",\"value\":\"-9223372036854775808\"}");
    expect_line(text, "{\"metadata\":\"f32\",\"type\":\"f32\",\"value\":0.1}");
    expect_line(text, "{\"metadata\":\"nan\",\"type\":\"f64\",\"value\":\"nan\"}");
    expect_line(text, "{\"metadata\":\"i8s\",\"type\":\"array\",\"of\":\"i8\",\"value\":[-128,127]}");
    expect_line(text, "{\"metadata\":\"bytes\",\"type\":\"string\",\"value\":\"a\\udcff\\udced\\udca0\\udc80"
                      "\\u001b\\u202e\\\"\"}");
    sha256 =
        strstr(text, "{\"metadata\":\"long\",\"type\":\"array\",\"of\":\"u8\",\"count\":4097,\"sha256\":");
    cr_assert(sha256 != NULL, "%s", text);
    /* head -c 4097 /dev/zero | sha256sum */
    if (ari_hash_ready(NULL) == ARI_OK)
        cr_expect(strstr(sha256, "b587fa297299ce9c602e58292b51379402bf7b1074f6b18679c2fb871c917ca8") != NULL,
                  "%.200s", sha256);
    free(text);
    free(capsule.data);
    ari_model_close(model);
}

Test(capsule, holds_no_data_for_a_closer_look)
{
    ari_model *model = open_path("fixtures/tiny-llama");
    test_bytes capsule = capsule_of(model), again;
    ari_model *kept = open_bytes(capsule);
    ari_checks values = { .values = true }, hash = { .hash = true }, manifest = { .manifest = "x" };
    cr_expect(ari_model_verify(kept, &values, NULL) == ARI_UNSUPPORTED);
    cr_expect(ari_model_verify(kept, &hash, NULL) == ARI_UNSUPPORTED);
    cr_expect(ari_model_verify(kept, &manifest, NULL) == ARI_UNSUPPORTED);
    cr_expect(ari_model_verify(kept, NULL, NULL) == ARI_OK);
    cr_expect(ari_capsule_make(kept, NULL, &again.data, &again.size, NULL) == ARI_UNSUPPORTED);
    cr_expect(again.data == NULL);
    ari_model_close(kept);
    ari_model_close(model);
    free(capsule.data);
}

/* --- Reading what somebody wrote ---------------------------------------------------------------------- */

#define HEAD(files, tensors) \
    "{\"schema\":\"archinspect/capsule/1\",\"files\":" #files ",\"tensors\":" #tensors "}\n"
#define FILE_LINE "{\"file\":\"x\",\"format\":\"safetensors\",\"bytes\":1000,\"header_bytes\":100}\n"
#define GGUF_LINE                                                                                       \
    "{\"file\":\"x\",\"format\":\"gguf\",\"version\":3,\"bytes\":1000,\"header_bytes\":100,\"data_at\"" \
    ":128,\"alignment\":32}\n"

static reading read_text(const char *text)
{
    return read_bytes(span_of(text), NULL);
}

Test(capsule, places_follow_from_order)
{
    reading r =
        read_text(HEAD(1, 4) GGUF_LINE "[\"a\",\"F32\",[3]]\n[\"b\",\"Q8_0\",[2,64]]\n"
                                       "[\"c\",\"F16\",[],{\"offset\":640}]\n[\"d\",\"F32\",[\"2\"]]");
    cr_assert(r.c != NULL, "%s", r.err.text);
    cr_expect(the_tensor(&r, "a")->begin == 128 && the_tensor(&r, "a")->bytes == 12);
    /* 12 bytes take a place of 32; 4 blocks of 34 bytes are 136, and their place 160. */
    cr_expect(the_tensor(&r, "b")->begin == 160 && the_tensor(&r, "b")->bytes == 136);
    cr_expect(the_tensor(&r, "c")->begin == 768 && the_tensor(&r, "c")->bytes == 2);
    cr_expect(the_tensor(&r, "d")->begin == 800 && the_tensor(&r, "d")->bytes == 8);
    cr_expect_str_eq(r.findings, "capsule-no-values data-gap trailing-bytes-gguf");
    reading_free(&r);
}

Test(capsule, names_are_any_bytes)
{
    reading r = read_text(HEAD(1, 2) FILE_LINE "[\"a\\udcff\",\"U8\",[900],{\"bytes\":450}]\n"
                                               "[\"\\ud83d\\ude00\\udced\\udcb2\\udc80\",\"U8\",[450]]");
    cr_assert(r.c != NULL, "%s", r.err.text);
    cr_expect(tensors_find(&r.c->tensors, ARI_SPAN("a\xFF")) != NULL);
    cr_expect(tensors_find(&r.c->tensors, ARI_SPAN("\xF0\x9F\x98\x80\xED\xB2\x80")) != NULL);
    reading_free(&r);
}

Test(capsule, the_last_of_one_name_wins)
{
    reading r = read_text(HEAD(1, 2) FILE_LINE "[\"a\",\"U8\",[450]]\n[\"a\",\"U8\",[450]]");
    cr_assert(r.c != NULL, "%s", r.err.text);
    cr_expect(the_tensor(&r, "a")->begin == 550);
    cr_expect_str_eq(r.findings, "capsule-no-values duplicate-tensor");
    reading_free(&r);
}

Test(capsule, what_is_newer_is_passed_over)
{
    reading r = read_text("{\"schema\":\"archinspect/capsule/1\",\"files\":1,\"tensors\":1,\"x\":[{}]}\n"
                          "{\"footprint\":[1,2],\"of\":\"a\"}\n" FILE_LINE
                          "{\"finding\":\"never-heard-of\",\"message\":\"x\"}\n"
                          "[\"a\",\"U8\",[900],{\"mean\":1.5},{\"file\":3}]\n17\n{}\n");
    cr_assert(r.c != NULL, "%s", r.err.text);
    cr_expect(the_tensor(&r, "a")->begin == 100);
    cr_expect_str_eq(r.findings, "capsule-no-values capsule-newer");
    /* x, the line of footprints, the finding, mean, the fifth element and 17. */
    cr_expect(strstr(r.c->findings.items[1].message, "6 things") == r.c->findings.items[1].message);
    reading_free(&r);
}

struct refused {
    char text[400];
    ari_status status;
    size_t offset;
};

ParameterizedTestParameters(capsule, refuses)
{
    static struct refused cases[] = {
        { "{\"schema\":\"archinspect/capsule/2\"}", ARI_UNSUPPORTED, 10 },
        { "{\"schema\":\"archinspect/capsule/10\"}", ARI_UNSUPPORTED, 10 },
        { "{\"schema\":\"archinspect/capsule/1.1\"}", ARI_UNSUPPORTED, 10 },
        { HEAD(0, 0), ARI_MALFORMED, sizeof(HEAD(0, 0)) - 1 },
        { HEAD(1, 1) FILE_LINE, ARI_TRUNCATED, sizeof(HEAD(1, 1) FILE_LINE) - 1 },
        { HEAD(1, 0) FILE_LINE "[\"a\",\"U8\",[1]]", ARI_MALFORMED, sizeof(HEAD(1, 0) FILE_LINE) + 13 },
        { HEAD(1, 0) "{\"file\":\"x\",\"format\":null}", ARI_MALFORMED, sizeof(HEAD(1, 0)) + 25 },
        { HEAD(1, 1) "{\"file\":\"x\",\"format\":null}[\"a\",\"U8\",[1]]", ARI_MALFORMED,
          sizeof(HEAD(1, 1)) + 25 },
        { HEAD(1, 0) "{\"file\":\"x\",\"format\":\"gguf\"}", ARI_MALFORMED, sizeof(HEAD(1, 0)) + 26 },
        { HEAD(1, 0) "{\"file\":1}", ARI_MALFORMED, sizeof(HEAD(1, 0)) + 7 },
        { HEAD(1, 0) "{\"file\":\"x\",\"format\":\"safetensors\",\"bytes\":-1}", ARI_MALFORMED,
          sizeof(HEAD(1, 0)) + 42 },
        { HEAD(1, 0) "{\"file\":\"x\",\"bytes\":\"1x\"}", ARI_MALFORMED, sizeof(HEAD(1, 0)) + 19 },
        { HEAD(1, 0) "{\"file\":\"x\",\"sha256\":\"00\"}", ARI_MALFORMED, sizeof(HEAD(1, 0)) + 20 },
        { HEAD(1, 0) "{\"metadata\":\"k\",\"type\":\"u8\",\"value\":1}", ARI_MALFORMED,
          sizeof(HEAD(1, 0)) - 1 },
        { HEAD(1, 0) FILE_LINE "{\"metadata\":\"k\",\"type\":\"u9\",\"value\":1}", ARI_MALFORMED,
          sizeof(HEAD(1, 0) FILE_LINE) + 22 },
        { HEAD(1, 0) FILE_LINE "{\"metadata\":\"k\",\"type\":\"f32\",\"value\":1e39}", ARI_MALFORMED,
          sizeof(HEAD(1, 0) FILE_LINE) + 36 },
        { HEAD(1, 0) FILE_LINE "{\"metadata\":\"k\",\"type\":\"bool\",\"value\":1}", ARI_MALFORMED,
          sizeof(HEAD(1, 0) FILE_LINE) + 37 },
        { HEAD(1, 0) FILE_LINE "{\"metadata\":\"k\",\"type\":\"string\",\"value\":[]}", ARI_MALFORMED,
          sizeof(HEAD(1, 0) FILE_LINE) + 39 },
        { HEAD(1, 0) FILE_LINE "{\"metadata\":\"k\",\"type\":\"string\"}", ARI_MALFORMED, 0 },
        { HEAD(1, 1) FILE_LINE "[\"a\",\"U8\",[\"18446744073709551616\"]]", ARI_MALFORMED,
          sizeof(HEAD(1, 1) FILE_LINE) + 10 },
        { HEAD(1, 1) FILE_LINE "[\"a\",\"U8\"", ARI_MALFORMED, sizeof(HEAD(1, 1) FILE_LINE) + 8 },
        { HEAD(1, 1) FILE_LINE "[\"a\",\"U8\",[2],{\"values\":\"000\"}]", ARI_MALFORMED, 0 },
        { HEAD(1, 1) FILE_LINE "[\"a\",\"U8\",[2],{\"values\":\"00gg\"}]", ARI_MALFORMED, 0 },
        { HEAD(1, 0) FILE_LINE "nul", ARI_MALFORMED, sizeof(HEAD(1, 0) FILE_LINE) - 1 },
        /* The list of files has grown, and so moved, when this fails. */
        { HEAD(3, 0) FILE_LINE FILE_LINE FILE_LINE "nul", ARI_MALFORMED, 0 },
    };
    return cr_make_param_array(struct refused, cases, sizeof(cases) / sizeof(cases[0]));
}

ParameterizedTest(struct refused *p, capsule, refuses)
{
    reading r = read_text(p->text);
    cr_assert(r.c == NULL, "%s", p->text);
    cr_expect(r.err.status == p->status, "%s: %s", p->text, r.err.text);
    if (p->offset > 0)
        cr_expect(r.err.offset == p->offset, "%s: %s at %zu, not %zu", p->text, r.err.text,
                  (size_t)r.err.offset, p->offset);
    if (p->status == ARI_UNSUPPORTED) cr_expect(r.err.hint != NULL);
}

Test(capsule, limits_hold)
{
    static const char text[] =
        HEAD(1, 2) FILE_LINE "{\"metadata\":\"k\",\"type\":\"string\",\"value\":\"\"}\n"
                             "[\"a\",\"U8\",[1]]\n[\"b\",\"U8\",[1]]\n";
    for (int i = 0; i < 4; i++) {
        ari_limits limits = ari_options_default().limits;
        if (i == 0) limits.tensors = 1;
        if (i == 1) limits.metadata_keys = 0;
        if (i == 2) limits.files = 0;
        if (i == 3) limits.header_bytes = sizeof(text) - 2;
        reading r = read_bytes(ARI_SPAN(text), &limits);
        cr_expect(r.c == NULL && r.err.status == ARI_LIMIT, "%d: %s", i, r.err.text);
    }
}

/* What is left of a bomb is a limit. */
Test(capsule, a_long_one_is_not_unpacked)
{
    size_t size = 1 << 22;
    char *plain = malloc(size);
    test_bytes packed;
    ari_limits limits = ari_options_default().limits;
    limits.header_bytes = 1 << 20;
    memset(plain, ' ', size);
    memcpy(plain, HEAD(1, 0), sizeof(HEAD(1, 0)) - 1);
    cr_assert(zstd_pack((ari_span){ (uint8_t *)plain, size }, &packed.data, &packed.size, NULL) == ARI_OK);
    reading r = read_bytes(bytes_span(packed), &limits);
    cr_expect(r.c == NULL && r.err.status == ARI_LIMIT, "%s", r.err.text);
    free(packed.data);
    free(plain);
}

Test(capsule, is_no_shard)
{
    memory_file a = memory_open(), b = memory_open();
    memory_write(&a, ARI_SPAN(HEAD(1, 1) FILE_LINE "[\"a\",\"U8\",[900]]"));
    memory_write(&b, ARI_SPAN(HEAD(1, 1) FILE_LINE "[\"b\",\"U8\",[900]]"));
    const char *paths[] = { a.path, b.path };
    reading r = read_files(paths, 2, NULL, NULL);
    cr_expect(r.c == NULL && r.err.status == ARI_UNSUPPORTED, "%s", r.err.text);
    memory_close(&a);
    memory_close(&b);
}

/* --- Fingerprints ------------------------------------------------------------------------------------ */

#define PRINT_OF(kind, layer, rest, values)                                                            \
    "{\"fingerprint\":\"" kind "\",\"version\":1,\"layer\":" #layer ",\"depth\":12,\"width\":64," rest \
    "\"values\":\"" values "\"}\n"
#define PRINT_LINE(kind, layer, values) \
    PRINT_OF(kind, layer, "\"home\":\"dense\",\"units\":128,\"experts\":1,", values)
#define HASHED "[\"a\",\"U8\",[900],{\"hash\":\"00000000000001ff\"}]\n"

Test(capsule, fingerprints_are_read)
{
    reading r = read_text(HEAD(1, 1) PRINT_LINE("up", 3, "007f8081ff") PRINT_LINE("gate-down", 3, "01")
                              PRINT_LINE("v", 9, "02") FILE_LINE HASHED);
    cr_assert(r.c != NULL, "%s", r.err.text);
    const ari_fingerprint *f = r.c->capsule->print;
    cr_assert(f != NULL && f->count == 2 && f->depth == 12 && f->width == 64);
    cr_expect(f->layers[0].layer == 3 && f->layers[1].layer == 9);
    const print_vector *up = &f->layers[0].of[PRINT_UP];
    cr_assert(up->count == 5 && up->units == 128 && up->experts == 1 && up->home == 0);
    static const int8_t expected[] = { 0, 127, -128, -127, -1 };
    cr_expect(memcmp(up->values, expected, sizeof(expected)) == 0);
    cr_expect(f->layers[0].of[PRINT_GATE_DOWN].count == 1 && f->layers[1].of[PRINT_VALUE].values[0] == 2);
    cr_expect(f->layers[1].of[PRINT_UP].count == 0);
    cr_expect(capsule_hash_of(r.c->capsule, the_tensor(&r, "a")) == 0x1ff);
    cr_expect_str_eq(r.findings, "capsule-no-values");
    reading_free(&r);
}

/* Another version, a kind or a home that is not known: none of them is compared. */
Test(capsule, newer_fingerprints_are_passed_over)
{
    reading r = read_text(HEAD(1, 1) "{\"fingerprint\":\"up\",\"version\":2,\"values\":{}}\n" PRINT_LINE(
        "router", 1, "00") PRINT_OF("up", 1, "\"home\":\"rented\",", "00") FILE_LINE HASHED);
    cr_assert(r.c != NULL, "%s", r.err.text);
    cr_expect(r.c->capsule->print == NULL);
    cr_expect(strstr(r.findings, "capsule-newer") != NULL, "%s", r.findings);
    reading_free(&r);
}

#define TEN(x) x x x x x x x x x x
#define HEX_260 TEN(TEN("aabb")) TEN("aabb") TEN("aabb") TEN("aabb") TEN("aabb") TEN("aabb") TEN("aabb")

Test(capsule, hostile_fingerprints_are_refused)
{
    static const char *const bad[] = {
        PRINT_LINE("up", 1, ""),
        PRINT_LINE("up", 1, "0"),
        PRINT_LINE("up", 1, "0g"),
        PRINT_LINE("up", 1, HEX_260 HEX_260),
        PRINT_LINE("up", 4294967296, "00"),
        PRINT_LINE("up", -1, "00"),
        PRINT_LINE("up", null, "00"),
        "{\"fingerprint\":7}\n",
        "{\"fingerprint\":\"up\",\"version\":1,\"home\":\"dense\",\"values\":\"00\",\"layer\":0}\n",
        PRINT_LINE("up", 1, "00") "{\"fingerprint\":\"up\",\"version\":1,\"home\":\"dense\",\"layer\":1,"
                                  "\"depth\":13,\"width\":64,\"values\":\"00\"}\n",
        PRINT_LINE("v", 1, "00") PRINT_LINE("v", 2, "00") PRINT_LINE("v", 3, "00") PRINT_LINE("v", 4, "00")
            PRINT_LINE("v", 5, "00") PRINT_LINE("v", 6, "00") PRINT_LINE("v", 7, "00")
                PRINT_LINE("v", 8, "00") PRINT_LINE("v", 9, "00"),
        FILE_LINE "[\"b\",\"U8\",[1],{\"hash\":\"1\"}]\n",
        FILE_LINE "[\"b\",\"U8\",[1],{\"hash\":\"000000000000000g\"}]\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[8192];
        snprintf(text, sizeof(text), HEAD(1, 1) "%s" FILE_LINE HASHED, bad[i]);
        reading r = read_text(text);
        cr_expect(r.c == NULL && r.err.status == ARI_MALFORMED, "%zu: %s", i, r.err.text);
        reading_free(&r);
    }
}
