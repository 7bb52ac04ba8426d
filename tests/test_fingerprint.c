/* Fingerprints by the published vectors of FNV-1a, and sets of them. */
#include "base/fingerprint.h"

#include <criterion/criterion.h>

static fingerprint of(const char *text)
{
    fingerprint f = fingerprint_begin();
    fingerprint_add(&f, span_of(text));
    return f;
}

Test(fingerprint, is_fnv_1a)
{
    static const struct {
        const char *text;
        uint64_t high, low;
    } rows[] = {
        { "", 0x6c62272e07bb0142u, 0x62b821756295c58du },
        { "a", 0xd228cb696f1a8cafu, 0x78912b704e4a8964u },
        { "foobar", 0x343e1662793c64bfu, 0x6f0d3597ba446f18u },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fingerprint f = of(rows[i].text);
        cr_expect((uint64_t)(f >> 64) == rows[i].high && (uint64_t)f == rows[i].low, "%s", rows[i].text);
    }
}

Test(fingerprint, takes_numbers_from_the_lowest_byte)
{
    fingerprint f = fingerprint_begin();
    fingerprint_add_uint(&f, UINT64_C(0x6867666564636261));
    cr_expect(f == of("abcdefgh"));
}

Test(fingerprint, set)
{
    enum { COUNT = 5000 };
    fingerprint_set s = { 0 };
    bool added;
    cr_expect(!fingerprint_set_has(&s, 0));
    /* 0 is as good as any, and those that differ in few bits are kept apart. */
    for (uint64_t i = 0; i < COUNT; i++) {
        fingerprint f = (fingerprint)i << (i % 2 == 0 ? 64 : 0);
        cr_assert(fingerprint_set_add(&s, f, &added) && added == (i != 1), "%zu", (size_t)i);
        cr_assert(fingerprint_set_add(&s, f, &added) && !added && fingerprint_set_has(&s, f));
    }
    cr_expect(!fingerprint_set_has(&s, (fingerprint)2) && s.count == COUNT - 1);
    fingerprint_set_free(&s);
}
