#include "read/set.h"

#include "base/lookup.h"
#include "base/text.h"
#include "read/index.h"
#include "read/instead.h"
#include "read/listing.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MISSING_KEPT = 16, NAMES_SHOWN = 4 };

/* Grouping the files of one folder, the groups going to the set. */
typedef struct search {
    ari_set *set;
    const ari_limits *limits;
    ari_err *err;
    listing list;
} search;

/* --- Groups ------------------------------------------------------------------ */

static ari_status add_name(search *s, const char ***names, size_t *room, size_t *count, const char *name)
{
    if (!array_room(names, room, *count, sizeof((*names)[0]))) return ari_out_of_memory(s->err);
    (*names)[(*count)++] = name;
    return ARI_OK;
}

static ari_status add_file(search *s, ari_group *g, const char *name)
{
    return add_name(s, &g->files, &g->file_room, &g->file_count,
                    arena_printf(&s->set->arena, "%s%s", s->list.folder, name));
}

static ari_status add_missing(search *s, ari_group *g, const char *name)
{
    g->missing_count++;
    if (g->missing_kept >= MISSING_KEPT) return ARI_OK;
    return add_name(s, &g->missing, &g->missing_room, &g->missing_kept, name);
}

static ari_status add_stray(search *s, ari_group *g, const char *name)
{
    return add_name(s, &g->stray, &g->stray_room, &g->stray_count, name);
}

/* The group stays valid until the next one is added. */
static ari_group *add_group(search *s)
{
    ari_set *set = s->set;
    if (!array_room(&set->groups, &set->room, set->count, sizeof(set->groups[0]))) {
        ari_out_of_memory(s->err);
        return NULL;
    }
    set->groups[set->count] = (ari_group){ .folder = s->list.folder };
    return &set->groups[set->count++];
}

static ari_span listed_name(const void *names, size_t i)
{
    return span_of(((const char *const *)names)[i]);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The distinct files that an index names. */
typedef struct naming {
    search *s;
    ari_lookup known;
    const char **names;
    size_t count, room;
    ari_span last; /* The name of the one before: most rows name it again. */
} naming;

/* Unsafe ones are left out: the reader of the checkpoint reports them. */
static bool name_file(void *context, const ari_index_row *row)
{
    naming *n = context;
    search *s = n->s;
    bool added;
    if (span_eq(row->file, n->last) || !index_file_is_safe(row->file) ||
        lookup_find(&n->known, row->file, listed_name, n->names) != SIZE_MAX)
        return true;
    if (n->count >= s->limits->files) {
        ari_fail(s->err, ARI_LIMIT, ARI_NO_OFFSET, "the index names more than %" PRIu64 " files",
                 s->limits->files);
    } else if (add_name(s, &n->names, &n->room, &n->count, arena_copy(&s->set->arena, row->file)) == ARI_OK) {
        n->last = span_of(n->names[n->count - 1]);
        if (lookup_add(&n->known, n->last, n->count - 1, listed_name, n->names, &added) == SIZE_MAX)
            ari_out_of_memory(s->err);
    }
    return s->err->status == ARI_OK;
}

/* Sorted; malloc'd. An index that cannot be read names none, and err says why. */
static ari_status index_files(search *s, const char *path, const char ***names, size_t *count, ari_err *err)
{
    naming n = { .s = s, .known = { .seed = (uint64_t)(uintptr_t)s } };
    uint64_t total;
    ari_status status = index_read(path, s->limits, name_file, &n, &total, err);
    lookup_free(&n.known);
    if (ari_is_out_of_memory(err)) ari_out_of_memory(s->err);
    if (status != ARI_OK) n.count = 0;
    if (n.count > 0) qsort(n.names, n.count, sizeof(n.names[0]), by_text);
    *names = n.names;
    *count = n.count;
    return status;
}

/* "model-extra.safetensors" beside model.safetensors.index.json. Other stems
 * (consolidated, adapter_model) and variants (model.fp16) stand for themselves. */
static bool looks_like_shard(const char *index, const char *name)
{
    size_t stem = (size_t)(strstr(index, ".safetensors.index.") - index);
    bool joined = strncmp(index, name, stem) == 0 && (name[stem] == '-' || name[stem] == '_');
    return joined && strstr(name, ".safetensors") != NULL;
}

static ari_status fill_from_index(search *s, ari_group *g, const char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        entry *e = listing_find_packed(&s->list, names[i]);
        ari_status status = e != NULL                           ? add_file(s, g, e->name)
                            : listing_holds(&s->list, names[i]) ? add_file(s, g, names[i])
                                                                : add_missing(s, g, names[i]);
        if (status != ARI_OK) return status;
        if (e != NULL) e->taken = true;
    }
    return ARI_OK;
}

/* A group for the index, when at least one of its files is here. An index that
 * cannot be read joins nothing; where it is all there is, the caller says so. */
static ari_status group_by_index(search *s, const char *index, bool *made)
{
    ari_err own = ARI_ERR_INIT;
    const char **names = NULL;
    size_t count = 0;
    *made = false;
    const char *path = arena_printf(&s->set->arena, "%s%s", s->list.folder, index);
    index_files(s, path, &names, &count, &own);
    bool any = false;
    for (size_t i = 0; i < count && !any && s->err->status == ARI_OK; i++)
        any = listing_find_packed(&s->list, names[i]) != NULL || listing_holds(&s->list, names[i]);
    ari_group *g = any ? add_group(s) : NULL;
    if (g != NULL) {
        g->index = g->path = path;
        fill_from_index(s, g, names, count);
        *made = true;
    }
    free(names);
    return s->err->status;
}

static ari_status note_strays(search *s, ari_group *g, const char *index)
{
    for (size_t i = 0; i < s->list.model_count; i++) {
        entry *e = &s->list.models[i];
        if (e->taken || !looks_like_shard(index, e->name)) continue;
        e->taken = true;
        if (add_stray(s, g, e->name) != ARI_OK) return s->err->status;
    }
    return ARI_OK;
}

/* An index that could not be read still belongs to the shards it is named after. */
static void adopt_index(search *s, ari_group *g, const char *first)
{
    for (size_t i = 0; i < s->list.index_count; i++) {
        if (looks_like_shard(s->list.indexes[i].name, first) && !s->list.indexes[i].taken) {
            g->index = arena_printf(&s->set->arena, "%s%s", s->list.folder, s->list.indexes[i].name);
            s->list.indexes[i].taken = true;
        }
    }
}

static ari_status missing_number(search *s, ari_group *g, const shard_name *like, uint64_t number)
{
    if (g->missing_kept >= MISSING_KEPT) return add_missing(s, g, "");
    return add_missing(s, g,
                       arena_printf(&s->set->arena, "%.*s%0*" PRIu64 "-of-%.*s%.*s", (int)like->prefix.size,
                                    (const char *)like->prefix.data, (int)like->digits, number,
                                    (int)like->total_digits.size, (const char *)like->total_digits.data,
                                    (int)like->suffix.size, (const char *)like->suffix.data));
}

typedef struct numbered {
    uint64_t number;
    entry *file;
} numbered;

static int by_number(const void *a, const void *b)
{
    const numbered *x = a, *y = b;
    if (x->number != y->number) return x->number < y->number ? -1 : 1;
    return strcmp(x->file->name, y->file->name);
}

/* All brothers of a shard that nothing has taken yet. */
static size_t collect_brothers(search *s, const shard_name *like, numbered *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s->list.model_count; i++) {
        shard_name other;
        if (s->list.models[i].taken || !shard_name_parse(s->list.models[i].name, &other) ||
            !shard_names_join(like, &other))
            continue;
        out[n++] = (numbered){ other.number, &s->list.models[i] };
        s->list.models[i].taken = true;
    }
    qsort(out, n, sizeof(out[0]), by_number);
    return n;
}

/* Shards count from 1; where one has the number 0, from 0. */
static ari_status fill_from_numbers(search *s, ari_group *g, const shard_name *like, const numbered *shards,
                                    size_t n)
{
    uint64_t next = shards[0].number == 0 ? 0 : 1, end = next + like->total;
    for (size_t i = 0; i < n && s->err->status == ARI_OK; i++) {
        if (shards[i].number < next || shards[i].number >= end) {
            add_stray(s, g, shards[i].file->name);
            continue;
        }
        for (; next < shards[i].number && g->missing_kept < MISSING_KEPT; next++)
            missing_number(s, g, like, next);
        g->missing_count += shards[i].number - next;
        add_file(s, g, shards[i].file->name);
        next = shards[i].number + 1;
    }
    for (; next < end && g->missing_kept < MISSING_KEPT; next++) missing_number(s, g, like, next);
    g->missing_count += end - next;
    return s->err->status;
}

/* "model-vision.safetensors" beside "model-00001-of-00004.safetensors": without an
 * index to say otherwise, a part of the same model. */
static void join_named_parts(search *s, ari_group *g, const shard_name *like)
{
    for (size_t i = 0; i < s->list.model_count && g->index == NULL && s->err->status == ARI_OK; i++) {
        entry *e = &s->list.models[i];
        ari_span name = span_of(e->name), start = span_first(name, like->prefix.size);
        if (e->taken || e->numbered || !span_eq(start, like->prefix) || !span_ends(like->prefix, "-"))
            continue;
        if (strstr(e->name, ".safetensors") == NULL) continue;
        e->taken = true;
        add_file(s, g, e->name);
    }
}

static ari_status group_by_number(search *s, entry *one)
{
    const shard_name *like = &one->shard;
    numbered *shards = calloc(s->list.model_count, sizeof(shards[0]));
    ari_group *g = shards == NULL ? NULL : add_group(s);
    if (g != NULL) {
        size_t n = collect_brothers(s, like, shards);
        fill_from_numbers(s, g, like, shards, n);
        if (g->file_count == 0) add_file(s, g, one->name);
        adopt_index(s, g, one->name);
        join_named_parts(s, g, like);
        if (s->err->status == ARI_OK && g->file_count > 0) g->path = g->files[0];
    }
    free(shards);
    return g == NULL ? ari_out_of_memory(s->err) : s->err->status;
}

static ari_status group_one(search *s, entry *e)
{
    ari_group *g = add_group(s);
    if (g == NULL || add_file(s, g, e->name) != ARI_OK || g->files == NULL) return s->err->status;
    e->taken = true;
    g->path = g->files[0];
    return ARI_OK;
}

static ari_status group_entry(search *s, entry *e)
{
    return e->numbered ? group_by_number(s, e) : group_one(s, e);
}

/* An mmproj is part of every GGUF model beside it; without one it stands alone. */
static ari_status join_mmproj(search *s, size_t first_group)
{
    entry *mmproj = NULL;
    bool joined = false;
    for (size_t i = 0; i < s->list.model_count && mmproj == NULL; i++) {
        if (is_mmproj_name(s->list.models[i].name) && !s->list.models[i].taken) mmproj = &s->list.models[i];
    }
    for (size_t i = first_group; mmproj != NULL && i < s->set->count; i++) {
        ari_group *g = &s->set->groups[i];
        if (strstr(g->files[0], ".gguf") == NULL) continue;
        joined = true;
        if (add_file(s, g, mmproj->name) != ARI_OK) return s->err->status;
    }
    if (joined) mmproj->taken = true;
    for (size_t i = 0; i < s->list.model_count; i++) {
        if (!s->list.models[i].taken && group_one(s, &s->list.models[i]) != ARI_OK) return s->err->status;
    }
    return ARI_OK;
}

static ari_status group_all(search *s)
{
    size_t first_group = s->set->count;
    for (size_t i = 0; i < s->list.index_count; i++) {
        if (group_by_index(s, s->list.indexes[i].name, &s->list.indexes[i].taken) != ARI_OK)
            return s->err->status;
    }
    for (size_t i = first_group, k = 0; k < s->list.index_count && i < s->set->count; k++) {
        if (!s->list.indexes[k].taken) continue;
        if (note_strays(s, &s->set->groups[i++], s->list.indexes[k].name) != ARI_OK) return s->err->status;
    }
    for (size_t i = 0; i < s->list.model_count; i++) {
        entry *e = &s->list.models[i];
        if (!e->taken && !is_mmproj_name(e->name) && group_entry(s, e) != ARI_OK) return s->err->status;
    }
    return join_mmproj(s, first_group);
}

/* Beside a model a capsule says what the model does; where there is none, each is one. */
static ari_status group_capsules(search *s)
{
    for (size_t i = 0; i < s->list.capsule_count; i++) {
        if (group_one(s, &s->list.capsules[i]) != ARI_OK) return s->err->status;
    }
    return ARI_OK;
}

/* --- Directories --------------------------------------------------------------- */

static ari_status list_and_group(search *s, const char *folder)
{
    s->list = (listing){ .arena = &s->set->arena, .limits = s->limits, .err = s->err, .folder = folder };
    size_t first_group = s->set->count;
    ari_status status = listing_read(&s->list);
    if (status == ARI_OK) status = group_all(s);
    return status == ARI_OK && s->set->count == first_group ? group_capsules(s) : status;
}

/* diffusers keeps each part of a pipeline in a folder of its own. */
static ari_status group_folders(const search *top)
{
    for (size_t i = 0; i < top->list.folder_count && top->err->status == ARI_OK; i++) {
        search s = { .set = top->set, .limits = top->limits, .err = top->err };
        list_and_group(&s, arena_printf(&s.set->arena, "%s%s/", top->list.folder, top->list.folders[i].name));
        listing_free(&s.list);
    }
    return top->err->status;
}

/* Which files an index wants, of which none is here. */
static ari_status none_of_index(search *s, const char *index, bool named, ari_status status)
{
    ari_err own = ARI_ERR_INIT;
    ari_text list = { 0 };
    const char **names = NULL;
    size_t count = 0;
    const char *path = arena_printf(&s->set->arena, "%s%s", s->list.folder, index);
    if (index_files(s, path, &names, &count, &own) != ARI_OK) {
        ari_fail(s->err, own.status, own.offset, "%s", own.text);
        if (!named) ari_wrap(s->err, "%s", show(span_of(index)).text);
    } else if (s->err->status == ARI_OK) {
        for (size_t i = 0; i < count && i < NAMES_SHOWN; i++)
            text_printf(&list, "%s%s", i == 0 ? "" : ", ", show(span_of(names[i])).text);
        if (list.failed) ari_out_of_memory(s->err);
        ari_fail(s->err, status, ARI_NO_OFFSET, "none of the files that %s names is here: %s%s",
                 named ? "it" : show(span_of(index)).text, list.data == NULL ? "it names none" : list.data,
                 count > NAMES_SHOWN ? ", ..." : "");
        ari_hint(s->err, "download the .safetensors files of the index too");
    }
    text_free(&list);
    free(names);
    return s->err->status;
}

/* A model file that is a link, and not what it leads to. */
static ari_status broken_link(ari_err *err, const char *path, const char *name, ari_status status)
{
    char target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof(target));
    ari_span there = { (const uint8_t *)target, n < 0 ? 0 : (size_t)n };
    ari_fail(err, status, ARI_NO_OFFSET, "%s%sis a link to %s, which is not there", show(span_of(name)).text,
             name[0] == '\0' ? "" : " ", show(there).text);
    return ari_hint(err, "the download is incomplete, or what it leads to was moved: fetch the file again");
}

static ari_status nothing_found(search *s, const char *path)
{
    const listing *l = &s->list;
    if (l->index_count > 0) return none_of_index(s, l->indexes[0].name, false, ARI_NOT_A_MODEL);
    if (l->broken_count == 0) return folder_without_model(l, path, s->err);
    const char *name = l->broken[0].name;
    return broken_link(s->err, arena_printf(&s->set->arena, "%s%s", l->folder, name), name, ARI_NOT_A_MODEL);
}

static void note_folder(ari_set *set, const char *path)
{
    if (set->count == 1) set->groups[0].path = arena_copy(&set->arena, span_of(path));
    for (size_t i = 0; i < set->count; i++) {
        set->groups[i].of_folder = true;
        set->groups[i].alone = set->count == 1;
    }
}

static ari_status group_directory(search *s, const char *path)
{
    size_t n = strlen(path);
    const char *slash = n > 0 && path[n - 1] == '/' ? "" : "/";
    return list_and_group(s, arena_printf(&s->set->arena, "%s%s", path, slash));
}

static ari_status find_in_directory(search *s, const char *path)
{
    ari_status status = group_directory(s, path);
    if (status == ARI_OK && s->list.diffusers) status = group_folders(s);
    if (status == ARI_OK && s->set->count == 0) status = nothing_found(s, path);
    note_folder(s->set, path);
    return status;
}

/* A link to nothing is a file that cannot be read; of a shard the others say that it is missing. */
static ari_status group_broken(search *s)
{
    for (size_t i = 0; i < s->list.broken_count && s->err->status == ARI_OK; i++) {
        shard_name unused;
        if (!shard_name_parse(s->list.broken[i].name, &unused)) group_one(s, &s->list.broken[i]);
    }
    return s->err->status;
}

/* Without the folders in it. An index or a link says that there ought to be something. */
static ari_status find_in_folder_alone(search *s, const char *path)
{
    ari_status status = group_directory(s, path);
    bool promised = s->list.index_count + s->list.broken_count > 0;
    if (status == ARI_OK && s->set->count == 0 && promised) status = nothing_found(s, path);
    note_folder(s->set, path);
    return status == ARI_OK ? group_broken(s) : status;
}

/* --- Files ----------------------------------------------------------------------- */

static void free_groups(ari_set *set, size_t from)
{
    for (size_t i = from; i < set->count; i++) {
        free(set->groups[i].files);
        free(set->groups[i].missing);
        free(set->groups[i].stray);
    }
    set->count = from;
}

/* Keep only the group that holds the path that was named. */
static bool keep_group_of(ari_set *set, const char *path)
{
    for (size_t i = 0; i < set->count; i++) {
        for (size_t k = 0; k < set->groups[i].file_count; k++) {
            if (strcmp(set->groups[i].files[k], path) != 0) continue;
            ari_group kept = set->groups[i];
            set->groups[i] = set->groups[0];
            set->groups[0] = kept;
            free_groups(set, 1);
            return true;
        }
    }
    return false;
}

/* The index that names the file, else its numbered brothers, else itself alone. */
static ari_status group_file(search *s, const char *name, const char *path)
{
    for (size_t i = 0; i < s->list.index_count; i++) {
        if (group_by_index(s, s->list.indexes[i].name, &s->list.indexes[i].taken) != ARI_OK)
            return s->err->status;
    }
    if (keep_group_of(s->set, path)) {
        ari_group *g = &s->set->groups[0];
        const char *slash = strrchr(g->index, '/');
        return note_strays(s, g, slash == NULL ? g->index : slash + 1);
    }
    entry *e = listing_find(&s->list, name);
    entry alone = { .name = name };
    ari_status status = e == NULL || e->taken ? group_one(s, &alone) : group_entry(s, e);
    if (status != ARI_OK || keep_group_of(s->set, path)) return status;
    /* A number beyond the set's own, say: it has no brothers, but it was named. */
    free_groups(s->set, 0);
    return group_one(s, &alone);
}

static ari_status group_named_index(search *s, const char *name)
{
    bool made = false;
    ari_status status = group_by_index(s, name, &made);
    if (status != ARI_OK) return status;
    if (made) return note_strays(s, &s->set->groups[0], name);
    return none_of_index(s, name, true, ARI_NOT_FOUND);
}

static ari_status find_by_file(search *s, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    ari_span folder = { (const uint8_t *)path, (size_t)(name - path) };
    shard_name unused;
    bool model = is_model_name(name), index = is_index_name(name);
    ari_err own = ARI_ERR_INIT;
    /* A file stands for itself where its folder cannot be listed. */
    s->list = (listing){ .arena = &s->set->arena, .limits = s->limits, .err = index ? s->err : &own };
    s->list.folder = arena_copy(&s->set->arena, folder);
    bool alone = !model && !index && !shard_name_parse(name, &unused);
    if (!alone && listing_read(&s->list) != ARI_OK) listing_free(&s->list);
    ari_status status = index ? group_named_index(s, name) : group_file(s, name, path);
    if (status == ARI_OK) s->set->groups[0].path = arena_copy(&s->set->arena, span_of(path));
    return status;
}

static ari_status find_named(search *s, const char *path)
{
    struct stat at;
    char words[160];
    if (stat(path, &at) == 0) return S_ISDIR(at.st_mode) ? find_in_directory(s, path) : find_by_file(s, path);
    bool absent = errno == ENOENT || errno == ENOTDIR;
    const char *why = strerror_r(errno, words, sizeof(words));
    if (absent && lstat(path, &at) == 0) return broken_link(s->err, path, "", ARI_NOT_FOUND);
    return ari_fail(s->err, absent ? ARI_NOT_FOUND : ARI_UNREADABLE, ARI_NO_OFFSET, "%s", why);
}

typedef ari_status finder(search *s, const char *path);

static ari_status find(finder *how, const char *path, const ari_options *options, ari_set **out, ari_err *err)
{
    ari_err unused = ARI_ERR_INIT, own = ARI_ERR_INIT;
    ari_options defaults = ari_options_default();
    if (err == NULL) err = &unused;
    ari_set *set = calloc(1, sizeof(*set));
    *out = NULL;
    if (set == NULL) return ari_out_of_memory(err);
    search s = { .set = set, .limits = options == NULL ? &defaults.limits : &options->limits, .err = &own };
    ari_status status = how(&s, path);
    listing_free(&s.list);
    /* What was not found may have been missing in memory only. */
    if (set->arena.failed) own = (ari_err)ARI_ERR_INIT;
    if (set->arena.failed) status = ari_out_of_memory(&own);
    if (status != ARI_OK) {
        ari_fail(err, own.status, own.offset, "%s", own.text);
        ari_hint(err, own.hint);
        ari_set_free(set);
        return status;
    }
    *out = set;
    return ARI_OK;
}

ari_status ari_set_find(const char *path, const ari_options *options, ari_set **out, ari_err *err)
{
    return find(find_named, path, options, out, err);
}

ari_status set_in_folder(const char *path, const ari_options *options, ari_set **out, ari_err *err)
{
    return find(find_in_folder_alone, path, options, out, err);
}

ari_status set_add(ari_set *set, const char *const *files, size_t count, ari_err *err)
{
    search s = { .set = set, .err = err, .list = { .folder = "" } };
    ari_group *g = add_group(&s);
    for (size_t i = 0; g != NULL && i < count && err->status == ARI_OK; i++) add_file(&s, g, files[i]);
    if (g != NULL && g->files != NULL) g->path = g->files[0];
    return err->status;
}

size_t ari_set_count(const ari_set *set)
{
    return set->count;
}

const char *ari_set_path(const ari_set *set, size_t i)
{
    return i < set->count ? set->groups[i].path : "";
}

void ari_set_free(ari_set *set)
{
    if (set == NULL) return;
    free_groups(set, 0);
    free(set->groups);
    arena_free(&set->arena);
    free(set);
}

ari_options ari_options_default(void)
{
    return (ari_options){ .limits = {
#define X(name, value, word, what) .name = value,
                              ARI_LIMIT_LIST(X)
#undef X
                          } };
}
