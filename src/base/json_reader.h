/* json_reader.h -- pull JSON off a cursor: no tree, no allocation but for strings with escapes.
 *
 * The grammar is RFC 8259's, strictly: no comments, no trailing commas, no NaN.
 * Strings without escapes are views into the input. Two faults do not stop the
 * reader, because the rest can still be read safely; they are noted instead:
 * malformed UTF-8 (lone surrogates too) and raw control characters in strings.
 *
 *     for (bool first = true; json_member(&r, &first, &key);) { ... one value ... }
 *     if (!json_ok(&r)) return r.in->err->status;
 *
 * Nothing here recurses: nesting costs a bit of `open`, up to max_depth. */
#ifndef ARI_BASE_JSON_READER_H
#define ARI_BASE_JSON_READER_H

#include "base/arena.h"
#include "base/cursor.h"

enum { JSON_MAX_DEPTH = 128 }; /* What the reference reader of safetensors allows. */

typedef struct json_reader {
    ari_cursor *in;
    ari_arena *arena; /* Holds unescaped strings. */
    unsigned depth, max_depth;
    uint64_t bad_utf8_at, control_at; /* First offset of each, or ARI_NO_OFFSET. */
    uint64_t nul_at;                  /* Of a string that holds \u0000: legal, but no C string. */
} json_reader;

typedef enum json_kind {
    JSON_NOTHING,
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_WORD
} json_kind;

json_reader json_over(ari_cursor *in, ari_arena *arena, uint64_t max_depth);

static inline bool json_ok(const json_reader *r)
{
    return cursor_ok(r->in);
}

/* What comes next, after white space; JSON_NOTHING at the end or at a byte that
 * begins no value. Consumes only the white space. */
json_kind json_peek(json_reader *r);

/* Step into the object or array that comes next; false, and bad, if it does not. */
bool json_enter(json_reader *r, json_kind kind);
/* The next member's name, up to and with its colon; false after the last one
 * (the brace is consumed) and when the reader is bad. *first starts as true. */
bool json_member(json_reader *r, bool *first, ari_span *name);
/* Is there another element? false after the last (the bracket is consumed). */
bool json_element(json_reader *r, bool *first);

ari_span json_string(json_reader *r);
/* A non-negative integer written as plain digits, up to 2^64-1; else bad. */
uint64_t json_uint(json_reader *r);
/* null, if that is next. */
bool json_null(json_reader *r);
/* Any value, checked for syntax and forgotten; its bytes are returned. */
ari_span json_skip(json_reader *r);
/* Only white space may be left. */
bool json_end(json_reader *r);

#endif
