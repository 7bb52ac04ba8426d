#include "measure/values.h"

/* A number is one with its sign masked out: NaN above `top` or where it is `nan`, infinite at `infinity`.
 *
 *      kind   bytes  mask                top                 infinity            nan         never zero */
#define KIND_LIST(X)                                                                         \
    X(F16, 2, 0x7FFF, 0x7C00, 0x7C00, UINT64_MAX, false)                                     \
    X(BF16, 2, 0x7FFF, 0x7F80, 0x7F80, UINT64_MAX, false)                                    \
    X(F32, 4, 0x7FFFFFFF, 0x7F800000, 0x7F800000, UINT64_MAX, false)                         \
    X(F64, 8, 0x7FFFFFFFFFFFFFFF, 0x7FF0000000000000, 0x7FF0000000000000, UINT64_MAX, false) \
    X(E5M2, 1, 0x7F, 0x7C, 0x7C, UINT64_MAX, false)                                          \
    X(E4M3, 1, 0x7F, 0x7E, UINT64_MAX, UINT64_MAX, false)                                    \
    X(FNUZ, 1, 0xFF, 0xFF, UINT64_MAX, 0x80, false)                                          \
    X(E8M0, 1, 0xFF, 0xFE, UINT64_MAX, UINT64_MAX, true)

typedef enum number_kind {
#define X(kind, ...) NUMBER_##kind,
    KIND_LIST(X)
#undef X
} number_kind;

typedef struct number_form {
    unsigned bytes;
    uint64_t mask, top, infinity, nan;
    bool never_zero;
} number_form;

static const number_form forms[] = {
#define X(kind, ...) { __VA_ARGS__ },
    KIND_LIST(X)
#undef X
};

static const struct place {
    uint32_t dtype;
    number_kind kind;
    uint32_t at, count;
} places[] = {
#define NUMBER(dtype, kind, at, count) { ARI_DT_##dtype, NUMBER_##kind, at, count },
#include "measure/number.def"
#undef NUMBER
};

static const struct place *place_of(uint32_t dtype)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        if (places[i].dtype == dtype) return &places[i];
    }
    return NULL;
}

bool values_known(uint32_t dtype)
{
    return place_of(dtype) != NULL;
}

static void add_one(const number_form *f, uint64_t bits, value_tally *t)
{
    uint64_t n = bits & f->mask;
    t->not_numbers += n > f->top || n == f->nan;
    t->infinite += n == f->infinity;
    t->any = t->any || n != 0 || f->never_zero;
}

/* Numbers that lie densely, in this machine's order: what the compiler can do several of at once. */
#define DENSE(type)                                                                               \
    static void count_##type(const number_form *f, const uint8_t *data, size_t n, value_tally *t) \
    {                                                                                             \
        type mask = (type)f->mask, top = (type)f->top, infinity = (type)f->infinity, any = 0;     \
        bool bounded = f->infinity != UINT64_MAX;                                                 \
        uint32_t nans = 0, infinite = 0;                                                          \
        for (size_t i = 0; i < n; i++) {                                                          \
            type v;                                                                               \
            memcpy(&v, data + i * sizeof(type), sizeof(type));                                    \
            v &= mask;                                                                            \
            any |= v;                                                                             \
            nans += v > top;                                                                      \
            infinite += v == infinity;                                                            \
        }                                                                                         \
        t->not_numbers += nans;                                                                   \
        if (bounded) t->infinite += infinite;                                                     \
        t->any = t->any || any != 0;                                                              \
    }
DENSE(uint16_t)
DENSE(uint32_t)

static uint64_t load(const uint8_t *p, unsigned width, bool big)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < width; i++) n |= (uint64_t)p[big ? width - 1 - i : i] << 8 * i;
    return n;
}

static bool is_big_endian(void)
{
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 0;
}

void values_count(uint32_t dtype, bool big, ari_span bytes, value_tally *tally)
{
    const struct place *p = place_of(dtype);
    const ari_dtype_info *d = dtype_info(dtype);
    if (p == NULL || d == NULL) return;
    const number_form *f = &forms[p->kind];
    size_t n = bytes.size / d->block_bytes;
    bool dense = f->bytes * p->count == d->block_bytes && big == is_big_endian();
    if (dense && f->bytes == 2) {
        count_uint16_t(f, bytes.data, n * p->count, tally);
    } else if (dense && f->bytes == 4) {
        count_uint32_t(f, bytes.data, n * p->count, tally);
    } else {
        for (size_t i = 0; i < n; i++) {
            const uint8_t *at = bytes.data + i * d->block_bytes + p->at;
            for (size_t k = 0; k < p->count; k++) add_one(f, load(at + k * f->bytes, f->bytes, big), tally);
        }
    }
}
