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

/* Take the i-th of the candidates, on a claim's word. */
void heads_choose(ari_architecture *a, size_t i, const char *evidence);

#endif
