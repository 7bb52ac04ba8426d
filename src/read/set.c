#include "read/set.h"

#include "base/lookup.h"
#include "base/text.h"
#include "read/index.h"
#include "read/map.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MISSING_KEPT = 16, INDEXES_READ = 64 };

/* What a file's name says: "model-00002-of-00005.safetensors.zst" is prefix
 * "model-", number 2 of 5, suffix ".safetensors". */
typedef struct shard_name {
    ari_span prefix, suffix;
    uint64_t number, total;
    size_t digits; /* Of the number: for spelling its missing brothers. */
    ari_span total_digits;
} shard_name;

typedef struct entry {
    const char *name;
    bool taken, numbered;
    shard_name shard; /* Where it is numbered. */
} entry;

/* A directory's model files and indexes, by name. */
typedef struct listing {
    ari_set *set;
    const ari_limits *limits;
    const char *folder;
    entry *models, *indexes, *folders;
    size_t model_count, model_room, index_count, index_room, folder_count, folder_room;
    bool diffusers, pytorch;
    ari_err *err;
} listing;

static ari_span without_zst(ari_span name)
{
    return span_ends(name, ".zst") ? span_first(name, name.size - 4) : name;
}

static bool is_model_name(const char *name)
{
    ari_span n = without_zst(span_of(name));
    return span_ends(n, ".safetensors") || span_ends(n, ".gguf");
}

/* model.safetensors.index.json, and with a variant: model.safetensors.index.fp16.json */
static bool is_index_name(const char *name)
{
    return strstr(name, ".safetensors.index.") != NULL && span_ends(span_of(name), ".json");
}

static bool is_mmproj(const char *name)
{
    return strcasestr(name, "mmproj") != NULL && strstr(name, ".gguf") != NULL;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static uint64_t number_of(ari_span digits)
{
    uint64_t n = 0;
    for (size_t i = 0; i < digits.size; i++) n = n * 10 + (uint64_t)(digits.data[i] - '0');
    return n;
}

/* The digits just before or just after a place; at most 18 count as a number. */
static bool parse_shard(const char *name, shard_name *out)
{
    ari_span n = without_zst(span_of(name));
    for (const char *of = strstr(name, "-of-"); of != NULL; of = strstr(of + 1, "-of-")) {
        size_t end = (size_t)(of - name), begin = end, last = end + 4;
        while (begin > 0 && is_digit(n.data[begin - 1])) begin--;
        while (last < n.size && is_digit(n.data[last])) last++;
        out->total_digits = (ari_span){ n.data + end + 4, last - end - 4 };
        out->digits = end - begin;
        if (out->digits == 0 || out->digits > 18 || out->total_digits.size == 0 ||
            out->total_digits.size > 18)
            continue;
        out->prefix = span_first(n, begin);
        out->suffix = span_from(n, last);
        out->number = number_of((ari_span){ n.data + begin, out->digits });
        out->total = number_of(out->total_digits);
        return true;
    }
    return false;
}

static bool same_set(const shard_name *a, const shard_name *b)
{
    return a->total == b->total && span_eq(a->prefix, b->prefix) && span_eq(a->suffix, b->suffix);
}

/* --- Groups ------------------------------------------------------------------ */

static ari_status add_name(listing *l, const char ***names, size_t *room, size_t *count, const char *name)
{
    if (name == NULL || !array_room(names, room, *count, sizeof((*names)[0])))
        return ari_out_of_memory(l->err);
    (*names)[(*count)++] = name;
    return ARI_OK;
}

static ari_status add_file(listing *l, ari_group *g, const char *name)
{
    return add_name(l, &g->files, &g->file_room, &g->file_count,
                    arena_printf(&l->set->arena, "%s%s", l->folder, name));
}

static ari_status add_missing(listing *l, ari_group *g, const char *name)
{
    g->missing_count++;
    if (g->missing_kept >= MISSING_KEPT) return ARI_OK;
    return add_name(l, &g->missing, &g->missing_room, &g->missing_kept, name);
}

static ari_status add_stray(listing *l, ari_group *g, const char *name)
{
    return add_name(l, &g->stray, &g->stray_room, &g->stray_count, name);
}

/* The group stays valid until the next one is added. */
static ari_group *add_group(listing *l)
{
    ari_set *s = l->set;
    if (!array_room(&s->groups, &s->room, s->count, sizeof(s->groups[0]))) {
        ari_out_of_memory(l->err);
        return NULL;
    }
    s->groups[s->count] = (ari_group){ .folder = l->folder };
    return &s->groups[s->count++];
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static entry *find_entry(listing *l, const char *name)
{
    if (l->model_count == 0) return NULL;
    return bsearch(&name, l->models, l->model_count, sizeof(l->models[0]), by_text);
}

/* The entry of that name, or of its compressed form. */
static entry *find_model(listing *l, const char *name)
{
    entry *e = find_entry(l, name);
    if (e != NULL) return e;
    const char *packed = arena_printf(&l->set->arena, "%s.zst", name);
    return packed == NULL ? NULL : find_entry(l, packed);
}

static ari_span listed_name(const void *names, size_t i)
{
    return span_of(((const char *const *)names)[i]);
}

/* The distinct files that an index names, sorted. Unsafe ones are left out: the
 * reader of the checkpoint reports them. */
static ari_status index_files(listing *l, const ari_index *x, const char ***names, size_t *count)
{
    size_t room = 0;
    ari_lookup known = { .seed = (uint64_t)(uintptr_t)l };
    bool added;
    for (size_t i = 0; i < x->count && l->err->status == ARI_OK; i++) {
        ari_span file = x->rows[i].file;
        if (!index_file_is_safe(file) || lookup_find(&known, file, listed_name, *names) != SIZE_MAX) continue;
        if (*count >= l->limits->files) {
            ari_fail(l->err, ARI_LIMIT, ARI_NO_OFFSET, "the index names more than %" PRIu64 " files",
                     l->limits->files);
        } else if (add_name(l, names, &room, count, arena_copy(&l->set->arena, file)) == ARI_OK) {
            size_t last = *count - 1;
            if (lookup_add(&known, file, last, listed_name, *names, &added) == SIZE_MAX)
                ari_out_of_memory(l->err);
        }
    }
    lookup_free(&known);
    if (*count > 0) qsort(*names, *count, sizeof((*names)[0]), by_text);
    return l->err->status;
}

static bool exists(listing *l, const char *name)
{
    struct stat s;
    char *path = arena_printf(&l->set->arena, "%s%s", l->folder, name);
    return path != NULL && stat(path, &s) == 0;
}

/* "model-extra.safetensors" beside model.safetensors.index.json. Other stems
 * (consolidated, adapter_model) and variants (model.fp16) stand for themselves. */
static bool looks_like_shard(const char *index, const char *name)
{
    size_t stem = (size_t)(strstr(index, ".safetensors.index.") - index);
    bool joined = strncmp(index, name, stem) == 0 && (name[stem] == '-' || name[stem] == '_');
    return joined && strstr(name, ".safetensors") != NULL;
}

static ari_status fill_from_index(listing *l, ari_group *g, const char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        entry *e = find_model(l, names[i]);
        ari_status status = e != NULL             ? add_file(l, g, e->name)
                            : exists(l, names[i]) ? add_file(l, g, names[i])
                                                  : add_missing(l, g, names[i]);
        if (status != ARI_OK) return status;
        if (e != NULL) e->taken = true;
    }
    return ARI_OK;
}

/* A group for the index, when at least one of its files is here. An index that
 * cannot be read joins nothing; where it is all there is, the caller says so. */
static ari_status group_by_index(listing *l, const char *index, bool *made)
{
    ari_index x;
    ari_err own = ARI_ERR_INIT;
    const char **names = NULL;
    size_t count = 0;
    *made = false;
    const char *path = arena_printf(&l->set->arena, "%s%s", l->folder, index);
    if (path == NULL) return ari_out_of_memory(l->err);
    if (index_open(path, l->limits, &x, &own) == ARI_OK) index_files(l, &x, &names, &count);
    bool any = false;
    for (size_t i = 0; i < count && !any && l->err->status == ARI_OK; i++)
        any = find_model(l, names[i]) != NULL || exists(l, names[i]);
    ari_group *g = any ? add_group(l) : NULL;
    if (g != NULL) {
        g->index = g->path = path;
        fill_from_index(l, g, names, count);
        *made = true;
    }
    free(names);
    index_close(&x);
    return l->err->status;
}

static ari_status note_strays(listing *l, ari_group *g, const char *index)
{
    for (size_t i = 0; i < l->model_count; i++) {
        entry *e = &l->models[i];
        if (e->taken || !looks_like_shard(index, e->name)) continue;
        e->taken = true;
        if (add_stray(l, g, e->name) != ARI_OK) return l->err->status;
    }
    return ARI_OK;
}

/* An index that could not be read still belongs to the shards it is named after. */
static void adopt_index(listing *l, ari_group *g, const char *first)
{
    for (size_t i = 0; i < l->index_count; i++) {
        if (looks_like_shard(l->indexes[i].name, first) && !l->indexes[i].taken) {
            g->index = arena_printf(&l->set->arena, "%s%s", l->folder, l->indexes[i].name);
            l->indexes[i].taken = true;
        }
    }
}

static ari_status missing_number(listing *l, ari_group *g, const shard_name *like, uint64_t number)
{
    if (g->missing_kept >= MISSING_KEPT) return add_missing(l, g, NULL);
    return add_missing(l, g,
                       arena_printf(&l->set->arena, "%.*s%0*" PRIu64 "-of-%.*s%.*s", (int)like->prefix.size,
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
static size_t collect_brothers(listing *l, const shard_name *like, numbered *out)
{
    size_t n = 0;
    for (size_t i = 0; i < l->model_count; i++) {
        shard_name other;
        if (l->models[i].taken || !parse_shard(l->models[i].name, &other) || !same_set(like, &other))
            continue;
        out[n++] = (numbered){ other.number, &l->models[i] };
        l->models[i].taken = true;
    }
    qsort(out, n, sizeof(out[0]), by_number);
    return n;
}

/* Shards count from 1; where one has the number 0, from 0. */
static ari_status fill_from_numbers(listing *l, ari_group *g, const shard_name *like, const numbered *shards,
                                    size_t n)
{
    uint64_t next = shards[0].number == 0 ? 0 : 1, end = next + like->total;
    for (size_t i = 0; i < n && l->err->status == ARI_OK; i++) {
        if (shards[i].number < next || shards[i].number >= end) {
            add_stray(l, g, shards[i].file->name);
            continue;
        }
        for (; next < shards[i].number && g->missing_kept < MISSING_KEPT; next++)
            missing_number(l, g, like, next);
        g->missing_count += shards[i].number - next;
        add_file(l, g, shards[i].file->name);
        next = shards[i].number + 1;
    }
    for (; next < end && g->missing_kept < MISSING_KEPT; next++) missing_number(l, g, like, next);
    g->missing_count += end - next;
    return l->err->status;
}

/* "model-vision.safetensors" beside "model-00001-of-00004.safetensors": without an
 * index to say otherwise, a part of the same model. */
static ari_status join_named_parts(listing *l, ari_group *g, const shard_name *like)
{
    for (size_t i = 0; i < l->model_count && g->index == NULL && l->err->status == ARI_OK; i++) {
        entry *e = &l->models[i];
        ari_span name = span_of(e->name), start = span_first(name, like->prefix.size);
        if (e->taken || e->numbered || !span_eq(start, like->prefix) || !span_ends(like->prefix, "-")) continue;
        if (strstr(e->name, ".safetensors") == NULL) continue;
        e->taken = true;
        add_file(l, g, e->name);
    }
    return l->err->status;
}

static ari_status group_by_number(listing *l, entry *one)
{
    const shard_name *like = &one->shard;
    numbered *shards = calloc(l->model_count, sizeof(shards[0]));
    ari_group *g = shards == NULL ? NULL : add_group(l);
    if (g != NULL) {
        size_t n = collect_brothers(l, like, shards);
        fill_from_numbers(l, g, like, shards, n);
        if (g->file_count == 0) add_file(l, g, one->name);
        adopt_index(l, g, one->name);
        join_named_parts(l, g, like);
        if (l->err->status == ARI_OK && g->file_count > 0) g->path = g->files[0];
    }
    free(shards);
    return g == NULL ? ari_out_of_memory(l->err) : l->err->status;
}

static ari_status group_one(listing *l, entry *e)
{
    ari_group *g = add_group(l);
    if (g == NULL || add_file(l, g, e->name) != ARI_OK || g->files == NULL) return l->err->status;
    e->taken = true;
    g->path = g->files[0];
    return ARI_OK;
}

static ari_status group_entry(listing *l, entry *e)
{
    return e->numbered ? group_by_number(l, e) : group_one(l, e);
}

/* An mmproj is part of every GGUF model beside it; without one it stands alone. */
static ari_status join_mmproj(listing *l, size_t first_group)
{
    entry *mmproj = NULL;
    bool joined = false;
    for (size_t i = 0; i < l->model_count && mmproj == NULL; i++) {
        if (is_mmproj(l->models[i].name) && !l->models[i].taken) mmproj = &l->models[i];
    }
    for (size_t i = first_group; mmproj != NULL && i < l->set->count; i++) {
        ari_group *g = &l->set->groups[i];
        if (strstr(g->files[0], ".gguf") == NULL) continue;
        joined = true;
        if (add_file(l, g, mmproj->name) != ARI_OK) return l->err->status;
    }
    if (joined) mmproj->taken = true;
    for (size_t i = 0; i < l->model_count; i++) {
        if (!l->models[i].taken && group_one(l, &l->models[i]) != ARI_OK) return l->err->status;
    }
    return ARI_OK;
}

static ari_status group_all(listing *l)
{
    size_t first_group = l->set->count;
    for (size_t i = 0; i < l->index_count; i++) {
        if (group_by_index(l, l->indexes[i].name, &l->indexes[i].taken) != ARI_OK) return l->err->status;
    }
    for (size_t i = first_group, k = 0; k < l->index_count && i < l->set->count; k++) {
        if (!l->indexes[k].taken) continue;
        if (note_strays(l, &l->set->groups[i++], l->indexes[k].name) != ARI_OK) return l->err->status;
    }
    for (size_t i = 0; i < l->model_count; i++) {
        entry *e = &l->models[i];
        if (!e->taken && !is_mmproj(e->name) && group_entry(l, e) != ARI_OK) return l->err->status;
    }
    return join_mmproj(l, first_group);
}

/* --- Directories --------------------------------------------------------------- */

static ari_status list_name(listing *l, const char *name, bool directory)
{
    entry **list = NULL;
    size_t *count = NULL, *room = NULL;
    if (strcmp(name, "model_index.json") == 0) l->diffusers = true;
    if (strstr(name, ".bin") != NULL || strstr(name, ".pt") != NULL || strstr(name, ".ckpt") != NULL)
        l->pytorch = true;
    if (directory) {
        list = &l->folders, count = &l->folder_count, room = &l->folder_room;
    } else if (is_model_name(name)) {
        list = &l->models, count = &l->model_count, room = &l->model_room;
    } else if (is_index_name(name) && l->index_count < INDEXES_READ) {
        list = &l->indexes, count = &l->index_count, room = &l->index_room;
    } else {
        return ARI_OK;
    }
    if (*count >= l->limits->files) {
        ari_fail(l->err, ARI_LIMIT, ARI_NO_OFFSET, "more than %" PRIu64 " files", l->limits->files);
        return ari_hint(l->err, "name one of them, or raise the limit with --limit files=N");
    }
    char *copy = arena_copy(&l->set->arena, span_of(name));
    if (copy == NULL || !array_room(list, room, *count, sizeof(entry))) return ari_out_of_memory(l->err);
    entry *e = &(*list)[(*count)++];
    *e = (entry){ .name = copy };
    e->numbered = list == &l->models && parse_shard(copy, &e->shard);
    return ARI_OK;
}

static bool is_directory(listing *l, const struct dirent *d)
{
    if (d->d_type == DT_DIR) return true;
    if (d->d_type != DT_UNKNOWN && d->d_type != DT_LNK) return false;
    struct stat s;
    char *path = arena_printf(&l->set->arena, "%s%s", l->folder, d->d_name);
    return path != NULL && stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static void sort_entries(entry *entries, size_t count)
{
    if (count > 0) qsort(entries, count, sizeof(entries[0]), by_text);
}

static ari_status read_listing(listing *l)
{
    char words[160];
    DIR *d = opendir(l->folder[0] == '\0' ? "." : l->folder);
    if (d == NULL)
        return ari_fail(l->err, ARI_UNREADABLE, ARI_NO_OFFSET, "%s", strerror_r(errno, words, sizeof(words)));
    for (struct dirent *e; l->err->status == ARI_OK && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] != '.') list_name(l, e->d_name, is_directory(l, e));
    }
    closedir(d);
    sort_entries(l->models, l->model_count);
    sort_entries(l->indexes, l->index_count);
    sort_entries(l->folders, l->folder_count);
    return l->err->status;
}

static void free_listing(listing *l)
{
    free(l->models);
    free(l->indexes);
    free(l->folders);
    l->models = l->indexes = l->folders = NULL;
}

static ari_status list_and_group(listing *l)
{
    ari_status status = read_listing(l);
    return status == ARI_OK ? group_all(l) : status;
}

/* diffusers keeps each part of a pipeline in a folder of its own. */
static ari_status group_folders(const listing *top)
{
    for (size_t i = 0; i < top->folder_count && top->err->status == ARI_OK; i++) {
        listing l = { .set = top->set, .limits = top->limits, .err = top->err };
        l.folder = arena_printf(&l.set->arena, "%s%s/", top->folder, top->folders[i].name);
        if (l.folder == NULL) return ari_out_of_memory(l.err);
        list_and_group(&l);
        free_listing(&l);
    }
    return top->err->status;
}

static ari_status nothing_found(const listing *l)
{
    if (l->index_count > 0) {
        ari_fail(l->err, ARI_NOT_A_MODEL, ARI_NO_OFFSET,
                 "has an index, but none of the files it names is here");
        return ari_hint(l->err, "download the .safetensors files of the index too");
    }
    ari_fail(l->err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "holds no .safetensors or .gguf file");
    return ari_hint(
        l->err, l->pytorch ? "PyTorch checkpoints are not opened, because loading them can run code; convert "
                             "to safetensors"
                           : "name the folder that holds them, or one of the files");
}

static ari_status find_in_directory(listing *l, const char *path)
{
    size_t n = strlen(path);
    l->folder = arena_printf(&l->set->arena, "%s%s", path, n > 0 && path[n - 1] == '/' ? "" : "/");
    if (l->folder == NULL) return ari_out_of_memory(l->err);
    ari_status status = list_and_group(l);
    if (status == ARI_OK && l->diffusers) status = group_folders(l);
    if (status == ARI_OK && l->set->count == 0) status = nothing_found(l);
    if (status == ARI_OK && l->set->count == 1)
        l->set->groups[0].path = arena_copy(&l->set->arena, span_of(path));
    return status;
}

/* --- Files ----------------------------------------------------------------------- */

/* Keep only the group that holds the path that was named. */
static bool keep_group_of(ari_set *s, const char *path)
{
    for (size_t i = 0; i < s->count; i++) {
        for (size_t k = 0; k < s->groups[i].file_count; k++) {
            if (strcmp(s->groups[i].files[k], path) != 0) continue;
            ari_group kept = s->groups[i];
            s->groups[i] = s->groups[0];
            s->groups[0] = kept;
            for (size_t rest = 1; rest < s->count; rest++) {
                free(s->groups[rest].files);
                free(s->groups[rest].missing);
                free(s->groups[rest].stray);
            }
            s->count = 1;
            return true;
        }
    }
    return false;
}

/* The index that names the file, else its numbered brothers, else itself alone. */
static ari_status group_file(listing *l, const char *name, const char *path)
{
    for (size_t i = 0; i < l->index_count; i++) {
        if (group_by_index(l, l->indexes[i].name, &l->indexes[i].taken) != ARI_OK) return l->err->status;
    }
    if (keep_group_of(l->set, path)) {
        ari_group *g = &l->set->groups[0];
        const char *slash = strrchr(g->index, '/');
        return note_strays(l, g, slash == NULL ? g->index : slash + 1);
    }
    entry *e = find_entry(l, name);
    entry alone = { .name = name };
    ari_status status = e == NULL || e->taken ? group_one(l, &alone) : group_entry(l, e);
    if (status == ARI_OK && !keep_group_of(l->set, path)) return ari_out_of_memory(l->err);
    return status;
}

static ari_status group_named_index(listing *l, const char *name)
{
    bool made = false;
    ari_status status = group_by_index(l, name, &made);
    if (status != ARI_OK) return status;
    if (made) return note_strays(l, &l->set->groups[0], name);
    ari_index x;
    char *path = arena_printf(&l->set->arena, "%s%s", l->folder, name);
    status = path == NULL ? ari_out_of_memory(l->err) : index_open(path, l->limits, &x, l->err);
    if (path != NULL) index_close(&x);
    if (status != ARI_OK) return status;
    ari_fail(l->err, ARI_NOT_FOUND, ARI_NO_OFFSET, "none of the files that this index names is beside it");
    return ari_hint(l->err, "download the .safetensors files of the index too");
}

static ari_status find_by_file(listing *l, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    l->folder = arena_copy(&l->set->arena, (ari_span){ (const uint8_t *)path, (size_t)(name - path) });
    if (l->folder == NULL) return ari_out_of_memory(l->err);
    shard_name unused;
    bool model = is_model_name(name), index = is_index_name(name);
    ari_err own = ARI_ERR_INIT, *err = l->err;
    /* A file stands for itself where its folder cannot be listed. */
    if (!index) l->err = &own;
    ari_status listed = model || index || parse_shard(name, &unused) ? read_listing(l) : ARI_OK;
    l->err = err;
    if (listed != ARI_OK) l->model_count = l->index_count = 0;
    ari_status status = index ? group_named_index(l, name) : group_file(l, name, path);
    if (status == ARI_OK) l->set->groups[0].path = arena_copy(&l->set->arena, span_of(path));
    return status == ARI_OK && l->set->groups[0].path == NULL ? ari_out_of_memory(l->err) : status;
}

static ari_status find(const char *path, const ari_limits *limits, ari_set *set, ari_err *err)
{
    struct stat s;
    char words[160];
    if (stat(path, &s) != 0) {
        bool absent = errno == ENOENT || errno == ENOTDIR;
        return ari_fail(err, absent ? ARI_NOT_FOUND : ARI_UNREADABLE, ARI_NO_OFFSET, "%s",
                        strerror_r(errno, words, sizeof(words)));
    }
    listing l = { .set = set, .limits = limits, .err = err };
    ari_status status = S_ISDIR(s.st_mode) ? find_in_directory(&l, path) : find_by_file(&l, path);
    free_listing(&l);
    return status;
}

ari_status ari_set_find(const char *path, const ari_options *options, ari_set **out, ari_err *err)
{
    ari_err unused = ARI_ERR_INIT;
    ari_options defaults = ari_options_default();
    if (err == NULL) err = &unused;
    ari_set *set = calloc(1, sizeof(*set));
    *out = NULL;
    if (set == NULL) return ari_out_of_memory(err);
    ari_status status = find(path, options == NULL ? &defaults.limits : &options->limits, set, err);
    if (status != ARI_OK) {
        ari_set_free(set);
        return status;
    }
    *out = set;
    return ARI_OK;
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
    for (size_t i = 0; i < set->count; i++) {
        free(set->groups[i].files);
        free(set->groups[i].missing);
        free(set->groups[i].stray);
    }
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
