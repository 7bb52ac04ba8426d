/* components.h -- which tensors make up the text model, a tower, a projector.
 *
 * By the words in their names first; where these say nothing, by what is inside:
 * a stack beside a patch convolution sees, one beside a wave convolution hears.
 * The text model is, among the stacks that are left, the largest whose width
 * meets an output matrix, else an embedding. */
#ifndef ARI_INFER_COMPONENTS_H
#define ARI_INFER_COMPONENTS_H

#include "infer/sizes.h"

typedef enum ari_component_kind {
    ARI_PART_TEXT,
    ARI_PART_ENCODER, /* The text encoder of an encoder-decoder. */
    ARI_PART_VISION,
    ARI_PART_AUDIO,
    ARI_PART_PROJECTOR,
    ARI_PART_MTP,
    ARI_PART_HEAD,
    ARI_PART_SPARE, /* None of these. */
    ARI_PART_COUNT,
} ari_component_kind;

typedef struct ari_part_row {
    ari_component_kind kind;
    uint32_t stack; /* 0 where it has no layers of its own. */
    ari_span prefix;
    uint64_t parameters;
} ari_part_row;

/* Component 0 is the main one. */
typedef struct ari_parts {
    ari_part_row *rows; /* In the arena. */
    size_t count;
    bool seq2seq; /* A decoder that attends to an encoder beside it. */
    bool known;   /* The main one has a stack with layers that we know. */
} ari_parts;

/* Fill every template's component; their parameters have been counted. False when memory is short. */
bool components_find(ari_layout *l, ari_arena *arena, ari_parts *out);

#endif
