#include "read/crawl.h"

#include "read/listing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A folder, for as long as it is on the way down or an item came from it. */
typedef struct crawl_folder {
    ari_arena arena;
    const char *path, *below;
    size_t users;
    bool wanted;     /* It matched what is to be included, and so all in it does. */
    ari_set *set;    /* NULL where it holds none. */
    size_t *order;   /* Of the set, by path. */
    size_t next;     /* Of these. */
    const char **in; /* Names of the folders in it, sorted. */
    size_t in_count, in_room, next_in;
    ari_err err; /* It could not be read: to be told once. */
} folder;

/* Copies and histories that other programs hide, and marks for what a cache does not have. */
static const char *const passed_by[] = { ".git",   ".hg",       ".svn",      ".bzr",       ".jj",
                                         ".locks", ".no_exist", ".snapshot", ".snapshots", ".zfs" };

/* What infer/config_claims.c and infer/card_claims.c look for beside the weights. */
static const char *const sidecars[] = { "config.json", "params.json", "adapter_config.json", "README.md" };

/* --- Order and choice ------------------------------------------------------------------------- */

/* A slash is lower than all that may stand in a name. */
static int rank(char c)
{
    return c == '\0' ? 0 : c == '/' ? 1 : (unsigned char)c + 1;
}

static int order_paths(const char *a, const char *b)
{
    while (*a != '\0' && *a == *b) a++, b++;
    return rank(*a) - rank(*b);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_path(const void *a, const void *b, void *set)
{
    return order_paths(ari_set_path(set, *(const size_t *)a), ari_set_path(set, *(const size_t *)b));
}

/* The part of a path below the first `n` bytes of it, which are a folder's. */
static const char *below(const char *path, size_t n)
{
    const char *at = path + n;
    while (*at == '/') at++;
    return at;
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* path is below the root. */
static bool matches(const crawl_globs *g, const char *path)
{
    for (size_t i = 0; i < g->count; i++) {
        bool whole = strchr(g->globs[i], '/') != NULL;
        if (fnmatch(g->globs[i], whole ? path : name_of(path), 0) == 0) return true;
    }
    return false;
}

/* --- Folders ---------------------------------------------------------------------------------- */

static void leave(folder *f)
{
    if (f == NULL || --f->users > 0) return;
    ari_set_free(f->set);
    free(f->order);
    free(f->in);
    arena_free(&f->arena);
    free(f);
}

static void add_folder(folder *f, const char *name)
{
    for (size_t i = 0; i < sizeof(passed_by) / sizeof(passed_by[0]); i++) {
        if (strcmp(name, passed_by[i]) == 0) return;
    }
    if (!array_room(&f->in, &f->in_room, f->in_count, sizeof(f->in[0]))) {
        ari_out_of_memory(&f->err);
    } else {
        f->in[f->in_count++] = arena_copy(&f->arena, span_of(name));
    }
}

static bool is_folder(DIR *d, const struct dirent *e)
{
    struct stat s;
    if (e->d_type != DT_UNKNOWN) return e->d_type == DT_DIR;
    return fstatat(dirfd(d), e->d_name, &s, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(s.st_mode);
}

static bool may_be_one(const char *name)
{
    return name[0] != '.' && (is_model_name(name) || is_capsule_name(name) || is_index_name(name));
}

/* Lists the folders in it. Is there a file that may be a checkpoint, too? */
static bool list(folder *f)
{
    bool holds = false;
    char words[160];
    if (f->arena.failed) ari_out_of_memory(&f->err);
    errno = 0;
    DIR *d = opendir(f->path);
    for (struct dirent *e; d != NULL && (errno = 0, e = readdir(d)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        if (is_folder(d, e)) {
            add_folder(f, e->d_name);
        } else {
            holds = holds || may_be_one(e->d_name);
        }
    }
    if (errno != 0) {
        ari_fail(&f->err, ARI_UNREADABLE, ARI_NO_OFFSET, "%s", strerror_r(errno, words, sizeof(words)));
    }
    if (d != NULL) closedir(d);
    if (f->arena.failed) ari_out_of_memory(&f->err);
    if (f->in_count > 0) qsort(f->in, f->in_count, sizeof(f->in[0]), by_name);
    return holds;
}

typedef struct grouping {
    const crawl *c;
    folder *f;
    bool file; /* A root that is none, or nothing. */
} grouping;

static ari_status group(void *context, ari_err *err)
{
    const grouping *g = context;
    const ari_options *o = g->c->wishes.options;
    return g->file ? ari_set_find(g->f->path, o, &g->f->set, err)
                   : set_in_folder(g->f->path, o, &g->f->set, err);
}

static void group_files(const crawl *c, folder *f, bool file)
{
    grouping g = { c, f, file };
    if (c->wishes.guard(group, &g, &f->err) != ARI_OK) {
        /* What an index or a link promises may be what nobody asked for. */
        bool promised = f->err.status == ARI_NOT_A_MODEL || f->err.status == ARI_MALFORMED;
        if (promised && !f->wanted) f->err = (ari_err)ARI_ERR_INIT;
        return;
    }
    size_t n = ari_set_count(f->set);
    f->order = calloc(n + 1, sizeof(f->order[0]));
    if (f->order == NULL) {
        ari_out_of_memory(&f->err);
        ari_set_free(f->set);
        f->set = NULL;
        return;
    }
    for (size_t i = 0; i < n; i++) f->order[i] = i;
    qsort_r(f->order, n, sizeof(f->order[0]), by_path, f->set);
}

/* Go down into it, whatever it turns out to be. NULL when memory is short. */
static folder *enter(crawl *c, const char *path)
{
    folder *f = calloc(1, sizeof(*f));
    if (f != NULL) f->path = arena_copy(&f->arena, span_of(path));
    if (f == NULL || f->arena.failed) {
        free(f);
        c->failed = true;
        return NULL;
    }
    f->err = (ari_err)ARI_ERR_INIT;
    f->users = 1;
    c->folders[c->depth++] = f;
    return f;
}

static bool enter_root(crawl *c)
{
    struct stat s;
    if (c->next_root == c->wishes.root_count) return false;
    folder *f = enter(c, c->wishes.roots[c->next_root++]);
    if (f == NULL) return false;
    bool file = stat(f->path, &s) != 0 || !S_ISDIR(s.st_mode);
    f->below = file ? name_of(f->path) : "";
    f->wanted = c->wishes.include.count == 0;
    if (file || list(f)) group_files(c, f, file);
    return true;
}

static void enter_folder(crawl *c, const folder *in, const char *name)
{
    size_t n = strlen(in->path);
    const char *slash = n > 0 && in->path[n - 1] == '/' ? "" : "/";
    ari_arena scratch = { 0 };
    const char *path = arena_printf(&scratch, "%s%s%s", in->path, slash, name);
    const char *part = arena_printf(&scratch, "%s%s%s", in->below, in->below[0] == '\0' ? "" : "/", name);
    folder *f = matches(&c->wishes.exclude, part) ? NULL : enter(c, path);
    if (f != NULL) {
        f->below = arena_copy(&f->arena, span_of(part));
        f->wanted = in->wanted || matches(&c->wishes.include, part);
        if (scratch.failed) {
            ari_out_of_memory(&f->err);
        } else if (c->depth == CRAWL_DEPTH) {
            ari_fail(&f->err, ARI_LIMIT, ARI_NO_OFFSET, "lies %d folders deep; what is in it is left out",
                     CRAWL_DEPTH);
        } else if (list(f)) {
            group_files(c, f, false);
        }
    }
    arena_free(&scratch);
}

/* --- Items ------------------------------------------------------------------------------------- */

/* Nothing, where it is not there. A path that is not the set's own is copied. */
static void add_file(folder *f, crawl_item *item, const char *path, bool own)
{
    struct stat s;
    if (stat(path, &s) != 0) return;
    if (!array_room(&item->files, &item->file_room, item->file_count, sizeof(item->files[0]))) {
        ari_out_of_memory(&item->err);
        return;
    }
    item->files[item->file_count++] = (crawl_file){ .path = own ? path : arena_copy(&f->arena, span_of(path)),
                                                    .device = s.st_dev,
                                                    .inode = s.st_ino,
                                                    .bytes = (uint64_t)s.st_size,
                                                    .seconds = s.st_mtim.tv_sec,
                                                    .nanoseconds = s.st_mtim.tv_nsec };
}

/* Is it another name of one that was told? The same weights with another configuration are another model. */
static bool is_told(crawl *c, crawl_item *item)
{
    bool added;
    fingerprint f = fingerprint_begin();
    for (size_t i = 0; i < item->file_count; i++) {
        fingerprint_add_uint(&f, item->files[i].device);
        fingerprint_add_uint(&f, item->files[i].inode);
    }
    if (item->file_count == 0) return false;
    if (!fingerprint_set_add(&c->told, f, &added)) ari_out_of_memory(&item->err);
    return item->err.status == ARI_OK && !added;
}

static bool is_wanted(const crawl *c, const folder *f, const crawl_item *item, const ari_group *g)
{
    const crawl_wishes *w = &c->wishes;
    bool in = f->wanted || matches(&w->include, item->below);
    bool out = matches(&w->exclude, item->below);
    size_t root = strlen(f->path) - strlen(f->below);
    for (size_t i = 0; i < g->file_count && w->include.count + w->exclude.count > 0; i++) {
        const char *part = below(g->files[i], root);
        in = in || matches(&w->include, part);
        out = out || matches(&w->exclude, part);
    }
    return in && !out;
}

static void add_sidecars(folder *f, const ari_group *g, crawl_item *item)
{
    char path[PATH_MAX];
    if (g->index != NULL) add_file(f, item, g->index, true);
    for (size_t i = 0; i < sizeof(sidecars) / sizeof(sidecars[0]); i++) {
        int n = snprintf(path, sizeof(path), "%s%s", g->folder, sidecars[i]);
        if (n > 0 && (size_t)n < sizeof(path)) add_file(f, item, path, false);
    }
    if (f->arena.failed) ari_out_of_memory(&item->err);
}

void crawl_release(crawl_item *item)
{
    free(item->files);
    leave(item->folder);
    *item = (crawl_item){ .err = ARI_ERR_INIT };
}

/* False where it is not to be told. */
static bool tell(crawl *c, folder *f, size_t i, crawl_item *out)
{
    const ari_group *g = &f->set->groups[i];
    crawl_item item = { .path = g->path, .set = f->set, .index = i, .err = ARI_ERR_INIT, .folder = f };
    item.below = below(g->path, strlen(f->path) - strlen(f->below));
    f->users++;
    bool wanted = is_wanted(c, f, &item, g);
    for (size_t k = 0; wanted && k < g->file_count; k++) add_file(f, &item, g->files[k], true);
    if (wanted && item.file_count > 0) add_sidecars(f, g, &item);
    if (!wanted || is_told(c, &item)) {
        crawl_release(&item);
        return false;
    }
    if (item.err.status != ARI_OK) item.set = NULL;
    *out = item;
    return true;
}

static void tell_error(folder *f, crawl_item *out)
{
    *out = (crawl_item){ .path = f->path, .below = f->below, .err = f->err, .folder = f };
    f->err = (ari_err)ARI_ERR_INIT;
    f->users++;
}

/* Does the next checkpoint come before the next folder? */
static bool is_first(const folder *f)
{
    if (f->set == NULL || f->next == ari_set_count(f->set)) return false;
    if (f->next_in == f->in_count) return true;
    const char *path = ari_set_path(f->set, f->order[f->next]);
    return order_paths(below(path, strlen(f->path)), f->in[f->next_in]) < 0;
}

bool crawl_next(crawl *c, crawl_item *out)
{
    while (!c->failed && (c->depth > 0 || enter_root(c))) {
        folder *f = c->folders[c->depth - 1];
        if (f->err.status != ARI_OK) {
            tell_error(f, out);
            return true;
        }
        if (is_first(f)) {
            if (tell(c, f, f->order[f->next++], out)) return true;
        } else if (f->next_in < f->in_count && c->depth < CRAWL_DEPTH) {
            enter_folder(c, f, f->in[f->next_in++]);
        } else {
            leave(c->folders[--c->depth]);
        }
    }
    return false;
}

crawl crawl_begin(const crawl_wishes *wishes)
{
    return (crawl){ .wishes = *wishes };
}

void crawl_end(crawl *c)
{
    while (c->depth > 0) leave(c->folders[--c->depth]);
    fingerprint_set_free(&c->told);
}
