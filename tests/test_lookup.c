#include "base/lookup.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { NAMES = 20000 };

typedef struct name {
    char text[48];
} name;

static ari_span key(const void *items, size_t i)
{
    return span_of(((const name *)items)[i].text);
}

/* Names as models have them: long, and alike but for a number. */
static name *make_names(void)
{
    static name names[NAMES];
    for (size_t i = 0; i < NAMES; i++) {
        snprintf(names[i].text, sizeof(names[i].text), "model.layers.%zu.experts.%zu.w", i / 100, i % 100);
    }
    return names;
}

Test(lookup, finds_each_of_many_and_nothing_else)
{
    static const uint64_t seeds[] = { 0, 1, 0x123456789ABCDEF0u, UINT64_MAX };
    name *names = make_names();
    for (size_t s = 0; s < sizeof(seeds) / sizeof(seeds[0]); s++) {
        ari_lookup l = { .seed = seeds[s] };
        bool added;
        for (size_t i = 0; i < NAMES; i++) {
            cr_assert(lookup_add(&l, key(names, i), i, key, names, &added) == i && added);
        }
        cr_expect(l.count == NAMES && 3 * l.slot_count >= 4 * NAMES, "never more than three quarters full");
        for (size_t i = 0; i < NAMES; i++) cr_assert(lookup_find(&l, key(names, i), key, names) == i);
        cr_expect(lookup_find(&l, ARI_SPAN("model.layers.0.experts.0.W"), key, names) == SIZE_MAX);
        cr_expect(lookup_find(&l, (ari_span){ 0 }, key, names) == SIZE_MAX);
        lookup_free(&l);
    }
}

Test(lookup, a_name_that_is_there_keeps_its_item)
{
    static const name names[] = { { "a" }, { "b" }, { "a" } };
    ari_lookup l = { 0 };
    bool added;
    cr_expect(lookup_add(&l, ARI_SPAN("a"), 0, key, names, &added) == 0 && added);
    cr_expect(lookup_add(&l, ARI_SPAN("b"), 1, key, names, &added) == 1 && added);
    cr_expect(lookup_add(&l, ARI_SPAN("a"), 2, key, names, &added) == 0 && !added);
    cr_expect(l.count == 2);
    lookup_free(&l);
}

Test(lookup, empty_names_and_names_of_every_length)
{
    static name names[40];
    ari_lookup l = { .seed = 7 };
    bool added;
    for (size_t i = 0; i < 40; i++) {
        memset(names[i].text, 'x', i);
        names[i].text[i] = '\0';
        cr_expect(lookup_add(&l, key(names, i), i, key, names, &added) == i && added, "length %zu", i);
    }
    for (size_t i = 0; i < 40; i++) cr_expect(lookup_find(&l, key(names, i), key, names) == i);
    lookup_free(&l);
}

Test(lookup, before_anything_was_added_nothing_is_there)
{
    static const name names[] = { { "a" } };
    ari_lookup l = { 0 };
    cr_expect(lookup_find(&l, ARI_SPAN("a"), key, names) == SIZE_MAX);
    lookup_soon(&l, lookup_tag(&l, ARI_SPAN("a")));
    lookup_free(&l);
    cr_expect(l.slots == NULL && l.count == 0);
}

Test(lookup, in_steps_it_is_the_same)
{
    name *names = make_names();
    ari_lookup l = { .seed = 3 };
    bool added;
    cr_assert(lookup_reserve(&l, NAMES));
    size_t slots = l.slot_count;
    for (size_t i = 0; i < NAMES; i++) {
        uint32_t tag = lookup_tag(&l, key(names, i));
        cr_assert(lookup_enter(&l, tag, key(names, i), i, key, names, &added) == i && added);
    }
    cr_expect(l.slot_count == slots, "there was room for all");
    for (size_t i = 0; i < NAMES; i++) cr_assert(lookup_find(&l, key(names, i), key, names) == i);
    cr_expect(lookup_reserve(&l, 1) && l.slot_count == slots, "it never shrinks");
    lookup_free(&l);
}

Test(lookup, refuses_more_items_than_a_slot_can_name)
{
    ari_lookup l = { 0 };
    bool added = true;
    cr_expect(lookup_add(&l, ARI_SPAN("a"), UINT32_MAX, key, NULL, &added) == SIZE_MAX && !added);
    lookup_free(&l);
}
