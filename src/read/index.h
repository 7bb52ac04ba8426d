/* index.h -- *.safetensors.index.json: which tensor is in which shard. A claim, pulled, not parsed into a
 * tree. */
#ifndef ARI_READ_INDEX_H
#define ARI_READ_INDEX_H

#include "base/arena.h"

typedef struct ari_index_row {
    ari_span tensor, file; /* Foreign text: views into the map or the arena. */
    size_t at;             /* Offset of the pair in the index. */
} ari_index_row;

/* Told of each pair, in their order, while the index is being read; false stops. What it is told of does not
 * outlive the call. */
typedef bool index_visit(void *context, const ari_index_row *row);

/* Read an index from its beginning to its end. *total_size is ARI_NO_OFFSET when it does not say, or says no
 * whole number. Fails like map_small, and with MALFORMED where it is no JSON or has no weight_map of strings:
 * pairs before the fault were visited. */
ari_status index_read(const char *path, const ari_limits *limits, index_visit *visit, void *context,
                      uint64_t *total_size, ari_err *err);

/* May the name be looked for below the index's own folder? Not where it is
 * empty, absolute, or climbs. */
bool index_file_is_safe(ari_span file);

#endif
