#include "compare/part.h"

#include <stdlib.h>

ari_keys keys_of_part(void)
{
    return key_bit(ARI_FIELD_HIDDEN_SIZE) | key_bit(ARI_FIELD_NUM_HIDDEN_LAYERS) |
           key_bit(ARI_FIELD_NUM_ATTENTION_HEADS) | key_bit(ARI_FIELD_INTERMEDIATE_SIZE) |
           key_bit(ARI_FIELD_PATCH_SIZE);
}

static bool is_tower(const char *role)
{
    return strcmp(role, "vision_encoder") == 0 || strcmp(role, "audio_encoder") == 0;
}

static ari_part_match beside(const char *role, const ari_record *a, const ari_record *b)
{
    /* Sound has no patches. */
    bool heard = strcmp(role, "audio_encoder") == 0;
    ari_keys keys = keys_of_part(), patch = heard ? key_bit(ARI_FIELD_PATCH_SIZE) : 0;
    ari_part_match m = {
        .role = role, .with = b->name, .entry = b->entry, .relation = relate(a, b, keys & ~patch)
    };
    ari_relation whole = m.relation;
    whole.matched |= patch;
    m.tiers = tiers_of(&whole);
    m.same = whole.differing == 0 && keys_count(whole.matched) >= 4;
    return m;
}

static bool add(ari_part_matches *out, const ari_part_match *m)
{
    if (!array_room(&out->items, &out->room, out->count, sizeof(out->items[0]))) return false;
    out->items[out->count++] = *m;
    return true;
}

bool parts_beside(const ari_model *subject, const ari_model *other, ari_part_matches *out)
{
    for (size_t i = 0; i < subject->component_count; i++) {
        const ari_component *x = &subject->components[i];
        for (size_t k = 0; k < other->component_count && is_tower(x->role); k++) {
            const ari_component *y = &other->components[k];
            ari_record a, b;
            if (strcmp(x->role, y->role) != 0) continue;
            record_of_part(subject->path, &x->architecture, &a);
            record_of_part(other->path, &y->architecture, &b);
            ari_part_match m = beside(x->role, &a, &b);
            if (!add(out, &m)) return false;
        }
    }
    return true;
}

/* Is x a better match than y? */
static bool is_nearer(const ari_part_match *x, const ari_part_match *y)
{
    size_t a = keys_count(x->relation.matched), b = keys_count(y->relation.matched);
    if (a != b) return a > b;
    return keys_count(x->relation.differing) < keys_count(y->relation.differing);
}

static bool part_in_catalogue(const ari_record *part, const char *role, const ari_catalogue *c, size_t most,
                              const ari_entry *own, ari_part_matches *out)
{
    ari_part_match nearest = { .role = NULL };
    size_t found = 0;
    for (size_t i = 0; i < c->count; i++) {
        const ari_entry *e = c->entries[i];
        for (size_t k = 0; k < e->tower_count && e != own; k++) {
            ari_record tower;
            ari_architecture a;
            if (strcmp(e->towers[k].role, role) != 0) continue;
            entry_architecture(e, &e->towers[k], &a);
            record_of_part(e->name, &a, &tower);
            tower.entry = e;
            ari_part_match m = beside(role, part, &tower);
            if (m.same && found < most && !add(out, &m)) return false;
            found += m.same;
            if (m.relation.matched != 0 && (nearest.role == NULL || is_nearer(&m, &nearest))) nearest = m;
        }
    }
    return found > 0 || nearest.role == NULL || add(out, &nearest);
}

bool parts_in_catalogue(const ari_model *subject, const ari_catalogue *c, size_t most, ari_part_matches *out)
{
    for (size_t i = 0; i < subject->component_count; i++) {
        const ari_component *x = &subject->components[i];
        ari_record part;
        if (!is_tower(x->role)) continue;
        record_of_part(subject->path, &x->architecture, &part);
        if (!part_in_catalogue(&part, x->role, c, most, subject->entry, out)) return false;
    }
    return true;
}

void parts_free(ari_part_matches *p)
{
    free(p->items);
    *p = (ari_part_matches){ 0 };
}
