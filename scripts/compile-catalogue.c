/* compile-catalogue.c -- a tool of the build: the catalogue's YAML files to one C file on standard output.
 *
 * All words, values and lists become constant tables, each word and each value once: nothing has to be parsed
 * when the program starts. An error ends the build: path, line, key, what. */
#include "base/lookup.h"
#include "base/text.h"
#include "compare/entry.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct source {
    const ari_entry *entry;
    const char *path;
} source;

typedef struct word {
    const char *text;
    uint32_t at; /* Where it begins among all of them. */
} word;

typedef struct tables {
    ari_arena arena;
    source *sources;
    size_t count, room;
    const char *date;
    ari_value *pool; /* Of all entries, each value once. */
    size_t pool_count, pool_room;
    word *words; /* Each once. */
    size_t word_count, word_room;
    uint32_t word_bytes;
    ari_lookup known;
    ari_text lists, stated, towers, remarks, entries;
    size_t list_count, stated_count, tower_count, remark_count;
} tables;

/* --- Reading ------------------------------------------------------------------------------------ */

static ari_status keep(tables *t, const char *path, const ari_entries *file, ari_err *err)
{
    for (size_t i = 0; i < file->count; i++) {
        if (!array_room(&t->sources, &t->room, t->count, sizeof(t->sources[0])))
            return ari_out_of_memory(err);
        t->sources[t->count++] = (source){ &file->items[i], path };
    }
    if (file->date != NULL) t->date = file->date;
    return ARI_OK;
}

static ari_status read_one(tables *t, const char *path, ari_err *err)
{
    ari_entries file;
    if (entries_open(path, &t->arena, &file, err) != ARI_OK) return err->status;
    return keep(t, path, &file, err);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const source *)a)->entry->name, ((const source *)b)->entry->name);
}

static ari_status check_names(const tables *t, ari_err *err)
{
    for (size_t i = 1; i < t->count; i++) {
        const source *a = &t->sources[i - 1], *b = &t->sources[i];
        if (strcmp(a->entry->name, b->entry->name) == 0)
            return ari_fail(err, ARI_MALFORMED, ARI_NO_OFFSET, "%s: name: \"%s\" stands in %s too", b->path,
                            b->entry->name, a->path);
    }
    return ARI_OK;
}

/* --- Writing C -------------------------------------------------------------------------------------- */

static ari_span word_text(const void *words, size_t i)
{
    return span_of(((const word *)words)[i].text);
}

/* Where that text begins among all words; 0 of none. */
static uint32_t worded(tables *t, const char *text)
{
    bool added;
    if (text == NULL) return 0;
    size_t i = SIZE_MAX;
    if (array_room(&t->words, &t->word_room, t->word_count, sizeof(t->words[0])))
        i = lookup_add(&t->known, span_of(text), t->word_count, word_text, t->words, &added);
    if (i == SIZE_MAX || strlen(text) >= UINT32_MAX - t->word_bytes) {
        t->arena.failed = true;
        return 0;
    }
    if (added) {
        t->words[t->word_count++] = (word){ text, t->word_bytes };
        t->word_bytes += (uint32_t)strlen(text) + 1;
    }
    return t->words[i].at;
}

/* As numbers: a literal may not be that long. The first is of the NULL at 0. */
static void put_letters(const tables *t, ari_text *out)
{
    text_put(out, "static const char words[] = {\n    0,\n");
    for (size_t i = 0; i < t->word_count; i++) {
        text_put(out, "    ");
        for (const char *s = t->words[i].text; *s != '\0'; s++) text_printf(out, "%d,", *s);
        text_put(out, "0,\n");
    }
    text_put(out, "};\n");
}

/* Where the value stands in the common pool. */
static size_t pooled(tables *t, const ari_value *v)
{
    for (size_t i = 0; i < t->pool_count; i++) {
        if (strcmp(t->pool[i].json, v->json) == 0) return i;
    }
    if (!array_room(&t->pool, &t->pool_room, t->pool_count, sizeof(t->pool[0]))) {
        t->arena.failed = true;
        return 0;
    }
    t->pool[t->pool_count] = *v;
    return t->pool_count++;
}

static size_t add_stated(tables *t, const ari_value *pool, const ari_stated *stated, size_t n)
{
    size_t first = t->stated_count;
    for (size_t i = 0; i < n; i++)
        text_printf(&t->stated, "    { %u, %zu },\n", stated[i].field, pooled(t, &pool[stated[i].value]));
    t->stated_count += n;
    return first;
}

static void put_list(tables *t, const char *member, const char *const *list)
{
    text_printf(&t->entries, ", .%s = %zu", member, list[0] == NULL ? 0 : t->list_count);
    if (list[0] == NULL) return;
    for (size_t i = 0;; i++) {
        text_printf(&t->lists, "    %u,\n", worded(t, list[i]));
        t->list_count++;
        if (list[i] == NULL) return;
    }
}

static void put_towers(tables *t, const ari_entry *e)
{
    text_printf(&t->entries, ", .towers = %zu, .tower_count = %zu", t->tower_count, e->tower_count);
    for (size_t i = 0; i < e->tower_count; i++) {
        const ari_tower *w = &e->towers[i];
        size_t first = add_stated(t, e->pool, w->stated, w->stated_count);
        text_printf(&t->towers, "    { %u, %zu, %zu },\n", worded(t, w->role), first, w->stated_count);
    }
    t->tower_count += e->tower_count;
}

static void put_remarks(tables *t, const ari_entry *e)
{
    text_printf(&t->entries, ", .remarks = %zu, .remark_count = %zu", t->remark_count, e->remark_count);
    for (size_t i = 0; i < e->remark_count; i++) {
        text_printf(&t->remarks, "    { %u, %u },\n", worded(t, e->remarks[i].key),
                    worded(t, e->remarks[i].value));
    }
    t->remark_count += e->remark_count;
}

static void put_words(tables *t, const ari_entry *e)
{
    const struct {
        const char *member, *text;
    } words[] = {
        { "name", e->name },
        { "family", e->family },
        { "released", e->released },
        { "kind", e->kind },
        { "source", e->source },
        { "notes", e->notes },
        { "params_basis", e->params_basis },
        { "evidence", e->evidence },
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        text_printf(&t->entries, "%s.%s = %u", i == 0 ? "" : ", ", words[i].member, worded(t, words[i].text));
}

static void put_entry(tables *t, const ari_entry *e)
{
    static const char *const confidence[] = { "ARI_READ", "ARI_REPORTED", "ARI_MEMORY" };
    text_put(&t->entries, "    { ");
    put_words(t, e);
    put_list(t, "also_in", e->also_in);
    put_list(t, "same_shape_as", e->same_shape_as);
    put_list(t, "variants", e->variants);
    put_list(t, "unverified", e->unverified);
    text_printf(&t->entries,
                ", .confidence = %s, .total_params = UINT64_C(%" PRIu64
                "), .active_params = UINT64_C(%" PRIu64 "), .digest = UINT64_C(%" PRIu64
                "), .plain_mlp = %s, .partly_dense = %s",
                confidence[e->confidence], e->total_params, e->active_params, e->digest,
                e->plain_mlp ? "true" : "false", e->partly_dense ? "true" : "false");
    size_t first = add_stated(t, e->pool, e->stated, e->stated_count);
    text_printf(&t->entries, ", .stated = %zu, .stated_count = %zu", first, e->stated_count);
    put_towers(t, e);
    put_remarks(t, e);
    text_put(&t->entries, " },\n");
}

static void put_pool(tables *t, ari_text *out)
{
    text_put(out, "static const packed_value pool[] = {\n");
    for (size_t i = 0; i < t->pool_count; i++) {
        uint32_t json = worded(t, t->pool[i].json);
        if (isnan(t->pool[i].number)) {
            text_printf(out, "    { NAN, %u },\n", json);
        } else {
            text_printf(out, "    { %.17e, %u },\n", t->pool[i].number, json);
        }
    }
    text_put(out, "};\n");
}

static void put_table(ari_text *out, const char *head, const ari_text *rows, const char *last)
{
    text_printf(out, "\nstatic const %s = {\n%s%s};\n", head, rows->data == NULL ? "" : rows->data, last);
}

static void put_file(tables *t, ari_text *out)
{
    text_put(out, "/* Made by scripts/compile-catalogue from src/compare/catalogue. */\n"
                  "#include \"compare/builtin.h\"\n\n#include <math.h>\n\n");
    put_pool(t, out);
    put_table(out, "uint32_t lists[]", &t->lists, "");
    put_table(out, "ari_stated stated[]", &t->stated, "    { 0, 0 },\n");
    put_table(out, "packed_tower towers[]", &t->towers, "    { 0, 0, 0 },\n");
    put_table(out, "packed_remark remarks[]", &t->remarks, "    { 0, 0 },\n");
    put_table(out, "packed_entry entries[]", &t->entries, "");
    put_letters(t, out);
    text_printf(
        out,
        "\nconst ari_builtin catalogue_builtin = { words, lists, pool, stated, towers, remarks, entries, "
        "%zu, %zu, %zu, %zu, %zu, \"%s\" };\n",
        t->list_count, t->pool_count, t->tower_count, t->remark_count, t->count, t->date);
}

static ari_status compile(tables *t, int path_count, char **paths, ari_text *out, ari_err *err)
{
    for (int i = 0; i < path_count; i++) {
        if (read_one(t, paths[i], err) != ARI_OK) return err->status;
    }
    if (t->date == NULL || t->count == 0)
        return ari_fail(err, ARI_USAGE, ARI_NO_OFFSET,
                        "no file states the catalogue's date, or none a model");
    qsort(t->sources, t->count, sizeof(t->sources[0]), by_name);
    if (check_names(t, err) != ARI_OK) return err->status;
    text_put(&t->lists, "    0,\n");
    t->list_count = t->word_bytes = 1; /* The first list, and the first word, are of nothing. */
    for (size_t i = 0; i < t->count; i++) put_entry(t, t->sources[i].entry);
    if (t->pool_count > UINT16_MAX)
        return ari_fail(err, ARI_LIMIT, ARI_NO_OFFSET, "more distinct values than ari_stated can number");
    put_file(t, out);
    bool failed = t->arena.failed || out->failed || t->entries.failed || t->lists.failed ||
                  t->stated.failed || t->towers.failed || t->remarks.failed;
    return failed ? ari_out_of_memory(err) : ARI_OK;
}

int main(int argc, char **argv)
{
    ari_err err = ARI_ERR_INIT;
    ari_text out = { 0 };
    tables t = { 0 };
    ari_status status = compile(&t, argc - 1, argv + 1, &out, &err);
    if (status == ARI_OK && (fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout) != 0))
        status = ari_fail(&err, ARI_UNREADABLE, ARI_NO_OFFSET, "cannot write");
    if (status != ARI_OK) fprintf(stderr, "%s\n", err.text);
    text_free(&out);
    text_free(&t.lists);
    text_free(&t.stated);
    text_free(&t.towers);
    text_free(&t.remarks);
    text_free(&t.entries);
    free(t.sources);
    free(t.pool);
    free(t.words);
    lookup_free(&t.known);
    arena_free(&t.arena);
    return status == ARI_OK ? 0 : 1;
}
