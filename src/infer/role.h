/* role.h -- what each template's tensors do. The knowledge is in role.def, context.def and tail.def. */
#ifndef ARI_INFER_ROLE_H
#define ARI_INFER_ROLE_H

#include "infer/layout.h"

typedef enum ari_role {
#define ROLE(id, word, group) ARI_ROLE_##id,
#include "infer/role.def"
    ARI_ROLE_COUNT,
} ari_role;

typedef enum ari_role_group {
    ARI_GROUP_OTHER,
    ARI_GROUP_TABLE,     /* [rows, hidden] */
    ARI_GROUP_NORM,      /* [hidden] */
    ARI_GROUP_HEAD_NORM, /* [head_dim], or all heads' */
    ARI_GROUP_LINEAR,    /* [out, in] */
    ARI_GROUP_BUFFER,
    ARI_GROUP_SCALES,
} ari_role_group;

typedef enum ari_part { ARI_PART_WEIGHT, ARI_PART_BIAS, ARI_PART_OTHER } ari_part;

/* Give every template its role. False when memory is short. */
bool roles_assign(ari_layout *l);

const char *role_word(uint32_t role);
ari_role_group role_group(uint32_t role);
/* Of its tail: the weight itself, its bias, or something beside them. */
ari_part tail_part(ari_span tail);

#endif
