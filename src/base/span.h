/* span.h -- a borrowed view of bytes: never owned, never NUL terminated. */
#ifndef ARI_BASE_SPAN_H
#define ARI_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct ari_span {
    const uint8_t *data;
    size_t size;
} ari_span;

#define ARI_SPAN(literal) ((ari_span){ (const uint8_t *)(literal), sizeof(literal) - 1 })

static inline ari_span span_of(const char *text)
{
    return (ari_span){ (const uint8_t *)text, strlen(text) };
}

static inline bool span_eq(ari_span a, ari_span b)
{
    if (a.size != b.size || a.size == 0) return a.size == b.size;
    return a.data != NULL && b.data != NULL && memcmp(a.data, b.data, a.size) == 0;
}

/* By bytes, a beginning before what it begins: below, at or above 0. */
static inline int span_order(ari_span a, ari_span b)
{
    size_t n = a.size < b.size ? a.size : b.size;
    int order = n == 0 || a.data == NULL || b.data == NULL ? 0 : memcmp(a.data, b.data, n);
    return order != 0 ? order : a.size < b.size ? -1 : a.size > b.size;
}

static inline bool span_is(ari_span a, const char *text)
{
    return span_eq(a, span_of(text));
}

static inline bool span_starts(ari_span a, const char *text)
{
    size_t n = strlen(text);
    return n == 0 || (a.size >= n && a.data != NULL && memcmp(a.data, text, n) == 0);
}

static inline bool span_ends(ari_span a, const char *text)
{
    size_t n = strlen(text);
    return n == 0 || (a.size >= n && a.data != NULL && memcmp(a.data + (a.size - n), text, n) == 0);
}

/* The part from `at` on; empty when at is past the end. */
static inline ari_span span_from(ari_span a, size_t at)
{
    if (at >= a.size) return (ari_span){ 0 };
    return (ari_span){ a.data + at, a.size - at };
}

/* At most the first n bytes. */
static inline ari_span span_first(ari_span a, size_t n)
{
    if (n < a.size) a.size = n;
    return a;
}

#endif
