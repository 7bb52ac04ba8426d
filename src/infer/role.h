/* role.h -- what each template's tensors do. The knowledge is in role.def, context.def and tail.def. */
#ifndef ARI_INFER_ROLE_H
#define ARI_INFER_ROLE_H

#include "infer/layout.h"

typedef enum ari_role {
#define ROLE(id, word, group, work) ARI_ROLE_##id,
#include "infer/role.def"
    ARI_ROLE_COUNT,
} ari_role;

typedef enum ari_role_group {
    ARI_GROUP_OTHER,
    ARI_GROUP_OUTER, /* Stands outside of the layers. */
    ARI_GROUP_NORM,
    ARI_GROUP_ATTENTION,
    ARI_GROUP_LATENT, /* Multi-head latent attention. */
    ARI_GROUP_CROSS,
    ARI_GROUP_FEED_FORWARD,
    ARI_GROUP_SSM,
    ARI_GROUP_DELTA, /* Linear attention: gated delta rule, lightning, KDA. */
    ARI_GROUP_TIME,  /* RWKV. */
    ARI_GROUP_CONV,
    ARI_GROUP_LRU, /* Griffin's and xLSTM's recurrences. */
    ARI_GROUP_MTP,
    ARI_GROUP_BUFFER,
    ARI_GROUP_SCALES,
} ari_role_group;

/* What the ancestors in a name say of a tensor. */
enum {
    ARI_IN_ATTENTION = 1,
    ARI_IN_FEED_FORWARD = 2,
    ARI_IN_EXPERT = 4,
    ARI_IN_SHARED = 8,
    ARI_IN_CROSS = 16,
    ARI_IN_MIXER = 32,
    ARI_IN_LINEAR = 64,
    ARI_IN_CONV = 128,
    ARI_IN_LRU = 256,
    ARI_IN_MTP = 512,
    ARI_IN_AUX = 1024,
    ARI_IN_TOP = 2048,
    ARI_IN_SINGLE = 8192, /* Shared experts that are called one. */
    ARI_IN_BARE = 4096,   /* Outside, and under no word but a model's or a wrapper's. */
};

/* Give every template its role and context. False when memory is short. */
bool roles_assign(ari_layout *l);

/* Does it make the number it stands under a layer? */
bool is_core(const ari_template *t);

const char *role_word(uint32_t role);
ari_role_group role_group(uint32_t role);

#endif
