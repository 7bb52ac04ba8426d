#include "audit/beside.h"

#include "base/json.h"
#include "read/container.h"
#include "read/map.h"
#include "read/sniff.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct named {
    const char *end;
    ari_finding_id id;
    const char *what;
} names[] = {
#define NAMED(end, id, what) { end, ARI_FINDING_##id, what },
#include "audit/beside.def"
};

static const struct looks {
    const char *words;
    ari_finding_id id;
} looks[] = {
#define LOOKS(words, id) { words, ARI_FINDING_##id },
#include "audit/beside.def"
};

enum { DEPTH = 4, HEAD = 4096 };

/* The folders on the way down to the one being read, each with the length of its path. */
typedef struct walk {
    ari_checkpoint *c;
    DIR *folders[DEPTH];
    size_t lengths[DEPTH];
    size_t depth;
    uint64_t seen;
    char path[4096]; /* From the checkpoint's folder on. */
} walk;

static const struct named *by_name(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t end = strlen(names[i].end);
        if (n > end && strcasecmp(name + n - end, names[i].end) == 0) return &names[i];
    }
    return NULL;
}

static const struct looks *by_look(const char *what)
{
    for (size_t i = 0; what != NULL && i < sizeof(looks) / sizeof(looks[0]); i++) {
        if (strstr(what, looks[i].words) != NULL) return &looks[i];
    }
    return NULL;
}

/* What its first bytes look like; NULL where they cannot be read, or are a model's. A pipe is not waited for.
 */
static const char *look_at(int folder, const char *name)
{
    struct stat s;
    uint8_t room[HEAD];
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool plain = fd >= 0 && fstat(fd, &s) == 0 && S_ISREG(s.st_mode);
    ssize_t n = plain ? pread(fd, room, HEAD, 0) : 0;
    if (fd >= 0) close(fd);
    if (n <= 0) return NULL;
    ari_span head = { room, (size_t)n };
    return container_of(head, (uint64_t)s.st_size) != NULL ? NULL : sniff_what(head);
}

static void check_one(walk *w, int folder, const char *name)
{
    const char *shown = arena_escape(&w->c->arena, span_of(w->path), ESCAPE_ALL);
    const char *what = look_at(folder, name);
    const struct looks *look = by_look(what);
    const struct named *named = by_name(name);
    if (look != NULL) {
        finding_add(&w->c->findings, look->id, NO_TENSOR, ARI_NO_OFFSET, "\"%s\" is %s", shown, what);
    } else if (named != NULL) {
        finding_add(&w->c->findings, named->id, NO_TENSOR, ARI_NO_OFFSET, "\"%s\" is by its name %s", shown,
                    named->what);
    }
}

static void walk_into(walk *w, int folder, const char *name)
{
    int fd = w->depth == DEPTH ? -1 : openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (d != NULL) {
        size_t n = strlen(w->path);
        memcpy(w->path + n, "/", 2);
        w->lengths[w->depth] = n + 1;
        w->folders[w->depth++] = d;
        return;
    }
    if (fd >= 0) close(fd);
    finding_add(&w->c->findings, ARI_FINDING_FOLDER_CUT, NO_TENSOR, ARI_NO_OFFSET,
                w->depth == DEPTH ? "\"%s\" lies too deep, and was not searched"
                                  : "\"%s\" cannot be opened, and was not searched",
                arena_escape(&w->c->arena, span_of(w->path), ESCAPE_ALL));
}

static void visit(walk *w, const char *name)
{
    struct stat s;
    size_t length = w->lengths[w->depth - 1], n = strlen(name);
    int folder = dirfd(w->folders[w->depth - 1]);
    if (length + n + 2 > sizeof(w->path) || fstatat(folder, name, &s, AT_SYMLINK_NOFOLLOW) != 0) return;
    memcpy(w->path + length, name, n + 1);
    if (S_ISDIR(s.st_mode)) {
        walk_into(w, folder, name);
    } else if (S_ISREG(s.st_mode) || S_ISLNK(s.st_mode)) {
        check_one(w, folder, name);
    }
}

static void walk_all(walk *w)
{
    while (w->depth > 0) {
        DIR *d = w->folders[w->depth - 1];
        struct dirent *e = w->seen < w->c->limits.files ? readdir(d) : NULL;
        if (e == NULL) {
            closedir(d);
            w->depth--;
        } else if (e->d_name[0] != '.') {
            w->seen++;
            visit(w, e->d_name);
        }
    }
    if (w->seen < w->c->limits.files) return;
    finding_add(&w->c->findings, ARI_FINDING_FOLDER_CUT, NO_TENSOR, ARI_NO_OFFSET,
                "more than %" PRIu64
                " files lie beside the weights; the rest was not looked at (--limit files=N)",
                w->c->limits.files);
}

void beside_check(ari_checkpoint *c)
{
    walk w = { .c = c };
    const char *first = c->files[0].path, *slash = strrchr(first, '/');
    const char *folder = slash == NULL ? "." : slash == first ? "/" : NULL;
    if (folder == NULL) folder = arena_copy(&c->arena, span_first(span_of(first), (size_t)(slash - first)));
    w.folders[0] = opendir(folder);
    w.depth = w.folders[0] != NULL;
    walk_all(&w);
}

/* --- Configurations that name code ------------------------------------------------------------ */

static void note_class(ari_checkpoint *c, const char *file, const char *what, const json_tree *class)
{
    const char *words = json_text(class);
    if (words == NULL) return;
    bool elsewhere = strstr(words, "--") != NULL;
    finding_add(&c->findings, ARI_FINDING_REMOTE_CODE, NO_TENSOR, ARI_NO_OFFSET,
                "%s: auto_map names \"%s\" for %s, code %s", file, show(span_of(words)).text,
                show(span_of(what == NULL ? "" : what)).text,
                elsewhere ? "of another repository" : "beside the weights");
}

static void check_map(ari_checkpoint *c, const char *file, const json_tree *map)
{
    for (const json_tree *one = json_child(map); one != NULL; one = json_next(one)) {
        note_class(c, file, json_name(one), one);
        /* A tokenizer's has two: slow and fast. */
        for (const json_tree *k = json_child(one); k != NULL; k = json_next(k))
            note_class(c, file, json_name(one), k);
    }
}

void remote_code_check(ari_checkpoint *c)
{
    static const char *const files[] = { "config.json", "tokenizer_config.json", "processor_config.json",
                                         "preprocessor_config.json", "generation_config.json" };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        ari_span text;
        ari_err err = ARI_ERR_INIT;
        if (checkpoint_sidecar(c, files[i], &text, &err) != ARI_OK) continue;
        json_tree *tree = json_parse(text, &err);
        check_map(c, files[i], json_get(tree, "auto_map"));
        json_free(tree);
        map_close(text);
        if (ari_is_out_of_memory(&err)) c->arena.failed = true;
    }
}
