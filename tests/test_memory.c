/* Memory that runs short: the n-th allocation fails, alone or with all that follow, for every n there is.
 * What comes of it is the answer that plenty gives or LIMIT, never another answer or a crash, and nothing
 * leaks (which the sanitizers' and valgrind's runs see). The linker leads the library's allocations here
 * (--wrap). */
#include "files.h"
#include "planted.h"

#include "read/crawl.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool armed, once;
static size_t left;   /* Allocations that still succeed. */
static uint64_t said; /* Of all reports of a run. */
static const char *user = "fixtures/method.yaml";

static bool fails(void)
{
    if (!armed) return false;
    if (left == 0) {
        armed = !once;
        return true;
    }
    left--;
    return false;
}

/* FNV-1a of what was reported so far and this. */
static void hear(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) said = (said ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
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
    hear(text);
    free(text);
    text = NULL;
    if (status == ARI_OK) status = ari_report_inspect(model, c, style, &text, err);
    hear(text);
    free(text);
    ari_comparison_free(c);
    ari_model_close(other);
    return status;
}

static ari_status report(const ari_model *model, ari_err *err)
{
    ari_catalogue *catalogue = NULL;
    ari_status status = ari_catalogue_open(&user, 1, &catalogue, err);
    for (ari_format format = ARI_TEXT; format <= ARI_HTML && status == ARI_OK; format++) {
        ari_style style = { .format = format, .evidence = true, .language = ARI_KOREAN };
        char *text = NULL;
        status = ari_report_tensors(model, &style, &text, err);
        hear(text);
        free(text);
        bool compared = format == ARI_TEXT || format == ARI_JSON || format == ARI_HTML;
        if (status == ARI_OK && compared) status = compare(model, catalogue, &style, err);
    }
    ari_catalogue_free(catalogue);
    return status;
}

static ari_status run(const char *path, ari_err *err)
{
    ari_set *set = NULL;
    ari_model *model = NULL;
    ari_status status = ari_set_find(path, NULL, &set, err);
    said = UINT64_C(0xcbf29ce484222325);
    if (status == ARI_OK) status = ari_model_open(set, 0, NULL, &model, err);
    if (status == ARI_OK) status = report(model, err);
    ari_model_close(model);
    ari_set_free(set);
    return status;
}

/* What values tell, and the reports of it. */
static ari_status run_measure(const char *path, ari_err *err)
{
    ari_set *set = NULL;
    ari_model *model = NULL;
    ari_status status = ari_set_find(path, NULL, &set, err);
    said = UINT64_C(0xcbf29ce484222325);
    if (status == ARI_OK) status = ari_model_open(set, 0, NULL, &model, err);
    if (status == ARI_OK) status = ari_model_measure(model, err);
    for (ari_format format = ARI_TEXT; format <= ARI_JSON && status == ARI_OK; format++) {
        ari_style style = { .format = format, .evidence = true, .language = ARI_KOREAN };
        char *text = NULL;
        status = ari_report_inspect(model, NULL, &style, &text, err);
        hear(text);
        free(text);
    }
    ari_model_close(model);
    ari_set_free(set);
    return status;
}

/* The values of two models, mixed with a third, and the reports of it. */
static ari_status report_lineage(ari_model *const *models, ari_err *err)
{
    ari_lineage *l = NULL;
    ari_status status = ari_diff(models[0], models[1], NULL, &l, err);
    if (status == ARI_OK) status = ari_lineage_mix(l, models[2], NULL, err);
    for (ari_format format = ARI_TEXT; format <= ARI_JSON && status == ARI_OK; format++) {
        ari_style style = { .format = format, .evidence = true };
        char *text = NULL;
        status = ari_report_diff(l, &style, &text, err);
        hear(text);
        free(text);
    }
    ari_lineage_free(l);
    return status;
}

static ari_status run_lineage(const char *path, ari_err *err)
{
    const char *const paths[] = { path, "fixtures/kin/other.safetensors", "fixtures/kin/tuned.safetensors" };
    ari_model *models[3] = { NULL };
    ari_status status = ARI_OK;
    said = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < 3 && status == ARI_OK; i++) {
        ari_set *set = NULL;
        status = ari_set_find(paths[i], NULL, &set, err);
        if (status == ARI_OK) status = ari_model_open(set, 0, NULL, &models[i], err);
        ari_set_free(set);
    }
    if (status == ARI_OK) status = report_lineage(models, err);
    for (size_t i = 0; i < 3; i++) ari_model_close(models[i]);
    return status;
}

static memory_file manifest, capsule;

/* All that verify looks at. In one thread: which allocation is the n-th must not depend on others. */
static ari_status run_verify(const char *path, ari_err *err)
{
    ari_set *set = NULL;
    ari_model *model = NULL;
    ari_checks checks = { .values = true, .hash = true, .manifest = manifest.path };
    ari_status status = ari_set_find(path, NULL, &set, err);
    said = UINT64_C(0xcbf29ce484222325);
    if (status == ARI_OK) status = ari_model_open(set, 0, NULL, &model, err);
    if (status == ARI_OK) status = ari_model_verify(model, &checks, err);
    for (ari_format format = ARI_TEXT; format <= ARI_JSON && status == ARI_OK; format++) {
        ari_style style = { .format = format };
        char *text = NULL;
        status = ari_report_verify(model, &checks, true, &style, &text, err);
        hear(text);
        free(text);
    }
    ari_model_close(model);
    ari_set_free(set);
    return status;
}

/* A capsule, and what is read of it. */
static ari_status run_capsule(const char *path, ari_err *err)
{
    ari_set *sets[2] = { NULL };
    ari_model *models[2] = { NULL };
    unsigned char *bytes = NULL;
    size_t size = 0;
    ari_style style = { .format = ARI_NDJSON };
    char *text = NULL;
    ari_status status = ari_set_find(path, NULL, &sets[0], err);
    said = UINT64_C(0xcbf29ce484222325);
    if (status == ARI_OK) status = ari_model_open(sets[0], 0, NULL, &models[0], err);
    if (status == ARI_OK) status = ari_capsule_make(models[0], NULL, &bytes, &size, err);
    if (status == ARI_OK) memory_write(&capsule, (ari_span){ bytes, size });
    if (status == ARI_OK) status = ari_set_find(capsule.path, NULL, &sets[1], err);
    if (status == ARI_OK) status = ari_model_open(sets[1], 0, NULL, &models[1], err);
    if (status == ARI_OK) status = ari_report_tensors(models[1], &style, &text, err);
    hear(text);
    free(text);
    text = NULL;
    if (status == ARI_OK) status = ari_report_inspect(models[1], NULL, &style, &text, err);
    hear(text);
    free(text);
    free(bytes);
    for (size_t i = 0; i < 2; i++) {
        ari_model_close(models[i]);
        ari_set_free(sets[i]);
    }
    return status;
}

/* A name in the caches of other programs, and the list of what is there. */
static ari_status run_stores(const char *name, ari_err *err)
{
    ari_set *set = NULL;
    ari_inventory *inventory = NULL;
    ari_status status = ari_store_find(name, NULL, &set, err);
    said = UINT64_C(0xcbf29ce484222325);
    if (set != NULL) hear(ari_set_path(set, 0));
    if (status == ARI_OK) status = ari_inventory_open(NULL, &inventory, err);
    for (ari_format format = ARI_TEXT; format <= ARI_HTML && status == ARI_OK; format++) {
        ari_style style = { .format = format };
        char *text = NULL;
        status = ari_report_list(inventory, &style, &text, err);
        hear(text);
        free(text);
    }
    ari_inventory_free(inventory);
    ari_set_free(set);
    return status;
}

static ari_status call(crawl_work *work, void *context, ari_err *err)
{
    return work(context, err);
}

/* All checkpoints below a folder. */
static ari_status run_crawl(const char *path, ari_err *err)
{
    const ari_options options = ari_options_default();
    crawl c =
        crawl_begin(&(crawl_wishes){ .roots = &path, .root_count = 1, .options = &options, .guard = call });
    said = UINT64_C(0xcbf29ce484222325);
    for (crawl_item item; crawl_next(&c, &item); crawl_release(&item)) {
        hear(item.path);
        for (size_t i = 0; i < item.file_count; i++) hear(item.files[i].path);
        if (item.err.status != ARI_OK) ari_fail(err, item.err.status, ARI_NO_OFFSET, "%s", item.err.text);
    }
    if (c.failed) ari_out_of_memory(err);
    crawl_end(&c);
    return err->status;
}

/* Of many allocations the early ones each, and then every so many. */
static void starve_in(ari_status (*work)(const char *, ari_err *), const char *path, size_t step,
                      ari_status in_plenty)
{
    ari_err err = ARI_ERR_INIT;
    cr_assert(work(path, &err) == in_plenty, "%s: %s", path, err.text);
    const uint64_t expected = said;
    if (getenv("TEST_MUTATIONS") != NULL) step *= 31;
    for (size_t n = 0;; n += n < 40 ? 1 : step) {
        err = (ari_err)ARI_ERR_INIT;
        left = n;
        armed = true;
        ari_status status = work(path, &err);
        bool through = armed && left > 0;
        armed = false;
        cr_expect(status == ARI_LIMIT || status == in_plenty, "%s: allocation %zu fails: %s: %s", path, n,
                  ari_status_word(status), err.text);
        cr_expect(status == ARI_LIMIT || said == expected, "%s: allocation %zu fails, and the reports differ",
                  path, n);
        if (through) return;
    }
}

static void starve(const char *path, size_t step, ari_status in_plenty)
{
    starve_in(run, path, step, in_plenty);
}

Test(memory, one_allocation_fails)
{
    alarm(300);
    once = true;
    starve("fixtures/tiny-moe", 5, ARI_OK);
    starve("fixtures/small.gguf", 23, ARI_OK);
    starve("fixtures/lying-config", 23, ARI_OK);
}

Test(memory, runs_short_at_any_time)
{
    alarm(300); /* A timeout of Criterion's leaks now and then. */
    starve("fixtures/small.gguf", 23, ARI_OK);
    starve("fixtures/demo.gguf", 23, ARI_OK);
    starve("fixtures/metadata.safetensors", 23, ARI_OK);
    starve("fixtures/tiny-sharded", 23, ARI_OK);
    starve("fixtures/tiny-moe", 23, ARI_OK);
    starve("fixtures/lying-config", 23, ARI_OK);
    starve("fixtures/piped.safetensors.zst", 23, ARI_OK);
    starve("fixtures/malformed/name-escape-sequence.safetensors", 23, ARI_OK);
    starve("fixtures/malformed/type-43.gguf", 23, ARI_OK);
    starve("fixtures/malformed/offsets-same-ten-times.safetensors", 23, ARI_OK);
    starve("fixtures/malformed/json-bad-escape.safetensors", 23, ARI_MALFORMED);
    starve("fixtures/malformed/html-page.safetensors", 23, ARI_NOT_A_MODEL);
}

Test(memory, runs_short_for_values)
{
    plant p = {
        .hidden = 64, .heads = 4, .kv_heads = 2, .head_dim = 16, .layers = 2, .shared = 0.5, .seed = 1
    };
    memory_file f = memory_open();
    alarm(300);
    planted_write(&p, &f);
    for (size_t i = 0; i < 2; i++) {
        once = i > 0;
        starve_in(run_measure, f.path, 7, ARI_OK);
        starve_in(run_measure, "fixtures/tiny-llama", 13, ARI_OK);
        starve_in(run_measure, "fixtures/every-type.gguf", 13, ARI_OK);
    }
    memory_close(&f);
}

Test(memory, runs_short_between_models)
{
    alarm(300);
    for (size_t i = 0; i < 2; i++) {
        once = i > 0;
        starve_in(run_lineage, "fixtures/kin/base.safetensors", 17, ARI_OK);
        starve_in(run_lineage, "fixtures/tiny-moe", 29, ARI_OK);
    }
}

Test(memory, runs_short_for_capsules)
{
    alarm(300);
    capsule = memory_open();
    for (size_t i = 0; i < 2; i++) {
        once = i > 0;
        starve_in(run_capsule, "fixtures/tiny-sharded", 3, ARI_OK);
        starve_in(run_capsule, "fixtures/every-type.gguf", 3, ARI_OK);
        starve_in(run_capsule, "fixtures/malformed/name-not-utf8.gguf", 3, ARI_OK);
    }
    memory_close(&capsule);
}

Test(memory, runs_short_among_stores)
{
    static const char digest[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    static const char *const folders[] = { "models--a--b",
                                           "models--a--b/snapshots",
                                           "models--a--b/snapshots/0123456",
                                           "models--a--b/refs",
                                           "blobs",
                                           "manifests",
                                           "manifests/registry.ollama.ai",
                                           "manifests/registry.ollama.ai/library",
                                           "manifests/registry.ollama.ai/library/m" };
    test_folder f = folder_new();
    char text[256];
    alarm(300);
    cr_assert(setenv("HOME", f.path, 1) == 0 && setenv("HF_HUB_CACHE", f.path, 1) == 0 &&
              setenv("OLLAMA_MODELS", f.path, 1) == 0);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) folder_make(&f, folders[i]);
    folder_text(&f, "models--a--b/snapshots/0123456/model.gguf", "");
    snprintf(text, sizeof(text), "blobs/sha256-%s", digest);
    folder_text(&f, text, "");
    snprintf(text, sizeof(text),
             "{\"layers\":[{\"mediaType\":\"application/vnd.ollama.image.model\",\"digest\":\"sha256:%s\"}]}",
             digest);
    folder_text(&f, "manifests/registry.ollama.ai/library/m/latest", text);
    for (size_t i = 0; i < 2; i++) {
        once = i > 0;
        starve_in(run_stores, "a/b", 1, ARI_OK);
        starve_in(run_stores, "a/b@0123", 1, ARI_OK);
        starve_in(run_stores, "ollama:m", 1, ARI_OK);
        starve_in(run_stores, "ollama:m:none", 1, ARI_NOT_FOUND);
        starve_in(run_stores, "lmstudio:a/b", 1, ARI_NOT_FOUND);
    }
    folder_free(&f);
}

Test(memory, runs_short_on_the_way)
{
    alarm(300);
    for (size_t i = 0; i < 2; i++) {
        once = i > 0;
        starve_in(run_crawl, "fixtures", 7, ARI_OK);
    }
}

Test(memory, verify)
{
    cpu_set_t one;
    test_folder folder = folder_new();
    static const char *const names[] = { "config.json", "model-00001-of-00002.safetensors",
                                         "model-00002-of-00002.safetensors", "model.safetensors.index.json" };
    CPU_ZERO(&one);
    CPU_SET((size_t)sched_getcpu(), &one);
    cr_assert(sched_setaffinity(0, sizeof(one), &one) == 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "fixtures/tiny-sharded/%s", names[i]);
        test_bytes bytes = file_bytes(path);
        folder_write(&folder, names[i], bytes_span(bytes));
        free(bytes.data);
    }
    folder_text(&folder, "tokenizer_config.json",
                "{\"auto_map\":{\"AutoTokenizer\":[\"a.b\"]},\"chat_template\":\"{{ x.__class__ }}\"}");
    folder_text(&folder, "SHA256SUMS",
                "0000000000000000000000000000000000000000000000000000000000000000  config.json\n");
    folder_text(&folder, "a.py", "#!/usr/bin/python\n");
    manifest = memory_open();
    memory_write(
        &manifest,
        span_of("{\"files\":[{\"path\":\"config.json\",\"sha256\":"
                "\"0000000000000000000000000000000000000000000000000000000000000000\"}],"
                "\"tensors\":[{\"name\":\"model.norm.weight\",\"sha256\":"
                "\"0000000000000000000000000000000000000000000000000000000000000000\"}],"
                "\"structure\":\"0000000000000000000000000000000000000000000000000000000000000000\"}"));
    cr_assert(ari_hash_ready(NULL) == ARI_OK);
    for (size_t i = 0; i < 2; i++) {
        once = i > 0;
        starve_in(run_verify, folder.path, 1, ARI_OK);
    }
    memory_close(&manifest);
    folder_free(&folder);
}
