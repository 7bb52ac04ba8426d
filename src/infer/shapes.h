/* shapes.h -- when names say nothing, shapes still do.
 *
 * Renamed tensors leave a multiset of shapes: the width that meets most matrices is
 * the model's; the largest side that is met once or twice is the vocabulary; what
 * leads there and back is the MLP; what is repeated n times makes n layers. */
#ifndef ARI_INFER_SHAPES_H
#define ARI_INFER_SHAPES_H

#include "infer/model.h"

/* Set hidden_size, vocab_size, intermediate_size and num_hidden_layers of the main
 * component, as far as shapes alone suggest them: all are ambiguous, with the
 * candidates that fit. False when memory is short. */
bool shapes_derive(ari_model *m);

#endif
