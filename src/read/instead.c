#include "read/instead.h"

#include "base/text.h"
#include "read/sniff.h"

enum { NAMES_SHOWN = 4, FOLDERS_SEARCHED = 256 };

/* What a folder holds in place of a model, as names tell; NULL where they do not. */
static const sniff_ending *instead(const listing *l, const char **name)
{
    const sniff_ending *best = NULL;
    for (size_t i = 0; i < l->other_count + l->folder_count; i++) {
        const char *other = i < l->other_count ? l->others[i].name : l->folders[i - l->other_count].name;
        const sniff_ending *e = sniff_name(other);
        if (e == NULL || e->kind == ENDING_TEXT || (best != NULL && best <= e)) continue;
        best = e;
        *name = other;
    }
    return best;
}

/* ": of its folders, a and b hold some", the first few of them. */
static const char *folders_that_hold(const listing *l)
{
    ari_text names = { 0 };
    size_t n = 0;
    for (size_t i = 0; i < l->folder_count && i < FOLDERS_SEARCHED; i++) {
        ari_err unused = ARI_ERR_INIT;
        const char *folder = arena_printf(l->arena, "%s%s/", l->folder, l->folders[i].name);
        listing below = { .arena = l->arena, .limits = l->limits, .folder = folder, .err = &unused };
        bool holds = listing_read(&below) == ARI_OK && below.model_count > 0;
        listing_free(&below);
        if (!holds) continue;
        if (n++ < NAMES_SHOWN)
            text_printf(&names, "%s%s", n == 1 ? "" : ", ", show(span_of(l->folders[i].name)).text);
    }
    const char *out =
        n == 0 ? NULL
               : arena_printf(l->arena, "%zu of its folders do: %s%s", n,
                              names.data == NULL ? "" : names.data, n > NAMES_SHOWN ? ", ..." : "");
    if (names.failed) l->arena->failed = true;
    text_free(&names);
    return out;
}

ari_status folder_without_model(const listing *l, const char *path, ari_err *err)
{
    const char *name = NULL;
    if (l->folder_count + l->other_count == 0) {
        ari_fail(err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "is an empty folder");
        return ari_hint(err, "name the folder that holds the .safetensors or .gguf files");
    }
    size_t n = strlen(path);
    while (n > 0 && path[n - 1] == '/') n--;
    const sniff_ending *own = sniff_name(arena_copy(l->arena, span_first(span_of(path), n)));
    const sniff_ending *e = instead(l, &name);
    if (own != NULL && own->kind == ENDING_WEIGHTS) {
        ari_fail(err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "is %s", own->what);
        return ari_hint(err, own->hint);
    }
    const char *below = e == NULL ? folders_that_hold(l) : NULL;
    if (below != NULL) {
        ari_fail(err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "holds no .safetensors or .gguf file itself; %s",
                 below);
        return ari_hint(err, "name one of them, or all: archinspect FOLDER/*");
    }
    ari_fail(err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "holds no .safetensors or .gguf file%s%s%s%s",
             e == NULL ? "" : "; ", e == NULL ? "" : show(span_of(name)).text, e == NULL ? "" : " is ",
             e == NULL ? "" : e->what);
    return ari_hint(err, e == NULL ? "name the folder that holds them, or one of the files" : e->hint);
}
