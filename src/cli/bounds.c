#include "cli/bounds.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH = 3, ENTRIES_MOST = 20000 };

/* The folders on the way down to the one being read. */
typedef struct walk {
    sandbox_bounds *to;
    DIR *folders[DEPTH];
    size_t lengths[DEPTH];
    size_t depth, most, seen;
    char path[4096];
    bool failed;
} walk;

static void walk_into(walk *w)
{
    DIR *d = w->depth == w->most ? NULL : opendir(w->path);
    size_t n = strlen(w->path);
    if (d == NULL) return;
    if (n + 2 > sizeof(w->path)) {
        closedir(d);
        return;
    }
    memcpy(w->path + n, "/", 2);
    w->lengths[w->depth] = n + 1;
    w->folders[w->depth++] = d;
}

static void visit(walk *w, const char *name)
{
    struct stat s, target;
    size_t length = w->lengths[w->depth - 1], n = strlen(name);
    if (length + n + 2 > sizeof(w->path)) return;
    memcpy(w->path + length, name, n + 1);
    if (lstat(w->path, &s) != 0) return;
    bool file = S_ISLNK(s.st_mode) && stat(w->path, &target) == 0 && S_ISREG(target.st_mode);
    if (file) w->failed = w->failed || !sandbox_allow(w->to, w->path);
    if (S_ISDIR(s.st_mode)) walk_into(w);
}

/* The files that links in that folder, and in `most` levels of it, lead to; not folders, of which one could
 * be all. */
static bool allow_links(sandbox_bounds *to, const char *folder, size_t most)
{
    walk w = { .to = to, .most = most };
    snprintf(w.path, sizeof(w.path), "%s", folder);
    walk_into(&w);
    while (w.depth > 0) {
        DIR *d = w.folders[w.depth - 1];
        struct dirent *e = w.seen < ENTRIES_MOST ? readdir(d) : NULL;
        if (e == NULL) {
            closedir(d);
            w.depth--;
        } else if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
            w.seen++;
            visit(&w, e->d_name);
        }
    }
    return !w.failed;
}

/* What lies beside a file is read along with it. */
static bool allow_path(sandbox_bounds *to, const char *path, bool folder)
{
    if (folder) return sandbox_allow(to, path) && allow_links(to, path, DEPTH);
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
