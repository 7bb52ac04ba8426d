/* Moments and extremes, of numbers whose sums are known. */
#include "measure/stat.h"

#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

enum { MANY = 10007 };

static float numbers[MANY];

static void expect(const number_stat *s, uint64_t count, double sum, double squares, double fourths,
                   float least, float greatest)
{
    cr_expect(s->count == count, "%ju", (uintmax_t)s->count);
    cr_expect(s->sum == sum && s->squares == squares && s->fourths == fourths, "%g %g %g", s->sum, s->squares,
              s->fourths);
    cr_expect(s->least == least && s->greatest == greatest, "%g %g", (double)s->least, (double)s->greatest);
}

Test(stat, small_whole_numbers_are_summed_exactly)
{
    /* 1 to 10: 55, 385, 25333. */
    number_stat s = { 0 };
    for (size_t i = 0; i < 10; i++) numbers[i] = (float)(i + 1);
    stat_add(&s, numbers, 10);
    expect(&s, 10, 55, 385, 25333, 1, 10);
    cr_expect(stat_mean(&s) == 5.5 && fabs(stat_variance(&s) - 8.25) < 1e-12);
    stat_add(&s, numbers, 0);
    stat_add(&s, numbers, 3); /* 1 + 2 + 3, 1 + 4 + 9, 1 + 16 + 81. */
    expect(&s, 13, 61, 399, 25431, 1, 10);
}

Test(stat, all_of_one_number)
{
    number_stat s = { 0 };
    for (size_t i = 0; i < MANY; i++) numbers[i] = i % 2 == 0 ? -2 : 2;
    stat_add(&s, numbers, MANY);
    expect(&s, MANY, -2, 4.0 * MANY, 16.0 * MANY, -2, 2);
    cr_expect(stat_kurtosis(&s) == 1);
}

Test(stat, what_is_not_finite_is_only_counted)
{
    number_stat s = { 0 };
    const float odd[] = { NAN, -3, INFINITY, 0, -0.0F, -INFINITY, -1 };
    stat_add(&s, odd, 7);
    expect(&s, 4, -4, 10, 82, -3, 0);
    cr_expect(s.zeros == 2 && s.not_finite == 3);
    number_stat none = { 0 };
    stat_add(&none, odd, 1);
    cr_expect(none.count == 0 && none.not_finite == 1 && none.sum == 0);
    cr_expect(stat_mean(&none) == 0 && stat_variance(&none) == 0 && stat_kurtosis(&none) == 0);
    /* Extremes begin with the first that is finite, whatever came before. */
    stat_add(&none, odd + 1, 1);
    expect(&none, 1, -3, 9, 81, -3, -3);
}

/* Their fourth powers are no floats. */
Test(stat, very_great_and_very_small_numbers)
{
    number_stat s = { 0 };
    const float great[] = { 0x1p100F, -0x1p100F, FLT_MAX };
    stat_add(&s, great, 2);
    expect(&s, 2, 0, 0x1p201, 0x1p401, -0x1p100F, 0x1p100F);
    number_stat small = { 0 };
    const float tiny[] = { 0x1p-100F, 0x1p-149F };
    stat_add(&small, tiny, 1);
    expect(&small, 1, 0x1p-100, 0x1p-200, 0x1p-400, 0x1p-100F, 0x1p-100F);
    number_stat subnormal = { 0 };
    stat_add(&subnormal, tiny + 1, 1);
    expect(&subnormal, 1, 0x1p-149, 0x1p-298, 0x1p-596, 0x1p-149F, 0x1p-149F);
    cr_expect(subnormal.zeros == 0);
}

Test(stat, parts_make_the_whole)
{
    number_stat whole = { 0 }, parts = { 0 };
    for (size_t i = 0; i < MANY; i++) numbers[i] = (float)((int)(i * 7919 % 2003) - 1001);
    stat_add(&whole, numbers, MANY);
    for (size_t i = 0; i < MANY; i += 4096) {
        number_stat part = { 0 };
        stat_add(&part, numbers + i, MANY - i < 4096 ? MANY - i : 4096);
        stat_merge(&parts, &part);
    }
    cr_expect(memcmp(&whole, &parts, sizeof(whole)) == 0);
    double sum = 0, squares = 0, fourths = 0;
    for (size_t i = 0; i < MANY; i++) {
        double x = (double)numbers[i];
        sum += x;
        squares += x * x;
        fourths += x * x * x * x;
    }
    cr_expect(fabs(whole.sum - sum) <= 1e-5 * sqrt(squares * MANY));
    cr_expect(fabs(whole.squares / squares - 1) < 1e-5 && fabs(whole.fourths / fourths - 1) < 1e-5);
    cr_expect(whole.least == -1001 && whole.greatest == 1001);
}

Test(stat, all_processors_give_the_same_bits)
{
    uint32_t state = 12345;
    for (size_t round = 0; round < 50; round++) {
        number_stat wide = { 0 }, plain = { 0 };
        for (size_t i = 0; i < MANY; i++) {
            state = state * 1664525 + 1013904223;
            /* All exponents, then a range as weights have it. */
            uint32_t bits = round % 2 == 0 ? state : (state & 0x80FFFFFF) | 0x3C000000;
            memcpy(&numbers[i], &bits, sizeof(bits));
        }
        stat_add(&wide, numbers, MANY - round);
        stat_add_plain(&plain, numbers, MANY - round);
        cr_expect(memcmp(&wide, &plain, sizeof(wide)) == 0, "%zu", round);
    }
}
