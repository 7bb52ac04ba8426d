/* convention.h -- what names alone tell: the marks of families, activations and norms by convention. */
#ifndef ARI_INFER_CONVENTION_H
#define ARI_INFER_CONVENTION_H

#include "infer/attention.h"

typedef enum ari_mlp_form { ARI_MLP_ANY, ARI_MLP_NONE, ARI_MLP_PLAIN, ARI_MLP_GATED } ari_mlp_form;

/* What the conventions rest on. */
typedef struct ari_traits {
    uint64_t marks;
    ari_mlp_form mlp;
    const char *dialect; /* general.architecture of a GGUF file, or NULL. */
} ari_traits;

/* Of the templates of one component and its stack. */
ari_traits traits_find(const ari_derivation *d, uint32_t component, uint32_t stack, const char *dialect);

/* Give every template the marks of its name. */
void marks_find(ari_layout *l);

/* Of diffusion models? */
bool is_diffusion(const ari_template *t);
/* Of adapters that are no pairs of matrices? */
bool is_adapter_word(const ari_template *t);
/* Does the component bear those of an encoder; of one half of a pair of towers; of
 * one set of weights for all layers? */
bool is_encoder(const ari_traits *t);
bool is_dual(const ari_traits *t);
/* Layers work at another width than the stream between them. */
bool has_bottlenecks(const ari_traits *t);
bool shares_layers(const ari_traits *t);

/* Set hidden_act and norm_type, as far as they follow. */
void conventions_apply(const ari_derivation *d, const ari_traits *t);

#endif
