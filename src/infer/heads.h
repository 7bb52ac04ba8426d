/* heads.h -- the size of a head by values, where shapes leave several.
 *
 * Rows of the value projection, and columns of the output projection, that belong to one head share a
 * subspace: within blocks of the right size they are more alike than across. For each size that the shapes
 * allow, pairs that stand equally far apart are compared, those within a block with those across two, which
 * cancels whatever only depends on the distance. */
#ifndef ARI_INFER_HEADS_H
#define ARI_INFER_HEADS_H

#include "infer/architecture.h"
#include "infer/sampling.h"
#include "infer/sizes.h"

/* One size that the shapes allow. */
typedef struct head_size {
    uint64_t head_dim, heads, kv_heads; /* kv_heads is 0 of a size that only a group of heads can have. */
    double z;                           /* 0 where no tensor has two blocks of it. */
    double value_z;                     /* By value projections alone. */
    size_t tensors;                     /* That could tell. */
} head_size;

typedef struct head_look {
    head_size *sizes; /* In the order of the candidates. */
    size_t count;
    size_t all;     /* Behind these, sizes of groups: query heads that share keys are alike, too. */
    size_t best;    /* The size of the greatest z. */
    double margin;  /* That z to the next, which counts as 1 at least. */
    double finer;   /* How much stands out within its blocks, in standard errors. */
    size_t tensors; /* Looked at. */
    bool quantised; /* The output projection is stored in blocks along its heads. */
    bool answered;
    const char *why; /* Where it was not: words. Constant text. */
} head_look;

/* Everything the look is taken at. */
typedef struct head_subject {
    const ari_checkpoint *checkpoint;
    const ari_layout *layout;
    const ari_sizes *sizes;
    const ari_architecture *architecture;
    ari_arena *arena;
    uint32_t component;
    uint64_t *bytes_read;
    const char **unread; /* Why some could not be read: NULL where all could. */
} head_subject;

/* Where the three fields are ambiguous. False when memory is short. */
bool heads_look(const head_subject *s, head_look *out);

#endif
