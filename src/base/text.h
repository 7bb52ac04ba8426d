/* text.h -- text that grows, and the one place where foreign text is made safe.
 *
 * Names and values in a model file are an attacker's. Printed raw, an escape
 * sequence drives the reader's terminal and a bidirectional override makes a
 * line read backwards. escape: \n \r \t \\ and \xNN for bytes that are no valid
 * UTF-8, \uNNNN for what is valid and invisible or dangerous. */
#ifndef ARI_BASE_TEXT_H
#define ARI_BASE_TEXT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

typedef struct ari_text {
    char *data; /* malloc'd, terminated; NULL while empty. */
    size_t size, room;
    bool failed; /* Memory ran short: what is here is incomplete. */
    bool lent;   /* The room is somebody else's, and does not grow. */
} ari_text;

void text_put(ari_text *t, const char *words);
void text_put_span(ari_text *t, ari_span bytes);
void text_printf(ari_text *t, const char *format, ...) ARI_PRINTF(2, 3);
void text_repeat(ari_text *t, char c, size_t n);
/* Escaped; of more than `most` bytes only the beginning, then "... (N bytes)". */
void text_escape(ari_text *t, ari_span foreign, size_t most);
/* Words without a character beyond ASCII: those read \u00e9. */
void text_put_ascii(ari_text *t, const char *words);
/* Words in Markdown, their special characters escaped (those of HTML and tables too). */
void text_put_markdown(ari_text *t, const char *words);
/* Words in HTML, within an element or a quoted attribute. */
void text_put_html(ari_text *t, const char *words);
/* Any bytes as a string of JSON, with its quotes, from which the same bytes can be read: what does not show
 * is escaped, and a byte that is no UTF-8 reads \udcNN, as Python's surrogateescape has it. */
void text_put_json(ari_text *t, ari_span bytes);
/* 1234567 as 1,234,567. */
void text_thousands(ari_text *t, uint64_t n);
void text_free(ari_text *t);

/* Everything: for names, which must stay whole. */
#define ESCAPE_ALL SIZE_MAX

/* An escaped, terminated copy in the arena, like arena_copy. */
const char *arena_escape(ari_arena *a, ari_span foreign, size_t most);

/* The bytes that text_put_json wrote, of the string that was read; a copy only where it has to be one. */
ari_span arena_json_bytes(ari_arena *a, ari_span string);

/* The beginning of it, escaped, for a message: show(name).text */
typedef struct ari_shown {
    char text[160];
} ari_shown;
ari_shown show(ari_span foreign);

/* The code point at s, its length in *length; UINT32_MAX and length 1 where the
 * bytes are no valid UTF-8 (RFC 3629: no overlong forms, no surrogates). */
uint32_t utf8_decode(ari_span s, size_t *length);
bool utf8_valid(ari_span s);
/* How much of it is left without a character that was cut at its end. */
size_t utf8_whole(ari_span s);

/* Levenshtein's distance in bytes, for "did you mean"; what is longer than 96 is far from everything. */
size_t text_distance(ari_span a, ari_span b);

/* How many columns it takes on a terminal, escapes sequences excluded. */
size_t text_columns(const char *s);

#endif
