/* attention.h -- how attention divides its width: what shapes decide, and every candidate where they do not.
 */
#ifndef ARI_INFER_ATTENTION_H
#define ARI_INFER_ATTENTION_H

#include "infer/derivation.h"

/* Set num_attention_heads, num_key_value_heads, head_dim, attention_type, qk_norm
 * and the sizes of latent attention. A norm of one head, or a tensor with one entry
 * a head, decides the heads; else the three are ambiguous, with every triple of an
 * even head_dim of 8 to 576 that divides both widths, in parallel lists.
 *
 * Latent attention is exact: with r = rows of kv_a - kv_lora_rank, heads =
 * (rows of q_b - rows of kv_b + columns of o) / r. */
void attention_derive(const ari_derivation *d);

/* Take the stated triple: heads, key/value heads, head_dim. */
void attention_take(ari_architecture *a, ari_arena *arena, const uint64_t *numbers, const char *evidence);

#endif
