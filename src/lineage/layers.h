/* layers.h -- which layer of the one model is which of the other.
 *
 * Layers are dropped, inserted and doubled (depth up-scaling), so the same number need not mean the same
 * layer. Every layer is sampled, some units of its up, and held against those of the same number first; where
 * that finds nothing, against all. */
#ifndef ARI_LINEAGE_LAYERS_H
#define ARI_LINEAGE_LAYERS_H

#include "lineage/neurons.h"

/* So far from chance is a match, whatever number of layers was tried. */
#define Z_SURE 8.0
#define Z_SOME 3.0
#define P_MATCH 1e-9

/* By what a layer was found: the map's own sample of all layers, or the closer tests of some. */
typedef enum ari_found { ARI_FOUND_MAP, ARI_FOUND_T1, ARI_FOUND_T2 } ari_found;

typedef struct ari_layer_match {
    uint32_t layer, other; /* other: the one of a, or NO_NUMBER. */
    ari_diagonal test;     /* Against it; against that of the same number where there is no match. */
    bool told;             /* Something could be tested. */
    ari_found by;          /* `test` found nothing where it is not the map. */
} ari_layer_match;

typedef struct ari_layer_map {
    ari_layer_match *of;  /* malloc'd: one a layer of b that has hidden units, in their order. */
    size_t count, others; /* others: layers of a that have units. */
} ari_layer_map;

/* Some units of each layer that has any. */
typedef struct ari_layer_samples {
    struct layer_sample *of; /* malloc'd. */
    size_t count, constant;  /* constant: of these, those that are so as far as was sampled. */
} ari_layer_samples;

/* Of two models that are to be held against each other, as much of each. False when memory is short; free
 * both in any case. */
bool layers_sample(ari_bank *a, ari_bank *b, ari_layer_samples *of_a, ari_layer_samples *of_b);
void layers_release(ari_layer_samples *s);

/* False when memory is short. */
bool layers_map(const ari_layer_samples *a, const ari_layer_samples *b, ari_layer_map *out);
/* The layers of one model that repeat an earlier one; `other` is the earliest. */
bool layers_repeat(const ari_layer_samples *s, ari_layer_map *out);
/* One that the map did not find. */
void layer_found(ari_layer_match *m, uint32_t other, ari_found by);
/* How many layers of b go with that one of a; with any of NO_NUMBER. */
size_t layers_met(const ari_layer_map *map, uint32_t other);
void layers_free(ari_layer_map *map);

/* Where the units of a layer are: dense, else shared, else routed. ARI_HOMES where there are none. */
ari_unit_home layer_home(const ari_bank *b, uint32_t layer, ari_unit_kind kind);

#endif
