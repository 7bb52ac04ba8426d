/* Memory that runs short: the n-th allocation fails, for every n there is. What comes of it is an answer or
 * LIMIT, never a crash, and nothing leaks (which the sanitizers' and valgrind's runs see). The linker leads
 * the library's allocations here (--wrap). */
#include "files.h"

#include "archinspect.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <unistd.h>

static bool armed;
static size_t left; /* Allocations that still succeed. */

static bool fails(void)
{
    if (!armed) return false;
    if (left == 0) return true;
    left--;
    return false;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

/* The model beside itself, and beside a catalogued one. */
static ari_status compare(const ari_model *model, const ari_catalogue *catalogue, const ari_style *style,
                          ari_err *err)
{
    ari_comparison *c = NULL;
    ari_model *other = NULL;
    char *text = NULL;
    ari_status status = ari_model_catalogued(catalogue, "skt/A.X-K1", &other, err);
    const ari_model *models[] = { model, model, other };
    if (status == ARI_OK) status = ari_compare(models, 3, catalogue, NULL, &c, err);
    if (status == ARI_OK) status = ari_report_compare(c, style, &text, err);
    free(text);
    text = NULL;
    if (status == ARI_OK) status = ari_report_inspect(model, c, style, &text, err);
    free(text);
    ari_comparison_free(c);
    ari_model_close(other);
    return status;
}

static ari_status report(const ari_model *model, ari_err *err)
{
    ari_catalogue *catalogue = NULL;
    ari_status status = ari_catalogue_open(NULL, 0, &catalogue, err);
    for (ari_format format = ARI_TEXT; format <= ARI_NDJSON && status == ARI_OK; format++) {
        ari_style style = { .format = format, .evidence = true };
        char *text = NULL;
        status = ari_report_tensors(model, &style, &text, err);
        free(text);
        if (status == ARI_OK && format == ARI_JSON) status = compare(model, catalogue, &style, err);
    }
    ari_catalogue_free(catalogue);
    return status;
}

static ari_status run(const char *path, ari_err *err)
{
    ari_set *set = NULL;
    ari_model *model = NULL;
    ari_status status = ari_set_find(path, NULL, &set, err);
    if (status == ARI_OK) status = ari_model_open(set, 0, NULL, &model, err);
    if (status == ARI_OK) status = report(model, err);
    ari_model_close(model);
    ari_set_free(set);
    return status;
}

/* Of many allocations the early ones each, and then every so many. */
static void starve(const char *path, ari_status in_plenty)
{
    ari_err err = ARI_ERR_INIT;
    cr_assert(run(path, &err) == in_plenty, "%s: %s", path, err.text);
    size_t step = getenv("TEST_MUTATIONS") == NULL ? 1 : 23;
    for (size_t n = 0;; n += n < 40 ? 1 : step) {
        err = (ari_err)ARI_ERR_INIT;
        left = n;
        armed = true;
        ari_status status = run(path, &err);
        armed = false;
        cr_expect(status == ARI_OK || status == ARI_LIMIT || status == in_plenty,
                  "%s: allocation %zu fails: %s: %s", path, n, ari_status_word(status), err.text);
        if (left > 0) return;
    }
}

Test(memory, runs_short_at_any_time)
{
    alarm(300); /* A timeout of Criterion's leaks now and then. */
    starve("fixtures/small.gguf", ARI_OK);
    starve("fixtures/demo.gguf", ARI_OK);
    starve("fixtures/metadata.safetensors", ARI_OK);
    starve("fixtures/tiny-sharded", ARI_OK);
    starve("fixtures/tiny-moe", ARI_OK);
    starve("fixtures/lying-config", ARI_OK);
    starve("fixtures/piped.safetensors.zst", ARI_OK);
    starve("fixtures/malformed/name-escape-sequence.safetensors", ARI_OK);
    starve("fixtures/malformed/type-43.gguf", ARI_OK);
    starve("fixtures/malformed/offsets-same-ten-times.safetensors", ARI_OK);
    starve("fixtures/malformed/json-bad-escape.safetensors", ARI_MALFORMED);
    starve("fixtures/malformed/html-page.safetensors", ARI_NOT_A_MODEL);
}
