#include "cli/bounds.h"

#include "read/walk.h"

#include <stdlib.h>
#include <string.h>
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
        if (leads && (S_ISREG(target.st_mode) || folders)) ok = sandbox_allow(to, w.path);
    }
    walk_close(&w);
    return ok;
}

/* What lies beside a file is read along with it. */
static bool allow_path(sandbox_bounds *to, gone_through *g, const char *path, bool folder)
{
    if (folder) return !is_new(g, path) || (sandbox_allow(to, path) && allow_links(to, path, LEVELS, false));
    const char *slash = strrchr(path, '/');
    char *beside = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    bool ok = beside != NULL && sandbox_allow(to, path);
    if (ok && is_new(g, beside)) ok = sandbox_allow(to, beside) && allow_links(to, beside, 1, false);
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
    p->failed = p->failed || !sandbox_allow(p->to, path) || !allow_links(p->to, path, LEVELS, true);
}

static bool allow_stores(sandbox_bounds *to)
{
    places p = { .to = to };
    return ari_store_places(allow_place, &p, NULL) == ARI_OK && !p.failed;
}

bool bounds_of(const cli_options *o, sandbox_bounds *out)
{
    bool stores = o->list, ok = true;
    gone_through gone = { .count = 0 };
    *out = (sandbox_bounds){ .output = o->output };
    for (size_t i = 0; ok && i < o->path_count; i++) {
        struct stat s;
        if (stat(o->paths[i], &s) == 0) {
            ok = allow_path(out, &gone, o->paths[i], S_ISDIR(s.st_mode));
        } else {
            stores = true;
        }
    }
    for (size_t i = 0; ok && i < o->catalogue_count; i++) ok = sandbox_allow(out, o->catalogues[i]);
    if (ok && o->checks.manifest != NULL) ok = sandbox_allow(out, o->checks.manifest);
    return ok && (!stores || allow_stores(out));
}
