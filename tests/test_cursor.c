#include "base/cursor.h"

#include <criterion/criterion.h>

static const uint8_t bytes[] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xAB, 0xCD, 0xEF, 0xFF, 0x00 };

static ari_span all(void)
{
    return (ari_span){ bytes, sizeof(bytes) };
}

Test(cursor, reads_integers_in_either_byte_order)
{
    static const struct {
        unsigned width;
        uint64_t little, big;
    } rows[] = {
        { 1, 0x01, 0x01 },
        { 2, 0x2301, 0x0123 },
        { 4, 0x67452301, 0x01234567 },
        { 8, 0xEFCDAB8967452301, 0x0123456789ABCDEF },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ari_err err = ARI_ERR_INIT;
        ari_cursor little = cursor_over(all(), &err), big = little;
        big.big = true;
        cr_expect(cursor_uint(&little, rows[i].width) == rows[i].little, "width %u", rows[i].width);
        cr_expect(cursor_uint(&big, rows[i].width) == rows[i].big, "width %u", rows[i].width);
        cr_expect(little.at == rows[i].width && big.at == rows[i].width);
        cr_expect(err.status == ARI_OK);
    }
}

Test(cursor, sticks_to_the_first_failure)
{
    ari_err err = ARI_ERR_INIT;
    ari_cursor c = cursor_over(all(), &err);
    cr_expect(cursor_u64(&c) == 0xEFCDAB8967452301);
    cr_expect(cursor_u32(&c) == 0, "two bytes are left");
    cr_expect(!cursor_ok(&c) && c.at == 8);
    cr_expect(err.status == ARI_TRUNCATED && err.offset == 8);
    cr_expect(cursor_u8(&c) == 0 && c.at == 8,
              "one byte would fit, but what comes after a failure is debris");
    cr_expect(cursor_take(&c, 0).data == NULL);
    cr_expect(!cursor_has(&c, 1) && cursor_count(&c, 0, 1) == 0);
    cr_expect(cursor_fail(&c, ARI_LIMIT, "another") == ARI_TRUNCATED && err.status == ARI_TRUNCATED);
}

Test(cursor, takes_views_up_to_the_last_byte)
{
    ari_err err = ARI_ERR_INIT;
    ari_cursor c = cursor_over(all(), &err);
    ari_span view = cursor_take(&c, 4);
    cr_expect(view.data == bytes && view.size == 4);
    view = cursor_take(&c, 6);
    cr_expect(view.data == bytes + 4 && view.size == 6 && cursor_left(&c) == 0);
    cr_expect(cursor_take(&c, 0).size == 0 && cursor_ok(&c), "nothing can be taken from an end");
    cr_expect(cursor_take(&c, 1).size == 0 && !cursor_ok(&c));
}

Test(cursor, sizes_near_the_end_of_numbers_do_not_wrap)
{
    static const uint64_t sizes[] = { UINT64_MAX, UINT64_MAX - 4, UINT64_MAX - 9, 1ull << 63, 11 };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        ari_err err = ARI_ERR_INIT;
        ari_cursor c = cursor_over(all(), &err);
        cursor_take(&c, 5);
        cr_expect(!cursor_has(&c, sizes[i]) && cursor_ok(&c));
        cr_expect(cursor_take(&c, sizes[i]).data == NULL && !cursor_ok(&c));
        cr_expect(err.offset == 5);
    }
}

Test(cursor, believes_counts_that_could_fit)
{
    static const struct {
        uint64_t n;
        size_t min_bytes;
        ari_status status;
    } rows[] = {
        { 0, 8, ARI_OK },
        { 10, 1, ARI_OK },
        { 11, 1, ARI_TRUNCATED },
        { 2, 5, ARI_OK },
        { 2, 6, ARI_TRUNCATED },
        { 1ull << 60, 15, ARI_TRUNCATED },
        { 1ull << 61, 8, ARI_MALFORMED }, /* 2^64 bytes: no file has them. */
        { UINT64_MAX, 16, ARI_MALFORMED },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ari_err err = ARI_ERR_INIT;
        ari_cursor c = cursor_over(all(), &err);
        uint64_t n = cursor_count(&c, rows[i].n, rows[i].min_bytes);
        cr_expect(err.status == rows[i].status, "row %zu", i);
        cr_expect(n == (rows[i].status == ARI_OK ? rows[i].n : 0), "row %zu", i);
        cr_expect(c.at == 0);
    }
}

Test(cursor, an_empty_span_has_nothing)
{
    ari_err err = ARI_ERR_INIT;
    ari_cursor c = cursor_over((ari_span){ 0 }, &err);
    cr_expect(cursor_has(&c, 0) && !cursor_has(&c, 1));
    cr_expect(cursor_u8(&c) == 0 && err.status == ARI_TRUNCATED && err.offset == 0);
}

/* A source that gives two bytes more than were asked for, up to all ten. */
static void refill(void *calls, size_t need, ari_span *in, ari_err *err)
{
    (void)err;
    ++*(size_t *)calls;
    size_t size = need + 2 < sizeof(bytes) ? need + 2 : sizeof(bytes);
    if (size > in->size) *in = (ari_span){ bytes, size };
}

Test(cursor, asks_a_source_for_more)
{
    size_t calls = 0;
    ari_err err = ARI_ERR_INIT;
    ari_cursor c = cursor_over((ari_span){ bytes, 0 }, &err);
    c.refill = refill;
    c.source = &calls;
    cr_expect(cursor_u32(&c) == 0x67452301 && calls == 1 && c.in.size == 6);
    cr_expect(cursor_u8(&c) == 0x89 && calls == 1, "that byte was there");
    cr_expect(cursor_count(&c, 5, 1) == 5 && c.in.size == 10);
    cr_expect(cursor_take(&c, UINT64_MAX - 2).data == NULL && err.status == ARI_TRUNCATED);
}

static void refuse(void *unused, size_t need, ari_span *in, ari_err *err)
{
    (void)unused;
    (void)need;
    (void)in;
    ari_fail(err, ARI_LIMIT, 7, "no more");
}

Test(cursor, the_failure_of_a_source_is_the_cause)
{
    ari_err err = ARI_ERR_INIT;
    ari_cursor c = cursor_over((ari_span){ bytes, 2 }, &err);
    c.refill = refuse;
    cr_expect(cursor_u32(&c) == 0 && !cursor_ok(&c));
    cr_expect(err.status == ARI_LIMIT && err.offset == 7);
}
