#include "read/tensors.h"

#include <stdlib.h>

__extension__ typedef unsigned __int128 u128;

static uint64_t fold(uint64_t a, uint64_t b)
{
    u128 product = (u128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t span_hash(ari_span s, uint64_t seed)
{
    /* Odd constants of high weight; fold() is the multiply-and-fold of wyhash. */
    const uint64_t k0 = 0xa0761d6478bd642fu, k1 = 0xe7037ed1a0b428dbu;
    uint64_t h = fold(seed ^ k0, s.size ^ k1);
    size_t at = 0;
    for (; s.size - at >= 8; at += 8) {
        uint64_t w;
        memcpy(&w, s.data + at, 8);
        h = fold(h ^ w, seed ^ k1);
    }
    uint64_t rest = 0;
    if (at < s.size) memcpy(&rest, s.data + at, s.size - at);
    return fold(h ^ rest ^ k0, seed ^ k1);
}

bool tensors_push_size(ari_tensors *t, uint64_t size)
{
    if (t->size_count >= UINT32_MAX) return false;
    if (!array_room(&t->sizes, &t->size_room, t->size_count, sizeof(t->sizes[0]))) return false;
    t->sizes[t->size_count++] = size;
    return true;
}

/* A slot's place follows from its tag alone, so growing touches no name. */
static size_t empty_slot(const uint64_t *slots, size_t slot_count, uint32_t tag)
{
    size_t mask = slot_count - 1, i = tag & mask;
    while (slots[i] != 0) i = (i + 1) & mask;
    return i;
}

/* The slot that holds the name, or the empty one where it belongs. */
static size_t find_slot(const ari_tensors *t, ari_span name, uint32_t tag)
{
    size_t mask = t->slot_count - 1;
    for (size_t i = tag & mask;; i = (i + 1) & mask) {
        uint64_t slot = t->slots[i];
        if (slot == 0) return i;
        if (slot >> 32 == tag && span_eq(t->rows[(uint32_t)slot - 1].name, name)) return i;
    }
}

/* Keep the table at most half full. */
static bool slots_room(ari_tensors *t)
{
    if (t->slot_count > t->count * 2) return true;
    size_t wanted = t->slot_count == 0 ? 64 : t->slot_count * 2;
    uint64_t *slots = calloc(wanted, sizeof(slots[0]));
    if (slots == NULL) return false;
    for (size_t i = 0; i < t->slot_count; i++) {
        uint64_t slot = t->slots[i];
        if (slot != 0) slots[empty_slot(slots, wanted, (uint32_t)(slot >> 32))] = slot;
    }
    free(t->slots);
    t->slots = slots;
    t->slot_count = wanted;
    return true;
}

static uint32_t tag_of(const ari_tensors *t, ari_span name)
{
    return (uint32_t)(span_hash(name, t->seed) >> 32);
}

bool tensors_add(ari_tensors *t, const ari_tensor *row, size_t *earlier)
{
    *earlier = SIZE_MAX;
    if (t->count >= UINT32_MAX - 1 || !slots_room(t)) return false;
    if (!array_room(&t->rows, &t->room, t->count, sizeof(t->rows[0]))) return false;
    uint32_t tag = tag_of(t, row->name);
    size_t slot = find_slot(t, row->name, tag);
    if (t->slots[slot] != 0) {
        *earlier = (uint32_t)t->slots[slot] - 1;
        return true;
    }
    t->rows[t->count++] = *row;
    t->slots[slot] = (uint64_t)tag << 32 | t->count;
    return true;
}

bool tensors_drop_file(ari_tensors *t, uint32_t file)
{
    ari_tensor *rows = t->rows;
    size_t count = t->count, earlier;
    if (count == 0) return true;
    t->rows = NULL;
    t->count = t->room = 0;
    memset(t->slots, 0, t->slot_count * sizeof(t->slots[0]));
    bool ok = true;
    for (size_t i = 0; i < count && ok; i++) {
        if (rows[i].file != file) ok = tensors_add(t, &rows[i], &earlier);
    }
    free(rows);
    return ok;
}

const ari_tensor *tensors_find(const ari_tensors *t, ari_span name)
{
    if (t->slot_count == 0) return NULL;
    uint64_t slot = t->slots[find_slot(t, name, tag_of(t, name))];
    return slot == 0 ? NULL : &t->rows[(uint32_t)slot - 1];
}

uint16_t tensors_unknown_dtype(ari_tensors *t, ari_span spelling)
{
    size_t most = sizeof(t->unknown) / sizeof(t->unknown[0]);
    for (size_t i = 0; i < t->unknown_count; i++) {
        if (span_eq(t->unknown[i], spelling)) return (uint16_t)(ARI_DT_COUNT + i);
    }
    if (t->unknown_count == most) return (uint16_t)(ARI_DT_COUNT + most - 1);
    if (t->unknown_count == most - 1) spelling = ARI_SPAN("?");
    t->unknown[t->unknown_count++] = spelling;
    return (uint16_t)(ARI_DT_COUNT + t->unknown_count - 1);
}

ari_span tensors_dtype_name(const ari_tensors *t, uint32_t dtype)
{
    const ari_dtype_info *known = dtype_info(dtype);
    return known != NULL ? span_of(known->name) : t->unknown[dtype - ARI_DT_COUNT];
}

void tensors_free(ari_tensors *t)
{
    free(t->rows);
    free(t->sizes);
    free(t->slots);
    *t = (ari_tensors){ 0 };
}
