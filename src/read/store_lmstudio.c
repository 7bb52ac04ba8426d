/* store_lmstudio.c -- the folder of LM Studio: ORG/REPOSITORY, and the files in it. */
#include "base/text.h"
#include "read/store.h"

static bool takes(const char *name)
{
    return store_repository(span_of(name), true);
}

static ari_status find(store_visit *v, const char *name, ari_set **out)
{
    const char *folder = arena_printf(v->arena, "%s/%s", v->root, name);
    if (!takes(name) || !store_is_folder(folder)) return ARI_OK;
    if (ari_set_find(folder, v->options, out, v->err) == ARI_OK) return ARI_OK;
    return ari_wrap(v->err, "%s", show(span_of(folder)).text);
}

static void list_repositories(store_visit *v, const char *organisation)
{
    const char *folder = arena_printf(v->arena, "%s/%s/", v->root, organisation);
    listing l;
    store_list(v, folder, &l);
    for (size_t i = 0; i < l.folder_count && v->err->status == ARI_OK; i++) {
        const char *name = arena_printf(v->arena, "%s/%s", organisation, l.folders[i].name);
        const char *path = arena_printf(v->arena, "%s/%s", v->root, name);
        if (!takes(name)) continue;
        store_tally tally = store_count(path, &v->options->limits);
        store_note(v, &store_lmstudio, name, path, &tally);
    }
    listing_free(&l);
}

static void list(store_visit *v)
{
    listing l;
    store_list(v, arena_printf(v->arena, "%s/", v->root), &l);
    for (size_t i = 0; i < l.folder_count && v->err->status == ARI_OK; i++)
        list_repositories(v, l.folders[i].name);
    listing_free(&l);
}

const store_kind store_lmstudio = {
    .word = "lmstudio", .title = "LM Studio", .bare = true, .takes = takes, .find = find, .list = list
};
