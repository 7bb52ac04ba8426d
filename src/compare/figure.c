#include "compare/figure.h"

#include "base/json.h"
#include "compare/scaling.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* --- Scalars ---------------------------------------------------------------------------------- */

static size_t digits(const char *s)
{
    return strspn(s, "0123456789");
}

/* A number as JSON writes it; 1. and 012 are none. */
static bool to_number(const yaml_node *n, double *out)
{
    if (n->kind != YAML_SCALAR || !n->plain || n->text.size > 40) return false;
    const char *start = (const char *)n->text.data, *s = start + (*start == '-');
    size_t whole = digits(s);
    if (whole == 0 || (whole > 1 && *s == '0')) return false;
    s += whole;
    if (*s == '.') {
        if (digits(s + 1) == 0) return false;
        s += 1 + digits(s + 1);
    }
    if (*s == 'e' || *s == 'E') {
        s += s[1] == '+' || s[1] == '-' ? 2 : 1;
        if (digits(s) == 0) return false;
        s += digits(s);
    }
    *out = strtod(start, NULL);
    return *s == '\0' && isfinite(*out);
}

bool figure_is_missing(const yaml_node *n)
{
    return yaml_is_plain(n, "null") || yaml_is_plain(n, "~") || yaml_is_plain(n, "");
}

const char *figure_text(const yaml_node *n, ari_arena *arena)
{
    return arena_escape(arena, n->text, ESCAPE_ALL);
}

bool figure_bool(const yaml_node *n, bool *out)
{
    *out = yaml_is_plain(n, "true");
    return *out || yaml_is_plain(n, "false");
}

bool figure_count(const yaml_node *n, uint64_t *out)
{
    double d;
    if (!to_number(n, &d) || d < 0 || d >= 9007199254740992.0 || floor(d) != d) return false;
    *out = (uint64_t)d;
    return true;
}

/* --- Anything as JSON ------------------------------------------------------------------------- */

static void put_word(ari_text *out, ari_span foreign)
{
    ari_text safe = { 0 };
    text_escape(&safe, foreign, ESCAPE_ALL);
    if (safe.failed) out->failed = true;
    json_put_string(out, safe.data == NULL ? "" : safe.data);
    text_free(&safe);
}

static void put_scalar(ari_text *out, const yaml_node *n)
{
    double d;
    bool flag;
    if (to_number(n, &d)) {
        json_put_number(out, d);
    } else if (figure_bool(n, &flag)) {
        text_put(out, flag ? "true" : "false");
    } else if (figure_is_missing(n)) {
        text_put(out, "null");
    } else {
        put_word(out, n->text);
    }
}

static void put_node(ari_text *out, const yaml_node *root)
{
    for (const yaml_node *n = root;;) {
        if (n != root && n->parent->kind == YAML_MAPPING) {
            put_word(out, n->key);
            text_put(out, ": ");
        }
        if (n->first != NULL) {
            text_put(out, n->kind == YAML_MAPPING ? "{" : "[");
            n = n->first;
            continue;
        }
        if (n->kind == YAML_SCALAR) {
            put_scalar(out, n);
        } else {
            text_put(out, n->kind == YAML_MAPPING ? "{}" : "[]");
        }
        while (n != root && n->next == NULL) {
            n = n->parent;
            text_put(out, n->kind == YAML_MAPPING ? "}" : "]");
        }
        if (n == root) return;
        n = n->next;
        text_put(out, ", ");
    }
}

static const char *finish(ari_text *t, ari_arena *arena)
{
    if (t->failed || t->data == NULL) arena->failed = true;
    const char *out = t->failed || t->data == NULL ? "null" : arena_copy(arena, span_of(t->data));
    text_free(t);
    return out;
}

const char *figure_json(const yaml_node *n, ari_arena *arena)
{
    ari_text t = { 0 };
    put_node(&t, n);
    return finish(&t, arena);
}

/* --- Values of fields --------------------------------------------------------------------------- */

static const char *read_scaling(const yaml_node *n, ari_arena *arena, ari_value *out)
{
    if (n->kind != YAML_MAPPING) return "is no mapping: {rope_type: yarn, factor: 4}";
    json_tree *t = json_parse(span_of(figure_json(n, arena)), NULL);
    if (t == NULL) return "cannot be represented";
    out->json = scaling_canonical(arena, t);
    json_free(t);
    return NULL;
}

static bool is_run(const yaml_node *n)
{
    uint64_t count;
    return n->kind == YAML_SEQUENCE && n->size == 2 && n->first->kind == YAML_SCALAR &&
           figure_count(n->first->next, &count) && count > 0;
}

/* Runs of one period as they are, or a word for each layer. */
static const char *read_layers(const yaml_node *n, ari_arena *arena, ari_value *out)
{
    enum { LAYERS_MOST = 4096 };
    size_t runs = 0, words = 0;
    if (n->size > LAYERS_MOST) return "has more layers than any model";
    const char **list = arena_alloc(arena, (n->size + 1) * sizeof(list[0]));
    for (const yaml_node *e = n->first; list != NULL && e != NULL; e = e->next) {
        runs += is_run(e);
        if (e->kind == YAML_SCALAR) list[words++] = figure_text(e, arena);
    }
    if (n->kind != YAML_SEQUENCE || n->size == 0 || (runs != n->size && words != n->size))
        return "is no list of runs: [[sliding_attention, 5], [full_attention, 1]]";
    out->json = runs > 0 ? figure_json(n, arena) : layer_period(arena, list, words);
    if (out->json == NULL) arena->failed = true;
    return NULL;
}

/* Of these there may be none; a size of 0 is none. */
static bool may_be_zero(ari_field field)
{
    static const ari_field counts[] = { ARI_FIELD_NUM_EXPERTS, ARI_FIELD_NUM_SHARED_EXPERTS,
                                        ARI_FIELD_FIRST_K_DENSE_REPLACE, ARI_FIELD_NUM_NEXTN_PREDICT_LAYERS };
    bool found = false;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) found = found || counts[i] == field;
    return found;
}

static const char *read_integer(const yaml_node *n, ari_field field, ari_arena *arena, ari_value *out)
{
    uint64_t count;
    if (!figure_count(n, &count)) return "is no whole number below 2^53";
    if (count == 0 && !may_be_zero(field)) return "is no size; where there is no such thing, say none";
    out->number = (double)count;
    out->json = arena_printf(arena, "%" PRIu64, count);
    return NULL;
}

static const char *read_real(const yaml_node *n, ari_arena *arena, ari_value *out)
{
    ari_text t = { 0 };
    if (!to_number(n, &out->number)) return "is no number";
    json_put_number(&t, out->number);
    out->json = finish(&t, arena);
    return NULL;
}

/* Some fields have words of their own, others take any. */
static const char *read_word(const yaml_node *n, ari_field field, ari_arena *arena, ari_value *out)
{
    static const struct {
        ari_field field;
        const char *word;
    } words[] = {
#define FIELD_WORD(field, word) { ARI_FIELD_##field, word },
#include "compare/word.def"
    };
    const char *own = NULL;
    bool known = false;
    ari_text t = { 0 };
    if (n->kind != YAML_SCALAR) return "is no word";
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (words[i].field != field) continue;
        own = arena_printf(arena, "%s%s%s", own == NULL ? "is none of " : own, own == NULL ? "" : ", ",
                           words[i].word);
        known = known || span_is(n->text, words[i].word);
    }
    if (own != NULL && !known) return own;
    put_word(&t, n->text);
    out->json = finish(&t, arena);
    return NULL;
}

/* Words, of which these two fields have one for nothing. */
static bool says_none(const yaml_node *n, ari_field field)
{
    return yaml_is_plain(n, "none") && field != ARI_FIELD_ATTENTION_TYPE && field != ARI_FIELD_NORM_TYPE;
}

const char *figure_read(const yaml_node *n, ari_field field, ari_arena *arena, ari_value *out)
{
    bool flag;
    *out = (ari_value){ "null", NAN };
    if (says_none(n, field)) return NULL;
    switch (field_info(field)->kind) {
    case ARI_KIND_INTEGER: return read_integer(n, field, arena, out);
    case ARI_KIND_REAL: return read_real(n, arena, out);
    case ARI_KIND_BOOL:
        if (!figure_bool(n, &flag)) return "is neither true nor false";
        out->json = flag ? "true" : "false";
        return NULL;
    case ARI_KIND_TEXT: return read_word(n, field, arena, out);
    case ARI_KIND_JSON: break;
    }
    return field == ARI_FIELD_ROPE_SCALING ? read_scaling(n, arena, out) : read_layers(n, arena, out);
}
