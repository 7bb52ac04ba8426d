#include "base/zstd.h"

#include "base/cursor.h"
#include "files.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <zstd.h>

enum { LONG = 400000 };

/* Bytes that do not compress away, the same ones each time. */
static uint8_t *make_content(size_t size)
{
    uint8_t *out = malloc(size);
    uint32_t state = 12345;
    for (size_t i = 0; i < size; i++) {
        state = state * 1664525u + 1013904223u;
        out[i] = (uint8_t)(state >> 24 & (i % 3 == 0 ? 0xFF : 0x0F));
    }
    return out;
}

static test_bytes pack(const uint8_t *content, size_t size)
{
    test_bytes out = { .size = ZSTD_compressBound(size) };
    out.data = malloc(out.size);
    out.size = ZSTD_compress(out.data, out.size, content, size, 3);
    cr_assert(!ZSTD_isError(out.size));
    return out;
}

/* The same from a pipe: the frame does not say how long it is. */
static test_bytes pack_piped(const uint8_t *content, size_t size)
{
    test_bytes out = { .size = ZSTD_compressBound(size) + 64 };
    out.data = malloc(out.size);
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
    out.size = ZSTD_compress2(c, out.data, out.size, content, size);
    ZSTD_freeCCtx(c);
    cr_assert(!ZSTD_isError(out.size));
    return out;
}

static test_bytes join(test_bytes a, test_bytes b)
{
    test_bytes out = { malloc(a.size + b.size), a.size + b.size };
    memcpy(out.data, a.data, a.size);
    memcpy(out.data + a.size, b.data, b.size);
    free(a.data);
    free(b.data);
    return out;
}

Test(zstd, recognises_a_frame)
{
    cr_expect(zstd_recognise(ARI_SPAN("\x28\xB5\x2F\xFD\x20")));
    cr_expect(!zstd_recognise(ARI_SPAN("\x28\xB5\x2F")));
    cr_expect(!zstd_recognise(ARI_SPAN("GGUF")));
}

Test(zstd, decompresses_as_far_as_asked)
{
    uint8_t *content = make_content(LONG);
    test_bytes packed = pack(content, LONG);
    ari_err err = ARI_ERR_INIT;
    ari_inflater *z = inflater_new(bytes_span(packed), LONG, &err);
    ari_span out = { 0 };
    inflater_refill(z, 10, &out, &err);
    cr_assert(out.size >= 10 && out.size < LONG && memcmp(out.data, content, out.size) == 0);
    const uint8_t *first = out.data;
    inflater_refill(z, LONG, &out, &err);
    cr_expect(err.status == ARI_OK && out.size == LONG && memcmp(out.data, content, LONG) == 0);
    cr_expect(out.data == first, "views stay valid");
    cr_expect(inflater_total(z) == LONG);
    inflater_free(z);
    free(packed.data);
    free(content);
}

Test(zstd, the_end_of_the_input_is_no_error)
{
    uint8_t *content = make_content(1000);
    test_bytes packed = pack(content, 1000);
    ari_err err = ARI_ERR_INIT;
    ari_inflater *z = inflater_new(bytes_span(packed), 1u << 20, &err);
    ari_span out = { 0 };
    inflater_refill(z, 1001, &out, &err);
    cr_expect(err.status == ARI_OK && out.size == 1000);
    ari_cursor c = cursor_over((ari_span){ (const uint8_t *)"", 0 }, &err);
    c.refill = inflater_refill;
    c.source = z;
    cr_expect(cursor_take(&c, 1000).size == 1000 && cursor_ok(&c));
    cr_expect(cursor_u8(&c) == 0 && err.status == ARI_TRUNCATED && err.offset == 1000);
    inflater_free(z);
    free(packed.data);
    free(content);
}

Test(zstd, has_a_limit)
{
    uint8_t *content = make_content(LONG);
    test_bytes packed = pack(content, LONG);
    ari_err err = ARI_ERR_INIT;
    ari_inflater *z = inflater_new(bytes_span(packed), 1000, &err);
    ari_span out = { 0 };
    inflater_refill(z, 1000, &out, &err);
    cr_expect(err.status == ARI_OK && out.size == 1000 && memcmp(out.data, content, 1000) == 0);
    inflater_refill(z, 1001, &out, &err);
    cr_expect(err.status == ARI_LIMIT && err.hint != NULL);
    inflater_free(z);
    free(packed.data);
    free(content);
}

Test(zstd, reads_frame_after_frame)
{
    uint8_t *content = make_content(3000);
    static const uint8_t skippable[] = { 0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 'x', 'y', 'z' };
    test_bytes middle = { malloc(sizeof(skippable)), sizeof(skippable) };
    memcpy(middle.data, skippable, sizeof(skippable));
    test_bytes packed = join(join(pack(content, 1000), middle), pack_piped(content + 1000, 2000));
    ari_err err = ARI_ERR_INIT;
    ari_inflater *z = inflater_new(bytes_span(packed), 1u << 20, &err);
    ari_span out = { 0 };
    inflater_refill(z, 5000, &out, &err);
    cr_expect(err.status == ARI_OK && out.size == 3000 && memcmp(out.data, content, 3000) == 0);
    cr_expect(inflater_total(z) == ARI_NO_OFFSET, "one of them does not say");
    inflater_free(z);
    free(packed.data);
    free(content);
}

Test(zstd, adds_up_what_the_frames_announce)
{
    uint8_t *content = make_content(3000);
    test_bytes packed = join(pack(content, 1000), pack(content, 3000));
    ari_err err = ARI_ERR_INIT;
    ari_inflater *z = inflater_new(bytes_span(packed), 1u << 20, &err);
    cr_expect(inflater_total(z) == 4000);
    inflater_free(z);
    free(packed.data);
    free(content);
}

Test(zstd, every_prefix_is_truncated)
{
    uint8_t *content = make_content(2000);
    test_bytes packed = pack(content, 2000);
    for (size_t n = 4; n < packed.size; n++) {
        ari_err err = ARI_ERR_INIT;
        ari_inflater *z = inflater_new((ari_span){ packed.data, n }, 1u << 20, &err);
        ari_span out = { 0 };
        inflater_refill(z, 2000, &out, &err);
        cr_expect(out.size < 2000 && memcmp(out.data, content, out.size) == 0, "%zu bytes", n);
        cr_expect(err.status == ARI_TRUNCATED && err.offset == n, "%zu bytes: %s", n, err.text);
        inflater_free(z);
    }
    free(packed.data);
    free(content);
}

Test(zstd, damage_is_malformed)
{
    uint8_t *content = make_content(2000);
    test_bytes packed = pack(content, 2000);
    size_t refused = 0;
    for (size_t i = 4; i < packed.size; i++) {
        packed.data[i] ^= 0x55;
        ari_err err = ARI_ERR_INIT;
        ari_inflater *z = inflater_new(bytes_span(packed), 1u << 20, &err);
        ari_span out = { 0 };
        inflater_refill(z, 2001, &out, &err);
        cr_expect(err.status == ARI_OK || err.status == ARI_MALFORMED || err.status == ARI_TRUNCATED);
        refused += err.status != ARI_OK;
        inflater_free(z);
        packed.data[i] ^= 0x55;
    }
    cr_expect(refused > 0, "without a checksum not all damage shows, but some does");
    free(packed.data);
    free(content);
}

/* A window of 2 GiB is what zstd --ultra --long=31 asks for: more than a header is worth. */
Test(zstd, refuses_huge_windows)
{
    static const uint8_t frame[] = { 0x28, 0xB5, 0x2F, 0xFD, 0x00, (31 - 10) << 3, 0x01, 0x00, 0x00 };
    ari_err err = ARI_ERR_INIT;
    ari_inflater *z = inflater_new((ari_span){ frame, sizeof(frame) }, 1u << 20, &err);
    ari_span out = { 0 };
    inflater_refill(z, 1, &out, &err);
    cr_expect(err.status != ARI_OK && out.size == 0, "%s", err.text);
    inflater_free(z);
}

Test(zstd, packs_what_it_unpacks)
{
    uint8_t *content = make_content(LONG), *back = malloc(LONG), *packed[2];
    size_t sizes[2];
    ari_err err = ARI_ERR_INIT;
    for (int i = 0; i < 2; i++)
        cr_assert(zstd_pack((ari_span){ content, LONG }, &packed[i], &sizes[i], &err) == ARI_OK);
    cr_expect(sizes[0] < LONG && sizes[0] == sizes[1] && memcmp(packed[0], packed[1], sizes[0]) == 0);
    cr_expect(ZSTD_getFrameContentSize(packed[0], sizes[0]) == LONG);
    cr_expect(ZSTD_decompress(back, LONG, packed[0], sizes[0]) == LONG && memcmp(back, content, LONG) == 0);
    /* The checksum tells of damage in what decompresses. */
    packed[0][sizes[0] - 1] ^= 1;
    cr_expect(ZSTD_isError(ZSTD_decompress(back, LONG, packed[0], sizes[0])));
    for (int i = 0; i < 2; i++) free(packed[i]);
    free(back);
    free(content);
}
