/* config_claims.c -- what config.json, params.json and adapter_config.json say. */
#include "infer/witness.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LONG_VALUE = 2000 };

/* Where the text model's configuration may lie inside another's; its keys come
 * before those of the whole. */
static const char *const nested[] = {
    "text_config",
    "llm_config",
    "language_config",
    "lm_config",
    "thinker_config.text_config",
    "vlm_config.text_config",
    "decoder",
};

static const struct claim_row {
    ari_field field;
    char path[64]; /* No pointer, which would have to be relocated. */
} config_rows[] = {
#define CLAIM(field, path) { ARI_FIELD_##field, path },
#include "infer/claim.def"
};

/* One that filled its row would not end. */
#define CLAIM(field, text) _Static_assert(sizeof(text) <= sizeof(config_rows[0].path), text);
#include "infer/claim.def"

static const struct exception {
    const char *model_type;
    ari_field field;
    const char *value;
} exceptions[] = {
#define EXCEPTION(model_type, field, value) { model_type, ARI_FIELD_##field, value },
#include "infer/exception.def"
};

static const struct class_defaults {
    char model_type[32]; /* No pointers, as above. */
    char hidden[8], layers[8], heads[8], kv_heads[8], head_dim[8], width[8], act[24], theta[16], tied[8],
        epsilon[16], experts[8], top_k[8];
} defaults[] = {
#define DEFAULTS(...) { __VA_ARGS__ },
#include "infer/default.def"
};

#define ENDS(text, member) (sizeof(text) <= sizeof(defaults[0].member))
#define DEFAULTS(m, h, l, n, k, d, w, a, t, i, e, x, p)                                            \
    _Static_assert(ENDS(m, model_type) && ENDS(h, hidden) && ENDS(l, layers) && ENDS(n, heads) &&  \
                       ENDS(k, kv_heads) && ENDS(d, head_dim) && ENDS(w, width) && ENDS(a, act) && \
                       ENDS(t, theta) && ENDS(i, tied) && ENDS(e, epsilon) && ENDS(x, experts) &&  \
                       ENDS(p, top_k),                                                             \
                   m);
#include "infer/default.def"
#undef ENDS

/* --- Values out of JSON ------------------------------------------------------------ */

static const json_tree *descend(const json_tree *t, const char *path)
{
    while (t != NULL) {
        size_t n = strcspn(path, ".");
        char name[64];
        snprintf(name, sizeof(name), "%.*s", (int)n, path);
        t = json_get(t, name);
        if (path[n] == '\0') return t;
        path += n + 1;
    }
    return NULL;
}

/* Of a list with one number a layer, the commonest that is not 0. */
static bool commonest(const json_tree *list, int64_t *out)
{
    ari_poll poll = { 0 };
    size_t seen = 0;
    int64_t v;
    for (const json_tree *e = json_child(list); e != NULL && seen < LAYERS_LISTED; e = json_next(e), seen++) {
        if (json_integer(e, &v)) poll_add(&poll, v);
    }
    return poll_winner(&poll, out);
}

static const char *print_tree(ari_arena *arena, const json_tree *t)
{
    ari_text text = { 0 };
    json_print_foreign(t, &text);
    bool usable = !text.failed && text.data != NULL && text.size <= LONG_VALUE;
    const char *out = usable ? arena_copy(arena, span_of(text.data)) : NULL;
    if (text.failed) arena->failed = true;
    text_free(&text);
    return out;
}

static const char *read_layer_types(ari_arena *arena, const json_tree *list)
{
    const char **words = calloc(LAYERS_LISTED, sizeof(words[0]));
    size_t n = 0;
    if (words == NULL) return NULL;
    for (const json_tree *e = json_child(list); e != NULL && n < LAYERS_LISTED; e = json_next(e)) {
        words[n] = json_text(e) == NULL ? "?" : json_text(e);
        n++;
    }
    const char *out = layer_period(arena, words, n);
    free(words);
    return out;
}

static const char *value_of(ari_arena *arena, ari_field field, const json_tree *t)
{
    int64_t whole;
    double real;
    bool flag;
    switch (field_info(field)->kind) {
    case ARI_KIND_INTEGER:
        if (!json_integer(t, &whole) && !(json_is_array(t) && commonest(t, &whole))) return NULL;
        /* -1 asks the reader to look elsewhere. */
        return whole < 0 ? NULL : arena_printf(arena, "%" PRId64, whole);
    case ARI_KIND_REAL: return json_number(t, &real) ? arena_printf(arena, "%.10g", real) : NULL;
    case ARI_KIND_TEXT: return json_text(t) == NULL ? NULL : print_tree(arena, t);
    case ARI_KIND_BOOL: return json_bool(t, &flag) ? (flag ? "true" : "false") : NULL;
    case ARI_KIND_JSON: break;
    }
    if (field == ARI_FIELD_LAYER_TYPES) return json_is_array(t) ? read_layer_types(arena, t) : NULL;
    return json_is_object(t) ? print_tree(arena, t) : NULL;
}

/* --- config.json -------------------------------------------------------------------- */

static const json_tree *look_up(const witness *w, const char *path)
{
    const json_tree *t = descend(w->text, path);
    return json_is_null(t) ? descend(w->top, path) : t;
}

static void read_rows(witness *w)
{
    ari_arena *arena = &w->c->arena;
    for (size_t i = 0; i < sizeof(config_rows) / sizeof(config_rows[0]); i++) {
        const struct claim_row *row = &config_rows[i];
        const json_tree *t = look_up(w, row->path);
        if (claimed(w->out, row->field) || json_is_null(t)) continue;
        claim(w->out, row->field, value_of(arena, row->field, t),
              arena_printf(arena, "%s: %s", w->source, row->path));
    }
}

static bool flag_is(const witness *w, const char *path, bool wanted)
{
    bool flag;
    return json_bool(look_up(w, path), &flag) && flag == wanted;
}

/* A rope_scaling of type "default" is none; in transformers 5 it lies among the rope_parameters. */
static void read_rope(witness *w)
{
    const json_tree *t = look_up(w, "rope_scaling");
    const char *path = "rope_scaling";
    if (!json_is_object(t)) {
        path = "rope_parameters";
        t = look_up(w, path);
        if (json_is_object(json_get(t, "full_attention"))) t = json_get(t, "full_attention");
    }
    const char *type = json_text(json_get(t, "rope_type"));
    if (type == NULL) type = json_text(json_get(t, "type"));
    bool scaled = type != NULL && strcmp(type, "default") != 0;
    if (scaled) claim(w->out, ARI_FIELD_ROPE_SCALING, print_tree(&w->c->arena, t), claim_source(w, path));
    if (!scaled && !(claimed(w->out, ARI_FIELD_ROPE_SCALING) && type == NULL)) {
        claim(w->out, ARI_FIELD_ROPE_SCALING, "null", claim_source(w, "no RoPE scaling"));
    }
    double ratio;
    if (json_number(look_up(w, "rope_ratio"), &ratio) && ratio > 0 && ratio < 1e12 &&
        !claimed(w->out, ARI_FIELD_ROPE_THETA)) {
        claim(w->out, ARI_FIELD_ROPE_THETA, arena_printf(&w->c->arena, "%.10g", 10000 * ratio),
              claim_source(w, "rope_ratio x 10000"));
    }
}

static void except(witness *w, const struct exception *e)
{
    int64_t n;
    if (strcmp(e->value, "half") != 0) {
        claim(w->out, e->field, e->value,
              arena_printf(&w->c->arena, "%s: model_type %s", w->source, e->model_type));
    } else if (claimed_number(w->out, e->field, &n)) {
        claim_number(w, e->field, n / 2,
                     arena_printf(&w->c->arena, "%s: %s / 2", w->source, field_info(e->field)->name));
    }
}

/* Keys that only mean something together, or mean less than they say. */
static void read_exceptions(witness *w)
{
    ari_claims *k = w->out;
    if (flag_is(w, "multi_query", true) && !flag_is(w, "new_decoder_architecture", true) &&
        !claimed(k, ARI_FIELD_NUM_KEY_VALUE_HEADS)) {
        claim_number(w, ARI_FIELD_NUM_KEY_VALUE_HEADS, 1, claim_source(w, "multi_query"));
    }
    if (flag_is(w, "use_sliding_window", false))
        claim(k, ARI_FIELD_SLIDING_WINDOW, "null", claim_source(w, "use_sliding_window: false"));
    const char *type = json_text(look_up(w, "model_type"));
    for (size_t i = 0; type != NULL && i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
        if (strcmp(exceptions[i].model_type, type) == 0) except(w, &exceptions[i]);
    }
}

/* Meta's params.json gives the MLP width as a recipe. */
static void read_recipe(witness *w)
{
    int64_t dim, multiple;
    double factor = 1;
    if (claimed(w->out, ARI_FIELD_INTERMEDIATE_SIZE) || !json_integer(look_up(w, "multiple_of"), &multiple) ||
        !json_integer(look_up(w, "dim"), &dim) || multiple <= 0 || dim <= 0 || dim > 1 << 24 ||
        multiple > 1 << 24) {
        return;
    }
    json_number(look_up(w, "ffn_dim_multiplier"), &factor);
    if (!(factor > 0 && factor < 1000)) return;
    int64_t width = (int64_t)(factor * floor((double)(8 * dim) / 3));
    claim_number(w, ARI_FIELD_INTERMEDIATE_SIZE, (width + multiple - 1) / multiple * multiple,
                 claim_source(w, "dim, ffn_dim_multiplier, multiple_of"));
}

/* --- Defaults ------------------------------------------------------------------------ */

static const struct class_defaults *class_named(const char *model_type)
{
    for (size_t i = 0; model_type != NULL && i < sizeof(defaults) / sizeof(defaults[0]); i++) {
        if (strcmp(defaults[i].model_type, model_type) == 0) return &defaults[i];
    }
    return NULL;
}

static void assume_class(witness *w, const struct class_defaults *d)
{
    char why[96];
    if (d == NULL) return;
    snprintf(why, sizeof(why), "the class of model_type %s takes it", d->model_type);
    const struct {
        ari_field field;
        const char *value;
    } rows[] = {
        { ARI_FIELD_HIDDEN_SIZE, d->hidden },        { ARI_FIELD_NUM_HIDDEN_LAYERS, d->layers },
        { ARI_FIELD_NUM_ATTENTION_HEADS, d->heads }, { ARI_FIELD_NUM_KEY_VALUE_HEADS, d->kv_heads },
        { ARI_FIELD_HEAD_DIM, d->head_dim },         { ARI_FIELD_HIDDEN_ACT, d->act },
        { ARI_FIELD_ROPE_THETA, d->theta },          { ARI_FIELD_TIE_WORD_EMBEDDINGS, d->tied },
        { ARI_FIELD_NORM_EPS, d->epsilon },          { ARI_FIELD_NUM_EXPERTS, d->experts },
        { ARI_FIELD_NUM_EXPERTS_PER_TOK, d->top_k },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].value[0] != '\0') claim_default(w, rows[i].field, rows[i].value, why);
    }
    int64_t hidden;
    if (d->width[0] != '\0' && strcmp(d->width, "4x") != 0) {
        claim_default(w, ARI_FIELD_INTERMEDIATE_SIZE, d->width, why);
    } else if (d->width[0] != '\0' && claimed_number(w->out, ARI_FIELD_HIDDEN_SIZE, &hidden)) {
        claim_default(w, ARI_FIELD_INTERMEDIATE_SIZE, arena_printf(&w->c->arena, "%" PRId64, 4 * hidden),
                      "4 x hidden_size");
    }
}

/* --- Files ---------------------------------------------------------------------------- */

static void origin_from(witness *w, const char *key)
{
    const char *text = json_text(json_get(w->top, key));
    /* A path of the author's own machine names nothing. */
    if (text == NULL || text[0] == '/' || text[0] == '.' || strchr(text, '\\') != NULL) return;
    claim_origin(w, span_of(text), claim_source(w, key));
}

static void read_quantization(witness *w)
{
    const json_tree *q = json_get(w->top, "quantization_config");
    if (!json_is_object(q)) q = json_get(w->text, "quantization_config");
    bool mlx = !json_is_object(q) && json_is_object(json_get(w->top, "quantization"));
    if (mlx) q = json_get(w->top, "quantization");
    const char *method = mlx ? "mlx" : json_text(json_get(q, "quant_method"));
    if (method == NULL) return;
    int64_t bits = 0, group = 0;
    bool flag;
    if (!json_integer(json_get(q, "bits"), &bits) && json_bool(json_get(q, "load_in_4bit"), &flag))
        bits = flag ? 4 : 8;
    json_integer(json_get(q, "group_size"), &group);
    ari_text t = { 0 }, word = { 0 };
    text_escape(&word, span_of(strcmp(method, "bitsandbytes") == 0 ? "bnb" : method), 40);
    text_put(&t, "{\"scheme\":");
    json_put_string(&t, word.size == 0 ? "" : word.data);
    text_printf(&t, ",\"bits\":");
    text_printf(&t, bits > 0 ? "%" PRId64 : "null", bits);
    text_printf(&t, ",\"group_size\":");
    text_printf(&t, group > 0 ? "%" PRId64 : "null", group);
    text_put(&t, "}");
    if (!t.failed && !word.failed) w->out->quantization = arena_copy(&w->c->arena, span_of(t.data));
    text_free(&t);
    text_free(&word);
}

static void examine_config(witness *w)
{
    const json_tree *list = json_get(w->top, "architectures");
    const char *class = json_text(json_child(list));
    if (class != NULL) w->out->architecture_class = arena_escape(&w->c->arena, span_of(class), 80);
    w->text = w->top;
    for (size_t i = 0; i < sizeof(nested) / sizeof(nested[0]) && w->text == w->top; i++) {
        const json_tree *t = descend(w->top, nested[i]);
        if (json_is_object(t)) w->text = t;
    }
    const char *type = json_text(json_get(w->text, "model_type"));
    if (type == NULL) type = json_text(json_get(w->top, "model_type"));
    read_rows(w);
    read_rope(w);
    read_exceptions(w);
    read_recipe(w);
    assume_class(w, class_named(type));
    claim_conclusions(w);
    read_quantization(w);
    origin_from(w, "_name_or_path");
}

static void examine_adapter(witness *w)
{
    int64_t rank;
    if (json_integer(json_get(w->top, "r"), &rank) && rank > 0)
        claim_number(w, ARI_FIELD_LORA_RANK, rank, claim_source(w, "r"));
    origin_from(w, "base_model_name_or_path");
}

static const struct sidecar {
    const char *name;
    void (*examine)(witness *w);
} sidecars[] = {
    { "config.json", examine_config },
    { "params.json", examine_config },
    { "adapter_config.json", examine_adapter },
};

/* Mistral's consolidated files go with params.json, everything else with config.json. */
static bool belongs(const ari_checkpoint *c, const struct sidecar *s)
{
    const char *slash = strrchr(c->files[0].path, '/'), *name = slash == NULL ? c->files[0].path : slash + 1;
    bool consolidated = strstr(name, "consolidated") != NULL;
    bool adapter = strstr(name, "adapter") != NULL;
    if (s->examine == examine_adapter) return true;
    return !adapter && (strcmp(s->name, "params.json") == 0) == consolidated;
}

const char *config_sidecar(const ari_checkpoint *c, size_t *i)
{
    for (size_t k = 0; k < sizeof(sidecars) / sizeof(sidecars[0]); k++) {
        if (belongs(c, &sidecars[k]) && (*i)-- == 0) return sidecars[k].name;
    }
    return NULL;
}

static void read_sidecar(ari_checkpoint *c, ari_claims *out, const struct sidecar *s)
{
    ari_err err = ARI_ERR_INIT;
    ari_span map = { 0 };
    if (checkpoint_sidecar(c, s->name, &map, &err) == ARI_NOT_FOUND) return;
    json_tree *tree = err.status == ARI_OK ? json_parse(map, &err) : NULL;
    if (tree != NULL && json_is_object(tree)) {
        witness w = { .c = c, .out = out, .source = s->name, .top = tree, .text = tree };
        s->examine(&w);
    } else {
        if (tree != NULL) ari_fail(&err, ARI_MALFORMED, 0, "not a JSON object");
        finding_add(&c->findings, ARI_FINDING_CONFIG_UNREADABLE, NO_TENSOR, err.offset, "%s: %s", s->name,
                    err.text);
    }
    json_free(tree);
    checkpoint_sidecar_close(c, map);
}

void examine_sidecars(ari_checkpoint *c, ari_claims *out)
{
    for (size_t i = 0; i < sizeof(sidecars) / sizeof(sidecars[0]); i++) {
        if (belongs(c, &sidecars[i])) read_sidecar(c, out, &sidecars[i]);
    }
}
