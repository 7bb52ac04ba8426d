/* part.h -- vision and audio parts, judged by themselves: whose tower is this? */
#ifndef ARI_COMPARE_PART_H
#define ARI_COMPARE_PART_H

#include "compare/relation.h"

typedef struct ari_part_match {
    const char *role;       /* "vision_encoder" */
    const char *with;       /* The model that has the other one. */
    const ari_entry *entry; /* Of the catalogue, or NULL. */
    ari_relation relation;
    ari_tiers tiers;
    bool same; /* Nothing differs, and no more than one of the keys is open. */
} ari_part_match;

typedef struct ari_part_matches {
    ari_part_match *items;
    size_t count, room;
} ari_part_matches;

/* hidden_size, depth, heads, MLP width and patch. */
ari_keys keys_of_part(void);

/* The parts of a model against those of another; only parts of the same role meet. False when memory is
 * short. */
bool parts_beside(const ari_model *subject, const ari_model *other, ari_part_matches *out);
/* The parts of a model against all towers of the catalogue but its own: those that are the same, at most
 * `most` a part, or the nearest one. */
bool parts_in_catalogue(const ari_model *subject, const ari_catalogue *c, size_t most, ari_part_matches *out);
void parts_free(ari_part_matches *p);

#endif
