/* ranking.h -- the whole catalogue held against one model, in one pass. */
#ifndef ARI_COMPARE_RANKING_H
#define ARI_COMPARE_RANKING_H

#include "compare/relation.h"

typedef struct ari_match {
    const ari_entry *entry;
    ari_relation core, extended, by_expert_width;
    bool has_expert_width; /* by_expert_width stands beside core. */
    ari_tiers tiers;
    uint8_t standing; /* By tier alone: the higher, the more it resembles the subject. */
    double bits;
    size_t but_for; /* differ_in_one */
} ari_match;

typedef struct ari_ranking {
    /* Best first: by tier, then by bits. malloc'd. The subject's own entry is not among them. */
    ari_match *matches;
    size_t count;
    /* Of each key: entries with the subject's value, its own not counted; those that state one; and those
     * that do or are known to have none. */
    uint32_t sharing[ARI_KEY_COUNT], stating[ARI_KEY_COUNT], knowing[ARI_KEY_COUNT];
    double bits[ARI_KEY_COUNT];                           /* What sharing the subject's value says. */
    double least[ARI_KEY_COUNT], greatest[ARI_KEY_COUNT]; /* NaN where there are no numbers. */
    size_t models;                                        /* Entries held against the subject. */
    size_t sharing_core;                                  /* Entries with the same five values. */
    size_t
        may_share_core; /* And those that have them if the candidates of open keys turn out to be the same. */
} ari_ranking;

/* keys: those of the extended relation, by which bits are counted. False when memory is short. */
bool rank_catalogue(const ari_catalogue *c, const ari_record *subject, ari_keys keys, ari_ranking *out);
void ranking_free(ari_ranking *r);

/* What each value of the subject says: -log2 of how many share it of the catalogued models whose own is
 * known. A value that none of them has counts as if one had it. */
void ranking_weigh(ari_ranking *r);
/* The sum of that over matched keys. Keys depend on each other (a width brings a number of heads), so it says
 * more than is true: an upper bound. */
double bits_of(const ari_ranking *r, ari_keys matched);

/* One record beside another, in all respects. */
ari_match match_records(const ari_record *subject, const ari_record *other, ari_keys keys);
/* Below 0 where a resembles the subject more: by tier, then by bits. */
int match_order(const ari_match *a, const ari_match *b);
/* Do all five agree, or do they with the width of the experts where no dense MLP is? */
bool is_identical(const ari_match *m);

#endif
