#include "read/checkpoint.h"

#include "base/cursor.h"
#include "base/text.h"
#include "read/capsule.h"
#include "read/container.h"
#include "read/extents.h"
#include "read/index.h"
#include "read/listing.h"
#include "read/map.h"
#include "read/sniff.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { HEAD = 4096, WORTH_RESTING = 1 << 20, MANY_NAMES = 50000 };

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* --- One file -------------------------------------------------------------------- */

static ari_status open_packed(ari_file *f, const ari_limits *limits, ari_cursor *c, ari_err *err)
{
    f->inflater = inflater_new(f->map, limits->header_bytes, err);
    if (f->inflater == NULL) return err->status;
    map_onward(f->map);
    f->content = inflater_total(f->inflater);
    c->in = (ari_span){ (const uint8_t *)"", 0 };
    c->refill = inflater_refill;
    c->source = f->inflater;
    return ARI_OK;
}

static ari_status read_open_file(ari_checkpoint *c, uint32_t i, ari_cursor *cursor)
{
    ari_file *f = &c->files[i];
    ari_err *err = cursor->err;
    for (size_t n = HEAD; n > 0 && !cursor_has(cursor, n) && err->status == ARI_OK; n /= 2) continue;
    if (err->status != ARI_OK) return err->status;
    ari_span head = span_first(cursor->in, HEAD);
    f->container = container_of(head, f->content);
    if (f->container == NULL) return sniff(f->path, head, f->inflater == NULL ? f->size : head.size, err);
    ari_status status = f->container->read(c, i, cursor);
    f = &c->files[i]; /* A capsule adds files. */
    const char *damage = status == ARI_OK ? NULL : sniff_damage(f->inflater == NULL ? f->map : cursor->in);
    if (damage != NULL) err->hint = damage;
    return status;
}

/* What was read of a file before it failed is not to be relied on: take it all back. */
static void forget_file(ari_checkpoint *c, uint32_t i, size_t tensors, size_t metadata,
                        const ari_findings *before)
{
    c->files[i].container = NULL;
    c->files[i].tensor_count = 0;
    c->metadata.count = metadata;
    findings_restore(&c->findings, before);
    tensors_forget(&c->tensors, tensors);
}

static ari_status read_file(ari_checkpoint *c, uint32_t i, ari_err *err)
{
    ari_file *f = &c->files[i];
    ari_status status = map_open(f->path, &f->map, err);
    if (status != ARI_OK) return status;
    f->size = f->content = f->map.size;
    size_t tensors = c->tensors.count, metadata = c->metadata.count;
    const ari_findings before = c->findings;
    map_source source = { f->map, c->limits.header_bytes };
    if (!add_u64(source.most, HEAD, &source.most)) source.most = UINT64_MAX;
    ari_cursor cursor = cursor_over(span_first(f->map, 0), err);
    cursor.refill = map_refill;
    cursor.source = &source;
    map_sparsely(f->map);
    if (zstd_recognise(f->map)) status = open_packed(f, &c->limits, &cursor, err);
    if (status == ARI_OK) status = read_open_file(c, i, &cursor);
    if (status == ARI_OK) return container_settle(c, tensors, err);
    forget_file(c, i, tensors, metadata, &before);
    return err->status;
}

/* --- All files ------------------------------------------------------------------- */

static ari_status add_files(ari_checkpoint *c, const ari_group *g, ari_err *err)
{
    if (g->file_count > c->limits.files) {
        return ari_fail(err, ARI_LIMIT, ARI_NO_OFFSET, "more than %" PRIu64 " files", c->limits.files);
    }
    c->files = calloc(g->file_count + 1, sizeof(c->files[0]));
    if (c->files == NULL) return ari_out_of_memory(err);
    for (size_t i = 0; i < g->file_count; i++) {
        ari_file *f = &c->files[c->file_count++];
        f->path = arena_copy(&c->arena, span_of(g->files[i]));
        f->shown = arena_escape(&c->arena, span_of(g->file_count == 1 ? g->files[i] : name_of(g->files[i])),
                                ESCAPE_ALL);
        f->where = g->file_count == 1 ? "" : arena_printf(&c->arena, "%s: ", f->shown);
    }
    return c->arena.failed ? ari_out_of_memory(err) : ARI_OK;
}

/* One unreadable shard of many is a finding. If none can be read, the first
 * error stands for all. */
static ari_status read_files(ari_checkpoint *c, const ari_group *g, ari_err *err)
{
    size_t readable = 0, alike = 0, count = c->file_count;
    bool several = count > 1, named = !several && strcmp(g->path, g->files[0]) == 0;
    ari_err first = ARI_ERR_INIT;
    for (uint32_t i = 0; i < count; i++) {
        ari_err own = ARI_ERR_INIT;
        if (read_file(c, i, &own) == ARI_OK) {
            readable++;
            continue;
        }
        if (ari_is_out_of_memory(&own)) return ari_out_of_memory(err);
        c->incomplete = true;
        if (several) {
            finding_add(&c->findings, ARI_FINDING_SHARD_UNREADABLE, NO_TENSOR, own.offset, "%s%s (%s)",
                        c->files[i].where, own.text, ari_status_word(own.status));
        }
        if (!named) ari_wrap(&own, "%s", show(span_of(name_of(c->files[i].path))).text);
        if (first.status == ARI_OK) first = own;
        alike += own.hint != NULL && own.hint == first.hint;
    }
    if (readable > 0) return ARI_OK;
    bool all = several && alike == count;
    ari_fail(err, first.status, first.offset, "%s%s", first.text,
             all ? "; it is the same with every file of the set" : "");
    return ari_hint(err, first.hint);
}

static void note_group(ari_checkpoint *c, const ari_group *g)
{
    if (g->note != NULL)
        finding_add(&c->findings, ARI_FINDING_SNAPSHOT_CHOSEN, NO_TENSOR, ARI_NO_OFFSET, "%s", g->note);
    if (g->missing_count > 0) c->incomplete = true;
    for (size_t i = 0; i < g->missing_kept; i++) {
        finding_add(&c->findings, ARI_FINDING_SHARD_MISSING, NO_TENSOR, ARI_NO_OFFSET, "\"%s\" is not there",
                    show(span_of(g->missing[i])).text);
    }
    if (g->missing_count > g->missing_kept) {
        finding_add(&c->findings, ARI_FINDING_SHARD_MISSING, NO_TENSOR, ARI_NO_OFFSET,
                    "%" PRIu64 " more shards are not there", g->missing_count - g->missing_kept);
    }
    for (size_t i = 0; i < g->stray_count; i++) {
        finding_add(&c->findings, ARI_FINDING_STRAY_FILE, NO_TENSOR, ARI_NO_OFFSET,
                    "\"%s\" looks like a shard but is not part of the set; it was not read",
                    show(span_of(g->stray[i])).text);
    }
}

/* --- The index ------------------------------------------------------------------- */

static ari_span file_name(const ari_file *f)
{
    ari_span name = span_of(name_of(f->path));
    return span_ends(name, ".zst") ? span_first(name, name.size - 4) : name;
}

/* The file of that name among those that could be read, or NULL. */
static const ari_file *readable_file(const ari_checkpoint *c, ari_span name)
{
    for (size_t i = 0; i < c->file_count; i++) {
        if (c->files[i].container != NULL && span_eq(file_name(&c->files[i]), name)) return &c->files[i];
    }
    return NULL;
}

typedef struct index_check {
    ari_checkpoint *c;
    bool *listed; /* One a tensor row. */
    uint64_t unsafe, out_of_reach;
    ari_span
        last_name; /* Consecutive rows mostly name one file: of the name that a row gave, and the file. */
    const ari_file *last_file;
} index_check;

static bool check_index_row(void *context, const ari_index_row *row)
{
    index_check *k = context;
    ari_checkpoint *c = k->c;
    const ari_tensor *t = tensors_find(&c->tensors, row->tensor);
    if (!index_file_is_safe(row->file)) k->unsafe++;
    if (k->last_file == NULL || !span_eq(row->file, k->last_name)) {
        k->last_file = readable_file(c, row->file);
        if (k->last_file != NULL) k->last_name = file_name(k->last_file);
    }
    if (t != NULL) {
        k->listed[t - c->tensors.rows] = true;
        if (k->last_file == &c->files[t->file]) return true;
        finding_add(&c->findings, ARI_FINDING_INDEX_ABSENT, row->tensor, row->at,
                    "the index says \"%s\", it is in \"%s\"", show(row->file).text, c->files[t->file].shown);
    } else if (k->last_file == NULL) {
        k->out_of_reach++;
    } else {
        finding_add(&c->findings, ARI_FINDING_INDEX_ABSENT, row->tensor, row->at,
                    "the index says \"%s\", which does not hold it; no other shard does",
                    show(row->file).text);
    }
    return true;
}

static void check_unlisted(index_check *k)
{
    const ari_tensors *t = &k->c->tensors;
    for (size_t i = 0; i < t->count; i++) {
        if (k->listed[i]) continue;
        finding_add(&k->c->findings, ARI_FINDING_INDEX_UNLISTED, t->rows[i].name, t->rows[i].record_at,
                    "is in \"%s\", and the index does not list it", k->c->files[t->rows[i].file].shown);
    }
}

static void check_index_totals(const index_check *k, uint64_t total_size)
{
    ari_findings *f = &k->c->findings;
    uint64_t sum = 0;
    if (k->unsafe > 0) {
        finding_add(f, ARI_FINDING_INDEX_PATH, NO_TENSOR, ARI_NO_OFFSET,
                    "%" PRIu64
                    " tensors are said to be in files outside of the folder; these were not opened",
                    k->unsafe);
    }
    if (k->out_of_reach > 0) {
        finding_add(f, ARI_FINDING_INDEX_ABSENT, NO_TENSOR, ARI_NO_OFFSET,
                    "%" PRIu64 " tensors of the index are in shards that are missing or cannot be read",
                    k->out_of_reach);
    }
    for (size_t i = 0; i < k->c->tensors.count; i++) {
        if (!add_u64(sum, k->c->tensors.rows[i].bytes, &sum)) return;
    }
    if (k->out_of_reach == 0 && total_size != ARI_NO_OFFSET && total_size != sum) {
        finding_add(f, ARI_FINDING_INDEX_TOTAL, NO_TENSOR, ARI_NO_OFFSET,
                    "the index says %" PRIu64 " bytes in all, the tensors have %" PRIu64, total_size, sum);
    }
}

static ari_status check_index(ari_checkpoint *c, const char *path, ari_err *err)
{
    ari_err own = ARI_ERR_INIT;
    uint64_t total_size;
    const ari_findings before = c->findings;
    index_check k = { .c = c, .listed = calloc(c->tensors.count + 1, sizeof(bool)) };
    if (k.listed == NULL) return ari_out_of_memory(err);
    if (index_read(path, &c->limits, check_index_row, &k, &total_size, &own) == ARI_OK) {
        check_unlisted(&k);
        check_index_totals(&k, total_size);
    } else {
        if (ari_is_out_of_memory(&own)) ari_out_of_memory(err);
        findings_restore(&c->findings, &before);
        finding_add(&c->findings, ARI_FINDING_INDEX_UNREADABLE, NO_TENSOR, own.offset, "%s: %s",
                    show(span_of(name_of(path))).text, own.text);
    }
    free(k.listed);
    return err->status;
}

/* --- Split GGUF ------------------------------------------------------------------ */

/* llama.cpp's gguf-split writes split.no (from 0), split.count and
 * split.tensors.count (of the whole model) into every part. */
static void check_split(ari_checkpoint *c, const ari_group *g)
{
    uint64_t expected = g->file_count + g->missing_count;
    int64_t previous = -1, value;
    size_t counts = 0, parts = 0;
    shard_name as_part;
    for (size_t i = 0; i < c->metadata.count; i++) {
        const ari_meta *m = &c->metadata.rows[i];
        const ari_file *f = &c->files[m->file];
        if (!span_starts(m->key, "split.") || !meta_integer(m, 0, &value)) continue;
        if (span_is(m->key, "split.count")) counts++;
        if (span_is(m->key, "split.count") && value > 0 && (uint64_t)value != expected) {
            c->incomplete = c->incomplete || (uint64_t)value > expected;
            finding_add(&c->findings,
                        (uint64_t)value > expected ? ARI_FINDING_SHARD_MISSING : ARI_FINDING_SPLIT_MISMATCH,
                        NO_TENSOR, m->at, "%ssplit.count says %" PRId64 " files, the set has %" PRIu64,
                        f->where, value, expected);
        } else if (span_is(m->key, "split.no")) {
            if (value <= previous) {
                finding_add(&c->findings, ARI_FINDING_SPLIT_MISMATCH, NO_TENSOR, m->at,
                            "%ssplit.no is %" PRId64 ", after %" PRId64 " in the file before", f->where,
                            value, previous);
            }
            previous = value;
        } else if (span_is(m->key, "split.tensors.count") && g->missing_count == 0 && value >= 0 &&
                   (uint64_t)value != c->tensors.count) {
            finding_add(&c->findings, ARI_FINDING_SPLIT_MISMATCH, NO_TENSOR, m->at,
                        "%ssplit.tensors.count says %" PRId64 ", the files hold %zu", f->where, value,
                        c->tensors.count);
        }
    }
    for (size_t i = 0; i < c->file_count; i++)
        parts += c->files[i].version > 0 && shard_name_parse(name_of(c->files[i].path), &as_part);
    if (parts > 1 && counts < parts) {
        finding_add(&c->findings, ARI_FINDING_SPLIT_MISMATCH, NO_TENSOR, ARI_NO_OFFSET,
                    "of %zu parts, %zu do not say that they are parts (split.count)", parts, parts - counts);
    }
}

/* --- Metadata: one row a key ------------------------------------------------------ */

static int by_key(const void *a, const void *b)
{
    const ari_meta *x = *(const ari_meta *const *)a, *y = *(const ari_meta *const *)b;
    int order = span_order(x->key, y->key);
    return order != 0 ? order : x < y ? -1 : x > y;
}

/* Rows of one key, in the order of reading: keep the one of the first file that
 * the format's readers would. Shards repeat each other's keys; that is no fault. */
static void keep_one(ari_checkpoint *c, ari_meta **rows, size_t count, bool *drop)
{
    size_t kept = 0;
    for (size_t i = 1; i < count; i++) {
        const ari_file *f = &c->files[rows[i]->file];
        size_t loser = i;
        if (rows[i]->file == rows[i - 1]->file) {
            bool last = f->container != NULL && f->container->last_key_wins;
            finding_add(&c->findings, last ? ARI_FINDING_DUPLICATE_METADATA : ARI_FINDING_DUPLICATE_KEY,
                        NO_TENSOR, rows[i]->at, "%smetadata key \"%s\" stands twice; the %s is taken",
                        f->where, show(rows[i]->key).text, last ? "last" : "first");
            if (last && rows[i]->file == rows[kept]->file) {
                loser = kept;
                kept = i;
            }
        }
        drop[rows[loser] - c->metadata.rows] = true;
    }
}

static ari_status settle_metadata(ari_checkpoint *c, ari_err *err)
{
    ari_metadata *m = &c->metadata;
    ari_meta **order = calloc(m->count + 1, sizeof(ari_meta *));
    bool *drop = calloc(m->count + 1, sizeof(bool));
    if (order != NULL && drop != NULL) {
        for (size_t i = 0; i < m->count; i++) order[i] = &m->rows[i];
        qsort(order, m->count, sizeof(ari_meta *), by_key);
        for (size_t i = 0, n; i < m->count; i += n) {
            for (n = 1; i + n < m->count && span_eq(order[i]->key, order[i + n]->key); n++) continue;
            keep_one(c, order + i, n, drop);
        }
        size_t kept = 0;
        for (size_t i = 0; i < m->count; i++) {
            if (!drop[i]) m->rows[kept++] = m->rows[i];
        }
        m->count = kept;
    }
    bool ok = order != NULL && drop != NULL;
    free(order);
    free(drop);
    return ok ? ARI_OK : ari_out_of_memory(err);
}

/* --- The whole -------------------------------------------------------------------- */

static ari_status read_group(ari_checkpoint *c, const ari_group *g, ari_err *err)
{
    ari_status status = add_files(c, g, err);
    if (status == ARI_OK) status = read_files(c, g, err);
    if (status != ARI_OK) return status;
    note_group(c, g);
    if (c->capsule == NULL) check_split(c, g);
    status = settle_metadata(c, err);
    if (status == ARI_OK) status = extents_check(c, err);
    if (status == ARI_OK && g->index != NULL) status = check_index(c, g->index, err);
    return status == ARI_OK && c->arena.failed ? ari_out_of_memory(err) : status;
}

static const char *folder_of(ari_checkpoint *c, const char *path)
{
    return arena_copy(&c->arena, span_first(span_of(path), (size_t)(name_of(path) - path)));
}

ari_status checkpoint_read(const ari_group *group, const ari_limits *limits, ari_checkpoint **out,
                           ari_err *err)
{
    *out = NULL;
    ari_checkpoint *c = calloc(1, sizeof(*c));
    if (c == NULL) return ari_out_of_memory(err);
    c->limits = *limits;
    c->of_folder = group->of_folder;
    c->alone = group->alone;
    c->path = arena_copy(&c->arena, span_of(group->path));
    if (group->file_count > 0)
        c->folder =
            group->of_folder ? arena_copy(&c->arena, span_of(group->folder)) : folder_of(c, group->files[0]);
    c->findings = (ari_findings){ .arena = &c->arena, .most = (size_t)limits->findings };
    if (getentropy(&c->tensors.names.seed, sizeof(uint64_t)) != 0)
        c->tensors.names.seed = (uint64_t)(uintptr_t)c;
    ari_status status = read_group(c, group, err);
    if (status != ARI_OK) {
        checkpoint_free(c);
        return status;
    }
    *out = c;
    return ARI_OK;
}

void checkpoint_free(ari_checkpoint *c)
{
    if (c == NULL) return;
    for (size_t i = 0; i < c->file_count; i++) {
        inflater_free(c->files[i].inflater);
        map_close(c->files[i].map);
    }
    free(c->files);
    capsule_free(c->capsule);
    tensors_free(&c->tensors);
    metadata_free(&c->metadata);
    findings_free(&c->findings);
    arena_free(&c->arena);
    free(c);
}

void checkpoint_rest(const ari_checkpoint *c)
{
    for (size_t i = 0; c->tensors.count >= MANY_NAMES && i < c->file_count; i++) {
        if (c->files[i].header_end >= WORTH_RESTING) map_rest(c->files[i].map);
    }
}

bool checkpoint_bytes(const ari_checkpoint *c, const ari_tensor *t, uint64_t most, ari_span *out)
{
    const ari_file *f = &c->files[t->file];
    if (c->capsule != NULL) return capsule_values(c->capsule, t, out) && out->size <= most;
    if (f->inflater != NULL || t->bytes > most || t->begin > f->map.size || t->bytes > f->map.size - t->begin)
        return false;
    *out = span_first(span_from(f->map, (size_t)t->begin), (size_t)t->bytes);
    return true;
}

void checkpoint_unreadable(ari_checkpoint *c, const char *shown, const ari_err *err)
{
    if (ari_is_out_of_memory(err)) {
        c->arena.failed = true;
        return;
    }
    finding_add(&c->findings, ARI_FINDING_CONFIG_UNREADABLE, NO_TENSOR, err->offset, "%s: %s", shown,
                err->text);
}

ari_status checkpoint_sidecar(ari_checkpoint *c, const char *name, ari_span *map, ari_err *err)
{
    if (c->capsule != NULL) return capsule_sidecar(c->capsule, name, c->limits.sidecar_bytes, map, err);
    const char *path = arena_printf(&c->arena, "%s%s", folder_of(c, c->files[0].path), name);
    ari_status status = map_small(path, c->limits.sidecar_bytes, map, err);
    c->arena.failed = c->arena.failed || ari_is_out_of_memory(err);
    return status;
}

void checkpoint_sidecar_close(const ari_checkpoint *c, ari_span map)
{
    if (c->capsule == NULL) map_small_close(map);
}
