/* arena.h -- memory that lives exactly as long as its checkpoint. */
#ifndef ARI_BASE_ARENA_H
#define ARI_BASE_ARENA_H

#include "base/err.h"
#include "base/span.h"

typedef struct ari_arena {
    struct arena_block *blocks;
    bool failed; /* Memory ran short at some time: what was made is not all there. */
} ari_arena;

/* Zeroed bytes, aligned for any type; NULL when memory is short. */
void *arena_alloc(ari_arena *a, size_t size);

/* A terminated copy. When memory is short it is "", and `failed` remembers: whoever
 * owns the arena asks once, at the end, and nobody has to after each string. */
const char *arena_copy(ari_arena *a, ari_span text);
const char *arena_printf(ari_arena *a, const char *format, ...) ARI_PRINTF(2, 3);

void arena_free(ari_arena *a);

/* Room for one more item in a malloc'd array that doubles as it grows: false
 * when memory is short, and then the array is as it was. */
bool array_room(void *items_pointer, size_t *room, size_t count, size_t item_size);
/* The same for so many items at once. */
bool array_reserve(void *items_pointer, size_t *room, size_t count, size_t item_size);

#endif
