#include "read/store.h"

#include "base/text.h"
#include "read/map.h"
#include "read/walk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum place_rule { RULE_ALONE, RULE_AMONG, RULE_POINTER } place_rule;

static const struct place_row {
    const store_kind *kind;
    const char *variable, *below;
    place_rule rule;
} place_rows[] = {
#define PLACE(store, variable, below, rule) { &store_##store, variable, below, RULE_##rule },
#include "read/place.def"
};

enum { PLACES = sizeof(place_rows) / sizeof(place_rows[0]) };

/* In the order in which a name is looked for. */
static const store_kind *const kinds[] = { &store_hub, &store_ollama, &store_lmstudio };

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), POINTER_MOST = 4096 };

/* --- Names --------------------------------------------------------------------------- */

static bool is_alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool store_word(ari_span s, const char *marks, size_t most)
{
    if (s.size == 0 || s.size > most || !is_alphanumeric(s.data[0])) return false;
    for (size_t i = 0; i < s.size; i++) {
        bool mark = s.data[i] != '\0' && strchr(marks, s.data[i]) != NULL;
        if (!is_alphanumeric(s.data[i]) && !mark) return false;
        if (i > 0 && s.data[i] == '.' && s.data[i - 1] == '.') return false;
    }
    return true;
}

static bool is_repository_part(ari_span s)
{
    for (size_t i = 1; i < s.size; i++) {
        if (s.data[i] == '-' && s.data[i - 1] == '-') return false;
    }
    return store_word(s, "-.", 96);
}

bool store_repository(ari_span name, bool org_needed)
{
    const uint8_t *slash = name.size == 0 ? NULL : memchr(name.data, '/', name.size);
    if (slash == NULL) return !org_needed && is_repository_part(name);
    size_t n = (size_t)(slash - name.data);
    return is_repository_part(span_first(name, n)) && is_repository_part(span_from(name, n + 1));
}

/* --- Places --------------------------------------------------------------------------- */

/* NULL where it is not set. The programs themselves take ~ for the home. */
static const char *variable(ari_arena *a, const char *name)
{
    const char *value = getenv(name), *home = getenv("HOME");
    if (value == NULL || value[0] == '\0') return NULL;
    bool below_home = value[0] == '~' && (value[1] == '/' || value[1] == '\0');
    return below_home && home != NULL ? arena_printf(a, "%s%s", home, value + 1) : value;
}

/* What the pointer names; NULL where there is none, or none that leads anywhere. */
static const char *follow_pointer(ari_arena *a, const char *path)
{
    ari_span map = { 0 };
    ari_err own = ARI_ERR_INIT;
    if (map_small(path, POINTER_MOST, &map, &own) != ARI_OK) {
        a->failed = a->failed || ari_is_out_of_memory(&own);
        return NULL;
    }
    size_t n = 0;
    while (n < map.size && map.data[n] != '\n' && map.data[n] != '\r' && map.data[n] != '\0') n++;
    bool absolute = n > 0 && map.data[0] == '/';
    const char *home = absolute ? arena_copy(a, span_first(map, n)) : NULL;
    map_small_close(map);
    return home == NULL ? NULL : arena_printf(a, "%s/models", home);
}

static bool is_known(const store_place *places, size_t count, const store_place *p)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(places[i].path, p->path) == 0) return true;
        bool both = places[i].trouble == 0 && p->trouble == 0;
        if (both && places[i].device == p->device && places[i].inode == p->inode) return true;
    }
    return false;
}

static store_place look_at(const store_kind *kind, const char *path)
{
    struct stat s;
    store_place out = { .kind = kind, .path = path };
    bool refused = stat(path, &s) != 0 || access(path, R_OK | X_OK) != 0;
    out.trouble = refused ? errno : S_ISDIR(s.st_mode) ? 0 : ENOTDIR;
    if (refused) return out;
    out.device = s.st_dev;
    out.inode = s.st_ino;
    return out;
}

/* Where a store may be, whether it is or not; at most PLACES. */
static size_t places_of(const store_kind *kind, ari_arena *a, store_place *out)
{
    size_t n = 0;
    for (size_t i = 0; i < PLACES; i++) {
        const struct place_row *row = &place_rows[i];
        const char *first = row->variable == NULL ? "" : variable(a, row->variable);
        if (row->kind != kind || first == NULL) continue;
        const char *path = arena_printf(a, "%s%s", first, row->below);
        if (row->rule == RULE_POINTER) path = follow_pointer(a, path);
        if (path == NULL) continue;
        store_place p = look_at(kind, path);
        if (!is_known(out, n, &p)) out[n++] = p;
        if (row->rule == RULE_ALONE) break;
    }
    return n;
}

ari_status ari_store_places(void (*each)(void *context, const char *path), void *context, ari_err *err)
{
    ari_arena a = { 0 };
    store_place places[PLACES];
    ari_err unused = ARI_ERR_INIT;
    for (size_t i = 0; i < PLACES; i++) {
        const struct place_row *row = &place_rows[i];
        const char *first = row->variable == NULL ? "" : variable(&a, row->variable);
        if (row->rule == RULE_POINTER && first != NULL)
            each(context, arena_printf(&a, "%s%s", first, row->below));
    }
    for (size_t k = 0; k < KINDS; k++) {
        size_t n = places_of(kinds[k], &a, places);
        for (size_t i = 0; i < n; i++) each(context, places[i].path);
    }
    bool failed = a.failed;
    arena_free(&a);
    return failed ? ari_out_of_memory(err == NULL ? &unused : err) : ARI_OK;
}

bool store_is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

bool store_list(store_visit *v, const char *folder, listing *l)
{
    ari_err own = ARI_ERR_INIT;
    *l = (listing){ .arena = v->arena, .limits = &v->options->limits, .folder = folder, .err = &own };
    if (store_is_folder(folder)) listing_read(l);
    l->err = v->err;
    if (own.status == ARI_LIMIT) {
        ari_fail(v->err, own.status, own.offset, "%s: %s", show(span_of(folder)).text, own.text);
        ari_hint(v->err, own.hint);
    }
    return own.status == ARI_OK;
}

/* --- Looking a name up ----------------------------------------------------------------- */

static ari_status find_in(const store_kind *kind, store_visit *v, const char *name, ari_set **out)
{
    store_place places[PLACES];
    size_t n = places_of(kind, v->arena, places);
    for (size_t i = 0; i < n && *out == NULL && v->err->status == ARI_OK; i++) {
        if (places[i].trouble != 0) continue;
        v->root = places[i].path;
        kind->find(v, name, out);
    }
    return v->err->status;
}

/* Where a name was looked for in vain, and why a place could not be searched. */
static ari_status not_there(const store_kind *kind, store_visit *v)
{
    store_place places[PLACES];
    ari_text list = { 0 };
    char words[128];
    size_t n = places_of(kind, v->arena, places);
    text_put(&list, "");
    for (size_t i = 0; i < n; i++) {
        bool telling = places[i].trouble != 0 && places[i].trouble != ENOENT;
        const char *why = telling ? strerror_r(places[i].trouble, words, sizeof(words)) : "";
        text_printf(&list, "%s%s%s%s%s", i == 0 ? "" : ", ", show(span_of(places[i].path)).text,
                    *why == '\0' ? "" : " (", why, *why == '\0' ? "" : ")");
    }
    if (list.failed) v->arena->failed = true;
    ari_fail(v->err, ARI_NOT_FOUND, ARI_NO_OFFSET, "%s has no model of that name: looked in %s", kind->title,
             list.failed || n == 0 ? "no place" : list.data);
    text_free(&list);
    return ari_hint(v->err, "archinspect --list shows what is here");
}

/* Of "hf:ORG/NAME" the store, and in *name what follows; NULL where no store is named. */
static const store_kind *kind_named(const char **name)
{
    for (size_t i = 0; i < KINDS; i++) {
        size_t n = strlen(kinds[i]->word);
        if (strncmp(*name, kinds[i]->word, n) != 0 || (*name)[n] != ':') continue;
        *name += n + 1;
        return kinds[i];
    }
    return NULL;
}

static ari_status find(store_visit *v, const char *name, ari_set **out)
{
    const store_kind *only = kind_named(&name);
    if (only != NULL && !only->takes(name)) {
        ari_fail(v->err, ARI_NOT_FOUND, ARI_NO_OFFSET, "that is no name of a model in %s", only->title);
        return ari_hint(v->err, "archinspect --list shows what is here");
    }
    for (size_t i = 0; i < KINDS && *out == NULL && v->err->status == ARI_OK; i++) {
        bool asked = only == NULL ? kinds[i]->bare && kinds[i]->takes(name) : only == kinds[i];
        if (asked) find_in(kinds[i], v, name, out);
    }
    if (only != NULL && *out == NULL && v->err->status == ARI_OK) return not_there(only, v);
    return v->err->status;
}

/* What was decided on strings that there was no memory for does not count. */
static ari_status hand_on(const ari_err *own, bool starved, ari_err *err)
{
    if (starved) return ari_out_of_memory(err);
    if (own->status == ARI_OK) return ARI_OK;
    ari_fail(err, own->status, own->offset, "%s", own->text);
    ari_hint(err, own->hint);
    return own->status;
}

ari_status ari_store_find(const char *name, const ari_options *options, ari_set **out, ari_err *err)
{
    ari_err own = ARI_ERR_INIT;
    ari_options defaults = ari_options_default();
    ari_arena arena = { 0 };
    store_visit v = { .options = options == NULL ? &defaults : options, .arena = &arena, .err = &own };
    *out = NULL;
    find(&v, name, out);
    if (*out != NULL && (*out)->count == 1) {
        ari_group *g = &(*out)->groups[0];
        g->place = g->path;
        g->path = arena_copy(&(*out)->arena, span_of(name));
        if ((*out)->arena.failed) arena.failed = true;
    }
    ari_status status = hand_on(&own, arena.failed, err);
    if (status != ARI_OK) {
        ari_set_free(*out);
        *out = NULL;
    }
    arena_free(&arena);
    return status;
}

/* --- What there is ---------------------------------------------------------------------- */

store_tally store_count(const char *folder, const ari_limits *limits)
{
    folder_walk w;
    store_tally tally = { 0 };
    walk_open(&w, folder, WALK_DEPTH);
    for (uint64_t seen = 0; seen < limits->files && walk_next(&w); seen++) {
        const char *name = walk_name(&w);
        struct stat s = w.stat;
        if (S_ISLNK(s.st_mode) && fstatat(walk_folder(&w), name, &s, 0) != 0) continue;
        if (!S_ISREG(s.st_mode)) continue;
        tally.files++;
        tally.bytes += (uint64_t)s.st_size;
        if (s.st_mtime > tally.modified) tally.modified = s.st_mtime;
        if (is_model_name(name)) tally.weights = true;
    }
    walk_close(&w);
    return tally;
}

static ari_span model_name(const void *models, size_t i)
{
    return span_of(((const ari_stored *)models)[i].name);
}

/* What one types for it: the name, unless that is another's already. */
static const char *typed_name(ari_inventory *to, const store_kind *kind, const char *name, const char *path)
{
    const char *forced = arena_printf(&to->arena, "%s:%s", kind->word, name);
    const char *names[] = { kind->bare ? arena_copy(&to->arena, span_of(name)) : forced, forced };
    for (size_t i = 0; i < 2; i++) {
        if (lookup_find(&to->names, span_of(names[i]), model_name, to->models) == SIZE_MAX) return names[i];
    }
    return path;
}

void store_note(store_visit *v, const store_kind *kind, const char *name, const char *path,
                const store_tally *tally)
{
    ari_inventory *to = v->to;
    bool added;
    if (!tally->weights) {
        to->without++;
        return;
    }
    if (to->count >= v->options->limits.files) {
        ari_fail(v->err, ARI_LIMIT, ARI_NO_OFFSET, "more than %" PRIu64 " models", v->options->limits.files);
        ari_hint(v->err, "raise the limit with --limit files=N");
        return;
    }
    path = arena_copy(&to->arena, span_of(path));
    name = typed_name(to, kind, name, path);
    if (!array_room(&to->models, &to->room, to->count, sizeof(to->models[0]))) {
        ari_out_of_memory(v->err);
        return;
    }
    to->models[to->count] =
        (ari_stored){ name, kind->word, path, tally->bytes, tally->files, tally->modified };
    if (lookup_add(&to->names, span_of(name), to->count, model_name, to->models, &added) == SIZE_MAX)
        ari_out_of_memory(v->err);
    to->count++;
}

static int by_name(const void *a, const void *b)
{
    const ari_stored *x = a, *y = b;
    int order = strcmp(x->name, y->name);
    return order != 0 ? order : strcmp(x->path, y->path);
}

static ari_status list_places(store_visit *v)
{
    ari_inventory *to = v->to;
    store_place places[PLACES];
    for (size_t i = 0; i < KINDS && v->err->status == ARI_OK; i++) {
        size_t n = places_of(kinds[i], &to->arena, places);
        for (size_t k = 0; k < n && v->err->status == ARI_OK; k++) {
            if (!array_room(&to->places, &to->place_room, to->place_count, sizeof(to->places[0])))
                return ari_out_of_memory(v->err);
            to->places[to->place_count++] = places[k];
            v->root = arena_copy(&to->arena, span_of(places[k].path));
            to->places[to->place_count - 1].path = v->root;
            if (places[k].trouble == 0) kinds[i]->list(v);
        }
    }
    return v->err->status;
}

ari_status ari_inventory_open(const ari_options *options, ari_inventory **out, ari_err *err)
{
    ari_err own = ARI_ERR_INIT;
    ari_options defaults = ari_options_default();
    ari_arena scratch = { 0 };
    *out = NULL;
    ari_inventory *to = calloc(1, sizeof(*to));
    if (to == NULL) return ari_out_of_memory(err);
    if (getentropy(&to->names.seed, sizeof(to->names.seed)) != 0) to->names.seed = (uint64_t)(uintptr_t)to;
    store_visit v = {
        .options = options == NULL ? &defaults : options, .arena = &scratch, .err = &own, .to = to
    };
    list_places(&v);
    ari_status status = hand_on(&own, to->arena.failed || scratch.failed, err);
    arena_free(&scratch);
    if (status != ARI_OK) {
        ari_inventory_free(to);
        return status;
    }
    if (to->count > 0) qsort(to->models, to->count, sizeof(to->models[0]), by_name);
    *out = to;
    return ARI_OK;
}

size_t ari_inventory_count(const ari_inventory *inventory)
{
    return inventory->count;
}

ari_stored ari_inventory_model(const ari_inventory *inventory, size_t i)
{
    if (i < inventory->count) return inventory->models[i];
    return (ari_stored){ .name = "", .store = "", .path = "" };
}

void ari_inventory_free(ari_inventory *inventory)
{
    if (inventory == NULL) return;
    free(inventory->places);
    free(inventory->models);
    lookup_free(&inventory->names);
    arena_free(&inventory->arena);
    free(inventory);
}
