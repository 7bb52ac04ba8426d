#include "base/quick.h"

#include <criterion/criterion.h>

/* What remains when the number is taken; SIZE_MAX where it is none. */
static size_t left_of(const char *text, uint64_t *value)
{
    ari_span rest = span_of(text);
    return quick_digits(&rest, value) ? rest.size : SIZE_MAX;
}

Test(quick, digits_are_a_number_or_left_alone)
{
    static const struct {
        const char *text;
        uint64_t value;
        size_t left; /* SIZE_MAX: not taken. */
    } rows[] = {
        { "0", 0, 0 },
        { "7,", 7, 1 },
        { "1234567]", 1234567, 1 },
        { "12345678,1", 12345678, 2 },
        { "123456789", 123456789, 0 },
        { "688587112000]", 688587112000, 1 },
        { "1234567812345678", 1234567812345678, 0 },
        { "999999999999999999", 999999999999999999, 0 },
        { "00", 0, SIZE_MAX },
        { "01234567", 0, SIZE_MAX },
        { "", 0, SIZE_MAX },
        { "/1234567", 0, SIZE_MAX },
        { ":", 0, SIZE_MAX },
        { "-1", 0, SIZE_MAX },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t value = 0;
        cr_expect(left_of(rows[i].text, &value) == rows[i].left, "%s", rows[i].text);
        cr_expect(value == rows[i].value, "%s", rows[i].text);
    }
}

Test(quick, every_byte_but_a_digit_ends_a_number)
{
    for (size_t at = 0; at < 12; at++) {
        for (unsigned b = 1; b < 256; b++) {
            char text[] = "123456789012";
            uint64_t value;
            if (b >= '0' && b <= '9') continue;
            text[at] = (char)b;
            cr_assert(left_of(text, &value) == (at == 0 ? SIZE_MAX : 12 - at), "byte %u at %zu", b, at);
        }
    }
}

Test(quick, a_literal_is_taken_whole)
{
    ari_span rest = ARI_SPAN(",\"shape");
    cr_expect(!quick_literal(&rest, ARI_SPAN(",\"shapes")) && rest.size == 7, "longer than what is there");
    cr_expect(!quick_literal(&rest, ARI_SPAN(",'")) && rest.size == 7);
    cr_expect(quick_literal(&rest, ARI_SPAN(",\"")) && span_is(rest, "shape"));
}
