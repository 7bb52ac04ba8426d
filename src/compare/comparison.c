#include "compare/comparison.h"

#include <stdlib.h>

const char *conclusion_word(ari_conclusion c)
{
    static const char *const words[] = { "from_scratch_supported", "fine_tune_suspected", "partial_reuse",
                                         "inconclusive" };
    return words[c];
}

const ari_match *comparison_references(const ari_comparison *c, size_t *count)
{
    *count = c->count > 1 ? c->count - 1 : c->ranking.count;
    return c->count > 1 ? c->pairs : c->ranking.matches;
}

bool comparison_names(const ari_comparison *c, const ari_entry *e)
{
    bool named = false;
    for (size_t i = 1; i < c->count; i++) named = named || (e != NULL && c->records[i].entry == e);
    return named;
}

/* Is it of the pairs, and not of the catalogue's ranking? */
static bool is_pair(const ari_comparison *c, const ari_match *m)
{
    return c->count > 1 && m >= c->pairs && m < c->pairs + (c->count - 1);
}

const char *reference_name(const ari_comparison *c, const ari_match *m)
{
    return is_pair(c, m) ? c->records[m - c->pairs + 1].name : m->entry->name;
}

void reference_record(ari_arena *arena, const ari_comparison *c, const ari_match *m, ari_record *out)
{
    if (is_pair(c, m)) {
        *out = c->records[m - c->pairs + 1];
    } else {
        record_of_entry(arena, m->entry, out);
    }
}

/* The entry that a name, an address or a path ends in: its last two parts, else the last alone. */
static const ari_entry *entry_of_origin(ari_arena *arena, const ari_catalogue *c, const char *stated)
{
    size_t size = strlen(stated);
    while (size > 0 && stated[size - 1] == '/') size--;
    const char *name = arena_copy(arena, span_first(span_of(stated), size));
    const char *last = strrchr(name, '/');
    if (last == NULL) return catalogue_find(c, name);
    const char *two = last;
    while (two > name && two[-1] != '/') two--;
    const ari_entry *e = catalogue_find(c, two);
    return e != NULL ? e : catalogue_find(c, last + 1);
}

const ari_entry *origin_match(ari_arena *arena, const ari_comparison *c, const char *stated, ari_match *out)
{
    ari_record other;
    const ari_entry *e = entry_of_origin(arena, c->catalogue, stated);
    if (e == NULL) return NULL;
    record_of_entry(arena, e, &other);
    *out = match_records(&c->records[0], &other, c->keys.set);
    return e;
}

/* Names are the columns of a table and the members of an object: the same model twice is X and X (2). */
static void name_apart(ari_comparison *c, size_t i)
{
    size_t times = 1;
    for (size_t k = 0; k < i; k++) {
        if (strcmp(c->records[k].name, c->records[i].name) != 0) continue;
        c->records[i].name = arena_printf(&c->arena, "%s (%zu)", c->models[i]->path, ++times);
        /* The new name may be another's. */
        k = SIZE_MAX;
    }
}

static bool relate_pairs(ari_comparison *c)
{
    for (size_t i = 0; i < c->count; i++) {
        record_of_model(&c->arena, c->models[i], &c->records[i]);
        name_apart(c, i);
    }
    if (!rank_catalogue(c->catalogue, &c->records[0], c->keys.set, &c->ranking) ||
        !parts_in_catalogue(c->models[0], c->catalogue, &c->towers))
        return false;
    for (size_t i = 1; i < c->count; i++) {
        ari_match *m = &c->pairs[i - 1];
        *m = match_records(&c->records[0], &c->records[i], c->keys.set);
        m->bits = bits_of(&c->ranking, m->extended.matched);
        if (!parts_beside(c->models[0], c->models[i], &c->beside[i - 1])) return false;
    }
    c->unique_count = unique_find(&c->records[0], c->records + 1, c->count - 1, &c->ranking, c->keys.set,
                                  c->unique, ARI_KEY_COUNT);
    verdict_reach(c);
    return !c->arena.failed;
}

ari_status ari_compare(const ari_model *const *models, size_t count, const ari_catalogue *catalogue,
                       const char *keys, ari_comparison **out, ari_err *err)
{
    ari_key_list list;
    *out = NULL;
    ari_status status = keys_parse(keys == NULL ? "extended" : keys, &list, err);
    if (status != ARI_OK) return status;
    if (count == 0) return ari_fail(err, ARI_USAGE, ARI_NO_OFFSET, "nothing to compare");
    ari_comparison *c = calloc(1, sizeof(*c));
    if (c == NULL) return ari_out_of_memory(err);
    c->catalogue = catalogue;
    c->count = count;
    c->keys = list;
    const ari_model **copy = arena_alloc(&c->arena, count * sizeof(ari_model *));
    c->records = arena_alloc(&c->arena, count * sizeof(c->records[0]));
    c->pairs = arena_alloc(&c->arena, count * sizeof(c->pairs[0]));
    c->beside = arena_alloc(&c->arena, count * sizeof(c->beside[0]));
    for (size_t i = 0; copy != NULL && i < count; i++) copy[i] = models[i];
    c->models = copy;
    if (copy == NULL || c->records == NULL || c->pairs == NULL || c->beside == NULL || !relate_pairs(c)) {
        ari_comparison_free(c);
        return ari_out_of_memory(err);
    }
    *out = c;
    return ARI_OK;
}

ari_status ari_keys_check(const char *keys, ari_err *err)
{
    ari_key_list list;
    return keys_parse(keys, &list, err);
}

bool ari_comparison_reaches(const ari_comparison *c, const char *tier)
{
    size_t n;
    const ari_match *references = comparison_references(c, &n);
    unsigned wanted = tier_by_word(tier);
    for (size_t i = 0; i < n; i++) {
        if (references[i].tiers.least >= wanted) return true;
        if (wanted == ARI_IDENTICAL && is_identical(&references[i])) return true;
    }
    return false;
}

bool ari_comparison_shares_core(const ari_comparison *c)
{
    size_t n;
    const ari_match *references = comparison_references(c, &n);
    for (size_t i = 0; i < n; i++) {
        if (references[i].core.matched != 0) return true;
    }
    return false;
}

bool ari_is_tier(const char *word)
{
    return tier_by_word(word) <= ARI_IDENTICAL;
}

void ari_comparison_free(ari_comparison *c)
{
    if (c == NULL) return;
    for (size_t i = 0; c->beside != NULL && i + 1 < c->count; i++) parts_free(&c->beside[i]);
    parts_free(&c->towers);
    ranking_free(&c->ranking);
    free(c->prints);
    arena_free(&c->arena);
    free(c);
}
