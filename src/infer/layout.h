/* layout.h -- half a million tensor names are a few dozen templates.
 *
 *     model.layers.17.mlp.experts.5.down_proj.weight
 *     stack "model.layers", layer 17, tail "mlp.experts.{}.down_proj.weight", sub 5
 *
 * The layer is the number after the first container word (layers, h, blocks ...),
 * else the first number at all; what stands before it names the stack. Every
 * other number is a hole. Tensors without a number belong to the top stack "". */
#ifndef ARI_INFER_LAYOUT_H
#define ARI_INFER_LAYOUT_H

#include "read/tensors.h"

#define NO_NUMBER UINT32_MAX

typedef struct ari_place {
    uint32_t row;   /* In the tensor table. */
    uint32_t layer; /* NO_NUMBER in the top stack. */
    uint32_t sub;   /* The first number after the layer (an expert, mostly), or NO_NUMBER. */
} ari_place;

typedef struct ari_template {
    ari_span pattern; /* The whole name with {} for every number. Foreign text. */
    ari_span tail;    /* What follows the layer's number, or all of it. */
    uint32_t stack;   /* Index of its stack. */
    uint32_t role;    /* Filled by role.h. */
    size_t first;     /* Its places are places[first .. first + count). */
    size_t count;
} ari_template;

typedef struct ari_stack {
    ari_span prefix; /* "model.layers"; "" for the top. Foreign text. */
    uint32_t layers; /* Distinct layer numbers; 0 for the top. */
    uint32_t last;   /* The highest of them. */
} ari_stack;

typedef struct ari_layout {
    const ari_tensors *tensors; /* Borrowed. */
    ari_template *templates;
    ari_stack *stacks;
    ari_place *places; /* Grouped by template, in the order of layers within each. */
    size_t template_count, template_room, stack_count, stack_room;
    ari_arena arena; /* Holds patterns. */
} ari_layout;

/* False when memory is short. The tensors must outlive it. */
bool layout_build(ari_layout *out, const ari_tensors *tensors);
void layout_free(ari_layout *l);

static inline const ari_tensor *place_tensor(const ari_layout *l, const ari_place *p)
{
    return &l->tensors->rows[p->row];
}

#endif
