#include "base/zstd.h"

#include "base/arith.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <zstd.h>

enum {
    PACK_LEVEL = 9,      /* Names compress well at any level; higher ones take seconds for little. */
    WINDOW_LOG_MAX = 27, /* 128 MiB: what zstd itself accepts without --long. */
    STEP = 1 << 16,      /* A header is rarely longer; a page cache read never shorter. */
    SMALL_FILE = 1 << 20,
};

struct ari_inflater {
    ZSTD_DStream *stream;
    ZSTD_inBuffer in;
    uint8_t *out;
    size_t size, room;
    bool ended, mid_frame;
};

bool zstd_recognise(ari_span head)
{
    return span_starts(head, "\x28\xB5\x2F\xFD");
}

ari_inflater *inflater_new(ari_span packed, uint64_t most, ari_err *err)
{
    ari_inflater *z = calloc(1, sizeof(*z));
    size_t room = most > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size_t)most;
    if (room == 0) room = 1;
    void *out = MAP_FAILED;
    if (z != NULL) {
        z->stream = ZSTD_createDStream();
        out = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    }
    if (z == NULL || z->stream == NULL || out == MAP_FAILED) {
        if (out != MAP_FAILED) munmap(out, room);
        if (z != NULL) ZSTD_freeDStream(z->stream);
        free(z);
        ari_out_of_memory(err);
        return NULL;
    }
    ZSTD_DCtx_setParameter(z->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    z->in = (ZSTD_inBuffer){ packed.data, packed.size, 0 };
    z->out = out;
    z->room = room;
    return z;
}

/* One step towards `need`; false when no more output will come. */
static bool step(ari_inflater *z, size_t need, ari_err *err)
{
    size_t ahead = need - z->size < STEP ? STEP : need - z->size;
    size_t until = ahead < z->room - z->size ? z->size + ahead : z->room;
    ZSTD_outBuffer out = { z->out, until, z->size };
    size_t before = z->in.pos;
    size_t code = ZSTD_decompressStream(z->stream, &out, &z->in);
    if (ZSTD_isError(code)) {
        ari_fail(err, ARI_MALFORMED, ARI_NO_OFFSET, "the compressed file is damaged (zstd: %s)",
                 ZSTD_getErrorName(code));
        return false;
    }
    bool moved = out.pos > z->size || z->in.pos > before;
    z->size = out.pos;
    z->ended = z->in.pos == z->in.size && !moved;
    /* After the last frame zstd already waits for the next: not a fault. */
    if (moved) z->mid_frame = code != 0;
    if (z->ended && z->mid_frame) {
        ari_fail(err, ARI_TRUNCATED, z->in.pos, "the compressed file ends in the middle of a frame");
    }
    return !z->ended;
}

void inflater_refill(void *inflater, size_t need, ari_span *out, ari_err *err)
{
    ari_inflater *z = inflater;
    if (need > z->room) {
        ari_fail(err, ARI_LIMIT, ARI_NO_OFFSET, "the header needs more than %zu bytes once decompressed",
                 z->room);
        ari_hint(err, "raise the limit with --limit header-bytes=N, or decompress the file with zstd -d");
        return;
    }
    while (z->size < need && !z->ended && step(z, need, err)) continue;
    *out = (ari_span){ z->out, z->size };
}

uint64_t inflater_total(const ari_inflater *z)
{
    /* Finding where a frame ends walks all of its blocks, and a file may hold
     * many frames: worth it for small files only. */
    if (z->in.size > SMALL_FILE) return ARI_NO_OFFSET;
    uint64_t total = 0;
    for (size_t at = 0, n; at < z->in.size; at += n) {
        const char *frame = (const char *)z->in.src + at;
        unsigned long long size = ZSTD_getFrameContentSize(frame, z->in.size - at);
        if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) return ARI_NO_OFFSET;
        n = ZSTD_findFrameCompressedSize(frame, z->in.size - at);
        if (ZSTD_isError(n) || n == 0 || !add_u64(total, size, &total)) return ARI_NO_OFFSET;
    }
    return total;
}

void inflater_free(ari_inflater *z)
{
    if (z == NULL) return;
    ZSTD_freeDStream(z->stream);
    munmap(z->out, z->room);
    free(z);
}

/* In one thread: how many there are must not show. */
static size_t pack(ari_span plain, uint8_t *out, size_t room)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    if (z == NULL) return 0;
    ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, PACK_LEVEL);
    ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
    size_t size = ZSTD_compress2(z, out, room, plain.data, plain.size);
    ZSTD_freeCCtx(z);
    return ZSTD_isError(size) ? 0 : size;
}

ari_status zstd_pack(ari_span plain, uint8_t **out, size_t *size, ari_err *err)
{
    size_t room = ZSTD_compressBound(plain.size);
    *out = ZSTD_isError(room) ? NULL : malloc(room);
    *size = *out == NULL ? 0 : pack(plain, *out, room);
    if (*size > 0) return ARI_OK;
    free(*out);
    *out = NULL;
    return ari_out_of_memory(err);
}
