#include "base/scan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Each byte at each place of each length, and from each beginning: both ways give the answer of the
 * definition. */
Test(scan, both_ways_stop_at_the_same_byte)
{
    uint8_t bytes[80];
    for (size_t n = 0; n <= 40; n++) {
        for (size_t at = 0; at < n; at++) {
            for (unsigned b = 0; b < 256; b++) {
                const uint8_t *from = bytes + n % 7;
                memset(bytes, 'x', sizeof(bytes));
                bytes[n % 7 + at] = (uint8_t)b;
                bool stops = b < 0x20 || b >= 0x80 || b == '"' || b == '\\';
                size_t expected = stops ? at : n;
                cr_assert(scan_string(from, n) == expected && scan_string_plainly(from, n) == expected,
                          "string: byte %u at %zu of %zu", b, at, n);
                expected = b <= 0x20 || b >= 0x7F ? at : n;
                cr_assert(scan_visible(from, n) == expected && scan_visible_plainly(from, n) == expected,
                          "visible: byte %u at %zu of %zu", b, at, n);
            }
        }
    }
}

Test(scan, the_first_of_several_stops)
{
    const uint8_t *text = (const uint8_t *)"model.layers.0.mlp.experts.17\"x\\\"";
    cr_expect(scan_string(text, 33) == 29 && scan_string_plainly(text, 33) == 29);
    cr_expect(scan_string(text, 0) == 0 && scan_visible(text, 0) == 0);
}
