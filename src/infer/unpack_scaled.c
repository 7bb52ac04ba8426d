/* Elements that are numbers by themselves, times a scale: 8 bits with a grid of scales, 4 bits with one for
 * each few of a row. */
#include "infer/unpack.h"

#include "base/arith.h"
#include "measure/decode.h"

/* --- A grid of scales over a matrix --------------------------------------------------------- */

static void read_grid(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out)
{
    uint64_t matrix = row / n->matrix_rows;
    uint64_t scale_row = matrix * n->matrix_scales + row % n->matrix_rows / n->height * n->across;
    decode_elements(n->dtype, n->big, n->data, row * n->columns + column, count, out);
    while (count > 0) {
        size_t run = (size_t)least(count, n->group - column % n->group);
        uint64_t at = scale_row + column / n->group;
        float scale = piece_number(&n->scales, at);
        float zero = n->zeros.elements > 0 ? piece_number(&n->zeros, at) : 0;
        for (size_t i = 0; i < run; i++) out[i] = (out[i] - zero) * scale * n->factor;
        out += run;
        column += run;
        count -= run;
    }
}

static const ari_unpacker grid = { read_grid };

/* How many of `size` share each of `scales`: all, one, 128 with a rest, or as many as divide it. */
static bool shared(uint64_t size, uint64_t scales, uint64_t *out)
{
    enum { USUAL = 128 };
    *out = scales == 1 ? size : scales == size ? 1 : size / USUAL + (size % USUAL > 0) == scales ? USUAL : 0;
    if (*out == 0 && scales > 0 && size % scales == 0) *out = size / scales;
    return *out > 0;
}

/* The scales' shape over the payload's: one for all, one a row, or a grid over the last two sizes, of which
 * there are as many as there are matrices. */
static bool fit_grid(const opening *o, char letter, ari_numbers *n)
{
    const ari_tensor *s = pack_companion(o->l, o->t, o->k, letter);
    const uint64_t *sizes = tensor_shape(o->l->tensors, s);
    uint64_t matrices = 1, down = 1, across = 1;
    n->matrix_rows = o->shape.rank < 2 ? 1 : o->shape.sizes[o->shape.rank - 2];
    if (s->elements > 1 && s->rank == 1) {
        if (s->elements == n->rows) n->matrix_rows = n->rows;
        matrices = n->rows / n->matrix_rows;
        down = s->elements == n->rows ? s->elements : 1;
        if (down == 1 && s->elements != matrices) return false;
    } else if (s->elements > 1) {
        down = sizes[s->rank - 2];
        across = sizes[s->rank - 1];
        matrices = s->elements / (down * across);
    } else {
        n->matrix_rows = n->rows;
    }
    if (matrices != n->rows / n->matrix_rows) return false;
    n->across = across;
    n->matrix_scales = down * across;
    return shared(n->matrix_rows, down, &n->height) && shared(n->columns, across, &n->group);
}

/* Scales that multiply, under any of the names that they have; at most one of these is there. */
static char scale_letter(const opening *o, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        if (unpack_has(o, *letters)) return *letters;
    }
    return '\0';
}

static bool open_with(const opening *o, ari_numbers *n, const char *letters, float factor)
{
    uint64_t bytes;
    char letter = scale_letter(o, letters);
    if (!decode_known(n->dtype)) return unpack_refuse(o, "its type is not decoded");
    if (!dtype_bytes(n->dtype, n->columns, n->rows * n->columns, &bytes) || bytes > n->data.size)
        return unpack_refuse(o, "its data is not all there");
    n->bits = 8;
    n->factor = factor;
    if (letter == '\0') return true;
    if (scale_letter(o, strchr(letters, letter) + 1) != '\0')
        return unpack_refuse(o, "it has several scales");
    if (!unpack_piece(o, letter, &n->scales)) return false;
    if (!fit_grid(o, letter, n)) return unpack_refuse(o, "its scales do not fit its shape");
    /* A scale of a type without a sign is a power of two, also where the file calls it a byte. */
    if (n->scales.dtype == ARI_DT_U8) n->scales.dtype = ARI_DT_F8_E8M0;
    n->unpacker = &grid;
    return true;
}

bool open_grid(const opening *o, ari_numbers *n)
{
    bool torchao = strcmp(pack_scheme(o->t, o->k), "torchao") == 0;
    bool quanto = strcmp(pack_scheme(o->t, o->k), "quanto") == 0;
    if (n->dtype == ARI_DT_U8) return unpack_refuse(o, "its packing is not decoded");
    if (torchao && (unpack_has(o, 'a') || unpack_has(o, 'b') || unpack_has(o, 'z')))
        return unpack_refuse(o, "what its zero points mean is not in the tensors");
    if (quanto && unpack_has(o, 't')) return unpack_refuse(o, "its packing is not decoded");
    if (torchao || quanto) return open_with(o, n, "s", 1);
    if (unpack_has(o, 'b')) return unpack_refuse(o, "its scales are scaled, which is not decoded");
    if (!open_with(o, n, "ixyqu", 1)) return false;
    if (!unpack_has(o, 'z')) return true;
    if (!unpack_piece(o, 'z', &n->zeros)) return false;
    return n->zeros.elements == n->scales.elements ||
           unpack_refuse(o, "its zero points do not fit its scales");
}

/* bitsandbytes' int8: a row's greatest magnitude is 127. */
static bool open_rows(const opening *o, ari_numbers *n)
{
    ari_piece format;
    if (!unpack_piece(o, 'f', &format)) return false;
    for (uint64_t i = 0; i < format.elements && i < 8; i++) {
        if (piece_number(&format, i) != 0)
            return unpack_refuse(o, "its rows stand in an order for a processor");
    }
    return open_with(o, n, "s", 0x1.020408p-7F);
}

bool open_bnb(const opening *o, ari_numbers *n)
{
    return unpack_has(o, 'q') ? open_levels(o, n) : open_rows(o, n);
}

bool open_compressed(const opening *o, ari_numbers *n)
{
    if (n->dtype != ARI_DT_I8) return open_codes(o, n);
    if (!open_with(o, n, "x", 1)) return false;
    if (!unpack_has(o, 'z')) return true;
    if (!unpack_piece(o, 'z', &n->zeros)) return false;
    return n->zeros.elements == n->scales.elements ||
           unpack_refuse(o, "its zero points do not fit its scales");
}

/* --- Scales along the row --------------------------------------------------------------------- */

static void read_groups(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out)
{
    uint64_t first = row * n->columns + column;
    decode_elements(n->dtype, false, n->data, first, count, out);
    while (count > 0) {
        size_t run = (size_t)least(count, n->group - first % n->group);
        float scale = piece_number(&n->scales, first / n->group);
        scale = n->divided ? scale / n->factor : scale * n->factor;
        for (size_t i = 0; i < run; i++) out[i] *= scale;
        out += run;
        first += run;
        count -= run;
    }
}

static const ari_unpacker groups = { read_groups };

/* `scales`: what they are where the file says that they are bytes. */
static bool open_groups(const opening *o, ari_numbers *n, char letter, uint64_t group, uint32_t scales)
{
    uint64_t elements, bytes;
    if (!unpack_piece(o, letter, &n->scales)) return false;
    if (n->scales.dtype == ARI_DT_U8) n->scales.dtype = scales;
    n->bits = n->dtype == ARI_DT_F4 ? 4 : 8;
    n->group = group;
    n->unpacker = &groups;
    if (n->columns % group != 0 || !mul_u64(n->scales.elements, group, &elements) ||
        elements != n->rows * n->columns)
        return unpack_refuse(o, "its scales do not fit its shape");
    if (!dtype_bytes(n->dtype, n->columns, elements, &bytes) || bytes > n->data.size)
        return unpack_refuse(o, "its data is not all there");
    return true;
}

/* Two numbers a byte, the first in the low half. ModelOpt multiplies by the scale of all (y), compressed-
 * tensors divides by it: it is the other way round there, and the payload has another name. */
bool open_fp4(const opening *o, ari_numbers *n)
{
    bool nvfp4 = strcmp(pack_scheme(o->t, o->k), "nvfp4") == 0;
    ari_piece all = { 0 };
    n->dtype = ARI_DT_F4;
    if (nvfp4 && !unpack_piece(o, 'y', &all)) return false;
    if (all.elements > 1) return unpack_refuse(o, "its scales do not fit its shape");
    if (all.elements == 1) n->factor = piece_number(&all, 0);
    n->divided = nvfp4 && span_ends(o->t->pattern, ".weight_packed");
    bool x = unpack_has(o, 'x');
    return open_groups(o, n, x ? 'x' : 'y', nvfp4 ? 16 : 32, nvfp4 ? ARI_DT_F8_E4M3 : ARI_DT_F8_E8M0);
}

/* Scales of bytes and no biases: nvfp4, mxfp4 or mxfp8, by how many share one. */
static bool open_mlx_float(const opening *o, ari_numbers *n)
{
    ari_piece scales;
    if (!unpack_piece(o, 's', &scales) || scales.elements == 0) return false;
    uint64_t group = n->rows * n->columns / scales.elements;
    n->dtype = n->data.size == n->rows * n->columns ? ARI_DT_F8_E4M3 : ARI_DT_F4;
    if (scales.dtype != ARI_DT_U8 || (group != 16 && group != 32))
        return unpack_refuse(o, "its scales are of no kind that is known");
    return open_groups(o, n, 's', group, group == 16 ? ARI_DT_F8_E4M3 : ARI_DT_F8_E8M0);
}

bool open_mlx(const opening *o, ari_numbers *n)
{
    return unpack_has(o, 'b') ? open_codes(o, n) : open_mlx_float(o, n);
}
