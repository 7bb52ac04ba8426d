/* decode.h -- stored elements to float, whatever they are stored as. The types are in decode.def.
 *
 * What a type stores exactly within a float comes out exactly; the numbers of quantised blocks are computed
 * in float as their definition says, in its order, so that they are those of ggml bit for bit. F64, I32, U32,
 * I64 and U64 are rounded to nearest. A scale that is no number (E8M0's 0xFF, E4M3's 0x7F) makes all that it
 * scales no numbers, also in MXFP4 and NVFP4, where ggml does not look.
 *
 * A processor with AVX2 gives the same bits as one without, only faster. */
#ifndef ARI_MEASURE_DECODE_H
#define ARI_MEASURE_DECODE_H

#include "read/dtype.h"

/* Are the elements of that type numbers that we can tell? */
bool decode_known(uint32_t dtype);

/* In big-endian files too? What such a file holds is not defined for all blocks of ggml. */
bool decode_known_big(uint32_t dtype);

/* `count` elements from element `first` on. `data` begins where a block does and holds them all, which is
 * for the caller to see to; the first and the last may lie within a block. `big`: big-endian. Only for types
 * that decode_known(), where `big` decode_known_big(). */
void decode_elements(uint32_t dtype, bool big, ari_span data, uint64_t first, size_t count, float *out);

/* The same without the instructions that not all processors have: what tests compare with. */
void decode_elements_plain(uint32_t dtype, bool big, ari_span data, uint64_t first, size_t count, float *out);

#endif
