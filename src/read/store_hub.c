/* store_hub.c -- the cache of Hugging Face: models--ORG--NAME/snapshots/COMMIT, whose files are links into
 * blobs/, and refs/, whose files hold the commit that a branch or tag has. */
#include "base/text.h"
#include "read/map.h"
#include "read/sniff.h"
#include "read/store.h"

#include <sys/stat.h>

enum { COMMIT_LEAST = 7, COMMIT_MOST = 64, REVISION_MOST = 200, SHOWN = 8 };

#define PREFIX "models--"
#define ANOTHER "download the model again, or name one of its snapshots: ORG/NAME@COMMIT"

typedef struct hub_name {
    ari_span id;          /* ORG/NAME */
    const char *revision; /* NULL where none is asked for. */
} hub_name;

/* A branch may have slashes: refs/pr/1. */
static bool is_revision(const char *revision)
{
    for (ari_span rest = span_of(revision);;) {
        const uint8_t *slash = rest.size == 0 ? NULL : memchr(rest.data, '/', rest.size);
        size_t n = slash == NULL ? rest.size : (size_t)(slash - rest.data);
        if (!store_word(span_first(rest, n), "-.", REVISION_MOST)) return false;
        if (slash == NULL) return strlen(revision) <= REVISION_MOST;
        rest = span_from(rest, n + 1);
    }
}

static bool parse(const char *name, hub_name *out)
{
    const char *at = strchr(name, '@');
    *out = (hub_name){ .id = at == NULL ? span_of(name) : span_first(span_of(name), (size_t)(at - name)) };
    if (at != NULL) out->revision = at + 1;
    return store_repository(out->id, false) && (at == NULL || is_revision(at + 1));
}

static bool takes(const char *name)
{
    hub_name unused;
    return parse(name, &unused);
}

/* models--ORG--NAME */
static const char *folder_of(ari_arena *a, ari_span id)
{
    ari_text t = { 0 };
    text_put(&t, PREFIX);
    for (size_t i = 0; i < id.size; i++) {
        if (id.data[i] == '/') {
            text_put(&t, "--");
        } else {
            text_put_span(&t, (ari_span){ id.data + i, 1 });
        }
    }
    const char *out = arena_copy(a, span_of(t.data == NULL ? "" : t.data));
    if (t.failed) a->failed = true;
    text_free(&t);
    return out;
}

static bool is_hex(ari_span s)
{
    for (size_t i = 0; i < s.size; i++) {
        bool digit = s.data[i] >= '0' && s.data[i] <= '9';
        if (!digit && (s.data[i] < 'a' || s.data[i] > 'f')) return false;
    }
    return true;
}

static bool is_commit(ari_span s)
{
    return s.size >= COMMIT_LEAST && s.size <= COMMIT_MOST && is_hex(s);
}

/* --- Which snapshot ------------------------------------------------------------------- */

typedef struct choice {
    const char *path; /* NULL where there is none. */
    const char *note; /* Why this one, where it is not obvious. */
} choice;

/* The commit of a branch or tag; NULL where the cache has no such reference. */
static ari_status read_reference(store_visit *v, const char *repository, const char *name,
                                 const char **commit)
{
    ari_span map = { 0 };
    ari_err own = ARI_ERR_INIT;
    const char *path = arena_printf(v->arena, "%s/refs/%s", repository, name);
    *commit = NULL;
    if (store_is_folder(path)) return ARI_OK;
    ari_status status = map_small(path, v->options->limits.sidecar_bytes, &map, &own);
    if (status == ARI_NOT_FOUND) return ARI_OK;
    if (ari_is_out_of_memory(&own)) return ari_out_of_memory(v->err);
    if (status != ARI_OK) {
        ari_fail(v->err, status == ARI_LIMIT ? ARI_MALFORMED : status, own.offset, "%s: %s",
                 show(span_of(path)).text, own.text);
        return ari_hint(v->err, ANOTHER);
    }
    size_t n = map.size;
    while (n > 0 && (map.data[n - 1] == '\n' || map.data[n - 1] == '\r' || map.data[n - 1] == ' ')) n--;
    ari_span text = span_first(map, n);
    if (is_commit(text)) {
        *commit = arena_copy(v->arena, text);
    } else {
        ari_fail(v->err, ARI_MALFORMED, ARI_NO_OFFSET, "%s holds no commit", show(span_of(path)).text);
        ari_hint(v->err, ANOTHER);
    }
    map_small_close(map);
    return v->err->status;
}

static ari_status list_snapshots(store_visit *v, const char *repository, listing *l)
{
    size_t kept = 0;
    store_list(v, arena_printf(v->arena, "%s/snapshots/", repository), l);
    for (size_t i = 0; i < l->folder_count; i++) {
        if (is_commit(span_of(l->folders[i].name))) l->folders[kept++] = l->folders[i];
    }
    l->folder_count = kept;
    return v->err->status;
}

static const char *snapshot_path(store_visit *v, const listing *l, size_t i)
{
    return arena_printf(v->arena, "%s%s", l->folder, l->folders[i].name);
}

static void newest(store_visit *v, const listing *l, choice *out)
{
    struct stat s;
    struct timespec best = { 0 };
    size_t which = 0;
    for (size_t i = 0; i < l->folder_count; i++) {
        if (stat(snapshot_path(v, l, i), &s) != 0) continue;
        bool later = s.st_mtim.tv_sec > best.tv_sec ||
                     (s.st_mtim.tv_sec == best.tv_sec && s.st_mtim.tv_nsec > best.tv_nsec);
        if (!later) continue;
        best = s.st_mtim;
        which = i;
    }
    if (l->folder_count == 0) return;
    out->path = snapshot_path(v, l, which);
    if (l->folder_count > 1)
        out->note = arena_printf(v->arena,
                                 "the cache has %zu snapshots and no refs/main; the newest, %.12s, was taken",
                                 l->folder_count, l->folders[which].name);
}

/* What there is to choose from, after a revision that is not among it. */
static ari_status refuse_revision(store_visit *v, const listing *l, const char *revision, bool several)
{
    ari_text list = { 0 };
    text_put(&list, "");
    for (size_t i = 0; i < l->folder_count && i < SHOWN; i++)
        text_printf(&list, "%s%.12s", i == 0 ? "" : ", ", l->folders[i].name);
    ari_fail(v->err, several ? ARI_USAGE : ARI_NOT_FOUND, ARI_NO_OFFSET,
             several ? "several snapshots begin with \"%s\"; there are %s%s"
                     : "the cache has no revision \"%s\" of it; there are %s%s",
             show(span_of(revision)).text, list.failed || list.size == 0 ? "none" : list.data,
             l->folder_count > SHOWN ? ", ..." : "");
    text_free(&list);
    return ari_hint(v->err,
                    "name a branch, a tag, or the beginning of a commit that is there: ORG/NAME@COMMIT");
}

static ari_status by_prefix(store_visit *v, const listing *l, const char *revision, choice *out)
{
    size_t hits = 0, n = strlen(revision);
    for (size_t i = 0; i < l->folder_count; i++) {
        if (strncmp(l->folders[i].name, revision, n) != 0) continue;
        bool whole = l->folders[i].name[n] == '\0';
        out->path = snapshot_path(v, l, i);
        if (whole) return ARI_OK;
        hits++;
    }
    return hits == 1 ? ARI_OK : refuse_revision(v, l, revision, hits > 1);
}

static ari_status choose(store_visit *v, const char *repository, const char *revision, choice *out)
{
    const char *commit;
    listing l = { 0 };
    *out = (choice){ 0 };
    ari_status status = read_reference(v, repository, revision == NULL ? "main" : revision, &commit);
    if (status != ARI_OK) return status;
    if (commit != NULL) {
        out->path = arena_printf(v->arena, "%s/snapshots/%s", repository, commit);
        if (store_is_folder(out->path)) return ARI_OK;
        ari_fail(v->err, ARI_NOT_FOUND, ARI_NO_OFFSET, "the cache has nothing of snapshot %.12s, which is %s",
                 commit, revision == NULL ? "main" : show(span_of(revision)).text);
        return ari_hint(v->err, ANOTHER);
    }
    status = list_snapshots(v, repository, &l);
    if (status == ARI_OK && revision != NULL) status = by_prefix(v, &l, revision, out);
    if (status == ARI_OK && revision == NULL) newest(v, &l, out);
    listing_free(&l);
    return status;
}

/* --- What is wrong with one that has no model --------------------------------------------- */

/* Blobs that are still being fetched; the first of them in *name. */
static size_t count_unfinished(store_visit *v, const char *repository, const char **name)
{
    listing l;
    size_t n = 0;
    store_list(v, arena_printf(v->arena, "%s/blobs/", repository), &l);
    for (size_t i = 0; i < l.other_count; i++) {
        if (!span_ends(span_of(l.others[i].name), ".incomplete")) continue;
        if (n++ == 0) *name = l.others[i].name;
    }
    listing_free(&l);
    return n;
}

/* Only what belongs to a tokenizer or a configuration: the model itself was never asked for. */
static bool is_without_weights(store_visit *v, const char *snapshot)
{
    listing l;
    bool without = store_list(v, arena_printf(v->arena, "%s/", snapshot), &l) &&
                   l.model_count + l.index_count + l.broken_count == 0;
    for (size_t i = 0; i < l.other_count && without; i++) {
        const sniff_ending *e = sniff_name(l.others[i].name);
        without = e == NULL || e->kind == ENDING_TEXT;
    }
    listing_free(&l);
    return without;
}

static ari_status explain(store_visit *v, const char *repository, const char *snapshot, const ari_err *own)
{
    const char *name = NULL;
    bool nothing = own->status == ARI_NOT_A_MODEL && is_without_weights(v, snapshot);
    size_t unfinished = nothing ? count_unfinished(v, repository, &name) : 0;
    if (unfinished > 0) {
        ari_fail(v->err, ARI_NOT_A_MODEL, ARI_NO_OFFSET,
                 "the download is incomplete: %zu file%s unfinished, such as %s/blobs/%s", unfinished,
                 unfinished == 1 ? " is" : "s are", show(span_of(repository)).text, show(span_of(name)).text);
        return ari_hint(v->err, "download the model again: `hf download` goes on where it stopped");
    }
    ari_fail(v->err, nothing ? ARI_NOT_FOUND : own->status, own->offset, "snapshot %.12s in %s: %s",
             strrchr(snapshot, '/') + 1, show(span_of(repository)).text, own->text);
    return ari_hint(v->err, nothing ? "download the weights too" : own->hint);
}

static ari_status find(store_visit *v, const char *name, ari_set **out)
{
    hub_name n;
    choice c;
    ari_err own = ARI_ERR_INIT;
    if (!parse(name, &n)) return ARI_OK;
    const char *repository = arena_printf(v->arena, "%s/%s", v->root, folder_of(v->arena, n.id));
    if (!store_is_folder(repository)) return ARI_OK;
    if (choose(v, repository, n.revision, &c) != ARI_OK) return v->err->status;
    if (c.path == NULL) {
        ari_fail(v->err, ARI_NOT_FOUND, ARI_NO_OFFSET, "%s has no snapshot", show(span_of(repository)).text);
        return ari_hint(v->err, "download the model again: `hf download ORG/NAME`");
    }
    if (ari_set_find(c.path, v->options, out, &own) != ARI_OK) return explain(v, repository, c.path, &own);
    ari_set *set = *out;
    for (size_t i = 0; i < set->count && c.note != NULL; i++)
        set->groups[i].note = arena_copy(&set->arena, span_of(c.note));
    return set->arena.failed ? ari_out_of_memory(v->err) : ARI_OK;
}

/* --- All that is there ------------------------------------------------------------------- */

/* Of models--ORG--NAME the name; NULL for what is none. */
static const char *name_of(ari_arena *a, const char *folder)
{
    if (strncmp(folder, PREFIX, sizeof(PREFIX) - 1) != 0) return NULL;
    const char *id = folder + sizeof(PREFIX) - 1, *dashes = strstr(id, "--");
    const char *name = dashes == NULL ? arena_copy(a, span_of(id))
                                      : arena_printf(a, "%.*s/%s", (int)(dashes - id), id, dashes + 2);
    return store_repository(span_of(name), false) ? name : NULL;
}

static void list_repository(store_visit *v, const char *folder, const char *name)
{
    ari_err own = ARI_ERR_INIT;
    store_visit one = *v;
    store_tally tally = { 0 };
    choice c;
    one.err = &own;
    bool chosen = choose(&one, folder, NULL, &c) == ARI_OK && c.path != NULL;
    if (own.status == ARI_LIMIT) {
        ari_fail(v->err, own.status, own.offset, "%s", own.text);
        ari_hint(v->err, own.hint);
        return;
    }
    if (chosen) tally = store_count(c.path, &v->options->limits);
    store_note(v, &store_hub, name, chosen ? c.path : "", &tally);
}

static void list(store_visit *v)
{
    listing l;
    store_list(v, arena_printf(v->arena, "%s/", v->root), &l);
    for (size_t i = 0; i < l.folder_count && v->err->status == ARI_OK; i++) {
        const char *name = name_of(v->arena, l.folders[i].name);
        if (name != NULL)
            list_repository(v, arena_printf(v->arena, "%s/%s", v->root, l.folders[i].name), name);
    }
    listing_free(&l);
}

const store_kind store_hub = { .word = "hf",
                               .title = "the cache of Hugging Face",
                               .bare = true,
                               .takes = takes,
                               .find = find,
                               .list = list };
