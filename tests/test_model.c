/* The public door, include/archinspect.h, and nothing behind it. */
#include "archinspect.h"

#include "files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static ari_model *open_first(const char *path, const ari_options *options)
{
    ari_err err = ARI_ERR_INIT;
    ari_set *set = NULL;
    ari_model *model = NULL;
    cr_assert(ari_set_find(path, options, &set, &err) == ARI_OK, "%s", err.text);
    cr_assert(ari_model_open(set, 0, options, &model, &err) == ARI_OK, "%s", err.text);
    cr_expect(err.status == ARI_OK && err.text[0] == '\0');
    ari_set_free(set); /* The model needs it no longer. */
    return model;
}

static void expect_fact(const ari_model *m, const char *field, const char *value, ari_basis basis)
{
    ari_fact f = ari_model_fact(m, field);
    cr_expect(strcmp(f.value, value) == 0 && f.basis == basis, "%s: %s %s wanted, found %s %s", field, value,
              ari_basis_word(basis), f.value, ari_basis_word(f.basis));
}

/* fixtures/tiny-llama by its config.json and its header, as json.load reads them. */
Test(model, facts)
{
    ari_model *m = open_first("fixtures/tiny-llama", NULL);
    expect_fact(m, "hidden_size", "32", ARI_SHAPE);
    expect_fact(m, "num_hidden_layers", "2", ARI_SHAPE);
    expect_fact(m, "intermediate_size", "88", ARI_SHAPE);
    expect_fact(m, "vocab_size", "128", ARI_SHAPE);
    expect_fact(m, "tie_word_embeddings", "false", ARI_SHAPE);
    expect_fact(m, "num_attention_heads", "4", ARI_STATED);
    expect_fact(m, "num_key_value_heads", "2", ARI_STATED);
    expect_fact(m, "head_dim", "8", ARI_STATED);
    expect_fact(m, "hidden_act", "\"silu\"", ARI_STATED);
    expect_fact(m, "norm_eps", "1e-05", ARI_STATED);
    ari_fact f = ari_model_fact(m, "hidden_size");
    cr_expect(f.evidence != NULL && strstr(f.evidence, "layernorm") != NULL, "%s", f.evidence);
    expect_fact(m, "no_such_field", "null", ARI_UNKNOWN);
    expect_fact(m, "", "null", ARI_UNKNOWN);
    cr_expect(ari_model_fact(m, "no_such_field").evidence == NULL);
    ari_model_close(m);
}

Test(model, weights_only_hears_no_claims)
{
    ari_options options = ari_options_default();
    cr_expect(!options.weights_only && options.limits.depth == 64);
    ari_model *with = open_first("fixtures/lying-config", NULL);
    options.weights_only = true;
    ari_model *without = open_first("fixtures/lying-config", &options);
    cr_expect(
        strcmp(ari_model_fact(with, "hidden_size").value, ari_model_fact(without, "hidden_size").value) == 0,
        "a lie changes no shape");
    cr_expect(ari_model_fact(with, "model_type").basis == ARI_STATED);
    expect_fact(without, "model_type", "null", ARI_UNKNOWN);
    ari_model_close(with);
    ari_model_close(without);
}

Test(model, tensors_and_parameters)
{
    ari_model *m = open_first("fixtures/tiny-llama", NULL);
    uint64_t parameters = 0, counted = 0;
    cr_expect(ari_model_parameters(m, &parameters) && parameters == 31392);
    size_t n = ari_model_tensor_count(m);
    cr_assert(n == 21);
    for (size_t i = 0; i < n; i++) {
        ari_tensor_info t = ari_model_tensor(m, i);
        uint64_t elements = 1;
        for (size_t k = 0; k < t.rank; k++) elements *= t.shape[k];
        cr_expect(t.name_bytes > 0 && t.elements == elements && t.offset > 8 && t.file == 0);
        counted += elements;
    }
    cr_expect(counted == parameters, "all of them are plain weights");
    ari_tensor_info none = ari_model_tensor(m, n);
    cr_expect(none.name_bytes == 0 && none.rank == 0 && none.bytes == 0 && strcmp(none.dtype, "") == 0);
    none = ari_model_tensor(m, SIZE_MAX);
    cr_expect(none.name_bytes == 0);
    ari_model_close(m);
}

Test(model, findings)
{
    ari_model *m = open_first("fixtures/v1.gguf", NULL);
    cr_assert(ari_model_finding_count(m) == 1);
    ari_finding f = ari_model_finding(m, 0);
    cr_expect(strcmp(f.id, "gguf-version") == 0 && f.message[0] != '\0');
    f = ari_model_finding(m, 1);
    cr_expect(strcmp(f.id, "") == 0 && strcmp(f.message, "") == 0 && f.tensor == NULL &&
              f.offset == ARI_NO_OFFSET);
    ari_model_close(m);
}

Test(model, reports_in_every_format)
{
    ari_model *m = open_first("fixtures/tiny-llama", NULL);
    static const char *const begin[] = { NULL, NULL, "{", "{" };
    for (ari_format format = ARI_TEXT; format <= ARI_NDJSON; format++) {
        ari_style style = { .format = format };
        char *inspect = NULL, *tensors = NULL, *error = NULL;
        ari_err what = ARI_ERR_INIT;
        what.status = ARI_TRUNCATED;
        snprintf(what.text, sizeof(what.text), "it ends");
        cr_assert(ari_report_inspect(m, NULL, &style, &inspect, NULL) == ARI_OK);
        cr_assert(ari_report_tensors(m, &style, &tensors, NULL) == ARI_OK);
        cr_assert(ari_report_error("a\nb", &what, &style, &error, NULL) == ARI_OK);
        cr_expect(inspect[0] != '\0' && tensors[0] != '\0' && error[0] != '\0');
        if (begin[format] != NULL) cr_expect(strncmp(inspect, begin[format], 1) == 0);
        if (format >= ARI_JSON)
            cr_expect(strstr(error, "archinspect/error/1") != NULL && strstr(error, "truncated") != NULL,
                      "%s", error);
        free(inspect);
        free(tensors);
        free(error);
    }
    ari_model_close(m);
}

/* --- What goes wrong ------------------------------------------------------------------------------------ */

static void expect_no_set(const char *path, ari_status wanted)
{
    ari_err err = ARI_ERR_INIT;
    ari_set *set = (ari_set *)&err;
    ari_status status = ari_set_find(path, NULL, &set, &err);
    cr_expect(status == wanted && err.status == wanted, "%s: %s", path, ari_status_word(status));
    cr_expect(set == NULL && err.text[0] != '\0', "%s", path);
    set = (ari_set *)&err;
    cr_expect(ari_set_find(path, NULL, &set, NULL) == wanted && set == NULL, "%s: nobody asks why", path);
}

Test(model, paths_without_a_checkpoint)
{
    expect_no_set("/no/such/path", ARI_NOT_FOUND);
    expect_no_set("", ARI_NOT_FOUND);
    test_folder folder = folder_new();
    expect_no_set(folder.path, ARI_NOT_A_MODEL);
    folder_free(&folder);
}

Test(model, files_that_are_no_model)
{
    static const struct {
        const char *content;
        size_t size;
        ari_status status;
    } rows[] = {
        { "", 0, ARI_NOT_A_MODEL },
        { "hello, world, this is text and nothing else\n", 44, ARI_NOT_A_MODEL },
        { "GGUF\3\0\0\0", 8, ARI_TRUNCATED },
        { "\20\0\0\0\0\0\0\0{\"a\":7}         ", 24, ARI_MALFORMED },
    };
    test_folder folder = folder_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        folder_write(&folder, "model.safetensors",
                     (ari_span){ (const uint8_t *)rows[i].content, rows[i].size });
        ari_err err = ARI_ERR_INIT;
        ari_set *set = NULL;
        ari_model *model = (ari_model *)&err;
        ari_status status = ari_set_find(folder_path(&folder, "model.safetensors"), NULL, &set, &err);
        if (status == ARI_OK) {
            status = ari_model_open(set, 0, NULL, &model, &err);
            cr_expect(model == NULL && err.text[0] != '\0', "%zu", i);
            model = (ari_model *)&err;
            cr_expect(ari_model_open(set, 0, NULL, &model, NULL) == status && model == NULL,
                      "nobody asks why");
        }
        cr_expect(status == rows[i].status && err.status == status, "%zu: %s: %s", i, ari_status_word(status),
                  err.text);
        ari_set_free(set);
    }
    folder_free(&folder);
}

Test(model, checkpoints_beyond_the_last)
{
    ari_err err = ARI_ERR_INIT;
    ari_set *set = NULL;
    ari_model *model = (ari_model *)&err;
    cr_assert(ari_set_find("fixtures/tiny-llama", NULL, &set, &err) == ARI_OK);
    cr_expect(ari_set_count(set) == 1 && strcmp(ari_set_path(set, 0), "fixtures/tiny-llama") == 0, "%s",
              ari_set_path(set, 0));
    cr_expect(ari_model_open(set, 1, NULL, &model, &err) == ARI_USAGE && model == NULL &&
              err.status == ARI_USAGE);
    ari_set_free(set);
}

Test(model, limits_are_kept)
{
    ari_options options = ari_options_default();
    options.limits.tensors = 3;
    ari_err err = ARI_ERR_INIT;
    ari_set *set = NULL;
    ari_model *model = NULL;
    cr_assert(ari_set_find("fixtures/tiny-llama", &options, &set, &err) == ARI_OK);
    cr_expect(ari_model_open(set, 0, &options, &model, &err) == ARI_LIMIT && model == NULL);
    ari_set_free(set);
}

/* The first failure on an ari_err stays. */
Test(model, the_first_error_wins)
{
    ari_err err = ARI_ERR_INIT;
    ari_set *set = NULL;
    ari_set_find("/no/such/path", NULL, &set, &err);
    char first[sizeof(err.text)];
    snprintf(first, sizeof(first), "%s", err.text);
    ari_set_find("fixtures", NULL, &set, &err);
    cr_expect(err.status == ARI_NOT_FOUND && strcmp(err.text, first) == 0);
    ari_set_free(set);
}

Test(model, nothing_to_free)
{
    ari_model_close(NULL);
    ari_set_free(NULL);
}

Test(model, words)
{
    static const struct {
        ari_basis basis;
        const char *word;
    } rows[] = { { ARI_UNKNOWN, "unknown" },       { ARI_SHAPE, "shape" },   { ARI_WEIGHTS, "weights" },
                 { ARI_CONVENTION, "convention" }, { ARI_STATED, "stated" }, { ARI_AMBIGUOUS, "ambiguous" } };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        cr_expect(strcmp(ari_basis_word(rows[i].basis), rows[i].word) == 0);
    cr_expect(strcmp(ari_basis_word((ari_basis)99), "?") == 0);
    cr_expect(strcmp(ari_status_word(ARI_NOT_A_MODEL), "not_a_model") == 0);
    cr_expect(ari_version()[0] >= '0' && ari_version()[0] <= '9');
}

/* Two models at once have nothing in common. */
Test(model, several_at_once)
{
    ari_model *a = open_first("fixtures/tiny-llama", NULL), *b = open_first("fixtures/tiny-moe", NULL);
    char value[64];
    snprintf(value, sizeof(value), "%s", ari_model_fact(a, "num_experts").value);
    cr_expect(strcmp(value, "null") == 0 && strcmp(ari_model_fact(b, "num_experts").value, "null") != 0);
    ari_model_close(b);
    expect_fact(a, "num_experts", "null", ARI_SHAPE);
    ari_model_close(a);
}
