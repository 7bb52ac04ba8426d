/* listing.h -- the model files of a folder, and what their names say. */
#ifndef ARI_READ_LISTING_H
#define ARI_READ_LISTING_H

#include "base/arena.h"

/* "model-00002-of-00005.safetensors.zst" is prefix "model-", number 2 of 5,
 * suffix ".safetensors". */
typedef struct shard_name {
    ari_span prefix, suffix;
    uint64_t number, total;
    size_t digits; /* Of the number: for spelling its missing brothers. */
    ari_span total_digits;
} shard_name;

/* False where the name has no "N-of-M" with at most 18 digits each. */
bool shard_name_parse(const char *name, shard_name *out);
bool shard_names_join(const shard_name *a, const shard_name *b);

bool is_model_name(const char *name);
bool is_capsule_name(const char *name);
bool is_index_name(const char *name);
bool is_mmproj_name(const char *name);

typedef struct entry {
    const char *name;
    bool taken, numbered;
    shard_name shard; /* Where it is numbered. */
} entry;

/* What a folder holds, sorted by name. Hidden files are left out. The caller sets the first four. */
typedef struct listing {
    ari_arena *arena; /* For names. */
    const ari_limits *limits;
    const char *folder; /* With its slash; "" for the current one. */
    ari_err *err;
    entry *models, *capsules, *indexes, *folders;
    size_t capsule_count, capsule_room;
    size_t model_count, model_room, index_count, index_room, folder_count, folder_room;
    entry *broken; /* Model files that are links to nothing. */
    size_t broken_count, broken_room;
    entry *others; /* No more of them than the limit; what is beyond it is left out. */
    size_t other_count, other_room;
    bool diffusers;
} listing;

/* Fails with UNREADABLE or LIMIT. Free it also after a failure. */
ari_status listing_read(listing *l);
void listing_free(listing *l);

/* The model file of that name, or NULL. */
entry *listing_find(const listing *l, const char *name);
/* The same, or its compressed form. */
entry *listing_find_packed(const listing *l, const char *name);
/* Is there anything of that name in the folder? */
bool listing_holds(const listing *l, const char *name);

#endif
