/* blocks.h -- lines of sample.h for stacks that tests put together: "n" is a layer or a range of them, "{4}".
 */
#ifndef ARI_TESTS_BLOCKS_H
#define ARI_TESTS_BLOCKS_H

/* A Llama-like block 64 wide, with an MLP of 176. */
#define LLAMA_BLOCK(at, n)                                                                            \
    at "." n ".input_layernorm.weight 64\n" at "." n ".post_attention_layernorm.weight 64\n" at "." n \
       ".self_attn.q_proj.weight 64x64\n" at "." n ".self_attn.k_proj.weight 32x64\n" at "." n        \
       ".self_attn.v_proj.weight 32x64\n" at "." n ".self_attn.o_proj.weight 64x64\n" at "." n        \
       ".mlp.gate_proj.weight 176x64\n" at "." n ".mlp.up_proj.weight 176x64\n" at "." n              \
       ".mlp.down_proj.weight 64x176\n"

/* One of an encoder of images or sounds, 48 wide, with an MLP of 192. */
#define TOWER_BLOCK(at, n)                                                                       \
    at "." n ".layer_norm1.weight 48\n" at "." n ".layer_norm1.bias 48\n" at "." n               \
       ".layer_norm2.weight 48\n" at "." n ".layer_norm2.bias 48\n" at "." n                     \
       ".self_attn.q_proj.weight 48x48\n" at "." n ".self_attn.k_proj.weight 48x48\n" at "." n   \
       ".self_attn.v_proj.weight 48x48\n" at "." n ".self_attn.out_proj.weight 48x48\n" at "." n \
       ".mlp.fc1.weight 192x48\n" at "." n ".mlp.fc2.weight 48x192\n"

#define LLAMA "model.embed_tokens.weight 5000x64\nmodel.norm.weight 64\n" LLAMA_BLOCK("model.layers", "{4}")
#define UNTIED "lm_head.weight 5000x64\n"

/* BERT's, 64 wide. */
#define BERT                                                                                               \
    "bert.embeddings.word_embeddings.weight 5000x64\nbert.embeddings.position_embeddings.weight 512x64\n"  \
    "bert.embeddings.token_type_embeddings.weight 2x64\nbert.embeddings.LayerNorm.weight 64\n"             \
    "bert.embeddings.LayerNorm.bias 64\n"                                                                  \
    "bert.encoder.layer.{4}.attention.self.query.weight "                                                  \
    "64x64\nbert.encoder.layer.{4}.attention.self.key.weight 64x64\n"                                      \
    "bert.encoder.layer.{4}.attention.self.value.weight 64x64\n"                                           \
    "bert.encoder.layer.{4}.attention.output.dense.weight 64x64\n"                                         \
    "bert.encoder.layer.{4}.attention.output.LayerNorm.weight "                                            \
    "64\nbert.encoder.layer.{4}.attention.output.LayerNorm.bias 64\n"                                      \
    "bert.encoder.layer.{4}.intermediate.dense.weight 256x64\nbert.encoder.layer.{4}.output.dense.weight " \
    "64x256\n"                                                                                             \
    "bert.encoder.layer.{4}.output.LayerNorm.weight 64\nbert.encoder.layer.{4}.output.LayerNorm.bias 64\n" \
    "bert.pooler.dense.weight 64x64\n"

#define T5_BLOCK(at, n, mlp)                                                                                 \
    at "." n ".layer.0.SelfAttention.q.weight 64x64\n" at "." n ".layer.0.SelfAttention.k.weight 64x64\n" at \
       "." n ".layer.0.SelfAttention.v.weight 64x64\n" at "." n ".layer.0.SelfAttention.o.weight 64x64\n" at \
       "." n ".layer.0.layer_norm.weight 64\n" at "." n ".layer." mlp                                        \
       ".DenseReluDense.wi.weight 256x64\n" at "." n ".layer." mlp ".DenseReluDense.wo.weight 64x256\n" at   \
       "." n ".layer." mlp ".layer_norm.weight 64\n"

#endif
