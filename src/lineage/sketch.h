/* sketch.h -- a model's fingerprint, computed of its values. (The study's F1 to F3.)
 *
 * A sum adds up the entries of some units of one matrix, each with a sign of its own that is the same for
 * every model and every layer. Sums are linear: what is fine-tuned, trained on, merged or quantised keeps
 * them in part, and they correlate by as much as the weights do. There is no null of shifted numbers as for
 * units, and what all models of a kind have in common would add to it: so units are centred, and then the
 * numbers over the units. */
#ifndef ARI_LINEAGE_SKETCH_H
#define ARI_LINEAGE_SKETCH_H

#include "lineage/neurons.h"
#include "read/fingerprint.h"

/* The n-th output, from 0 on, of splitmix64 seeded with 0: 64 signs, of the lowest bit first, 1 for plus.
 * Which it is of a kind's k-th sum, from the entry on that has this number: */
uint64_t sketch_signs(uint64_t n);
uint64_t sketch_signs_at(uint32_t kind, uint64_t sum, uint64_t entry);

/* Sums of centred units: 32 is one standard deviation. */
void sketch_sums(const ari_sample *s, uint32_t kind, size_t sums, int8_t *out);

/* Of the component that a fingerprint is of: the first that has layers. False when memory is short. */
bool sketch_bank(const ari_model *m, ari_bank *out);

/* One layer: so many sums of each kind, and cosines if they are wanted. */
ari_told sketch_layer(ari_bank *b, uint32_t layer, size_t sums, bool cosines, print_layer *out);
/* Layers that have hidden units. */
size_t sketch_depth(const ari_bank *b);
/* `count` 0 where there is nothing to go by. False when memory is short. */
bool sketch_model(ari_bank *b, ari_fingerprint *out);
/* Of a fingerprint of that depth: sums of each kind in each layer. */
size_t sketch_sums_each(uint64_t depth);

/* FNV-1a of all bytes, or of the head, the middle and the tail; never 0, which stands for none. */
uint64_t sketch_hash(ari_span bytes);
/* Of tensors that tell something, PRINT_HASHES at most, evenly; by row, malloc'd. NULL when memory is short.
 */
uint64_t *sketch_hashes(const ari_model *m);

#endif
