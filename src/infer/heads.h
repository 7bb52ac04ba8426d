/* heads.h -- how attention divides its width: what shapes decide, and every candidate where they do not. */
#ifndef ARI_INFER_HEADS_H
#define ARI_INFER_HEADS_H

#include "infer/architecture.h"
#include "infer/dimensions.h"

/* Set num_attention_heads, num_key_value_heads, head_dim, attention_type and
 * qk_norm. A query norm of one head, or a tensor with one entry a head, decides;
 * else the three are ambiguous, with every triple of an even head_dim of 8 to 576
 * that divides both widths, in parallel lists. */
void heads_infer(ari_architecture *a, ari_arena *arena, const ari_dimensions *d);

/* Take heads, key/value heads and head_dim on a claim's word. */
void heads_take(ari_architecture *a, ari_arena *arena, const uint64_t *numbers, const char *evidence);

#endif
