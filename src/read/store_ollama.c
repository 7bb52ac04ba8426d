/* store_ollama.c -- the store of Ollama: manifests/HOST/NAMESPACE/NAME/TAG is a manifest as Docker has them,
 * whose layers are blobs/sha256-HEX. Blobs have no extension: what they are is told by their content. */
#include "base/json_reader.h"
#include "base/text.h"
#include "read/map.h"
#include "read/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#define HOST "registry.ollama.ai"
#define NAMESPACE "library"
#define TAG "latest"

enum { HOST_MOST = 350, PART_MOST = 80, DIGEST_HEX = 64, WEIGHTS_MOST = 64, TAGS_SHOWN = 8 };

/* --- Names --------------------------------------------------------------------------- */

typedef struct ollama_name {
    ari_span host, space, name, tag;
} ollama_name;

static bool is_name(const ollama_name *n)
{
    return store_word(n->host, "-.:", HOST_MOST) && store_word(n->space, "-.", PART_MOST) &&
           store_word(n->name, "-.", PART_MOST) && store_word(n->tag, "-.", PART_MOST);
}

/* [[HOST/]NAMESPACE/]NAME[:TAG] */
static bool parse(const char *text, ollama_name *out)
{
    ari_span parts[3], rest = span_of(text);
    size_t n = 0;
    *out = (ollama_name){ span_of(HOST), span_of(NAMESPACE), rest, span_of(TAG) };
    for (const uint8_t *slash; rest.size > 0 && (slash = memchr(rest.data, '/', rest.size)) != NULL;) {
        size_t size = (size_t)(slash - rest.data);
        if (n == 2) return false;
        parts[n++] = span_first(rest, size);
        rest = span_from(rest, size + 1);
    }
    if (n > 0) out->space = parts[n - 1];
    if (n == 2) out->host = parts[0];
    const uint8_t *colon = rest.size == 0 ? NULL : memchr(rest.data, ':', rest.size);
    out->name = colon == NULL ? rest : span_first(rest, (size_t)(colon - rest.data));
    if (colon != NULL) out->tag = span_from(rest, (size_t)(colon - rest.data) + 1);
    return is_name(out);
}

static bool takes(const char *name)
{
    ollama_name unused;
    return parse(name, &unused);
}

#define SPAN(s) (int)(s).size, (const char *)(s).data

/* As one types it: what is usual is left out, but for the tag. */
static const char *typed(ari_arena *a, const ollama_name *n)
{
    bool usual_host = span_is(n->host, HOST), usual_space = usual_host && span_is(n->space, NAMESPACE);
    const char *host = usual_host ? "" : arena_printf(a, "%.*s/", SPAN(n->host));
    const char *space = usual_space ? "" : arena_printf(a, "%.*s/", SPAN(n->space));
    return arena_printf(a, "%s%s%.*s:%.*s", host, space, SPAN(n->name), SPAN(n->tag));
}

/* --- Manifests ------------------------------------------------------------------------- */

typedef enum layer_kind { LAYER_OTHER, LAYER_MODEL, LAYER_PROJECTOR, LAYER_ADAPTER } layer_kind;

static const struct {
    const char *type;
    layer_kind kind;
} layer_types[] = {
    { "application/vnd.ollama.image.model", LAYER_MODEL },
    { "application/vnd.ollama.image.projector", LAYER_PROJECTOR },
    { "application/vnd.ollama.image.adapter", LAYER_ADAPTER },
};

typedef struct layer {
    layer_kind kind;
    const char *blob; /* Its path. */
} layer;

typedef struct manifest {
    layer *layers;
    size_t count, room, weights;
} manifest;

static layer_kind kind_of(ari_span type)
{
    for (size_t i = 0; i < sizeof(layer_types) / sizeof(layer_types[0]); i++) {
        if (span_is(type, layer_types[i].type)) return layer_types[i].kind;
    }
    return LAYER_OTHER;
}

/* The path of "sha256:" and 64 hexadecimal digits; NULL for anything else. */
static const char *blob_of(const store_visit *v, ari_span digest)
{
    if (!span_starts(digest, "sha256:") || digest.size != 7 + DIGEST_HEX) return NULL;
    ari_span hex = span_from(digest, 7);
    for (size_t i = 0; i < hex.size; i++) {
        bool digit = hex.data[i] >= '0' && hex.data[i] <= '9';
        if (!digit && (hex.data[i] < 'a' || hex.data[i] > 'f')) return NULL;
    }
    return arena_printf(v->arena, "%s/blobs/sha256-%.*s", v->root, SPAN(hex));
}

static ari_status read_layer(store_visit *v, json_reader *j, manifest *m)
{
    ari_span key, type = { 0 }, digest = { 0 };
    size_t at = j->in->at;
    if (!json_enter(j, JSON_OBJECT)) return j->in->err->status;
    for (bool first = true; json_member(j, &first, &key);) {
        if (span_is(key, "mediaType")) {
            type = json_string(j);
        } else if (span_is(key, "digest")) {
            digest = json_string(j);
        } else {
            json_skip(j);
        }
    }
    if (!json_ok(j)) return j->in->err->status;
    layer one = { kind_of(type), blob_of(v, digest) };
    if (one.blob == NULL)
        return ari_fail(j->in->err, ARI_MALFORMED, at,
                        "a layer's digest is not sha256 and 64 hexadecimal digits");
    m->weights += one.kind != LAYER_OTHER;
    if (m->count >= v->options->limits.files || m->weights > WEIGHTS_MOST)
        return ari_fail(j->in->err, ARI_LIMIT, at, "more layers than any model has");
    if (!array_room(&m->layers, &m->room, m->count, sizeof(m->layers[0]))) {
        v->arena->failed = true;
        return ari_out_of_memory(j->in->err);
    }
    m->layers[m->count++] = one;
    return ARI_OK;
}

static ari_status read_layers(store_visit *v, json_reader *j, manifest *m)
{
    if (!json_enter(j, JSON_ARRAY)) return j->in->err->status;
    for (bool first = true; json_element(j, &first);) {
        if (read_layer(v, j, m) != ARI_OK) break;
    }
    return j->in->err->status;
}

/* Free the layers also after a failure. */
static ari_status read_manifest(store_visit *v, const char *path, manifest *m, ari_err *err)
{
    ari_span map = { 0 }, key;
    *m = (manifest){ 0 };
    if (map_small(path, v->options->limits.sidecar_bytes, &map, err) != ARI_OK) {
        v->arena->failed = v->arena->failed || ari_is_out_of_memory(err);
        return err->status;
    }
    ari_cursor c = cursor_over(map, err);
    json_reader j = json_over(&c, v->arena, v->options->limits.depth);
    if (json_enter(&j, JSON_OBJECT)) {
        for (bool first = true; json_member(&j, &first, &key);) {
            if (span_is(key, "layers")) {
                read_layers(v, &j, m);
            } else {
                json_skip(&j);
            }
        }
        json_end(&j);
    }
    map_small_close(map);
    return err->status;
}

/* --- Looking a name up ------------------------------------------------------------------- */

static const char *folder_of(const store_visit *v, const ollama_name *n)
{
    return arena_printf(v->arena, "%s/manifests/%.*s/%.*s/%.*s/", v->root, SPAN(n->host), SPAN(n->space),
                        SPAN(n->name));
}

/* The model is there under other tags. */
static ari_status refuse_tag(store_visit *v, const ollama_name *n, const char *folder)
{
    ari_text tags = { 0 };
    listing l;
    store_list(v, folder, &l);
    text_put(&tags, "");
    for (size_t i = 0; i < l.other_count && i < TAGS_SHOWN; i++)
        text_printf(&tags, "%s%s", i == 0 ? "" : ", ", show(span_of(l.others[i].name)).text);
    ari_fail(v->err, ARI_NOT_FOUND, ARI_NO_OFFSET, "Ollama has no tag \"%.*s\" of %.*s; there are %s%s",
             SPAN(n->tag), SPAN(n->name), tags.failed || tags.size == 0 ? "none" : tags.data,
             l.other_count > TAGS_SHOWN ? ", ..." : "");
    if (tags.failed) v->arena->failed = true;
    listing_free(&l);
    text_free(&tags);
    return ari_hint(v->err, "archinspect --list shows what is here");
}

static ari_status need_blob(store_visit *v, const layer *one)
{
    struct stat s;
    const char *partial = arena_printf(v->arena, "%s-partial", one->blob);
    if (stat(one->blob, &s) == 0) return ARI_OK;
    bool begun = stat(partial, &s) == 0;
    ari_fail(v->err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "the download is incomplete: %s is %s",
             show(span_of(one->blob)).text, begun ? "partly there" : "not there");
    return ari_hint(v->err, "run `ollama pull` again");
}

/* Each model with all projectors, as an mmproj is part of every model beside it; adapters stand alone. */
static ari_status join(store_visit *v, const manifest *m, ari_set *set)
{
    const char *files[WEIGHTS_MOST + 1];
    for (size_t i = 0; i < m->count && v->err->status == ARI_OK; i++) {
        size_t n = 0;
        if (m->layers[i].kind != LAYER_MODEL && m->layers[i].kind != LAYER_ADAPTER) continue;
        files[n++] = arena_copy(&set->arena, span_of(m->layers[i].blob));
        for (size_t k = 0; k < m->count && m->layers[i].kind == LAYER_MODEL; k++) {
            if (m->layers[k].kind == LAYER_PROJECTOR)
                files[n++] = arena_copy(&set->arena, span_of(m->layers[k].blob));
        }
        set_add(set, files, n, v->err);
    }
    return v->err->status;
}

static ari_status open_manifest(store_visit *v, const manifest *m, ari_set **out)
{
    for (size_t i = 0; i < m->count; i++) {
        if (m->layers[i].kind != LAYER_OTHER && need_blob(v, &m->layers[i]) != ARI_OK) return v->err->status;
    }
    *out = calloc(1, sizeof(**out));
    if (*out == NULL) return ari_out_of_memory(v->err);
    if (join(v, m, *out) == ARI_OK && (*out)->count == 0) {
        ari_fail(v->err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "its manifest names no layer with a model");
        ari_hint(v->err, "name another tag; archinspect --list shows what is here");
    }
    return (*out)->arena.failed ? ari_out_of_memory(v->err) : v->err->status;
}

static ari_status find(store_visit *v, const char *name, ari_set **out)
{
    ollama_name n;
    manifest m;
    struct stat s;
    ari_err own = ARI_ERR_INIT;
    if (!parse(name, &n)) return ARI_OK;
    const char *folder = folder_of(v, &n), *path = arena_printf(v->arena, "%s%.*s", folder, SPAN(n.tag));
    if (!store_is_folder(folder)) return ARI_OK;
    if (stat(path, &s) != 0) return refuse_tag(v, &n, folder);
    if (read_manifest(v, path, &m, &own) == ARI_OK) {
        open_manifest(v, &m, out);
    } else {
        ari_fail(v->err, own.status, own.offset, "%s: %s", show(span_of(path)).text, own.text);
        ari_hint(v->err, own.hint == NULL ? "run `ollama pull` again" : own.hint);
    }
    free(m.layers);
    return v->err->status;
}

/* --- All that is there --------------------------------------------------------------------- */

static void list_tag(store_visit *v, const ollama_name *n)
{
    manifest m;
    struct stat s;
    ari_err own = ARI_ERR_INIT;
    store_tally tally = { 0 };
    const char *model = "", *path = arena_printf(v->arena, "%s%.*s", folder_of(v, n), SPAN(n->tag));
    bool read = read_manifest(v, path, &m, &own) == ARI_OK;
    if (stat(path, &s) == 0) tally.modified = s.st_mtime;
    for (size_t i = 0; read && i < m.count; i++) {
        size_t earlier = 0;
        while (strcmp(m.layers[earlier].blob, m.layers[i].blob) != 0) earlier++;
        if (earlier < i || stat(m.layers[i].blob, &s) != 0 || !S_ISREG(s.st_mode)) continue;
        tally.files++;
        tally.bytes += (uint64_t)s.st_size;
        if (m.layers[i].kind == LAYER_OTHER) continue;
        if (!tally.weights) model = m.layers[i].blob;
        tally.weights = true;
    }
    store_note(v, &store_ollama, typed(v->arena, n), model, &tally);
    free(m.layers);
}

/* manifests/HOST/NAMESPACE/NAME/TAG, one level a call: three of folders, then the files. */
static void list_level(store_visit *v, const char *folder, ollama_name *n, size_t level)
{
    listing l;
    ari_span *const parts[] = { &n->host, &n->space, &n->name, &n->tag };
    store_list(v, folder, &l);
    const entry *entries = level < 3 ? l.folders : l.others;
    size_t count = level < 3 ? l.folder_count : l.other_count;
    for (size_t i = 0; i < count && v->err->status == ARI_OK; i++) {
        *parts[level] = span_of(entries[i].name);
        if (level < 3) {
            list_level(v, arena_printf(v->arena, "%s%s/", folder, entries[i].name), n, level + 1);
        } else if (is_name(n)) {
            list_tag(v, n);
        }
    }
    listing_free(&l);
}

static void list(store_visit *v)
{
    ollama_name n = { 0 };
    const char *folder = arena_printf(v->arena, "%s/manifests/", v->root);
    list_level(v, folder, &n, 0);
}

const store_kind store_ollama = {
    .word = "ollama", .title = "Ollama", .bare = false, .takes = takes, .find = find, .list = list
};
