#include "base/cursor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

bool cursor_has(ari_cursor *c, uint64_t n)
{
    if (c->bad) return false;
    if (n <= cursor_left(c)) return true;
    uint64_t need;
    if (c->refill == NULL || !add_u64(c->at, n, &need) || need > SIZE_MAX) return false;
    c->refill(c->source, (size_t)need, &c->in, c->err);
    return n <= cursor_left(c);
}

bool cursor_want(ari_cursor *c, uint64_t n)
{
    if (cursor_has(c, n)) return true;
    cursor_fail(c, ARI_TRUNCATED, "need %" PRIu64 " bytes, only %zu left", n, cursor_left(c));
    return false;
}

ari_status cursor_fail(ari_cursor *c, ari_status status, const char *format, ...)
{
    if (c->bad) return c->err->status;
    c->bad = true;
    char text[sizeof(c->err->text)];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    return ari_fail(c->err, status, c->at, "%s", text);
}

void cursor_go_back(ari_cursor *c, size_t at)
{
    *c->err = (ari_err)ARI_ERR_INIT;
    c->bad = false;
    c->at = at;
}

uint64_t cursor_count(ari_cursor *c, uint64_t n, size_t min_bytes)
{
    uint64_t bytes;
    if (c->bad) return 0;
    bool possible = mul_u64(n, min_bytes, &bytes);
    if (possible && (bytes <= cursor_left(c) || cursor_has(c, bytes))) return n;
    cursor_fail(c, possible ? ARI_TRUNCATED : ARI_MALFORMED,
                "%" PRIu64 " records announced, room for %zu at most", n,
                min_bytes == 0 ? 0 : cursor_left(c) / min_bytes);
    return 0;
}
