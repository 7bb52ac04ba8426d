/* yaml.h -- small YAML documents as trees. The only door to libyaml.
 *
 * A subset on purpose: one document; no anchors, aliases or tags; keys are
 * scalars and none comes twice in a mapping. Nothing here resolves types: that
 * depends on the key, which the caller knows. */
#ifndef ARI_BASE_YAML_H
#define ARI_BASE_YAML_H

#include "base/arena.h"

enum { YAML_MAX_DEPTH = 16, YAML_MAX_NODES = 1000000 };

typedef enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING } yaml_kind;

typedef struct yaml_node {
    yaml_kind kind;
    bool plain;    /* A scalar without quotes: only such a one can be a number, true or null. */
    size_t line;   /* From 1; of a member, that of its key. */
    ari_span key;  /* Of a mapping's member; terminated, foreign. */
    ari_span text; /* Of a scalar; the same. */
    size_t size;   /* How many elements or members. */
    const struct yaml_node *parent, *first, *next;
} yaml_node;

/* The document's root, in the arena. NULL with err set: "line 3: what". */
const yaml_node *yaml_parse(ari_span text, ari_arena *arena, ari_err *err);

/* The member of that name; NULL where there is none or it is no mapping. */
const yaml_node *yaml_get(const yaml_node *mapping, const char *name);

/* An unquoted scalar that reads so. */
bool yaml_is_plain(const yaml_node *node, const char *text);

#endif
