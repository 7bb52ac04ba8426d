#include "cli/bounds.h"

#include "base/span.h"
#include "read/listing.h"
#include "read/walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { LEVELS = 3, ENTRIES_MOST = 20000, FOLDERS_MOST = 1024 };

/* Folders that were gone through: many paths may lie in one. */
typedef struct gone_through {
    dev_t devices[FOLDERS_MOST];
    ino_t inodes[FOLDERS_MOST];
    size_t count;
} gone_through;

static bool is_new(gone_through *g, const char *folder)
{
    struct stat s;
    if (stat(folder, &s) != 0) return false;
    for (size_t i = 0; i < g->count; i++) {
        if (g->devices[i] == s.st_dev && g->inodes[i] == s.st_ino) return false;
    }
    if (g->count == FOLDERS_MOST) return true;
    g->devices[g->count] = s.st_dev;
    g->inodes[g->count++] = s.st_ino;
    return true;
}

/* The files that links in that folder lead to; folders only in a store, which is the user's own: elsewhere
 * one of them could be all there is. */
static bool allow_links(sandbox_bounds *to, const char *folder, size_t levels, bool folders)
{
    folder_walk w;
    bool ok = true;
    walk_open(&w, folder, levels);
    w.hidden = true;
    for (size_t seen = 0; ok && seen < ENTRIES_MOST && walk_next(&w); seen++) {
        struct stat target;
        bool leads = S_ISLNK(w.stat.st_mode) && stat(w.path, &target) == 0;
        if (leads && (S_ISREG(target.st_mode) || folders)) ok = sandbox_allow(to, w.path, REACH_ALL);
    }
    walk_close(&w);
    return ok;
}

/* May it be read along with a file of the same folder: another shard, an index, a configuration, a card,
 * sums? */
static bool may_belong(const char *name)
{
    static const char *const ends[] = { ".json", ".md", ".jinja", ".sha256", ".metadata" };
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (span_ends(span_of(name), ends[i])) return true;
    }
    return is_model_name(name) || strncasecmp(name, "sha256sum", 9) == 0 ||
           strncasecmp(name, "checksum", 8) == 0;
}

/* Folders in it are looked into where an index may name files in them; else it may be one of a thousand
 * models, and of what lies below only chat templates are read. */
static bool allow_files(sandbox_bounds *to, const char *folder, size_t levels, bool *index)
{
    folder_walk w;
    bool ok = true;
    walk_open(&w, folder, levels);
    for (size_t seen = 0; ok && seen < ENTRIES_MOST && walk_next(&w); seen++) {
        struct stat target;
        const char *name = walk_name(&w);
        if (!may_belong(name) || stat(w.path, &target) != 0 || !S_ISREG(target.st_mode)) continue;
        *index = *index || strstr(name, ".index.json") != NULL;
        ok = sandbox_allow(to, w.path, REACH_ALL);
    }
    walk_close(&w);
    return ok;
}

static bool allow_beside(sandbox_bounds *to, const char *folder)
{
    static const char *const below[] = { ".cache/huggingface/download", "additional_chat_templates" };
    bool index = false;
    bool ok = sandbox_allow(to, folder, REACH_NAMES) && allow_files(to, folder, 1, &index) &&
              (!index || allow_files(to, folder, 2, &index));
    for (size_t i = 0; ok && i < sizeof(below) / sizeof(below[0]); i++) {
        char path[4096];
        snprintf(path, sizeof(path), "%s/%s", folder, below[i]);
        ok = sandbox_allow(to, path, REACH_ALL);
    }
    return ok;
}

static bool allow_path(sandbox_bounds *to, gone_through *g, const char *path, bool folder)
{
    if (folder)
        return !is_new(g, path) ||
               (sandbox_allow(to, path, REACH_ALL) && allow_links(to, path, LEVELS, false));
    const char *slash = strrchr(path, '/');
    char *beside = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    bool ok = beside != NULL && sandbox_allow(to, path, REACH_ALL);
    if (ok && is_new(g, beside)) ok = allow_beside(to, beside);
    free(beside);
    return ok;
}

typedef struct places {
    sandbox_bounds *to;
    bool failed;
} places;

static void allow_place(void *context, const char *path)
{
    places *p = context;
    p->failed =
        p->failed || !sandbox_allow(p->to, path, REACH_ALL) || !allow_links(p->to, path, LEVELS, true);
}

static bool allow_stores(sandbox_bounds *to)
{
    places p = { .to = to };
    return ari_store_places(allow_place, &p, NULL) == ARI_OK && !p.failed;
}

bool bounds_of(const cli_options *o, sandbox_bounds *out)
{
    gone_through *gone = malloc(sizeof(*gone)); /* Large for a stack. */
    bool stores = o->list, ok = gone != NULL;
    *out = (sandbox_bounds){ .output = o->output };
    if (ok) gone->count = 0;
    for (size_t i = 0; ok && i < o->path_count; i++) {
        struct stat s;
        if (stat(o->paths[i], &s) == 0) {
            ok = allow_path(out, gone, o->paths[i], S_ISDIR(s.st_mode));
        } else {
            stores = true;
        }
    }
    free(gone);
    for (size_t i = 0; ok && i < o->catalogue_count; i++)
        ok = sandbox_allow(out, o->catalogues[i], REACH_ALL);
    if (ok && o->checks.manifest != NULL) ok = sandbox_allow(out, o->checks.manifest, REACH_ALL);
    if (ok && o->since != NULL) ok = sandbox_allow(out, o->since, REACH_ALL);
    return ok && (!stores || allow_stores(out));
}
