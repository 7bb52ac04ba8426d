#include "audit/records.h"

#include "base/json_reader.h"
#include "base/text.h"
#include "read/map.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>

enum { SUMS_MOST = 1 << 20, METADATA_MOST = 4096 };

static bool add_record(records *r, ari_arena *a, ari_span file, record row)
{
    if (!array_room(&r->items, &r->room, r->count, sizeof(r->items[0]))) return false;
    while (span_starts(file, "./")) file = span_from(file, 2);
    row.file = arena_escape(a, file, ESCAPE_ALL);
    r->items[r->count++] = row;
    return true;
}

/* 64 digits are SHA-256, 40 a blob of git. */
static bool read_digest(ari_span hex, record *out)
{
    out->git = hex.size == 40;
    return hash_unhex(hex, out->git ? 20 : 32, out->digest);
}

/* --- Lines of sha256sum ---------------------------------------------------------------------- */

static ari_span next_line(ari_span *rest)
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
               read_digest(span_from(line, line.size - 64), out);
    }
    *name = span_from(line, 64);
    while (name->size > 0 && (name->data[0] == ' ' || name->data[0] == '\t')) *name = span_from(*name, 1);
    if (span_starts(*name, "*")) *name = span_from(*name, 1);
    bool apart = line.size == 64 || (line.size > 64 && (line.data[64] == ' ' || line.data[64] == '\t'));
    return apart && read_digest(span_first(line, 64), out);
}

bool records_read_sums(records *r, ari_arena *a, ari_span text, const char *only, const char *by,
                       bool of_manifest)
{
    while (text.size > 0) {
        ari_span name;
        record row = { .by = by, .of_manifest = of_manifest };
        if (!read_sum_line(next_line(&text), &name, &row)) continue;
        if (only != NULL) name = span_of(only);
        if (name.size > 0 && !add_record(r, a, name, row)) return false;
    }
    return true;
}

/* --- A manifest --------------------------------------------------------------------------------- */

static void read_file_entry(records *r, json_reader *j, ari_arena *a, const char *by)
{
    ari_span key, path = { 0 }, sha256 = { 0 };
    record row = { .by = by, .of_manifest = true };
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
    if (!json_ok(j) || path.size == 0 || sha256.size != 64 || !read_digest(sha256, &row)) return;
    if (!array_room(&r->items, &r->room, r->count, sizeof(r->items[0]))) {
        cursor_fail(j->in, ARI_LIMIT, "out of memory");
        return;
    }
    row.file = arena_copy(a, path);
    r->items[r->count++] = row;
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

static void read_report(records *r, json_reader *j, ari_arena *a, const char *by)
{
    ari_span key;
    if (!json_enter(j, JSON_OBJECT)) return;
    for (bool first = true; json_member(j, &first, &key);) {
        bool list = json_peek(j) == JSON_ARRAY, files = span_is(key, "files");
        if (list && (files || span_is(key, "tensors"))) {
            json_enter(j, JSON_ARRAY);
            for (bool start = true; json_element(j, &start);) {
                if (files) {
                    read_file_entry(r, j, a, by);
                } else {
                    read_tensor_entry(r, j);
                }
            }
        } else if (json_peek(j) == JSON_STRING && span_is(key, "structure")) {
            r->has_structure = hash_unhex(json_string(j), 32, r->structure);
        } else {
            json_skip(j);
        }
    }
    json_end(j);
}

static int by_name(const void *a, const void *b)
{
    const tensor_record *x = a, *y = b;
    size_t n = x->name.size < y->name.size ? x->name.size : y->name.size;
    int order = n == 0 ? 0 : memcmp(x->name.data, y->name.data, n);
    if (order != 0) return order;
    return x->name.size < y->name.size ? -1 : x->name.size > y->name.size;
}

/* "oid sha256:HEX" */
static bool read_pointer(records *r, ari_arena *a, ari_span text, const char *only, const char *by)
{
    record row = { .by = by, .of_manifest = true };
    bool ok = true;
    while (text.size > 0) {
        ari_span line = next_line(&text);
        if (!span_starts(line, "oid sha256:") || !read_digest(span_from(line, 11), &row)) continue;
        ok = add_record(r, a, span_of(only), row);
    }
    return ok;
}

ari_status records_read_manifest(records *r, ari_arena *a, ari_span text, const char *only, const char *by,
                                 ari_err *err)
{
    size_t before = r->count;
    if (span_starts(text, "{")) {
        ari_cursor c = cursor_over(text, err);
        json_reader j = json_over(&c, a, JSON_MAX_DEPTH);
        read_report(r, &j, a, by);
        if (!cursor_ok(&c)) return err->status;
        qsort(r->tensors, r->tensor_count, sizeof(r->tensors[0]), by_name);
    } else if (span_starts(text, "version https://git-lfs") && only != NULL) {
        if (!read_pointer(r, a, text, only, by)) return ari_out_of_memory(err);
    } else if (!records_read_sums(r, a, text, NULL, by, true)) {
        return ari_out_of_memory(err);
    }
    if (r->count > before) return ARI_OK;
    ari_fail(err, ARI_MALFORMED, ARI_NO_OFFSET, "records no SHA-256 of a file");
    return ari_hint(err, "a manifest is made with: archinspect verify --hash --json -o FILE PATH");
}

/* --- What is at hand ------------------------------------------------------------------------------ */

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* The name that a store gave it. */
static bool read_store_name(records *r, ari_checkpoint *c, const char *path)
{
    static const char hub[] = "the name of its blob in the Hugging Face cache",
                      ollama[] = "its name in Ollama";
    struct stat s;
    char real[PATH_MAX];
    record row = { .by = hub };
    bool link = lstat(path, &s) == 0 && S_ISLNK(s.st_mode);
    if (realpath(path, real) == NULL) return true;
    ari_span name = span_of(name_of(real));
    if (span_starts(name, "sha256-")) {
        row.by = ollama;
        name = span_from(name, 7);
    }
    bool known = read_digest(name, &row) && (!row.git || link);
    return !known || add_record(r, &c->arena, span_of(name_of(path)), row);
}

/* Of what lies there the whole, if it is small; map_close it. */
static ari_span small_file(const char *path, uint64_t most)
{
    ari_span map = { 0 };
    ari_err unused = ARI_ERR_INIT;
    return map_small(path, most, &map, &unused) == ARI_OK ? map : (ari_span){ 0 };
}

static bool read_download(records *r, ari_checkpoint *c, const char *folder, const char *name)
{
    static const char by[] = "what was noted when it was downloaded (.cache/huggingface)";
    record row = { .by = by };
    ari_span map = small_file(
        arena_printf(&c->arena, "%s.cache/huggingface/download/%s.metadata", folder, name), METADATA_MOST);
    ari_span rest = map;
    next_line(&rest);
    bool known = read_digest(next_line(&rest), &row);
    bool ok = !known || add_record(r, &c->arena, span_of(name), row);
    map_close(map);
    return ok;
}

static bool read_own_sum(records *r, ari_checkpoint *c, const char *folder, const char *name)
{
    ari_span map = small_file(arena_printf(&c->arena, "%s%s.sha256", folder, name), METADATA_MOST);
    const char *by = arena_printf(&c->arena, "%s.sha256", show(span_of(name)).text);
    bool ok = records_read_sums(r, &c->arena, map, name, by, false);
    map_close(map);
    return ok;
}

static bool read_sums_files(records *r, ari_checkpoint *c, const char *folder)
{
    static const char *const names[] = { "SHA256SUMS",    "SHA256SUMS.txt",   "sha256sums.txt",
                                         "sha256sum.txt", "checksums.sha256", "checksum.sha256" };
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof(names) / sizeof(names[0]); i++) {
        ari_span map = small_file(arena_printf(&c->arena, "%s%s", folder, names[i]), SUMS_MOST);
        ok = records_read_sums(r, &c->arena, map, NULL, names[i], false);
        map_close(map);
    }
    return ok;
}

/* --- What else is hashed ----------------------------------------------------------------------------- */

static bool is_left_out(const ari_checkpoint *c, const ari_checks *checks, const char *path)
{
    const char *const others[] = { checks->manifest, checks->leave_out };
    struct stat s, other;
    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode)) return true;
    for (size_t i = 0; i < 2; i++) {
        bool there = others[i] != NULL && stat(others[i], &other) == 0;
        if (there && other.st_ino == s.st_ino && other.st_dev == s.st_dev) return true;
    }
    for (size_t i = 0; i < c->file_count; i++) {
        if (strcmp(name_of(c->files[i].path), name_of(path)) == 0) return true;
    }
    return false;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool list_folder(records *r, ari_checkpoint *c, const ari_checks *checks, const char *folder)
{
    DIR *d = opendir(folder[0] == '\0' ? "." : folder);
    bool ok = true;
    for (struct dirent *e; ok && d != NULL && r->extra_count < c->limits.files && (e = readdir(d)) != NULL;) {
        const char *path = arena_printf(&c->arena, "%s%s", folder, e->d_name);
        if (e->d_name[0] == '.' || is_left_out(c, checks, path)) continue;
        ok = array_room(&r->extra, &r->extra_room, r->extra_count, sizeof(r->extra[0]));
        if (ok) r->extra[r->extra_count++] = path;
    }
    if (d != NULL) closedir(d);
    if (r->extra_count > 0) qsort(r->extra, r->extra_count, sizeof(r->extra[0]), by_text);
    return ok;
}

static bool find_nearby(records *r, ari_checkpoint *c, const char *folder)
{
    bool ok = read_sums_files(r, c, folder);
    for (size_t i = 0; ok && i < c->file_count + r->extra_count; i++) {
        const char *path = i < c->file_count ? c->files[i].path : r->extra[i - c->file_count];
        ok = read_store_name(r, c, path) && read_download(r, c, folder, name_of(path)) &&
             read_own_sum(r, c, folder, name_of(path));
    }
    return ok;
}

ari_status records_find(ari_checkpoint *c, const ari_checks *checks, records *r, ari_err *err)
{
    *r = (records){ 0 };
    if (!checks->hash && checks->manifest == NULL) return ARI_OK;
    const char *folder = checkpoint_folder(c);
    if (c->of_folder && !list_folder(r, c, checks, folder)) return ari_out_of_memory(err);
    if (!find_nearby(r, c, folder)) return ari_out_of_memory(err);
    if (checks->manifest == NULL) return ARI_OK;
    const char *by =
        arena_printf(&c->arena, "the manifest %s", show(span_of(name_of(checks->manifest))).text);
    const char *only = c->file_count == 1 ? name_of(c->files[0].path) : NULL;
    ari_status status = map_small(checks->manifest, c->limits.header_bytes, &r->manifest, err);
    if (status == ARI_OK) status = records_read_manifest(r, &c->arena, r->manifest, only, by, err);
    if (status != ARI_OK) ari_wrap(err, "%s", show(span_of(checks->manifest)).text);
    return status;
}

bool records_want_git(const records *r, const char *name)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->items[i].git && strcmp(r->items[i].file, name) == 0) return true;
    }
    return false;
}

void records_free(records *r)
{
    free(r->items);
    free(r->extra);
    free(r->tensors);
    if (r->manifest.size > 0) map_close(r->manifest);
    *r = (records){ 0 };
}

/* --- Held against what is there ------------------------------------------------------------------------ */

static const ari_file_sum *sum_of(const ari_sums *sums, const char *file)
{
    for (size_t i = 0; i < sums->file_count; i++) {
        if (strcmp(sums->files[i].name, file) == 0) return &sums->files[i];
    }
    return NULL;
}

static void check_record(ari_checkpoint *c, const record *row, const ari_file_sum *sum)
{
    char stated[65], own[65];
    size_t n = row->git ? 20 : 32;
    hash_hex(row->digest, n, stated);
    hash_hex(row->git ? sum->git_blob : sum->sha256, n, own);
    finding_add(&c->findings, ARI_FINDING_HASH_MISMATCH, NO_TENSOR, ARI_NO_OFFSET,
                "\"%s\" has %s %s, but %s says %s", row->file, row->git ? "git blob" : "sha256", own, row->by,
                stated);
}

/* One finding for all files that a source is right about. */
static void note_agreement(ari_checkpoint *c, const records *r, size_t i, const size_t *right)
{
    size_t n = 0;
    for (size_t k = 0; k < r->count; k++) {
        if (r->items[k].by != r->items[i].by) continue;
        if (k < i) return;
        n += right[k];
    }
    if (n == 0) return;
    finding_add(&c->findings, ARI_FINDING_HASH_MATCH, NO_TENSOR, ARI_NO_OFFSET,
                n == 1 ? "%zu file has the hash that %s gives" : "%zu files have the hash that %s gives", n,
                r->items[i].by);
}

static void note_unrecorded(ari_checkpoint *c, const records *r, const ari_file_sum *f)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->items[i].of_manifest && strcmp(r->items[i].file, f->name) == 0) return;
    }
    finding_add(&c->findings, ARI_FINDING_FILE_UNRECORDED, NO_TENSOR, ARI_NO_OFFSET,
                "\"%s\" is not in the manifest", f->name);
}

static void check_files(ari_checkpoint *c, const records *r, const ari_sums *sums)
{
    size_t *right = calloc(r->count + 1, sizeof(right[0]));
    if (right == NULL) c->arena.failed = true;
    for (size_t i = 0; right != NULL && i < r->count; i++) {
        const record *row = &r->items[i];
        const ari_file_sum *sum = sum_of(sums, row->file);
        size_t n = row->git ? 20 : 32;
        if (sum == NULL && row->of_manifest) {
            finding_add(&c->findings, ARI_FINDING_FILE_GONE, NO_TENSOR, ARI_NO_OFFSET,
                        "\"%s\", which %s names, is not there", row->file, row->by);
        } else if (sum != NULL) {
            right[i] = memcmp(row->digest, row->git ? sum->git_blob : sum->sha256, n) == 0;
            if (right[i] == 0) check_record(c, row, sum);
        }
    }
    for (size_t i = 0; right != NULL && i < r->count; i++) note_agreement(c, r, i, right);
    free(right);
    for (size_t i = 0; r->manifest.size > 0 && i < sums->file_count; i++)
        note_unrecorded(c, r, &sums->files[i]);
}

static const tensor_record *record_of(const records *r, const char *name)
{
    tensor_record key = { .name = span_of(name) };
    return r->tensor_count == 0 ? NULL : bsearch(&key, r->tensors, r->tensor_count, sizeof(key), by_name);
}

static void check_tensors(ari_checkpoint *c, const records *r, const ari_sums *sums)
{
    const ari_tensors *t = &c->tensors;
    size_t same = 0, changed = 0, fresh = 0;
    for (size_t i = 0; i < t->count; i++) {
        const char *shown = arena_escape(&c->arena, t->rows[i].name, ESCAPE_ALL);
        const tensor_record *row = record_of(r, shown);
        bool known = row != NULL && row->known && sums->tensor_known[i];
        fresh += row == NULL;
        same += known && memcmp(row->digest, sums->tensors[i], 32) == 0;
        if (!known || memcmp(row->digest, sums->tensors[i], 32) == 0) continue;
        changed++;
        finding_add(&c->findings, ARI_FINDING_TENSOR_CHANGED, t->rows[i].name, t->rows[i].begin,
                    "%sits bytes are not those that the manifest records", c->files[t->rows[i].file].where);
    }
    size_t gone = r->tensor_count - (t->count - fresh);
    if (fresh > 0 || gone > 0) {
        finding_add(&c->findings, ARI_FINDING_TENSOR_CHANGED, NO_TENSOR, ARI_NO_OFFSET,
                    "%zu tensors are not in the manifest, and %zu of the manifest are not here", fresh, gone);
    }
    if (changed == 0 && same == t->count && gone == 0) {
        finding_add(&c->findings, ARI_FINDING_HASH_MATCH, NO_TENSOR, ARI_NO_OFFSET,
                    "all %zu tensors have the bytes that the manifest records", same);
    }
}

static void check_structure(ari_checkpoint *c, const records *r, const ari_sums *sums)
{
    bool same = memcmp(r->structure, sums->structure, 32) == 0;
    finding_add(&c->findings, same ? ARI_FINDING_HASH_MATCH : ARI_FINDING_TENSOR_CHANGED, NO_TENSOR,
                ARI_NO_OFFSET,
                same ? "names, types and shapes of all tensors are those that the manifest records"
                     : "names, types and shapes of the tensors are not those that the manifest records");
}

void records_check(ari_checkpoint *c, const records *r, const ari_sums *sums)
{
    if (!sums->made) return;
    check_files(c, r, sums);
    if (r->tensor_count > 0) check_tensors(c, r, sums);
    if (r->has_structure) check_structure(c, r, sums);
}
