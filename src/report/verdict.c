#include "report/verdict.h"

#include <stdlib.h>

enum { SHARING_TELLING = 3, DIFFERENCES_NAMED = 4, REASONS_OF_CATALOGUE = 5 };

/* --- Pieces of sentences ------------------------------------------------------------------------ */

const char *score_words(ari_doc *d, const ari_relation *r)
{
    return doc_printf(d, "%zu/%zu", keys_count(r->matched), keys_count(r->matched | r->differing));
}

const char *keys_words(ari_doc *d, ari_keys set)
{
    ari_text words = { 0 };
    for (size_t key = 0; key < ARI_KEY_COUNT; key++) {
        if ((set & key_bit(key)) != 0)
            text_printf(&words, "%s%s", words.size == 0 ? "" : ", ", key_name(key));
    }
    return doc_take(d, &words);
}

const char *tiers_words(ari_doc *d, ari_tiers t)
{
    const char *least = doc_term(d, tier_word(t.least));
    return t.least == t.most ? least : doc_printf(d, "%s..%s", least, doc_term(d, tier_word(t.most)));
}

const char *name_words(ari_doc *d, const char *name, const ari_entry *e)
{
    if (e == NULL || (e->confidence != ARI_MEMORY && e->unverified[0] == NULL)) return name;
    return e->confidence == ARI_MEMORY ? SAY(d, FROM_MEMORY, name) : SAY(d, PARTLY_MEMORY, name);
}

const char *reference_words(ari_doc *d, const ari_comparison *c, const ari_match *m)
{
    return name_words(d, reference_name(c, m), m->entry);
}

/* A JSON value in a sentence: a string without its quotes. */
static const char *bare(ari_doc *d, const char *json)
{
    size_t n = strlen(json);
    return n < 2 || json[0] != '"' ? json : doc_printf(d, "%.*s", (int)(n - 2), json + 1);
}

const char *but_for_words(ari_doc *d, const ari_comparison *c, const ari_match *m)
{
    ari_record other;
    size_t key = m->but_for;
    if (key == ARI_KEY_COUNT) return "";
    reference_record(&d->arena, c, m, &other);
    return SAY(d, BUT_FOR, reference_words(d, c, m), key_name(key), bare(d, c->records[0].values[key].value),
               bare(d, other.values[key].value));
}

/* "num_experts (192, 384), vocab_size (...)", the subject's value first; of long values the key alone. */
static const char *differences(ari_doc *d, const ari_comparison *c, const ari_match *m)
{
    ari_record other;
    ari_text words = { 0 };
    size_t n = 0, all = keys_count(m->extended.differing);
    reference_record(&d->arena, c, m, &other);
    for (size_t i = 0; i < c->keys.count && n < DIFFERENCES_NAMED; i++) {
        size_t key = c->keys.at[i];
        const char *here = c->records[0].values[key].value, *there = other.values[key].value;
        if ((m->extended.differing & key_bit(key)) == 0) continue;
        text_printf(&words, "%s%s", n++ == 0 ? "" : ", ", key_name(key));
        if (here[0] != '{' && here[0] != '[') text_printf(&words, " (%s, %s)", bare(d, here), bare(d, there));
    }
    const char *out = doc_take(d, &words);
    return all > n ? SAY(d, DIFFERENCES_MORE, out, doc_number(d, all - n)) : out;
}

static const char *core_words(ari_doc *d, const ari_match *m)
{
    const char *score = score_words(d, &m->core);
    size_t most = keys_count(m->core.matched | m->core.possible);
    const char *core =
        m->core.possible == 0 ? SAY(d, CORE_SCORE, score) : SAY(d, CORE_POSSIBLY, score, doc_number(d, most));
    return m->has_expert_width ? SAY(d, SCORE_BY_WIDTH, core, score_words(d, &m->by_expert_width)) : core;
}

const char *unique_words(ari_doc *d, const ari_unique *u, bool compared)
{
    const char *extreme = extreme_in(d->language, u->key,
                                     u->extreme > 0   ? EXTREME_GREATEST
                                     : u->extreme < 0 ? EXTREME_SMALLEST
                                                      : EXTREME_NONE);
    const char *sharing = u->sharing == 0 ? SAY(d, NONE_HAS_IT, doc_number(d, u->stating))
                                          : SAY(d, SOME_HAVE_IT, doc_number(d, u->sharing));
    if (extreme == NULL) return sharing;
    return compared ? SAY(d, EXTREME_COMPARED, extreme, sharing) : SAY(d, EXTREME_OF_ALL, extreme, sharing);
}

/* --- The nearest reference ---------------------------------------------------------------------- */

/* " In its sizes as X but for ...", after a sentence. */
static const char *but_for_after(ari_doc *d, const ari_comparison *c, const ari_match *m)
{
    const char *words = but_for_words(d, c, m);
    return words[0] == '\0' ? "" : doc_printf(d, " %s", words);
}

static const char *about_identical(ari_doc *d, const ari_comparison *c, const ari_match *m)
{
    const char *name = reference_words(d, c, m), *score = core_words(d, m), *more = but_for_after(d, c, m);
    const char *beyond = m->extended.differing == 0 ? "" : SAY(d, BEYOND_THEM, differences(d, c, m));
    const char *crowd = c->ranking.sharing_core < SHARING_TELLING
                            ? ""
                            : SAY(d, CROWD, doc_number(d, c->ranking.sharing_core));
    const char *rest = c->verdict.reuses_part ? SAY(d, DECODER_IDENTICAL_TO, name, score, beyond, more)
                                              : SAY(d, IDENTICAL_TO, name, score, beyond, more);
    return doc_printf(d, "%s%s", crowd, rest);
}

/* Of a model, or of its text decoder where a part is judged apart; in a range no more is said than its lower
 * end. */
static ari_word nearest_words(const ari_comparison *c, ari_tiers t)
{
    static const ari_word words[][2] = { { WORD_TIER_DIFFERENT, WORD_DECODER_DIFFERENT },
                                         { WORD_TIER_INDEPENDENT, WORD_DECODER_INDEPENDENT },
                                         { WORD_TIER_SIMILAR, WORD_DECODER_SIMILAR },
                                         { WORD_TIER_IDENTICAL, WORD_DECODER_TIER_IDENTICAL } };
    bool part = c->verdict.reuses_part;
    if (t.least == t.most) return words[t.least][part];
    if (t.least >= ARI_SIMILAR) return part ? WORD_DECODER_AT_LEAST : WORD_AT_LEAST_SIMILAR;
    return part ? WORD_DECODER_OPEN : WORD_NEAREST_OPEN;
}

static const char *about_nearest(ari_doc *d, const ari_comparison *c, const ari_match *m)
{
    size_t n;
    comparison_references(c, &n);
    const char *of_all = n == 1 ? "" : SAY(d, NEAREST_OF, doc_number(d, n));
    const char *range =
        m->tiers.least == m->tiers.most ? "" : doc_printf(d, " (%s)", tiers_words(d, m->tiers));
    bool crowded = m->tiers.most == ARI_IDENTICAL && c->ranking.may_share_core >= SHARING_TELLING;
    const char *crowd = crowded ? SAY(d, CROWD_MAY, doc_number(d, c->ranking.may_share_core)) : "";
    const char *const arguments[] = { reference_words(d, c, m), of_all, range, core_words(d, m),
                                      but_for_after(d, c, m) };
    return doc_printf(d, "%s%s", crowd, doc_say(d, nearest_words(c, m->tiers), arguments, 5));
}

/* --- Parts ---------------------------------------------------------------------------------------- */

/* "The vision encoder has the sizes of the one in X and in 3 more" of the n towers that agree as the first
 * does. */
static const char *about_tower(ari_doc *d, const ari_part_match *first, size_t n)
{
    static const ari_word words[] = { WORD_TOWER_POSSIBLE, WORD_TOWER_POSSIBLE, WORD_TOWER_LIKELY,
                                      WORD_TOWER_SAME };
    const char *open = keys_words(d, first->relation.possible | first->relation.unknown);
    const char *const arguments[] = { doc_term(d, first->role), name_words(d, first->with, first->entry),
                                      n == 1 ? "" : SAY(d, IN_MORE, doc_number(d, n - 1)),
                                      open[0] == '\0' ? "" : SAY(d, LEFT_OPEN, open) };
    return doc_say(d, words[first->agreement], arguments, 4);
}

/* Whose towers these are: of each part those that agree best. */
static const char *about_parts(ari_doc *d, const ari_comparison *c)
{
    ari_text words = { 0 };
    for (size_t i = 0, n; i < c->towers.count; i += n) {
        const ari_part_match *p = &c->towers.items[i];
        bool again = i > 0 && strcmp(p[-1].role, p->role) == 0;
        n = 1;
        while (i + n < c->towers.count && p[n].agreement == p->agreement && strcmp(p[n].role, p->role) == 0)
            n++;
        if (p->agreement == ARI_APART || again) continue;
        text_printf(&words, "%s ", about_tower(d, p, n));
    }
    if (words.size > 0 && c->verdict.reuses_part) text_printf(&words, "%s ", W(d, PARTIAL_REUSE));
    return doc_take(d, &words);
}

/* --- The whole ------------------------------------------------------------------------------------ */

/* What the references that were chosen do not show. */
static const char *about_catalogue(ari_doc *d, const ari_comparison *c)
{
    if (c->count == 1 || c->ranking.count == 0) return "";
    const ari_match *best = &c->ranking.matches[0];
    for (size_t i = 1; i < c->count; i++) {
        if (c->records[i].entry == best->entry || is_identical(&c->pairs[i - 1])) return "";
    }
    const ari_tiers named = c->verdict.best->tiers;
    bool no_better = named.least >= best->tiers.least && named.most >= best->tiers.most;
    if (best->tiers.least < ARI_SIMILAR || no_better) return "";
    return SAY(d, ELSEWHERE, name_words(d, best->entry->name, best->entry), core_words(d, best));
}

/* Is of the five keys none known on both sides? */
static bool knows_nothing(const ari_match *m)
{
    return (m->core.matched | m->core.differing | m->core.possible) == 0;
}

bool verdict_is_of_these_only(const ari_comparison *c)
{
    bool supported = c->verdict.conclusion == ARI_FROM_SCRATCH_SUPPORTED;
    return supported && c->count > 1 && c->ranking.count > 0 && is_identical(&c->ranking.matches[0]);
}

const char *verdict_summary(ari_doc *d, const ari_comparison *c)
{
    const ari_match *best = c->verdict.best;
    if (best == NULL) return W(d, NO_REFERENCE);
    if (knows_nothing(best)) return W(d, NOTHING_KNOWN);
    const ari_checkpoint *files = c->models[0]->checkpoint;
    const char *cut = files != NULL && files->incomplete ? W(d, OF_INCOMPLETE) : "";
    const char *elsewhere = about_catalogue(d, c);
    bool told = elsewhere[0] != '\0', leads = told && is_identical(&c->ranking.matches[0]);
    return doc_printf(d, "%s%s%s%s%s%s%s", cut, leads ? elsewhere : "", leads ? " " : "", about_parts(d, c),
                      is_identical(best) ? about_identical(d, c, best) : about_nearest(d, c, best),
                      told && !leads ? " " : "", leads ? "" : elsewhere);
}

const char *verdict_nearest_miss(ari_doc *d, const ari_comparison *c)
{
    const ari_match *m = c->verdict.miss;
    if (m == NULL || knows_nothing(c->verdict.best)) return NULL;
    const char *words = SAY(d, MISS, reference_words(d, c, m), score_words(d, &m->core));
    if (m->core.differing != 0) words = SAY(d, MISS_DIFFERING, words, keys_words(d, m->core.differing));
    if (m->core.absent != 0) words = SAY(d, MISS_ABSENT, words, keys_words(d, m->core.absent));
    return words;
}

/* Of each part the best is a reason. */
static const ari_part_match *part_reason(const ari_comparison *c, size_t i)
{
    for (size_t k = 0; k < c->towers.count; k++) {
        const ari_part_match *p = &c->towers.items[k];
        if (k > 0 && strcmp(p[-1].role, p->role) == 0) continue;
        if (i-- == 0) return p;
    }
    return NULL;
}

const char *verdict_reason(ari_doc *d, const ari_comparison *c, size_t i)
{
    size_t n;
    const ari_match *all = comparison_references(c, &n);
    if (n == 0 || knows_nothing(c->verdict.best)) return NULL;
    if (c->count == 1 && n > REASONS_OF_CATALOGUE) n = REASONS_OF_CATALOGUE;
    if (i < n) {
        const char *const arguments[] = { score_words(d, &all[i].core), reference_words(d, c, &all[i]),
                                          tiers_words(d, all[i].tiers), keys_words(d, all[i].core.matched) };
        return doc_say(d, all[i].core.matched == 0 ? WORD_REASON : WORD_REASON_KEYS, arguments, 4);
    }
    const ari_part_match *p = part_reason(c, i - n);
    if (p == NULL) return NULL;
    return SAY(d, REASON_PART, doc_term(d, p->role), score_words(d, &p->relation),
               name_words(d, p->with, p->entry), tiers_words(d, p->tiers));
}
