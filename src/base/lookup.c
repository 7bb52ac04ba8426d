#include "base/lookup.h"

#include <stdlib.h>

__extension__ typedef unsigned __int128 u128;

static uint64_t fold(uint64_t a, uint64_t b)
{
    u128 product = (u128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t eight(const uint8_t *bytes)
{
    uint64_t w;
    memcpy(&w, bytes, sizeof(w));
    return w;
}

/* The multiply-and-fold of wyhash, with two of its constants. */
uint32_t lookup_tag(const ari_lookup *l, ari_span name)
{
    const uint64_t k0 = 0xa0761d6478bd642fu, k1 = 0xe7037ed1a0b428dbu;
    uint64_t h = fold(l->seed ^ k0, name.size ^ k1), rest[2] = { 0, 0 };
    size_t at = 0;
    for (; name.size - at > 16; at += 16)
        h = fold(h ^ eight(name.data + at), l->seed ^ k1 ^ eight(name.data + at + 8));
    if (at < name.size) memcpy(rest, name.data + at, name.size - at);
    return (uint32_t)(fold(h ^ rest[0] ^ k0, l->seed ^ k1 ^ rest[1]) >> 32);
}

/* The slot that holds the name, or the empty one where it belongs. */
static size_t find_slot(const ari_lookup *l, ari_span name, uint32_t tag, lookup_key *key, const void *items)
{
    size_t mask = l->slot_count - 1;
    for (size_t i = tag & mask;; i = (i + 1) & mask) {
        uint64_t slot = l->slots[i];
        if (slot == 0) return i;
        if (slot >> 32 == tag && span_eq(key(items, (uint32_t)slot - 1), name)) return i;
    }
}

/* A slot's place follows from its tag alone, so growing touches no name. */
static bool grow(ari_lookup *l, size_t wanted)
{
    size_t mask = wanted - 1;
    uint64_t *slots = calloc(wanted, sizeof(slots[0]));
    if (slots == NULL) return false;
    for (size_t i = 0; i < l->slot_count; i++) {
        if (l->slots[i] == 0) continue;
        size_t to = (l->slots[i] >> 32) & mask;
        while (slots[to] != 0) to = (to + 1) & mask;
        slots[to] = l->slots[i];
    }
    free(l->slots);
    l->slots = slots;
    l->slot_count = wanted;
    return true;
}

/* The table is at most three quarters full. */
bool lookup_reserve(ari_lookup *l, size_t count)
{
    size_t wanted = l->slot_count == 0 ? 64 : l->slot_count;
    while (wanted - wanted / 4 < count) {
        if (wanted > SIZE_MAX / 2) return false;
        wanted *= 2;
    }
    return wanted == l->slot_count || grow(l, wanted);
}

void lookup_soon(const ari_lookup *l, uint32_t tag)
{
    if (l->slot_count > 0) __builtin_prefetch(&l->slots[tag & (l->slot_count - 1)]);
}

size_t lookup_find(const ari_lookup *l, ari_span name, lookup_key *key, const void *items)
{
    if (l->slot_count == 0) return SIZE_MAX;
    uint64_t slot = l->slots[find_slot(l, name, lookup_tag(l, name), key, items)];
    return slot == 0 ? SIZE_MAX : (uint32_t)slot - 1;
}

size_t lookup_enter(ari_lookup *l, uint32_t tag, ari_span name, size_t next, lookup_key *key,
                    const void *items, bool *added)
{
    *added = false;
    if (next >= UINT32_MAX - 1) return SIZE_MAX;
    size_t slot = find_slot(l, name, tag, key, items);
    if (l->slots[slot] != 0) return (uint32_t)l->slots[slot] - 1;
    l->slots[slot] = (uint64_t)tag << 32 | (next + 1);
    l->count++;
    *added = true;
    return next;
}

size_t lookup_add(ari_lookup *l, ari_span name, size_t next, lookup_key *key, const void *items, bool *added)
{
    *added = false;
    if (!lookup_reserve(l, l->count + 1)) return SIZE_MAX;
    return lookup_enter(l, lookup_tag(l, name), name, next, key, items, added);
}

void lookup_free(ari_lookup *l)
{
    free(l->slots);
    l->slots = NULL;
    l->slot_count = l->count = 0;
}
