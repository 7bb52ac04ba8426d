/* index.h -- *.safetensors.index.json: which tensor is in which shard. A claim, pulled, not parsed into a
 * tree. */
#ifndef ARI_READ_INDEX_H
#define ARI_READ_INDEX_H

#include "base/arena.h"

typedef struct ari_index_row {
    ari_span tensor, file; /* Foreign text: views into the map or the arena. */
    size_t at;             /* Offset of the pair in the index. */
} ari_index_row;

typedef struct ari_index {
    ari_span map;
    ari_arena arena; /* Strings that held escapes. */
    ari_index_row *rows;
    size_t count, room;
    uint64_t total_size; /* ARI_NO_OFFSET when it does not say, or says no whole number. */
} ari_index;

/* Fails like map_small, and with MALFORMED where it is no JSON or has no
 * weight_map of strings. Close it also after a failure. */
ari_status index_open(const char *path, const ari_limits *limits, ari_index *out, ari_err *err);
void index_close(ari_index *index);

/* May the name be looked for below the index's own folder? Not where it is
 * empty, absolute, or climbs. */
bool index_file_is_safe(ari_span file);

#endif
