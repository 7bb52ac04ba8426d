#include "audit/beside.h"

#include "base/json.h"
#include "read/container.h"
#include "read/sniff.h"
#include "read/walk.h"

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

enum { LEVELS = 4, HEAD = 4096 };

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

static void check_one(ari_checkpoint *c, const folder_walk *w)
{
    const char *shown = arena_escape(&c->arena, span_of(w->below), ESCAPE_ALL);
    if (S_ISDIR(w->stat.st_mode)) {
        finding_add(&c->findings, ARI_FINDING_FOLDER_CUT, NO_TENSOR, ARI_NO_OFFSET,
                    "\"%s\" lies too deep or cannot be opened, and was not searched", shown);
        return;
    }
    if (!S_ISREG(w->stat.st_mode) && !S_ISLNK(w->stat.st_mode)) return;
    const char *what = look_at(walk_folder(w), walk_name(w));
    const struct looks *look = by_look(what);
    const struct named *named = by_name(walk_name(w));
    if (look != NULL) {
        finding_add(&c->findings, look->id, NO_TENSOR, ARI_NO_OFFSET, "\"%s\" is %s", shown, what);
    } else if (named != NULL) {
        finding_add(&c->findings, named->id, NO_TENSOR, ARI_NO_OFFSET, "\"%s\" is by its name %s", shown,
                    named->what);
    }
}

void beside_check(ari_checkpoint *c)
{
    folder_walk w;
    uint64_t seen = 0, most = c->limits.files;
    const char *folder = c->folder;
    walk_open(&w, folder[0] == '\0' ? "." : folder, LEVELS);
    for (; seen < most && walk_next(&w); seen++) check_one(c, &w);
    walk_close(&w);
    if (seen < most) return;
    finding_add(&c->findings, ARI_FINDING_FOLDER_CUT, NO_TENSOR, ARI_NO_OFFSET,
                "%" PRIu64
                " files and more lie beside the weights; the rest was not looked at (--limit files=N)",
                most);
}

/* --- Configurations that name code ------------------------------------------------------------ */

static void note_class(ari_checkpoint *c, const char *file, const char *what, const json_tree *class)
{
    const char *words = json_text(class);
    if (words == NULL) return;
    bool elsewhere = strstr(words, "--") != NULL;
    finding_add(&c->findings, ARI_FINDING_REMOTE_CODE, NO_TENSOR, ARI_NO_OFFSET,
                "%s names \"%s\" for %s, code %s", file, show(span_of(words)).text,
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

/* sentence-transformers imports each module's class by its whole name. */
static void check_modules(ari_checkpoint *c, const char *file, const json_tree *modules)
{
    for (const json_tree *one = json_child(modules); one != NULL; one = json_next(one)) {
        const char *type = json_text(json_get(one, "type"));
        if (type != NULL && !span_starts(span_of(type), "sentence_transformers."))
            note_class(c, file, "a module", json_get(one, "type"));
    }
}

static void check_named_code(ari_checkpoint *c, const char *file, const json_tree *tree)
{
    check_map(c, file, json_get(tree, "auto_map"));
    for (const json_tree *one = json_child(json_get(tree, "custom_pipelines")); one != NULL;
         one = json_next(one))
        note_class(c, file, json_name(one), json_get(one, "impl"));
    if (json_is_array(tree)) check_modules(c, file, tree);
}

void remote_code_check(ari_checkpoint *c)
{
    static const char *const files[] = { "tokenizer_config.json",
                                         "processor_config.json",
                                         "preprocessor_config.json",
                                         "video_preprocessor_config.json",
                                         "generation_config.json",
                                         "modules.json",
                                         "config.json" };
    enum { FILES = sizeof(files) / sizeof(files[0]) };
    for (size_t i = 0; i < FILES; i++) {
        ari_span text = { 0 };
        ari_err err = ARI_ERR_INIT;
        ari_status status = checkpoint_sidecar(c, files[i], &text, &err);
        if (status == ARI_NOT_FOUND) continue;
        json_tree *tree = status == ARI_OK ? json_parse(text, &err) : NULL;
        check_named_code(c, files[i], tree);
        /* Of the first two templates have told, of the last claims. */
        bool told = i < 2 || i + 1 == FILES;
        if (tree == NULL && (!told || ari_is_out_of_memory(&err))) checkpoint_unreadable(c, files[i], &err);
        json_free(tree);
        checkpoint_sidecar_close(c, text);
    }
}
