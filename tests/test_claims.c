/* What configurations say: synonyms, nesting and exceptions as config_keys.md and the configuration classes
 * of transformers have them, params.json as Meta and Mistral write it, and the keys of gguf-py's constants.
 */
#include "infer/claims.h"

#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static const char *claim_text(const ari_model *m, const char *name)
{
    ari_field field = field_by_name(name);
    cr_assert(field != ARI_FIELD_COUNT, "%s is no field", name);
    const char *value = m->claims.of[field].value;
    return value == NULL ? "(silent)" : value;
}

/* "field value; field value ..."; "(silent)" where nothing is said. */
static void expect_claims(const ari_model *m, const char *what, const char *claims)
{
    while (*claims != '\0') {
        const char *end = strstr(claims, "; ");
        size_t n = end == NULL ? strlen(claims) : (size_t)(end - claims), word = strcspn(claims, " ");
        char name[64], wanted[256];
        snprintf(name, sizeof(name), "%.*s", (int)word, claims);
        snprintf(wanted, sizeof(wanted), "%.*s", (int)(n - word - 1), claims + word + 1);
        const char *found = claim_text(m, name);
        cr_expect(strcmp(found, wanted) == 0, "%s: %s: %s wanted, found %s", what, name, wanted, found);
        claims += n + (end == NULL ? 0 : 2);
    }
}

static void expect_config(const char *sidecar, const char *config, const char *claims)
{
    ari_model *m = infer_beside("a.weight 4x4", sidecar, config);
    expect_claims(m, config, claims);
    ari_model_close(m);
}

/* --- Synonyms ------------------------------------------------------------------------------------ */

Test(claims, one_field_has_many_keys)
{
    static const struct {
        const char *field, *keys;
    } rows[] = {
        { "hidden_size", "hidden_size n_embd n_embed d_model dim model_dim" },
        { "num_hidden_layers",
          "num_hidden_layers n_layer n_layers num_layers num_transformer_layers encoder_layers" },
        { "num_attention_heads", "num_attention_heads n_head n_heads num_heads encoder_attention_heads "
                                 "attention_heads num_query_heads" },
        { "num_key_value_heads",
          "num_key_value_heads n_kv_heads num_kv_heads n_head_kv multi_query_group_num num_query_groups" },
        { "head_dim", "head_dim d_kv kv_channels attention_head_dim d_head" },
        { "intermediate_size",
          "intermediate_size n_inner ffn_dim d_ff ffn_hidden_size hidden_dim inner_dim" },
        { "vocab_size", "vocab_size padded_vocab_size n_vocab text_vocab_size" },
        { "max_position_embeddings", "max_position_embeddings n_positions n_ctx max_seq_len seq_length "
                                     "max_sequence_length model_max_length "
                                     "context_length max_seq_length max_target_positions" },
        { "num_experts", "num_experts num_local_experts n_routed_experts moe_num_experts num_moe_experts" },
        { "num_experts_per_tok", "num_experts_per_tok num_experts_per_token moe_k moe_topk moe_top_k "
                                 "experts_per_token top_k_experts "
                                 "moe_router_topk" },
        { "num_shared_experts",
          "n_shared_experts num_shared_experts moe_num_shared_experts num_shared_expert" },
        { "moe_intermediate_size",
          "moe_intermediate_size expert_intermediate_size moe_ffn_hidden_size expert_ffn_hidden_size" },
        { "shared_expert_intermediate_size",
          "shared_expert_intermediate_size shared_intermediate_size moe_shared_expert_intermediate_size" },
        { "first_k_dense_replace", "first_k_dense_replace num_dense_layers n_dense_layers" },
        { "num_nextn_predict_layers",
          "num_nextn_predict_layers num_mtp_layers mtp_num_layers mtp_num_hidden_layers num_mtp_modules" },
        { "ssm_state_size", "mamba_d_state state_size ssm_state_size d_state" },
        { "conv_kernel", "mamba_d_conv conv_kernel d_conv linear_conv_kernel_dim conv_L_cache" },
        { "sliding_window", "sliding_window sliding_window_size local_attention attention_chunk_size" },
        { "kv_lora_rank", "kv_lora_rank" },
        { "qk_nope_head_dim", "qk_nope_head_dim" },
        { "linear_num_value_heads", "linear_num_value_heads" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (const char *key = rows[i].keys; *key != '\0'; key += strspn(key, " ")) {
            size_t n = strcspn(key, " ");
            char config[128], claims[128];
            snprintf(config, sizeof(config), "{\"%.*s\": 48}", (int)n, key);
            snprintf(claims, sizeof(claims), "%s 48", rows[i].field);
            expect_config("config.json", config, claims);
            key += n;
        }
    }
}

Test(claims, words_numbers_and_truths)
{
    static const struct {
        const char *config, *claims;
    } rows[] = {
        { "{\"hidden_act\":\"gelu\"}", "hidden_act \"gelu\"" },
        { "{\"activation_function\":\"relu\"}", "hidden_act \"relu\"" },
        { "{\"hidden_activation\":\"gelu_pytorch_tanh\",\"hidden_act\":\"gelu\"}",
          "hidden_act \"gelu_pytorch_tanh\"" },
        { "{\"ffn_config\":{\"ffn_act_fn\":{\"name\":\"silu\"}}}", "hidden_act \"silu\"" },
        { "{\"rms_norm_eps\":1e-05}", "norm_eps 1e-05" },
        { "{\"layer_norm_epsilon\":0.00001}", "norm_eps 1e-05" },
        { "{\"rope_theta\":500000.0}", "rope_theta 500000" },
        { "{\"rotary_emb_base\":10000}", "rope_theta 10000" },
        { "{\"rope_ratio\":500}", "rope_theta 5000000" },
        { "{\"tie_word_embeddings\":true}", "tie_word_embeddings true" },
        { "{\"tied_embeddings\":false}", "tie_word_embeddings false" },
        { "{\"share_embeddings_and_output_weights\":true}", "tie_word_embeddings true" },
        { "{\"qkv_bias\":true}", "attention_bias true" },
        { "{\"qk_layernorm\":true}", "qk_norm true" },
        { "{\"model_type\":\"llama\"}", "model_type \"llama\"" },
        /* What is of the wrong kind says nothing. */
        { "{\"hidden_size\":\"4096\"}", "hidden_size (silent)" },
        { "{\"hidden_size\":-1}", "hidden_size (silent)" },
        { "{\"hidden_size\":4096.5}", "hidden_size (silent)" },
        { "{\"hidden_size\":1e300}", "hidden_size (silent)" },
        { "{\"hidden_size\":null}", "hidden_size (silent)" },
        { "{\"hidden_size\":{\"a\":1}}", "hidden_size (silent)" },
        { "{\"tie_word_embeddings\":1}", "tie_word_embeddings (silent)" },
        { "{\"hidden_act\":7}", "hidden_act (silent)" },
        { "{\"rms_norm_eps\":\"tiny\"}", "norm_eps (silent)" },
        { "{}",
          "hidden_size (silent); num_key_value_heads (silent); head_dim (silent); model_type (silent)" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_config("config.json", rows[i].config, rows[i].claims);
}

/* Of a list with one entry a layer, the commonest that is not 0. */
Test(claims, lists_of_layers)
{
    expect_config("config.json", "{\"num_query_heads\":[12,12,16,16,16,20],\"num_kv_heads\":[3,3,4,4,4,5]}",
                  "num_attention_heads 16; num_key_value_heads 4");
    expect_config("config.json", "{\"num_key_value_heads\":[0,0,0,8,0,0,0,8]}", "num_key_value_heads 8");
    expect_config("config.json", "{\"intermediate_size\":[]}", "intermediate_size (silent)");
    expect_config("config.json", "{\"intermediate_size\":[0,0]}", "intermediate_size (silent)");
    expect_config(
        "config.json",
        "{\"layer_types\":[\"linear_attention\",\"linear_attention\",\"linear_attention\",\"full_attention\","
        "\"linear_attention\",\"linear_attention\",\"linear_attention\",\"full_attention\"]}",
        "layer_types [[\"linear_attention\", 3], [\"full_attention\", 1]]");
    expect_config("config.json", "{\"layers_block_type\":[\"mamba\",\"mamba\",\"mamba\"]}",
                  "layer_types [[\"mamba\", 1]]");
    expect_config("config.json", "{\"layer_types\":\"full\"}", "layer_types (silent)");
}

/* --- Where it lies ---------------------------------------------------------------------------------- */

Test(claims, the_text_model_inside_another)
{
    static const char *const containers[] = { "text_config", "llm_config", "language_config", "lm_config",
                                              "decoder" };
    char config[256];
    for (size_t i = 0; i < sizeof(containers) / sizeof(containers[0]); i++) {
        snprintf(config, sizeof(config),
                 "{\"hidden_size\":1,\"vocab_size\":9,\"vision_config\":{\"hidden_size\":2},\"%s\":{\"hidden_"
                 "size\":3}}",
                 containers[i]);
        /* The inner key comes first, what it lacks is asked of the whole. */
        expect_config("config.json", config, "hidden_size 3; vocab_size 9");
    }
    expect_config(
        "config.json",
        "{\"thinker_config\":{\"text_config\":{\"hidden_size\":3},\"audio_config\":{\"d_model\":4}},"
        "\"talker_config\":{\"text_config\":{\"hidden_size\":5}}}",
        "hidden_size 3");
    expect_config("config.json", "{\"text_config\":7,\"hidden_size\":3}", "hidden_size 3");
    expect_config("config.json", "{\"attn_config\":{\"kv_n_heads\":8,\"rope_theta\":500000},\"n_heads\":48}",
                  "num_key_value_heads 8; rope_theta 500000; num_attention_heads 48");
}

Test(claims, rope)
{
    expect_config("config.json",
                  "{\"rope_theta\":500000,\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8.0}}",
                  "rope_theta 500000; rope_scaling {\"rope_type\":\"llama3\",\"factor\":8}");
    expect_config("config.json", "{\"rope_theta\":10000,\"rope_scaling\":null}", "rope_scaling null");
    expect_config("config.json", "{\"rope_scaling\":{\"type\":\"linear\",\"factor\":2.5}}",
                  "rope_scaling {\"type\":\"linear\",\"factor\":2.5}");
    expect_config("config.json", "{\"rope_scaling\":{\"rope_type\":\"default\"}}", "rope_scaling null");
    /* One dictionary since transformers 5. */
    expect_config("config.json", "{\"rope_parameters\":{\"rope_type\":\"default\",\"rope_theta\":1000000.0}}",
                  "rope_theta 1000000; rope_scaling null");
    expect_config(
        "config.json", "{\"rope_parameters\":{\"rope_type\":\"yarn\",\"rope_theta\":10000,\"factor\":4}}",
        "rope_theta 10000; rope_scaling {\"rope_type\":\"yarn\",\"rope_theta\":10000,\"factor\":4}");
    /* One a kind of layer. */
    expect_config(
        "config.json",
        "{\"rope_parameters\":{\"full_attention\":{\"rope_type\":\"linear\",\"rope_theta\":1000000,"
        "\"factor\":8},"
        "\"sliding_attention\":{\"rope_type\":\"default\",\"rope_theta\":10000}}}",
        "rope_theta 1000000; rope_scaling {\"rope_type\":\"linear\",\"rope_theta\":1000000,\"factor\":8}");
}

/* --- What keys do not mean literally -------------------------------------------------------------------- */

Test(claims, exceptions)
{
    /* Qwen 1 states gate and up together: Qwen-7B's 22016 are twice 11008. */
    expect_config("config.json", "{\"model_type\":\"qwen\",\"intermediate_size\":22016}",
                  "intermediate_size 11008");
    /* So does Molmo: 37888 are twice the 18944 of the Qwen 2 inside. */
    expect_config("config.json", "{\"model_type\":\"molmo\",\"intermediate_size\":37888}",
                  "intermediate_size 18944");
    expect_config("config.json", "{\"model_type\":\"molmo\"}", "intermediate_size (silent)");
    expect_config("config.json", "{\"model_type\":\"qwen2\",\"intermediate_size\":22016}",
                  "intermediate_size 22016");
    expect_config("config.json", "{\"model_type\":\"gemma\",\"hidden_act\":\"gelu\"}",
                  "hidden_act \"gelu_pytorch_tanh\"");
    expect_config("config.json",
                  "{\"model_type\":\"falcon\",\"multi_query\":true,\"num_attention_heads\":71}",
                  "num_key_value_heads 1; attention_type \"mqa\"");
    expect_config("config.json",
                  "{\"model_type\":\"falcon\",\"multi_query\":true,\"new_decoder_architecture\":true,"
                  "\"num_kv_heads\":8,\"num_attention_heads\":128}",
                  "num_key_value_heads 8");
    expect_config("config.json", "{\"sliding_window\":4096,\"use_sliding_window\":false}",
                  "sliding_window null");
    expect_config("config.json", "{\"sliding_window\":4096,\"use_sliding_window\":true}",
                  "sliding_window 4096");
    /* Llama 4: the dense layers' width is another key. */
    expect_config("config.json", "{\"intermediate_size\":8192,\"intermediate_size_mlp\":16384}",
                  "intermediate_size 16384");
    /* Under latent attention these are placeholders. */
    expect_config(
        "config.json",
        "{\"kv_lora_rank\":512,\"q_lora_rank\":null,\"num_attention_heads\":16,\"num_key_value_heads\":16,"
        "\"head_dim\":64}",
        "kv_lora_rank 512; num_key_value_heads (silent); head_dim (silent); attention_type \"mla\"");
}

Test(claims, absent_keys_take_defaults)
{
    expect_config("config.json", "{\"hidden_size\":4096,\"num_attention_heads\":32}",
                  "num_key_value_heads 32; head_dim 128; attention_type \"mha\"");
    expect_config("config.json",
                  "{\"model_type\":\"mistral\",\"hidden_size\":4096,\"num_attention_heads\":32}",
                  "num_key_value_heads 8; head_dim 128; hidden_act \"silu\"");
    expect_config(
        "config.json", "{\"model_type\":\"gpt2\",\"n_embd\":1024}",
        "num_hidden_layers 12; num_attention_heads 12; intermediate_size 4096; tie_word_embeddings true");
    expect_config("config.json", "{\"model_type\":\"gemma\",\"hidden_size\":2048,\"num_attention_heads\":8}",
                  "head_dim 256");
    expect_config("config.json", "{\"model_type\":\"gpt_oss\"}",
                  "num_experts 128; num_experts_per_tok 4; head_dim 64; rope_theta 150000");
    expect_config("config.json", "{\"model_type\":\"nobody's\"}",
                  "num_hidden_layers (silent); hidden_act (silent)");
    expect_config("config.json", "{\"hidden_size\":4097,\"num_attention_heads\":32}", "head_dim (silent)");
    expect_config("config.json", "{\"hidden_size\":4096,\"num_attention_heads\":0}", "head_dim (silent)");
    ari_model *m =
        infer_beside("a 1", "config.json", "{\"model_type\":\"mistral\",\"num_attention_heads\":16}");
    cr_expect(m->claims.of[ARI_FIELD_NUM_KEY_VALUE_HEADS].by_default);
    cr_expect(!m->claims.of[ARI_FIELD_NUM_ATTENTION_HEADS].by_default);
    ari_model_close(m);
}

/* Meta's recipe: multiple_of x ceil(factor x floor(8 dim / 3) / multiple_of). */
Test(claims, params_json)
{
    expect_config("params.json",
                  "{\"dim\":4096,\"n_layers\":32,\"n_heads\":32,\"multiple_of\":256,\"norm_eps\":1e-06,"
                  "\"vocab_size\":-1}",
                  "hidden_size 4096; num_hidden_layers 32; num_attention_heads 32; intermediate_size 11008; "
                  "norm_eps 1e-06; "
                  "vocab_size (silent)");
    expect_config(
        "params.json",
        "{\"dim\":8192,\"n_heads\":64,\"n_kv_heads\":8,\"multiple_of\":4096,\"ffn_dim_multiplier\":1.3}",
        "intermediate_size 28672; num_key_value_heads 8; head_dim 128");
    expect_config("params.json", "{\"dim\":4096,\"multiple_of\":1024,\"ffn_dim_multiplier\":1.3}",
                  "intermediate_size 14336");
    expect_config("params.json", "{\"dim\":4096,\"multiple_of\":0}", "intermediate_size (silent)");
    expect_config("params.json", "{\"dim\":4096,\"multiple_of\":256,\"ffn_dim_multiplier\":-1}",
                  "intermediate_size (silent)");
    /* Mistral says it outright. */
    expect_config("params.json",
                  "{\"dim\":4096,\"hidden_dim\":14336,\"head_dim\":128,\"n_heads\":32,\"n_kv_heads\":8,"
                  "\"moe\":{\"num_experts\":8,\"num_experts_per_tok\":2}}",
                  "intermediate_size 14336; num_experts 8; num_experts_per_tok 2; head_dim 128");
}

Test(claims, adapters)
{
    ari_model *m = infer_beside(
        "a 1", "adapter_config.json",
        "{\"r\":16,\"base_model_name_or_path\":\"mistralai/Mistral-7B-v0.1\",\"hidden_size\":7}");
    expect_claims(m, "adapter_config.json", "lora_rank 16; hidden_size (silent)");
    cr_assert(m->claims.origin_count == 1);
    cr_expect(strcmp(m->claims.origins[0].stated, "mistralai/Mistral-7B-v0.1") == 0);
    cr_expect(strcmp(m->claims.origins[0].by, "adapter_config.json: base_model_name_or_path") == 0);
    ari_model_close(m);
}

Test(claims, origins_that_are_paths_name_nothing)
{
    static const struct {
        const char *path;
        size_t count;
    } rows[] = { { "meta-llama/Llama-2-7b-hf", 1 },
                 { "/home/me/model", 0 },
                 { "./out", 0 },
                 { "C:\\\\model", 0 },
                 { "", 0 } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char config[128];
        snprintf(config, sizeof(config), "{\"_name_or_path\":\"%s\"}", rows[i].path);
        ari_model *m = infer_beside("a 1", "config.json", config);
        cr_expect(m->claims.origin_count == rows[i].count, "%s", rows[i].path);
        ari_model_close(m);
    }
}

Test(claims, class_and_quantization)
{
    ari_model *m = infer_beside("a 1", "config.json",
                                "{\"architectures\":[\"LlamaForCausalLM\"],\"quantization_config\":"
                                "{\"quant_method\":\"gptq\",\"bits\":4,\"group_size\":128}}");
    cr_expect(strcmp(m->claims.architecture_class, "LlamaForCausalLM") == 0);
    cr_expect(strcmp(m->claims.quantization, "{\"scheme\":\"gptq\",\"bits\":4,\"group_size\":128}") == 0,
              "%s", m->claims.quantization);
    ari_model_close(m);
    m = infer_beside("a 1", "config.json", "{\"quantization\":{\"group_size\":64,\"bits\":3}}");
    cr_expect(strcmp(m->claims.quantization, "{\"scheme\":\"mlx\",\"bits\":3,\"group_size\":64}") == 0);
    ari_model_close(m);
    m = infer_beside("a 1", "config.json",
                     "{\"quantization_config\":{\"quant_method\":\"bitsandbytes\",\"load_in_4bit\":true}}");
    cr_expect(strcmp(m->claims.quantization, "{\"scheme\":\"bnb\",\"bits\":4,\"group_size\":null}") == 0);
    ari_model_close(m);
}

/* Text out of a file is escaped, and a file that cannot be read is a finding. */
Test(claims, hostile_files)
{
    ari_model *m = infer_beside("a 1", "config.json",
                                "{\"architectures\":[\"\\u001b[31m\\u202e\"],\"model_type\":\"a\\u0007b\"}");
    cr_expect(strcmp(m->claims.architecture_class, "\\x1b[31m\\u202e") == 0, "%s",
              m->claims.architecture_class);
    cr_expect(strchr(claim_text(m, "model_type"), 7) == NULL);
    ari_model_close(m);
    static const char *const broken[] = { "", "[]", "7", "{", "{\"a\":}", "\xff\xfe", "null" };
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        m = infer_beside("a 1", "config.json", broken[i]);
        cr_expect(ari_model_finding_count(m) == 1 &&
                      strcmp(ari_model_finding(m, 0).id, "config-unreadable") == 0,
                  "%s", broken[i]);
        expect_claims(m, broken[i], "hidden_size (silent)");
        ari_model_close(m);
    }
}

Test(claims, evidence_names_the_key)
{
    ari_model *m = infer_beside("a 1", "config.json", "{\"text_config\":{\"n_embd\":64}}");
    cr_expect(strcmp(m->claims.of[ARI_FIELD_HIDDEN_SIZE].evidence, "config.json: n_embd") == 0, "%s",
              m->claims.of[ARI_FIELD_HIDDEN_SIZE].evidence);
    ari_model_close(m);
}

/* --- GGUF ------------------------------------------------------------------------------------------- */

enum { GGUF_U32 = 4, GGUF_F32 = 6, GGUF_STRING = 8, GGUF_ARRAY = 9 };

static void put_text(maker *m, const char *key, const char *value)
{
    put_string(m, key);
    put(m, GGUF_STRING, 4);
    put_string(m, value);
}

Test(claims, keys_of_gguf)
{
    maker *m = begin_gguf(3, false, 0, 15);
    put_text(m, "general.architecture", "deepseek2");
    put_pair(m, "deepseek2.block_count", GGUF_U32, 62, 4);
    put_pair(m, "deepseek2.nextn_predict_layers", GGUF_U32, 1, 4);
    put_pair(m, "deepseek2.embedding_length", GGUF_U32, 7168, 4);
    put_pair(m, "deepseek2.attention.head_count", GGUF_U32, 128, 4);
    put_pair(m, "deepseek2.attention.head_count_kv", GGUF_U32, 1, 4);
    put_pair(m, "deepseek2.attention.kv_lora_rank", GGUF_U32, 512, 4);
    put_pair(m, "deepseek2.attention.key_length_mla", GGUF_U32, 192, 4);
    put_pair(m, "deepseek2.attention.value_length_mla", GGUF_U32, 128, 4);
    put_pair(m, "deepseek2.rope.dimension_count", GGUF_U32, 64, 4);
    put_pair(m, "deepseek2.expert_count", GGUF_U32, 256, 4);
    put_pair(m, "deepseek2.attention.layer_norm_rms_epsilon", GGUF_F32, 0x358637bd, 4); /* 1e-6 */
    put_text(m, "deepseek2.rope.scaling.type", "yarn");
    put_pair(m, "deepseek2.rope.scaling.factor", GGUF_F32, 0x42200000, 4); /* 40 */
    put_pair(m, "llama.vocab_size", GGUF_U32, 7, 4);                       /* Of another architecture. */
    ari_model *model = infer_made(m);
    expect_claims(
        model, "DeepSeek-V3",
        "model_type \"deepseek2\"; num_hidden_layers 61; num_nextn_predict_layers 1; hidden_size 7168; "
        "num_attention_heads 128; num_key_value_heads (silent); kv_lora_rank 512; qk_rope_head_dim 64; "
        "qk_nope_head_dim 128; v_head_dim 128; num_experts 256; norm_eps 1e-06; norm_type \"rmsnorm\"; "
        "attention_type \"mla\"; rope_scaling {\"rope_type\":\"yarn\",\"factor\":40}; vocab_size (silent)");
    ari_model_close(model);
}

Test(claims, arrays_of_gguf)
{
    maker *m = begin_gguf(3, false, 0, 5);
    put_text(m, "general.architecture", "lfm2");
    put_pair(m, "lfm2.attention.head_count", GGUF_U32, 32, 4);
    put_string(m, "lfm2.attention.head_count_kv");
    put(m, GGUF_ARRAY, 4);
    put(m, GGUF_U32, 4);
    put(m, 4, 8);
    for (unsigned i = 0; i < 4; i++) put(m, i == 2 ? 8 : 0, 4);
    put_string(m, "tokenizer.ggml.tokens");
    put(m, GGUF_ARRAY, 4);
    put(m, GGUF_STRING, 4);
    put(m, 3, 8);
    for (unsigned i = 0; i < 3; i++) put_string(m, "t");
    put_text(m, "general.base_model.0.repo_url", "https://huggingface.co/LiquidAI/LFM2-1.2B");
    ari_model *model = infer_made(m);
    expect_claims(model, "LFM2", "num_key_value_heads 8; vocab_size 3; attention_type \"gqa\"");
    cr_assert(model->claims.origin_count == 1);
    cr_expect(strcmp(model->claims.origins[0].stated, "https://huggingface.co/LiquidAI/LFM2-1.2B") == 0);
    ari_model_close(model);
}
