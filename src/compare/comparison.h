/* comparison.h -- a model beside others, or beside the whole catalogue, and the conclusion in the method's
 * terms. */
#ifndef ARI_COMPARE_COMPARISON_H
#define ARI_COMPARE_COMPARISON_H

#include "compare/part.h"
#include "compare/ranking.h"
#include "compare/unique.h"

typedef enum ari_conclusion {
    ARI_FROM_SCRATCH_SUPPORTED, /* Every reference is independent or different. */
    ARI_FINE_TUNE_SUSPECTED,    /* One agrees in all five. */
    ARI_PARTIAL_REUSE,          /* A vision or audio part is that of another model. */
    ARI_INCONCLUSIVE,
} ari_conclusion;

typedef struct ari_verdict {
    ari_conclusion conclusion;
    ari_tiers tiers;       /* Of the nearest reference. */
    const ari_match *best; /* It; NULL where there is none. */
    const ari_match *miss; /* The nearest that is not identical whatever open keys turn out to be, or NULL. */
    bool reuses_part;      /* A part is that of another model, as far as anything tells. */
} ari_verdict;

/* What a fingerprint says of the subject. */
typedef struct ari_print_match {
    const char *path, *relation; /* Of the capsule; as diff calls it. */
    const char *statement;       /* Or NULL. */
    bool lead, measured;         /* measured: effect is. */
    double effect;
} ari_print_match;

struct ari_comparison {
    ari_arena arena;
    const ari_catalogue *catalogue;
    const ari_model *const *models; /* The subject, then the others: borrowed, but the array is ours. */
    size_t count;
    ari_key_list keys;
    ari_record *records;      /* One a model. */
    ari_match *pairs;         /* One an other; pairs[i] is of models[i + 1]. */
    ari_part_matches *beside; /* Likewise: its parts against the subject's. */
    ari_part_matches towers;  /* The subject's parts against the catalogue's. */
    ari_ranking ranking;      /* Of the catalogue. */
    ari_unique unique[ARI_KEY_COUNT];
    size_t unique_count;
    ari_verdict verdict;
    ari_print_match *prints; /* malloc'd: one a capsule. */
    size_t print_count, print_room;
};

/* Is it one of the models compared? Its parts then stand beside the subject's already. */
bool comparison_names(const ari_comparison *c, const ari_entry *e);

const char *conclusion_word(ari_conclusion c);
/* The references, best first, that a verdict is about: the pairs, or the catalogue where there are none. The
 * name that the i-th pair or match goes by. */
const ari_match *comparison_references(const ari_comparison *c, size_t *count);
/* Of one of them, or of a match of the catalogue. */
const char *reference_name(const ari_comparison *c, const ari_match *m);
/* Its record: one of ours, or made anew in the arena. */
void reference_record(ari_arena *arena, const ari_comparison *c, const ari_match *m, ari_record *out);

/* A stated origin, found in the catalogue or NULL; its relation to the subject in *out. */
const ari_entry *origin_match(ari_arena *arena, const ari_comparison *c, const char *stated, ari_match *out);

void verdict_reach(ari_comparison *c);

#endif
