#include "read/metadata.h"

#include "base/cursor.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { ELEMENTS_SHOWN = 8 };

unsigned meta_type_bytes(uint32_t type)
{
    static const uint8_t bytes[] = {
#define X(id, number, bytes, word) [number] = bytes,
        META_TYPE_LIST(X)
#undef X
    };
    return type < ARI_META_TYPE_COUNT ? bytes[type] : 0;
}

const char *meta_type_word(uint32_t type)
{
    static const char *const words[] = {
#define X(id, number, bytes, word) [number] = word,
        META_TYPE_LIST(X)
#undef X
    };
    return type < ARI_META_TYPE_COUNT ? words[type] : "?";
}

bool metadata_add(ari_metadata *m, const ari_meta *row)
{
    if (!array_room(&m->rows, &m->room, m->count, sizeof(m->rows[0]))) return false;
    m->rows[m->count++] = *row;
    return true;
}

const ari_meta *metadata_find(const ari_metadata *m, const char *key)
{
    for (size_t i = 0; i < m->count; i++) {
        if (span_is(m->rows[i].key, key)) return &m->rows[i];
    }
    return NULL;
}

void metadata_free(ari_metadata *m)
{
    free(m->rows);
    *m = (ari_metadata){ 0 };
}

/* The raw bits of element i, and its type; false past the end or for a string. */
static bool element(const ari_meta *m, uint64_t i, uint32_t *type, uint64_t *bits)
{
    *type = m->type == ARI_META_ARRAY ? m->element : m->type;
    uint64_t count = m->type == ARI_META_ARRAY ? m->count : 1;
    unsigned width = meta_type_bytes(*type);
    if (width == 0 || i >= count || i >= m->bytes.size / width) return false;
    ari_err unused = ARI_ERR_INIT;
    ari_cursor c = cursor_over(span_from(m->bytes, (size_t)(i * width)), &unused);
    c.big = m->big;
    *bits = cursor_uint(&c, width);
    return true;
}

static double real_of(uint32_t type, uint64_t bits)
{
    double wide;
    float narrow;
    uint32_t half = (uint32_t)bits;
    memcpy(&narrow, &half, sizeof(narrow));
    memcpy(&wide, &bits, sizeof(wide));
    return type == ARI_META_F32 ? (double)narrow : wide;
}

bool meta_number(const ari_meta *m, uint64_t i, double *out)
{
    uint32_t type;
    uint64_t bits;
    int64_t whole;
    if (!element(m, i, &type, &bits) || type == ARI_META_BOOL) return false;
    if (type == ARI_META_F32 || type == ARI_META_F64) {
        *out = real_of(type, bits);
        return isfinite(*out);
    }
    if (meta_integer(m, i, &whole)) {
        *out = (double)whole;
    } else {
        *out = (double)bits;
    }
    return true;
}

bool meta_integer(const ari_meta *m, uint64_t i, int64_t *out)
{
    uint32_t type;
    uint64_t bits;
    if (!element(m, i, &type, &bits)) return false;
    switch (type) {
    case ARI_META_I8: *out = (int8_t)bits; return true;
    case ARI_META_I16: *out = (int16_t)bits; return true;
    case ARI_META_I32: *out = (int32_t)bits; return true;
    case ARI_META_I64: *out = (int64_t)bits; return true;
    case ARI_META_U8:
    case ARI_META_U16:
    case ARI_META_U32:
    case ARI_META_U64: *out = (int64_t)bits; return bits <= INT64_MAX;
    default: return false;
    }
}

bool meta_bool(const ari_meta *m, uint64_t i, bool *out)
{
    uint32_t type;
    uint64_t bits;
    if (!element(m, i, &type, &bits) || type != ARI_META_BOOL) return false;
    *out = bits != 0;
    return true;
}

static void print_element(const ari_meta *m, uint64_t i, ari_text *out)
{
    uint32_t type;
    uint64_t bits;
    int64_t whole;
    bool flag;
    if (meta_bool(m, i, &flag)) {
        text_put(out, flag ? "true" : "false");
    } else if (meta_integer(m, i, &whole)) {
        text_printf(out, "%" PRId64, whole);
    } else if (element(m, i, &type, &bits) && type == ARI_META_U64) {
        text_printf(out, "%" PRIu64, bits);
    } else if (element(m, i, &type, &bits)) {
        text_printf(out, "%.*g", type == ARI_META_F32 ? 7 : 17, real_of(type, bits));
    }
}

static void print_array(const ari_meta *m, ari_text *out)
{
    bool numbers = meta_type_bytes(m->element) > 0;
    if (!numbers || m->count > ELEMENTS_SHOWN) {
        text_printf(out, "[%" PRIu64 " x %s]", m->count, meta_type_word(m->element));
        return;
    }
    text_put(out, "[");
    for (uint64_t i = 0; i < m->count; i++) {
        if (i > 0) text_put(out, ", ");
        print_element(m, i, out);
    }
    text_put(out, "]");
}

void meta_print(const ari_meta *m, size_t most, ari_text *out)
{
    if (m->type == ARI_META_STRING) {
        text_escape(out, m->bytes, most);
    } else if (m->type == ARI_META_ARRAY) {
        print_array(m, out);
    } else {
        print_element(m, 0, out);
    }
}
