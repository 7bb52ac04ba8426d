#include "cli/kept.h"

#include "base/span.h"
#include "cli/commands.h"
#include "cli/guard.h"
#include "read/listing.h"
#include "read/sniff.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What else lies beside weights, by the end of its name: what is there already is kept, whoever's it is. */
static const char *const kept[] = { ".zst",       ".py",        ".jinja",      ".model",
                                    ".yaml",      ".yml",       "_map.json",   "vocab.json",
                                    "vocab.txt",  "merges.txt", "LICENSE.txt", "LICENSE.md",
                                    "NOTICE.txt", "USAGE.md",   "README.md",   "requirements.txt" };

/* Weights of any format, parts of a download, configurations: read/sniff.h knows them by name, too. */
static bool is_kept_name(const char *name)
{
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (span_ends(span_of(name), kept[i])) return true;
    }
    return is_model_name(name) || is_index_name(name) || sniff_name(name) != NULL;
}

typedef struct looked_at {
    const char *path;
    bool capsule;
} looked_at;

static ari_status look(void *context, ari_err *err)
{
    looked_at *l = context;
    ari_set *set = NULL;
    ari_model *model = NULL;
    ari_status status = ari_set_find(l->path, NULL, &set, err);
    if (status == ARI_OK) status = ari_model_open(set, 0, NULL, &model, err);
    if (status == ARI_OK) l->capsule = ari_model_is_capsule(model);
    ari_model_close(model);
    ari_set_free(set);
    return status;
}

/* A model also where it is damaged, or beyond a limit: what is none is told as such. */
static bool is_model(const char *path)
{
    looked_at l = { .path = path };
    ari_err err = ARI_ERR_INIT;
    ari_status status = guarded(look, &l, &err);
    return status != ARI_NOT_A_MODEL && status != ARI_NOT_FOUND;
}

/* A capsule takes the place of an earlier one. */
static bool is_renewed(const char *path, const cli_options *o)
{
    looked_at l = { .path = path };
    ari_err unused = ARI_ERR_INIT;
    return o->command->run == run_capsule && guarded(look, &l, &unused) == ARI_OK && l.capsule;
}

static bool is_same_file(const struct stat *a, const char *path)
{
    struct stat b;
    return stat(path, &b) == 0 && a->st_dev == b.st_dev && a->st_ino == b.st_ino;
}

/* Does it lie in the folder of a model that is reported on? */
static bool lies_beside(const char *output, const char *path)
{
    struct stat s;
    char *at = strdup(path), *of = strdup(output);
    const char *folder = at == NULL || of == NULL                    ? NULL
                         : stat(path, &s) == 0 && S_ISDIR(s.st_mode) ? path
                                                                     : dirname(at);
    bool beside = folder != NULL && stat(dirname(of), &s) == 0 && is_same_file(&s, folder);
    free(at);
    free(of);
    return beside;
}

/* An earlier report names this program where it begins: in JSON as its schema, in a page as what made it.
 * Text bears no mark, and is told by its name alone. */
static bool is_report(const char *path)
{
    char head[1024] = "";
    if (span_ends(span_of(path), ".txt") || span_ends(span_of(path), ".md")) return true;
    FILE *f = fopen(path, "rb");
    size_t size = f == NULL ? 0 : fread(head, 1, sizeof(head), f);
    if (f != NULL) fclose(f);
    return memmem(head, size, "archinspect", strlen("archinspect")) != NULL;
}

bool is_kept(const char *path, const cli_options *o)
{
    struct stat s;
    char output[PATH_MAX]; /* A link is written through. */
    if (stat(path, &s) != 0 || !S_ISREG(s.st_mode) || realpath(path, output) == NULL) return false;
    for (size_t i = 0; i < o->path_count; i++) {
        if (is_same_file(&s, o->paths[i])) return true;
    }
    if (is_renewed(output, o)) return false;
    if (is_kept_name(strrchr(output, '/') + 1)) return true;
    for (size_t i = 0; i < o->path_count; i++) {
        if (lies_beside(output, o->paths[i]) && !is_report(output)) return true;
    }
    if (o->since != NULL && is_same_file(&s, o->since)) return true;
    for (size_t i = 0; i < o->catalogue_count; i++) {
        if (is_same_file(&s, o->catalogues[i])) return true;
    }
    return is_model(output);
}
