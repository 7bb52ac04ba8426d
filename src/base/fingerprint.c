#include "base/fingerprint.h"

#include <stdlib.h>

fingerprint fingerprint_begin(void)
{
    return (fingerprint)0x6c62272e07bb0142u << 64 | 0x62b821756295c58du;
}

void fingerprint_add(fingerprint *f, ari_span bytes)
{
    const fingerprint prime = (fingerprint)1 << 88 | 0x13b;
    for (size_t i = 0; i < bytes.size; i++) *f = (*f ^ bytes.data[i]) * prime;
}

void fingerprint_add_uint(fingerprint *f, uint64_t n)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++) bytes[i] = (uint8_t)(n >> (8 * i));
    fingerprint_add(f, (ari_span){ bytes, sizeof(bytes) });
}

/* Where it is, or belongs. There is always a free slot. */
static size_t slot_of(const fingerprint *slots, size_t count, fingerprint f)
{
    size_t i = (size_t)(f ^ f >> 64) & (count - 1);
    while (slots[i] != 0 && slots[i] != f) i = (i + 1) & (count - 1);
    return i;
}

static bool room(fingerprint_set *s)
{
    if (s->slot_count > s->count * 2) return true;
    size_t wanted = s->slot_count == 0 ? 64 : s->slot_count * 2;
    fingerprint *slots = calloc(wanted, sizeof(slots[0]));
    if (slots == NULL) return false;
    for (size_t i = 0; i < s->slot_count; i++) {
        if (s->slots[i] != 0) slots[slot_of(slots, wanted, s->slots[i])] = s->slots[i];
    }
    free(s->slots);
    s->slots = slots;
    s->slot_count = wanted;
    return true;
}

bool fingerprint_set_add(fingerprint_set *s, fingerprint f, bool *added)
{
    if (f == 0) f = 1;
    *added = false;
    if (!room(s)) return false;
    size_t i = slot_of(s->slots, s->slot_count, f);
    *added = s->slots[i] == 0;
    s->count += *added;
    s->slots[i] = f;
    return true;
}

bool fingerprint_set_has(const fingerprint_set *s, fingerprint f)
{
    if (f == 0) f = 1;
    return s->count > 0 && s->slots[slot_of(s->slots, s->slot_count, f)] == f;
}

void fingerprint_set_free(fingerprint_set *s)
{
    free(s->slots);
    *s = (fingerprint_set){ 0 };
}
