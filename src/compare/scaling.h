/* scaling.h -- one spelling of a RoPE scaling, so that two can be compared as text. */
#ifndef ARI_COMPARE_SCALING_H
#define ARI_COMPARE_SCALING_H

#include "base/arena.h"
#include "base/json.h"

/* JSON text: rope_type first, the others by name, none at its default. "null" where nothing is
 * scaled. Of an object of objects (one a layer type) each is brought to that form. */
const char *scaling_canonical(ari_arena *arena, const json_tree *t);

#endif
