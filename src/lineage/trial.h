/* trial.h -- two components before the tests, and what these decide.
 *
 * The order is the study's: numbers of units (T1) of layers that go together; where that is silent or speaks
 * of few layers, agreement (T2); where both are silent, what no basis changes (T3). The thresholds are its,
 * too: z above 8 in three of four layers, or an agreement or cosines that chance does not reach. */
#ifndef ARI_LINEAGE_TRIAL_H
#define ARI_LINEAGE_TRIAL_H

#include "lineage/agreement.h"
#include "lineage/cosines.h"
#include "lineage/experts.h"
#include "lineage/layers.h"
#include "lineage/norms.h"

typedef enum ari_kinship {
    ARI_KINSHIP_IDENTICAL,
    ARI_KINSHIP_RELATED,
    ARI_KINSHIP_PARTLY,
    ARI_KINSHIP_NONE,
    ARI_KINSHIP_INCONCLUSIVE,
    ARI_KINSHIP_NOT_COMPARABLE,
} ari_kinship;

typedef enum ari_test {
    ARI_TEST_NONE,
    ARI_TEST_WORDS,
    ARI_TEST_NEURONS,
    ARI_TEST_AGREEMENT,
    ARI_TEST_COSINES
} ari_test;

enum { TRIAL_LAYERS = 4, TRIAL_KINDS = 3 };

/* One layer of each, and what T1 says of them. */
typedef struct ari_layer_trial {
    uint32_t a, b;
    bool told[TRIAL_KINDS]; /* trial_kinds */
    ari_diagonal of[TRIAL_KINDS];
    size_t told_count;
    bool mlp_told, sure_mlp, some_mlp,
        sure_value; /* Beyond Z_SURE, Z_SOME; the matrices of the MLP together. */
    double rho, z;  /* Mean, and Stouffer's. */
    size_t shifts;  /* Of the null of that kind that has the fewest. */
    uint64_t bytes_read;
} ari_layer_trial;

typedef struct ari_agreement_trial {
    uint32_t a, b;
    ari_unit_home a_home, b_home;
    ari_gate_up test;
    uint64_t bytes_read;
} ari_agreement_trial;

typedef struct ari_trial {
    ari_bank a, b;
    bool same_width;
    size_t a_layers, b_layers;     /* With hidden units. */
    size_t a_constant, b_constant; /* Of these, those of which all that was sampled is constant. */
    ari_layer_map map, repeats_a, repeats_b;
    ari_kin_experts experts_a, experts_b;                         /* tried 0: there are none. */
    ari_layer_trial *layers;                                      /* malloc'd. */
    size_t layer_count, mlp_told, sure_mlp, some_mlp, sure_value; /* Layers of which that holds. */
    double rho, z, p; /* Of T1, over those that the verdict goes by. */
    ari_agreement_trial agreements[TRIAL_LAYERS];
    size_t agreement_count, agreeing;
    ari_ranks cosines; /* told 0: not measured. */
    double cosines_p;
    ari_norms norms;
    uint64_t bytes_map, bytes_cosines, bytes_norms;
    ari_kinship kinship;
    ari_test by; /* What decided. */
    double effect, chance;
} ari_trial;

extern const ari_unit_kind trial_kinds[TRIAL_KINDS];

/* What is sampled: four layers and 128 units; full: all layers, all units. watch: told of what is read. */
ari_status trial_run(const ari_model *a, size_t a_component, const ari_model *b, size_t b_component,
                     bool full, ari_watch *watch, ari_trial *out, ari_err *err);
void trial_free(ari_trial *t);
/* Of one of the two, every layer with hidden units is constant, as far as was sampled. */
bool trial_is_constant(const ari_trial *t);

#endif
