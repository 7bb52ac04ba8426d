#include "base/arena.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(arena, gives_zeroed_aligned_memory_that_does_not_overlap)
{
    static const size_t sizes[] = { 0, 1, 7, 16, 100, 4096, 5000, 1u << 20, (1u << 20) + 1, 3 };
    enum { N = sizeof(sizes) / sizeof(sizes[0]) };
    uint8_t *blocks[N];
    ari_arena a = { 0 };
    for (size_t i = 0; i < N; i++) {
        blocks[i] = arena_alloc(&a, sizes[i]);
        cr_assert(blocks[i] != NULL);
        cr_expect((uintptr_t)blocks[i] % _Alignof(max_align_t) == 0, "size %zu", sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++) cr_assert(blocks[i][k] == 0, "size %zu, byte %zu", sizes[i], k);
        memset(blocks[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < sizes[i]; k++) cr_assert(blocks[i][k] == i + 1, "block %zu was written to", i);
    }
    arena_free(&a);
    cr_expect(a.blocks == NULL);
}

Test(arena, refuses_what_cannot_be_and_goes_on)
{
    ari_arena a = { 0 };
    for (size_t less = 0; less < 16; less++) cr_expect(arena_alloc(&a, SIZE_MAX - less) == NULL);
    cr_expect(a.failed);
    a.failed = false;
    cr_expect(arena_alloc(&a, 8) != NULL && !a.failed);
    cr_expect(strcmp(arena_copy(&a, (ari_span){ (const uint8_t *)"x", SIZE_MAX }), "") == 0 && a.failed);
    arena_free(&a);
}

Test(arena, copies_are_terminated_and_whole)
{
    ari_arena a = { 0 };
    const char *copy = arena_copy(&a, ARI_SPAN("a\0b"));
    cr_assert(copy != NULL);
    cr_expect(memcmp(copy, "a\0b", 4) == 0);
    cr_expect(strcmp(arena_copy(&a, (ari_span){ 0 }), "") == 0);

    char longest[10000];
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    const char *printed = arena_printf(&a, "<%s|%d>", longest, 42);
    cr_assert(printed != NULL);
    cr_expect(strlen(printed) == sizeof(longest) - 1 + 5);
    cr_expect(strcmp(printed + sizeof(longest), "|42>") == 0);
    arena_free(&a);
}

Test(arena, array_room_keeps_what_is_there)
{
    uint32_t *items = NULL;
    size_t room = 0;
    for (size_t count = 0; count < 1000; count++) {
        cr_assert(array_room(&items, &room, count, sizeof(items[0])));
        cr_assert(room > count);
        items[count] = (uint32_t)count;
    }
    for (size_t i = 0; i < 1000; i++) cr_expect(items[i] == i);
    free(items);
}

Test(arena, array_room_refuses_to_overflow)
{
    char *items = malloc(1), *before = items;
    size_t room = SIZE_MAX / 2 + 1;
    cr_expect(!array_room(&items, &room, room, 1), "twice that many are not countable");
    room = SIZE_MAX / 4;
    cr_expect(!array_room(&items, &room, room, 16), "nor are these bytes");
    cr_expect(items == before && room == SIZE_MAX / 4);
    free(items);
}
