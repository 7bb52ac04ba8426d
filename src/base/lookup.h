/* lookup.h -- from a name to the index of the item that bears it, in constant time.
 *
 * The items belong to somebody else; `key` tells the name of the i-th. The hash
 * is keyed: without the seed nobody can plan collisions. */
#ifndef ARI_BASE_LOOKUP_H
#define ARI_BASE_LOOKUP_H

#include "base/span.h"

typedef ari_span lookup_key(const void *items, size_t i);

typedef struct ari_lookup {
    uint64_t *slots; /* High half: tag of the hash; low half: index + 1. */
    size_t slot_count, count;
    uint64_t seed;
} ari_lookup;

/* Index of the item with that name, SIZE_MAX if there is none. */
size_t lookup_find(const ari_lookup *l, ari_span name, lookup_key *key, const void *items);

/* The same; where there is none, item `next` is entered under the name, and
 * *added says so. SIZE_MAX when memory is short. */
size_t lookup_add(ari_lookup *l, ari_span name, size_t next, lookup_key *key, const void *items, bool *added);

/* The same in steps, for many names at once: room for so many in all, which is false when memory is short;
 * the tag of a name; a hint that it will be looked for soon; and then the name is entered, for which there is
 * room. */
bool lookup_reserve(ari_lookup *l, size_t count);
uint32_t lookup_tag(const ari_lookup *l, ari_span name);
void lookup_soon(const ari_lookup *l, uint32_t tag);
size_t lookup_enter(ari_lookup *l, uint32_t tag, ari_span name, size_t next, lookup_key *key,
                    const void *items, bool *added);

void lookup_free(ari_lookup *l);

#endif
