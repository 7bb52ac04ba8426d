/* sizes.h -- the numbers that one stack of layers fixes, layer by layer, and the commonest of each.
 *
 * A layer is taken as a whole: the sizes of its attention are those of the layers
 * whose attention is commonest, not a vote of each size apart, so that what is
 * concluded from several of them belongs together. */
#ifndef ARI_INFER_SIZES_H
#define ARI_INFER_SIZES_H

#include "infer/role.h"

/* UNKNOWN(id, family): sizes of one family are chosen together. */
#define UNKNOWN_LIST(X)           \
    X(VOCAB, OUTER)               \
    X(EMBED_WIDTH, OUTER)         \
    X(OUTPUTS, OUTER)             \
    X(POSITIONS, OUTER)           \
    X(MASK, MASKS)                \
    X(PATCH, OUTER)               \
    X(PATCH_INPUTS, OUTER)        \
    X(QUERIES, ATTENTION)         \
    X(KEYS, ATTENTION)            \
    X(VALUES, ATTENTION)          \
    X(OUT_INPUTS, ATTENTION)      \
    X(QKV, ATTENTION)             \
    X(KV, ATTENTION)              \
    X(QUERY_NORM, ATTENTION)      \
    X(KEY_NORM, ATTENTION)        \
    X(QUERY_RANK, ATTENTION)      \
    X(QUERY_RANK_NORM, ATTENTION) \
    X(QUERY_UP, ATTENTION)        \
    X(KV_DOWN, ATTENTION)         \
    X(QKV_DOWN, ATTENTION)        \
    X(KV_RANK, ATTENTION)         \
    X(KV_RANK_IN, ATTENTION)      \
    X(KV_UP, ATTENTION)           \
    X(KEY_UP, ATTENTION)          \
    X(VALUE_UP, ATTENTION)        \
    X(HEADS, HEADS)               \
    X(GATES, HEADS)               \
    X(FREQUENCIES, ROTARY)        \
    X(GATE, FEED_FORWARD)         \
    X(UP, FEED_FORWARD)           \
    X(GATE_UP, FEED_FORWARD)      \
    X(DOWN, FEED_FORWARD)         \
    X(ROUTED, EXPERTS)            \
    X(EXPERTS, EXPERTS)           \
    X(EXPERT_GATE, EXPERTS)       \
    X(EXPERT_UP, EXPERTS)         \
    X(EXPERT_GATE_UP, EXPERTS)    \
    X(EXPERT_DOWN, EXPERTS)       \
    X(SHARED_EXPERTS, EXPERTS)    \
    X(SHARED_UP, EXPERTS)         \
    X(SHARED_DOWN, EXPERTS)       \
    X(SSM_HEADS, SSM)             \
    X(SSM_STATE, SSM)             \
    X(CONV_CHANNELS, SSM)         \
    X(CONV_KERNEL, SSM)           \
    X(SSM_IN, SSM)                \
    X(SSM_INNER, SSM)             \
    X(SSM_NORM, SSM)              \
    X(SSM_X, SSM)                 \
    X(SSM_DT, SSM)                \
    X(DELTA_QKVZ, SSM)            \
    X(DELTA_QKV, SSM)             \
    X(DELTA_Z, SSM)               \
    X(DELTA_BA, SSM)              \
    X(TIME_HEADS, SSM)

typedef enum ari_unknown {
#define X(id, family) ARI_DIM_##id,
    UNKNOWN_LIST(X)
#undef X
        ARI_DIM_COUNT,
} ari_unknown;

/* What a layer holds, as bits. */
enum {
    ARI_HAS_ATTENTION = 1, /* Softmax attention, latent attention too. */
    ARI_HAS_LATENT = 2,
    ARI_HAS_CROSS = 4,
    ARI_HAS_FEED_FORWARD = 8,
    ARI_HAS_EXPERTS = 16,
    ARI_HAS_SSM = 32,
    ARI_HAS_DELTA = 64,
    ARI_HAS_TIME = 128,
    ARI_HAS_CONV = 256,
    ARI_HAS_LRU = 512,
    ARI_HAS_MTP = 1024,
    ARI_HAS_OTHER = 2048, /* Under this number stands what belongs outside of the layers. */
};

typedef struct ari_size {
    uint64_t value;       /* 0 where nothing speaks of it. */
    uint32_t layers, all; /* Layers with this value; layers with any. */
    uint32_t from;        /* Template that fixed it. */
    bool clash;           /* Within some layer two tensors differ. */
} ari_size;

typedef struct ari_sizes {
    uint64_t hidden;
    const char *hidden_evidence;
    ari_size of[ARI_DIM_COUNT];
    uint32_t *has;         /* One a layer number: bits; 0 for a number that is no layer. */
    uint32_t all;          /* The bits of every number together. */
    uint32_t number_count; /* Layer numbers, the highest plus one. */
    uint32_t layers;       /* Layers that hold something, next-token layers not counted. */
    uint32_t mtp_layers;
    bool nested;  /* Layers within layers: stages of blocks. Their widths may differ. */
    bool several; /* MLPs in one layer that no word calls experts. */
    bool whole;   /* No number is missing, and the layers follow one another. */
    /* Tensors of each role in the layers and outside of them: weights and biases. */
    size_t weights[ARI_ROLE_COUNT], biases[ARI_ROLE_COUNT];
    size_t expert_weights[ARI_ROLE_COUNT], shared_weights[ARI_ROLE_COUNT];
} ari_sizes;

/* Solve for the templates of one component whose layers are in `stack`. Memory
 * and evidence live in the arena. False when memory is short. */
bool sizes_solve(const ari_layout *l, uint32_t component, uint32_t stack, ari_arena *arena, ari_sizes *out);

/* "rows of model.layers.{}.self_attn.q_proj.weight, in 25 of 30 layers"; "" when memory is short. */
const char *size_evidence(const ari_layout *l, const ari_sizes *s, ari_unknown u, ari_arena *arena);

#endif
