#include "base/err.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

ari_status ari_fail(ari_err *err, ari_status status, uint64_t offset, const char *format, ...)
{
    if (err == NULL) return status;
    if (err->status != ARI_OK) return err->status;
    err->status = status;
    err->offset = offset;
    va_list values;
    va_start(values, format);
    vsnprintf(err->text, sizeof(err->text), format, values);
    va_end(values);
    err->text[utf8_whole(span_of(err->text))] = '\0';
    return status;
}

ari_status ari_wrap(ari_err *err, const char *format, ...)
{
    if (err == NULL) return ARI_MALFORMED;
    char where[203];
    va_list values;
    va_start(values, format);
    vsnprintf(where, sizeof(where) - 3, format, values);
    va_end(values);
    /* Shift what is there; what no longer fits falls off its end. */
    size_t n = utf8_whole(span_of(where)), room = sizeof(err->text) - 1;
    memcpy(where + n, ": ", 3);
    n += 2;
    size_t kept = utf8_whole(span_first(span_of(err->text), room - n));
    memmove(err->text + n, err->text, kept);
    memcpy(err->text, where, n);
    err->text[n + kept] = '\0';
    return err->status;
}

ari_status ari_hint(ari_err *err, const char *hint)
{
    if (err == NULL) return ARI_MALFORMED;
    if (err->hint == NULL) err->hint = hint;
    return err->status;
}

static const char no_memory[] = "out of memory";

ari_status ari_out_of_memory(ari_err *err)
{
    return ari_fail(err, ARI_LIMIT, ARI_NO_OFFSET, "%s", no_memory);
}

bool ari_is_out_of_memory(const ari_err *err)
{
    size_t size = strlen(err->text), tail = sizeof(no_memory) - 1;
    /* Where it happened may stand before it. */
    return err->status == ARI_LIMIT && size >= tail && strcmp(err->text + size - tail, no_memory) == 0;
}

const char *ari_status_word(ari_status status)
{
    static const char *const words[] = {
#define X(code, word, meaning) word,
        ARI_STATUS_LIST(X)
#undef X
    };
    return (size_t)status < sizeof(words) / sizeof(words[0]) ? words[status] : "?";
}
