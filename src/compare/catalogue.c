#include "compare/catalogue.h"

#include "base/lookup.h"
#include "base/text.h"
#include "compare/builtin.h"
#include "compare/entry.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <strings.h>

/* --- Opening ------------------------------------------------------------------------------------ */

static const char *text_at(uint32_t at)
{
    return at == 0 ? NULL : catalogue_builtin.words + at;
}

/* What the tables are unpacked into. */
typedef struct unpacked {
    ari_entry *entries;
    const char **lists;
    ari_value *pool;
    ari_tower *towers;
    ari_remark *remarks;
} unpacked;

static void unpack_entry(const unpacked *u, const packed_entry *from, ari_entry *to)
{
    *to = (ari_entry){
        .name = text_at(from->name),
        .family = text_at(from->family),
        .released = text_at(from->released),
        .kind = text_at(from->kind),
        .source = text_at(from->source),
        .notes = text_at(from->notes),
        .also_in = u->lists + from->also_in,
        .same_shape_as = u->lists + from->same_shape_as,
        .variants = u->lists + from->variants,
        .unverified = u->lists + from->unverified,
        .confidence = (ari_confidence)from->confidence,
        .digest = from->digest,
        .total_params = from->total_params,
        .active_params = from->active_params,
        .params_basis = text_at(from->params_basis),
        .plain_mlp = from->plain_mlp,
        .partly_dense = from->partly_dense,
        .pool = u->pool,
        .stated = catalogue_builtin.stated + from->stated,
        .stated_count = from->stated_count,
        .towers = u->towers + from->towers,
        .tower_count = from->tower_count,
        .remarks = u->remarks + from->remarks,
        .remark_count = from->remark_count,
        .evidence = text_at(from->evidence),
    };
}

/* The built-in entries, in the arena; NULL when memory is short. */
static ari_entry *unpack(ari_arena *arena)
{
    const ari_builtin *b = &catalogue_builtin;
    unpacked u = { .entries = arena_alloc(arena, (b->count + 1) * sizeof(ari_entry)),
                   .lists = arena_alloc(arena, (b->list_count + 1) * sizeof(char *)),
                   .pool = arena_alloc(arena, (b->pool_count + 1) * sizeof(ari_value)),
                   .towers = arena_alloc(arena, (b->tower_count + 1) * sizeof(ari_tower)),
                   .remarks = arena_alloc(arena, (b->remark_count + 1) * sizeof(ari_remark)) };
    if (arena->failed) return NULL;
    for (size_t i = 0; i < b->list_count; i++) u.lists[i] = text_at(b->lists[i]);
    for (size_t i = 0; i < b->pool_count; i++)
        u.pool[i] = (ari_value){ text_at(b->pool[i].json), b->pool[i].number };
    for (size_t i = 0; i < b->tower_count; i++)
        u.towers[i] = (ari_tower){ text_at(b->towers[i].role), b->stated + b->towers[i].stated,
                                   b->towers[i].stated_count };
    for (size_t i = 0; i < b->remark_count; i++)
        u.remarks[i] = (ari_remark){ text_at(b->remarks[i].key), text_at(b->remarks[i].value) };
    for (size_t i = 0; i < b->count; i++) unpack_entry(&u, &b->entries[i], &u.entries[i]);
    return u.entries;
}

/* Entries while they are joined. */
typedef struct joined {
    const ari_entry *builtin, **items;
    size_t count, room, users;
    ari_lookup names;
} joined;

static ari_span name_of(const void *items, size_t i)
{
    return span_of(((const ari_entry *const *)items)[i]->name);
}

/* Enter it, or put it in the place of the one that has its name. */
static ari_status join(joined *j, const ari_entry *e, bool user, ari_err *err)
{
    bool added;
    if (!array_room(&j->items, &j->room, j->count, sizeof(ari_entry *))) return ari_out_of_memory(err);
    j->items[j->count] = e;
    size_t at = lookup_add(&j->names, span_of(e->name), j->count, name_of, j->items, &added);
    if (at == SIZE_MAX) return ari_out_of_memory(err);
    bool was_builtin = at < catalogue_builtin.count && j->items[at] == &j->builtin[at];
    if (user && (added || was_builtin)) j->users++;
    j->items[at] = e;
    j->count += added;
    return ARI_OK;
}

static ari_status join_file(joined *j, const char *path, ari_arena *arena, ari_err *err)
{
    ari_entries file;
    if (entries_open(path, arena, &file, err) != ARI_OK) return err->status;
    for (size_t i = 0; i < file.count; i++) {
        if (join(j, &file.items[i], true, err) != ARI_OK) return err->status;
    }
    return ARI_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const ari_entry *const *)a)->name, (*(const ari_entry *const *)b)->name);
}

static ari_status join_files(joined *j, const char *const *files, size_t file_count, ari_arena *arena,
                             ari_err *err)
{
    for (size_t i = 0; i < catalogue_builtin.count; i++) {
        if (join(j, &j->builtin[i], false, err) != ARI_OK) return err->status;
    }
    for (size_t i = 0; i < file_count; i++) {
        if (join_file(j, files[i], arena, err) != ARI_OK) return err->status;
    }
    if (j->items != NULL) qsort(j->items, j->count, sizeof(ari_entry *), by_name);
    return ARI_OK;
}

/* --- All of them ---------------------------------------------------------------------------------- */

/* Without users' files the built-in ones as they are: they have other names each, and are in order. */
static void finish(ari_catalogue *c, const joined *j)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    bool joint = j->items != NULL;
    size_t count = joint ? j->count : catalogue_builtin.count;
    const ari_entry **entries = arena_alloc(&c->arena, (count + 1) * sizeof(ari_entry *));
    if (entries == NULL) return;
    for (size_t i = 0; i < count; i++) {
        entries[i] = joint ? j->items[i] : &j->builtin[i];
        hash = (hash ^ entries[i]->digest) * UINT64_C(0x100000001b3);
    }
    c->entries = entries;
    c->count = count;
    c->users = j->users;
    c->date = catalogue_builtin.date;
    c->digest = arena_printf(&c->arena, "%016" PRIx64, hash);
}

ari_status ari_catalogue_open(const char *const *files, size_t count, ari_catalogue **out, ari_err *err)
{
    ari_err own = ARI_ERR_INIT;
    joined j = { 0 };
    ari_catalogue *c = calloc(1, sizeof(*c));
    *out = NULL;
    if (c == NULL) return ari_out_of_memory(err);
    j.builtin = unpack(&c->arena);
    if (j.builtin != NULL && count > 0) join_files(&j, files, count, &c->arena, &own);
    if (own.status == ARI_OK && j.builtin != NULL) finish(c, &j);
    if (own.status == ARI_OK && c->arena.failed) ari_out_of_memory(&own);
    free(j.items);
    lookup_free(&j.names);
    if (own.status == ARI_OK) {
        *out = c;
        return ARI_OK;
    }
    ari_catalogue_free(c);
    ari_fail(err, own.status, own.offset, "%s", own.text);
    ari_hint(err, own.hint);
    return own.status;
}

void ari_catalogue_free(ari_catalogue *c)
{
    if (c == NULL) return;
    arena_free(&c->arena);
    free(c);
}

/* --- Names --------------------------------------------------------------------------------------- */

static const char *after_slash(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash == NULL ? name : slash + 1;
}

const ari_entry *catalogue_find(const ari_catalogue *c, const char *name)
{
    const ari_entry *whole = NULL, *part = NULL;
    size_t parts = 0;
    if (name[0] == '\0') return NULL;
    for (size_t i = 0; i < c->count; i++) {
        const ari_entry *e = c->entries[i];
        if (strcmp(e->name, name) == 0) return e;
        if (whole == NULL && strcasecmp(e->name, name) == 0) whole = e;
        if (strcasecmp(after_slash(e->name), name) != 0) continue;
        part = e;
        parts++;
    }
    if (whole != NULL) return whole;
    return parts == 1 ? part : NULL;
}

enum { NAME_MAX_NEAR = 96 };

typedef struct folded {
    char text[NAME_MAX_NEAR + 1];
} folded;

static folded fold_case(const char *name)
{
    folded out = { "" };
    size_t n = strlen(name);
    for (size_t i = 0; i < n && n <= NAME_MAX_NEAR; i++) out.text[i] = (char)tolower((unsigned char)name[i]);
    return out;
}

/* How far it is from a name, by the whole or by the part after the slash; no closer than `most` will do. */
static size_t distance(const char *word, const char *name, size_t most)
{
    const char *const names[] = { name, after_slash(name) };
    size_t least = SIZE_MAX, size = strlen(word);
    for (size_t i = 0; i < 2; i++) {
        folded f = fold_case(names[i]);
        size_t n = strlen(f.text), apart = n > size ? n - size : size - n;
        /* As many bytes have to be added or taken away. */
        size_t d = apart < most ? text_distance(span_of(word), span_of(f.text)) : apart;
        if (d < least) least = d;
    }
    return least;
}

const char *catalogue_nearest(const ari_catalogue *c, const char *name)
{
    folded word = fold_case(name);
    const char *best = NULL;
    size_t size = strlen(word.text), nearest = size / 5 < 2 ? 3 : size / 5 + 1;
    for (size_t i = 0; i < c->count && size > 2; i++) {
        size_t d = distance(word.text, c->entries[i]->name, nearest);
        if (d >= nearest) continue;
        nearest = d;
        best = c->entries[i]->name;
    }
    return best;
}

/* --- An entry's figures ------------------------------------------------------------------------------ */

const ari_value *entry_value(const ari_entry *e, ari_field field)
{
    for (size_t i = 0; i < e->stated_count; i++) {
        if (e->stated[i].field == field) return &e->pool[e->stated[i].value];
    }
    return NULL;
}

static const char *evidence_of(const ari_entry *e, ari_field field)
{
    for (const char *const *u = e->unverified; *u != NULL; u++) {
        if (strcmp(*u, field_info(field)->name) == 0) return ARI_UNVERIFIED;
    }
    return e->evidence;
}

static void fill(const ari_entry *e, const ari_stated *stated, size_t n, bool own, ari_inferred *fields)
{
    for (size_t i = 0; i < n; i++) {
        ari_field field = (ari_field)stated[i].field;
        const char *json = e->pool[stated[i].value].json;
        /* A null that is written down says that there is no such thing. */
        fields[field] = (ari_inferred){ .value = json,
                                        .basis = json[0] == 'n' ? ARI_SHAPE : ARI_STATED,
                                        .evidence = own ? evidence_of(e, field) : e->evidence };
    }
}

void entry_fields(const ari_entry *e, ari_inferred *fields)
{
    fill(e, e->stated, e->stated_count, true, fields);
}

void entry_architecture(const ari_entry *e, const ari_tower *tower, ari_architecture *out)
{
    architecture_clear(out);
    if (tower == NULL) {
        entry_fields(e, out->fields);
    } else {
        fill(e, tower->stated, tower->stated_count, false, out->fields);
    }
}
