#include "base/json.h"

#include "base/arith.h"
#include "base/json_reader.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* 2^53: above it a double no longer holds every whole number. */
static const double WHOLE_MAX = 9007199254740992.0;

/* cJSON is lenient; the pull reader is not. What passes both is JSON. */
static ari_status check_syntax(ari_span text, ari_err *err)
{
    ari_arena arena = { 0 };
    ari_err own = ARI_ERR_INIT;
    ari_cursor c = cursor_over(text, &own);
    json_reader r = json_over(&c, &arena, JSON_MAX_DEPTH);
    json_skip(&r);
    json_end(&r);
    if (r.bad_utf8_at != ARI_NO_OFFSET)
        ari_fail(&own, ARI_MALFORMED, r.bad_utf8_at, "JSON: a string is not valid UTF-8");
    if (r.control_at != ARI_NO_OFFSET)
        ari_fail(&own, ARI_MALFORMED, r.control_at, "JSON: a raw control character in a string");
    if (r.nul_at != ARI_NO_OFFSET) ari_fail(&own, ARI_MALFORMED, r.nul_at, "JSON: a string holds a NUL");
    arena_free(&arena);
    if (own.status != ARI_OK) ari_fail(err, own.status, own.offset, "%s", own.text);
    return own.status;
}

json_tree *json_parse(ari_span text, ari_err *err)
{
    if (check_syntax(text, err) != ARI_OK) return NULL;
    json_tree *tree = cJSON_ParseWithLength((const char *)text.data, text.size);
    if (tree == NULL) ari_fail(err, ARI_MALFORMED, 0, "JSON that cannot be represented");
    return tree;
}

void json_free(json_tree *tree)
{
    cJSON_Delete(tree);
}

const json_tree *json_get(const json_tree *object, const char *name)
{
    const json_tree *found = NULL;
    if (!cJSON_IsObject(object)) return NULL;
    for (const json_tree *m = object->child; m != NULL; m = m->next) {
        if (strcmp(m->string, name) == 0) found = m;
    }
    return found;
}

const json_tree *json_child(const json_tree *tree)
{
    return tree == NULL ? NULL : tree->child;
}

const json_tree *json_next(const json_tree *sibling)
{
    return sibling->next;
}

const char *json_name(const json_tree *member)
{
    return member->string == NULL ? "" : member->string;
}

size_t json_size(const json_tree *tree)
{
    size_t n = 0;
    for (const json_tree *m = json_child(tree); m != NULL; m = m->next) n++;
    return n;
}

bool json_is_object(const json_tree *tree)
{
    return cJSON_IsObject(tree);
}

bool json_is_array(const json_tree *tree)
{
    return cJSON_IsArray(tree);
}

bool json_is_null(const json_tree *tree)
{
    return tree == NULL || cJSON_IsNull(tree);
}

const char *json_text(const json_tree *tree)
{
    return cJSON_IsString(tree) ? tree->valuestring : NULL;
}

bool json_number(const json_tree *tree, double *out)
{
    if (!cJSON_IsNumber(tree) || !isfinite(tree->valuedouble)) return false;
    *out = tree->valuedouble;
    return true;
}

bool json_integer(const json_tree *tree, int64_t *out)
{
    double d;
    if (!json_number(tree, &d) || fabs(d) > WHOLE_MAX || floor(d) != d) return false;
    *out = (int64_t)d;
    return true;
}

bool json_bool(const json_tree *tree, bool *out)
{
    if (!cJSON_IsBool(tree)) return false;
    *out = cJSON_IsTrue(tree);
    return true;
}

void json_put_number(ari_text *out, double value)
{
    char digits[40];
    for (int precision = 1; precision <= 17; precision++) {
        snprintf(digits, sizeof(digits), "%.*g", precision, value);
        if (strtod(digits, NULL) == value) break;
    }
    if (fabs(value) <= WHOLE_MAX && floor(value) == value)
        snprintf(digits, sizeof(digits), "%.0f", value + 0.0);
    text_put(out, digits);
}

json_tree *json_begin(json_builder *b)
{
    *b = (json_builder){ .root = cJSON_CreateObject() };
    b->failed = b->root == NULL;
    return b->root;
}

static json_tree *attach(json_builder *b, json_tree *parent, const char *name, json_tree *item)
{
    bool added = false;
    if (item != NULL && parent != NULL) {
        added = name == NULL ? cJSON_AddItemToArray(parent, item) : cJSON_AddItemToObject(parent, name, item);
    }
    if (added) return item;
    cJSON_Delete(item);
    b->failed = true;
    return NULL;
}

json_tree *json_add_object(json_builder *b, json_tree *parent, const char *name)
{
    return attach(b, parent, name, cJSON_CreateObject());
}

json_tree *json_add_array(json_builder *b, json_tree *parent, const char *name)
{
    return attach(b, parent, name, cJSON_CreateArray());
}

void json_add_text(json_builder *b, json_tree *parent, const char *name, const char *value)
{
    attach(b, parent, name, value == NULL ? cJSON_CreateNull() : cJSON_CreateString(value));
}

void json_put_uint(ari_text *out, uint64_t value)
{
    bool exact = value <= (uint64_t)WHOLE_MAX;
    text_printf(out, exact ? "%" PRIu64 : "\"%" PRIu64 "\"", value);
}

void json_add_uint(json_builder *b, json_tree *parent, const char *name, uint64_t value)
{
    ari_text digits = { 0 };
    json_put_uint(&digits, value);
    attach(b, parent, name, digits.failed ? NULL : cJSON_CreateRaw(digits.data));
    text_free(&digits);
}

void json_add_number(json_builder *b, json_tree *parent, const char *name, double value)
{
    ari_text digits = { 0 };
    text_printf(&digits, "%.10g", value);
    attach(b, parent, name, digits.failed ? NULL : cJSON_CreateRaw(digits.data));
    text_free(&digits);
}

void json_add_bool(json_builder *b, json_tree *parent, const char *name, bool value)
{
    attach(b, parent, name, cJSON_CreateBool(value));
}

void json_add_null(json_builder *b, json_tree *parent, const char *name)
{
    attach(b, parent, name, cJSON_CreateNull());
}

void json_add_raw(json_builder *b, json_tree *parent, const char *name, const char *value)
{
    attach(b, parent, name, cJSON_CreateRaw(value));
}

bool json_finish(json_builder *b, bool indented, ari_text *out)
{
    char *text = NULL;
    if (!b->failed) text = indented ? cJSON_Print(b->root) : cJSON_PrintUnformatted(b->root);
    cJSON_Delete(b->root);
    b->root = NULL;
    if (text == NULL) return false;
    text_put(out, text);
    cJSON_free(text);
    return !out->failed;
}

void json_put_string(ari_text *out, const char *words)
{
    json_tree *s = cJSON_CreateString(words);
    char *text = s == NULL ? NULL : cJSON_PrintUnformatted(s);
    if (text == NULL) out->failed = true;
    if (text != NULL) text_put(out, text);
    cJSON_free(text);
    cJSON_Delete(s);
}

static void put_foreign_string(ari_text *out, const char *foreign)
{
    ari_text safe = { 0 };
    text_escape(&safe, span_of(foreign), ESCAPE_ALL);
    json_put_string(out, safe.data == NULL ? "" : safe.data);
    if (safe.failed) out->failed = true;
    text_free(&safe);
}

static void put_scalar(ari_text *out, const json_tree *t)
{
    if (cJSON_IsString(t)) {
        put_foreign_string(out, t->valuestring);
        return;
    }
    char *text = cJSON_PrintUnformatted(t);
    if (text == NULL) out->failed = true;
    if (text != NULL) text_put(out, text);
    cJSON_free(text);
}

/* Depth first without recursion: `path` holds the containers that are open. */
void json_print_foreign(const json_tree *tree, ari_text *out)
{
    const json_tree *path[JSON_MAX_DEPTH];
    size_t depth = 0;
    for (const json_tree *t = tree; t != NULL;) {
        if (depth > 0 && cJSON_IsObject(path[depth - 1])) {
            put_foreign_string(out, t->string);
            text_put(out, ":");
        }
        bool nested = (cJSON_IsObject(t) || cJSON_IsArray(t)) && depth < JSON_MAX_DEPTH;
        if (nested) {
            text_put(out, cJSON_IsObject(t) ? "{" : "[");
            path[depth++] = t;
            if (t->child != NULL) {
                t = t->child;
                continue;
            }
        } else {
            put_scalar(out, t);
        }
        while (depth > 0 && (nested || t->next == NULL)) {
            t = path[--depth];
            text_put(out, cJSON_IsObject(t) ? "}" : "]");
            nested = false;
        }
        if (depth == 0) return;
        t = t->next;
        text_put(out, ",");
    }
}
