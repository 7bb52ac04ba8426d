/* How attention divides its width. The sizes are those of published configurations, the conclusions
 * arithmetic. */
#include "infer/attention.h"

#include "sample.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Two Llama-like layers of that width; the lines of their attention are given. */
static ari_model *attend(unsigned hidden, const char *attention)
{
    ari_text t = { 0 };
    text_printf(&t, "model.embed_tokens.weight 5000x%u\nmodel.norm.weight %u\n", hidden, hidden);
    text_printf(&t, "model.layers.{2}.input_layernorm.weight %u\n", hidden);
    text_printf(&t, "model.layers.{2}.post_attention_layernorm.weight %u\n", hidden);
    text_printf(&t, "model.layers.{2}.mlp.gate_proj.weight 5504x%u\n", hidden);
    text_printf(&t, "model.layers.{2}.mlp.up_proj.weight 5504x%u\n", hidden);
    text_printf(&t, "model.layers.{2}.mlp.down_proj.weight %ux5504\n", hidden);
    while (*attention != '\0') {
        size_t n = strcspn(attention, "\n");
        text_printf(&t, "model.layers.{2}.self_attn.%.*s\n", (int)n, attention);
        attention += n + (attention[n] == '\n');
    }
    ari_model *m = infer(t.data);
    text_free(&t);
    return m;
}

static void expect_attention(const char *what, unsigned hidden, const char *attention, const char *facts)
{
    ari_model *m = attend(hidden, attention);
    expect_facts(m, what, facts);
    ari_model_close(m);
}

/* --- Latent attention --------------------------------------------------------------------------- */

/* heads = (rows of q_b - rows of kv_b + columns of o) / r, and the rest from that. */
Test(attention, latent_sizes_are_exact)
{
    expect_attention("DeepSeek-V3", 7168,
                     "q_a_proj.weight 1536x7168\nq_a_layernorm.weight 1536\nq_b_proj.weight 24576x1536\n"
                     "kv_a_proj_with_mqa.weight 576x7168\nkv_a_layernorm.weight 512\n"
                     "kv_b_proj.weight 32768x512\no_proj.weight 7168x16384",
                     "num_attention_heads 128 shape; q_lora_rank 1536 shape; kv_lora_rank 512 shape; "
                     "qk_nope_head_dim 128 shape; qk_rope_head_dim 64 shape; v_head_dim 128 shape; "
                     "num_key_value_heads null shape; head_dim null shape; attention_type \"mla\" shape");
    expect_attention("GLM-4.7-Flash", 2048,
                     "q_a_proj.weight 768x2048\nq_a_layernorm.weight 768\nq_b_proj.weight 5120x768\n"
                     "kv_a_proj_with_mqa.weight 576x2048\nkv_a_layernorm.weight 512\n"
                     "kv_b_proj.weight 8960x512\no_proj.weight 2048x5120",
                     "num_attention_heads 20 shape; q_lora_rank 768 shape; kv_lora_rank 512 shape; "
                     "qk_nope_head_dim 192 shape; qk_rope_head_dim 64 shape; v_head_dim 256 shape");
    expect_attention("Kimi-K2", 7168,
                     "q_a_proj.weight 1536x7168\nq_a_layernorm.weight 1536\nq_b_proj.weight 12288x1536\n"
                     "kv_a_proj_with_mqa.weight 576x7168\nkv_a_layernorm.weight 512\n"
                     "kv_b_proj.weight 16384x512\no_proj.weight 7168x8192",
                     "num_attention_heads 64 shape; qk_nope_head_dim 128 shape; v_head_dim 128 shape");
    expect_attention("MiniCPM3-4B", 2560,
                     "q_a_proj.weight 768x2560\nq_a_layernorm.weight 768\nq_b_proj.weight 3840x768\n"
                     "kv_a_proj_with_mqa.weight 288x2560\nkv_a_layernorm.weight 256\n"
                     "kv_b_proj.weight 5120x256\no_proj.weight 2560x2560",
                     "num_attention_heads 40 shape; kv_lora_rank 256 shape; qk_nope_head_dim 64 shape; "
                     "qk_rope_head_dim 32 shape; v_head_dim 64 shape");
    expect_attention("DeepSeek-V2-Lite, queries without a rank", 2048,
                     "q_proj.weight 3072x2048\nkv_a_proj_with_mqa.weight 576x2048\n"
                     "kv_a_layernorm.weight 512\nkv_b_proj.weight 4096x512\no_proj.weight 2048x2048",
                     "num_attention_heads 16 shape; q_lora_rank null shape; qk_nope_head_dim 128 shape; "
                     "v_head_dim 128 shape");
    expect_attention("without the norm, columns of kv_b", 2048,
                     "q_proj.weight 3072x2048\nkv_a_proj_with_mqa.weight 576x2048\n"
                     "kv_b_proj.weight 4096x512\no_proj.weight 2048x2048",
                     "num_attention_heads 16 shape; kv_lora_rank 512 shape; qk_rope_head_dim 64 shape");
    expect_attention("both ways down in one matrix", 7168,
                     "fused_qkv_a_proj_with_mqa.weight 2112x7168\nq_a_layernorm.weight 1536\n"
                     "q_b_proj.weight 24576x1536\nkv_a_layernorm.weight 512\n"
                     "kv_b_proj.weight 32768x512\no_proj.weight 7168x16384",
                     "num_attention_heads 128 shape; q_lora_rank 1536 shape; qk_rope_head_dim 64 shape");
}

/* llama.cpp splits kv_b: k_b is [heads, rank, nope], v_b is [heads, value, rank]. */
Test(attention, latent_keys_and_values_split)
{
    ari_model *m =
        infer("token_embd.weight 5000x2048\nblk.{2}.attn_norm.weight 2048\nblk.{2}.ffn_norm.weight 2048\n"
              "blk.{2}.attn_q.weight 3072x2048\nblk.{2}.attn_kv_a_mqa.weight 576x2048\n"
              "blk.{2}.attn_kv_a_norm.weight 512\nblk.{2}.attn_k_b.weight 16x512x128\n"
              "blk.{2}.attn_v_b.weight 16x128x512\nblk.{2}.attn_output.weight 2048x2048\n"
              "blk.{2}.ffn_gate.weight 5504x2048\nblk.{2}.ffn_up.weight 5504x2048\n"
              "blk.{2}.ffn_down.weight 2048x5504\n");
    expect_facts(m, "V2-Lite split",
                 "num_attention_heads 16 shape; kv_lora_rank 512 shape; q_lora_rank null shape; "
                 "qk_nope_head_dim 128 shape; qk_rope_head_dim 64 shape; v_head_dim 128 shape");
    ari_model_close(m);
}

/* Sizes that no number of heads satisfies settle nothing that hangs on the heads. */
Test(attention, latent_sizes_that_do_not_add_up)
{
    expect_attention("a rest", 2048,
                     "q_proj.weight 3073x2048\nkv_a_proj_with_mqa.weight 576x2048\n"
                     "kv_a_layernorm.weight 512\nkv_b_proj.weight 4096x512\no_proj.weight 2048x2048",
                     "num_attention_heads null unknown; kv_lora_rank 512 shape; qk_rope_head_dim 64 shape; "
                     "qk_nope_head_dim null unknown; v_head_dim null unknown; attention_type \"mla\" shape");
    expect_attention("no rotated part", 2048,
                     "q_proj.weight 3072x2048\nkv_a_proj_with_mqa.weight 512x2048\n"
                     "kv_a_layernorm.weight 512\nkv_b_proj.weight 4096x512\no_proj.weight 2048x2048",
                     "num_attention_heads null unknown; qk_rope_head_dim null unknown");
}

/* --- Triples ------------------------------------------------------------------------------------ */

static size_t numbers(const ari_model *m, const char *field, uint64_t *out)
{
    size_t n = 0;
    char text[2048], *at = text, *end;
    snprintf(text, sizeof(text), "%s", candidates_text(m, field));
    for (; *at != '\0'; at = end) out[n++] = strtoull(at, &end, 10);
    return n;
}

/* Parallel lists, of every even head_dim of 8 to 576 that divides both widths, each once. */
static void expect_triples(const ari_model *m, uint64_t queries, uint64_t keys)
{
    uint64_t heads[300], kv_heads[300], sizes[300];
    size_t n = numbers(m, "head_dim", sizes), wanted = 0;
    cr_assert(numbers(m, "num_attention_heads", heads) == n &&
              numbers(m, "num_key_value_heads", kv_heads) == n);
    for (size_t i = 0; i < n; i++) {
        cr_expect(heads[i] * sizes[i] == queries && kv_heads[i] * sizes[i] == keys, "%" PRIu64, sizes[i]);
        for (size_t k = 0; k < i; k++) cr_expect(sizes[i] != sizes[k], "%" PRIu64 " twice", sizes[i]);
    }
    for (uint64_t h = 8; h <= 576; h += 2) wanted += queries % h == 0 && keys % h == 0;
    cr_expect(n == wanted, "%" PRIu64 " and %" PRIu64 ": %zu triples wanted, found %zu", queries, keys,
              wanted, n);
    char first[64];
    snprintf(first, sizeof(first), "head_dim %" PRIu64 " ambiguous", sizes[0]);
    expect_facts(m, "the first candidate is the value", first);
}

Test(attention, every_triple_that_divides)
{
    static const unsigned widths[][3] = {
        /* hidden, queries, keys */
        { 4096, 4096, 4096 }, { 4096, 4096, 1024 }, { 2048, 2048, 256 },  { 896, 896, 128 },
        { 576, 576, 192 },    { 3200, 3200, 3200 }, { 5120, 4096, 1024 }, { 4544, 4544, 64 },
        { 4608, 4608, 1152 }, { 3072, 3072, 8 },
    };
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        unsigned h = widths[i][0], q = widths[i][1], k = widths[i][2];
        char lines[256];
        snprintf(lines, sizeof(lines),
                 "q_proj.weight %ux%u\nk_proj.weight %ux%u\nv_proj.weight %ux%u\no_proj.weight %ux%u", q, h,
                 k, h, k, h, h, q);
        ari_model *m = attend(h, lines);
        expect_triples(m, q, k);
        ari_model_close(m);
    }
}

/* How common head sizes are puts 128 first for Llama 3's widths, 64 for SmolLM's (all others do not divide
 * 192). */
Test(attention, the_likeliest_comes_first)
{
    expect_attention(
        "Llama-3-8B", 4096,
        "q_proj.weight 4096x4096\nk_proj.weight 1024x4096\nv_proj.weight 1024x4096\no_proj.weight 4096x4096",
        "num_attention_heads 32 ambiguous; num_key_value_heads 8 ambiguous; head_dim 128 ambiguous");
    expect_attention(
        "SmolLM2-135M", 576,
        "q_proj.weight 576x576\nk_proj.weight 192x576\nv_proj.weight 192x576\no_proj.weight 576x576",
        "num_attention_heads 9 ambiguous; num_key_value_heads 3 ambiguous; head_dim 64 ambiguous");
}

Test(attention, types)
{
    expect_attention(
        "as many keys", 4096,
        "q_proj.weight 4096x4096\nk_proj.weight 4096x4096\nv_proj.weight 4096x4096\no_proj.weight 4096x4096",
        "attention_type \"mha\" shape; qk_norm false convention; attention_bias false shape");
    expect_attention(
        "keys wider than any head", 4096,
        "q_proj.weight 4096x4096\nk_proj.weight 1024x4096\nv_proj.weight 1024x4096\no_proj.weight 4096x4096\n"
        "q_proj.bias 4096\nk_proj.bias 1024\nv_proj.bias 1024",
        "attention_type \"gqa\" shape; attention_bias true shape");
    /* One head of 256 or several smaller ones: Gemma-2B says one. */
    ari_model *m = attend(
        2048,
        "q_proj.weight 2048x2048\nk_proj.weight 256x2048\nv_proj.weight 256x2048\no_proj.weight 2048x2048");
    cr_expect(m->architecture.fields[ARI_FIELD_ATTENTION_TYPE].basis == ARI_AMBIGUOUS);
    cr_expect(strstr(candidates_text(m, "attention_type"), "mqa") != NULL &&
              strstr(candidates_text(m, "attention_type"), "gqa") != NULL);
    ari_model_close(m);
}

/* --- What decides --------------------------------------------------------------------------------- */

Test(attention, tensors_that_fix_a_head)
{
    expect_attention(
        "Qwen3-0.6B: a norm of one head", 1024,
        "q_proj.weight 2048x1024\nk_proj.weight 1024x1024\nv_proj.weight 1024x1024\no_proj.weight 1024x2048\n"
        "q_norm.weight 128\nk_norm.weight 128",
        "num_attention_heads 16 shape; num_key_value_heads 8 shape; head_dim 128 shape; qk_norm true shape; "
        "attention_type \"gqa\" shape");
    expect_attention(
        "gpt-oss-20b: a sink a head", 2880,
        "q_proj.weight 4096x2880\nk_proj.weight 512x2880\nv_proj.weight 512x2880\no_proj.weight 2880x4096\n"
        "sinks 64",
        "num_attention_heads 64 shape; num_key_value_heads 8 shape; head_dim 64 shape");
    expect_attention("Command-R+: norms of two dimensions", 12288,
                     "q_proj.weight 12288x12288\nk_proj.weight 1024x12288\nv_proj.weight 1024x12288\n"
                     "o_proj.weight 12288x12288\nq_norm.weight 96x128\nk_norm.weight 8x128",
                     "num_attention_heads 96 shape; num_key_value_heads 8 shape; head_dim 128 shape");
    expect_attention(
        "Qwen3-Next: queries doubled by a gate", 2048,
        "q_proj.weight 8192x2048\nk_proj.weight 512x2048\nv_proj.weight 512x2048\no_proj.weight 2048x4096\n"
        "q_norm.weight 256\nk_norm.weight 256",
        "num_attention_heads 16 shape; num_key_value_heads 2 shape; head_dim 256 shape");
    expect_attention(
        "MiMo-V2-Flash: narrower values", 4096,
        "q_proj.weight 12288x4096\nk_proj.weight 768x4096\nv_proj.weight 512x4096\no_proj.weight 4096x8192\n"
        "attention_sink_bias 64",
        "num_attention_heads 64 shape; num_key_value_heads 4 shape; head_dim 192 shape; v_head_dim 128 "
        "shape");
    expect_attention(
        "one matrix and a norm", 3072,
        "qkv_proj.weight 5120x3072\no_proj.weight 3072x3072\nq_norm.weight 128\nk_norm.weight 128",
        "num_attention_heads 24 shape; num_key_value_heads 8 shape; head_dim 128 shape");
}

/* T5 shares one bias table among all blocks: [buckets, heads]. mt5-small has 6 heads of 64 at a width of 512.
 */
Test(attention, relative_bias_counts_heads)
{
    ari_model *m =
        infer("shared.weight 5000x512\n"
              "encoder.block.{8}.layer.0.SelfAttention.q.weight 384x512\n"
              "encoder.block.{8}.layer.0.SelfAttention.k.weight 384x512\n"
              "encoder.block.{8}.layer.0.SelfAttention.v.weight 384x512\n"
              "encoder.block.{8}.layer.0.SelfAttention.o.weight 512x384\n"
              "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight 32x6\n"
              "encoder.block.{8}.layer.0.layer_norm.weight 512\n"
              "encoder.block.{8}.layer.1.DenseReluDense.wi_0.weight 1024x512\n"
              "encoder.block.{8}.layer.1.DenseReluDense.wi_1.weight 1024x512\n"
              "encoder.block.{8}.layer.1.DenseReluDense.wo.weight 512x1024\n"
              "encoder.block.{8}.layer.1.layer_norm.weight 512\nencoder.final_layer_norm.weight 512\n");
    expect_facts(m, "mt5-small",
                 "num_attention_heads 6 shape; num_key_value_heads 6 shape; head_dim 64 shape; "
                 "attention_type \"mha\" shape; num_hidden_layers 8 shape; intermediate_size 1024 shape");
    ari_model_close(m);
}

/* A norm as long as the projection is over all heads at once (OLMo 2), and a lie of a length fixes nothing.
 */
Test(attention, tensors_that_fix_nothing)
{
    static const char *const norms[] = {
        "q_norm.weight 4096\nk_norm.weight 4096",
        "q_norm.weight 100\nk_norm.weight 100",
        "q_norm.weight 128\nk_norm.weight 64",
        "q_norm.weight 0\nk_norm.weight 0",
        "sinks 33",
        "sinks 0",
        "sinks 100000",
    };
    for (size_t i = 0; i < sizeof(norms) / sizeof(norms[0]); i++) {
        char lines[256];
        snprintf(lines, sizeof(lines),
                 "q_proj.weight 4096x4096\nk_proj.weight 4096x4096\nv_proj.weight 4096x4096\n"
                 "o_proj.weight 4096x4096\n%s",
                 norms[i]);
        ari_model *m = attend(4096, lines);
        cr_expect(m->architecture.fields[ARI_FIELD_HEAD_DIM].basis == ARI_AMBIGUOUS, "%s", norms[i]);
        expect_triples(m, 4096, 4096);
        ari_model_close(m);
    }
}

/* A rotary table has a pair of entries for each two of a head: Llama rotates whole heads. */
Test(attention, rotary_tables)
{
    expect_attention(
        "Llama-2-7B", 4096,
        "q_proj.weight 4096x4096\nk_proj.weight 4096x4096\nv_proj.weight 4096x4096\no_proj.weight 4096x4096\n"
        "rotary_emb.inv_freq F32 64",
        "num_attention_heads 32 convention; num_key_value_heads 32 convention; head_dim 128 convention");
}

/* --- Queries, keys and values in one matrix ----------------------------------------------------------- */

static void expect_fused(const char *what, unsigned hidden, const char *lines, uint64_t queries,
                         uint64_t keys, const char *facts)
{
    ari_model *m = attend(hidden, lines);
    expect_triples(m, queries, keys);
    expect_facts(m, what, facts);
    ari_model_close(m);
}

Test(attention, fused_widths)
{
    expect_fused("rows - columns of o = 2 x keys", 4096, "qkv_proj.weight 6144x4096\no_proj.weight 4096x4096",
                 4096, 1024, "attention_type \"gqa\" shape");
    expect_fused("as many keys as queries", 4096, "W_pack.weight 12288x4096\no_proj.weight 4096x4096", 4096,
                 4096, "attention_type \"mha\" shape");
    expect_fused("queries wider than the model", 1024, "qkv_proj.weight 4096x1024\no_proj.weight 1024x2048",
                 2048, 1024, "attention_type \"gqa\" shape");
    expect_fused("Falcon-7B", 4544, "query_key_value.weight 4672x4544\ndense.weight 4544x4544", 4544, 64,
                 "num_attention_heads 71 ambiguous; num_key_value_heads 1 ambiguous; head_dim 64 ambiguous");
}

/* Thirds, or few keys: without the output projection nothing tells. */
Test(attention, fused_without_an_output_projection)
{
    ari_model *m = attend(4096, "qkv_proj.weight 12288x4096");
    expect_facts(m, "no output projection",
                 "attention_type null unknown; num_attention_heads null unknown; head_dim null unknown");
    ari_model_close(m);
}

/* GPT-2 stores matrices [in, out]. */
Test(attention, transposed_matrices)
{
    ari_model *m =
        infer("wte.weight 50257x768\nwpe.weight 1024x768\nh.{12}.ln_1.weight 768\nh.{12}.ln_1.bias 768\n"
              "h.{12}.ln_2.weight 768\nh.{12}.ln_2.bias 768\n"
              "h.{12}.attn.c_attn.weight 768x2304\nh.{12}.attn.c_attn.bias 2304\n"
              "h.{12}.attn.c_proj.weight 768x768\nh.{12}.mlp.c_fc.weight 768x3072\n"
              "h.{12}.mlp.c_proj.weight 3072x768\nln_f.weight 768\nln_f.bias 768\n");
    expect_triples(m, 768, 768);
    expect_facts(m, "GPT-2",
                 "hidden_size 768 shape; intermediate_size 3072 shape; attention_type \"mha\" shape; "
                 "num_attention_heads 12 ambiguous; attention_bias true shape; vocab_size 50257 shape");
    ari_model_close(m);
}

/* Widths that no head divides leave the three fields open. */
Test(attention, widths_that_cannot_be)
{
    expect_attention(
        "odd", 1025,
        "q_proj.weight 1025x1025\nk_proj.weight 1025x1025\nv_proj.weight 1025x1025\no_proj.weight 1025x1025",
        "num_attention_heads null unknown; head_dim null unknown");
    expect_attention(
        "keys wider than queries", 1024,
        "q_proj.weight 1024x1024\nk_proj.weight 2048x1024\nv_proj.weight 2048x1024\no_proj.weight 1024x1024",
        "num_attention_heads null unknown; num_key_value_heads null unknown; head_dim null unknown");
    expect_attention("no keys", 1024, "q_proj.weight 1024x1024\no_proj.weight 1024x1024",
                     "num_attention_heads null unknown; head_dim null unknown");
}
