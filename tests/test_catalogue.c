/* The built-in reference models against their published sizes, and against sources read apart from them. */
#include "compare/record.h"

#include "files.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static ari_catalogue *built_in(void)
{
    ari_catalogue *c = NULL;
    cr_assert(ari_catalogue_open(NULL, 0, &c, NULL) == ARI_OK);
    return c;
}

/* Of the five verified models, and where the first tables were wrong: from their configurations and papers.
 */
Test(catalogue, figures_that_were_read)
{
    static const struct {
        const char *name, *field, *value;
    } rows[] = {
        { "upstage/Solar-Open-100B", "hidden_size", "4096" },
        { "upstage/Solar-Open-100B", "head_dim", "128" },
        { "upstage/Solar-Open-100B", "moe_intermediate_size", "1280" },
        { "upstage/Solar-Open-100B", "intermediate_size", "10240" },
        { "upstage/Solar-Open-100B", "vocab_size", "196608" },
        { "skt/A.X-K1", "moe_intermediate_size", "2048" },
        { "skt/A.X-K1", "attention_type", "\"mla\"" },
        { "skt/A.X-K1", "num_key_value_heads", "null" },
        { "skt/A.X-K1", "q_lora_rank", "1536" },
        { "NC-AI-consortium-VAETKI/VAETKI", "num_attention_heads", "24" },
        { "NC-AI-consortium-VAETKI/VAETKI", "first_k_dense_replace", "3" },
        { "NC-AI-consortium-VAETKI/VAETKI", "sliding_window", "512" },
        { "LGAI-EXAONE/K-EXAONE-236B-A23B", "num_experts", "128" },
        { "LGAI-EXAONE/K-EXAONE-236B-A23B", "rope_theta", "1000000" },
        { "LGAI-EXAONE/K-EXAONE-236B-A23B", "layer_types",
          "[[\"sliding_attention\", 3], [\"full_attention\", 1]]" },
        { "naver-hyperclovax/HyperCLOVAX-SEED-Think-32B", "rope_theta", "50000000" },
        { "naver-hyperclovax/HyperCLOVAX-SEED-Think-32B", "num_hidden_layers", "72" },
        { "Qwen/Qwen2.5-72B", "hidden_size", "8192" },
        { "Qwen/Qwen2.5-72B", "num_attention_heads", "64" },
        { "Qwen/Qwen2.5-72B", "vocab_size", "152064" },
        { "Qwen/Qwen2-57B-A14B", "moe_intermediate_size", "2560" },
        { "Qwen/Qwen2-57B-A14B", "shared_expert_intermediate_size", "20480" },
        { "meta-llama/Meta-Llama-3-70B", "vocab_size", "128256" },
        { "zai-org/GLM-4.5-Air", "num_hidden_layers", "46" },
        { "zai-org/GLM-4.5-Air", "num_attention_heads", "96" },
    };
    ari_catalogue *c = built_in();
    cr_expect_eq(c->count, 473);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ari_entry *e = catalogue_find(c, rows[i].name);
        cr_assert(e != NULL, "%s", rows[i].name);
        const ari_value *v = entry_value(e, field_by_name(rows[i].field));
        cr_expect(v != NULL && strcmp(v->json, rows[i].value) == 0, "%s: %s is %s, not %s", rows[i].name,
                  rows[i].field, v == NULL ? "not there" : v->json, rows[i].value);
    }
    ari_catalogue_free(c);
}

Test(catalogue, every_entry_says_where_it_is_from)
{
    ari_catalogue *c = built_in();
    for (size_t i = 0; i < c->count; i++) {
        const ari_entry *e = c->entries[i];
        cr_expect(e->source != NULL && e->family != NULL && e->stated_count > 1, "%s", e->name);
        cr_expect(i == 0 || strcmp(c->entries[i - 1]->name, e->name) < 0, "%s is out of order", e->name);
    }
    cr_expect_str_eq(catalogue_find(c, "hyperclovax-seed-think-32b")->unverified[0], "intermediate_size");
    ari_catalogue_free(c);
}

/* Entries whose parameters, summed over their fields, are more than 1% from the published total: and why. */
static const struct exception {
    const char *name, *why;
} exceptions[] = {
    { "HuggingFaceM4/Idefics3-8B-Llama3", "the published total counts the vision tower too" },
    { "LGAI-EXAONE/EXAONE-4.5-33B", "the published total counts the vision tower too" },
    { "allenai/Molmo-7B-D-0924", "the published total counts the vision tower too" },
    { "google/paligemma-3b-pt-224", "the published total counts the vision tower too" },
    { "llava-hf/llava-1.5-7b-hf", "the published total counts the vision tower too" },
    { "mistralai/Pixtral-12B-2409", "the published total counts the vision tower too" },
    { "meta-llama/Llama-4-Scout-17B-16E-Instruct", "the published total counts the vision tower too" },
    { "Skywork/Skywork-13B-Base", "rounded: 13 B of 13.85" },
    { "Tele-AI/TeleChat2-115B", "rounded; key/value heads and vocabulary are from memory" },
    { "Tele-AI/TeleChat2-35B", "rounded; the vocabulary is from memory" },
    { "Tele-AI/TeleChat2-3B", "rounded; the vocabulary is from memory" },
    { "Tele-AI/TeleChat2-7B", "rounded; the vocabulary is from memory" },
    { "adept/persimmon-8b-base", "rounded: 9.3 B of 9.40" },
    { "baidu/ERNIE-4.5-21B-A3B-PT", "rounded: 21 B of 21.83" },
    { "bigcode/starcoder2-15b", "rounded: 15 B of 15.65" },
    { "bigcode/starcoderbase-1b", "rounded: 1.1 B of 1.14" },
    { "bigcode/starcoderbase-3b", "rounded: 3 B of 3.04" },
    { "ibm-granite/granite-4.2-30b", "rounded, and the name is inferred" },
    { "microsoft/phi-2", "rounded: 2.7 B of 2.78" },
    { "mistralai/Devstral-2-123B-Instruct-2512", "rounded: 123 B of 125.03" },
    { "moonshotai/Kimi-K2-Instruct", "rounded: 1 T of 1.026" },
    { "moonshotai/Kimi-K2.5", "rounded: 1 T of 1.026" },
    { "nvidia/Nemotron-4-15B", "rounded: 15 B of 15.63" },
    { "nvidia/nemotron-3-8b-base-4k", "rounded: 8 B of 8.54" },
    { "sarvamai/sarvam-30b", "rounded: 30 B of 32.15" },
    { "skt/A.X-3.1", "rounded; heads and vocabulary are from memory" },
    { "skt/A.X-3.1-Light", "rounded; the vocabulary is from memory" },
    { "skt/A.X-4.0-Light", "rounded: 7 B of 7.26" },
    { "tencent/Hunyuan-4B-Instruct", "rounded: 4 B of 4.22" },
};

enum { EXCEPTIONS = sizeof(exceptions) / sizeof(exceptions[0]) };

static bool is_exception(const char *name)
{
    size_t i = 0;
    while (i < EXCEPTIONS && strcmp(exceptions[i].name, name) != 0) i++;
    return i < EXCEPTIONS;
}

Test(catalogue, parameters_follow_from_the_fields)
{
    ari_catalogue *c = built_in();
    size_t checked = 0, listed = 0, unchecked = 0;
    for (size_t i = 0; i < c->count; i++) {
        const ari_entry *e = c->entries[i];
        uint64_t total, active;
        bool counted = entry_parameters(e, &total, &active);
        bool published = e->params_basis != NULL && strcmp(e->params_basis, "published") == 0;
        if (!counted || !published || e->total_params == 0) {
            unchecked++;
            cr_expect(!is_exception(e->name), "%s is listed and not checked", e->name);
            continue;
        }
        double off = fabs((double)total / (double)e->total_params - 1);
        checked += off <= 0.01;
        listed += off > 0.01;
        cr_expect((off > 0.01) == is_exception(e->name), "%s: %.2f%% off", e->name, 100 * off);
    }
    cr_log_info("within 1%%: %zu; listed with a reason: %zu; unchecked: %zu", checked, listed, unchecked);
    cr_expect_eq(listed, EXCEPTIONS);
    cr_expect_eq(checked + listed + unchecked, c->count);
    cr_expect(checked >= 120, "%zu", checked);
    ari_catalogue_free(c);
}

/* By the configuration of Llama-2-7B: 2 x 32000 x 4096, and 32 layers of 4 x 4096^2 + 3 x 4096 x 11008 + 2 x
 * 4096, and a last norm of 4096. */
Test(catalogue, parameters_by_hand)
{
    ari_catalogue *c = built_in();
    uint64_t total = 0, active = 0;
    cr_expect(entry_parameters(catalogue_find(c, "meta-llama/Llama-2-7b-hf"), &total, &active));
    cr_expect_eq(total,
                 2ull * 32000 * 4096 + 32 * (4ull * 4096 * 4096 + 3ull * 4096 * 11008 + 2 * 4096) + 4096);
    cr_expect_eq(active, total);
    ari_catalogue_free(c);
}

/* Of DeepSeek-V2-Lite: two shared experts of 1408, stored as one MLP of 2816; Qwen2-57B states 20480. */
Test(catalogue, width_of_shared_experts)
{
    ari_catalogue *c = built_in();
    ari_arena arena = { 0 };
    ari_record r;
    record_of_entry(&arena, catalogue_find(c, "deepseek-ai/DeepSeek-V2-Lite"), &r);
    cr_expect_str_eq(r.values[ARI_FIELD_SHARED_EXPERT_INTERMEDIATE_SIZE].value, "2816");
    record_of_entry(&arena, catalogue_find(c, "Qwen/Qwen2-57B-A14B"), &r);
    cr_expect_str_eq(r.values[ARI_FIELD_SHARED_EXPERT_INTERMEDIATE_SIZE].value, "20480");
    arena_free(&arena);
    ari_catalogue_free(c);
}

/* A catalogued model as the library hands it out: figures without tensors. */
Test(catalogue, a_model_without_tensors)
{
    ari_catalogue *c = built_in();
    ari_model *m = NULL;
    ari_err err = ARI_ERR_INIT;
    ari_style style = { .format = ARI_TEXT };
    char *text = NULL;
    cr_assert(ari_model_catalogued(c, "openai/gpt-oss-20b", &m, &err) == ARI_OK);
    cr_expect_str_eq(ari_model_fact(m, "hidden_size").value, "2880");
    cr_expect_eq(ari_model_tensor_count(m), 0);
    cr_expect_eq(ari_model_finding_count(m), 0);
    cr_expect_eq(ari_model_tensor(m, 0).name_bytes, 0);
    cr_expect(ari_report_tensors(m, &style, &text, &err) == ARI_UNSUPPORTED && text == NULL);
    ari_model_close(m);
    ari_catalogue_free(c);
}

Test(catalogue, names)
{
    ari_catalogue *c = built_in();
    cr_expect(catalogue_find(c, "skt/a.x-k1") == catalogue_find(c, "A.X-K1"));
    cr_expect(catalogue_find(c, "skt/A.X-K9") == NULL);
    cr_expect_str_eq(catalogue_nearest(c, "skt/A.X-K9"), "skt/A.X-K1");
    ari_catalogue_free(c);
}

/* --- Users' files -------------------------------------------------------------------------- */

static ari_catalogue *with(const char *yaml, ari_err *err)
{
    ari_catalogue *c = NULL;
    memory_file file = memory_open();
    const char *path = file.path;
    memory_write(&file, span_of(yaml));
    ari_catalogue_open(&path, 1, &c, err);
    cr_expect(c != NULL || strncmp(err->text, path, strlen(path)) == 0, "%s", err->text);
    memory_close(&file);
    return c;
}

Test(catalogue, a_users_entry_takes_the_place_of_ours)
{
    ari_err err = ARI_ERR_INIT;
    ari_catalogue *c = with("family: Mine\n"
                            "models:\n"
                            "  - name: skt/A.X-K1\n"
                            "    hidden_size: 5\n"
                            "    rope_theta: 1e6\n"
                            "    num_key_value_heads: none\n"
                            "    vocab_size: ~\n"
                            "  - name: mine/Own\n"
                            "    hidden_act: silu\n"
                            "    confidence: memory\n"
                            "    vision: {hidden_size: 7, num_hidden_layers: 3}\n",
                            &err);
    cr_assert(c != NULL, "%s", err.text);
    cr_expect_eq(c->count, 474);
    cr_expect_eq(c->users, 2);
    const ari_entry *e = catalogue_find(c, "skt/A.X-K1"), *own = catalogue_find(c, "mine/Own");
    cr_expect_eq(e->stated_count, 3);
    cr_expect_str_eq(entry_value(e, ARI_FIELD_ROPE_THETA)->json, "1000000");
    cr_expect_str_eq(entry_value(e, ARI_FIELD_NUM_KEY_VALUE_HEADS)->json, "null");
    cr_expect(entry_value(e, ARI_FIELD_VOCAB_SIZE) == NULL);
    cr_expect(own->confidence == ARI_MEMORY && own->tower_count == 1);
    cr_expect_str_eq(own->family, "Mine");
    ari_catalogue_free(c);
}

Test(catalogue, mistakes_are_named_with_line_and_key)
{
    static const struct {
        const char *yaml, *line, *words;
    } rows[] = {
        { "- name: a\n  hidden_size: LoRA\n", "line 2", "hidden_size" },
        { "- name: a\n  hiden_size: 1\n", "line 2", "did you mean hidden_size" },
        { "- name: a\n  hidden_size: 1.5\n", "line 2", "whole number" },
        { "- name: a\n  hidden_size: 9007199254740993\n", "line 2", "whole number" },
        { "- name: a\n  norm_eps: nan\n", "line 2", "norm_eps" },
        { "- name: a\n  norm_eps: 1e999\n", "line 2", "norm_eps" },
        { "- name: a\n  tie_word_embeddings: yes\n", "line 2", "true nor false" },
        { "- name: a\n  hidden_size: 1\n- name: a\n  hidden_size: 2\n", "line 3", "a" },
        { "- hidden_size: 1\n", "line 1", "name" },
        { "- name: a\n  hidden_size: &x 1\n", "line 2", "" },
        { "- name: a\n  hidden_size: 1\n  hidden_size: 1\n", "line 3", "twice" },
        { "models: 3\n", "line 1", "models" },
        { "just words\n", "line 1", "" },
        { "- name: a\n  layer_types: [[x, y]]\n", "line 2", "layer_types" },
        { "- name: a\n  confidence: sure\n", "line 2", "confidence" },
        { "- name: a\n  vision: 3\n", "line 2", "vision" },
        { "- name: a\n  vision: {hiden_size: 3}\n", "line 2", "vision.hiden_size" },
        { "- name: a\n  audio: {hidden_size: x}\n", "line 2", "audio.hidden_size" },
        { "- name: a\n  kind: zebra\n", "line 2", "zebra" },
        { "- name: a\n  attention_type: gqq\n", "line 2", "mha, gqa" },
        { "- name: a\n  norm_type: batchnorm\n", "line 2", "rmsnorm" },
        { "- name: a\n  num_attention_heads: 0\n", "line 2", "say none" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ari_err err = ARI_ERR_INIT;
        ari_catalogue *c = with(rows[i].yaml, &err);
        cr_expect(c == NULL && err.status == ARI_MALFORMED, "row %zu: %s", i, err.text);
        cr_expect(strstr(err.text, rows[i].line) != NULL, "row %zu: %s", i, err.text);
        cr_expect(strstr(err.text, rows[i].words) != NULL, "row %zu: %s", i, err.text);
        ari_catalogue_free(c);
    }
}

/* One scaling has many spellings. */
Test(catalogue, one_spelling_of_a_rope_scaling)
{
    static const char *const same[][2] = {
        { "{type: yarn, factor: 4.0, original_max_position_embeddings: 32768}",
          "{original_max_position_embeddings: 32768, rope_type: yarn, factor: 4, beta_fast: 32, beta_slow: "
          "1}" },
        { "{type: su, factor: 2}", "{rope_type: longrope, factor: 2}" },
        { "{rope_type: llama3, factor: 8, original_max_seq_len: 8192}",
          "{rope_type: llama3, factor: 8, original_max_position_embeddings: 8192}" },
    };
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        char yaml[512];
        snprintf(yaml, sizeof(yaml), "- name: a\n  rope_scaling: %s\n- name: b\n  rope_scaling: %s\n",
                 same[i][0], same[i][1]);
        ari_err err = ARI_ERR_INIT;
        ari_catalogue *c = with(yaml, &err);
        cr_assert(c != NULL, "%s", err.text);
        cr_expect_str_eq(entry_value(catalogue_find(c, "a"), ARI_FIELD_ROPE_SCALING)->json,
                         entry_value(catalogue_find(c, "b"), ARI_FIELD_ROPE_SCALING)->json);
        ari_catalogue_free(c);
    }
}
