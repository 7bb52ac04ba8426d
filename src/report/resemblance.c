/* resemblance.c -- what is said of a model beside others, whichever command asks; and the catalogue's
 * ranking. */
#include "report/compare.h"
#include "report/plain.h"
#include "report/verdict.h"

static void add_part(ari_doc *d, const ari_part_match *p)
{
    const char *differing = keys_words(d, p->relation.differing);
    const char *open = keys_words(d, p->relation.possible | p->relation.unknown);
    const char *what = doc_printf(d, "%s (%s)", score_words(d, &p->relation), tiers_words(d, p->tiers));
    if (differing[0] != '\0') what = SAY(d, DIFFERS_IN, what, differing);
    if (open[0] != '\0') what = SAY(d, OPEN_ARE, what, open);
    doc_row(d, p->agreement >= ARI_LIKELY ? TONE_WARN : TONE_PLAIN, doc_term(d, p->role),
            name_words(d, p->with, p->entry), what, NULL);
}

/* The towers that agree best with the part that the i-th is of, and how many more there are; how many in all.
 */
static size_t add_towers(const ari_comparison *c, size_t i, ari_doc *d)
{
    enum { SHOWN = 3 };
    const ari_part_match *first = &c->towers.items[i];
    size_t n = 0, listed = 0, more = 0;
    for (; i + n < c->towers.count && strcmp(first[n].role, first->role) == 0; n++) {
        if (comparison_names(c, first[n].entry)) continue;
        if (listed == SHOWN) {
            more++;
        } else {
            add_part(d, &first[n]);
            listed++;
        }
    }
    if (more > 0) doc_row(d, TONE_PLAIN, "", SAY(d, AND_MORE, doc_number(d, more)), W(d, NO_BETTER), NULL);
    return n;
}

void add_parts(const ari_comparison *c, ari_doc *d)
{
    bool any = c->towers.count > 0;
    for (size_t i = 0; i + 1 < c->count; i++) any = any || c->beside[i].count > 0;
    if (!any) return;
    doc_heading(d, TONE_PLAIN, W(d, PARTS_AGREE));
    doc_columns(d, W(d, PART), W(d, WITH), W(d, AGREEMENT), NULL);
    for (size_t i = 0; i + 1 < c->count; i++) {
        for (size_t k = 0; k < c->beside[i].count; k++) add_part(d, &c->beside[i].items[k]);
    }
    for (size_t i = 0; i < c->towers.count; i += add_towers(c, i, d)) continue;
}

void add_unique(const ari_comparison *c, ari_doc *d)
{
    if (c->unique_count == 0) return;
    doc_heading(d, TONE_PLAIN, c->count > 1 ? W(d, UNIQUE_BESIDE) : W(d, UNIQUE_OWN));
    doc_columns(d, W(d, KEY), W(d, VALUE), W(d, NOTE), NULL);
    for (size_t i = 0; i < c->unique_count; i++) {
        const ari_unique *u = &c->unique[i];
        doc_row(d, TONE_PLAIN, label_in(d->language, u->key), compare_cell(d, &c->records[0], u->key),
                unique_words(d, u, c->count > 1), NULL);
    }
}

static const char *reference_set(const ari_comparison *c, ari_doc *d)
{
    const ari_catalogue *k = c->catalogue;
    const char *const arguments[] = { doc_number(d, k->count), k->date, k->digest, doc_number(d, k->users) };
    const char *all = doc_say(d, k->users == 0 ? WORD_SET_OF_CATALOGUE : WORD_SET_WITH_USERS, arguments, 4);
    return c->count == 1 ? all : SAY(d, SET_NAMED, doc_number(d, c->count - 1), all);
}

void add_origins(const ari_comparison *c, ari_doc *d)
{
    const ari_claims *k = &c->models[0]->claims;
    if (k->origin_count == 0) return;
    doc_heading(d, TONE_PLAIN, W(d, ORIGINS));
    doc_columns(d, W(d, ORIGIN), W(d, HELD_AGAINST), W(d, STATED_BY), NULL);
    for (size_t i = 0; i < k->origin_count; i++) {
        ari_match m;
        const ari_entry *e = origin_match(&d->arena, c, k->origins[i].stated, &m);
        const char *words = W(d, NOT_CATALOGUED);
        if (e != NULL) {
            const char *const arguments[] = { score_words(d, &m.core), tiers_words(d, m.tiers), e->name };
            bool named = strcmp(e->name, k->origins[i].stated) == 0;
            words = doc_say(d, named ? WORD_ORIGIN_SCORE : WORD_ORIGIN_AS, arguments, 3);
        }
        doc_row(d, e != NULL && m.tiers.most < ARI_SIMILAR ? TONE_WARN : TONE_PLAIN, k->origins[i].stated,
                words, k->origins[i].by, NULL);
    }
}

void add_verdict(const ari_comparison *c, ari_doc *d)
{
    static const doc_tone tones[] = { TONE_GOOD, TONE_BAD, TONE_WARN, TONE_PLAIN };
    const ari_conclusion conclusion = c->verdict.conclusion;
    const char *reason, *miss = verdict_nearest_miss(d, c), *words = doc_term(d, conclusion_word(conclusion));
    bool these = verdict_is_of_these_only(c);
    doc_heading(d, TONE_PLAIN, W(d, VERDICT));
    doc_columns(d, W(d, WHAT), "", NULL, NULL);
    if (c->count > 1)
        doc_row(d, these ? TONE_WARN : tones[conclusion], W(d, CONCLUSION),
                these ? SAY(d, OF_THESE_ONLY, words) : words, NULL, NULL);
    for (size_t i = 0; (reason = verdict_reason(d, c, i)) != NULL; i++)
        doc_row(d, TONE_PLAIN, i == 0 ? W(d, BECAUSE) : "", reason, NULL, NULL);
    if (miss != NULL) doc_row(d, TONE_PLAIN, W(d, NEAREST_MISS), miss, NULL, NULL);
    doc_row(d, TONE_PLAIN, W(d, REFERENCE_SET), reference_set(c, d), NULL, NULL);
    doc_row(d, TONE_PLAIN, W(d, CAVEAT), W(d, CAVEAT_IS), NULL, NULL);
    doc_row(d, TONE_PLAIN, W(d, SUMMARY), verdict_summary(d, c), NULL, NULL);
}

/* --- The catalogue's ranking ----------------------------------------------------------------- */

static void add_ranking(const ari_comparison *c, size_t n, ari_doc *d)
{
    const char **cells = doc_grid(d, DOC_GRID, TONE_PLAIN, 5);
    static const ari_word heads[] = { WORD_MODEL, WORD_CORE, WORD_ALL, WORD_BITS, WORD_TIER };
    for (size_t k = 0; cells != NULL && k < 5; k++) cells[k] = word_in(d->language, heads[k]);
    for (size_t i = 0; i < n; i++) {
        const ari_match *m = &c->ranking.matches[i];
        cells = doc_grid(d, DOC_LINE, TONE_PLAIN, 5);
        if (cells == NULL) return;
        cells[0] = reference_words(d, c, m);
        cells[1] = score_words(d, m->has_expert_width ? &m->by_expert_width : &m->core);
        if (m->has_expert_width) cells[1] = doc_printf(d, "%s e", cells[1]);
        cells[2] = score_words(d, &m->extended);
        cells[3] = doc_printf(d, "%.1f", m->bits);
        cells[4] = tiers_words(d, m->tiers);
    }
}

/* How many of the first `top` share so many core keys, or may: the others resemble it in nothing to speak of.
 */
static size_t worth_listing(const ari_comparison *c, size_t top, size_t least)
{
    size_t n = 0;
    while (n < top && n < c->ranking.count &&
           keys_count(c->ranking.matches[n].core.matched | c->ranking.matches[n].core.possible) >= least)
        n++;
    return n;
}

/* How many catalogued models have each value of the subject. */
static void add_frequencies(const ari_comparison *c, ari_doc *d)
{
    doc_heading(d, TONE_PLAIN, W(d, FREQUENCIES));
    doc_columns(d, W(d, KEY), W(d, VALUE), W(d, HAVE_IT), NULL);
    for (size_t i = 0; i < c->keys.count; i++) {
        size_t key = c->keys.at[i];
        if (!record_certain(&c->records[0], key)) continue;
        doc_row(d, TONE_PLAIN, label_in(d->language, key), compare_cell(d, &c->records[0], key),
                doc_printf(d, "%u/%u", c->ranking.sharing[key], c->ranking.knowing[key]), NULL);
    }
}

static void add_but_for(const ari_comparison *c, size_t top, ari_doc *d)
{
    for (size_t i = 0; i < top; i++) {
        const char *words = but_for_words(d, c, &c->ranking.matches[i]);
        if (words[0] != '\0') doc_paragraph(d, TONE_PLAIN, words);
    }
}

/* Of a page: a bar a model. */
static void draw_bits(const ari_comparison *c, size_t n, ari_doc *d)
{
    ari_picture *p = doc_picture(d, PICTURE_BARS, W(d, PICTURE_BITS), SAY(d, SAYS_BITS, c->records[0].name));
    if (p != NULL) p->items = arena_alloc(&d->arena, (n + 1) * sizeof(p->items[0]));
    if (p == NULL || p->items == NULL) return;
    p->tabled = true;
    for (size_t i = 0; i < n; i++) {
        const ari_match *m = &c->ranking.matches[i];
        p->items[p->count++] =
            (ari_picture_item){ .label = m->entry->name,
                                .value = doc_printf(d, "%.1f, %s", m->bits, tiers_words(d, m->tiers)),
                                .size = m->bits };
    }
}

static void add_prints(const ari_comparison *c, ari_doc *d)
{
    if (c->print_count == 0) return;
    doc_heading(d, TONE_PLAIN, W(d, FINGERPRINTS));
    doc_columns(d, W(d, FINGERPRINT_EFFECT), W(d, FINGERPRINT_LEAD), W(d, MESSAGE), NULL);
    for (size_t i = 0; i < c->print_count; i++) {
        const ari_print_match *p = &c->prints[i];
        const char *said = p->statement == NULL ? p->path : doc_printf(d, "%s: %s", p->path, p->statement);
        doc_row(d, p->lead ? TONE_WARN : TONE_PLAIN, p->measured ? doc_printf(d, "%.3f", p->effect) : "-",
                p->lead ? W(d, FINGERPRINT_LEAD) : "-", said, NULL);
    }
    doc_paragraph(d, TONE_DIM, W(d, FINGERPRINTS_NOTE));
}

void match_document(const ari_comparison *c, size_t top, const ari_style *style, ari_doc *d)
{
    bool by_width = false;
    const char *models = doc_number(d, c->ranking.models);
    top = worth_listing(c, top, 1);
    for (size_t i = 0; i < top; i++) by_width = by_width || c->ranking.matches[i].has_expert_width;
    doc_title(d, c->records[0].name,
              c->records[0].entry == NULL ? SAY(d, HELD_AGAINST_N, models)
                                          : SAY(d, ITSELF_CATALOGUED, models));
    doc_heading(d, TONE_PLAIN, top > 0 ? W(d, NEAREST) : W(d, NEAREST_NONE));
    if (top > 0 && style->format == ARI_HTML) draw_bits(c, top, d);
    if (top > 0) {
        add_ranking(c, top, d);
        doc_paragraph(d, TONE_DIM,
                      by_width ? doc_printf(d, "%s %s", W(d, RANKING_NOTE), W(d, RANKING_NOTE_E))
                               : W(d, RANKING_NOTE));
    }
    add_but_for(c, top, d);
    if (style->evidence || style->format != ARI_TEXT) add_frequencies(c, d);
    add_parts(c, d);
    add_unique(c, d);
    add_origins(c, d);
    add_prints(c, d);
    add_verdict(c, d);
}

void add_resemblance(const ari_comparison *c, ari_doc *d)
{
    enum { SHOWN = 5, SIMILAR = 3 };
    size_t n = worth_listing(c, SHOWN, SIMILAR);
    const char *miss = verdict_nearest_miss(d, c);
    if (n > 0) {
        doc_heading(d, TONE_PLAIN, W(d, RESEMBLES));
        add_ranking(c, n, d);
    }
    add_parts(c, d);
    add_unique(c, d);
    add_origins(c, d);
    doc_heading(d, TONE_PLAIN, W(d, VERDICT));
    doc_paragraph(d, TONE_PLAIN, verdict_summary(d, c));
    if (miss != NULL) doc_paragraph(d, TONE_PLAIN, SAY(d, NEAREST_MISS_IS, miss));
    doc_paragraph(d, TONE_DIM, W(d, CAVEAT_IS));
    doc_paragraph(d, TONE_DIM, SAY(d, HELD_AGAINST_SET, reference_set(c, d)));
}
