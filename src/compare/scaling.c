#include "compare/scaling.h"

#include "infer/architecture.h"

/* No configuration has more; sorting below is quadratic. */
enum { MEMBERS_MAX = 64 };

static const struct parameter {
    const char *name, *as, *usual;
} parameters[] = {
#define SCALING(name, as, usual) { name, as, usual },
#include "compare/scaling.def"
};

static void put_word(ari_text *out, const char *foreign)
{
    ari_text safe = { 0 };
    text_escape(&safe, span_of(foreign), ESCAPE_ALL);
    json_put_string(out, safe.data == NULL ? "" : safe.data);
    if (safe.failed) out->failed = true;
    text_free(&safe);
}

static void put_value(ari_text *out, const json_tree *t)
{
    double number;
    if (json_number(t, &number)) {
        json_put_number(out, number);
    } else {
        json_print_foreign(t, out);
    }
}

static bool is_usual(const json_tree *t, const char *usual)
{
    ari_text value = { 0 };
    put_value(&value, t);
    bool same = value.data != NULL && same_value(value.data, usual);
    text_free(&value);
    return same;
}

/* A parameter is a value, or a list of them. */
static bool is_parameter(const json_tree *member)
{
    if (json_is_null(member) || json_is_object(member)) return false;
    for (const json_tree *e = json_is_array(member) ? json_child(member) : NULL; e != NULL;
         e = json_next(e)) {
        if (json_is_object(e) || json_is_array(e)) return false;
    }
    return true;
}

/* The name under which a parameter is kept, or NULL. */
static const char *kept_as(const json_tree *member)
{
    if (!is_parameter(member)) return NULL;
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        const struct parameter *p = &parameters[i];
        if (strcmp(p->name, json_name(member)) != 0) continue;
        return p->usual != NULL && is_usual(member, p->usual) ? NULL : p->as;
    }
    return json_name(member);
}

/* "su" is the old word for longrope; Qwen2-VL's mrope turns as the default does, by sections. */
static const char *type_of(const json_tree *object)
{
    const char *type = json_text(json_get(object, "rope_type"));
    if (type == NULL) type = json_text(json_get(object, "type"));
    if (type == NULL) return NULL;
    if (strcmp(type, "su") == 0) return "longrope";
    return strcmp(type, "mrope") == 0 ? "default" : type;
}

/* The member whose name comes next after `last`; NULL at the end. */
static const json_tree *next_by_name(const json_tree *object, const char *last, bool all, const char **name)
{
    const json_tree *best = NULL;
    for (const json_tree *m = json_child(object); m != NULL; m = json_next(m)) {
        const char *as = all ? json_name(m) : kept_as(m);
        if (as == NULL || (last != NULL && strcmp(as, last) <= 0)) continue;
        if (best != NULL && strcmp(as, *name) > 0) continue;
        best = m;
        *name = as;
    }
    return best;
}

static void put_object(ari_text *out, const json_tree *object)
{
    const char *type = type_of(object), *name = NULL;
    const json_tree *m = json_is_object(object) ? next_by_name(object, NULL, false, &name) : NULL;
    if (m == NULL && (type == NULL || strcmp(type, "default") == 0)) {
        text_put(out, "null");
        return;
    }
    text_put(out, "{");
    if (type != NULL) {
        text_put(out, "\"rope_type\":");
        put_word(out, type);
    }
    for (bool first = type == NULL; m != NULL; first = false, m = next_by_name(object, name, false, &name)) {
        if (!first) text_put(out, ",");
        put_word(out, name);
        text_put(out, ":");
        put_value(out, m);
    }
    text_put(out, "}");
}

static bool is_per_layer_type(const json_tree *t)
{
    for (const json_tree *m = json_child(t); m != NULL; m = json_next(m)) {
        if (!json_is_object(m)) return false;
    }
    return json_is_object(t) && json_child(t) != NULL;
}

static void put_per_layer_type(ari_text *out, const json_tree *t)
{
    const char *name = NULL;
    bool scaled = false;
    size_t start = out->size;
    for (const json_tree *m = next_by_name(t, NULL, true, &name); m != NULL;
         m = next_by_name(t, name, true, &name)) {
        text_put(out, out->size == start ? "{" : ",");
        put_word(out, name);
        text_put(out, ":");
        size_t before = out->size;
        put_object(out, m);
        scaled = scaled || (out->size > before && out->data[before] == '{');
    }
    text_put(out, "}");
    if (!scaled) {
        out->size = start;
        text_put(out, "null");
    }
}

/* No configuration has so many parameters, nor so many types of layers. */
static bool is_endless(const json_tree *t)
{
    bool endless = json_size(t) > MEMBERS_MAX;
    for (const json_tree *m = json_child(t); m != NULL && !endless; m = json_next(m))
        endless = json_is_object(m) && json_size(m) > MEMBERS_MAX;
    return endless;
}

const char *scaling_canonical(ari_arena *arena, const json_tree *t)
{
    ari_text out = { 0 };
    if (is_endless(t)) {
        text_put(&out, "{}");
    } else if (is_per_layer_type(t)) {
        put_per_layer_type(&out, t);
    } else {
        put_object(&out, t);
    }
    if (out.failed) arena->failed = true;
    const char *text = out.failed || out.data == NULL ? "null" : arena_copy(arena, span_of(out.data));
    text_free(&out);
    return text;
}
