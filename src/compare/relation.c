#include "compare/relation.h"

#include <math.h>
#include <stdlib.h>

/* Fewer sizes than this are too little to be "as X but for". */
enum { SIZES_ENOUGH = 6 };

/* The i-th of the values that it may have. */
static const char *text_at(const ari_inferred *v, size_t i)
{
    return v->candidate_count == 0 ? v->value : v->candidates[i];
}

static double number_at(const ari_record *r, size_t key, size_t i)
{
    const ari_inferred *v = &r->values[key];
    return v->candidate_count == 0 ? r->numbers[key] : value_number(v->candidates[i]);
}

static bool candidates_meet(const ari_record *a, const ari_record *b, size_t key)
{
    const ari_inferred *x = &a->values[key], *y = &b->values[key];
    size_t n = x->candidate_count == 0 ? 1 : x->candidate_count;
    size_t m = y->candidate_count == 0 ? 1 : y->candidate_count;
    for (size_t i = 0; i < n; i++) {
        double number = number_at(a, key, i);
        for (size_t k = 0; k < m; k++) {
            bool same = isnan(number) ? strcmp(text_at(x, i), text_at(y, k)) == 0
                                      : is_same_number(number, number_at(b, key, k));
            if (same) return true;
        }
    }
    return false;
}

/* What becomes of a key that has values on both sides. */
static ari_keys *place(ari_relation *r, const ari_record *a, const ari_record *b, size_t key)
{
    if (record_certain(a, key) && record_certain(b, key))
        return record_same(a, b, key) ? &r->matched : &r->differing;
    if (candidates_meet(a, b, key)) return &r->possible;
    return a->values[key].incomplete || b->values[key].incomplete ? &r->unknown : &r->differing;
}

/* Equal numbers of routed experts are not enough where one leaves its shared ones open; none are 0. */
static ari_keys *place_experts(ari_relation *r, const ari_record *a, const ari_record *b)
{
    ari_keys *routed = place(r, a, b, ARI_FIELD_NUM_EXPERTS);
    if (routed != &r->matched) return routed;
    bool open =
        record_unknown(a, ARI_FIELD_NUM_SHARED_EXPERTS) || record_unknown(b, ARI_FIELD_NUM_SHARED_EXPERTS);
    if (open) return &r->unknown;
    bool same = strcmp(a->values[ARI_KEY_EXPERTS].value, b->values[ARI_KEY_EXPERTS].value) == 0;
    return same ? &r->matched : &r->differing;
}

/* Has it no such thing, or does nothing tell what it has? */
static bool lacks(const ari_record *r, size_t key)
{
    return record_absent(r, key) || record_unknown(r, key);
}

static bool other_experts(const ari_record *a, const ari_record *b)
{
    const size_t width = ARI_FIELD_MOE_INTERMEDIATE_SIZE;
    return !lacks(a, width) && !lacks(b, width) && !candidates_meet(a, b, width);
}

/* Core keys that neither has a value of. They leave the tier open, but for a dense MLP that neither has where
 * the experts are not equally wide. */
static ari_keys open_keys(const ari_record *a, const ari_record *b)
{
    ari_keys open = keys_core() & (a->absent | a->unknown) & (b->absent | b->unknown);
    return other_experts(a, b) ? open & ~key_bit(ARI_FIELD_INTERMEDIATE_SIZE) : open;
}

ari_relation relate(const ari_record *a, const ari_record *b, ari_keys keys)
{
    ari_keys open = keys & open_keys(a, b);
    ari_relation r = { .absent = keys & (a->absent | b->absent) & ~open };
    r.unknown = keys & ((a->unknown | b->unknown | open) & ~r.absent);
    ari_keys both = keys & ~r.absent & ~r.unknown;
    for (size_t key = 0; both >> key != 0; key++) {
        if ((both & key_bit(key)) == 0) continue;
        *(key == ARI_KEY_EXPERTS ? place_experts(&r, a, b) : place(&r, a, b, key)) |= key_bit(key);
    }
    return r;
}

ari_relation relate_all(const ari_record *a, const ari_record *b)
{
    return relate(a, b, key_bit(ARI_KEY_COUNT) - 1);
}

ari_relation relation_within(ari_relation all, ari_keys keys)
{
    all.matched &= keys;
    all.differing &= keys;
    all.possible &= keys;
    all.unknown &= keys;
    all.absent &= keys;
    return all;
}

ari_relation core_of(ari_relation all)
{
    return relation_within(all, keys_core());
}

bool expert_width_stands_in(const ari_record *a, const ari_record *b, ari_relation all)
{
    bool missing = lacks(a, ARI_FIELD_INTERMEDIATE_SIZE) || lacks(b, ARI_FIELD_INTERMEDIATE_SIZE);
    return missing &&
           ((all.matched | all.differing | all.possible) & key_bit(ARI_FIELD_MOE_INTERMEDIATE_SIZE)) != 0;
}

ari_relation by_expert_width_of(ari_relation all)
{
    ari_keys keys = keys_core() & ~key_bit(ARI_FIELD_INTERMEDIATE_SIZE);
    return relation_within(all, keys | key_bit(ARI_FIELD_MOE_INTERMEDIATE_SIZE));
}

static ari_tier tier_of_count(size_t matches)
{
    return matches >= 5   ? ARI_IDENTICAL
           : matches >= 3 ? ARI_SIMILAR
           : matches >= 1 ? ARI_INDEPENDENT
                          : ARI_DIFFERENT;
}

ari_tiers tiers_of(const ari_relation *core)
{
    size_t least = keys_count(core->matched), open = keys_count(core->possible | core->unknown);
    return (ari_tiers){ tier_of_count(least), tier_of_count(least + open) };
}

static const char *const words[] = { "different", "independent", "similar", "identical" };

enum { TIERS = sizeof(words) / sizeof(words[0]) };

const char *tier_word(ari_tier t)
{
    return words[t];
}

unsigned tier_by_word(const char *word)
{
    unsigned i = 0;
    while (i < TIERS && strcmp(words[i], word) != 0) i++;
    return i;
}

const char *tiers_word(ari_tiers t)
{
    static const char *const ranges[TIERS][TIERS] = {
        { "different", "different..independent", "different..similar", "different..identical" },
        { NULL, "independent", "independent..similar", "independent..identical" },
        { NULL, NULL, "similar", "similar..identical" },
        { NULL, NULL, NULL, "identical" },
    };
    return ranges[t.least][t.most];
}

size_t differ_in_one(ari_relation all)
{
    ari_relation r = relation_within(all, keys_sizes());
    if (keys_count(r.differing) != 1 || keys_count(r.matched) < SIZES_ENOUGH) return ARI_KEY_COUNT;
    size_t key = 0;
    while (r.differing != key_bit(key)) key++;
    return key;
}
