#include "compare/ranking.h"

#include <math.h>
#include <stdlib.h>

bool is_identical(const ari_match *m)
{
    return m->tiers.least == ARI_IDENTICAL || (m->tiers.most == ARI_IDENTICAL && m->has_expert_width &&
                                               tiers_of(&m->by_expert_width).least == ARI_IDENTICAL);
}

enum { LOGARITHM_DIGITS = 40 };

/* The binary logarithm of at least 1, a digit after the other: squaring doubles it. To a millionth, and it is
 * all that this program would load the mathematical library for. */
static double binary_logarithm(double x)
{
    int whole;
    double rest = 2 * frexp(x, &whole), sum = whole - 1, digit = 1;
    for (int i = 0; i < LOGARITHM_DIGITS; i++) {
        digit /= 2;
        rest *= rest;
        if (rest < 2) continue;
        rest /= 2;
        sum += digit;
    }
    return sum;
}

void ranking_weigh(ari_ranking *r)
{
    for (size_t key = 0; key < ARI_KEY_COUNT; key++) {
        double n = r->sharing[key] == 0 ? 1 : r->sharing[key];
        r->bits[key] = r->knowing[key] > n ? binary_logarithm(r->knowing[key] / n) : 0;
    }
}

double bits_of(const ari_ranking *r, ari_keys matched)
{
    const ari_keys parts = key_bit(ARI_FIELD_NUM_EXPERTS) | key_bit(ARI_FIELD_NUM_SHARED_EXPERTS);
    double bits = 0;
    /* "experts" is the two of them: not twice. */
    if ((matched & parts) != 0) matched &= ~key_bit(ARI_KEY_EXPERTS);
    for (size_t key = 0; key < ARI_KEY_COUNT; key++) bits += (matched & key_bit(key)) != 0 ? r->bits[key] : 0;
    return bits;
}

/* What it may be if the candidates of open keys turn out to be the same; what nothing tells does not count.
 */
static ari_tier hoped_for(const ari_match *m)
{
    ari_relation core = m->core;
    core.unknown = 0;
    return tiers_of(&core).most;
}

/* What holds for sure, then whether all five agree, then what may be. */
static uint8_t standing_of(const ari_match *m)
{
    return (uint8_t)((unsigned)m->tiers.least << 3 | (is_identical(m) ? 4u : 0u) | (unsigned)hoped_for(m));
}

static ari_match match_of(const ari_record *subject, const ari_record *other, ari_relation all, ari_keys keys)
{
    ari_match m = { .entry = other->entry,
                    .core = core_of(all),
                    .extended = relation_within(all, keys),
                    .has_expert_width = expert_width_stands_in(subject, other, all),
                    .but_for = differ_in_one(all) };
    if (m.has_expert_width) m.by_expert_width = by_expert_width_of(all);
    m.tiers = tiers_of(&m.core);
    m.standing = standing_of(&m);
    return m;
}

ari_match match_records(const ari_record *subject, const ari_record *other, ari_keys keys)
{
    return match_of(subject, other, relate_all(subject, other), keys);
}

int match_order(const ari_match *a, const ari_match *b)
{
    if (a->standing != b->standing) return a->standing < b->standing ? 1 : -1;
    return a->bits < b->bits ? 1 : a->bits > b->bits ? -1 : 0;
}

static int by_tier_and_bits(const void *left, const void *right)
{
    const ari_match *a = left, *b = right;
    int order = match_order(a, b);
    return order != 0 ? order : strcmp(a->entry->name, b->entry->name);
}

static void take_stock(ari_ranking *r, const ari_record *other, ari_keys same)
{
    for (size_t key = 0; key < ARI_KEY_COUNT; key++) {
        r->sharing[key] += (uint32_t)((same >> key) & 1);
        r->stating[key] += record_certain(other, key);
        r->knowing[key] += !record_unknown(other, key);
        double n = other->numbers[key]; /* What is no number is neither less nor more than any. */
        if (n < r->least[key] || isnan(r->least[key])) r->least[key] = n;
        if (n > r->greatest[key] || isnan(r->greatest[key])) r->greatest[key] = n;
    }
}

bool rank_catalogue(const ari_catalogue *c, const ari_record *subject, ari_keys keys, ari_ranking *out)
{
    ari_arena scratch = { 0 };
    *out = (ari_ranking){ .matches = calloc(c->count + 1, sizeof(out->matches[0])) };
    if (out->matches == NULL) return false;
    for (size_t key = 0; key < ARI_KEY_COUNT; key++) out->least[key] = out->greatest[key] = NAN;
    for (size_t i = 0; i < c->count; i++) {
        ari_record own;
        const ari_record *other = c->records == NULL ? NULL : &c->records[i];
        if (c->entries[i] == subject->entry) continue;
        if (other == NULL) {
            record_of_entry(&scratch, c->entries[i], &own);
            other = &own;
        }
        ari_relation all = relate_all(subject, other);
        take_stock(out, other, all.matched);
        ari_match m = match_of(subject, other, all, keys);
        out->sharing_core += is_identical(&m);
        out->may_share_core += is_identical(&m) || hoped_for(&m) == ARI_IDENTICAL;
        out->matches[out->count++] = m;
    }
    bool ok = !scratch.failed;
    arena_free(&scratch);
    out->models = out->count;
    ranking_weigh(out);
    for (size_t i = 0; i < out->count; i++)
        out->matches[i].bits = bits_of(out, out->matches[i].extended.matched);
    qsort(out->matches, out->count, sizeof(out->matches[0]), by_tier_and_bits);
    return ok;
}

ari_status ari_catalogue_prepare(ari_catalogue *c, ari_err *err)
{
    ari_err unused = ARI_ERR_INIT;
    if (err == NULL) err = &unused;
    if (c->records != NULL) return ARI_OK;
    ari_record *records = arena_alloc(&c->arena, (c->count + 1) * sizeof(records[0]));
    for (size_t i = 0; records != NULL && i < c->count; i++)
        record_of_entry(&c->arena, c->entries[i], &records[i]);
    if (c->arena.failed) return ari_out_of_memory(err);
    c->records = records;
    return ARI_OK;
}

void ranking_free(ari_ranking *r)
{
    free(r->matches);
    *r = (ari_ranking){ 0 };
}
