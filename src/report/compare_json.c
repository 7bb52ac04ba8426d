#include "base/json.h"
#include "report/compare.h"
#include "report/judgement.h"

#include <math.h>

static void add_value(json_builder *b, json_tree *to, const char *name, const ari_record *r, size_t key)
{
    json_add_raw(b, to, name, r->values[key].value);
}

static void add_row(json_builder *b, json_tree *rows, const ari_comparison *c, size_t key)
{
    json_tree *row = json_add_object(b, rows, NULL);
    ari_keys bit = key_bit(key);
    json_add_text(b, row, "key", key_name(key));
    json_add_bool(b, row, "core", (keys_core() & bit) != 0);
    json_tree *values = json_add_object(b, row, "values");
    for (size_t m = 0; m < c->count; m++) add_value(b, values, c->records[m].name, &c->records[m], key);
    json_tree *same = json_add_array(b, row, "same_as_subject");
    for (size_t m = 1; m < c->count; m++) {
        if (relate(&c->records[0], &c->records[m], bit).matched != 0)
            json_add_text(b, same, NULL, c->records[m].name);
    }
    json_tree *basis = json_add_object(b, row, "basis");
    for (size_t m = 0; m < c->count; m++)
        json_add_text(b, basis, c->records[m].name, ari_basis_word(c->records[m].values[key].basis));
    json_add_frequencies(b, row, c, key);
    json_tree *unused = key == ARI_FIELD_INTERMEDIATE_SIZE ? json_add_object(b, row, "unused") : NULL;
    for (size_t m = 0; m < c->count && unused != NULL; m++) {
        if (c->records[m].unused_width != NULL)
            json_add_raw(b, unused, c->records[m].name, c->records[m].unused_width);
    }
    json_tree *read =
        key == ARI_FIELD_INTERMEDIATE_SIZE ? json_add_object(b, row, "read_as_moe_intermediate_size") : NULL;
    for (size_t m = 0; m < c->count && read != NULL; m++) {
        if (c->records[m].read_as_experts != NULL)
            json_add_raw(b, read, c->records[m].name, c->records[m].read_as_experts);
    }
}

static void add_pair(json_builder *b, json_tree *pairs, const ari_comparison *c, size_t i)
{
    const ari_match *m = &c->pairs[i];
    json_tree *pair = json_add_object(b, pairs, NULL);
    json_add_text(b, pair, "with", c->records[i + 1].name);
    json_add_relation(b, pair, "core", &m->core);
    json_add_relation(b, pair, "extended", &m->extended);
    if (m->has_expert_width) json_add_relation(b, pair, "core_by_moe_intermediate_size", &m->by_expert_width);
    json_tree *components = json_add_array(b, pair, "components");
    json_add_parts(b, components, &c->beside[i], NULL);
    json_add_parts(b, components, &c->towers, c);
    json_add_text(b, pair, "tier", tiers_word(m->tiers));
    json_add_number(b, pair, "bits", floor(10 * m->bits + 0.5) / 10);
    json_add_uint(b, pair, "models_sharing_core", c->ranking.sharing_core);
    json_add_text(b, pair, "but_for", m->but_for == ARI_KEY_COUNT ? NULL : key_name(m->but_for));
}

bool compare_json(const ari_comparison *c, bool indented, ari_text *out)
{
    json_builder b;
    json_tree *top = json_begin(&b);
    json_add_text(&b, top, "schema", "archinspect/compare/1");
    json_add_tool(&b, top, c->catalogue);
    json_add_text(&b, top, "subject", c->records[0].name);
    json_tree *models = json_add_array(&b, top, "models");
    for (size_t i = 0; i < c->count; i++) {
        json_tree *m = json_add_object(&b, models, NULL);
        json_add_text(&b, m, "name", c->records[i].name);
        json_add_source(&b, m, c->records[i].entry);
    }
    json_tree *keys = json_add_array(&b, top, "keys");
    for (size_t i = 0; i < c->keys.count; i++) json_add_text(&b, keys, NULL, key_name(c->keys.at[i]));
    json_tree *rows = json_add_array(&b, top, "rows");
    for (size_t i = 0; i < c->keys.count; i++) add_row(&b, rows, c, c->keys.at[i]);
    json_tree *pairs = json_add_array(&b, top, "pairs");
    for (size_t i = 0; i + 1 < c->count; i++) add_pair(&b, pairs, c, i);
    json_add_unique(&b, top, c);
    json_add_origins(&b, top, c->models[0], c);
    json_add_verdict(&b, top, c, true);
    return json_finish(&b, indented, out);
}

static void add_prints(json_builder *b, json_tree *to, const ari_comparison *c)
{
    json_tree *list = json_add_array(b, to, "fingerprints");
    for (size_t i = 0; i < c->print_count; i++) {
        const ari_print_match *p = &c->prints[i];
        json_tree *one = json_add_object(b, list, NULL);
        json_add_text(b, one, "path", p->path);
        json_add_text(b, one, "relation", p->relation);
        if (p->measured) {
            json_add_number(b, one, "effect", p->effect);
        } else {
            json_add_null(b, one, "effect");
        }
        json_add_bool(b, one, "lead", p->lead);
        json_add_text(b, one, "statement", p->statement);
        json_add_text(b, one, "caveat", word_in(ARI_ENGLISH, WORD_FINGERPRINTS_NOTE));
    }
}

bool match_json(const ari_comparison *c, size_t top, bool indented, ari_text *out)
{
    json_builder b;
    json_tree *t = json_begin(&b);
    json_add_text(&b, t, "schema", "archinspect/match/1");
    json_add_tool(&b, t, c->catalogue);
    json_add_text(&b, t, "path", c->records[0].name);
    json_add_text(&b, t, "self", c->records[0].entry == NULL ? NULL : c->records[0].entry->name);
    json_add_uint(&b, t, "catalogue_models", c->catalogue->count);
    json_add_matches(&b, t, c, top);
    json_tree *values = json_add_array(&b, t, "values");
    for (size_t i = 0; i < c->keys.count; i++) {
        json_tree *row = json_add_object(&b, values, NULL);
        json_add_text(&b, row, "key", key_name(c->keys.at[i]));
        add_value(&b, row, "value", &c->records[0], c->keys.at[i]);
        json_add_text(&b, row, "basis", ari_basis_word(c->records[0].values[c->keys.at[i]].basis));
        json_add_frequencies(&b, row, c, c->keys.at[i]);
    }
    json_tree *components = json_add_array(&b, t, "components");
    json_add_parts(&b, components, &c->towers, NULL);
    json_add_uint(&b, t, "models_sharing_core", c->ranking.sharing_core);
    json_add_unique(&b, t, c);
    json_add_origins(&b, t, c->models[0], c);
    json_add_verdict(&b, t, c, false);
    add_prints(&b, t, c);
    return json_finish(&b, indented, out);
}
