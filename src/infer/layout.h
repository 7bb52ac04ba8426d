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
    uint32_t deep;  /* The one after that. */
} ari_place;

/* A tensor's sizes as inference sees them: unpacked. A packed weight of which only
 * the number of elements is known has rank 0. */
typedef struct ari_logical {
    uint64_t elements;
    uint64_t sizes[4];
    uint32_t rank;
    uint8_t bits; /* 0 where the tensor is not packed: its own shape holds. */
    uint8_t row;  /* Of pack.def, which told so; see pack_scheme(). */
} ari_logical;

typedef struct ari_template {
    ari_span pattern; /* The whole name with {} for every number. Foreign text. */
    ari_span tail;    /* What follows the layer's number, or all of it. */
    uint32_t stack;   /* Index of its stack. */
    size_t first;     /* Its places are places[first .. first + count). */
    size_t count;
    bool nested; /* stages.2.blocks.7: the number after the layer's counts layers too. */
    bool alike;  /* All its tensors have one type, one shape and as many bytes: one of them tells of all. */
    /* Filled by pack.h. */
    ari_span module;      /* The pattern without .weight, .bias or a packed payload's suffix. */
    uint8_t part;         /* ari_part. */
    bool companion;       /* Scales and the like: belongs to a packed weight, is no parameter. */
    bool adapter;         /* One of the two matrices of a LoRA. */
    ari_logical *logical; /* Where some of them are packed, else NULL; see logical_at(). */
    bool one_logical;     /* It is one for all places, not one each. */
    /* Filled by role.h. */
    uint32_t role, context;
    bool outside;        /* Stands outside of the layers: without a number, or under one that is no layer. */
    uint64_t marks;      /* Filled by convention.h. */
    uint64_t parameters; /* Of all its tensors; filled by count.h. */
    /* Filled by components.h. */
    uint32_t component;
    uint8_t named; /* The kind of component that words of its name stand for, if any. */
} ari_template;

typedef struct ari_stack {
    ari_span prefix; /* "model.layers"; "" for the top. Foreign text. */
    uint32_t layers; /* Distinct layer numbers; 0 for the top. */
    uint32_t last;   /* The highest of them. */
    uint8_t named;   /* Filled by components.h: as of a template. */
} ari_stack;

typedef struct ari_layout {
    const ari_tensors *tensors; /* Borrowed. */
    ari_template *templates;
    ari_stack *stacks;
    ari_place *places; /* Grouped by template, in the order of layers within each. */
    size_t template_count, template_room, stack_count, stack_room;
    ari_lookup patterns;
    ari_arena arena; /* Holds patterns and logical shapes. */
} ari_layout;

/* False when memory is short. The tensors must outlive it. */
bool layout_build(ari_layout *out, const ari_tensors *tensors);
void layout_free(ari_layout *l);

/* The template of that pattern, or NULL. */
ari_template *layout_find(const ari_layout *l, ari_span pattern);

/* The place of t with the same numbers as p, or NULL. `hint` is where it would be
 * if both templates ran through the same layers. */
const ari_place *layout_partner(const ari_layout *l, const ari_template *t, const ari_place *p, size_t hint);

/* Of the k-th place; NULL where no place of the template is packed. */
static inline const ari_logical *logical_at(const ari_template *t, size_t k)
{
    return t->logical == NULL ? NULL : &t->logical[t->one_logical ? 0 : k];
}

/* Are the same numbers in both, place by place? */
bool layout_parallel(const ari_layout *l, const ari_template *a, const ari_template *b);

static inline const ari_tensor *place_tensor(const ari_layout *l, const ari_place *p)
{
    return &l->tensors->rows[p->row];
}

#endif
