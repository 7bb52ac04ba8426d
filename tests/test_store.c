/* Models that other programs keep: the layouts of their stores, made here, and what is hostile in them. The
 * environment names places in the test's own folder, and nothing else. */
#include "read/set.h"
#include "read/store.h"

#include "base/text.h"
#include "files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#define COMMIT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define COMMIT_B "abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DIGEST_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define DIGEST_2 "2222222222222222222222222222222222222222222222222222222222222222"
#define DIGEST_3 "3333333333333333333333333333333333333333333333333333333333333333"

#define LAYER(kind, digest) \
    "{\"mediaType\":\"application/vnd.ollama.image." kind "\",\"digest\":\"sha256:" digest "\",\"size\":1}"

static const char *const variables[] = { "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME",
                                         "OLLAMA_MODELS" };

/* Every folder on the way to the name. */
static void make_way(const test_folder *f, const char *name)
{
    char path[512];
    snprintf(path, sizeof(path), "%s", folder_path(f, name));
    for (char *c = path + strlen(f->path); (c = strchr(c, '/')) != NULL; c++) {
        *c = '\0';
        mkdir(path, 0700);
        *c = '/';
    }
}

static void put(const test_folder *f, const char *name, const char *content)
{
    make_way(f, name);
    folder_text(f, name, content);
}

static void link_to(const test_folder *f, const char *name, const char *target)
{
    make_way(f, name);
    cr_assert(symlink(target, folder_path(f, name)) == 0);
}

static test_folder home_new(void)
{
    test_folder f = folder_new();
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) unsetenv(variables[i]);
    cr_assert(setenv("HOME", folder_path(&f, "home"), 1) == 0);
    cr_assert(setenv("OLLAMA_MODELS", folder_path(&f, "ollama"), 1) == 0);
    folder_make(&f, "home");
    return f;
}

#define HUB "home/.cache/huggingface/hub/"

static void put_snapshot(const test_folder *f, const char *repository, const char *commit, const char *file)
{
    char name[512];
    snprintf(name, sizeof(name), HUB "%s/blobs/of-%s", repository, file);
    put(f, name, "12345");
    snprintf(name, sizeof(name), HUB "%s/snapshots/%s/%s", repository, commit, file);
    char target[128];
    snprintf(target, sizeof(target), "../../blobs/of-%s", file);
    link_to(f, name, target);
}

static void put_reference(const test_folder *f, const char *repository, const char *name, const char *content)
{
    char path[512];
    snprintf(path, sizeof(path), HUB "%s/refs/%s", repository, name);
    put(f, path, content);
}

/* What is found, below the test's folder: "path path | path", "nothing", or "status: text". A wanted text is
 * a part of it. */
static void expect_found(const test_folder *f, const char *name, const char *wanted)
{
    ari_err err = ARI_ERR_INIT;
    ari_set *set = NULL;
    ari_text got = { 0 };
    text_put(&got, "");
    ari_status status = ari_store_find(name, NULL, &set, &err);
    cr_expect(status == err.status && (status == ARI_OK || set == NULL), "%s", name);
    if (status != ARI_OK) text_printf(&got, "%s: %s", ari_status_word(status), err.text);
    if (status != ARI_OK) cr_expect(err.hint != NULL, "%s: no hint with \"%s\"", name, err.text);
    if (status == ARI_OK && set == NULL) text_put(&got, "nothing");
    for (size_t i = 0; set != NULL && i < set->count; i++) {
        for (size_t k = 0; k < set->groups[i].file_count; k++)
            text_printf(&got, "%s%s",
                        k > 0   ? " "
                        : i > 0 ? " | "
                                : "",
                        set->groups[i].files[k] + strlen(f->path));
        if (set->groups[i].note != NULL) text_printf(&got, " (%s)", set->groups[i].note);
    }
    cr_expect(strstr(got.data, wanted) != NULL, "%s: \"%s\", not \"%s\"", name, got.data, wanted);
    text_free(&got);
    ari_set_free(set);
}

typedef struct expected {
    const char *name, *wanted;
} expected;

#define EXPECT_ALL(folder, rows)                                  \
    for (size_t i = 0; i < sizeof(rows) / sizeof((rows)[0]); i++) \
    expect_found(folder, (rows)[i].name, (rows)[i].wanted)

/* --- Hugging Face ------------------------------------------------------------------------ */

Test(store, a_reference_leads_to_a_snapshot)
{
    static const expected rows[] = {
        { "org/name", HUB "models--org--name/snapshots/" COMMIT_A "/model.safetensors" },
        { "hf:org/name", "/" COMMIT_A "/" },
        { "org/name@main", "/" COMMIT_A "/" },
        { "org/name@v1.0", "/" COMMIT_B "/" },
        { "org/name@refs/pr/1", "/" COMMIT_B "/" },
        { "org/name@" COMMIT_B, "/" COMMIT_B "/" },
        { "org/name@abb", "/" COMMIT_B "/" },
        { "org/name@a", "usage: several snapshots begin with \"a\"" },
        { "org/name@c",
          "not_found: the cache has no revision \"c\" of it; there are aaaaaaaaaaaa, abbbbbbbbbbb" },
        { "gpt2", HUB "models--gpt2/" },
        { "org/other", "nothing" },
        { "hf:org/other", "not_found: the cache of Hugging Face has no model of that name" },
        { "lmstudio:org/name", "not_found: LM Studio has no model" },
    };
    test_folder f = home_new();
    put_snapshot(&f, "models--org--name", COMMIT_A, "model.safetensors");
    put_snapshot(&f, "models--org--name", COMMIT_B, "other.safetensors");
    put_snapshot(&f, "models--gpt2", COMMIT_B, "model.safetensors");
    put_reference(&f, "models--org--name", "main", COMMIT_A);
    put_reference(&f, "models--org--name", "v1.0", COMMIT_B "\n");
    put_reference(&f, "models--org--name", "refs/pr/1", COMMIT_B);
    EXPECT_ALL(&f, rows);
    folder_free(&f);
}

Test(store, without_a_reference_the_newest_snapshot)
{
    test_folder f = home_new();
    put_snapshot(&f, "models--a--b", COMMIT_B, "model.safetensors");
    expect_found(&f, "a/b", "/" COMMIT_B "/model.safetensors");
    put_snapshot(&f, "models--a--b", COMMIT_A, "one.gguf");
    const struct timeval past[] = { { 1000000000, 0 }, { 1000000000, 0 } };
    cr_assert(utimes(folder_path(&f, HUB "models--a--b/snapshots/" COMMIT_A), past) == 0);
    expect_found(&f, "a/b",
                 "/model.safetensors (the cache has 2 snapshots and no refs/main; the newest, abbbb");
    /* What is no commit is no snapshot. */
    put(&f, HUB "models--a--b/snapshots/main/x.gguf", "");
    expect_found(&f, "a/b", "the cache has 2 snapshots");
    folder_free(&f);
}

Test(store, names_and_references_lead_nowhere_else)
{
    static const expected rows[] = {
        { "../etc/passwd", "nothing" },
        { "org/..", "nothing" },
        { "org/name/more", "nothing" },
        { "/org/name", "nothing" },
        { "org/", "nothing" },
        { "org--x/name", "nothing" },
        { "org/na\x1b[31mme", "nothing" },
        { "org/name@../../x", "nothing" },
        { "org/name@", "nothing" },
        { "org/name@a//b", "nothing" },
        { "", "nothing" },
        { "hf:", "not_found: that is no name" },
        { "hf:../x", "not_found: that is no name" },
        { "org/climbs", "malformed: " },
        { "org/long", "malformed: " },
        { "org/nul", "malformed: " },
        { "org/gone", "not_found: the cache has nothing of snapshot aaaaaaaaaaaa, which is main" },
        { "org/none", "not_found: " },
        { "org/loop", "unreadable: " },
    };
    test_folder f = home_new();
    static char long_reference[5000];
    memset(long_reference, 'a', sizeof(long_reference) - 1);
    put_snapshot(&f, "models--org--climbs", COMMIT_A, "model.safetensors");
    put_reference(&f, "models--org--climbs", "main", "../../etc");
    put_reference(&f, "models--org--long", "main", long_reference);
    make_way(&f, HUB "models--org--nul/refs/main");
    folder_write(&f, HUB "models--org--nul/refs/main", ARI_SPAN(COMMIT_A "\0"));
    put_reference(&f, "models--org--gone", "main", COMMIT_A);
    make_way(&f, HUB "models--org--none/snapshots/");
    link_to(&f, HUB "models--org--loop/refs/main", "main");
    EXPECT_ALL(&f, rows);
    folder_free(&f);
}

Test(store, an_incomplete_download_says_what_is_missing)
{
    static const expected rows[] = {
        { "org/dangling", "not_a_model: snapshot aaaaaaaaaaaa in " },
        { "org/dangling", "model.safetensors is a link to ../../blobs/gone, which is not there" },
        { "org/begun", "not_a_model: the download is incomplete: 2 files are unfinished, such as " },
        { "org/begun", "/blobs/1.incomplete" },
        { "org/tokenizer", "not_found: snapshot aaaaaaaaaaaa in " },
        { "org/pickled", "pytorch_model.bin is a PyTorch checkpoint" },
        { "org/index", "none of the files that model.safetensors.index.json names is here: x.safetensors" },
    };
    test_folder f = home_new();
    link_to(&f, HUB "models--org--dangling/snapshots/" COMMIT_A "/model.safetensors", "../../blobs/gone");
    put(&f, HUB "models--org--begun/snapshots/" COMMIT_A "/config.json", "{}");
    put(&f, HUB "models--org--begun/blobs/1.incomplete", "12");
    put(&f, HUB "models--org--begun/blobs/2.incomplete", "");
    put(&f, HUB "models--org--tokenizer/snapshots/" COMMIT_A "/tokenizer.json", "{}");
    put(&f, HUB "models--org--pickled/snapshots/" COMMIT_A "/pytorch_model.bin", "");
    put(&f, HUB "models--org--index/snapshots/" COMMIT_A "/model.safetensors.index.json",
        "{\"weight_map\": {\"a\": \"x.safetensors\"}}");
    EXPECT_ALL(&f, rows);
    folder_free(&f);
}

Test(store, the_environment_says_where)
{
    test_folder f = home_new();
    static const char *const folders[] = { "hub", "hub2", "hf/hub", "xdg/huggingface/hub",
                                           "home/.cache/huggingface/hub" };
    static const char *const values[] = { "hub", "hub2", "hf", "xdg" };
    char path[512], wanted[512];
    for (size_t i = 0; i < 5; i++) {
        snprintf(path, sizeof(path), "%s/models--a--b/snapshots/" COMMIT_A "/model.gguf", folders[i]);
        put(&f, path, "");
    }
    /* From the last to the first: each takes the place of those after it. */
    for (size_t i = 5; i-- > 0;) {
        if (i < 4) cr_assert(setenv(variables[i == 0 ? 0 : i], folder_path(&f, values[i]), 1) == 0);
        snprintf(wanted, sizeof(wanted), "%s/models--a--b", folders[i]);
        expect_found(&f, "a/b", wanted);
    }
    cr_assert(setenv("HF_HUB_CACHE", "~/.cache/huggingface/hub", 1) == 0);
    expect_found(&f, "a/b", "home/.cache/huggingface/hub/models--a--b");
    cr_assert(setenv("HF_HUB_CACHE", "", 1) == 0);
    expect_found(&f, "a/b", "hub2/models--a--b");
    folder_free(&f);
}

/* --- Ollama -------------------------------------------------------------------------------- */

static void put_manifest(const test_folder *f, const char *name, const char *layers)
{
    char path[512], text[2048];
    snprintf(path, sizeof(path), "ollama/manifests/%s", name);
    snprintf(text, sizeof(text), "{\"schemaVersion\":2,\"config\":{\"digest\":\"x\"},\"layers\":[%s]}",
             layers);
    put(f, path, text);
}

Test(store, a_manifest_leads_to_blobs)
{
    static const expected rows[] = {
        { "ollama:llama3", "ollama/blobs/sha256-" DIGEST_1 },
        { "ollama:llama3:latest", "ollama/blobs/sha256-" DIGEST_1 },
        { "ollama:llama3:8b", "ollama/blobs/sha256-" DIGEST_2 },
        { "ollama:me/mine", "ollama/blobs/sha256-" DIGEST_1 " ollama/blobs/sha256-" DIGEST_2
                            " | ollama/blobs/sha256-" DIGEST_3 },
        { "ollama:hf.co/org/name-GGUF:Q4_K_M", "ollama/blobs/sha256-" DIGEST_3 },
        { "ollama:localhost:5000/a/b", "ollama/blobs/sha256-" DIGEST_1 },
        { "ollama:llama3:70b", "not_found: Ollama has no tag \"70b\" of llama3; there are 8b, latest" },
        { "ollama:nothing", "not_found: Ollama has no model of that name: looked in " },
        { "llama3", "nothing" },
        { "me/mine", "nothing" },
    };
    test_folder f = home_new();
    put(&f, "ollama/blobs/sha256-" DIGEST_1, "");
    put(&f, "ollama/blobs/sha256-" DIGEST_2, "");
    put(&f, "ollama/blobs/sha256-" DIGEST_3, "");
    put_manifest(&f, "registry.ollama.ai/library/llama3/latest",
                 LAYER("template", DIGEST_3) "," LAYER("model", DIGEST_1));
    put_manifest(&f, "registry.ollama.ai/library/llama3/8b", LAYER("model", DIGEST_2));
    put_manifest(&f, "registry.ollama.ai/me/mine/latest",
                 LAYER("projector", DIGEST_2) "," LAYER("model", DIGEST_1) "," LAYER("adapter", DIGEST_3));
    put_manifest(&f, "hf.co/org/name-GGUF/Q4_K_M", LAYER("model", DIGEST_3));
    put_manifest(&f, "localhost:5000/a/b/latest", LAYER("model", DIGEST_1));
    EXPECT_ALL(&f, rows);
    folder_free(&f);
}

Test(store, a_manifest_is_not_believed)
{
    static const struct {
        const char *name, *text, *wanted;
    } rows[] = {
        { "slashes",
          "{\"layers\":[" LAYER("model",
                                "../../../../../../../../../../../../../../../../etc/passwd000000000") "]}",
          "malformed: " },
        { "short", "{\"layers\":[" LAYER("model", "11") "]}", "malformed: " },
        { "upper",
          "{\"layers\":[" LAYER("model",
                                "A111111111111111111111111111111111111111111111111111111111111111") "]}",
          "malformed: " },
        { "nul", "{\"layers\":[{\"digest\":\"sha256:11\\u0000\"}]}", "malformed: " },
        { "number", "{\"layers\":[{\"digest\":5}]}", "malformed: " },
        { "object", "{\"layers\":{}}", "malformed: " },
        { "empty", "", "malformed: " },
        { "cut", "{\"layers\":[", "malformed: " },
        { "after", "{\"layers\":[]} x", "malformed: " },
        { "none", "{\"layers\":[]}", "not_a_model: its manifest names no layer with a model" },
        { "nolayers", "{}", "not_a_model: its manifest names no layer" },
        { "template", "{\"layers\":[" LAYER("template", DIGEST_1) "]}",
          "not_a_model: its manifest names no layer" },
        { "gone", "{\"layers\":[" LAYER("model", DIGEST_2) "]}", "is not there" },
        { "partial", "{\"layers\":[" LAYER("model", DIGEST_3) "]}", "is partly there" },
    };
    test_folder f = home_new();
    char path[512], name[64];
    put(&f, "ollama/blobs/sha256-" DIGEST_3 "-partial", "");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        snprintf(path, sizeof(path), "ollama/manifests/registry.ollama.ai/library/%s/latest", rows[i].name);
        put(&f, path, rows[i].text);
        snprintf(name, sizeof(name), "ollama:%s", rows[i].name);
        expect_found(&f, name, rows[i].wanted);
    }
    folder_free(&f);
}

Test(store, a_manifest_may_not_be_endless)
{
    test_folder f = home_new();
    ari_text t = { 0 };
    text_put(&t, "{\"layers\":[" LAYER("template", DIGEST_1));
    for (size_t i = 0; i < 1000000; i++) text_put(&t, "," LAYER("template", DIGEST_1));
    text_put(&t, "]}");
    put(&f, "ollama/manifests/registry.ollama.ai/library/long/latest", t.data);
    expect_found(&f, "ollama:long", "limit: ");
    t.size = 0;
    text_put(&t, "{\"layers\":[" LAYER("model", DIGEST_1));
    for (size_t i = 0; i < 100; i++) text_put(&t, "," LAYER("model", DIGEST_1));
    text_put(&t, "]}");
    put(&f, "ollama/manifests/registry.ollama.ai/library/many/latest", t.data);
    expect_found(&f, "ollama:many", "limit: ");
    t.size = 0;
    for (size_t i = 0; i < 200; i++) text_put(&t, "{\"a\":");
    put(&f, "ollama/manifests/registry.ollama.ai/library/deep/latest", t.data);
    expect_found(&f, "ollama:deep", "limit: ");
    text_free(&t);
    folder_free(&f);
}

Test(store, names_of_ollama_lead_nowhere_else)
{
    static const char *const names[] = {
        "ollama:",     "ollama:..",      "ollama:../x",  "ollama:a/../b",   "ollama:a:../b",
        "ollama:a:",   "ollama:a/b/c/d", "ollama:/a",    "ollama:a:\x1b[m", "ollama:a b",
        "ollama:a//b", "ollama:-a",      "ollama:a:b:c", "ollama:a:.hidden"
    };
    test_folder f = home_new();
    folder_make(&f, "ollama");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        expect_found(&f, names[i], "not_found: that is no name of a model in Ollama");
    folder_free(&f);
}

/* --- LM Studio ------------------------------------------------------------------------------ */

Test(store, folders_of_lm_studio)
{
    test_folder f = home_new();
    put(&f, "home/.cache/lm-studio/models/org/old/old.gguf", "");
    put(&f, "home/.lmstudio/models/org/name/a.gguf", "");
    put(&f, "home/.lmstudio/models/org/name/b.gguf", "");
    put(&f, "elsewhere/models/org/moved/m.gguf", "");
    make_way(&f, "home/.lmstudio/models/org/empty/");
    expect_found(&f, "org/old", "home/.cache/lm-studio/models/org/old/old.gguf");
    expect_found(&f, "org/name", "org/name/a.gguf | home/.lmstudio/models/org/name/b.gguf");
    expect_found(&f, "org/moved", "nothing");
    char elsewhere[128];
    snprintf(elsewhere, sizeof(elsewhere), "%s\n", folder_path(&f, "elsewhere"));
    folder_text(&f, "home/.lmstudio-home-pointer", elsewhere);
    expect_found(&f, "org/moved", "elsewhere/models/org/moved/m.gguf");
    expect_found(&f, "lmstudio:org/name", "home/.lmstudio/models/org/name/a.gguf");
    folder_text(&f, "home/.lmstudio-home-pointer", "../relative\n");
    expect_found(&f, "org/moved", "nothing");
    /* Hugging Face's comes first. */
    put_snapshot(&f, "models--org--name", COMMIT_A, "model.safetensors");
    expect_found(&f, "org/name", HUB);
    folder_free(&f);
}

/* --- All of them ----------------------------------------------------------------------------- */

static void expect_list(const char *wanted)
{
    ari_err err = ARI_ERR_INIT;
    ari_inventory *inventory = NULL;
    ari_text got = { 0 };
    text_put(&got, "");
    cr_assert(ari_inventory_open(NULL, &inventory, &err) == ARI_OK, "%s", err.text);
    for (size_t i = 0; i < ari_inventory_count(inventory); i++) {
        ari_stored m = ari_inventory_model(inventory, i);
        text_printf(&got, "%s %s %d %d\n", m.name, m.store, (int)m.bytes, (int)m.files);
        cr_expect(m.modified > 0 && access(m.path, F_OK) == 0, "%s", m.path);
    }
    cr_expect_str_eq(got.data, wanted);
    text_free(&got);
    ari_inventory_free(inventory);
}

Test(store, a_list_of_all)
{
    test_folder f = home_new();
    expect_list("");
    put_snapshot(&f, "models--z--last", COMMIT_A, "model.safetensors");
    put_snapshot(&f, "models--z--last", COMMIT_A, "config.json");
    put_snapshot(&f, "models--both--here", COMMIT_A, "model.safetensors");
    put_snapshot(&f, "models--only--tokenizer", COMMIT_A, "tokenizer.json");
    put_snapshot(&f, "datasets--a--b", COMMIT_A, "model.safetensors");
    put_snapshot(&f, "models--not--a--name", COMMIT_A, "model.safetensors");
    put(&f, HUB "models--a--pipeline/snapshots/" COMMIT_A "/unet/model.safetensors", "1234567");
    put(&f, "home/.lmstudio/models/both/here/a.gguf", "123");
    put(&f, "home/.lmstudio/models/lm/name/a.gguf", "123");
    put(&f, "ollama/blobs/sha256-" DIGEST_1, "123456789");
    put(&f, "ollama/blobs/sha256-" DIGEST_2, "1");
    put_manifest(&f, "registry.ollama.ai/library/m/latest",
                 LAYER("model", DIGEST_1) "," LAYER("license", DIGEST_2));
    put_manifest(&f, "registry.ollama.ai/me/m/1b", LAYER("model", DIGEST_1));
    put_manifest(&f, "hf.co/o/m/Q8", LAYER("model", DIGEST_1));
    put_manifest(&f, "registry.ollama.ai/library/bad/latest", "5");
    put_manifest(&f, "registry.ollama.ai/library/o\x1b[dd/latest", LAYER("model", DIGEST_1));
    expect_list("a/pipeline hf 7 1\n"
                "both/here hf 5 1\n"
                "lm/name lmstudio 3 1\n"
                "lmstudio:both/here lmstudio 3 1\n"
                "ollama:hf.co/o/m:Q8 ollama 9 1\n"
                "ollama:m:latest ollama 10 2\n"
                "ollama:me/m:1b ollama 9 1\n"
                "z/last hf 10 2\n");
    folder_free(&f);
}

/* Links that lead back: what is counted ends. */
Test(store, a_list_has_an_end)
{
    test_folder f = home_new();
    put_snapshot(&f, "models--a--b", COMMIT_A, "model.safetensors");
    link_to(&f, HUB "models--a--b/snapshots/" COMMIT_A "/back", "..");
    link_to(&f, HUB "models--a--b/snapshots/" COMMIT_A "/itself", "itself");
    link_to(&f, HUB "models--a--loop", "models--a--loop");
    make_way(&f, "ollama/manifests/x");
    link_to(&f, "ollama/manifests/back", ".");
    link_to(&f, "ollama/manifests/registry", "../manifests");
    link_to(&f, "home/.lmstudio/models/org", "../models");
    char deep[256] = HUB "models--a--b/snapshots/" COMMIT_A "/";
    for (size_t i = 0; i < 20; i++) strcat(deep, "d/");
    strcat(deep, "model.gguf");
    put(&f, deep, "");
    expect_list("a/b hf 5 1\n");
    folder_free(&f);
}

Test(store, a_limit_holds)
{
    test_folder f = home_new();
    ari_options options = ari_options_default();
    ari_inventory *inventory = NULL;
    ari_err err = ARI_ERR_INIT;
    options.limits.files = 2;
    put_snapshot(&f, "models--a--a", COMMIT_A, "model.safetensors");
    put_snapshot(&f, "models--a--b", COMMIT_A, "model.safetensors");
    put(&f, "home/.lmstudio/models/a/c/m.gguf", "");
    cr_expect(ari_inventory_open(&options, &inventory, &err) == ARI_LIMIT && inventory == NULL);
    folder_free(&f);
}
