/* derive.h -- the architecture from names and shapes alone. */
#ifndef ARI_INFER_DERIVE_H
#define ARI_INFER_DERIVE_H

#include "infer/model.h"

/* Count parameters, choose the main stack, and fill in architecture, components
 * and kind. The layout must have its roles. False when memory is short. */
bool derive(ari_model *m);

#endif
