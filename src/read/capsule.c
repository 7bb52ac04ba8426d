#include "read/capsule.h"

#include "base/hash.h"
#include "read/capsule_meta.h"
#include "read/capsule_reading.h"
#include "read/map.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEAD = 64, ALIGNMENT_MOST = 1 << 20, SHA256_HEX = 64 };

/* --- The first line ------------------------------------------------------------------------------ */

static bool recognise(ari_span head, uint64_t size)
{
    (void)size;
    head = span_first(head, HEAD);
    return span_starts(head, "{") &&
           memmem(head.data, head.size, "\"" CAPSULE_SCHEMA, strlen("\"" CAPSULE_SCHEMA)) != NULL;
}

static void check_schema(capsule_reading *r, ari_span schema, size_t at)
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

static void read_head(capsule_reading *r)
{
    enum { SCHEMA, NAME, FILES, TENSORS, INCOMPLETE };
    static const char *const names[] = { "schema", "name", "files", "tensors", "incomplete", NULL };
    size_t at[CAPSULE_MEMBERS_MOST] = { 0 };
    if (!json_enter(&r->json, JSON_OBJECT)) return;
    capsule_find_members(r, true, names, at);
    size_t end = r->c->at;
    check_schema(r, capsule_text_at(r, at[SCHEMA]), at[SCHEMA]);
    capsule_text_at(r, at[NAME]);
    r->files = capsule_number_at(r, at[FILES], 0);
    r->tensors = capsule_number_at(r, at[TENSORS], 0);
    r->into->incomplete = capsule_go_to(r, at[INCOMPLETE]) && span_is(json_skip(&r->json), "true");
    if (json_ok(&r->json)) r->c->at = end;
}

/* --- Files --------------------------------------------------------------------------------------- */

static const ari_container *format_named(capsule_reading *r, size_t at)
{
    static const ari_container *const formats[] = { &ari_safetensors, &ari_gguf };
    ari_span word = capsule_text_at(r, at);
    if (word.data == NULL || !json_ok(&r->json)) return NULL;
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (span_is(word, formats[i]->word)) return formats[i];
    }
    r->c->at = at;
    cursor_fail(r->c, ARI_UNSUPPORTED, "a file of format \"%s\"", show(word).text);
    return NULL;
}

static const char *sha256_at(capsule_reading *r, size_t at)
{
    uint8_t digest[HASH_MOST];
    char hex[SHA256_HEX + 1];
    ari_span text = capsule_text_at(r, at);
    if (text.data == NULL || !json_ok(&r->json)) return NULL;
    if (!hash_unhex(text, 32, digest)) {
        r->c->at = at;
        cursor_fail(r->c, ARI_MALFORMED, "a SHA-256 of other than 64 hexadecimal digits");
        return NULL;
    }
    hash_hex(digest, 32, hex);
    return arena_copy(&r->into->arena, span_of(hex));
}

static void read_alignment(capsule_reading *r, size_t at, ari_file *f)
{
    uint64_t alignment = capsule_number_at(r, at, 1);
    if (json_ok(&r->json) &&
        (alignment == 0 || alignment > ALIGNMENT_MOST || (alignment & (alignment - 1)) != 0)) {
        r->c->at = at;
        cursor_fail(r->c, ARI_MALFORMED, "an alignment that is no power of two up to 2^20");
    }
    f->padding = alignment - 1;
}

static ari_file *add_file(capsule_reading *r, ari_span name)
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

static void read_file(capsule_reading *r, ari_span name, const size_t *at)
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
    uint64_t version = capsule_number_at(r, at[VERSION], 0);
    bool gguf = f->container == &ari_gguf;
    if (json_ok(&r->json) && (gguf ? version == 0 || version > UINT32_MAX : version != 0)) {
        cursor_fail(r->c, ARI_MALFORMED, "%" PRIu64 " is no version of the file's format", version);
    }
    f->version = (uint32_t)version;
    f->big = span_is(capsule_text_at(r, at[ORDER]), "big");
    read_alignment(r, at[ALIGNMENT], f);
    f->size = capsule_number_at(r, at[BYTES], 0);
    f->content = at[CONTENT] == 0 ? f->size : capsule_number_at(r, at[CONTENT], ARI_NO_OFFSET);
    f->header_end = capsule_number_at(r, at[HEADER], 0);
    f->data_at = capsule_number_at(r, at[DATA_AT], f->header_end);
    f->shadowed = capsule_number_at(r, at[SHADOWED], 0);
    f->sha256 = sha256_at(r, at[SHA256]);
    sha256_at(r, at[HEADER_SHA256]);
    r->place = f->data_at;
}

/* --- Metadata, sidecars, findings ------------------------------------------------------------------ */

static bool type_named(capsule_reading *r, size_t at, uint8_t *out)
{
    ari_span word = capsule_text_at(r, at);
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

static void read_metadata(capsule_reading *r, ari_span key, const size_t *at)
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
    row.count = capsule_number_at(r, at[COUNT], 0);
    if (capsule_go_to(r, at[VALUE])) {
        capsule_take_value(&r->json, &row);
    } else if (json_ok(&r->json) && row.type != ARI_META_ARRAY) {
        cursor_fail(r->c, ARI_MALFORMED, "metadata without a value");
    }
    if (json_ok(&r->json) && !metadata_add(&into->metadata, &row))
        cursor_fail(r->c, ARI_LIMIT, "out of memory");
}

/* Escaped text, of which nobody knows that it is: what is escaped already stays as it is. */
static const char *told(capsule_reading *r, size_t at)
{
    ari_text t = { 0 };
    text_escape(&t, capsule_text_at(r, at), ESCAPE_ALL);
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

static void read_sidecar(capsule_reading *r, ari_span name, const size_t *at)
{
    enum { TEXT, UNREADABLE };
    ari_capsule *k = r->capsule;
    capsule_file file = { .name = name, .text = capsule_text_at(r, at[TEXT]) };
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
static void read_finding(capsule_reading *r, ari_span word, const size_t *at)
{
    enum { TENSOR, OFFSET, MESSAGE };
    ari_findings *f = &r->into->findings;
    const char *id = arena_copy(&r->into->arena, word);
    size_t kind = finding_kind(id);
    if (kind + 1 == ARI_FINDING_COUNT && strcmp(id, "findings-cut") != 0) {
        capsule_pass_over(r, word, r->c->at);
        return;
    }
    const char *tensor = told(r, at[TENSOR]), *message = told(r, at[MESSAGE]);
    uint64_t offset = capsule_number_at(r, at[OFFSET], ARI_NO_OFFSET);
    r->overflow_told = r->overflow_told || kind == ARI_FINDING_SHAPE_OVERFLOW;
    ari_span of = tensor[0] == '\0' ? NO_TENSOR : span_of(tensor);
    if (json_ok(&r->json)) finding_add(f, (ari_finding_id)kind, of, offset, "%s", message);
}

/* --- Lines ------------------------------------------------------------------------------------------- */

/* What the first member of an object says that it is. */
static const struct line_kind {
    const char *word;
    const char *const *members;
    void (*read)(capsule_reading *r, ari_span name, const size_t *at);
} kinds[] = {
    { "file", file_members, read_file },
    { "metadata", metadata_members, read_metadata },
    { "sidecar", sidecar_members, read_sidecar },
    { "finding", finding_members, read_finding },
    { "fingerprint", capsule_print_members, capsule_read_print },
};

static void read_object(capsule_reading *r)
{
    static const char *const none[] = { NULL };
    enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };
    json_reader *j = &r->json;
    size_t at[CAPSULE_MEMBERS_MOST] = { 0 }, begin = r->c->at, i = 0;
    bool first = true;
    ari_span word = { 0 }, name = { 0 };
    json_enter(j, JSON_OBJECT);
    if (!json_member(j, &first, &word)) return;
    while (i < KINDS && !span_is(word, kinds[i].word)) i++;
    if (i == KINDS) {
        uint64_t before = r->passed_over;
        capsule_pass_over(r, word, begin);
        json_skip(j);
        capsule_find_members(r, first, none, at);
        r->passed_over = before + 1;
        return;
    }
    name = capsule_take_text(r);
    capsule_find_members(r, first, kinds[i].members, at);
    size_t end = r->c->at;
    r->c->at = begin;
    if (json_ok(j)) kinds[i].read(r, name, at);
    if (json_ok(j)) r->c->at = end;
}

static void check_count(capsule_reading *r)
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

static void read_lines(capsule_reading *r)
{
    json_reader *j = &r->json;
    read_head(r);
    for (json_kind kind; json_ok(j) && (kind = json_peek(j)) != JSON_NOTHING;) {
        size_t at = r->c->at;
        if (kind == JSON_ARRAY) {
            capsule_read_tensor(r);
        } else if (kind == JSON_OBJECT) {
            read_object(r);
        } else {
            capsule_pass_over(r, json_skip(j), at);
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

static void note(const capsule_reading *r)
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
    capsule_reading r = { .into = into, .capsule = k, .c = &text, .file_room = 1 };
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

static int by_hash_record(const void *a, const void *b)
{
    const capsule_hash *x = a, *y = b;
    return x->record_at < y->record_at ? -1 : x->record_at > y->record_at;
}

uint64_t capsule_hash_of(const ari_capsule *k, const ari_tensor *t)
{
    capsule_hash wanted = { .record_at = t->record_at };
    const capsule_hash *found =
        k->hash_count == 0 ? NULL
                           : bsearch(&wanted, k->hashes, k->hash_count, sizeof(wanted), by_hash_record);
    return found == NULL ? 0 : found->hash;
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
    free(k->print);
    free(k->hashes);
    free(k);
}
