#include "read/dtype.h"

#include "base/arith.h"

static const ari_dtype_info infos[] = {
#define DTYPE(id, safetensors, ggml, elems, bytes, row, class) \
    [ARI_DT_##id] = { #id, safetensors, ggml, elems, bytes, row, ARI_##class },
#include "read/dtype.def"
#undef DTYPE
};

/* A row without a block size would become a division by zero on a hostile file. */
#define DTYPE(id, safetensors, ggml, elems, bytes, row, class) \
    _Static_assert((elems) > 0, #id " needs a block size");
#include "read/dtype.def"
#undef DTYPE

const ari_dtype_info *dtype_info(uint32_t dtype)
{
    return dtype < ARI_DT_COUNT ? &infos[dtype] : NULL;
}

bool dtype_from_safetensors(ari_span spelling, uint32_t *out)
{
    for (uint32_t t = 0; t < ARI_DT_COUNT; t++) {
        if (infos[t].safetensors == NULL || !span_is(spelling, infos[t].safetensors)) continue;
        *out = t;
        return true;
    }
    return false;
}

bool dtype_from_ggml(uint32_t id, uint32_t *out)
{
    for (uint32_t t = 0; t < ARI_DT_COUNT; t++) {
        if (infos[t].ggml < 0 || (uint32_t)infos[t].ggml != id) continue;
        *out = t;
        return true;
    }
    return false;
}

bool dtype_from_ggml_name(ari_span name, uint32_t *out)
{
    for (uint32_t t = 0; t < ARI_DT_COUNT; t++) {
        if (infos[t].ggml < 0 || !span_is(name, infos[t].name)) continue;
        *out = t;
        return true;
    }
    return false;
}

bool dtype_bytes(uint32_t dtype, uint64_t row, uint64_t elements, uint64_t *out)
{
    const ari_dtype_info *d = &infos[dtype];
    uint64_t extra = 0;
    if (d->block_elems == 1 && d->row_bytes == 0) return mul_u64(elements, d->block_bytes, out);
    if (row % d->block_elems != 0 || elements % d->block_elems != 0) return false;
    if (row > 0 && !mul_u64(elements / row, d->row_bytes, &extra)) return false;
    return mul_u64(elements / d->block_elems, d->block_bytes, out) && add_u64(*out, extra, out);
}
