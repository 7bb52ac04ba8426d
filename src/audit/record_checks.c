/* record_checks.c -- what was hashed, held against what was recorded. */
#include "audit/records.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>

enum { SOURCES_MOST = 16 };

/* How many files each source is right about. */
typedef struct tally {
    const char *by[SOURCES_MOST];
    size_t right[SOURCES_MOST], count;
} tally;

static void count_right(tally *t, const char *by)
{
    size_t i = 0;
    while (i < t->count && t->by[i] != by) i++;
    if (i == SOURCES_MOST) return;
    if (i == t->count) {
        t->by[i] = by;
        t->count++;
    }
    t->right[i]++;
}

static bool is_right(const record *row, const ari_file_sum *sum)
{
    return memcmp(row->digest, row->git ? sum->git_blob : sum->sha256, row->git ? 20 : 32) == 0;
}

static void note_difference(ari_checkpoint *c, const record *row, const ari_file_sum *sum)
{
    char stated[65], own[65];
    size_t n = row->git ? 20 : 32;
    hash_hex(row->digest, n, stated);
    hash_hex(row->git ? sum->git_blob : sum->sha256, n, own);
    finding_add(&c->findings, ARI_FINDING_HASH_MISMATCH, NO_TENSOR, ARI_NO_OFFSET,
                "\"%s\" has %s %s, but %s says %s", row->file, row->git ? "git blob" : "sha256", own, row->by,
                stated);
}

/* All that is recorded of one file; is the manifest among it? */
static bool check_file(ari_checkpoint *c, const records *r, const ari_file_sum *sum, tally *t)
{
    const record *row = records_of(r, sum->name), *end = r->items + r->count;
    bool listed = false;
    for (; row != NULL && row < end && strcmp(row->file, sum->name) == 0; row++) {
        listed = listed || row->of_manifest;
        if (is_right(row, sum)) {
            count_right(t, row->by);
        } else {
            note_difference(c, row, sum);
        }
    }
    return listed;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Files that the manifest names, and that are not there. */
static void check_gone(ari_checkpoint *c, const records *r, const ari_sums *sums)
{
    const char **names = calloc(sums->file_count + 1, sizeof(const char *));
    if (names == NULL) {
        c->arena.failed = true;
        return;
    }
    for (size_t i = 0; i < sums->file_count; i++) names[i] = sums->files[i].name;
    qsort(names, sums->file_count, sizeof(const char *), by_name);
    for (size_t i = 0; i < r->count; i++) {
        const record *row = &r->items[i];
        bool asks = row->of_manifest && (i == 0 || strcmp(r->items[i - 1].file, row->file) != 0);
        if (!asks || bsearch(&row->file, names, sums->file_count, sizeof(const char *), by_name) != NULL)
            continue;
        finding_add(&c->findings, ARI_FINDING_FILE_GONE, NO_TENSOR, ARI_NO_OFFSET,
                    "\"%s\", which %s names, is not there", row->file, row->by);
    }
    free(names);
}

static void check_files(ari_checkpoint *c, const records *r, const ari_sums *sums, bool whole)
{
    tally t = { .count = 0 };
    for (size_t i = 0; i < sums->file_count; i++) {
        const ari_file_sum *sum = &sums->files[i];
        if (check_file(c, r, sum, &t) || r->manifest.size == 0) continue;
        finding_add(&c->findings, ARI_FINDING_FILE_UNRECORDED, NO_TENSOR, ARI_NO_OFFSET,
                    "\"%s\" is not in the manifest", sum->name);
    }
    if (whole) check_gone(c, r, sums);
    for (size_t i = 0; i < t.count; i++) {
        finding_add(&c->findings, ARI_FINDING_HASH_MATCH, NO_TENSOR, ARI_NO_OFFSET,
                    t.right[i] == 1 ? "%zu file has the hash that is recorded: %s"
                                    : "%zu files have the hash that is recorded: %s",
                    t.right[i], t.by[i]);
    }
}

static int by_tensor(const void *a, const void *b)
{
    return span_order(((const tensor_record *)a)->name, ((const tensor_record *)b)->name);
}

static const tensor_record *record_of(const records *r, ari_span name)
{
    tensor_record key = { .name = name };
    return bsearch(&key, r->tensors, r->tensor_count, sizeof(key), by_tensor);
}

/* One whose name is escaped in the manifest is found by that. */
static const tensor_record *find_record(ari_checkpoint *c, const records *r, ari_span name)
{
    const tensor_record *row = record_of(r, name);
    return row != NULL ? row : record_of(r, span_of(arena_escape(&c->arena, name, ESCAPE_ALL)));
}

static void check_tensors(ari_checkpoint *c, const records *r, const ari_sums *sums, bool whole)
{
    const ari_tensors *t = &c->tensors;
    size_t same = 0, open = 0, fresh = 0;
    for (size_t i = 0; i < t->count; i++) {
        const tensor_record *row = find_record(c, r, t->rows[i].name);
        bool known = row != NULL && row->known && sums->tensor_known[i];
        bool right = known && memcmp(row->digest, sums->tensors[i], 32) == 0;
        fresh += row == NULL;
        open += row != NULL && !known;
        same += right;
        if (!known || right) continue;
        finding_add(&c->findings, ARI_FINDING_TENSOR_CHANGED, t->rows[i].name, t->rows[i].begin,
                    "%sits bytes are not those that the manifest records", c->files[t->rows[i].file].where);
    }
    size_t found = t->count - fresh, gone = whole && r->tensor_count > found ? r->tensor_count - found : 0;
    if (fresh > 0 || gone > 0) {
        finding_add(&c->findings, ARI_FINDING_TENSOR_CHANGED, NO_TENSOR, ARI_NO_OFFSET,
                    "%zu tensors are not in the manifest, and %zu of the manifest are not here", fresh, gone);
    }
    if (open > 0) {
        finding_add(&c->findings, ARI_FINDING_RECORD_UNREADABLE, NO_TENSOR, ARI_NO_OFFSET,
                    "of %zu tensors there is no hash, here or in the manifest", open);
    }
    if (same == t->count) {
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
    /* A file of a model may be held against the manifest of the whole. */
    bool whole = c->of_folder || r->manifest_files <= c->file_count;
    check_files(c, r, sums, whole);
    if (r->tensor_count > 0) check_tensors(c, r, sums, whole);
    if (r->has_structure && whole) check_structure(c, r, sums);
}
