#include "compare/entry.h"

#include "base/lookup.h"
#include "base/text.h"
#include "compare/digest.h"
#include "compare/figure.h"
#include "read/map.h"

#include <stdio.h>

typedef enum key_form {
    FORM_TEXT,
    FORM_KIND,
    FORM_LIST,
    FORM_COUNT,
    FORM_CONFIDENCE,
    FORM_GATED,
    FORM_FLAG,
    FORM_TOWER,
    FORM_REMARKS
} key_form;

static const struct key_row {
    const char *key;
    key_form form;
    size_t at; /* Offset of the member. */
} keys[] = {
#define ENTRY_KEY(key, form, member) { key, FORM_##form, offsetof(ari_entry, member) },
#include "compare/entry_key.def"
};

enum { KEY_COUNT = sizeof(keys) / sizeof(keys[0]), NAME_MOST = 256 };

/* One entry in the making: all its values share a pool, those of its towers too. */
typedef struct reader {
    ari_arena *arena;
    ari_err *err;
    ari_entry *entry;
    ari_value *pool;
    ari_tower *towers;
    size_t pool_count;
} reader;

/* --- Errors ------------------------------------------------------------------------------------- */

/* How many bytes of a word fit, no character cut. */
static int fitting(const char *word, size_t most)
{
    return (int)utf8_whole(span_first(span_of(word), most));
}

/* "line 12: vision.hidden_size: ", the key of an element being that of its list. */
static ari_shown place_of(const yaml_node *n)
{
    const yaml_node *named = n->key.size == 0 && n->parent != NULL ? n->parent : n, *above = named->parent;
    bool part = above != NULL && above->key.size > 0;
    ari_shown out, key = show(named->key), whole = { "" };
    if (part) whole = show(above->key);
    snprintf(out.text, sizeof(out.text), "line %zu: %.*s%s%.*s: ", n->line, fitting(whole.text, 40),
             whole.text, part ? "." : "", fitting(key.text, 80), key.text);
    return out;
}

static ari_status wrong(const reader *r, const yaml_node *n, const char *what)
{
    if (n->kind != YAML_SCALAR)
        return ari_fail(r->err, ARI_MALFORMED, ARI_NO_OFFSET, "%sit %s", place_of(n).text, what);
    return ari_fail(r->err, ARI_MALFORMED, ARI_NO_OFFSET, "%s\"%s\" %s", place_of(n).text, show(n->text).text,
                    what);
}

static const char *nearer(ari_span word, const char *best, const char *other)
{
    size_t d = text_distance(word, span_of(other));
    return d <= 2 && (best == NULL || d < text_distance(word, span_of(best))) ? other : best;
}

static ari_status unknown_key(const reader *r, const yaml_node *n, bool tower)
{
    const char *near = NULL;
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) near = nearer(n->key, near, field_info((ari_field)i)->name);
    for (size_t i = 0; i < KEY_COUNT && !tower; i++) near = nearer(n->key, near, keys[i].key);
    ari_fail(r->err, ARI_MALFORMED, ARI_NO_OFFSET, "%sno such key%s%s%s", place_of(n).text,
             near == NULL ? "" : "; did you mean ", near == NULL ? "" : near, near == NULL ? "" : "?");
    return ari_hint(r->err, "what is no field of an architecture belongs under `remarks`");
}

/* --- Fields ------------------------------------------------------------------------------------- */

static ari_status read_field(reader *r, const yaml_node *n, ari_field field, ari_stated *to, size_t *count)
{
    if (figure_is_missing(n)) return ARI_OK;
    const char *what = figure_read(n, field, r->arena, &r->pool[r->pool_count]);
    if (what != NULL) return wrong(r, n, what);
    to[(*count)++] = (ari_stated){ (uint16_t)field, (uint16_t)r->pool_count++ };
    return ARI_OK;
}

static ari_status read_tower(reader *r, const yaml_node *n)
{
    if (n->kind != YAML_MAPPING) return wrong(r, n, "is no mapping of fields");
    ari_tower *tower = &r->towers[r->entry->tower_count];
    ari_stated *stated = arena_alloc(r->arena, (n->size + 1) * sizeof(stated[0]));
    if (stated == NULL) return ari_out_of_memory(r->err);
    tower->role = span_is(n->key, "vision") ? "vision_encoder" : "audio_encoder";
    tower->stated = stated;
    for (const yaml_node *m = n->first; m != NULL; m = m->next) {
        ari_field field = field_by_name((const char *)m->key.data);
        if (field == ARI_FIELD_COUNT) return unknown_key(r, m, true);
        if (read_field(r, m, field, stated, &tower->stated_count) != ARI_OK) return r->err->status;
    }
    r->entry->tower_count++;
    return ARI_OK;
}

/* --- What stands beside them ---------------------------------------------------------------------- */

static ari_status read_remarks(reader *r, const yaml_node *n)
{
    if (n->kind != YAML_MAPPING) return wrong(r, n, "is no mapping");
    ari_remark *remarks = arena_alloc(r->arena, (n->size + 1) * sizeof(remarks[0]));
    if (remarks == NULL) return ari_out_of_memory(r->err);
    size_t count = 0;
    for (const yaml_node *m = n->first; m != NULL; m = m->next) {
        remarks[count].key = arena_escape(r->arena, m->key, ESCAPE_ALL);
        remarks[count++].value = figure_json(m, r->arena);
    }
    r->entry->remarks = remarks;
    r->entry->remark_count = count;
    return ARI_OK;
}

/* One text stands for a list of one. */
static ari_status read_list(const reader *r, const yaml_node *n, void *to)
{
    const yaml_node *first = n->kind == YAML_SCALAR ? n : n->first;
    const char **list = arena_alloc(r->arena, (n->size + 2) * sizeof(list[0]));
    size_t count = 0;
    if (list == NULL) return ari_out_of_memory(r->err);
    if (n->kind == YAML_MAPPING) return wrong(r, n, "is no list");
    for (const yaml_node *e = first; e != NULL; e = e == n ? NULL : e->next) {
        if (e->kind != YAML_SCALAR) return wrong(r, e, "is no text");
        list[count++] = figure_text(e, r->arena);
    }
    memcpy(to, &list, sizeof(list));
    return ARI_OK;
}

static ari_status read_text(const reader *r, const yaml_node *n, void *to)
{
    if (n->kind != YAML_SCALAR) return wrong(r, n, "is no text");
    const char *text = figure_text(n, r->arena);
    memcpy(to, &text, sizeof(text));
    return ARI_OK;
}

static ari_status read_kind(const reader *r, const yaml_node *n, void *to)
{
    static const char *const words[] = {
#define ENTRY_KIND(word, kind) word,
#include "compare/word.def"
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (n->kind == YAML_SCALAR && span_is(n->text, words[i])) return read_text(r, n, to);
    }
    return wrong(r, n, "is none of dense, moe, vlm, hybrid, encoder, encdec, ssm");
}

static ari_status read_confidence(const reader *r, const yaml_node *n)
{
    static const char *const words[] = { "read", "report", "memory" };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (n->kind != YAML_SCALAR || !span_is(n->text, words[i])) continue;
        r->entry->confidence = (ari_confidence)i;
        return ARI_OK;
    }
    return wrong(r, n, "is none of read, report, memory");
}

static ari_status read_known(reader *r, const yaml_node *n, const struct key_row *row)
{
    void *to = (char *)r->entry + row->at;
    bool flag;
    if (figure_is_missing(n)) return ARI_OK;
    switch (row->form) {
    case FORM_TEXT: return read_text(r, n, to);
    case FORM_KIND: return read_kind(r, n, to);
    case FORM_LIST: return read_list(r, n, to);
    case FORM_COUNT: return figure_count(n, to) ? ARI_OK : wrong(r, n, "is no whole number");
    case FORM_CONFIDENCE: return read_confidence(r, n);
    case FORM_TOWER: return read_tower(r, n);
    case FORM_REMARKS: return read_remarks(r, n);
    case FORM_GATED:
    case FORM_FLAG: break;
    }
    if (!figure_bool(n, &flag)) return wrong(r, n, "is neither true nor false");
    flag = row->form == FORM_GATED ? !flag : flag;
    memcpy(to, &flag, sizeof(flag));
    return ARI_OK;
}

/* --- An entry --------------------------------------------------------------------------------------- */

static ari_status read_member(reader *r, const yaml_node *n, ari_stated *stated)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (span_is(n->key, keys[i].key)) return read_known(r, n, &keys[i]);
    }
    ari_field field = field_by_name((const char *)n->key.data);
    if (field == ARI_FIELD_COUNT) return unknown_key(r, n, false);
    return read_field(r, n, field, stated, &r->entry->stated_count);
}

/* What is said to be from memory must be there. */
static ari_status check_unverified(const reader *r, const yaml_node *n)
{
    for (const char *const *u = r->entry->unverified; *u != NULL; u++) {
        if (yaml_get(n, *u) == NULL)
            return ari_fail(r->err, ARI_MALFORMED, ARI_NO_OFFSET,
                            "line %zu: unverified: the entry does not state \"%s\"",
                            yaml_get(n, "unverified")->line, show(span_of(*u)).text);
    }
    return ARI_OK;
}

/* Sources are separated by semicolons and explained in parentheses. */
static const char *short_source(const ari_entry *e, ari_arena *arena)
{
    enum { MOST = 120 };
    if (e->confidence == ARI_MEMORY || e->source == NULL) return ARI_UNVERIFIED;
    ari_span s = span_first(span_of(e->source), strcspn(e->source, ";"));
    const char *remark = strstr(e->source, " (");
    if (remark != NULL) s = span_first(s, (size_t)(remark - e->source));
    bool cut = s.size > MOST;
    s = span_first(s, MOST);
    return arena_printf(arena, "catalogue: %.*s%s", (int)utf8_whole(s), (const char *)s.data,
                        cut ? "..." : "");
}

static ari_status check_entry(const reader *r, const yaml_node *n)
{
    const ari_entry *e = r->entry;
    if (e->name == NULL || e->name[0] == '\0')
        return ari_fail(r->err, ARI_MALFORMED, ARI_NO_OFFSET, "line %zu: name: a model without a name",
                        n->line);
    if (strlen(e->name) > NAME_MOST)
        return ari_fail(r->err, ARI_LIMIT, ARI_NO_OFFSET, "line %zu: name: longer than %d bytes", n->line,
                        NAME_MOST);
    if (e->stated_count == 0)
        return ari_fail(r->err, ARI_MALFORMED, ARI_NO_OFFSET, "line %zu: %s: it states no field", n->line,
                        e->name);
    if (r->arena->failed) return ari_out_of_memory(r->err);
    r->entry->evidence = short_source(e, r->arena);
    r->entry->digest = digest_entry(e);
    return check_unverified(r, n);
}

static ari_status read_entry(reader *r, const yaml_node *n, const char *family)
{
    static const char *const nothing[] = { NULL };
    if (n->kind != YAML_MAPPING)
        return ari_fail(r->err, ARI_MALFORMED, ARI_NO_OFFSET, "line %zu: models: not a mapping with a name",
                        n->line);
    *r->entry = (ari_entry){ .family = family,
                             .confidence = ARI_REPORTED,
                             .also_in = nothing,
                             .same_shape_as = nothing,
                             .variants = nothing,
                             .unverified = nothing };
    size_t most = n->size;
    for (const yaml_node *m = n->first; m != NULL; m = m->next) most += m->size;
    if (most > UINT16_MAX)
        return ari_fail(r->err, ARI_LIMIT, ARI_NO_OFFSET, "line %zu: a model of more than %d values", n->line,
                        UINT16_MAX);
    ari_stated *stated = arena_alloc(r->arena, (n->size + 1) * sizeof(stated[0]));
    r->pool = arena_alloc(r->arena, (most + 1) * sizeof(r->pool[0]));
    r->towers = arena_alloc(r->arena, 2 * sizeof(r->towers[0]));
    r->pool_count = 0;
    if (stated == NULL || r->pool == NULL || r->towers == NULL) return ari_out_of_memory(r->err);
    r->entry->stated = stated;
    r->entry->pool = r->pool;
    r->entry->towers = r->towers;
    for (const yaml_node *m = n->first; m != NULL; m = m->next) {
        if (read_member(r, m, stated) != ARI_OK) return r->err->status;
    }
    return check_entry(r, n);
}

/* --- A file --------------------------------------------------------------------------------------------- */

static ari_span entry_name(const void *items, size_t i)
{
    return span_of(((const ari_entry *)items)[i].name);
}

static ari_status read_models(const yaml_node *models, const char *family, ari_arena *arena, ari_entries *out,
                              ari_err *err)
{
    reader r = { .arena = arena, .err = err };
    ari_lookup names = { 0 };
    out->items = arena_alloc(arena, (models->size + 1) * sizeof(out->items[0]));
    if (out->items == NULL) return ari_out_of_memory(err);
    for (const yaml_node *n = models->first; n != NULL && err->status == ARI_OK; n = n->next) {
        bool added = true;
        r.entry = &out->items[out->count];
        if (read_entry(&r, n, family) != ARI_OK || r.entry->name == NULL) break;
        if (lookup_add(&names, span_of(r.entry->name), out->count, entry_name, out->items, &added) ==
            SIZE_MAX)
            ari_out_of_memory(err);
        if (!added)
            ari_fail(err, ARI_MALFORMED, ARI_NO_OFFSET, "line %zu: name: \"%s\" stands twice in the file",
                     n->line, show(span_of(r.entry->name)).text);
        out->count++;
    }
    lookup_free(&names);
    return err->status;
}

static ari_status read_file(const yaml_node *root, ari_arena *arena, ari_entries *out, ari_err *err)
{
    const char *family = NULL;
    const yaml_node *models = root->kind == YAML_SEQUENCE ? root : NULL;
    const reader r = { .arena = arena, .err = err };
    for (const yaml_node *n = root->kind == YAML_MAPPING ? root->first : NULL; n != NULL; n = n->next) {
        bool is_text = span_is(n->key, "family") || span_is(n->key, "date");
        if (is_text && n->kind != YAML_SCALAR) return wrong(&r, n, "is no text");
        if (span_is(n->key, "family")) family = figure_text(n, arena);
        if (span_is(n->key, "date")) out->date = figure_text(n, arena);
        if (span_is(n->key, "models")) models = n;
        if (!is_text && n != models)
            return ari_fail(err, ARI_MALFORMED, ARI_NO_OFFSET,
                            "line %zu: %s: a catalogue file holds family and models", n->line,
                            show(n->key).text);
    }
    if (models != NULL && models->kind != YAML_SEQUENCE) return wrong(&r, models, "is no list of models");
    if (models != NULL) return read_models(models, family, arena, out, err);
    if (out->date != NULL) return ARI_OK;
    return ari_fail(err, ARI_MALFORMED, ARI_NO_OFFSET, "line %zu: models: there are none", root->line);
}

ari_status entries_read(ari_span text, ari_arena *arena, ari_entries *out, ari_err *err)
{
    ari_err own = ARI_ERR_INIT;
    *out = (ari_entries){ 0 };
    const yaml_node *root = yaml_parse(text, arena, &own);
    if (root != NULL) read_file(root, arena, out, &own);
    /* What looked wrong may have been missing. */
    if (arena->failed) own = (ari_err)ARI_ERR_INIT;
    if (arena->failed) ari_out_of_memory(&own);
    if (own.status == ARI_OK) return ARI_OK;
    ari_fail(err, own.status, own.offset, "%s", own.text);
    return ari_hint(err, own.hint);
}

ari_status entries_open(const char *path, ari_arena *arena, ari_entries *out, ari_err *err)
{
    enum { MOST = 16 << 20 };
    ari_err own = ARI_ERR_INIT;
    ari_span map = { 0 };
    if (map_open(path, &map, &own) == ARI_OK) {
        if (map.size > MOST) {
            ari_fail(&own, ARI_LIMIT, ARI_NO_OFFSET, "%zu bytes are more than a catalogue may have",
                     map.size);
        } else {
            entries_read(map, arena, out, &own);
        }
        map_close(map);
    }
    if (own.status == ARI_OK) return ARI_OK;
    ari_wrap(&own, "%s", show(span_of(path)).text);
    ari_fail(err, own.status, own.offset, "%s", own.text);
    return ari_hint(err, own.hint);
}
