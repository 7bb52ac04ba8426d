/* decode.h -- stored elements to float, whatever they are stored as.
 *
 * What a type stores exactly within a float comes out exactly; the numbers of quantised blocks are computed
 * in float as their definition says, in its order. F64 is rounded. */
#ifndef ARI_MEASURE_DECODE_H
#define ARI_MEASURE_DECODE_H

#include "read/dtype.h"

/* Are the elements of that type numbers that we can tell? */
bool decode_known(uint32_t dtype);

/* `count` elements from element `first` on. `data` begins where a block does and holds them all, which is
 * for the caller to see to; the first and the last may lie within a block. `big`: big-endian. Only for types
 * that decode_known(). */
void decode_elements(uint32_t dtype, bool big, ari_span data, uint64_t first, size_t count, float *out);

#endif
