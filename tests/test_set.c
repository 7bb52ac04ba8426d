/* Which files belong together. Each case makes a folder of empty files, for nothing is read of them but
 * indexes, and names a path in it. A set is written "file file -missing ?stray" with " | " between
 * checkpoints. */
#include "read/set.h"

#include "base/text.h"
#include "files.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 12 };

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static void describe_group(const ari_group *g, ari_text *out)
{
    for (size_t i = 0; i < g->file_count; i++) text_printf(out, "%s%s", i ? " " : "", base_name(g->files[i]));
    for (size_t i = 0; i < g->missing_kept; i++) text_printf(out, " -%s", g->missing[i]);
    for (size_t i = 0; i < g->stray_count; i++) text_printf(out, " ?%s", g->stray[i]);
    if (g->index != NULL) text_printf(out, " (%s)", base_name(g->index));
}

/* What is found at folder/name, against what is wanted. */
static void expect_set(const test_folder *folder, const char *name, const char *wanted)
{
    ari_err err = ARI_ERR_INIT;
    ari_set *set = NULL;
    ari_text got = { 0 };
    text_put(&got, "");
    if (ari_set_find(folder_path(folder, name), NULL, &set, &err) == ARI_OK) {
        for (size_t i = 0; i < set->count; i++) {
            text_put(&got, i ? " | " : "");
            describe_group(&set->groups[i], &got);
        }
    } else {
        text_printf(&got, "%s: %s", ari_status_word(err.status), err.text);
    }
    bool as_wanted = strncmp(got.data, wanted, strlen(wanted)) == 0;
    cr_expect(as_wanted && (set == NULL || strlen(wanted) == got.size), "\"%s\": \"%s\", not \"%s\"", name,
              got.data, wanted);
    text_free(&got);
    ari_set_free(set);
}

static test_folder folder_with(const char *const *names)
{
    test_folder folder = folder_new();
    for (size_t i = 0; i < MOST && names[i] != NULL; i++) folder_text(&folder, names[i], "");
    return folder;
}

Test(set, files_by_their_names)
{
    static const struct {
        const char *files[MOST];
        const char *path, *wanted;
    } rows[] = {
        { { "model.safetensors", "config.json" }, "", "model.safetensors" },
        { { "model.safetensors", "config.json" }, "model.safetensors", "model.safetensors" },
        { { "a.gguf", "b.gguf" }, "b.gguf", "b.gguf" },
        /* Alternatives, one each. */
        { { "a-Q4_0.gguf", "a-Q8_0.gguf" }, "", "a-Q4_0.gguf | a-Q8_0.gguf" },
        { { "model.safetensors", "consolidated.safetensors" },
          "",
          "consolidated.safetensors | model.safetensors" },
        { { "model.safetensors", "model.fp16.safetensors" },
          "",
          "model.fp16.safetensors | model.safetensors" },
        /* Shards without an index; any one of them stands for all. */
        { { "m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors" },
          "",
          "m-00001-of-00002.safetensors m-00002-of-00002.safetensors" },
        { { "m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors" },
          "m-00002-of-00002.safetensors",
          "m-00001-of-00002.safetensors m-00002-of-00002.safetensors" },
        { { "m-00001-of-00003.gguf", "m-00003-of-00003.gguf" },
          "m-00003-of-00003.gguf",
          "m-00001-of-00003.gguf m-00003-of-00003.gguf -m-00002-of-00003.gguf" },
        { { "m-00003-of-00003.gguf" },
          "",
          "m-00003-of-00003.gguf -m-00001-of-00003.gguf -m-00002-of-00003.gguf" },
        /* Six digits, other digits, counting from 0. */
        { { "model-00001-of-000002.safetensors", "model-00002-of-000002.safetensors" },
          "",
          "model-00001-of-000002.safetensors model-00002-of-000002.safetensors" },
        { { "m-1-of-2.safetensors", "m-2-of-2.safetensors" },
          "",
          "m-1-of-2.safetensors m-2-of-2.safetensors" },
        { { "m-00000-of-00002.gguf", "m-00001-of-00002.gguf" },
          "",
          "m-00000-of-00002.gguf m-00001-of-00002.gguf" },
        /* Named parts beside numbered ones; other stems stand for themselves. */
        { { "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
            "model-vision.safetensors" },
          "",
          "model-00001-of-00002.safetensors model-00002-of-00002.safetensors model-vision.safetensors" },
        { { "model-00001-of-00001.safetensors", "adapter_model.safetensors" },
          "",
          "adapter_model.safetensors | model-00001-of-00001.safetensors" },
        /* Two sets are two, and so are their single brothers. */
        { { "a-00001-of-00002.gguf", "a-00002-of-00002.gguf", "b-00001-of-00001.gguf" },
          "",
          "a-00001-of-00002.gguf a-00002-of-00002.gguf | b-00001-of-00001.gguf" },
        { { "a-00001-of-00002.gguf", "a-00001-of-00003.gguf" },
          "a-00001-of-00002.gguf",
          "a-00001-of-00002.gguf -a-00002-of-00002.gguf" },
        { { "m-00001-of-00001.safetensors", "m-00007-of-00001.safetensors" },
          "",
          "m-00001-of-00001.safetensors ?m-00007-of-00001.safetensors" },
        { { "m-00001-of-00001.safetensors", "m-00007-of-00001.safetensors" },
          "m-00007-of-00001.safetensors",
          "m-00007-of-00001.safetensors" },
        { { "m-1-of-2.gguf", "m-01-of-2.gguf", "m-2-of-2.gguf" }, "m-1-of-2.gguf", "m-1-of-2.gguf" },
        /* Compressed ones, whole or mixed. */
        { { "m-00001-of-00002.gguf.zst", "m-00002-of-00002.gguf" },
          "",
          "m-00001-of-00002.gguf.zst m-00002-of-00002.gguf" },
        { { "model.safetensors.zst" }, "", "model.safetensors.zst" },
        /* Of a vision model both parts. */
        { { "a-Q4_0.gguf", "a-Q8_0.gguf", "mmproj-a-f16.gguf" },
          "",
          "a-Q4_0.gguf mmproj-a-f16.gguf | a-Q8_0.gguf mmproj-a-f16.gguf" },
        { { "mmproj-a-f16.gguf" }, "", "mmproj-a-f16.gguf" },
        { { "model.safetensors", "mmproj-a-f16.gguf" }, "", "model.safetensors | mmproj-a-f16.gguf" },
        /* Hidden files are nobody's. */
        { { ".model.safetensors", "model.safetensors" }, "", "model.safetensors" },
        /* Nothing to read. */
        { { "config.json" }, "", "not_a_model: holds no" },
        { { "pytorch_model.bin" }, "", "not_a_model: holds no" },
        { { "config.json" }, "other.gguf", "not_found: " },
        { { "config.json" }, "config.json/x", "not_found: " },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        test_folder folder = folder_with(rows[i].files);
        expect_set(&folder, rows[i].path, rows[i].wanted);
        folder_free(&folder);
    }
}

#define INDEX "model.safetensors.index.json"

Test(set, files_by_an_index)
{
    static const struct {
        const char *index, *files[MOST], *path, *wanted;
    } rows[] = {
        { "{\"weight_map\": {\"a\": \"x.safetensors\", \"b\": \"y.safetensors\", \"c\": \"x.safetensors\"}}",
          { "x.safetensors", "y.safetensors" },
          "",
          "x.safetensors y.safetensors (" INDEX ")" },
        { "{\"weight_map\": {\"a\": \"x.safetensors\", \"b\": \"y.safetensors\"}}",
          { "x.safetensors", "y.safetensors" },
          "y.safetensors",
          "x.safetensors y.safetensors (" INDEX ")" },
        { "{\"weight_map\": {\"a\": \"x.safetensors\", \"b\": \"y.safetensors\"}}",
          { "x.safetensors", "y.safetensors" },
          INDEX,
          "x.safetensors y.safetensors (" INDEX ")" },
        { "{\"weight_map\": {\"a\": \"x.safetensors\", \"b\": \"y.safetensors\"}}",
          { "x.safetensors" },
          "",
          "x.safetensors -y.safetensors (" INDEX ")" },
        /* A compressed shard is the shard. */
        { "{\"weight_map\": {\"a\": \"x.safetensors\"}}",
          { "x.safetensors.zst" },
          "",
          "x.safetensors.zst (" INDEX ")" },
        /* What looks like a shard of it and is not listed; what does not is an alternative. */
        { "{\"weight_map\": {\"a\": \"model-1.safetensors\"}}",
          { "model-1.safetensors", "model-9.safetensors", "adapter_model.safetensors" },
          "",
          "model-1.safetensors ?model-9.safetensors (" INDEX ") | adapter_model.safetensors" },
        { "{\"weight_map\": {\"a\": \"model-1.safetensors\"}}",
          { "model-1.safetensors", "adapter_model.safetensors" },
          "adapter_model.safetensors",
          "adapter_model.safetensors" },
        /* Files outside of the folder are never opened. */
        { "{\"weight_map\": {\"a\": \"x.safetensors\", \"b\": \"/etc/passwd\", \"c\": \"../y.safetensors\"}}",
          { "x.safetensors" },
          "",
          "x.safetensors (" INDEX ")" },
        /* An index that cannot be read joins nothing, but is remembered. */
        { "{\"weight_map\": ",
          { "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors" },
          "",
          "model-00001-of-00002.safetensors model-00002-of-00002.safetensors (" INDEX ")" },
        { "{\"weight_map\": ", { NULL }, INDEX, "malformed: " },
        { "{\"weight_map\": {\"a\": \"x.safetensors\"}}", { NULL }, INDEX, "not_found: none of the files" },
        { "{\"weight_map\": {\"a\": \"x.safetensors\"}}",
          { NULL },
          "",
          "not_a_model: none of the files that model.safetensors.index.json names is here: x.safetensors" },
        /* An index of other files leaves a single one to itself. */
        { "{\"weight_map\": {\"a\": \"x.safetensors\"}}",
          { "other.safetensors" },
          "other.safetensors",
          "other.safetensors" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        test_folder folder = folder_with(rows[i].files);
        folder_text(&folder, INDEX, rows[i].index);
        expect_set(&folder, rows[i].path, rows[i].wanted);
        folder_free(&folder);
    }
}

Test(set, two_indexes_are_two_checkpoints)
{
    static const char *const names[MOST] = { "m1.safetensors", "c1.safetensors" };
    test_folder folder = folder_with(names);
    folder_text(&folder, INDEX, "{\"weight_map\": {\"a\": \"m1.safetensors\"}}");
    folder_text(&folder, "consolidated.safetensors.index.json",
                "{\"weight_map\": {\"a\": \"c1.safetensors\"}}");
    expect_set(&folder, "",
               "c1.safetensors (consolidated.safetensors.index.json) | m1.safetensors (" INDEX ")");
    expect_set(&folder, "m1.safetensors", "m1.safetensors (" INDEX ")");
    folder_free(&folder);
}

Test(set, parts_of_a_pipeline_lie_in_folders)
{
    test_folder folder = folder_new();
    folder_text(&folder, "model_index.json", "{}");
    folder_make(&folder, "unet");
    folder_text(&folder, "unet/diffusion_pytorch_model.safetensors", "");
    folder_make(&folder, "vae");
    folder_text(&folder, "vae/diffusion_pytorch_model.safetensors", "");
    folder_make(&folder, "scheduler");
    expect_set(&folder, "", "diffusion_pytorch_model.safetensors | diffusion_pytorch_model.safetensors");
    folder_free(&folder);
}

Test(set, a_path_is_kept_as_a_user_wrote_it)
{
    static const char *const names[MOST] = { "m-00001-of-00002.gguf", "m-00002-of-00002.gguf" };
    test_folder folder = folder_with(names);
    ari_set *set = NULL;
    const char *path = folder_path(&folder, "m-00002-of-00002.gguf");
    cr_assert(ari_set_find(path, NULL, &set, NULL) == ARI_OK && ari_set_count(set) == 1);
    cr_expect(strcmp(ari_set_path(set, 0), path) == 0);
    cr_expect(strcmp(ari_set_path(set, 1), "") == 0, "beyond the last");
    ari_set_free(set);
    cr_assert(ari_set_find(folder.path, NULL, &set, NULL) == ARI_OK);
    cr_expect(strcmp(ari_set_path(set, 0), folder.path) == 0);
    ari_set_free(set);
    ari_set_free(NULL);
    folder_free(&folder);
}

/* In the current folder a name has no slash. */
Test(set, relative_names)
{
    static const char *const names[MOST] = { "m-1-of-2.gguf", "m-2-of-2.gguf" };
    test_folder folder = folder_with(names);
    cr_assert(chdir(folder.path) == 0);
    static const char *const paths[] = { "m-2-of-2.gguf", "./m-2-of-2.gguf", ".", "./" };
    for (size_t i = 0; i < 4; i++) {
        ari_set *set = NULL;
        cr_assert(ari_set_find(paths[i], NULL, &set, NULL) == ARI_OK, "%s", paths[i]);
        cr_expect(set->count == 1 && set->groups[0].file_count == 2, "%s", paths[i]);
        cr_expect(access(set->groups[0].files[0], R_OK) == 0, "%s", set->groups[0].files[0]);
        ari_set_free(set);
    }
    folder_free(&folder);
}

/* A name may claim a million brothers: only the first few of them are spelled. */
Test(set, missing_shards_are_counted)
{
    static const char *const names[MOST] = { "m-000005-of-999999.gguf", "w-1-of-999999999999999999.gguf" };
    test_folder folder = folder_with(names);
    ari_set *set = NULL;
    cr_assert(ari_set_find(folder_path(&folder, names[0]), NULL, &set, NULL) == ARI_OK);
    const ari_group *g = &set->groups[0];
    cr_expect(g->missing_count == 999998 && g->missing_kept <= 16, "%d", (int)g->missing_count);
    cr_expect(strcmp(g->missing[0], "m-000001-of-999999.gguf") == 0, "%s", g->missing[0]);
    cr_expect(strcmp(g->missing[4], "m-000006-of-999999.gguf") == 0, "%s", g->missing[4]);
    ari_set_free(set);
    cr_assert(ari_set_find(folder_path(&folder, names[1]), NULL, &set, NULL) == ARI_OK);
    cr_expect(set->groups[0].missing_count == 999999999999999998);
    ari_set_free(set);
    folder_free(&folder);
}

Test(set, has_a_limit_of_files)
{
    static const char *const names[MOST] = { "a.gguf", "b.gguf", "c.gguf" };
    test_folder folder = folder_with(names);
    ari_options options = ari_options_default();
    for (uint64_t most = 2; most <= 3; most++) {
        ari_err err = ARI_ERR_INIT;
        ari_set *set = NULL;
        options.limits.files = most;
        cr_expect(ari_set_find(folder.path, &options, &set, &err) == (most < 3 ? ARI_LIMIT : ARI_OK), "%s",
                  err.text);
        ari_set_free(set);
    }
    folder_free(&folder);
}

/* Pipes and devices are never waited for. */
Test(set, only_regular_files_are_opened)
{
    alarm(10); /* A timeout of Criterion's leaks now and then. */
    test_folder folder = folder_new();
    cr_assert(mkfifo(folder_path(&folder, "pipe.gguf"), 0600) == 0);
    static const char *const paths[] = { "pipe.gguf", "" };
    for (size_t i = 0; i < 2; i++) {
        ari_err err = ARI_ERR_INIT;
        ari_set *set = NULL;
        ari_model *model = NULL;
        cr_assert(ari_set_find(folder_path(&folder, paths[i]), NULL, &set, &err) == ARI_OK);
        cr_expect(ari_model_open(set, 0, NULL, &model, &err) == ARI_UNREADABLE, "%s", err.text);
        cr_expect(strstr(err.text, "pipe") != NULL, "%s", err.text);
        ari_set_free(set);
    }
    folder_free(&folder);
}
