#include "measure/product.h"

#include "base/wide.h"

#include <stdbool.h>
#include <string.h>

/* Eight floats: one register with AVX2, two or eight without. */
typedef float eight __attribute__((vector_size(32)));

enum { TILE = 4 };

static ALWAYS_INLINE float sum_of(const eight *lanes)
{
    float x[8];
    memcpy(x, lanes, sizeof(x));
    return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

static ALWAYS_INLINE void one(const float *a, const float *b, size_t room, float *out)
{
    eight sum = { 0 }, x, y;
    for (size_t i = 0; i < room; i += 8) {
        memcpy(&x, a + i, sizeof(x));
        memcpy(&y, b + i, sizeof(y));
        sum += x * y;
    }
    *out = sum_of(&sum);
}

/* One vector of a with four of b: what is loaded of a serves four times. */
static ALWAYS_INLINE void four(const float *a, const float *b, size_t room, float *out)
{
    eight s0 = { 0 }, s1 = { 0 }, s2 = { 0 }, s3 = { 0 }, x, y;
    for (size_t i = 0; i < room; i += 8) {
        memcpy(&x, a + i, sizeof(x));
        memcpy(&y, b + i, sizeof(y));
        s0 += x * y;
        memcpy(&y, b + room + i, sizeof(y));
        s1 += x * y;
        memcpy(&y, b + 2 * room + i, sizeof(y));
        s2 += x * y;
        memcpy(&y, b + 3 * room + i, sizeof(y));
        s3 += x * y;
    }
    out[0] = sum_of(&s0);
    out[1] = sum_of(&s1);
    out[2] = sum_of(&s2);
    out[3] = sum_of(&s3);
}

static ALWAYS_INLINE void all(const float *a, size_t a_count, const float *b, size_t b_count, size_t room,
                              float *out)
{
    size_t whole = b_count - b_count % TILE;
    for (size_t k = 0; k < whole; k += TILE) {
        for (size_t i = 0; i < a_count; i++) four(a + i * room, b + k * room, room, out + i * b_count + k);
    }
    for (size_t k = whole; k < b_count; k++) {
        for (size_t i = 0; i < a_count; i++) one(a + i * room, b + k * room, room, out + i * b_count + k);
    }
}

static void all_plain(const float *a, size_t a_count, const float *b, size_t b_count, size_t room, float *out)
{
    all(a, a_count, b, b_count, room, out);
}

WIDE static void all_wide(const float *a, size_t a_count, const float *b, size_t b_count, size_t room,
                          float *out)
{
    all(a, a_count, b, b_count, room, out);
}

void products(const float *a, size_t a_count, const float *b, size_t b_count, size_t room, float *out)
{
    (wide_here() ? all_wide : all_plain)(a, a_count, b, b_count, room, out);
}

static ALWAYS_INLINE float squares(const float *a, const float *b, size_t room)
{
    eight sum = { 0 }, x, y;
    for (size_t i = 0; i < room; i += 8) {
        memcpy(&x, a + i, sizeof(x));
        memcpy(&y, b + i, sizeof(y));
        eight product = x * y;
        sum += product * product;
    }
    return sum_of(&sum);
}

static float squares_plain(const float *a, const float *b, size_t room)
{
    return squares(a, b, room);
}

WIDE static float squares_wide(const float *a, const float *b, size_t room)
{
    return squares(a, b, room);
}

float squared_products(const float *a, const float *b, size_t room)
{
    return (wide_here() ? squares_wide : squares_plain)(a, b, room);
}
