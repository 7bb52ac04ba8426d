#include "compare/unique.h"

#include <inttypes.h>
#include <math.h>

/* How the others stand to the subject's value of a key. */
typedef struct stock {
    size_t sharing, stating;
    double least, greatest;
} stock;

static stock stock_of(const ari_record *subject, const ari_record *others, size_t n, size_t key)
{
    stock s = { .least = NAN, .greatest = NAN };
    for (size_t i = 0; i < n; i++) {
        ari_relation r = relate(subject, &others[i], key_bit(key));
        s.stating += (r.matched | r.differing) != 0;
        /* What is open may be the same. */
        s.sharing += (r.matched | r.possible) != 0;
        s.least = fmin(s.least, others[i].numbers[key]);
        s.greatest = fmax(s.greatest, others[i].numbers[key]);
    }
    return s;
}

static stock stock_in_catalogue(const ari_ranking *r, size_t key)
{
    return (stock){ r->sharing[key], r->stating[key], r->least[key], r->greatest[key] };
}

static const char *extreme(const ari_record *subject, const stock *s, size_t key)
{
    double x = subject->numbers[key];
    if (x > s->greatest) return key_extreme(key, true);
    return x < s->least ? key_extreme(key, false) : NULL;
}

static const char *note_of(ari_arena *arena, const char *extreme_word, const stock *catalogue, bool compared)
{
    const char *word = extreme_word == NULL ? "" : extreme_word;
    const char *among = extreme_word == NULL ? "" : compared ? " of those compared; " : " in the catalogue; ";
    if (catalogue->sharing == 0)
        return arena_printf(arena, "%s%snone of the %zu catalogued models that state it has it", word, among,
                            catalogue->stating);
    return arena_printf(arena, "%s%s%zu catalogued model%s it", word, among, catalogue->sharing,
                        catalogue->sharing == 1 ? " has" : "s have");
}

size_t unique_find(ari_arena *arena, const ari_record *subject, const ari_record *others, size_t other_count,
                   const ari_ranking *ranking, ari_keys keys, ari_unique *out, size_t room)
{
    const ari_keys parts = key_bit(ARI_FIELD_NUM_EXPERTS) | key_bit(ARI_FIELD_NUM_SHARED_EXPERTS);
    ari_keys found = 0;
    size_t n = 0;
    if ((keys & parts) == parts) keys |= key_bit(ARI_KEY_EXPERTS);
    for (size_t key = 0; key < ARI_KEY_COUNT && n < room; key++) {
        if ((keys & key_bit(key)) == 0 || !record_certain(subject, key)) continue;
        if (key == ARI_KEY_EXPERTS && (found & parts) != 0) continue;
        stock known = stock_in_catalogue(ranking, key);
        stock s = other_count == 0 ? known : stock_of(subject, others, other_count, key);
        /* That others answer yes where this one says no sets nothing apart, if the catalogue knows it. */
        bool plain = key != ARI_KEY_EXPERTS && field_info((ari_field)key)->kind == ARI_KIND_BOOL;
        if (s.sharing > 0 || s.stating == 0 || (plain && known.sharing > 0)) continue;
        const char *word = extreme(subject, &s, key);
        out[n++] =
            (ari_unique){ key, subject->values[key].value, note_of(arena, word, &known, other_count > 0) };
        found |= key_bit(key);
    }
    return n;
}
