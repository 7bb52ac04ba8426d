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
/* For what is nearly always written in one way: step over exactly these bytes; over the plain digits of a
 * number below 10^18. Both are false where anything else comes next, which is no fault: go back to where the
 * cursor was before the first of them, and read with the functions above. */
static inline bool json_literal(json_reader *r, ari_span text)
{
    ari_cursor *c = r->in;
    if (text.size > cursor_left(c) || memcmp(c->in.data + c->at, text.data, text.size) != 0) return false;
    c->at += text.size;
    return true;
}

/* Eight digits at once, if that many come next: pairs, then pairs of these, then both. Elsewhere than on
 * machines with the low byte first they are read one by one. */
static inline bool json_eight_digits(const uint8_t *bytes, uint64_t *out)
{
    uint64_t w;
    if (__BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__) return false;
    memcpy(&w, bytes, sizeof(w));
    uint64_t v = w - UINT64_C(0x3030303030303030);
    if (((w + UINT64_C(0x4646464646464646)) | v) & UINT64_C(0x8080808080808080)) return false;
    v = (v * 10 + (v >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    v = (v * 100 + (v >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    *out = (v * 10000 + (v >> 32)) & UINT64_C(0xFFFFFFFF);
    return true;
}

static inline bool json_digits(json_reader *r, uint64_t *out)
{
    ari_cursor *c = r->in;
    const uint8_t *digits = c->in.data + c->at;
    size_t n = 0, most = cursor_left(c) < 18 ? cursor_left(c) : 18;
    uint64_t v = 0, eight;
    for (; most - n >= 8 && json_eight_digits(digits + n, &eight); n += 8) v = v * 100000000 + eight;
    for (; n < most && digits[n] >= '0' && digits[n] <= '9'; n++) v = v * 10 + (uint64_t)(digits[n] - '0');
    *out = v;
    c->at += n;
    return n == 1 || (n > 1 && digits[0] != '0');
}

/* null, if that is next. */
bool json_null(json_reader *r);
/* Any value, checked for syntax and forgotten; its bytes are returned. */
ari_span json_skip(json_reader *r);
/* Only white space may be left. */
bool json_end(json_reader *r);

#endif
