#include "base/arith.h"

#include <criterion/criterion.h>

#define MOST UINT64_MAX

Test(arith, multiplication_is_exact_or_not_done)
{
    static const struct {
        uint64_t a, b, product;
        bool fits;
    } rows[] = {
        { 0, MOST, 0, true },
        { 1, MOST, MOST, true },
        { 2, MOST, 0, false },
        { 0x100000000u, 0xFFFFFFFFu, 0xFFFFFFFF00000000u, true },
        { 0x100000000u, 0x100000000u, 0, false },
        { 3, MOST / 3, MOST, true }, /* 2^64-1 is divisible by 3. */
        { 3, MOST / 3 + 1, 0, false },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t product = 0;
        cr_expect(mul_u64(rows[i].a, rows[i].b, &product) == rows[i].fits, "row %zu", i);
        cr_expect(!rows[i].fits || product == rows[i].product, "row %zu", i);
        cr_expect(mul_u64(rows[i].b, rows[i].a, &product) == rows[i].fits, "row %zu turned", i);
    }
}

Test(arith, addition_is_exact_or_not_done)
{
    uint64_t sum;
    cr_expect(add_u64(MOST, 0, &sum) && sum == MOST);
    cr_expect(add_u64(MOST - 1, 1, &sum) && sum == MOST);
    cr_expect(!add_u64(MOST, 1, &sum));
    cr_expect(!add_u64(MOST, MOST, &sum));
}

Test(arith, alignment_rounds_up)
{
    static const struct {
        uint64_t n, alignment, aligned;
        bool fits;
    } rows[] = {
        { 0, 32, 0, true },          { 1, 32, 32, true },
        { 32, 32, 32, true },        { 33, 32, 64, true },
        { 7, 1, 7, true },           { MOST - 31, 32, MOST - 31, true }, /* 2^64 - 32 is a multiple. */
        { MOST - 30, 32, 0, false }, { MOST, 1, MOST, true },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint64_t aligned = 0;
        cr_expect(align_u64(rows[i].n, rows[i].alignment, &aligned) == rows[i].fits, "row %zu", i);
        cr_expect(!rows[i].fits || aligned == rows[i].aligned, "row %zu", i);
    }
}
