/* product.h -- dot products of many vectors.
 *
 * In float, in eight lanes that are added up in one order at the end, so that a machine with AVX2 and one
 * without it give the same bits. */
#ifndef ARI_MEASURE_PRODUCT_H
#define ARI_MEASURE_PRODUCT_H

#include <stddef.h>

/* The room for a vector of n numbers, in floats: what is beyond n has to be zeros. */
static inline size_t product_room(size_t n)
{
    return (n + 7) / 8 * 8;
}

/* out[i * b_count + k] = a_i . b_k, of vectors of `room` floats (product_room), one after the other. */
void products(const float *a, size_t a_count, const float *b, size_t b_count, size_t room, float *out);

/* The sum of (a_i b_i)^2 over the numbers of one vector each. */
float squared_products(const float *a, const float *b, size_t room);

#endif
