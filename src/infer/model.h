/* model.h -- a checkpoint and all that was concluded about it. */
#ifndef ARI_INFER_MODEL_H
#define ARI_INFER_MODEL_H

#include "audit/sums.h"
#include "infer/claims.h"
#include "infer/components.h"
#include "infer/convention.h"
#include "infer/oddities.h"
#include "infer/pack.h"
#include "infer/rotary.h"

typedef struct ari_component {
    const char *role;   /* "text_decoder", as the report's schema spells it. */
    const char *prefix; /* Escaped. */
    uint64_t parameters;
    ari_architecture architecture;
    ari_sizes *sizes; /* NULL where it has no layers. */
} ari_component;

typedef struct ari_contradiction {
    ari_field field;
    const char *stated, *derived; /* JSON. */
    const char *evidence;
} ari_contradiction;

/* Of one element type. */
typedef struct ari_dtype_sum {
    uint64_t tensors, parameters, bytes;
} ari_dtype_sum;

/* What was measured on values, where that was asked for. */
typedef struct ari_measured {
    bool made;
    uint64_t bytes_read;
    head_look heads; /* Of no size where shapes or claims decide it. */
    rotary_look rotary;
} ari_measured;

struct ari_model {
    const struct ari_entry *entry; /* Of the catalogue, where it is no checkpoint. */
    ari_checkpoint *checkpoint;
    const char *path;  /* As given; escaped. */
    const char *place; /* Where it was found, of a name in a store; escaped. Else NULL. */
    ari_layout layout;
    ari_sums sums; /* Where ari_model_verify hashed it. */
    ari_packing packing;
    bool adapter; /* Low-rank pairs without the weights that they adapt. */
    ari_parts parts;
    ari_traits traits;   /* Of the main component. */
    bool weights_only;   /* Claims were not read. */
    const char *dialect; /* general.architecture, or NULL. */
    ari_claims claims;
    ari_architecture architecture; /* Of the main component. */
    ari_component *components;
    size_t component_count;
    ari_contradiction contradictions[ARI_FIELD_COUNT];
    size_t contradiction_count;
    const char *kind, *family; /* The second NULL where unknown. Escaped. */
    ari_measured measured;     /* By ari_model_measure. */
    const char *quantization;  /* JSON, or "null". */
    uint64_t parameters, active_parameters;
    bool parameters_known, active_known;
    ari_dtype_sum *dtypes; /* One a dtype number, dtype_count of them. */
    size_t dtype_count;
    uint64_t bytes;                 /* Of all tensors. */
    const char *unknown_dtypes[64]; /* Spellings of types beyond the known ones, escaped. */
};

#endif
