#include "measure/decode.h"

#include "measure/decoding.h"

/* Numbers of `width` bytes, whose order is that of the file. */
typedef struct ordered {
    uint8_t width;
    uint16_t at, count;
} ordered;

typedef struct decoder {
    uint32_t dtype;
    decode_fn *plain, *wide;
    ordered ordered[2];
} decoder;

enum { UNDEFINED = 255, CHUNK = 4096, MOST_ELEMS = 256 };

static const decoder decoders[] = {
#define AT(width, at, count) \
    {                        \
        width, at, count     \
    }
#define NONE    \
    {           \
        0, 0, 0 \
    }
#define NOT             \
    {                   \
        UNDEFINED, 0, 0 \
    }
#define DECODE(type, first, second) { ARI_DT_##type, decode_##type, decode_##type##_wide, { first, second } },
#include "measure/decode.def"
#undef DECODE
#undef NOT
#undef NONE
#undef AT
};

#define DTYPE(id, safetensors, ggml, elems, bytes, row, class)                                           \
    _Static_assert((elems) <= MOST_ELEMS && (bytes) <= CHUNK, "a block fits into what is set aside for " \
                                                              "one");
#include "read/dtype.def"
#undef DTYPE

static const decoder *decoder_of(uint32_t dtype)
{
    for (size_t i = 0; i < sizeof(decoders) / sizeof(decoders[0]); i++) {
        if (decoders[i].dtype == dtype) return &decoders[i];
    }
    return NULL;
}

bool decode_known(uint32_t dtype)
{
    return decoder_of(dtype) != NULL;
}

bool decode_known_big(uint32_t dtype)
{
    const decoder *d = decoder_of(dtype);
    return d != NULL && d->ordered[0].width != UNDEFINED;
}

static void reverse(uint8_t *at, unsigned width)
{
    for (unsigned i = 0; i < width / 2; i++) {
        uint8_t kept = at[i];
        at[i] = at[width - 1 - i];
        at[width - 1 - i] = kept;
    }
}

static void reorder(const decoder *d, uint8_t *block)
{
    for (size_t i = 0; i < 2; i++) {
        const ordered *o = &d->ordered[i];
        for (size_t k = 0; k < o->count; k++) reverse(block + o->at + k * o->width, o->width);
    }
}

/* Decoders are of little-endian blocks: others are turned round in a copy. */
static void whole_blocks(const decoder *d, decode_fn *decode, bool big, const uint8_t *in, size_t blocks,
                         float *out)
{
    const ari_dtype_info *info = dtype_info(d->dtype);
    if (!big || d->ordered[0].count == 0) {
        decode(in, blocks, out);
        return;
    }
    uint8_t turned[CHUNK];
    while (blocks > 0) {
        size_t most = CHUNK / info->block_bytes, n = blocks < most ? blocks : most;
        memcpy(turned, in, n * info->block_bytes);
        for (size_t i = 0; i < n; i++) reorder(d, turned + i * info->block_bytes);
        decode(turned, n, out);
        in += n * info->block_bytes;
        out += n * info->block_elems;
        blocks -= n;
    }
}

static void elements(const decoder *d, decode_fn *decode, bool big, ari_span data, uint64_t first,
                     size_t count, float *out)
{
    const ari_dtype_info *info = dtype_info(d->dtype);
    const uint8_t *in = data.data + first / info->block_elems * info->block_bytes;
    size_t skip = (size_t)(first % info->block_elems);
    float one[MOST_ELEMS];
    while (count > 0) {
        size_t blocks = skip > 0 ? 0 : count / info->block_elems, n = blocks * info->block_elems;
        if (blocks > 0) {
            whole_blocks(d, decode, big, in, blocks, out);
        } else {
            blocks = 1;
            whole_blocks(d, decode, big, in, 1, one);
            n = info->block_elems - skip < count ? info->block_elems - skip : count;
            memcpy(out, one + skip, n * sizeof(one[0]));
            skip = 0;
        }
        in += blocks * info->block_bytes;
        out += n;
        count -= n;
    }
}

void decode_elements(uint32_t dtype, bool big, ari_span data, uint64_t first, size_t count, float *out)
{
    const decoder *d = decoder_of(dtype);
    elements(d, wide_here() ? d->wide : d->plain, big, data, first, count, out);
}

void decode_elements_plain(uint32_t dtype, bool big, ari_span data, uint64_t first, size_t count, float *out)
{
    const decoder *d = decoder_of(dtype);
    elements(d, d->plain, big, data, first, count, out);
}
