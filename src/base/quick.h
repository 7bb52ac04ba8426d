/* quick.h -- for what is nearly always written in one way: take it off the front of a span, or leave it to a
 * reader that knows all ways.
 *
 * False is no fault: what was taken until then is to be read again, with care. Nothing beyond the span is
 * looked at. */
#ifndef ARI_BASE_QUICK_H
#define ARI_BASE_QUICK_H

#include "base/span.h"

/* Exactly these bytes. */
static inline bool quick_literal(ari_span *rest, ari_span text)
{
    if (text.size > rest->size || memcmp(rest->data, text.data, text.size) != 0) return false;
    *rest = (ari_span){ rest->data + text.size, rest->size - text.size };
    return true;
}

/* How many of eight bytes are digits before the first that is none, and the number that they are: pairs, then
 * pairs of these, then both. The low byte has to come first. */
static inline size_t quick_up_to_eight(const uint8_t *bytes, uint64_t *out)
{
    uint64_t w;
    memcpy(&w, bytes, sizeof(w));
    uint64_t v = w - UINT64_C(0x3030303030303030);
    uint64_t others = ((w + UINT64_C(0x4646464646464646)) | v) & UINT64_C(0x8080808080808080);
    size_t n = others == 0 ? 8 : (size_t)__builtin_ctzll(others) / 8;
    if (n == 0) return 0;
    v <<= 64 - 8 * n; /* As if there were zeros before them. */
    v = (v * 10 + (v >> 8)) & UINT64_C(0x00FF00FF00FF00FF);
    v = (v * 100 + (v >> 16)) & UINT64_C(0x0000FFFF0000FFFF);
    *out = (v * 10000 + (v >> 32)) & UINT64_C(0xFFFFFFFF);
    return n;
}

/* A number below 10^18 in plain digits, without zeros before it. */
static inline bool quick_digits(ari_span *rest, uint64_t *out)
{
    static const uint32_t tens[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };
    const uint8_t *digits = rest->data;
    size_t n = 0, most = rest->size < 18 ? rest->size : 18;
    uint64_t v = 0;
    for (size_t k = 8; __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && k == 8 && most - n >= 8; n += k) {
        uint64_t some = 0;
        k = quick_up_to_eight(digits + n, &some);
        v = v * tens[k] + some;
    }
    for (; n < most && digits[n] >= '0' && digits[n] <= '9'; n++) v = v * 10 + (uint64_t)(digits[n] - '0');
    if (n == 0 || (n > 1 && digits[0] == '0')) return false;
    *out = v;
    *rest = (ari_span){ digits + n, rest->size - n };
    return true;
}

#endif
