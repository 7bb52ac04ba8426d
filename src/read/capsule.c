#include "read/capsule.h"

#include "base/hash.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "read/capsule_meta.h"
#include "read/container.h"
#include "read/map.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEAD = 64, MEMBERS_MOST = 12, ALIGNMENT_MOST = 1 << 20, SHA256_HEX = 64, FEW_SIZES = 8 };

typedef struct reading {
    ari_checkpoint *into;
    ari_capsule *capsule;
    ari_cursor *c;
    json_reader json;
    size_t file_room;
    uint64_t files, tensors; /* As the first line announces them. */
    uint64_t rows;
    uint64_t place; /* Where the next row begins, unless it says otherwise. */
    uint64_t passed_over, passed_at;
    ari_shown passed;   /* The first of them. */
    bool overflow_told; /* Where shapes overflowed, findings say so. */
} reading;

/* --- Members of objects ------------------------------------------------------------------------- */

static void pass_over(reading *r, ari_span what, size_t at)
{
    if (r->passed_over++ > 0) return;
    r->passed = show(what);
    r->passed_at = at;
}

static size_t name_index(const char *const *names, ari_span name)
{
    size_t i = 0;
    while (names[i] != NULL && !span_is(name, names[i])) i++;
    return i;
}

/* Where the values of these members begin, in an object that was entered, and its `first` member read or not;
 * 0 where there is none. */
static void find_members(reading *r, bool first, const char *const *names, size_t *at)
{
    json_reader *j = &r->json;
    ari_span name;
    while (json_member(j, &first, &name)) {
        size_t i = name_index(names, name);
        json_peek(j);
        if (names[i] == NULL) {
            pass_over(r, name, r->c->at);
        } else {
            at[i] = r->c->at;
        }
        json_skip(j);
    }
}

static ari_span take_text(reading *r)
{
    ari_span out = arena_json_bytes(&r->into->arena, json_string(&r->json));
    if (out.data == NULL) cursor_fail(r->c, ARI_LIMIT, "out of memory");
    return out;
}

/* Is there such a member? Its value is next. null is as good as none. */
static bool go_to(reading *r, size_t at)
{
    if (at == 0 || !json_ok(&r->json)) return false;
    r->c->at = at;
    return !json_null(&r->json);
}

static ari_span text_at(reading *r, size_t at)
{
    return go_to(r, at) ? take_text(r) : (ari_span){ 0 };
}

/* Beyond 2^53 a number is written as a string of its digits. */
static uint64_t take_number(reading *r)
{
    if (json_peek(&r->json) != JSON_STRING) return json_uint(&r->json);
    size_t at = r->c->at;
    ari_span digits = json_string(&r->json);
    uint64_t n = 0;
    bool good = json_ok(&r->json) && digits.size > 0;
    for (size_t i = 0; good && i < digits.size; i++) {
        uint8_t d = digits.data[i];
        good = d >= '0' && d <= '9' && mul_u64(n, 10, &n) && add_u64(n, (uint64_t)(d - '0'), &n);
    }
    if (good || !json_ok(&r->json)) return good ? n : 0;
    r->c->at = at;
    cursor_fail(r->c, ARI_MALFORMED, "a string is no number up to 2^64-1");
    return 0;
}

static uint64_t number_at(reading *r, size_t at, uint64_t otherwise)
{
    return go_to(r, at) ? take_number(r) : otherwise;
}

/* --- The first line ------------------------------------------------------------------------------ */

static bool recognise(ari_span head, uint64_t size)
{
    (void)size;
    head = span_first(head, HEAD);
    return span_starts(head, "{") &&
           memmem(head.data, head.size, "\"" CAPSULE_SCHEMA, strlen("\"" CAPSULE_SCHEMA)) != NULL;
}

static void check_schema(reading *r, ari_span schema, size_t at)
{
    if (!json_ok(&r->json)) return;
    ari_span version = span_from(schema, strlen(CAPSULE_SCHEMA));
    char own[24];
    snprintf(own, sizeof(own), "%d", CAPSULE_MAJOR);
    r->c->at = at;
    if (!span_starts(schema, CAPSULE_SCHEMA) || version.size == 0) {
        cursor_fail(r->c, ARI_MALFORMED, "the first line names no schema of capsules");
    } else if (!span_is(version, own)) {
        cursor_fail(r->c, ARI_UNSUPPORTED, "a capsule of version \"%s\", not %s", show(version).text, own);
        ari_hint(r->c->err, "a newer version of archinspect reads it, or have it made again by this one");
    }
}

static void read_head(reading *r)
{
    enum { SCHEMA, NAME, FILES, TENSORS, INCOMPLETE };
    static const char *const names[] = { "schema", "name", "files", "tensors", "incomplete", NULL };
    size_t at[MEMBERS_MOST] = { 0 };
    if (!json_enter(&r->json, JSON_OBJECT)) return;
    find_members(r, true, names, at);
    size_t end = r->c->at;
    check_schema(r, text_at(r, at[SCHEMA]), at[SCHEMA]);
    text_at(r, at[NAME]);
    r->files = number_at(r, at[FILES], 0);
    r->tensors = number_at(r, at[TENSORS], 0);
    r->into->incomplete = go_to(r, at[INCOMPLETE]) && span_is(json_skip(&r->json), "true");
    if (json_ok(&r->json)) r->c->at = end;
}

/* --- Files --------------------------------------------------------------------------------------- */

static const ari_container *format_named(reading *r, size_t at)
{
    static const ari_container *const formats[] = { &ari_safetensors, &ari_gguf };
    ari_span word = text_at(r, at);
    if (word.data == NULL || !json_ok(&r->json)) return NULL;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (span_is(word, formats[i]->word)) return formats[i];
    }
    r->c->at = at;
    cursor_fail(r->c, ARI_UNSUPPORTED, "a file of format \"%s\"", show(word).text);
    return NULL;
}

static const char *sha256_at(reading *r, size_t at)
{
    uint8_t digest[HASH_MOST];
    char hex[SHA256_HEX + 1];
    ari_span text = text_at(r, at);
    if (text.data == NULL || !json_ok(&r->json)) return NULL;
    if (!hash_unhex(text, 32, digest)) {
        r->c->at = at;
        cursor_fail(r->c, ARI_MALFORMED, "a SHA-256 of other than 64 hexadecimal digits");
        return NULL;
    }
    hash_hex(digest, 32, hex);
    return arena_copy(&r->into->arena, span_of(hex));
}

static void read_alignment(reading *r, size_t at, ari_file *f)
{
    uint64_t alignment = number_at(r, at, 1);
    if (json_ok(&r->json) &&
        (alignment == 0 || alignment > ALIGNMENT_MOST || (alignment & (alignment - 1)) != 0)) {
        r->c->at = at;
        cursor_fail(r->c, ARI_MALFORMED, "an alignment that is no power of two up to 2^20");
    }
    f->padding = alignment - 1;
}

static ari_file *add_file(reading *r, ari_span name)
{
    ari_checkpoint *into = r->into;
    ari_arena *arena = &into->arena;
    if (into->file_count >= into->limits.files) {
        cursor_fail(r->c, ARI_LIMIT, "more than %" PRIu64 " files", into->limits.files);
        ari_hint(r->c->err, "if the capsule is sound, raise the limit with --limit files=N");
        return NULL;
    }
    if (!array_room(&into->files, &r->file_room, into->file_count, sizeof(ari_file))) {
        cursor_fail(r->c, ARI_LIMIT, "out of memory");
        return NULL;
    }
    ari_file *f = &into->files[into->file_count++];
    *f = (ari_file){ .path = arena_copy(arena, name), .shown = arena_escape(arena, name, ESCAPE_ALL) };
    f->where = r->files > 1 ? arena_printf(arena, "%s: ", f->shown) : "";
    f->map = (ari_span){ (const uint8_t *)"", 0 };
    return f;
}

static const char *const file_members[] = { "format",   "version", "byte_order",    "alignment",
                                            "bytes",    "content", "header_bytes",  "data_at",
                                            "shadowed", "sha256",  "header_sha256", NULL };

static void read_file(reading *r, ari_span name, const size_t *at)
{
    enum {
        FORMAT,
        VERSION,
        ORDER,
        ALIGNMENT,
        BYTES,
        CONTENT,
        HEADER,
        DATA_AT,
        SHADOWED,
        SHA256,
        HEADER_SHA256
    };
    ari_file *f = add_file(r, name);
    if (f == NULL) return;
    f->container = format_named(r, at[FORMAT]);
    uint64_t version = number_at(r, at[VERSION], 0);
    bool gguf = f->container == &ari_gguf;
    if (json_ok(&r->json) && (gguf ? version == 0 || version > UINT32_MAX : version != 0)) {
        cursor_fail(r->c, ARI_MALFORMED, "%" PRIu64 " is no version of the file's format", version);
    }
    f->version = (uint32_t)version;
    f->big = span_is(text_at(r, at[ORDER]), "big");
    read_alignment(r, at[ALIGNMENT], f);
    f->size = number_at(r, at[BYTES], 0);
    f->content = at[CONTENT] == 0 ? f->size : number_at(r, at[CONTENT], ARI_NO_OFFSET);
    f->header_end = number_at(r, at[HEADER], 0);
    f->data_at = number_at(r, at[DATA_AT], f->header_end);
    f->shadowed = number_at(r, at[SHADOWED], 0);
    f->sha256 = sha256_at(r, at[SHA256]);
    sha256_at(r, at[HEADER_SHA256]);
    r->place = f->data_at;
}

/* --- Metadata, sidecars, findings ------------------------------------------------------------------ */

static bool type_named(reading *r, size_t at, uint8_t *out)
{
    ari_span word = text_at(r, at);
    if (!json_ok(&r->json)) return false;
    for (uint32_t t = 0; t < ARI_META_TYPE_COUNT; t++) {
        if (!span_is(word, meta_type_word(t))) continue;
        *out = (uint8_t)t;
        return true;
    }
    if (at != 0) r->c->at = at;
    cursor_fail(r->c, ARI_MALFORMED, "\"%s\" is no type of metadata", show(word).text);
    return false;
}

static const char *const metadata_members[] = { "type", "of", "value", "count", "sha256", NULL };

static void read_metadata(reading *r, ari_span key, const size_t *at)
{
    enum { TYPE, OF, VALUE, COUNT };
    ari_checkpoint *into = r->into;
    ari_meta row = { .key = key, .at = r->c->at, .file = (uint32_t)(into->file_count - 1) };
    if (into->file_count == 0) {
        cursor_fail(r->c, ARI_MALFORMED, "metadata stands before any file");
    } else if (into->metadata.count >= into->limits.metadata_keys) {
        cursor_fail(r->c, ARI_LIMIT, "more than %" PRIu64 " metadata keys", into->limits.metadata_keys);
        ari_hint(r->c->err, "if the capsule is sound, raise the limit with --limit metadata-keys=N");
    }
    if (!json_ok(&r->json) || !type_named(r, at[TYPE], &row.type)) return;
    if (row.type == ARI_META_ARRAY && !type_named(r, at[OF], &row.element)) return;
    row.count = number_at(r, at[COUNT], 0);
    if (go_to(r, at[VALUE])) {
        capsule_take_value(&r->json, &row);
    } else if (json_ok(&r->json) && row.type != ARI_META_ARRAY) {
        cursor_fail(r->c, ARI_MALFORMED, "metadata without a value");
    }
    if (json_ok(&r->json) && !metadata_add(&into->metadata, &row))
        cursor_fail(r->c, ARI_LIMIT, "out of memory");
}

/* Escaped text, of which nobody knows that it is: what is escaped already stays as it is. */
static const char *told(reading *r, size_t at)
{
    ari_text t = { 0 };
    text_escape(&t, text_at(r, at), ESCAPE_ALL);
    size_t kept = 0;
    for (size_t i = 0; i < t.size; i++) {
        if (t.data[i] == '\\' && i + 1 < t.size && t.data[i + 1] == '\\') i++;
        t.data[kept++] = t.data[i];
    }
    const char *out = arena_copy(&r->into->arena, (ari_span){ (const uint8_t *)t.data, kept });
    if (t.failed) r->into->arena.failed = true;
    text_free(&t);
    return out;
}

static const char *const sidecar_members[] = { "text", "unreadable", NULL };

static void read_sidecar(reading *r, ari_span name, const size_t *at)
{
    enum { TEXT, UNREADABLE };
    ari_capsule *k = r->capsule;
    capsule_file file = { .name = name, .text = text_at(r, at[TEXT]) };
    if (file.text.data == NULL) file.why = told(r, at[UNREADABLE]);
    if (!json_ok(&r->json)) return;
    if (array_room(&k->sidecars, &k->sidecar_room, k->sidecar_count, sizeof(file))) {
        k->sidecars[k->sidecar_count++] = file;
    } else {
        cursor_fail(r->c, ARI_LIMIT, "out of memory");
    }
}

static const char *const finding_members[] = { "tensor", "offset", "message", NULL };

/* What was found in files that are not here. */
static void read_finding(reading *r, ari_span word, const size_t *at)
{
    enum { TENSOR, OFFSET, MESSAGE };
    ari_findings *f = &r->into->findings;
    const char *id = arena_copy(&r->into->arena, word);
    size_t kind = finding_kind(id);
    if (kind + 1 == ARI_FINDING_COUNT && strcmp(id, "findings-cut") != 0) {
        pass_over(r, word, r->c->at);
        return;
    }
    const char *tensor = told(r, at[TENSOR]), *message = told(r, at[MESSAGE]);
    uint64_t offset = number_at(r, at[OFFSET], ARI_NO_OFFSET);
    r->overflow_told = r->overflow_told || kind == ARI_FINDING_SHAPE_OVERFLOW;
    if (json_ok(&r->json)) finding_add(f, (ari_finding_id)kind, span_of(tensor), offset, "%s", message);
}

/* --- Tensors ---------------------------------------------------------------------------------------- */

uint64_t capsule_bytes_of(const ari_checkpoint *c, const ari_tensor *row)
{
    const ari_dtype_info *d = dtype_info(row->dtype);
    uint64_t line = row->elements, bytes;
    /* Blocks do not cross the rows of GGUF. */
    if (c->files[row->file].version > 0)
        line = row->rank == 0 ? 1 : tensor_shape(&c->tensors, row)[row->rank - 1];
    bool known = d != NULL && d->block_bytes > 0 && dtype_bytes(row->dtype, line, row->elements, &bytes);
    return known ? bytes : 0;
}

uint64_t capsule_place_after(const ari_checkpoint *c, const ari_tensor *row)
{
    uint64_t end;
    bool fits =
        add_u64(row->begin, row->bytes, &end) && align_u64(end, c->files[row->file].padding + 1, &end);
    return fits ? end : UINT64_MAX;
}

static bool need_element(reading *r, bool *first)
{
    size_t at = r->c->at;
    if (json_element(&r->json, first)) return true;
    if (json_ok(&r->json)) {
        r->c->at = at;
        cursor_fail(r->c, ARI_MALFORMED, "a tensor needs a name, a type and a shape");
    }
    return false;
}

static void read_dtype(reading *r, const ari_file *f, ari_tensor *row)
{
    uint32_t dtype;
    ari_span word = take_text(r);
    if (!json_ok(&r->json)) return;
    bool known = f->version > 0 ? dtype_from_ggml_name(word, &dtype) : dtype_from_safetensors(word, &dtype);
    row->dtype = known ? (uint16_t)dtype : tensors_unknown_dtype(&r->into->tensors, word);
}

/* The first few sizes are held back: with no more of them, the shape may be there already. */
static bool put_size(ari_tensors *t, const ari_tensor *row, uint64_t few[FEW_SIZES], uint64_t size)
{
    bool ok = true;
    if (row->rank < FEW_SIZES) few[row->rank] = size;
    for (size_t i = 0; ok && i < FEW_SIZES && row->rank == FEW_SIZES; i++) ok = tensors_push_size(t, few[i]);
    return ok && (row->rank < FEW_SIZES || tensors_push_size(t, size));
}

static void read_shape(reading *r, ari_tensor *row)
{
    json_reader *j = &r->json;
    ari_tensors *t = &r->into->tensors;
    uint64_t few[FEW_SIZES];
    bool ok = true;
    row->shape_at = (uint32_t)t->size_count;
    if (!json_enter(j, JSON_ARRAY)) return;
    for (bool first = true; ok && json_element(j, &first); row->rank++) {
        uint64_t size = take_number(r);
        if (row->rank == UINT16_MAX) {
            cursor_fail(j->in, ARI_LIMIT, "a shape of more than %d dimensions", UINT16_MAX);
            return;
        }
        ok = put_size(t, row, few, size);
    }
    if (ok && json_ok(j) && row->rank <= FEW_SIZES) ok = tensors_put_shape(t, few, row);
    if (!ok) cursor_fail(j->in, ARI_LIMIT, "out of memory");
}

/* The tensor's bytes in hexadecimal. */
static void read_values(reading *r, const ari_tensor *row, size_t at)
{
    ari_capsule *k = r->capsule;
    ari_span hex = text_at(r, at);
    if (hex.data == NULL || !json_ok(&r->json)) return;
    uint8_t *bytes = arena_alloc(&r->into->arena, hex.size / 2);
    capsule_value value = { .record_at = row->record_at, .bytes = { bytes, hex.size / 2 } };
    if (bytes == NULL || !array_room(&k->values, &k->value_room, k->value_count, sizeof(value))) {
        cursor_fail(r->c, ARI_LIMIT, "out of memory");
    } else if (hex.size % 2 != 0 || hex.size / 2 != row->bytes || !hash_unhex(hex, hex.size / 2, bytes)) {
        r->c->at = at;
        cursor_fail(r->c, ARI_MALFORMED, "values are not the tensor's %" PRIu64 " bytes in hexadecimal",
                    row->bytes);
    } else {
        k->values[k->value_count++] = value;
    }
}

static void settle(reading *r, ari_tensor *row, const size_t *at)
{
    enum { OFFSET, BYTES, VALUES };
    ari_checkpoint *into = r->into;
    const ari_file *f = &into->files[row->file];
    /* The C reader of GGUF counts in an int64_t. */
    bool counted = container_elements(&into->tensors, row, &row->elements) &&
                   (f->version == 0 || row->elements <= INT64_MAX);
    if (!counted) row->elements = 0;
    if (!counted && !r->overflow_told) {
        finding_add(&into->findings, ARI_FINDING_SHAPE_OVERFLOW, row->name, row->record_at,
                    "%sthe sizes of the shape multiply to more than the format can hold", f->where);
    }
    row->bytes = number_at(r, at[BYTES], counted ? capsule_bytes_of(into, row) : 0);
    row->begin = r->place;
    if (go_to(r, at[OFFSET]) && !add_u64(f->data_at, take_number(r), &row->begin)) row->begin = UINT64_MAX;
    r->place = capsule_place_after(into, row);
    read_values(r, row, at[VALUES]);
}

static void read_tensor(reading *r)
{
    static const char *const names[] = { "offset", "bytes", "values", NULL };
    ari_checkpoint *into = r->into;
    json_reader *j = &r->json;
    size_t at[MEMBERS_MOST] = { 0 };
    ari_tensor row = { .record_at = r->c->at, .file = (uint32_t)(into->file_count - 1) };
    bool first = true;
    if (into->file_count == 0 || into->files[row.file].container == NULL) {
        cursor_fail(r->c, ARI_MALFORMED, "a tensor stands where there is no file that holds any");
        return;
    }
    json_enter(j, JSON_ARRAY);
    if (need_element(r, &first)) row.name = take_text(r);
    if (need_element(r, &first)) read_dtype(r, &into->files[row.file], &row);
    if (need_element(r, &first)) read_shape(r, &row);
    bool more = json_element(j, &first);
    if (more && json_enter(j, JSON_OBJECT)) find_members(r, true, names, at);
    while (more && json_element(j, &first)) {
        pass_over(r, ARI_SPAN("a further element of a tensor"), r->c->at);
        json_skip(j);
    }
    size_t end = r->c->at;
    if (json_ok(j)) settle(r, &row, at);
    if (!json_ok(j)) return;
    r->c->at = end;
    r->rows++;
    if (container_add_tensor(into, &row, r->c->err) != ARI_OK) r->c->bad = true;
}

/* --- Lines ------------------------------------------------------------------------------------------- */

/* What the first member of an object says that it is. */
static const struct line_kind {
    const char *word;
    const char *const *members;
    void (*read)(reading *r, ari_span name, const size_t *at);
} kinds[] = {
    { "file", file_members, read_file },
    { "metadata", metadata_members, read_metadata },
    { "sidecar", sidecar_members, read_sidecar },
    { "finding", finding_members, read_finding },
};

static void read_object(reading *r)
{
    static const char *const none[] = { NULL };
    enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
    json_reader *j = &r->json;
    size_t at[MEMBERS_MOST] = { 0 }, begin = r->c->at, i = 0;
    bool first = true;
    ari_span word = { 0 }, name = { 0 };
    json_enter(j, JSON_OBJECT);
    if (!json_member(j, &first, &word)) return;
    while (i < KINDS && !span_is(word, kinds[i].word)) i++;
    if (i == KINDS) {
        uint64_t before = r->passed_over;
        pass_over(r, word, begin);
        json_skip(j);
        find_members(r, first, none, at);
        r->passed_over = before + 1;
        return;
    }
    name = take_text(r);
    find_members(r, first, kinds[i].members, at);
    size_t end = r->c->at;
    r->c->at = begin;
    if (json_ok(j)) kinds[i].read(r, name, at);
    if (json_ok(j)) r->c->at = end;
}

static void check_count(reading *r)
{
    const ari_checkpoint *into = r->into;
    size_t readable = 0;
    for (size_t i = 0; i < into->file_count; i++) readable += into->files[i].container != NULL;
    if (!json_ok(&r->json)) return;
    if (r->rows != r->tensors || into->file_count != r->files) {
        cursor_fail(r->c, r->rows < r->tensors ? ARI_TRUNCATED : ARI_MALFORMED,
                    "the first line announces %" PRIu64 " tensors in %" PRIu64 " files, here are %" PRIu64
                    " in %zu",
                    r->tensors, r->files, r->rows, into->file_count);
    } else if (readable == 0) {
        cursor_fail(r->c, ARI_MALFORMED, "a capsule of no file that could be read");
    }
}

static void read_lines(reading *r)
{
    json_reader *j = &r->json;
    read_head(r);
    for (json_kind kind; json_ok(j) && (kind = json_peek(j)) != JSON_NOTHING;) {
        size_t at = r->c->at;
        if (kind == JSON_ARRAY) {
            read_tensor(r);
        } else if (kind == JSON_OBJECT) {
            read_object(r);
        } else {
            pass_over(r, json_skip(j), at);
        }
    }
    json_end(j);
    check_count(r);
}

/* All of it: lines are told apart by nothing but their content. */
static ari_status take_all(ari_cursor *c, uint64_t most)
{
    bool longer = cursor_has(c, most) && cursor_has(c, most + 1);
    if (c->err->status != ARI_OK && c->err->status != ARI_LIMIT) return c->err->status;
    if (!longer && c->err->status == ARI_OK && c->in.size <= most) return ARI_OK;
    *c->err = (ari_err)ARI_ERR_INIT;
    cursor_fail(c, ARI_LIMIT, "the capsule has more than the %" PRIu64 " bytes allowed", most);
    return ari_hint(c->err, "if it is sound, raise the limit with --limit header-bytes=N");
}

static void note(const reading *r)
{
    ari_findings *f = &r->into->findings;
    finding_add(f, ARI_FINDING_CAPSULE, NO_TENSOR, ARI_NO_OFFSET,
                "a capsule: what the headers said to whoever made it; the values are absent");
    if (r->passed_over > 0) {
        finding_add(f, ARI_FINDING_CAPSULE_NEWER, NO_TENSOR, r->passed_at,
                    "%" PRIu64 " things were passed over that this version does not know; the first is "
                    "\"%s\"",
                    r->passed_over, r->passed.text);
    }
}

/* The files of the checkpoint are those that the capsule was made of: it takes their place until it is known
 * to be readable. */
static ari_status read(ari_checkpoint *into, uint32_t file, ari_cursor *c)
{
    if (into->file_count != 1 || file != 0)
        return cursor_fail(c, ARI_UNSUPPORTED, "a capsule is all of a model, and no file of several");
    if (take_all(c, into->limits.header_bytes) != ARI_OK) return c->err->status;
    ari_capsule *k = calloc(1, sizeof(*k));
    if (k == NULL) return ari_out_of_memory(c->err);
    ari_cursor text = cursor_over(c->in, c->err);
    reading r = { .into = into, .capsule = k, .c = &text, .file_room = 1 };
    r.json = json_over(&text, &into->arena, into->limits.depth);
    k->own = into->files[0];
    into->file_count = 0;
    read_lines(&r);
    if (json_ok(&r.json)) {
        into->capsule = k;
        into->folder = "";
        into->of_folder = false;
        note(&r);
        return ARI_OK;
    }
    into->files[0] = k->own;
    into->file_count = 1;
    k->own = (ari_file){ 0 };
    capsule_free(k);
    return c->err->status;
}

const ari_container ari_capsule_container = { .word = "capsule", .recognise = recognise, .read = read };

/* --- What was kept ------------------------------------------------------------------------------------ */

static int by_record(const void *a, const void *b)
{
    const capsule_value *x = a, *y = b;
    return x->record_at < y->record_at ? -1 : x->record_at > y->record_at;
}

bool capsule_values(const ari_capsule *k, const ari_tensor *t, ari_span *out)
{
    capsule_value wanted = { .record_at = t->record_at };
    const capsule_value *found =
        k->value_count == 0 ? NULL : bsearch(&wanted, k->values, k->value_count, sizeof(wanted), by_record);
    if (found != NULL) *out = found->bytes;
    return found != NULL;
}

ari_status capsule_sidecar(const ari_capsule *k, const char *name, uint64_t most, ari_span *out, ari_err *err)
{
    size_t i = 0;
    while (i < k->sidecar_count && !span_is(k->sidecars[i].name, name)) i++;
    if (i == k->sidecar_count) return ari_fail(err, ARI_NOT_FOUND, ARI_NO_OFFSET, "not in the capsule");
    const capsule_file *f = &k->sidecars[i];
    if (f->why != NULL) return ari_fail(err, ARI_UNREADABLE, ARI_NO_OFFSET, "%s", f->why);
    if (f->text.size > most) {
        return ari_fail(err, ARI_LIMIT, ARI_NO_OFFSET, "%zu bytes are more than the %" PRIu64 " allowed",
                        f->text.size, most);
    }
    *out = f->text;
    return ARI_OK;
}

void capsule_free(ari_capsule *k)
{
    if (k == NULL) return;
    inflater_free(k->own.inflater);
    map_close(k->own.map);
    free(k->sidecars);
    free(k->values);
    free(k);
}
