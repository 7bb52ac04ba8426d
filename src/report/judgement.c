#include "report/judgement.h"

#include "report/verdict.h"

#include <math.h>

void json_add_tool(json_builder *b, json_tree *to, const ari_catalogue *c)
{
    json_tree *tool = json_add_object(b, to, "tool");
    json_add_text(b, tool, "version", ari_version());
    json_tree *catalogue = json_add_object(b, tool, "catalogue");
    json_add_uint(b, catalogue, "models", c == NULL ? 0 : c->count);
    json_add_text(b, catalogue, "date", c == NULL ? NULL : c->date);
    json_add_text(b, catalogue, "digest", c == NULL ? NULL : c->digest);
}

void json_add_source(json_builder *b, json_tree *to, const ari_entry *e)
{
    static const char *const words[] = { "read", "report", "memory" };
    json_add_text(b, to, "from", e == NULL ? "checkpoint" : "catalogue");
    json_add_text(b, to, "source", e == NULL ? NULL : e->source);
    json_add_text(b, to, "confidence", e == NULL ? NULL : words[e->confidence]);
    json_tree *unverified = json_add_array(b, to, "unverified");
    for (size_t i = 0; e != NULL && e->unverified[i] != NULL; i++)
        json_add_text(b, unverified, NULL, e->unverified[i]);
}

static void add_keys(json_builder *b, json_tree *to, const char *name, ari_keys set)
{
    json_tree *list = json_add_array(b, to, name);
    for (size_t key = 0; key < ARI_KEY_COUNT; key++) {
        if ((set & key_bit(key)) != 0) json_add_text(b, list, NULL, key_name(key));
    }
}

static void add_score(json_builder *b, json_tree *to, const char *name, const ari_relation *r)
{
    ari_doc scratch = { 0 };
    json_add_text(b, to, name, score_words(&scratch, r));
    if (scratch.failed) b->failed = true;
    doc_free(&scratch);
}

void json_add_relation(json_builder *b, json_tree *to, const char *name, const ari_relation *r)
{
    json_tree *o = json_add_object(b, to, name);
    add_keys(b, o, "matched", r->matched);
    add_keys(b, o, "differing", r->differing);
    add_keys(b, o, "possible", r->possible);
    add_keys(b, o, "unknown", r->unknown);
    add_keys(b, o, "absent", r->absent);
    add_score(b, o, "score", r);
}

void json_add_parts(json_builder *b, json_tree *list, const ari_part_matches *parts,
                    const ari_comparison *but)
{
    for (size_t i = 0; i < parts->count; i++) {
        const ari_part_match *p = &parts->items[i];
        if (but != NULL && comparison_names(but, p->entry)) continue;
        json_tree *o = json_add_object(b, list, NULL);
        json_add_text(b, o, "role", p->role);
        json_add_text(b, o, "with", p->with);
        json_add_text(b, o, "tier", tiers_word(p->tiers));
        add_keys(b, o, "matched", p->relation.matched);
        add_keys(b, o, "differing", p->relation.differing);
        add_keys(b, o, "possible", p->relation.possible);
        add_keys(b, o, "unknown", p->relation.unknown);
        json_add_text(b, o, "agreement", agreement_word(p->agreement));
    }
}

void json_add_matches(json_builder *b, json_tree *to, const ari_comparison *c, size_t top)
{
    json_tree *list = json_add_array(b, to, "matches");
    for (size_t i = 0, n = 0; n < top && i < c->ranking.count; i++) {
        const ari_match *m = &c->ranking.matches[i];
        /* Of which no core key is known on both sides, that one is no match in any order. */
        if ((m->core.matched | m->core.differing | m->core.possible) == 0) continue;
        n++;
        json_tree *o = json_add_object(b, list, NULL);
        json_add_text(b, o, "model", m->entry->name);
        json_add_source(b, o, m->entry);
        json_add_relation(b, o, "core", &m->core);
        json_add_relation(b, o, "extended", &m->extended);
        if (m->has_expert_width)
            json_add_relation(b, o, "core_by_moe_intermediate_size", &m->by_expert_width);
        json_add_text(b, o, "tier", tiers_word(m->tiers));
        json_add_number(b, o, "bits", floor(10 * m->bits + 0.5) / 10);
        json_add_text(b, o, "but_for", m->but_for == ARI_KEY_COUNT ? NULL : key_name(m->but_for));
    }
}

void json_add_frequencies(json_builder *b, json_tree *to, const ari_comparison *c, size_t key)
{
    json_tree *catalogue = json_add_object(b, to, "catalogue");
    json_add_uint(b, catalogue, "sharing", c->ranking.sharing[key]);
    json_add_uint(b, catalogue, "stating", c->ranking.stating[key]);
    json_add_uint(b, catalogue, "knowing", c->ranking.knowing[key]);
    json_add_uint(b, catalogue, "models", c->ranking.models);
}

void json_add_unique(json_builder *b, json_tree *to, const ari_comparison *c)
{
    ari_doc scratch = { 0 };
    json_tree *list = json_add_array(b, to, "unique");
    for (size_t i = 0; i < c->unique_count; i++) {
        json_tree *o = json_add_object(b, list, NULL);
        json_add_text(b, o, "field", key_name(c->unique[i].key));
        json_add_raw(b, o, "value", c->unique[i].value);
        json_add_text(b, o, "note", unique_words(&scratch, &c->unique[i], c->count > 1));
    }
    if (scratch.failed) b->failed = true;
    doc_free(&scratch);
}

static void add_origin_match(json_builder *b, json_tree *to, const ari_comparison *c, const char *stated)
{
    ari_match m;
    ari_arena scratch = { 0 };
    const ari_entry *e = c == NULL ? NULL : origin_match(&scratch, c, stated, &m);
    if (scratch.failed) b->failed = true;
    arena_free(&scratch);
    if (e == NULL) {
        json_add_null(b, to, "match");
        return;
    }
    json_tree *o = json_add_object(b, to, "match");
    json_add_text(b, o, "model", e->name);
    json_add_text(b, o, "tier", tiers_word(m.tiers));
    json_add_relation(b, o, "core", &m.core);
}

void json_add_origins(json_builder *b, json_tree *to, const ari_model *m, const ari_comparison *c)
{
    json_tree *origins = json_add_array(b, to, "origins");
    for (size_t i = 0; i < m->claims.origin_count; i++) {
        json_tree *o = json_add_object(b, origins, NULL);
        json_add_text(b, o, "stated", m->claims.origins[i].stated);
        json_add_text(b, o, "by", m->claims.origins[i].by);
        add_origin_match(b, o, c, m->claims.origins[i].stated);
    }
}

void json_add_verdict(json_builder *b, json_tree *to, const ari_comparison *c, bool conclude)
{
    const ari_verdict *v = &c->verdict;
    ari_doc words = { 0 };
    json_tree *o = json_add_object(b, to, "verdict");
    json_add_text(b, o, "tier", tiers_word(v->tiers));
    if (conclude) json_add_text(b, o, "conclusion", conclusion_word(v->conclusion));
    json_add_text(b, o, "summary", verdict_summary(&words, c));
    json_add_text(b, o, "caveat", W(&words, CAVEAT_IS));
    json_add_text(b, o, "nearest_miss", verdict_nearest_miss(&words, c));
    json_tree *reasons = json_add_array(b, o, "reasons");
    const char *reason;
    for (size_t i = 0; (reason = verdict_reason(&words, c, i)) != NULL; i++)
        json_add_text(b, reasons, NULL, reason);
    if (words.failed || words.arena.failed) b->failed = true;
    doc_free(&words);
}

void json_add_findings(json_builder *b, json_tree *to, const ari_findings *findings)
{
    static const char *const severities[] = { "note", "warning", "error" };
    json_tree *list = json_add_array(b, to, "findings");
    for (size_t i = 0; i < findings->count; i++) {
        const ari_finding *f = &findings->items[i];
        json_tree *o = json_add_object(b, list, NULL);
        json_add_text(b, o, "id", f->id);
        json_add_text(b, o, "severity", severities[f->severity]);
        json_add_text(b, o, "tensor", f->tensor);
        if (f->offset == ARI_NO_OFFSET) {
            json_add_null(b, o, "offset");
        } else {
            json_add_uint(b, o, "offset", f->offset);
        }
        json_add_text(b, o, "message", f->message);
    }
}
