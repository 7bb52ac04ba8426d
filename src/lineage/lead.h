/* lead.h -- what fingerprints say of two models, where the values of one are not at hand. */
#ifndef ARI_LINEAGE_LEAD_H
#define ARI_LINEAGE_LEAD_H

#include "lineage/lineage.h"
#include "read/fingerprint.h"

/* The study's: beyond the first is a lead; between the two may be one. So far from what chance leaves of few
 * values it has to be, too. */
#define LEAD_RHO 0.3
#define LEAD_SOME 0.1
#define LEAD_DEVIATIONS 6.0

typedef struct lead_pair {
    uint32_t a, b;
} lead_pair;

typedef struct ari_lead {
    uint64_t a_width, b_width;
    size_t pair_count;
    lead_pair pairs[PRINT_LAYERS];
    bool searched;   /* Depths differ: layers were looked for by one half of the sums. */
    size_t sums;     /* Pairs of them; 0 where none could be compared. */
    double rho;      /* Pearson's, of all. */
    ari_ranks ranks; /* Of the cosines. */
    double ranks_p;
    uint64_t hashed, same; /* Tensors of one name, type and shape with a hash in both; those with the same. */
    uint64_t bytes_read;
} ari_lead;

/* One of them at least is a capsule with a fingerprint, the other it or a model with values. */
ari_status lead_measure(const ari_model *a, const ari_model *b, ari_lead *out, ari_err *err);

/* Proofs, kinship and effect. False when memory is short. */
bool lead_conclude(const ari_lead *lead, ari_lineage *l);

#endif
