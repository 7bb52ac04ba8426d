#include "read/listing.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { INDEXES_READ = 64 };

/* --- Names ------------------------------------------------------------------------- */

static ari_span without_zst(ari_span name)
{
    return span_ends(name, ".zst") ? span_first(name, name.size - 4) : name;
}

bool is_model_name(const char *name)
{
    ari_span n = without_zst(span_of(name));
    return span_ends(n, ".safetensors") || span_ends(n, ".gguf");
}

/* model.capsule.zst; of whatever else the name is, too. */
bool is_capsule_name(const char *name)
{
    return span_ends(without_zst(span_of(name)), ".capsule");
}

/* model.safetensors.index.json, and with a variant: model.safetensors.index.fp16.json */
bool is_index_name(const char *name)
{
    return strstr(name, ".safetensors.index.") != NULL && span_ends(span_of(name), ".json");
}

bool is_mmproj_name(const char *name)
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

bool shard_name_parse(const char *name, shard_name *out)
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

bool shard_names_join(const shard_name *a, const shard_name *b)
{
    return a->total == b->total && span_eq(a->prefix, b->prefix) && span_eq(a->suffix, b->suffix);
}

/* --- The folder ---------------------------------------------------------------------- */

/* One of the lists, and what may stand in it. */
typedef struct list {
    entry **entries;
    size_t *count, *room;
} list;

typedef enum file_kind { KIND_FILE, KIND_FOLDER, KIND_BROKEN } file_kind;

static list list_for(listing *l, const char *name, file_kind kind)
{
    bool model = is_model_name(name);
    if (kind == KIND_FOLDER) return (list){ &l->folders, &l->folder_count, &l->folder_room };
    if (model && kind == KIND_BROKEN) return (list){ &l->broken, &l->broken_count, &l->broken_room };
    if (model) return (list){ &l->models, &l->model_count, &l->model_room };
    if (is_capsule_name(name) && kind == KIND_FILE)
        return (list){ &l->capsules, &l->capsule_count, &l->capsule_room };
    if (is_index_name(name) && l->index_count < INDEXES_READ)
        return (list){ &l->indexes, &l->index_count, &l->index_room };
    return (list){ &l->others, &l->other_count, &l->other_room };
}

static ari_status list_name(listing *l, const char *name, file_kind kind)
{
    list to = list_for(l, name, kind);
    if (strcmp(name, "model_index.json") == 0) l->diffusers = true;
    if (*to.count >= l->limits->files && to.entries == &l->others) return ARI_OK;
    if (*to.count >= l->limits->files) {
        ari_fail(l->err, ARI_LIMIT, ARI_NO_OFFSET, "more than %" PRIu64 " files", l->limits->files);
        return ari_hint(l->err, "name one of them, or raise the limit with --limit files=N");
    }
    if (!array_room(to.entries, to.room, *to.count, sizeof(entry))) return ari_out_of_memory(l->err);
    entry *e = &(*to.entries)[(*to.count)++];
    *e = (entry){ .name = arena_copy(l->arena, span_of(name)) };
    e->numbered = to.entries == &l->models && shard_name_parse(e->name, &e->shard);
    return ARI_OK;
}

static bool look(const listing *l, const char *name, struct stat *out)
{
    return stat(arena_printf(l->arena, "%s%s", l->folder, name), out) == 0;
}

static file_kind kind_of(const listing *l, const struct dirent *d)
{
    struct stat s;
    if (d->d_type != DT_UNKNOWN && d->d_type != DT_LNK) return d->d_type == DT_DIR ? KIND_FOLDER : KIND_FILE;
    if (!look(l, d->d_name, &s)) return errno == ENOENT ? KIND_BROKEN : KIND_FILE;
    return S_ISDIR(s.st_mode) ? KIND_FOLDER : KIND_FILE;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_entries(entry *entries, size_t count)
{
    if (count > 0) qsort(entries, count, sizeof(entries[0]), by_text);
}

ari_status listing_read(listing *l)
{
    char words[160];
    DIR *d = opendir(l->folder[0] == '\0' ? "." : l->folder);
    if (d == NULL)
        return ari_fail(l->err, ARI_UNREADABLE, ARI_NO_OFFSET, "%s", strerror_r(errno, words, sizeof(words)));
    for (struct dirent *e; l->err->status == ARI_OK && (e = readdir(d)) != NULL;) {
        if (e->d_name[0] != '.') list_name(l, e->d_name, kind_of(l, e));
    }
    closedir(d);
    sort_entries(l->models, l->model_count);
    sort_entries(l->capsules, l->capsule_count);
    sort_entries(l->indexes, l->index_count);
    sort_entries(l->folders, l->folder_count);
    sort_entries(l->broken, l->broken_count);
    sort_entries(l->others, l->other_count);
    return l->err->status;
}

void listing_free(listing *l)
{
    free(l->models);
    free(l->capsules);
    free(l->indexes);
    free(l->folders);
    free(l->broken);
    free(l->others);
    l->models = l->capsules = l->indexes = l->folders = l->broken = l->others = NULL;
    l->model_count = l->capsule_count = l->index_count = l->folder_count = l->broken_count = l->other_count =
        0;
}

entry *listing_find(const listing *l, const char *name)
{
    if (l->model_count == 0) return NULL;
    return bsearch(&name, l->models, l->model_count, sizeof(l->models[0]), by_text);
}

entry *listing_find_packed(const listing *l, const char *name)
{
    entry *e = listing_find(l, name);
    return e != NULL ? e : listing_find(l, arena_printf(l->arena, "%s.zst", name));
}

bool listing_holds(const listing *l, const char *name)
{
    struct stat s;
    return look(l, name, &s);
}
