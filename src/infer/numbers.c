#include "infer/numbers.h"

#include "infer/unpack.h"
#include "measure/decode.h"

#include <math.h>

static const struct scheme {
    const char *name, *why;
    opener *open;
} schemes[] = {
#define UNPACK(name, open) { name, NULL, open },
#define PACKED(name, why) { name, why, NULL },
#include "infer/unpack.def"
#undef PACKED
#undef UNPACK
};

bool unpack_refuse(const opening *o, const char *words)
{
    *o->why = words;
    return false;
}

bool unpack_has(const opening *o, char letter)
{
    return pack_companion(o->l, o->t, o->k, letter) != NULL;
}

bool unpack_piece(const opening *o, char letter, ari_piece *out)
{
    const ari_tensor *t = pack_companion(o->l, o->t, o->k, letter);
    *out = (ari_piece){ 0 };
    if (t == NULL) return true;
    *out = (ari_piece){ .elements = t->elements, .dtype = t->dtype, .big = o->c->files[t->file].big };
    uint64_t bytes;
    if (!decode_known(t->dtype) || (out->big && !decode_known_big(t->dtype)))
        return unpack_refuse(o, "the type of what scales it is not decoded");
    if (t->elements == 0 || !checkpoint_bytes(o->c, t, UINT64_MAX, &out->data) ||
        !dtype_bytes(t->dtype, t->elements, t->elements, &bytes) || bytes > out->data.size)
        return unpack_refuse(o, "what scales it is not all there");
    return true;
}

float piece_number(const ari_piece *p, uint64_t i)
{
    float out;
    if (i >= p->elements) return NAN;
    decode_elements(p->dtype, p->big, p->data, i, 1, &out);
    return out;
}

bool piece_index(const ari_piece *p, uint64_t i, uint64_t *out)
{
    const ari_dtype_info *d = dtype_info(p->dtype);
    if (i >= p->elements || d == NULL || d->class != ARI_INTEGER) return false;
    const uint8_t *at = p->data.data + i * d->block_bytes;
    uint64_t n = 0;
    uint8_t top = 0;
    for (uint32_t k = d->block_bytes; k > 0; k--) {
        uint8_t byte = at[p->big ? d->block_bytes - k : k - 1];
        if (k == d->block_bytes) top = byte;
        n = n << 8 | byte;
    }
    *out = n;
    bool negative = d->name[0] == 'I' && (top & 0x80) != 0;
    return !negative;
}

uint32_t span_word(ari_span words, uint64_t i)
{
    if (i >= words.size / 4) return 0;
    const uint8_t *at = words.data + i * 4;
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool open_plain(const opening *o, ari_numbers *n)
{
    uint64_t bytes;
    if (!decode_known(n->dtype)) return unpack_refuse(o, "its type is not decoded");
    if (n->big && !decode_known_big(n->dtype))
        return unpack_refuse(o, "its type is not defined in big-endian files");
    if (!dtype_bytes(n->dtype, n->columns, n->rows * n->columns, &bytes) || bytes > n->data.size)
        return unpack_refuse(o, "its data is not all there");
    return true;
}

static bool open_packed(const opening *o, ari_numbers *n, const char *name)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (strcmp(schemes[i].name, name) != 0) continue;
        if (schemes[i].open == NULL) return unpack_refuse(o, schemes[i].why);
        /* Packed weights are safetensors', which are little-endian. */
        return n->big ? unpack_refuse(o, "it is packed in a big-endian file") : schemes[i].open(o, n);
    }
    return unpack_refuse(o, "its packing is not decoded");
}

bool numbers_open(const ari_checkpoint *c, const ari_layout *l, const ari_template *t, size_t k,
                  ari_numbers *out, const char **why)
{
    const ari_tensor *row = place_tensor(l, &l->places[t->first + k]);
    opening o = { c, l, t, k, row, logical_shape(l, t, k), why };
    const char *scheme = pack_scheme(t, k);
    *out = (ari_numbers){ .dtype = row->dtype, .big = c->files[row->file].big, .factor = 1 };
    if (o.shape.elements == 0 || o.shape.rank == 0) return unpack_refuse(&o, "its shape is not known");
    if (!checkpoint_bytes(c, row, UINT64_MAX, &out->data))
        return unpack_refuse(&o, "its data is not all there");
    out->columns = o.shape.sizes[o.shape.rank - 1];
    out->rows = o.shape.elements / out->columns;
    return scheme == NULL ? open_plain(&o, out) : open_packed(&o, out, scheme);
}

void numbers_read(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out)
{
    if (n->unpacker != NULL) {
        n->unpacker->read(n, row, column, count, out);
        if (n->bytes_read != NULL) *n->bytes_read += ((uint64_t)count * n->bits + 7) / 8;
        return;
    }
    const ari_dtype_info *d = dtype_info(n->dtype);
    uint64_t first = row * n->columns + column;
    if (n->bytes_read != NULL)
        *n->bytes_read +=
            (first % d->block_elems + count + d->block_elems - 1) / d->block_elems * d->block_bytes;
    decode_elements(n->dtype, n->big, n->data, first, count, out);
}
