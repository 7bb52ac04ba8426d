#include "lineage/identity.h"

#include "base/arith.h"

#include <string.h>

enum {
    PIECES = 3,
    PIECE_LEAST = 1 << 12,
    PIECE = 1 << 16,
    BUDGET = 1 << 22,     /* Bytes of each model, where it is not compared whole. */
    WHOLE_MOST = 1 << 28, /* Models of up to so many bytes are compared whole. */
    APART = 4099,         /* Words; a prime, so that it is no multiple of a row. */
};

/* Bytes at the same places of both. */
typedef struct piece {
    ari_span a, b;
} piece;

static bool is_constant(ari_span s, size_t unit)
{
    return s.size <= unit || memcmp(s.data, s.data + unit, s.size - unit) == 0;
}

static uint16_t word_at(ari_span s, size_t i)
{
    uint16_t w;
    memcpy(&w, s.data + 2 * i, sizeof(w));
    return w;
}

/* Zeros, of either sign, are shared by masks; infinities and what is no number, by mistakes. */
static bool is_common(uint16_t w, uint16_t exponent)
{
    return (w & 0x7FFF) == 0 || (w & exponent) == exponent;
}

/* exponent: all its bits. */
static void count_words(const piece *p, uint16_t exponent, ari_identity *out)
{
    size_t n = p->a.size / 2, apart = n > (size_t)2 * APART ? APART : n / 2 | 1;
    for (size_t i = 0; i < n; i++) {
        uint16_t w = word_at(p->a, i);
        uint16_t other = word_at(p->b, i);
        if (is_common(w, exponent) || is_common(other, exponent)) continue;
        out->words++;
        out->same_words += w == other;
        other = word_at(p->b, i + apart < n ? i + apart : i + apart - n);
        if (is_common(other, exponent)) continue;
        out->null_tries++;
        out->null_words += w == other;
    }
}

/* Which pieces of a tensor are looked at: its head, middle and tail, or one that is all of it. */
static size_t cut(ari_span a, ari_span b, bool whole, size_t size, piece *out)
{
    if (whole || a.size <= PIECES * size) {
        out[0] = (piece){ a, b };
        return 1;
    }
    for (size_t i = 0; i < PIECES; i++) {
        size_t at = (a.size - size) / (PIECES - 1) * i & ~(size_t)63;
        out[i] = (piece){ span_first(span_from(a, at), size), span_first(span_from(b, at), size) };
    }
    return PIECES;
}

static void compare(const ari_tensor *row, piece whole, bool made, ari_identity *out)
{
    piece pieces[PIECES];
    size_t n = cut(whole.a, whole.b, out->whole, out->piece, pieces);
    const ari_dtype_info *d = dtype_info(row->dtype);
    size_t unit = d == NULL || d->block_bytes == 0 ? 1 : d->block_bytes;
    bool same = true, constant = true;
    for (size_t i = 0; i < n; i++) {
        same = same && span_eq(pieces[i].a, pieces[i].b);
        constant = constant && (is_constant(pieces[i].a, unit) || is_constant(pieces[i].b, unit));
        out->compared += pieces[i].a.size;
    }
    bool telling = !made && !constant && row->elements >= TENSOR_LEAST && row->rank > 1;
    out->same += same;
    out->constant += constant && row->elements > 1;
    out->telling += telling;
    out->same_telling += same && telling;
    if (same && telling && out->example == NULL) out->example = row;
    uint16_t exponent = row->dtype == ARI_DT_F16 ? 0x7C00 : row->dtype == ARI_DT_BF16 ? 0x7F80 : 0;
    for (size_t i = 0; telling && exponent != 0 && i < n; i++) count_words(&pieces[i], exponent, out);
}

const ari_tensor *identity_partner(const ari_model *b, const ari_model *a, const ari_tensor *row)
{
    const ari_tensors *x = &a->checkpoint->tensors, *y = &b->checkpoint->tensors;
    const ari_tensor *other = tensors_find(y, row->name);
    if (other == NULL || other->dtype != row->dtype || other->rank != row->rank || other->bytes != row->bytes)
        return NULL;
    bool same = memcmp(tensor_shape(x, row), tensor_shape(y, other), row->rank * sizeof(uint64_t)) == 0;
    /* Types that we do not know go by their spelling. */
    same = same && span_eq(tensors_dtype_name(x, row->dtype), tensors_dtype_name(y, other->dtype));
    return same ? other : NULL;
}

bool identity_made(const ari_layout *l, const ari_template *t)
{
    static const uint32_t roles[] = { ARI_ROLE_NONE,      ARI_ROLE_ROTARY,   ARI_ROLE_BUFFER,
                                      ARI_ROLE_POSITIONS, ARI_ROLE_REL_BIAS, ARI_ROLE_SSM_A };
    const ari_dtype_info *d = dtype_info(place_tensor(l, &l->places[t->first])->dtype);
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (t->role == roles[i]) return true;
    }
    /* Whole numbers are indices, unless a weight is packed into them. */
    return d != NULL && d->class == ARI_INTEGER && t->logical == NULL;
}

static void test_row(const ari_model *a, const ari_model *b, const ari_tensor *row, bool made,
                     ari_identity *out)
{
    const ari_tensor *other = identity_partner(b, a, row);
    piece whole;
    if (other == NULL) {
        out->only_a++;
        return;
    }
    out->shared++;
    if (!add_u64(out->bytes, row->bytes, &out->bytes)) out->bytes = UINT64_MAX;
    if (checkpoint_bytes(a->checkpoint, row, UINT64_MAX, &whole.a) &&
        checkpoint_bytes(b->checkpoint, other, UINT64_MAX, &whole.b) && whole.a.size == whole.b.size)
        compare(row, whole, made, out);
}

void identity_test(const ari_model *a, const ari_model *b, bool full, ari_identity *out)
{
    const ari_layout *l = &a->layout;
    size_t each = BUDGET / PIECES / (l->tensors->count + 1) & ~(size_t)(PIECE_LEAST - 1);
    *out = (ari_identity){ .whole = full || a->bytes <= WHOLE_MOST };
    out->piece = each < PIECE_LEAST ? PIECE_LEAST : each > PIECE ? PIECE : each;
    for (size_t i = 0; i < l->template_count; i++) {
        const ari_template *t = &l->templates[i];
        for (size_t k = 0; k < t->count; k++)
            test_row(a, b, place_tensor(l, &l->places[t->first + k]), identity_made(l, t), out);
    }
    out->only_b = b->checkpoint->tensors.count - out->shared;
    out->whole = out->whole && out->compared == out->bytes;
}

bool identity_holds(const ari_identity *i)
{
    return i->whole && i->shared > 0 && i->same == i->shared && i->only_a == 0 && i->only_b == 0;
}
