/* Elements that are codes of a few bits: whole numbers between a zero point and a scale, or levels of a
 * table. */
#include "infer/unpack.h"

#include "base/arith.h"
#include "base/json.h"

#include <math.h>

enum { NIBBLES = 8 };

/* `count` words, or codes that need so many bits, are in the piece. */
static bool holds(ari_span words, uint64_t rows, uint64_t row_words)
{
    uint64_t count;
    return mul_u64(rows, row_words, &count) && count <= words.size / 4;
}

static uint64_t group_of(const ari_numbers *n, uint64_t column)
{
    uint64_t group = column / n->group;
    if (n->order.elements > 0 && !piece_index(&n->order, column, &group)) return UINT64_MAX;
    return group;
}

/* --- GPTQ: words run along the columns of [in, out]; 3 bits go across words ----------------------------- */

static void read_gptq(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out)
{
    uint64_t last = UINT64_MAX;
    float scale = NAN;
    int zero = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t group = group_of(n, column + i);
        if (group != last || i == 0) {
            bool there = group < n->across;
            scale = there ? piece_number(&n->scales, group * n->rows + row) : NAN;
            zero = there ? (int)code_at(n->zeros.data, group * n->zero_words, 1, row * n->bits, n->bits) +
                               n->added
                         : 0;
            last = group;
        }
        int code = (int)code_at(n->data, row, n->rows, (column + i) * n->bits, n->bits);
        out[i] = (float)(code - zero) * scale;
    }
}

static const ari_unpacker gptq = { read_gptq };

/* Version 1 stores zero points less one. A file of version 2 is told where every zero point is the middle, as
 * symmetric quantisation has it: less one they would all lie beside it. A few thousand of them speak for all,
 * since every opening asks. */
static int stored_less(const ari_numbers *n)
{
    enum { ASKED = 4096 };
    uint32_t middle = 1u << (n->bits - 1);
    uint64_t step = n->across * n->rows / ASKED + 1;
    for (uint64_t i = 0; i < n->across * n->rows; i += step) {
        uint64_t group = i / n->rows, row = i % n->rows;
        if (code_at(n->zeros.data, group * n->zero_words, 1, row * n->bits, n->bits) != middle) return 1;
    }
    return 0;
}

static bool order_fits(const opening *o, ari_numbers *n)
{
    if (!unpack_piece(o, 'g', &n->order)) return false;
    if (n->order.elements > 0 && n->order.elements != n->columns)
        return unpack_refuse(o, "its order of columns does not fit its shape");
    for (uint64_t i = 0; i < n->order.elements; i++) {
        if (group_of(n, i) >= n->across)
            return unpack_refuse(o, "its order of columns points past its scales");
    }
    return true;
}

bool open_gptq(const opening *o, ari_numbers *n)
{
    uint64_t bits = n->columns == 0 ? 0 : o->payload->elements / n->rows * 32 / n->columns;
    if (!unpack_piece(o, 's', &n->scales) || !unpack_piece(o, 'z', &n->zeros)) return false;
    if (n->zeros.elements == 0) return unpack_refuse(o, "its zero points are not there");
    n->bits = (unsigned)bits;
    n->across = n->scales.elements / n->rows;
    if (o->shape.rank != 2 || (bits != 2 && bits != 3 && bits != 4 && bits != 8) || n->across == 0)
        return unpack_refuse(o, "its sizes do not fit each other");
    n->group = divided_up(n->columns, n->across);
    n->zero_words = divided_up(n->rows * bits, 32);
    if (n->scales.elements != n->across * n->rows || n->zeros.dtype != ARI_DT_I32 ||
        !holds(n->data, divided_up(n->columns * bits, 32), n->rows) ||
        !holds(n->zeros.data, n->across, n->zero_words))
        return unpack_refuse(o, "its sizes do not fit each other");
    if (!order_fits(o, n)) return false;
    n->added = stored_less(n);
    n->unpacker = &gptq;
    return true;
}

/* --- AWQ: words run along the rows of [in, out], eight nibbles in an order of their own ---------------- */

/* Where number i of eight stands: a word holds 0 2 4 6 1 3 5 7. */
static uint64_t awq_bit(uint64_t i)
{
    static const uint8_t places[NIBBLES] = { 0, 4, 1, 5, 2, 6, 3, 7 };
    return (uint64_t)places[i % NIBBLES] * 4;
}

static void read_awq(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out)
{
    uint64_t word = row / NIBBLES, bit = awq_bit(row);
    while (count > 0) {
        size_t run = (size_t)least(count, n->group - column % n->group);
        uint64_t group = column / n->group;
        float scale = piece_number(&n->scales, group * n->rows + row);
        int zero = (int)code_at(n->zeros.data, group * n->words + word, 1, bit, 4);
        for (size_t i = 0; i < run; i++) {
            int code = (int)code_at(n->data, (column + i) * n->words + word, 1, bit, 4);
            out[i] = (float)(code - zero) * scale;
        }
        out += run;
        column += run;
        count -= run;
    }
}

static const ari_unpacker awq = { read_awq };

bool open_awq(const opening *o, ari_numbers *n)
{
    const uint64_t *sizes = tensor_shape(o->l->tensors, o->payload);
    if (!unpack_piece(o, 's', &n->scales) || !unpack_piece(o, 'z', &n->zeros)) return false;
    n->bits = 4;
    n->words = n->rows / NIBBLES;
    if (o->payload->rank != 2 || sizes[0] != n->columns || sizes[1] != n->words || n->rows % NIBBLES != 0)
        return unpack_refuse(o, "only the packing that runs along its outputs is decoded");
    n->across = n->scales.elements / n->rows;
    if (n->across == 0 || n->scales.elements != n->across * n->rows || n->columns % n->across != 0 ||
        n->zeros.dtype != ARI_DT_I32 || !holds(n->zeros.data, n->across, n->words) ||
        !holds(n->data, n->columns, n->words))
        return unpack_refuse(o, "its sizes do not fit each other");
    n->group = n->columns / n->across;
    n->unpacker = &awq;
    return true;
}

/* --- Along the rows: compressed-tensors and MLX -----------------------------------------------------------
 */

static void read_mlx(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out)
{
    while (count > 0) {
        size_t run = (size_t)least(count, n->group - column % n->group);
        uint64_t at = row * n->across + column / n->group;
        float scale = piece_number(&n->scales, at), bias = piece_number(&n->zeros, at);
        for (size_t i = 0; i < run; i++) {
            uint32_t code = code_at(n->data, row * n->words, 1, (column + i) * n->bits, n->bits);
            out[i] = (float)code * scale + bias;
        }
        out += run;
        column += run;
        count -= run;
    }
}

/* Both codes and zero points are stored with half their range added, so that it cancels out. */
static void read_compressed(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out)
{
    uint64_t last = UINT64_MAX;
    float scale = NAN;
    int zero = 1 << (n->bits - 1);
    for (size_t i = 0; i < count; i++) {
        uint64_t group = group_of(n, column + i);
        if (group != last || i == 0) {
            bool there = group < n->across;
            scale = there ? piece_number(&n->scales, row * n->across + group) : NAN;
            if (there && n->zeros.elements > 0)
                zero = (int)code_at(n->zeros.data, group, n->across, row * n->bits, n->bits);
            last = group;
        }
        int code = (int)code_at(n->data, row * n->words, 1, (column + i) * n->bits, n->bits);
        out[i] = (float)(code - zero) * scale;
    }
}

static const ari_unpacker mlx = { read_mlx }, compressed = { read_compressed };

/* Bits that fill the words of a row: exactly, or those of 4, 8 and 2 that leave less than a word. */
static unsigned bits_of_row(uint64_t words, uint64_t columns)
{
    static const unsigned usual[] = { 4, 8, 2 };
    uint64_t bits = words * 32 / columns;
    if (words * 32 % columns == 0 && bits >= 2 && bits <= 8 && bits != 7) return (unsigned)bits;
    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (divided_up(columns, 32 / usual[i]) == words) return usual[i];
    }
    return 0;
}

static bool zeros_fit(const opening *o, ari_numbers *n)
{
    if (!unpack_piece(o, 'z', &n->zeros)) return false;
    if (n->zeros.elements == 0) return true;
    if (32 % n->bits != 0) return unpack_refuse(o, "its zero points go across words, which is not decoded");
    return (n->zeros.dtype == ARI_DT_I32 &&
            holds(n->zeros.data, divided_up(n->rows, 32 / n->bits), n->across)) ||
           unpack_refuse(o, "its zero points do not fit its scales");
}

bool open_codes(const opening *o, ari_numbers *n)
{
    bool is_mlx = unpack_has(o, 'b');
    n->words = o->payload->elements / n->rows;
    n->bits = n->words > UINT32_MAX ? 0 : bits_of_row(n->words, n->columns);
    if (!unpack_piece(o, is_mlx ? 's' : 'x', &n->scales)) return false;
    n->across = n->scales.elements / n->rows;
    if (n->bits == 0 || n->across == 0 || n->scales.elements != n->across * n->rows ||
        !holds(n->data, n->rows, n->words) || n->columns % n->across != 0)
        return unpack_refuse(o, "its sizes do not fit each other");
    n->group = n->columns / n->across;
    n->unpacker = is_mlx ? &mlx : &compressed;
    if (!is_mlx) return order_fits(o, n) && zeros_fit(o, n);
    if (!unpack_piece(o, 'b', &n->zeros)) return false;
    return n->zeros.elements == n->scales.elements || unpack_refuse(o, "its biases do not fit its scales");
}

/* --- HQQ: the weight as rows of a group each (axis 1) or columns (axis 0), whose parts share bytes ------ */

static void read_hqq(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out)
{
    uint64_t parts = 8 / n->bits, part_rows = n->matrix_rows / parts;
    for (size_t i = 0; i < count; i++) {
        uint64_t at = row * n->columns + column + i, down = at / n->words, across = at % n->words;
        uint64_t byte = down % part_rows * n->words + across, part = down / part_rows;
        uint32_t code = (uint32_t)n->data.data[byte] >> (8 - n->bits * (part + 1)) & ((1u << n->bits) - 1);
        uint64_t scale = n->height == 1 ? down : across;
        out[i] = ((float)code - piece_number(&n->zeros, scale)) * piece_number(&n->scales, scale);
    }
}

static const ari_unpacker hqq = { read_hqq };

static bool stored(const opening *o, char letter, uint64_t *out)
{
    ari_piece p;
    if (!unpack_piece(o, letter, &p)) return false;
    return piece_index(&p, 0, out) || unpack_refuse(o, "its bits, group or axis is not stored");
}

bool open_hqq(const opening *o, ari_numbers *n)
{
    uint64_t bits, group, axis;
    if (!stored(o, 'n', &bits) || !stored(o, 'g', &group) || !stored(o, 'a', &axis)) return false;
    if (!unpack_piece(o, 's', &n->scales) || !unpack_piece(o, 'z', &n->zeros)) return false;
    if (n->dtype != ARI_DT_U8 || (bits != 8 && bits != 4 && bits != 2 && bits != 1))
        return unpack_refuse(o, "only bytes of 1, 2, 4 or 8 bits are decoded");
    uint64_t elements = n->rows * n->columns, parts = 8 / bits;
    if (group == 0 || elements % group != 0 || axis > 1 || n->scales.elements != elements / group ||
        n->zeros.elements != n->scales.elements)
        return unpack_refuse(o, "its sizes do not fit each other");
    n->bits = (unsigned)bits;
    n->words = axis == 1 ? group : elements / group;
    n->matrix_rows = elements / n->words;
    n->height = axis == 1 ? 1 : 0;
    if (n->matrix_rows % parts != 0 || n->data.size < elements / parts)
        return unpack_refuse(o, "its sizes do not fit each other");
    n->unpacker = &hqq;
    return true;
}

/* --- bitsandbytes' four bits: levels of a table, the first in the high half; scales may be levels too ------
 */

static float level_scale(const ari_numbers *n, uint64_t block)
{
    float scale = piece_number(&n->scales, block);
    if (n->nested_group == 0) return scale;
    if (!(scale >= 0)) return NAN; /* Beyond the end. */
    return n->nested_levels[(size_t)scale & 255] * piece_number(&n->nested, block / n->nested_group) +
           n->nested_added;
}

static void read_levels(const ari_numbers *n, uint64_t row, uint64_t column, size_t count, float *out)
{
    uint64_t first = row * n->columns + column;
    while (count > 0) {
        size_t run = (size_t)least(count, n->group - first % n->group);
        float scale = level_scale(n, first / n->group);
        for (size_t i = 0; i < run; i++) {
            uint8_t byte = n->data.data[(first + i) / 2];
            out[i] = n->levels[(first + i) % 2 == 0 ? byte >> 4 : byte & 15] * scale;
        }
        out += run;
        first += run;
        count -= run;
    }
}

static const ari_unpacker levels = { read_levels };

static bool table(const opening *o, char letter, float *out, size_t size)
{
    ari_piece p;
    if (!unpack_piece(o, letter, &p)) return false;
    if (p.elements != size) return unpack_refuse(o, "its table of levels is not there");
    for (size_t i = 0; i < size; i++) out[i] = piece_number(&p, i);
    return true;
}

/* Block sizes and what is added to scales stand in JSON. */
static bool state(const opening *o, ari_numbers *n)
{
    ari_span text;
    ari_err err = ARI_ERR_INIT;
    const ari_tensor *t = pack_companion(o->l, o->t, o->k, 'q');
    if (!checkpoint_bytes(o->c, t, SMALL_VALUE, &text)) return unpack_refuse(o, "its state is not all there");
    json_tree *tree = json_parse(text, &err);
    if (tree == NULL)
        return unpack_refuse(o, ari_is_out_of_memory(&err) ? "memory ran short" : "its state is no JSON");
    int64_t block = 0, nested = 0;
    double added = 0;
    bool known = json_integer(json_get(tree, "blocksize"), &block) && block > 0;
    bool is_nested = json_integer(json_get(tree, "nested_blocksize"), &nested) && nested > 0;
    if (is_nested) known = known && json_number(json_get(tree, "nested_offset"), &added);
    json_free(tree);
    n->group = (uint64_t)block;
    n->nested_group = is_nested ? (uint64_t)nested : 0;
    n->nested_added = (float)added;
    return known || unpack_refuse(o, "its state does not say how many share a scale");
}

bool open_levels(const opening *o, ari_numbers *n)
{
    uint64_t elements = n->rows * n->columns;
    n->bits = 4;
    if (!state(o, n) || !table(o, 'm', n->levels, 16) || !unpack_piece(o, 'a', &n->scales)) return false;
    if (n->scales.elements != divided_up(elements, n->group) || n->data.size < divided_up(elements, 2))
        return unpack_refuse(o, "its sizes do not fit each other");
    n->unpacker = &levels;
    if ((n->nested_group > 0) != (n->scales.dtype == ARI_DT_U8))
        return unpack_refuse(o, "its scales are of no kind that is known");
    if (n->nested_group == 0) return true;
    if (!table(o, 'k', n->nested_levels, 256) || !unpack_piece(o, 'n', &n->nested)) return false;
    return n->nested.elements == divided_up(n->scales.elements, n->nested_group) ||
           unpack_refuse(o, "its sizes do not fit each other");
}
