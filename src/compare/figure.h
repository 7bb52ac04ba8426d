/* figure.h -- values of a catalogue file: from YAML, by the kind of their field, to JSON text. */
#ifndef ARI_COMPARE_FIGURE_H
#define ARI_COMPARE_FIGURE_H

#include "base/yaml.h"
#include "compare/catalogue.h"

/* null, ~ or nothing: not known. */
bool figure_is_missing(const yaml_node *n);

/* A scalar's text, escaped. */
const char *figure_text(const yaml_node *n, ari_arena *arena);
bool figure_bool(const yaml_node *n, bool *out);
/* A whole number from 0 to 2^53, also written 1e9. */
bool figure_count(const yaml_node *n, uint64_t *out);

/* Anything at all as JSON on one line, its strings escaped. */
const char *figure_json(const yaml_node *n, ari_arena *arena);

/* A field's value in its one spelling. NULL where it is fine, else what it should be: "is no whole number".
 */
const char *figure_read(const yaml_node *n, ari_field field, ari_arena *arena, ari_value *out);

#endif
