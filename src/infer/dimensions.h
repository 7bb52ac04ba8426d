/* dimensions.h -- every tensor of a known role votes on the sizes it meets. */
#ifndef ARI_INFER_DIMENSIONS_H
#define ARI_INFER_DIMENSIONS_H

#include "infer/role.h"

/*      id            what it is                                           */
#define UNKNOWN_LIST(X)                                                     \
    X(HIDDEN)       /* Width of the residual stream. */                     \
    X(VOCAB)        /* Rows of the embedding. */                            \
    X(OUTPUTS)      /* Rows of the output matrix. */                        \
    X(QUERIES)      /* Query heads x head_dim. */                           \
    X(KEYS)         /* Key/value heads x head_dim. */                       \
    X(VALUES)       /* Key/value heads x value head_dim. */                 \
    X(INTERMEDIATE) /* Width of the dense MLP. */                           \
    X(QUERY_NORM)   /* Length of a query norm: head_dim, or all heads'. */  \
    X(KEY_NORM)     /* Length of a key norm. */                             \
    X(HEADS)        /* Query heads, where a tensor has one entry a head. */ \
    X(FREQUENCIES)  /* Half of the rotated part of a head. */

typedef enum ari_unknown {
#define X(id) ARI_DIM_##id,
    UNKNOWN_LIST(X)
#undef X
        ARI_DIM_COUNT,
} ari_unknown;

typedef struct ari_dimension {
    uint64_t value;         /* The commonest; 0 where nothing speaks of it. */
    uint64_t agree, differ; /* Tensors that give this value, and others. */
    const char *evidence;   /* A sentence; NULL where value is 0. */
} ari_dimension;

typedef struct ari_dimensions {
    ari_dimension of[ARI_DIM_COUNT];
    /* Tensors of each role in the stack and the top, by part. */
    size_t weights[ARI_ROLE_COUNT], biases[ARI_ROLE_COUNT];
} ari_dimensions;

/* Solve for one stack, the tensors outside of all stacks included. False when
 * memory is short. Evidence lives in the arena. */
bool dimensions_solve(const ari_layout *l, uint32_t stack, ari_arena *arena, ari_dimensions *out);

#endif
