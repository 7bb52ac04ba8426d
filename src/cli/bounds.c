#include "cli/bounds.h"

#include "read/walk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { LEVELS = 3, ENTRIES_MOST = 20000 };

/* The files that links in that folder lead to; not folders, of which one could be all. */
static bool allow_links(sandbox_bounds *to, const char *folder, size_t levels)
{
    folder_walk w;
    bool ok = true;
    walk_open(&w, folder, levels);
    w.hidden = true;
    for (size_t seen = 0; ok && seen < ENTRIES_MOST && walk_next(&w); seen++) {
        struct stat target;
        bool file = S_ISLNK(w.stat.st_mode) && stat(w.path, &target) == 0 && S_ISREG(target.st_mode);
        if (file) ok = sandbox_allow(to, w.path);
    }
    walk_close(&w);
    return ok;
}

/* What lies beside a file is read along with it. */
static bool allow_path(sandbox_bounds *to, const char *path, bool folder)
{
    if (folder) return sandbox_allow(to, path) && allow_links(to, path, LEVELS);
    const char *slash = strrchr(path, '/');
    char *beside = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
    bool ok =
        beside != NULL && sandbox_allow(to, path) && sandbox_allow(to, beside) && allow_links(to, beside, 1);
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
    p->failed = p->failed || !sandbox_allow(p->to, path);
}

static bool allow_stores(sandbox_bounds *to)
{
    places p = { .to = to };
    return ari_store_places(allow_place, &p, NULL) == ARI_OK && !p.failed;
}

bool bounds_of(const cli_options *o, sandbox_bounds *out)
{
    bool stores = o->list, ok = true;
    *out = (sandbox_bounds){ .output = o->output };
    for (size_t i = 0; ok && i < o->path_count; i++) {
        struct stat s;
        if (stat(o->paths[i], &s) == 0) {
            ok = allow_path(out, o->paths[i], S_ISDIR(s.st_mode));
        } else {
            stores = true;
        }
    }
    for (size_t i = 0; ok && i < o->catalogue_count; i++) ok = sandbox_allow(out, o->catalogues[i]);
    if (ok && o->checks.manifest != NULL) ok = sandbox_allow(out, o->checks.manifest);
    return ok && (!stores || allow_stores(out));
}
