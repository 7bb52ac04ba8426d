/* part.h -- vision and audio parts, judged by themselves: whose tower is this? */
#ifndef ARI_COMPARE_PART_H
#define ARI_COMPARE_PART_H

#include "compare/relation.h"

/* How far one tower is another, by the five keys of a part. */
typedef enum ari_agreement {
    ARI_APART,    /* Something differs, or too little is known. */
    ARI_POSSIBLE, /* All that is known agrees; one key is open. */
    ARI_LIKELY,   /* And the likeliest of its candidates is the other's value. */
    ARI_SAME,     /* All agree. */
} ari_agreement;

typedef struct ari_part_match {
    const char *role;       /* "vision_encoder" */
    const char *with;       /* The model that has the other one. */
    const ari_entry *entry; /* Of the catalogue, or NULL. */
    ari_relation relation;
    ari_tiers tiers;
    ari_agreement agreement;
} ari_part_match;

typedef struct ari_part_matches {
    ari_part_match *items;
    size_t count, room;
} ari_part_matches;

/* "same", "likely", "possible", "apart" */
const char *agreement_word(ari_agreement a);

/* The parts of a model against those of another; only parts of the same role meet. False when memory is
 * short. */
bool parts_beside(const ari_model *subject, const ari_model *other, ari_part_matches *out);
/* The parts of a model against all towers of the catalogue but its own: those that are not apart, or the
 * nearest one. Of each part first what agrees best, then encoders that are models by themselves, then the
 * oldest. */
bool parts_in_catalogue(const ari_model *subject, const ari_catalogue *c, ari_part_matches *out);
void parts_free(ari_part_matches *p);

#endif
