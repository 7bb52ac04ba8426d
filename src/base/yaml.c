#include "base/yaml.h"

#include "base/lookup.h"
#include "base/text.h"

#include <stdlib.h>
#include <yaml.h>

/* A container that is open. */
typedef struct frame {
    yaml_node *node, *last;
    ari_lookup keys;     /* Of a mapping. */
    yaml_node **members; /* What `keys` leads to. */
    size_t member_room;
    bool has_key; /* The next node is the value of `key`. */
    ari_span key;
    size_t key_line;
} frame;

typedef struct builder {
    ari_arena *arena;
    ari_err *err;
    frame stack[YAML_MAX_DEPTH];
    size_t depth, count;
    yaml_node *root;
    bool done; /* The stream has ended. */
} builder;

static bool refuse(const builder *b, size_t line, const char *what)
{
    ari_fail(b->err, ARI_MALFORMED, ARI_NO_OFFSET, "line %zu: %s", line, what);
    return false;
}

static bool out_of_memory(const builder *b)
{
    ari_out_of_memory(b->err);
    return false;
}

static ari_span member_key(const void *members, size_t i)
{
    return ((yaml_node *const *)members)[i]->key;
}

/* --- From events to nodes ------------------------------------------------------------------- */

/* Give a mapping's new member the key that was read before it. */
static bool enter_member(builder *b, frame *f, yaml_node *n)
{
    bool added;
    n->key = f->key;
    n->line = f->key_line;
    f->has_key = false;
    if (!array_room(&f->members, &f->member_room, f->node->size, sizeof(yaml_node *)))
        return out_of_memory(b);
    f->members[f->node->size] = n;
    if (lookup_add(&f->keys, n->key, f->node->size, member_key, f->members, &added) == SIZE_MAX)
        return out_of_memory(b);
    if (added) return true;
    ari_fail(b->err, ARI_MALFORMED, ARI_NO_OFFSET, "line %zu: \"%s\" stands twice in a mapping", n->line,
             show(n->key).text);
    return false;
}

static yaml_node *add_node(builder *b, yaml_kind kind, size_t line)
{
    if (++b->count > YAML_MAX_NODES) {
        ari_fail(b->err, ARI_LIMIT, ARI_NO_OFFSET, "line %zu: more than %d values", line, YAML_MAX_NODES);
        return NULL;
    }
    yaml_node *n = arena_alloc(b->arena, sizeof(*n));
    if (n == NULL) {
        out_of_memory(b);
        return NULL;
    }
    *n = (yaml_node){ .kind = kind, .line = line };
    if (b->depth == 0) {
        b->root = n;
        return n;
    }
    frame *f = &b->stack[b->depth - 1];
    if (f->node->kind == YAML_MAPPING && !enter_member(b, f, n)) return NULL;
    n->parent = f->node;
    if (f->last == NULL) f->node->first = n;
    if (f->last != NULL) f->last->next = n;
    f->last = n;
    f->node->size++;
    return n;
}

static bool awaits_key(const builder *b)
{
    const frame *f = b->depth == 0 ? NULL : &b->stack[b->depth - 1];
    return f != NULL && f->node->kind == YAML_MAPPING && !f->has_key;
}

static bool open_container(builder *b, yaml_kind kind, size_t line)
{
    if (awaits_key(b)) return refuse(b, line, "a key that is no simple word");
    if (b->depth == YAML_MAX_DEPTH) return refuse(b, line, "nested too deeply");
    yaml_node *n = add_node(b, kind, line);
    if (n == NULL) return false;
    b->stack[b->depth++] = (frame){ .node = n };
    return true;
}

static void close_container(builder *b)
{
    frame *f = &b->stack[--b->depth];
    lookup_free(&f->keys);
    free(f->members);
}

static bool add_scalar(builder *b, const yaml_event_t *e, size_t line)
{
    ari_span text = { e->data.scalar.value, e->data.scalar.length };
    if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL)
        return refuse(b, line, "a NUL in a string");
    const char *copy = arena_copy(b->arena, text);
    if (b->arena->failed) return out_of_memory(b);
    text.data = (const uint8_t *)copy;
    if (awaits_key(b)) {
        frame *f = &b->stack[b->depth - 1];
        f->has_key = true;
        f->key = text;
        f->key_line = line;
        return true;
    }
    yaml_node *n = add_node(b, YAML_SCALAR, line);
    if (n == NULL) return false;
    n->text = text;
    n->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return true;
}

/* --- The events of a document ----------------------------------------------------------------- */

/* What a document of ours has no use for, or NULL. */
static const char *decoration(const yaml_event_t *e)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (e->type) {
    case YAML_ALIAS_EVENT: return "aliases are not read: write the value again";
    case YAML_SCALAR_EVENT:
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
        break;
    default: break;
    }
    if (anchor != NULL) return "anchors are not read";
    return tag != NULL ? "tags are not read" : NULL;
}

static bool take(builder *b, const yaml_event_t *e)
{
    size_t line = e->start_mark.line + 1;
    const char *unwanted = decoration(e);
    if (unwanted != NULL) return refuse(b, line, unwanted);
    switch (e->type) {
    case YAML_SCALAR_EVENT: return add_scalar(b, e, line);
    case YAML_SEQUENCE_START_EVENT: return open_container(b, YAML_SEQUENCE, line);
    case YAML_MAPPING_START_EVENT: return open_container(b, YAML_MAPPING, line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: close_container(b); return true;
    case YAML_DOCUMENT_START_EVENT:
        return b->root == NULL || refuse(b, line, "a second document; one file holds one");
    case YAML_STREAM_END_EVENT: b->done = true; return true;
    default: return true;
    }
}

static void take_all(builder *b, yaml_parser_t *parser)
{
    for (bool good = true; good && !b->done;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            if (parser->error == YAML_MEMORY_ERROR) {
                out_of_memory(b);
            } else {
                refuse(b, parser->problem_mark.line + 1,
                       parser->problem == NULL ? "no YAML" : parser->problem);
            }
            return;
        }
        good = take(b, &event);
        yaml_event_delete(&event);
    }
}

static bool check_bytes(ari_span text, ari_err *err)
{
    size_t line = 1;
    for (size_t at = 0, n; at < text.size; at += n) {
        uint32_t code = utf8_decode(span_from(text, at), &n);
        if (code == UINT32_MAX || code == 0) {
            ari_fail(err, ARI_MALFORMED, at, "line %zu: %s", line, code == 0 ? "a NUL" : "no valid UTF-8");
            return false;
        }
        bool begins = at == 0 || text.data[at - 1] == '\n' || text.data[at - 1] == '\r';
        /* The parser takes a time that goes by the square of how many %TAG there are. */
        if (code == '%' && begins) {
            ari_fail(err, ARI_MALFORMED, at, "line %zu: directives are not read", line);
            return false;
        }
        line += code == '\n';
    }
    return true;
}

const yaml_node *yaml_parse(ari_span text, ari_arena *arena, ari_err *err)
{
    ari_err own = ARI_ERR_INIT;
    builder b = { .arena = arena, .err = &own };
    yaml_parser_t parser;
    /* A byte order mark would count as a column. */
    if (span_starts(text, "\xEF\xBB\xBF")) text = span_from(text, 3);
    if (!check_bytes(text, err)) return NULL;
    if (!yaml_parser_initialize(&parser)) {
        ari_out_of_memory(err);
        return NULL;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, text.data == NULL ? (const uint8_t *)"" : text.data, text.size);
    take_all(&b, &parser);
    yaml_parser_delete(&parser);
    while (b.depth > 0) close_container(&b);
    if (own.status == ARI_OK && b.root == NULL)
        ari_fail(&own, ARI_MALFORMED, ARI_NO_OFFSET, "line 1: there is nothing in it");
    if (own.status == ARI_OK) return b.root;
    ari_fail(err, own.status, own.offset, "%s", own.text);
    return NULL;
}

/* --- Reading ------------------------------------------------------------------------------------ */

const yaml_node *yaml_get(const yaml_node *mapping, const char *name)
{
    if (mapping == NULL || mapping->kind != YAML_MAPPING) return NULL;
    for (const yaml_node *n = mapping->first; n != NULL; n = n->next) {
        if (span_is(n->key, name)) return n;
    }
    return NULL;
}

bool yaml_is_plain(const yaml_node *node, const char *text)
{
    return node->kind == YAML_SCALAR && node->plain && span_is(node->text, text);
}
