/* resemblance.c -- what is said of a model beside others, whichever command asks; and the catalogue's
 * ranking. */
#include "report/compare.h"
#include "report/plain.h"

static const char *words_of(ari_doc *d, ari_keys set)
{
    return keys_in_words(&d->arena, set);
}

static void add_part(ari_doc *d, const ari_part_match *p)
{
    const char *differing = words_of(d, p->relation.differing);
    const char *open = words_of(d, p->relation.possible | p->relation.unknown);
    const char *what = doc_printf(d, "%s (%s)%s%s%s%s", score_of(&d->arena, &p->relation),
                                  tiers_word(p->tiers), differing[0] == '\0' ? "" : "; differs in ",
                                  differing, open[0] == '\0' ? "" : "; open: ", open);
    doc_row(d, p->agreement >= ARI_LIKELY ? TONE_WARN : TONE_PLAIN, plain_word(d, p->role),
            name_in_words(&d->arena, p->with, p->entry), what, NULL);
}

/* The towers that agree best with the part that the i-th is of, and how many more there are; how many in all.
 */
static size_t add_towers(const ari_comparison *c, size_t i, ari_doc *d)
{
    enum { SHOWN = 3 };
    const ari_part_match *first = &c->towers.items[i];
    size_t n = 0;
    while (i + n < c->towers.count && strcmp(first[n].role, first->role) == 0) n++;
    for (size_t k = 0; k < n && k < SHOWN; k++) add_part(d, &first[k]);
    if (n > SHOWN)
        doc_row(d, TONE_PLAIN, "", doc_printf(d, "and %zu more", n - SHOWN),
                "catalogued models, no better than these", NULL);
    return n;
}

void add_parts(const ari_comparison *c, ari_doc *d)
{
    bool any = c->towers.count > 0;
    for (size_t i = 0; i + 1 < c->count; i++) any = any || c->beside[i].count > 0;
    if (!any) return;
    doc_heading(d, TONE_PLAIN, "Parts: width, depth, heads, MLP width and patch");
    doc_columns(d, "part", "with", "agreement", NULL);
    for (size_t i = 0; i + 1 < c->count; i++) {
        for (size_t k = 0; k < c->beside[i].count; k++) add_part(d, &c->beside[i].items[k]);
    }
    for (size_t i = 0; i < c->towers.count; i += add_towers(c, i, d)) continue;
}

void add_unique(const ari_comparison *c, ari_doc *d)
{
    if (c->unique_count == 0) return;
    doc_heading(d, TONE_PLAIN, c->count > 1 ? "What none of the others has" : "Values of its own");
    doc_columns(d, "key", "value", "note", NULL);
    for (size_t i = 0; i < c->unique_count; i++) {
        const ari_unique *u = &c->unique[i];
        doc_row(d, TONE_PLAIN, key_label(u->key), compare_cell(d, &c->records[0], u->key), u->note, NULL);
    }
}

static const char *reference_set(const ari_comparison *c, ari_doc *d)
{
    const ari_catalogue *k = c->catalogue;
    const char *users = k->users == 0 ? "" : doc_printf(d, ", %zu of them from users' files", k->users);
    return doc_printf(d, "%scatalogue of %zu models%s, %s, digest %s",
                      c->count == 1 ? "" : doc_printf(d, "%zu named; ", c->count - 1), k->count, users,
                      k->date, k->digest);
}

void add_origins(const ari_comparison *c, ari_doc *d)
{
    const ari_claims *k = &c->models[0]->claims;
    if (k->origin_count == 0) return;
    doc_heading(d, TONE_PLAIN, "Origins claimed");
    doc_columns(d, "origin", "held against the tensors", "stated by", NULL);
    for (size_t i = 0; i < k->origin_count; i++) {
        ari_match m;
        const ari_entry *e = origin_match(c, k->origins[i].stated, &m);
        const char *words =
            e == NULL ? "not in the catalogue"
                      : doc_printf(d, "%s core, %s", score_of(&d->arena, &m.core), tiers_word(m.tiers));
        doc_row(d, e != NULL && m.tiers.most < ARI_SIMILAR ? TONE_WARN : TONE_PLAIN, k->origins[i].stated,
                words, k->origins[i].by, NULL);
    }
}

void add_verdict(const ari_comparison *c, ari_doc *d)
{
    static const char *const conclusions[] = { "from scratch supported", "fine-tune suspected",
                                               "partial reuse", "inconclusive" };
    static const doc_tone tones[] = { TONE_GOOD, TONE_BAD, TONE_WARN, TONE_PLAIN };
    const ari_verdict *v = &c->verdict;
    doc_heading(d, TONE_PLAIN, "Verdict");
    doc_columns(d, "what", "", NULL, NULL);
    if (c->count > 1) doc_row(d, tones[v->conclusion], "conclusion", conclusions[v->conclusion], NULL, NULL);
    for (size_t i = 0; i < v->reason_count; i++)
        doc_row(d, TONE_PLAIN, i == 0 ? "because" : "", v->reasons[i], NULL, NULL);
    if (v->nearest_miss != NULL) doc_row(d, TONE_PLAIN, "nearest miss", v->nearest_miss, NULL, NULL);
    doc_row(d, TONE_PLAIN, "reference set", reference_set(c, d), NULL, NULL);
    doc_row(d, TONE_PLAIN, "caveat", comparison_caveat(), NULL, NULL);
    doc_row(d, TONE_PLAIN, "summary", v->summary, NULL, NULL);
}

/* --- The catalogue's ranking ----------------------------------------------------------------- */

static void add_ranking(const ari_comparison *c, size_t n, ari_doc *d)
{
    const char **cells = doc_grid(d, DOC_GRID, TONE_PLAIN, 5);
    static const char *const heads[] = { "model", "core", "all", "bits", "tier" };
    for (size_t k = 0; cells != NULL && k < 5; k++) cells[k] = heads[k];
    for (size_t i = 0; i < n; i++) {
        const ari_match *m = &c->ranking.matches[i];
        cells = doc_grid(d, DOC_LINE, TONE_PLAIN, 5);
        if (cells == NULL) return;
        cells[0] = reference_name(&d->arena, c, m);
        cells[1] = score_of(&d->arena, m->has_expert_width ? &m->by_expert_width : &m->core);
        if (m->has_expert_width) cells[1] = doc_printf(d, "%s e", cells[1]);
        cells[2] = score_of(&d->arena, &m->extended);
        cells[3] = doc_printf(d, "%.1f", m->bits);
        cells[4] = tiers_word(m->tiers);
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

static void add_but_for(const ari_comparison *c, size_t top, ari_doc *d)
{
    for (size_t i = 0; i < top; i++) {
        const ari_match *m = &c->ranking.matches[i];
        ari_record other;
        if (m->but_for == ARI_KEY_COUNT) continue;
        record_of_entry(&d->arena, m->entry, &other);
        doc_paragraph(d, TONE_PLAIN,
                      doc_printf(d, "In its sizes as %s but for %s: %s here, %s there.",
                                 reference_name(&d->arena, c, m), key_name(m->but_for),
                                 compare_cell(d, &c->records[0], m->but_for),
                                 compare_cell(d, &other, m->but_for)));
    }
}

void match_document(const ari_comparison *c, size_t top, ari_doc *d)
{
    bool by_width = false;
    top = worth_listing(c, top, 1);
    for (size_t i = 0; i < top; i++) by_width = by_width || c->ranking.matches[i].has_expert_width;
    doc_title(d, c->records[0].name,
              doc_printf(d, "%sheld against %zu catalogued models",
                         c->records[0].entry == NULL ? "" : "itself catalogued; ", c->ranking.models));
    doc_heading(d, TONE_PLAIN, top > 0 ? "Nearest" : "Nearest: none shares a core key that is known");
    if (top > 0) add_ranking(c, top, d);
    if (top > 0)
        doc_paragraph(
            d, TONE_DIM,
            doc_printf(d,
                       "core: matched of the five keys, those known; all: of every key. bits: how rare the "
                       "shared values are; keys depend on each other, so it says more than is true.%s",
                       by_width ? " e: by the width of the experts, where a dense MLP is missing." : ""));
    add_but_for(c, top, d);
    add_parts(c, d);
    add_unique(c, d);
    add_origins(c, d);
    add_verdict(c, d);
}

void add_resemblance(const ari_comparison *c, ari_doc *d)
{
    enum { SHOWN = 5, SIMILAR = 3 };
    size_t n = worth_listing(c, SHOWN, SIMILAR);
    if (n > 0) {
        doc_heading(d, TONE_PLAIN, "Resembles");
        add_ranking(c, n, d);
    }
    add_parts(c, d);
    add_unique(c, d);
    add_origins(c, d);
    doc_heading(d, TONE_PLAIN, "Verdict");
    doc_paragraph(d, TONE_PLAIN, c->verdict.summary);
    if (c->verdict.nearest_miss != NULL)
        doc_paragraph(d, TONE_PLAIN, doc_printf(d, "Nearest miss: %s.", c->verdict.nearest_miss));
    doc_paragraph(d, TONE_DIM, comparison_caveat());
    doc_paragraph(d, TONE_DIM, doc_printf(d, "Held against: %s.", reference_set(c, d)));
}
