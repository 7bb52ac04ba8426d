/* verdict.c -- the conclusion, its reasons, and the sentences that say it: no word stronger than the
 * evidence. */
#include "base/text.h"
#include "compare/comparison.h"

#include <stdlib.h>

enum { SHARING_TELLING = 3, DIFFERENCES_NAMED = 4, REASONS_OF_CATALOGUE = 5 };

/* A JSON value in a sentence: a string without its quotes. */
static const char *bare(ari_arena *arena, const char *json)
{
    size_t n = strlen(json);
    if (n < 2 || json[0] != '"') return json;
    return arena_copy(arena, (ari_span){ (const uint8_t *)json + 1, n - 2 });
}

/* Does it miss, whatever open keys turn out to be? */
static bool is_miss(const ari_match *m)
{
    return m->tiers.most < ARI_IDENTICAL;
}

/* The nearest of the references, or of those that miss; NULL if there is none. */
static const ari_match *nearest(const ari_comparison *c, bool miss)
{
    size_t n;
    const ari_match *all = comparison_references(c, &n), *best = NULL;
    for (size_t i = 0; i < n; i++) {
        if (miss && !is_miss(&all[i])) continue;
        if (best == NULL || match_order(&all[i], best) < 0) best = &all[i];
    }
    return best;
}

/* Is a part that of another model, as far as anything tells? */
static bool reuses_part(const ari_comparison *c)
{
    for (size_t i = 0; i < c->towers.count; i++) {
        if (c->towers.items[i].agreement >= ARI_LIKELY) return true;
    }
    for (size_t i = 0; i + 1 < c->count; i++) {
        for (size_t k = 0; k < c->beside[i].count; k++) {
            if (c->beside[i].items[k].agreement >= ARI_LIKELY) return true;
        }
    }
    return false;
}

static ari_conclusion conclude(const ari_comparison *c)
{
    size_t n;
    const ari_match *all = comparison_references(c, &n);
    bool identical = false, apart = true;
    for (size_t i = 0; i < n; i++) {
        identical = identical || is_identical(&all[i]);
        apart = apart && all[i].tiers.most <= ARI_INDEPENDENT;
    }
    if (reuses_part(c)) return ARI_PARTIAL_REUSE;
    if (identical) return ARI_FINE_TUNE_SUSPECTED;
    return apart && n > 0 ? ARI_FROM_SCRATCH_SUPPORTED : ARI_INCONCLUSIVE;
}

/* "num_experts (192, 384), vocab_size (...)", the subject's value first; of long values the key alone. */
static const char *differences(ari_comparison *c, const ari_match *m, const ari_record *other)
{
    const char *words = "";
    size_t n = 0, all = keys_count(m->extended.differing);
    for (size_t i = 0; i < c->keys.count && n < DIFFERENCES_NAMED; i++) {
        size_t key = c->keys.at[i];
        const char *here = c->records[0].values[key].value, *there = other->values[key].value;
        if ((m->extended.differing & key_bit(key)) == 0) continue;
        words = arena_printf(&c->arena, "%s%s%s", words, n++ == 0 ? "" : ", ", key_name(key));
        if (here[0] == '{' || here[0] == '[') continue;
        words = arena_printf(&c->arena, "%s (%s, %s)", words, bare(&c->arena, here), bare(&c->arena, there));
    }
    return all > n ? arena_printf(&c->arena, "%s and %zu more", words, all - n) : words;
}

/* The record of a reference: one of ours, or made anew of its entry. */
static void record_of(ari_comparison *c, const ari_match *m, ari_record *out)
{
    if (c->count > 1) {
        *out = c->records[m - c->pairs + 1];
    } else {
        record_of_entry(&c->arena, m->entry, out);
    }
}

static const char *score_in_words(ari_comparison *c, const ari_match *m)
{
    const char *score = score_of(&c->arena, &m->core);
    const char *open = m->core.possible == 0
                           ? ""
                           : arena_printf(&c->arena, ", possibly %zu",
                                          keys_count(m->core.matched) + keys_count(m->core.possible));
    if (!m->has_expert_width) return arena_printf(&c->arena, "%s core keys%s", score, open);
    return arena_printf(&c->arena, "%s core keys%s; %s with moe_intermediate_size for intermediate_size",
                        score, open, score_of(&c->arena, &m->by_expert_width));
}

static const char *but_for(ari_comparison *c, const ari_match *m, const ari_record *other)
{
    size_t key = m->but_for;
    if (key == ARI_KEY_COUNT) return "";
    return arena_printf(&c->arena, " In its sizes as %s but for %s: %s here, %s there.",
                        reference_name(&c->arena, c, m), key_name(key),
                        bare(&c->arena, c->records[0].values[key].value),
                        bare(&c->arena, other->values[key].value));
}

static const char *about_identical(ari_comparison *c, const ari_match *m)
{
    ari_record other;
    record_of(c, m, &other);
    const char *crowd = c->ranking.sharing_core < SHARING_TELLING
                            ? ""
                            : arena_printf(&c->arena, "%zu catalogued models share these five values. ",
                                           c->ranking.sharing_core);
    const char *rest = m->extended.differing == 0 ? ""
                                                  : arena_printf(&c->arena, "; beyond them it differs in %s",
                                                                 differences(c, m, &other));
    return arena_printf(&c->arena, "%s%s to %s (%s)%s.%s", crowd,
                        reuses_part(c) ? "Text decoder of identical architecture" : "Identical architecture",
                        reference_name(&c->arena, c, m), score_in_words(c, m), rest, but_for(c, m, &other));
}

static const char *about_nearest(ari_comparison *c, const ari_match *m)
{
    ari_record other;
    record_of(c, m, &other);
    size_t n;
    comparison_references(c, &n);
    static const char *const whole[] = { "Different from", "Independent of", "Similar to", "Identical to" };
    static const char *const decoder[] = { "Text decoder different from", "Text decoder independent of",
                                           "Text decoder similar to", "Text decoder identical to" };
    const char *const *words = reuses_part(c) ? decoder : whole;
    const char *of_all = n == 1 ? "" : arena_printf(&c->arena, ", the nearest of %zu references", n);
    const char *range =
        m->tiers.least == m->tiers.most ? "" : arena_printf(&c->arena, " (%s)", tiers_word(m->tiers));
    return arena_printf(&c->arena, "%s %s%s%s: %s.%s", words[m->tiers.least], reference_name(&c->arena, c, m),
                        of_all, range, score_in_words(c, m), but_for(c, m, &other));
}

static const char *role_in_words(ari_arena *arena, const char *role)
{
    const char *bar = strchr(role, '_');
    if (bar == NULL) return role;
    return arena_printf(arena, "%.*s %s", (int)(bar - role), role, bar + 1);
}

static const char *part_name(ari_comparison *c, const ari_part_match *p)
{
    return name_in_words(&c->arena, p->with, p->entry);
}

/* "The vision encoder has the sizes of the one in X and in 3 more" of the n towers that agree as the first
 * does. */
static const char *about_tower(ari_comparison *c, const ari_part_match *first, size_t n)
{
    static const char *const words[] = { "", "may have", "most likely has", "has" };
    const char *more = n == 1 ? "" : arena_printf(&c->arena, " and in %zu more", n - 1);
    const char *open = keys_in_words(&c->arena, first->relation.possible | first->relation.unknown);
    const char *why = open[0] == '\0' ? "" : arena_printf(&c->arena, " (%s open)", open);
    return arena_printf(&c->arena, "The %s %s the sizes of the one in %s%s%s",
                        role_in_words(&c->arena, first->role), words[first->agreement], part_name(c, first),
                        more, why);
}

/* Whose towers these are: of each part those that agree best. */
static const char *about_parts(ari_comparison *c)
{
    const char *words = "";
    for (size_t i = 0, n; i < c->towers.count; i += n) {
        const ari_part_match *p = &c->towers.items[i];
        bool again = i > 0 && strcmp(p[-1].role, p->role) == 0;
        n = 1;
        while (i + n < c->towers.count && p[n].agreement == p->agreement && strcmp(p[n].role, p->role) == 0)
            n++;
        if (p->agreement == ARI_APART || again) continue;
        words = arena_printf(&c->arena, "%s%s%s.", words, words[0] == '\0' ? "" : " ", about_tower(c, p, n));
    }
    if (words[0] == '\0') return "";
    return arena_printf(&c->arena, "%s%s ", words, reuses_part(c) ? " Partial reuse." : "");
}

/* What the references that were chosen do not show. */
static const char *about_catalogue(ari_comparison *c)
{
    if (c->count == 1 || c->ranking.count == 0) return "";
    const ari_match *best = &c->ranking.matches[0];
    for (size_t i = 1; i < c->count; i++) {
        if (c->records[i].entry == best->entry || is_identical(&c->pairs[i - 1])) return "";
    }
    if (best->tiers.least < ARI_SIMILAR) return "";
    return arena_printf(&c->arena, " Not among the references, but in the catalogue: %s, %s.",
                        name_in_words(&c->arena, best->entry->name, best->entry), score_in_words(c, best));
}

static void give_reasons(ari_comparison *c)
{
    size_t n;
    const ari_match *all = comparison_references(c, &n);
    if (c->count == 1 && n > REASONS_OF_CATALOGUE) n = REASONS_OF_CATALOGUE;
    c->verdict.reasons = arena_alloc(&c->arena, (n + c->towers.count + 1) * sizeof(const char *));
    for (size_t i = 0; c->verdict.reasons != NULL && i < n; i++) {
        const char *matched = keys_in_words(&c->arena, all[i].core.matched);
        c->verdict.reasons[c->verdict.reason_count++] =
            arena_printf(&c->arena, "%s with %s (%s)%s%s", score_of(&c->arena, &all[i].core),
                         reference_name(&c->arena, c, &all[i]), tiers_word(all[i].tiers),
                         matched[0] == '\0' ? "" : ": ", matched);
    }
    for (size_t i = 0; c->verdict.reasons != NULL && i < c->towers.count; i++) {
        const ari_part_match *p = &c->towers.items[i];
        /* Of each part the best is enough: the others are listed elsewhere. */
        if (i > 0 && strcmp(p[-1].role, p->role) == 0) continue;
        c->verdict.reasons[c->verdict.reason_count++] =
            arena_printf(&c->arena, "%s: %s with that of %s (%s)", role_in_words(&c->arena, p->role),
                         score_of(&c->arena, &p->relation), part_name(c, p), tiers_word(p->tiers));
    }
}

static const char *miss_in_words(ari_comparison *c, const ari_match *m)
{
    if (m == NULL) return NULL;
    const char *differing = keys_in_words(&c->arena, m->core.differing);
    return arena_printf(&c->arena, "%s, %s core keys%s%s", reference_name(&c->arena, c, m),
                        score_of(&c->arena, &m->core), differing[0] == '\0' ? "" : ", differing in ",
                        differing);
}

void verdict_reach(ari_comparison *c)
{
    ari_verdict *v = &c->verdict;
    const ari_match *best = nearest(c, false);
    *v = (ari_verdict){ .conclusion = conclude(c), .summary = "No reference to compare with." };
    if (best == NULL) return;
    v->tiers = best->tiers;
    if ((best->core.matched | best->core.differing | best->core.possible) == 0) {
        v->summary = "Of the five core keys none is known on both sides: nothing to go by.";
        return;
    }
    const char *core = is_identical(best) ? about_identical(c, best) : about_nearest(c, best);
    v->summary = arena_printf(&c->arena, "%s%s%s", about_parts(c), core, about_catalogue(c));
    /* Where all references may be identical, the catalogue has one that is not. */
    const ari_match *miss = nearest(c, true);
    for (size_t i = 0; miss == NULL && i < c->ranking.count; i++) {
        if (is_miss(&c->ranking.matches[i])) miss = &c->ranking.matches[i];
    }
    v->nearest_miss = miss_in_words(c, miss);
    give_reasons(c);
}
