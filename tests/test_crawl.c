/* What lies below folders, in order. Each case makes a tree of empty files, for nothing is read of them. A
 * walk is written "path path !error" without the folder that holds all. */
#include "read/crawl.h"

#include "base/text.h"
#include "files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

enum { MOST = 12 };

static ari_status call(crawl_work *work, void *context, ari_err *err)
{
    return work(context, err);
}

/* With the folders on the way to it. A name with "->" is a link. */
static void make_file(const test_folder *top, const char *name)
{
    char path[256];
    const char *arrow = strstr(name, "->");
    for (const char *slash = strchr(name, '/'); slash != NULL && (arrow == NULL || slash < arrow);
         slash = strchr(slash + 1, '/')) {
        snprintf(path, sizeof(path), "%.*s", (int)(slash - name), name);
        if (access(folder_path(top, path), F_OK) != 0) folder_make(top, path);
    }
    if (name[strlen(name) - 1] == '/') return;
    snprintf(path, sizeof(path), "%.*s", arrow == NULL ? (int)strlen(name) : (int)(arrow - name), name);
    if (arrow == NULL) folder_text(top, path, "");
    if (arrow != NULL) cr_assert(symlink(arrow + 2, folder_path(top, path)) == 0);
}

static void expect_walk(const char *const *names, const crawl_wishes *wishes, const char *wanted)
{
    const ari_options options = ari_options_default();
    test_folder top = folder_new();
    ari_text got = { 0 };
    const char *root = top.path;
    for (size_t i = 0; i < MOST && names[i] != NULL; i++) make_file(&top, names[i]);
    crawl_wishes all = *wishes;
    all.roots = &root;
    all.root_count = 1;
    all.options = &options;
    all.guard = call;
    crawl c = crawl_begin(&all);
    text_put(&got, "");
    for (crawl_item item; crawl_next(&c, &item); crawl_release(&item)) {
        cr_expect(strcmp(item.path + strlen(root), item.below) == 0);
        text_printf(&got, "%s%s%s", got.size > 0 ? " " : "", item.err.status == ARI_OK ? "" : "!",
                    item.below[0] == '\0' ? "." : item.below);
    }
    cr_expect_str_eq(got.data, wanted);
    crawl_end(&c);
    text_free(&got);
    folder_free(&top);
}

Test(crawl, in_order_and_once)
{
    static const struct {
        const char *files[MOST], *wanted;
    } rows[] = {
        { { "model.gguf" }, "." },
        { { "empty/", "README.md" }, "" },
        /* A slash is lower than any letter; what lies in a folder comes after the folder's own. */
        { { "a/m.gguf", "a b/m.gguf", "a.b/m.gguf", "a/c/m.gguf", "B/m.gguf" }, "B a a/c a b a.b" },
        { { "b.gguf", "a/m.gguf", "c/m.gguf", "d.gguf", "b/m.gguf" }, "a b b.gguf c d.gguf" },
        /* Of a pipeline each folder is its own, and no more than once. */
        { { "model_index.json", "unet/m.safetensors", "vae/m.safetensors" }, "unet vae" },
        /* Links to files are other names; links to folders are not followed. */
        { { "a/m.gguf", "b/m.gguf->../a/m.gguf", "c->a", "d/d->.." }, "a" },
        { { "a/m.gguf->../b/m.gguf", "b/m.gguf" }, "a" },
        /* Two revisions: the same weights, and the same configuration or another. */
        { { "1/config.json->../b", "1/m.gguf->../w", "2/config.json->../b", "2/m.gguf->../w", "b", "w" },
          "1" },
        { { "1/config.json->../b", "1/m.gguf->../w", "2/config.json", "2/m.gguf->../w", "b", "w" }, "1 2" },
        /* A shard in common does not make two sets one. */
        { { "x-00001-of-00002.gguf", "x-00002-of-00002.gguf",
            "y/x-00001-of-00002.gguf->../x-00001-of-00002.gguf", "y/x-00002-of-00002.gguf" },
          ". y" },
        /* What is promised, and not there. */
        { { "a/m.gguf->nowhere", "b/model.safetensors.index.json", "c/m.gguf" }, "!a !b c" },
        { { "m.gguf", "n.gguf->nowhere", "x-1-of-2.gguf", "x-2-of-2.gguf->nowhere" },
          "m.gguf n.gguf x-1-of-2.gguf" },
        { { ".git/m.gguf", ".zfs/snapshot/m.gguf", ".m.gguf", ".cache/m.gguf", "x/.no_exist/m.gguf" },
          ".cache" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        expect_walk(rows[i].files, &(crawl_wishes){ 0 }, rows[i].wanted);
}

Test(crawl, what_is_wanted)
{
    static const char *const files[MOST] = { "a/q4.gguf", "a/q8.gguf", "a/b/m.safetensors", "c/m.gguf",
                                             "d/model.safetensors.index.json" };
    static const struct {
        const char *include, *exclude, *wanted;
    } rows[] = {
        { NULL, NULL, "a/b a/q4.gguf a/q8.gguf c !d" },
        { "*.gguf", NULL, "a/q4.gguf a/q8.gguf c" },
        { "a", NULL, "a/b a/q4.gguf a/q8.gguf" },
        { "a/b", NULL, "a/b" },
        { "b", "q*", "a/b" },
        { NULL, "a", "c !d" },
        { NULL, "[bcd]", "a/q4.gguf a/q8.gguf" },
        { NULL, "*/q4*", "a/b a/q8.gguf c !d" },
        { "d", NULL, "!d" },
        { "?", "?", "" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *include = rows[i].include, *exclude = rows[i].exclude;
        expect_walk(files,
                    &(crawl_wishes){ .include = { &include, include != NULL },
                                     .exclude = { &exclude, exclude != NULL } },
                    rows[i].wanted);
    }
}

/* Each of so many folders holds the next. */
Test(crawl, deep)
{
    char name[2 * CRAWL_DEPTH + 16] = "", wanted[sizeof(name) + 8] = ". !";
    for (size_t i = 0; i + 1 < CRAWL_DEPTH; i++) memcpy(name + 2 * i, "d/", 3);
    memcpy(wanted + 3, name, 2 * (CRAWL_DEPTH - 1) - 1);
    strcat(name, "m.gguf");
    const char *const files[MOST] = { name, "m.gguf" };
    expect_walk(files, &(crawl_wishes){ 0 }, wanted);
}
