/* count.h -- how many parameters, and in what types. */
#ifndef ARI_INFER_COUNT_H
#define ARI_INFER_COUNT_H

#include "infer/model.h"

/* Fill the sums by element type, bytes and parameters, and those of each template.
 * Packed weights count unpacked; scales, tables and integer buffers do not count. */
void count_parameters(ari_model *m);

/* What one token uses of a mixture of experts: all but the experts that it does
 * not reach. False for a dense model and where the numbers are not known. */
bool count_active(const ari_model *m, uint64_t *out);

#endif
