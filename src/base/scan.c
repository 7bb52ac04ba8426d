#include "base/scan.h"

#include <stdbool.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool is_string_byte(uint8_t b)
{
    return b >= 0x20 && b < 0x80 && b != '"' && b != '\\';
}

static bool is_visible(uint8_t b)
{
    return b > 0x20 && b < 0x7F;
}

size_t scan_string_plainly(const uint8_t *bytes, size_t n)
{
    size_t at = 0;
    while (at < n && is_string_byte(bytes[at])) at++;
    return at;
}

size_t scan_visible_plainly(const uint8_t *bytes, size_t n)
{
    size_t at = 0;
    while (at < n && is_visible(bytes[at])) at++;
    return at;
}

#ifdef __SSE2__

enum { WIDTH = sizeof(__m128i) };

/* Bytes compare as signed numbers: those that are not ASCII lie below all others. */
static unsigned stops_string(__m128i b)
{
    __m128i low = _mm_cmplt_epi8(b, _mm_set1_epi8(0x20));
    __m128i quote = _mm_cmpeq_epi8(b, _mm_set1_epi8('"')), slash = _mm_cmpeq_epi8(b, _mm_set1_epi8('\\'));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, _mm_or_si128(quote, slash)));
}

static unsigned stops_visible(__m128i b)
{
    __m128i low = _mm_cmplt_epi8(b, _mm_set1_epi8(0x21)), last = _mm_cmpeq_epi8(b, _mm_set1_epi8(0x7F));
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, last));
}

static __m128i sixteen(const uint8_t *bytes)
{
    return _mm_loadu_si128((const __m128i *)(const void *)bytes);
}

size_t scan_string(const uint8_t *bytes, size_t n)
{
    size_t at = 0;
    for (; n - at >= WIDTH; at += WIDTH) {
        unsigned stops = stops_string(sixteen(bytes + at));
        if (stops != 0) return at + (size_t)__builtin_ctz(stops);
    }
    if (at == n || n < WIDTH) return at + scan_string_plainly(bytes + at, n - at);
    unsigned stops = stops_string(sixteen(bytes + n - WIDTH)); /* The last of them, some once more. */
    return stops == 0 ? n : n - WIDTH + (size_t)__builtin_ctz(stops);
}

size_t scan_visible(const uint8_t *bytes, size_t n)
{
    size_t at = 0;
    for (; n - at >= WIDTH; at += WIDTH) {
        unsigned stops = stops_visible(sixteen(bytes + at));
        if (stops != 0) return at + (size_t)__builtin_ctz(stops);
    }
    if (at == n || n < WIDTH) return at + scan_visible_plainly(bytes + at, n - at);
    unsigned stops = stops_visible(sixteen(bytes + n - WIDTH)); /* The last of them, some once more. */
    return stops == 0 ? n : n - WIDTH + (size_t)__builtin_ctz(stops);
}

#else

size_t scan_string(const uint8_t *bytes, size_t n)
{
    return scan_string_plainly(bytes, n);
}

size_t scan_visible(const uint8_t *bytes, size_t n)
{
    return scan_visible_plainly(bytes, n);
}

#endif
