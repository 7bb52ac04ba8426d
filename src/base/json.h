/* json.h -- small JSON documents as trees: configurations in, reports out. The only door to cJSON.
 *
 * cJSON folds case in look-ups, keeps duplicate keys, stores numbers as doubles,
 * accepts text after the value and invalid UTF-8. All of that is closed here: see
 * json_parse. Trees are small by then (config.json, not a header or an index). */
#ifndef ARI_BASE_JSON_H
#define ARI_BASE_JSON_H

#include "base/err.h"
#include "base/span.h"
#include "base/text.h"

typedef struct cJSON json_tree;

/* Strictly one value and white space; valid UTF-8, no NUL in strings. NULL with
 * err set (MALFORMED, with the offset). The caller frees it. */
json_tree *json_parse(ari_span text, ari_err *err);
void json_free(json_tree *tree);

/* Reading. Look-ups are case-sensitive; of a duplicate the last wins, as in
 * every reader of these files. NULL where there is no such member or tree. */
const json_tree *json_get(const json_tree *object, const char *name);
const json_tree *json_child(const json_tree *tree);   /* First element or member. */
const json_tree *json_next(const json_tree *sibling); /* The one after, or NULL. */
const char *json_name(const json_tree *member);
size_t json_size(const json_tree *tree);
bool json_is_object(const json_tree *tree);
bool json_is_array(const json_tree *tree);
bool json_is_null(const json_tree *tree);     /* null, or not there. */
const char *json_text(const json_tree *tree); /* NULL if it is no string. */
bool json_number(const json_tree *tree, double *out);
/* A whole number of magnitude up to 2^53. */
bool json_integer(const json_tree *tree, int64_t *out);
bool json_bool(const json_tree *tree, bool *out);

/* Writing. A builder remembers that memory ran short, so that nobody has to ask
 * at every step. Functions that add return the new node, NULL after a failure,
 * and take NULL for a parent in their stride. In an array the name is NULL.
 * Strings must be valid UTF-8: escape what came from a file. */
typedef struct json_builder {
    json_tree *root;
    bool failed;
} json_builder;

json_tree *json_begin(json_builder *b);
json_tree *json_add_object(json_builder *b, json_tree *parent, const char *name);
json_tree *json_add_array(json_builder *b, json_tree *parent, const char *name);
void json_add_text(json_builder *b, json_tree *parent, const char *name, const char *value); /* NULL: null. */
void json_add_uint(json_builder *b, json_tree *parent, const char *name, uint64_t value);
/* Finite, to ten digits. */
void json_add_number(json_builder *b, json_tree *parent, const char *name, double value);
void json_add_bool(json_builder *b, json_tree *parent, const char *name, bool value);
void json_add_null(json_builder *b, json_tree *parent, const char *name);
/* A value that is JSON already. */
void json_add_raw(json_builder *b, json_tree *parent, const char *name, const char *value);

/* Print it, indented or on one line, and free the tree either way. False when
 * memory ran short at any step. */
bool json_finish(json_builder *b, bool indented, ari_text *out);

/* A tree that came from a file as one line of JSON, its strings escaped. */
void json_print_foreign(const json_tree *tree, ari_text *out);

/* words, quoted as a JSON string. They must be valid UTF-8 and escaped. */
void json_put_string(ari_text *out, const char *words);

/* A finite number in its shortest form that reads back equal, a whole one without a point: 0.1, 10000. */
void json_put_number(ari_text *out, double value);

/* A number, or above 2^53 a string of digits. */
void json_put_uint(ari_text *out, uint64_t value);

#endif
