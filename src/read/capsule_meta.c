#include "read/capsule_meta.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXACT_DIGITS = 53 }; /* Bits of a whole number that every reader of JSON has. */

static const struct {
    const char *word;
    double value;
} not_finite[] = { { "nan", NAN }, { "inf", INFINITY }, { "-inf", -INFINITY } };

enum { NOT_FINITE = sizeof(not_finite) / sizeof(not_finite[0]) };

static bool is_signed(uint32_t type)
{
    return type == ARI_META_I8 || type == ARI_META_I16 || type == ARI_META_I32 || type == ARI_META_I64;
}

static bool is_real(uint32_t type)
{
    return type == ARI_META_F32 || type == ARI_META_F64;
}

bool capsule_keeps(const ari_meta *m)
{
    return m->type != ARI_META_ARRAY || (m->count <= CAPSULE_ELEMENTS && m->element != ARI_META_ARRAY);
}

/* --- Writing ------------------------------------------------------------------------------------ */

/* In the fewest digits that read back equal. */
static void put_real(double value, bool narrow, ari_text *out)
{
    char digits[40];
    if (isnan(value) || isinf(value)) {
        text_put(out, isnan(value) ? "\"nan\"" : value > 0 ? "\"inf\"" : "\"-inf\"");
        return;
    }
    for (int precision = 1; precision <= DBL_DECIMAL_DIG; precision++) {
        snprintf(digits, sizeof(digits), "%.*g", precision, value);
        double back = strtod(digits, NULL);
        if (narrow ? (float)back == (float)value : back == value) break;
    }
    text_put(out, digits);
}

static void put_whole(bool negative, uint64_t magnitude, ari_text *out)
{
    const char *quote = magnitude >> EXACT_DIGITS == 0 ? "" : "\"";
    text_printf(out, "%s%s%" PRIu64 "%s", quote, negative ? "-" : "", magnitude, quote);
}

static void put_bits(uint32_t type, uint64_t bits, ari_text *out)
{
    unsigned width = meta_type_bytes(type);
    if (type == ARI_META_BOOL) {
        text_put(out, bits != 0 ? "true" : "false");
    } else if (is_real(type)) {
        uint32_t half = (uint32_t)bits;
        float narrow;
        double wide;
        memcpy(&narrow, &half, sizeof(narrow));
        memcpy(&wide, &bits, sizeof(wide));
        put_real(type == ARI_META_F32 ? (double)narrow : wide, type == ARI_META_F32, out);
    } else if (is_signed(type) && bits >> (8 * width - 1) != 0) {
        uint64_t all = width == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * width)) - 1;
        put_whole(true, (all - bits) + 1, out);
    } else {
        put_whole(false, bits, out);
    }
}

static void put_one(uint32_t type, unsigned count_bytes, ari_cursor *c, ari_text *out)
{
    if (type == ARI_META_STRING) {
        text_put_json(out, cursor_take(c, cursor_uint(c, count_bytes)));
    } else {
        put_bits(type, cursor_uint(c, meta_type_bytes(type)), out);
    }
}

void capsule_put_value(const ari_meta *m, unsigned count_bytes, ari_text *out)
{
    ari_err unused = ARI_ERR_INIT;
    ari_cursor c = cursor_over(m->bytes, &unused);
    c.big = m->big;
    text_put(out, ",\"value\":");
    if (m->type == ARI_META_STRING) {
        text_put_json(out, m->bytes);
    } else if (m->type != ARI_META_ARRAY) {
        put_one(m->type, count_bytes, &c, out);
    } else {
        text_put(out, "[");
        for (uint64_t i = 0; i < m->count && cursor_ok(&c); i++) {
            if (i > 0) text_put(out, ",");
            put_one(m->element, count_bytes, &c, out);
        }
        text_put(out, "]");
    }
}

/* --- Reading ------------------------------------------------------------------------------------ */

static void refuse(json_reader *j, size_t at, uint32_t type)
{
    if (!json_ok(j)) return;
    j->in->at = at;
    cursor_fail(j->in, ARI_MALFORMED, "the value is none of type %s", meta_type_word(type));
}

/* Digits, and a sign before them. */
static bool parse_whole(ari_span digits, bool *negative, uint64_t *out)
{
    *negative = span_starts(digits, "-");
    if (*negative) digits = span_from(digits, 1);
    *out = 0;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') return false;
        if (!mul_u64(*out, 10, out) || !add_u64(*out, (uint64_t)(digits.data[i] - '0'), out)) return false;
    }
    return digits.size > 0;
}

static bool whole_bits(ari_span word, uint32_t type, uint64_t *bits)
{
    unsigned width = meta_type_bytes(type);
    uint64_t magnitude, most = width == 8 ? UINT64_MAX : (UINT64_C(1) << (8 * width)) - 1;
    bool negative;
    if (!parse_whole(word, &negative, &magnitude)) return false;
    if (is_signed(type)) most = most / 2 + (negative ? 1 : 0);
    if (magnitude > most || (negative && !is_signed(type) && magnitude > 0)) return false;
    *bits = negative ? UINT64_MAX - magnitude + 1 : magnitude;
    return true;
}

static bool parse_real(ari_span word, double *out)
{
    char digits[64], *end;
    for (size_t i = 0; i < NOT_FINITE; i++) {
        *out = not_finite[i].value;
        if (span_is(word, not_finite[i].word)) return true;
    }
    if (word.size == 0 || word.size >= sizeof(digits)) return false;
    memcpy(digits, word.data, word.size);
    digits[word.size] = '\0';
    /* strtod takes blanks, hexadecimal and words, too. */
    if (strspn(digits, "0123456789+-.eE") != word.size) return false;
    *out = strtod(digits, &end);
    return *end == '\0' && isfinite(*out);
}

static bool real_bits(ari_span word, uint32_t type, uint64_t *bits)
{
    double wide;
    if (!parse_real(word, &wide)) return false;
    if (type == ARI_META_F64) {
        memcpy(bits, &wide, sizeof(wide));
        return true;
    }
    float narrow = (float)wide;
    uint32_t half;
    if (isfinite(wide) && !isfinite(narrow)) return false;
    memcpy(&half, &narrow, sizeof(half));
    *bits = half;
    return true;
}

static bool bits_of(ari_span word, uint32_t type, uint64_t *bits)
{
    if (is_real(type)) return real_bits(word, type, bits);
    if (type != ARI_META_BOOL) return whole_bits(word, type, bits);
    *bits = span_is(word, "true");
    return *bits == 1 || span_is(word, "false");
}

/* In the byte order of rows whose `big` is false. */
static void take_number(json_reader *j, uint32_t type, uint8_t *out)
{
    uint64_t bits = 0;
    json_kind kind = json_peek(j);
    size_t at = j->in->at;
    ari_span word = kind == JSON_STRING ? json_string(j) : json_skip(j);
    if (json_ok(j) && !bits_of(word, type, &bits)) refuse(j, at, type);
    for (unsigned i = 0; i < meta_type_bytes(type); i++) out[i] = (uint8_t)(bits >> (8 * i));
}

static uint64_t count_elements(json_reader *j)
{
    uint64_t n = 0;
    if (!json_enter(j, JSON_ARRAY)) return 0;
    for (bool first = true; json_element(j, &first); n++) json_skip(j);
    return n;
}

/* Counted first: what is allocated follows from what is there, not from what is announced. */
static void take_array(json_reader *j, ari_meta *row)
{
    const json_reader before = *j;
    size_t at = j->in->at;
    unsigned width = meta_type_bytes(row->element);
    uint64_t bytes;
    row->count = count_elements(j);
    if (!json_ok(j) || width == 0 || row->count == 0) return;
    uint8_t *out = mul_u64(row->count, width, &bytes) ? arena_alloc(j->arena, (size_t)bytes) : NULL;
    if (out == NULL) {
        cursor_fail(j->in, ARI_LIMIT, "out of memory");
        return;
    }
    *j = before;
    j->in->at = at;
    json_enter(j, JSON_ARRAY);
    row->bytes = (ari_span){ out, (size_t)bytes };
    for (bool first = true; json_element(j, &first); out += width) take_number(j, row->element, out);
}

void capsule_take_value(json_reader *j, ari_meta *row)
{
    json_kind kind = json_peek(j);
    size_t at = j->in->at;
    bool array = row->type == ARI_META_ARRAY, string = row->type == ARI_META_STRING;
    if (array != (kind == JSON_ARRAY) || (string && kind != JSON_STRING) || kind == JSON_OBJECT) {
        refuse(j, at, row->type);
    } else if (array) {
        take_array(j, row);
    } else if (string) {
        row->bytes = arena_json_bytes(j->arena, json_string(j));
    } else {
        uint8_t *out = arena_alloc(j->arena, sizeof(uint64_t));
        if (out == NULL) {
            cursor_fail(j->in, ARI_LIMIT, "out of memory");
            return;
        }
        take_number(j, row->type, out);
        row->bytes = (ari_span){ out, meta_type_bytes(row->type) };
    }
}
