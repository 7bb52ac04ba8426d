/* records.c -- where hashes of a checkpoint are written down. */
#include "audit/records.h"

#include "base/text.h"
#include "read/listing.h"
#include "read/map.h"
#include "read/walk.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { LEVELS = 4, METADATA_MOST = 4096 };

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

const char *records_name(ari_checkpoint *c, const char *path)
{
    ari_span all = span_of(path);
    bool below = c->of_folder && span_starts(all, c->folder);
    return arena_escape(&c->arena, below ? span_from(all, strlen(c->folder)) : span_of(name_of(path)),
                        ESCAPE_ALL);
}

/* --- Nearby ------------------------------------------------------------------------------------- */

/* The name that a store gave it. */
static bool read_store_name(records *r, ari_checkpoint *c, const char *path, const char *name)
{
    static const char hub[] = "the name of its blob in the Hugging Face cache",
                      ollama[] = "its name in Ollama";
    struct stat s;
    char real[PATH_MAX];
    record row = { .by = hub };
    bool link = lstat(path, &s) == 0 && S_ISLNK(s.st_mode);
    if (realpath(path, real) == NULL) return true;
    ari_span digest = span_of(name_of(real));
    if (span_starts(digest, "sha256-")) {
        row.by = ollama;
        digest = span_from(digest, 7);
    }
    bool known = record_digest(digest, &row) && (!row.git || link);
    return !known || record_add(r, &c->arena, span_of(name), row);
}

/* The whole of what lies there; map_small_close it. Empty where there is nothing; where there is too much,
 * that is told. */
static ari_span open_record(ari_checkpoint *c, const char *path, uint64_t most)
{
    ari_span map = { 0 };
    ari_err err = ARI_ERR_INIT;
    if (map_small(path, most, &map, &err) == ARI_OK) return map;
    if (ari_is_out_of_memory(&err)) {
        c->arena.failed = true;
    } else if (err.status != ARI_NOT_FOUND) {
        finding_add(&c->findings, ARI_FINDING_RECORD_UNREADABLE, NO_TENSOR, ARI_NO_OFFSET, "%s: %s",
                    show(span_of(name_of(path))).text, err.text);
    }
    return (ari_span){ 0 };
}

static bool read_download(records *r, ari_checkpoint *c, const char *name)
{
    record row = { .by = "what was noted when it was downloaded (.cache/huggingface)" };
    const char *path = arena_printf(&c->arena, "%s.cache/huggingface/download/%s.metadata", c->folder, name);
    ari_span map = open_record(c, path, METADATA_MOST), rest = map;
    record_line(&rest);
    bool known = record_digest(record_line(&rest), &row);
    bool ok = !known || record_add(r, &c->arena, span_of(name), row);
    map_small_close(map);
    return ok;
}

/* A file of sums. `only`: what lines without a name mean. */
static bool read_sums_file(records *r, ari_checkpoint *c, const char *name, const char *only, const char *by)
{
    const record form = { .by = by };
    size_t bad = 0;
    ari_span map = open_record(c, arena_printf(&c->arena, "%s%s", c->folder, name), c->limits.sidecar_bytes);
    bool ok = records_read_sums(r, &c->arena, map, only, form, &bad);
    map_small_close(map);
    if (bad > 0) {
        finding_add(&c->findings, ARI_FINDING_RECORD_UNREADABLE, NO_TENSOR, ARI_NO_OFFSET,
                    "%s: %zu of its lines are none of sha256sum", show(span_of(name)).text, bad);
    }
    return ok;
}

static bool read_sums_files(records *r, ari_checkpoint *c)
{
    static const char *const names[] = { "SHA256SUMS",    "SHA256SUMS.txt",   "sha256sums.txt",
                                         "sha256sum.txt", "checksums.sha256", "checksum.sha256" };
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof(names) / sizeof(names[0]); i++)
        ok = read_sums_file(r, c, names[i], NULL, names[i]);
    return ok;
}

static bool find_nearby(records *r, ari_checkpoint *c)
{
    static const char beside[] = "the .sha256 file beside it";
    bool ok = read_sums_files(r, c);
    for (size_t i = 0; ok && i < c->file_count + r->extra_count; i++) {
        bool own = i < c->file_count;
        const char *path = own ? c->files[i].path : r->extra[i - c->file_count].path;
        const char *name = own ? records_name(c, path) : r->extra[i - c->file_count].name;
        ok = read_store_name(r, c, path, name) && read_download(r, c, name) &&
             read_sums_file(r, c, arena_printf(&c->arena, "%s.sha256", name), name, beside);
    }
    return ok;
}

/* --- What else is hashed ----------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_extra_name(const void *a, const void *b)
{
    return strcmp(((const extra_file *)a)->name, ((const extra_file *)b)->name);
}

/* Neither what it is held against, nor where the report goes. */
static bool is_left_out(const ari_checks *checks, const struct stat *s)
{
    const char *const others[] = { checks->manifest, checks->leave_out };
    struct stat other;
    for (size_t i = 0; i < 2; i++) {
        bool there = others[i] != NULL && stat(others[i], &other) == 0;
        if (there && other.st_ino == s->st_ino && other.st_dev == s->st_dev) return true;
    }
    return false;
}

/* Paths of the checkpoint's own files, sorted; malloc'd. */
static const char **own_paths(const ari_checkpoint *c)
{
    const char **paths = calloc(c->file_count + 1, sizeof(const char *));
    for (size_t i = 0; paths != NULL && i < c->file_count; i++) paths[i] = c->files[i].path;
    if (paths != NULL) qsort(paths, c->file_count, sizeof(const char *), by_text);
    return paths;
}

static bool add_extra(records *r, ari_checkpoint *c, const folder_walk *w)
{
    if (!array_room(&r->extra, &r->extra_room, r->extra_count, sizeof(r->extra[0]))) return false;
    const char *path = arena_printf(&c->arena, "%s%s", c->folder, w->below);
    r->extra[r->extra_count++] = (extra_file){ path, records_name(c, path) };
    return true;
}

static bool list_folder(records *r, ari_checkpoint *c, const ari_checks *checks)
{
    folder_walk w;
    const char **own = own_paths(c);
    bool ok = own != NULL;
    uint64_t seen = 0, most = c->limits.files;
    walk_open(&w, c->folder[0] == '\0' ? "." : c->folder, LEVELS);
    for (; ok && seen < most && walk_next(&w); seen++) {
        struct stat s;
        const char *path = arena_printf(&c->arena, "%s%s", c->folder, w.below);
        bool file = fstatat(walk_folder(&w), walk_name(&w), &s, 0) == 0 && S_ISREG(s.st_mode);
        bool is_own = bsearch(&path, own, c->file_count, sizeof(const char *), by_text) != NULL;
        bool others = !c->alone && is_model_name(walk_name(&w));
        if (file && !is_own && !others && !is_left_out(checks, &s)) ok = add_extra(r, c, &w);
    }
    walk_close(&w);
    free(own);
    if (r->extra_count > 0) qsort(r->extra, r->extra_count, sizeof(r->extra[0]), by_extra_name);
    return ok;
}

/* --- All of them -----------------------------------------------------------------------------------------
 */

static int by_file(const void *a, const void *b)
{
    const record *x = a, *y = b;
    int order = strcmp(x->file, y->file);
    if (order != 0) return order;
    order = strcmp(x->by, y->by);
    return order != 0 ? order : memcmp(x->digest, y->digest, sizeof(x->digest));
}

static ari_status open_manifest(records *r, ari_checkpoint *c, const char *path, ari_err *err)
{
    const char *by = arena_printf(&c->arena, "the manifest %s", show(span_of(name_of(path))).text);
    const char *only = c->file_count == 1 ? records_name(c, c->files[0].path) : NULL;
    ari_span own = span_of(c->path);
    while (own.size > 1 && span_ends(own, "/")) own.size--;
    const char *subject = arena_escape(&c->arena, span_of(name_of(arena_copy(&c->arena, own))), ESCAPE_ALL);
    ari_status status = map_small(path, c->limits.header_bytes, &r->manifest, err);
    if (status == ARI_OK) status = records_read_manifest(r, &c->arena, r->manifest, only, subject, by, err);
    if (status != ARI_OK) ari_wrap(err, "%s", show(span_of(path)).text);
    return status;
}

ari_status records_find(ari_checkpoint *c, const ari_checks *checks, records *r, ari_err *err)
{
    *r = (records){ 0 };
    if (!checks->hash && checks->manifest == NULL) return ARI_OK;
    if (c->of_folder && !list_folder(r, c, checks)) return ari_out_of_memory(err);
    if (!find_nearby(r, c)) return ari_out_of_memory(err);
    if (checks->manifest != NULL && open_manifest(r, c, checks->manifest, err) != ARI_OK) return err->status;
    if (r->count > 0) qsort(r->items, r->count, sizeof(r->items[0]), by_file);
    return ARI_OK;
}

const record *records_of(const records *r, const char *file)
{
    size_t low = 0, high = r->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(r->items[middle].file, file) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < r->count && strcmp(r->items[low].file, file) == 0 ? &r->items[low] : NULL;
}

bool records_want_git(const records *r, const char *file)
{
    const record *end = r->items + r->count;
    for (const record *row = records_of(r, file); row != NULL && row < end && strcmp(row->file, file) == 0;
         row++) {
        if (row->git) return true;
    }
    return false;
}

void records_free(records *r)
{
    free(r->items);
    free(r->extra);
    free(r->tensors);
    if (r->manifest.size > 0) map_small_close(r->manifest);
    *r = (records){ 0 };
}
