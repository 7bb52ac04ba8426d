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

/* Does any tensor bear the marks of a diffusion model; of an encoder? */
bool is_diffusion(const ari_traits *t);
bool is_encoder(const ari_traits *t);

/* Set hidden_act and norm_type, as far as they follow. */
void conventions_apply(const ari_derivation *d, const ari_traits *t);

#endif
