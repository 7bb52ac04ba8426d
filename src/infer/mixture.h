/* mixture.h -- experts, state spaces, linear attention: what their shapes fix. */
#ifndef ARI_INFER_MIXTURE_H
#define ARI_INFER_MIXTURE_H

#include "infer/attention.h"

/* Width of the MLP; experts, shared experts, leading dense layers. */
void feed_forward_derive(const ari_derivation *d);

/* ssm_state_size, conv_kernel, the sizes of linear attention, layer_types. */
void recurrence_derive(const ari_derivation *d);

#endif
