#include "compare/part.h"

#include <stdlib.h>

static const ari_field fields[] = { ARI_FIELD_HIDDEN_SIZE, ARI_FIELD_NUM_HIDDEN_LAYERS,
                                    ARI_FIELD_NUM_ATTENTION_HEADS, ARI_FIELD_INTERMEDIATE_SIZE,
                                    ARI_FIELD_PATCH_SIZE };

enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

const char *agreement_word(ari_agreement a)
{
    static const char *const words[] = { "apart", "possible", "likely", "same" };
    return words[a];
}

static bool is_tower(const char *role)
{
    return strcmp(role, "vision_encoder") == 0 || strcmp(role, "audio_encoder") == 0;
}

static ari_agreement agreement_of(const ari_part_match *m, const ari_record *a, const ari_record *b,
                                  size_t asked)
{
    const ari_relation *r = &m->relation;
    size_t matched = keys_count(r->matched);
    if (r->differing != 0 || matched + 1 < asked) return ARI_APART;
    if (matched == asked) return ARI_SAME;
    for (size_t i = 0; i < FIELDS; i++) {
        if ((r->possible & key_bit(fields[i])) != 0)
            return record_same(a, b, fields[i]) ? ARI_LIKELY : ARI_POSSIBLE;
    }
    return ARI_POSSIBLE;
}

static ari_part_match beside(const char *role, const ari_record *a, const ari_record *b)
{
    /* Sound has no patches. */
    bool heard = strcmp(role, "audio_encoder") == 0;
    ari_keys keys = 0, patch = heard ? key_bit(ARI_FIELD_PATCH_SIZE) : 0;
    for (size_t i = 0; i < FIELDS; i++) keys |= key_bit(fields[i]);
    ari_part_match m = {
        .role = role, .with = b->name, .entry = b->entry, .relation = relate(a, b, keys & ~patch)
    };
    ari_relation whole = m.relation;
    whole.matched |= patch;
    m.tiers = tiers_of(&whole);
    m.agreement = agreement_of(&m, a, b, keys_count(keys & ~patch));
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

static int by_date(const ari_entry *a, const ari_entry *b)
{
    bool alone_a = a->kind != NULL && strcmp(a->kind, "encoder") == 0;
    bool alone_b = b->kind != NULL && strcmp(b->kind, "encoder") == 0;
    if (alone_a != alone_b) return alone_a ? -1 : 1;
    if ((a->released == NULL) != (b->released == NULL)) return a->released == NULL ? 1 : -1;
    int order = a->released == NULL ? 0 : strcmp(a->released, b->released);
    return order != 0 ? order : strcmp(a->name, b->name);
}

static int by_agreement(const void *left, const void *right)
{
    const ari_part_match *a = left, *b = right;
    if (a->agreement != b->agreement) return a->agreement > b->agreement ? -1 : 1;
    return by_date(a->entry, b->entry);
}

static bool part_in_catalogue(const ari_record *part, const char *role, const ari_catalogue *c,
                              const ari_entry *own, ari_part_matches *out)
{
    ari_part_match nearest = { .role = NULL };
    size_t before = out->count;
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
            if (m.agreement != ARI_APART && !add(out, &m)) return false;
            if (m.relation.matched != 0 && (nearest.role == NULL || is_nearer(&m, &nearest))) nearest = m;
        }
    }
    if (out->count == before) return nearest.role == NULL || add(out, &nearest);
    qsort(out->items + before, out->count - before, sizeof(out->items[0]), by_agreement);
    return true;
}

bool parts_in_catalogue(const ari_model *subject, const ari_catalogue *c, ari_part_matches *out)
{
    for (size_t i = 0; i < subject->component_count; i++) {
        const ari_component *x = &subject->components[i];
        ari_record part;
        if (!is_tower(x->role)) continue;
        record_of_part(subject->path, &x->architecture, &part);
        if (!part_in_catalogue(&part, x->role, c, subject->entry, out)) return false;
    }
    return true;
}

void parts_free(ari_part_matches *p)
{
    free(p->items);
    *p = (ari_part_matches){ 0 };
}
