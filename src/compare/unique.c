#include "compare/unique.h"

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
        double x = others[i].numbers[key];
        if (x < s.least || isnan(s.least)) s.least = x;
        if (x > s.greatest || isnan(s.greatest)) s.greatest = x;
    }
    return s;
}

static stock stock_in_catalogue(const ari_ranking *r, size_t key)
{
    return (stock){ r->sharing[key], r->stating[key], r->least[key], r->greatest[key] };
}

static int extreme(const ari_record *subject, const stock *s, size_t key)
{
    double x = subject->numbers[key];
    return (x > s->greatest) - (x < s->least);
}

size_t unique_find(const ari_record *subject, const ari_record *others, size_t other_count,
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
        out[n++] = (ari_unique){ .key = key,
                                 .value = subject->values[key].value,
                                 .extreme = extreme(subject, &s, key),
                                 .sharing = known.sharing,
                                 .stating = known.stating };
        found |= key_bit(key);
    }
    return n;
}
