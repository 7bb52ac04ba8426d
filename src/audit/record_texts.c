/* record_texts.c -- the texts that record hashes. */
#include "audit/records.h"
#include "base/json_reader.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>

bool record_digest(ari_span hex, record *out)
{
    out->git = hex.size == 40;
    return hash_unhex(hex, out->git ? 20 : 32, out->digest);
}

bool record_add(records *r, ari_arena *a, ari_span file, record row)
{
    if (!array_room(&r->items, &r->room, r->count, sizeof(r->items[0]))) return false;
    while (span_starts(file, "./")) file = span_from(file, 2);
    row.file = arena_escape(a, file, ESCAPE_ALL);
    r->items[r->count++] = row;
    return true;
}

/* --- Lines of sha256sum ---------------------------------------------------------------------- */

ari_span record_line(ari_span *rest)
{
    const uint8_t *end = rest->size == 0 ? NULL : memchr(rest->data, '\n', rest->size);
    size_t n = end == NULL ? rest->size : (size_t)(end - rest->data);
    ari_span line = span_first(*rest, n);
    *rest = span_from(*rest, end == NULL ? n : n + 1);
    while (line.size > 0 && (line.data[line.size - 1] == '\r' || line.data[line.size - 1] == ' '))
        line.size--;
    return line;
}

/* "HEX  NAME", "HEX *NAME", "HEX", or "SHA256 (NAME) = HEX". */
static bool read_sum_line(ari_span line, ari_span *name, record *out)
{
    if (span_starts(line, "SHA256 (") && line.size > 8 + 68) {
        *name = span_first(span_from(line, 8), line.size - 8 - 68);
        return span_starts(span_from(line, line.size - 68), ") = ") &&
               hash_unhex(span_from(line, line.size - 64), 32, out->digest);
    }
    *name = span_from(line, 64);
    while (name->size > 0 && (name->data[0] == ' ' || name->data[0] == '\t')) *name = span_from(*name, 1);
    if (span_starts(*name, "*")) *name = span_from(*name, 1);
    bool apart = line.size == 64 || (line.size > 64 && (line.data[64] == ' ' || line.data[64] == '\t'));
    return apart && hash_unhex(span_first(line, 64), 32, out->digest);
}

bool records_read_sums(records *r, ari_arena *a, ari_span text, const char *only, record form, size_t *bad)
{
    *bad = 0;
    while (text.size > 0) {
        ari_span name, line = record_line(&text);
        if (line.size == 0 || line.data[0] == '#') continue;
        bool good = read_sum_line(line, &name, &form);
        if (good && name.size == 0 && only != NULL) name = span_of(only);
        if (!good || name.size == 0) {
            ++*bad;
        } else if (!record_add(r, a, name, form)) {
            return false;
        }
    }
    return true;
}

/* --- A report of verify ------------------------------------------------------------------------- */

static void read_file_entry(records *r, json_reader *j, ari_arena *a, const char *by)
{
    ari_span key, path = { 0 }, sha256 = { 0 };
    record row = { .by = by, .of_manifest = true };
    size_t at = j->in->at;
    if (!json_enter(j, JSON_OBJECT)) return;
    for (bool first = true; json_member(j, &first, &key);) {
        bool text = json_peek(j) == JSON_STRING;
        if (text && span_is(key, "path")) {
            path = json_string(j);
        } else if (text && span_is(key, "sha256")) {
            sha256 = json_string(j);
        } else {
            json_skip(j);
        }
    }
    if (!json_ok(j)) return;
    if (path.size == 0 || !hash_unhex(sha256, 32, row.digest)) {
        j->in->at = at;
        cursor_fail(j->in, ARI_MALFORMED, "a file without its path or SHA-256");
    } else if (!array_room(&r->items, &r->room, r->count, sizeof(r->items[0]))) {
        cursor_fail(j->in, ARI_LIMIT, "out of memory");
    } else {
        /* As a report has it: escaped already. */
        row.file = arena_copy(a, path);
        r->items[r->count++] = row;
    }
}

static void read_tensor_entry(records *r, json_reader *j)
{
    ari_span key;
    tensor_record row = { 0 };
    if (!json_enter(j, JSON_OBJECT)) return;
    for (bool first = true; json_member(j, &first, &key);) {
        bool text = json_peek(j) == JSON_STRING;
        if (text && span_is(key, "name")) {
            row.name = json_string(j);
        } else if (text && span_is(key, "sha256")) {
            row.known = hash_unhex(json_string(j), 32, row.digest);
        } else {
            json_skip(j);
        }
    }
    if (!json_ok(j)) return;
    if (!array_room(&r->tensors, &r->tensor_room, r->tensor_count, sizeof(r->tensors[0]))) {
        cursor_fail(j->in, ARI_LIMIT, "out of memory");
        return;
    }
    r->tensors[r->tensor_count++] = row;
}

static void read_list(records *r, json_reader *j, ari_arena *a, const char *by, bool files)
{
    json_enter(j, JSON_ARRAY);
    for (bool first = true; json_element(j, &first);) {
        if (files) {
            read_file_entry(r, j, a, by);
        } else {
            read_tensor_entry(r, j);
        }
    }
}

/* subject: NULL, or the report of another path says nothing here. A report has its path before its lists. */
static void read_report(records *r, json_reader *j, ari_arena *a, const char *subject, const char *by)
{
    ari_span key;
    bool other = false;
    if (!json_enter(j, JSON_OBJECT)) return;
    for (bool first = true; json_member(j, &first, &key);) {
        json_kind kind = json_peek(j);
        bool files = span_is(key, "files");
        if (kind == JSON_STRING && span_is(key, "path")) {
            ari_span path = json_string(j);
            while (span_ends(path, "/")) path.size--;
            other = subject != NULL && !span_ends(path, subject);
        } else if (kind == JSON_ARRAY && !other && (files || span_is(key, "tensors"))) {
            read_list(r, j, a, by, files);
        } else if (kind == JSON_STRING && !other && span_is(key, "structure")) {
            r->has_structure = hash_unhex(json_string(j), 32, r->structure);
        } else {
            json_skip(j);
        }
    }
}

static void read_reports(records *r, json_reader *j, ari_arena *a, const char *subject, const char *by)
{
    if (json_peek(j) == JSON_ARRAY) {
        json_enter(j, JSON_ARRAY);
        for (bool first = true; json_element(j, &first);) read_report(r, j, a, subject, by);
    } else {
        read_report(r, j, a, NULL, by);
    }
    json_end(j);
}

static int by_name(const void *a, const void *b)
{
    return span_order(((const tensor_record *)a)->name, ((const tensor_record *)b)->name);
}

/* "oid sha256:HEX" */
static bool read_pointer(records *r, ari_arena *a, ari_span text, const char *only, record form)
{
    bool ok = true;
    while (text.size > 0) {
        ari_span line = record_line(&text);
        if (span_starts(line, "oid sha256:") && hash_unhex(span_from(line, 11), 32, form.digest))
            ok = ok && record_add(r, a, span_of(only), form);
    }
    return ok;
}

static ari_status read_lines(records *r, ari_arena *a, ari_span text, const char *only, const char *by,
                             ari_err *err)
{
    const record form = { .by = by, .of_manifest = true };
    size_t bad = 0;
    bool pointer = span_starts(text, "version https://git-lfs") && only != NULL;
    bool ok =
        pointer ? read_pointer(r, a, text, only, form) : records_read_sums(r, a, text, only, form, &bad);
    if (!ok) return ari_out_of_memory(err);
    if (bad > 0 && r->count > 0)
        return ari_fail(err, ARI_MALFORMED, ARI_NO_OFFSET, "%zu of its lines are none of sha256sum", bad);
    return ARI_OK;
}

ari_status records_read_manifest(records *r, ari_arena *a, ari_span text, const char *only,
                                 const char *subject, const char *by, ari_err *err)
{
    size_t before = r->count;
    if (span_starts(text, "{") || span_starts(text, "[")) {
        ari_cursor c = cursor_over(text, err);
        json_reader j = json_over(&c, a, JSON_MAX_DEPTH);
        read_reports(r, &j, a, subject, by);
        if (!cursor_ok(&c)) return err->status;
        if (r->tensor_count > 0) qsort(r->tensors, r->tensor_count, sizeof(r->tensors[0]), by_name);
    } else if (read_lines(r, a, text, only, by, err) != ARI_OK) {
        return err->status;
    }
    r->manifest_files = r->count - before;
    if (r->count > before) return ARI_OK;
    ari_fail(err, ARI_MALFORMED, ARI_NO_OFFSET, "records no SHA-256 of a file of this model");
    return ari_hint(err, "a manifest is made with: archinspect verify --hash --json -o FILE PATH");
}
