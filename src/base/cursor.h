/* cursor.h -- read untrusted bytes without ever leaving them.
 *
 * A cursor walks a span. It is sticky: after the first short read every later
 * read returns zero and does not move, so a parser may read a whole record and
 * test cursor_ok() once. Two things need a test at the place itself: a number
 * used as a loop bound and a number used to allocate. Pass both through
 * cursor_count().
 *
 * The invariant is at <= in.size, so `size - at` cannot wrap and every check is
 * written `n > left`, never `at + n > size`.
 *
 * Where the bytes arrive bit by bit (a compressed file), `refill` is asked to
 * lengthen the span before a read is called short. It never moves the bytes, so
 * views stay valid. */
#ifndef ARI_BASE_CURSOR_H
#define ARI_BASE_CURSOR_H

#include "base/arith.h"
#include "base/err.h"
#include "base/span.h"

typedef struct ari_cursor {
    ari_span in;
    size_t at;
    ari_err *err; /* Borrowed, not NULL. Holds the first failure. */
    bool bad;
    bool big; /* Integers are big-endian. */
    /* Make in->size at least `need` if the source has that much, keeping in->data. */
    void (*refill)(void *source, size_t need, ari_span *in, ari_err *err);
    void *source;
} ari_cursor;

static inline ari_cursor cursor_over(ari_span in, ari_err *err)
{
    return (ari_cursor){ .in = in, .err = err };
}

static inline bool cursor_ok(const ari_cursor *c)
{
    return !c->bad;
}

static inline size_t cursor_left(const ari_cursor *c)
{
    return c->in.size - c->at;
}

/* Are n more bytes there? Asks the source for them; fails nothing. */
bool cursor_has(ari_cursor *c, uint64_t n);

/* The slow path of a short read: refill, or record the failure. */
bool cursor_want(ari_cursor *c, uint64_t n);

/* Mark the cursor bad and record the failure at its present place. */
ari_status cursor_fail(ari_cursor *c, ari_status status, const char *format, ...) ARI_PRINTF(3, 4);
/* Forget a failure, and go back to a place where the cursor was. */
void cursor_go_back(ari_cursor *c, size_t at);

/* The next n bytes as a view, or an empty span once the cursor is bad. */
static inline ari_span cursor_take(ari_cursor *c, uint64_t n)
{
    if (c->bad || (n > cursor_left(c) && !cursor_want(c, n))) return (ari_span){ 0 };
    ari_span out = { c->in.data + c->at, (size_t)n };
    c->at += (size_t)n;
    return out;
}

/* One unsigned integer of 1, 2, 4 or 8 bytes in the cursor's byte order, read
 * byte by byte: no alignment, no aliasing, no host order to think about. */
static inline uint64_t cursor_uint(ari_cursor *c, unsigned width)
{
    ari_span s = cursor_take(c, width);
    uint64_t v = 0;
    for (size_t i = 0; i < s.size; i++) {
        size_t from = c->big ? s.size - 1 - i : i;
        v |= (uint64_t)s.data[from] << (8 * i);
    }
    return v;
}

static inline uint8_t cursor_u8(ari_cursor *c)
{
    return (uint8_t)cursor_uint(c, 1);
}

static inline uint32_t cursor_u32(ari_cursor *c)
{
    return (uint32_t)cursor_uint(c, 4);
}

static inline uint64_t cursor_u64(ari_cursor *c)
{
    return cursor_uint(c, 8);
}

/* A count is believable only if that many records of at least min_bytes each
 * could still fit. This line stands between a 40-byte file and a terabyte. */
uint64_t cursor_count(ari_cursor *c, uint64_t n, size_t min_bytes);

#endif
