/* lineage.h -- two models, value by value: what is found, and on what evidence. */
#ifndef ARI_LINEAGE_LINEAGE_H
#define ARI_LINEAGE_LINEAGE_H

#include "lineage/identity.h"
#include "lineage/mix.h"
#include "lineage/trial.h"

/* One test, as a sentence that a reader can check. */
typedef struct ari_proof {
    const char *test;      /* "T0" to "T3", "F1" to "F3", "layers", "norms": permanent words. */
    const char *component; /* "text_decoder"; NULL of what concerns all. */
    const char *statement, *null;
    bool measured; /* effect is, and z and p where they are not 0. */
    double effect, z, p;
    bool corroborates; /* Never decides. */
    uint64_t bytes_read;
} ari_proof;

/* Why nothing can be said. */
typedef enum ari_hindrance {
    ARI_HINDRANCE_NONE,
    ARI_HINDRANCE_SHAPES,
    ARI_HINDRANCE_CONSTANT,
    ARI_HINDRANCE_NO_VALUES
} ari_hindrance;

struct ari_lineage {
    ari_arena arena;
    const ari_model *a, *b; /* Borrowed. */
    ari_identity identity;
    ari_trial *trials;  /* One a pair of components. */
    const char **roles; /* Of each. */
    size_t trial_count;
    ari_mix mix; /* Of ari_lineage_mix. */
    const ari_model *other, *base;
    ari_proof *proofs;
    size_t proof_count, proof_room;
    ari_kinship kinship;
    ari_hindrance hindrance;
    bool strong;              /* Related with at least STRONG_RHO. */
    const ari_trial *decides; /* The trial that effect and p are of, or NULL. */
    bool measured;
    double effect, p; /* p 0 of what is no test: the same bytes. */
    uint64_t bytes_read;
    bool full;
    ari_watch watch;
    bool lead; /* Of fingerprints: no trials, and no identity. */
};

/* The study's "strongly related". */
#define STRONG_RHO 0.3

/* "related", as the contract spells it. */
const char *kinship_word(ari_kinship k);

/* Adds one; when memory is short the arena has failed. */
void lineage_prove(ari_lineage *l, const ari_proof *one);
/* Statements and verdict of what was measured. False when memory is short. */
bool lineage_tell(ari_lineage *l);
bool lineage_tell_mix(ari_lineage *l);
void lineage_judge(ari_lineage *l);

#endif
