/* relation.h -- one model beside another: which keys match, and what tier that makes. */
#ifndef ARI_COMPARE_RELATION_H
#define ARI_COMPARE_RELATION_H

#include "compare/record.h"

/* Each key asked for is in one of these. A null is neither match nor difference. A core key that neither has
 * a value of, be it that there is no such thing or that nothing tells, is unknown, and so leaves the tier
 * open; a dense MLP that neither has does so only if the experts may be equally wide. */
typedef struct ari_relation {
    ari_keys matched, differing;
    ari_keys possible; /* Ambiguous, and a candidate of one is a value or candidate of the other. */
    ari_keys unknown;  /* Nothing tells the value of one of them, or not for sure. */
    ari_keys absent;   /* One of them has no such thing. */
} ari_relation;

/* By the five core keys: 5 match, 3-4, 1-2, none. */
typedef enum ari_tier { ARI_DIFFERENT, ARI_INDEPENDENT, ARI_SIMILAR, ARI_IDENTICAL } ari_tier;

/* Whatever the open keys turn out to be, it is one of these. */
typedef struct ari_tiers {
    ari_tier least, most;
} ari_tiers;

ari_relation relate(const ari_record *a, const ari_record *b, ari_keys keys);
/* By every key there is; what follows is a part of it. */
ari_relation relate_all(const ari_record *a, const ari_record *b);
ari_relation relation_within(ari_relation all, ari_keys keys);
/* The core keys. */
ari_relation core_of(ari_relation all);
/* Where a dense MLP is missing: the core keys with moe_intermediate_size in place of intermediate_size. */
ari_relation by_expert_width_of(ari_relation all);
/* Has one of them no dense MLP that is known, and both experts of a known width? */
bool expert_width_stands_in(const ari_record *a, const ari_record *b, ari_relation all);

ari_tiers tiers_of(const ari_relation *core);
/* "similar", or a range: "similar..identical". */
const char *tiers_word(ari_tiers t);
const char *tier_word(ari_tier t);
/* ARI_IDENTICAL + 1 where the word is no tier. */
unsigned tier_by_word(const char *word);

/* The one size in which they differ, all others that both have being equal and enough of them; else
 * ARI_KEY_COUNT. */
size_t differ_in_one(ari_relation all);

#endif
