/* kind.h -- what sort of model it is, and what of a language model's fields then holds. */
#ifndef ARI_INFER_KIND_H
#define ARI_INFER_KIND_H

#include "infer/model.h"

/* Set the kind, tie_word_embeddings, and the main component's role. The first that
 * fits: adapter, diffusion, encoder-decoder, vision-language, audio, encoder,
 * classifier, state space, mixture of experts, headless embedding, causal LM. */
void kind_derive(ari_model *m);

#endif
