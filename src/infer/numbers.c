#include "infer/numbers.h"

#include "base/arith.h"
#include "measure/decode.h"

static bool refuse(const char **why, const char *words)
{
    *why = words;
    return false;
}

bool numbers_open(const ari_checkpoint *c, const ari_layout *l, const ari_template *t, size_t k,
                  ari_numbers *out, const char **why)
{
    const ari_tensor *row = place_tensor(l, &l->places[t->first + k]);
    ari_shape shape = logical_shape(l, t, k);
    const ari_logical *packed = logical_at(t, k);
    *out = (ari_numbers){ .dtype = row->dtype, .big = c->files[row->file].big };
    if (shape.elements == 0 || shape.rank == 0) return refuse(why, "its shape is not known");
    if (packed != NULL && packed->bits > 0) return refuse(why, "its packing is not decoded");
    if (!decode_known(row->dtype)) return refuse(why, "its type is not decoded");
    if (out->big && !decode_known_big(row->dtype))
        return refuse(why, "its type is not defined in big-endian files");
    if (!checkpoint_bytes(c, row, UINT64_MAX, &out->data)) return refuse(why, "its data is not all there");
    out->columns = shape.sizes[shape.rank - 1];
    out->rows = shape.elements / out->columns;
    return true;
}

void numbers_read(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out)
{
    const ari_dtype_info *d = dtype_info(n->dtype);
    uint64_t first = row * n->columns + column;
    if (n->bytes_read != NULL)
        *n->bytes_read +=
            (first % d->block_elems + count + d->block_elems - 1) / d->block_elems * d->block_bytes;
    decode_elements(n->dtype, n->big, n->data, first, count, out);
}
