#include "base/arena.h"

#include "base/arith.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Small blocks first: a tiny file should cost a page, not a megabyte. */
enum { FIRST_BLOCK = 4096, LARGEST_BLOCK = 1 << 20 };

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    max_align_t bytes[];
};

static struct arena_block *new_block(ari_arena *a, size_t size)
{
    size_t room = a->blocks == NULL ? FIRST_BLOCK : a->blocks->size * 2;
    if (room > LARGEST_BLOCK) room = LARGEST_BLOCK;
    if (room < size) room = size;
    /* No object is larger than differences of pointers into it can be. */
    if (room > PTRDIFF_MAX - sizeof(struct arena_block)) return NULL;
    struct arena_block *b = calloc(1, sizeof(*b) + room);
    if (b == NULL) return NULL;
    b->size = room;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

void *arena_alloc(ari_arena *a, size_t size)
{
    uint64_t rounded;
    struct arena_block *b = a->blocks;
    bool possible = align_u64(size == 0 ? 1 : size, _Alignof(max_align_t), &rounded) && rounded <= SIZE_MAX;
    if (possible && (b == NULL || rounded > b->size - b->used)) b = new_block(a, (size_t)rounded);
    if (!possible || b == NULL) {
        a->failed = true;
        return NULL;
    }
    void *out = (char *)b->bytes + b->used;
    b->used += (size_t)rounded;
    return out;
}

const char *arena_copy(ari_arena *a, ari_span text)
{
    char *out = text.size == SIZE_MAX ? NULL : arena_alloc(a, text.size + 1);
    if (text.size == SIZE_MAX) a->failed = true;
    if (out != NULL && text.size > 0) memcpy(out, text.data, text.size);
    return out == NULL ? "" : out;
}

const char *arena_printf(ari_arena *a, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int n = vsnprintf(NULL, 0, format, values);
    va_end(values);
    char *out = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (n < 0) a->failed = true;
    if (out == NULL) return "";
    va_start(values, format);
    vsnprintf(out, (size_t)n + 1, format, values);
    va_end(values);
    return out;
}

void arena_free(ari_arena *a)
{
    for (struct arena_block *b = a->blocks, *next; b != NULL; b = next) {
        next = b->next;
        free(b);
    }
    a->blocks = NULL;
}

bool array_room(void *items_pointer, size_t *room, size_t count, size_t item_size)
{
    if (count < *room) return true;
    void *items;
    memcpy(&items, items_pointer, sizeof(items));
    size_t wanted = *room == 0 ? 16 : *room * 2;
    uint64_t bytes;
    if (wanted <= *room || !mul_u64(wanted, item_size, &bytes) || bytes > SIZE_MAX) return false;
    void *larger = realloc(items, (size_t)bytes);
    if (larger == NULL) return false;
    memcpy(items_pointer, &larger, sizeof(larger));
    *room = wanted;
    return true; // cppcheck-suppress memleak ; it is the caller's, by memcpy
}

bool array_reserve(void *items_pointer, size_t *room, size_t count, size_t item_size)
{
    uint64_t bytes;
    if (count <= *room) return true;
    if (!mul_u64(count, item_size, &bytes) || bytes > SIZE_MAX) return false;
    void *items;
    memcpy(&items, items_pointer, sizeof(items));
    void *larger = realloc(items, (size_t)bytes);
    if (larger == NULL) return false;
    memcpy(items_pointer, &larger, sizeof(larger));
    *room = count;
    return true; // cppcheck-suppress memleak ; it is the caller's, by memcpy
}
