/* settle.h -- of layers that differ, the sizes of the commonest. */
#ifndef ARI_INFER_SETTLE_H
#define ARI_INFER_SETTLE_H

#include "infer/sizes.h"

/* values: ARI_DIM_COUNT for each layer number, and once more for what is outside of
 * the layers; 0 where nothing speaks. Sets value and layers of every size. False
 * when memory is short. */
bool sizes_settle(const uint64_t *values, ari_sizes *out);

#endif
