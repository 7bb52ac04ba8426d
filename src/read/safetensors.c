/* safetensors.c -- the reader of safetensors headers.
 *
 *     bytes      content
 *     0..8       N, the length of the header: u64, little-endian
 *     8..8+N     JSON: { "__metadata__": {string: string}, name: entry, ... }
 *     8+N..end   data, addressed from its own start
 *
 *     entry      { "dtype": "BF16", "shape": [out, in], "data_offsets": [begin, end] }
 *
 * The header is pulled, not parsed into a tree: a tensor costs its row. Rules
 * are those of the reference reader (huggingface/safetensors, tensor.rs, 0.8);
 * where it is safe to read on, a broken rule is a finding and not an error. */
#include "base/json_reader.h"
#include "base/quick.h"
#include "base/scan.h"
#include "base/text.h"
#include "read/container.h"

#include <inttypes.h>

enum {
    LENGTH_BYTES = 8,
    ENTRY_BYTES = 64,       /* Few are shorter, names and all. */
    PADDING_MOST = 1 << 16, /* Pages of any system are smaller, or as large. */
};

typedef struct reading {
    ari_checkpoint *into;
    ari_file *file;
    uint32_t file_index;
    json_reader json;
    struct {
        ari_span spelling;
        uint16_t dtype;
    } recent[4]; /* Types that tensors had; most have one of few. */
    size_t recent_count;
    ari_err first_bad; /* Of an entry that was read past. */
} reading;

static bool recognise(ari_span head, uint64_t size)
{
    if (head.size <= LENGTH_BYTES) return false;
    ari_err unused = ARI_ERR_INIT;
    ari_cursor c = cursor_over(head, &unused);
    uint64_t n = cursor_u64(&c);
    uint8_t first = head.data[LENGTH_BYTES];
    bool json = first == '{' || first == ' ' || first == '\n' || first == '\r' || first == '\t';
    /* A wrong length before a brace is a damaged header, not another format. */
    return json && (n <= size || n < 1u << 30 || head.data[7] == 0);
}

static ari_status read_length(ari_cursor *c, const ari_limits *limits, uint64_t *n)
{
    *n = cursor_u64(c);
    if (!cursor_ok(c)) return ari_wrap(c->err, "header length");
    c->at = 0;
    if (*n > limits->header_bytes) {
        cursor_fail(c, ARI_LIMIT,
                    "the header length says %" PRIu64 " bytes, more than the %" PRIu64 " allowed", *n,
                    limits->header_bytes);
        return ari_hint(c->err, "if the file is sound, raise the limit with --limit header-bytes=N");
    }
    c->at = LENGTH_BYTES;
    if (!cursor_has(c, *n)) {
        cursor_fail(c, ARI_TRUNCATED, "the header needs %" PRIu64 " bytes, the file has %zu after its length",
                    *n, cursor_left(c));
        return ari_hint(c->err, "the download is incomplete: fetch the file again");
    }
    return ARI_OK;
}

static void read_metadata(reading *r)
{
    json_reader *j = &r->json;
    ari_findings *f = &r->into->findings;
    size_t at = j->in->at, own = r->into->metadata.count;
    if (json_null(j)) return;
    if (json_peek(j) != JSON_OBJECT) {
        json_skip(j);
        finding_add(f, ARI_FINDING_METADATA_TYPE, NO_TENSOR, at, "%s__metadata__ is not an object",
                    r->file->where);
        return;
    }
    ari_span key;
    json_enter(j, JSON_OBJECT);
    for (bool first = true; json_member(j, &first, &key);) {
        ari_meta row = { .key = key, .type = ARI_META_STRING, .file = r->file_index, .at = j->in->at };
        if (json_peek(j) != JSON_STRING) {
            json_skip(j);
            finding_add(f, ARI_FINDING_METADATA_TYPE, NO_TENSOR, row.at,
                        "%s__metadata__ holds a value that is no string", r->file->where);
            continue;
        }
        row.bytes = json_string(j);
        if (r->into->metadata.count - own >= r->into->limits.metadata_keys) {
            cursor_fail(j->in, ARI_LIMIT, "more than %" PRIu64 " metadata keys",
                        r->into->limits.metadata_keys);
        } else if (!metadata_add(&r->into->metadata, &row)) {
            cursor_fail(j->in, ARI_LIMIT, "out of memory");
        }
    }
}

static void read_shape(reading *r, ari_tensor *row)
{
    json_reader *j = &r->json;
    row->shape_at = (uint32_t)r->into->tensors.size_count;
    row->rank = 0;
    if (!json_enter(j, JSON_ARRAY)) return;
    for (bool first = true; json_element(j, &first);) {
        uint64_t size = json_uint(j);
        if (row->rank == UINT16_MAX) {
            cursor_fail(j->in, ARI_LIMIT, "a shape of more than %d dimensions", UINT16_MAX);
        } else if (!tensors_push_size(&r->into->tensors, size)) {
            cursor_fail(j->in, ARI_LIMIT, "out of memory");
        }
        row->rank++;
    }
}

static void read_offsets(json_reader *j, uint64_t *begin, uint64_t *end)
{
    uint64_t *const both[] = { begin, end };
    size_t n = 0;
    if (!json_enter(j, JSON_ARRAY)) return;
    size_t at = j->in->at - 1;
    for (bool first = true; json_element(j, &first); n++) {
        uint64_t value = json_uint(j);
        if (n < 2) *both[n] = value;
    }
    if (!json_ok(j) || n == 2) return;
    j->in->at = at;
    cursor_fail(j->in, ARI_MALFORMED, "data_offsets has %zu numbers, not 2", n);
}

static void read_dtype(reading *r, ari_tensor *row)
{
    ari_span spelling = json_string(&r->json);
    uint32_t dtype;
    if (!json_ok(&r->json)) return;
    if (dtype_from_safetensors(spelling, &dtype)) {
        row->dtype = (uint16_t)dtype;
        return;
    }
    row->dtype = tensors_unknown_dtype(&r->into->tensors, spelling);
    finding_add(&r->into->findings, ARI_FINDING_UNKNOWN_DTYPE, row->name, row->record_at,
                "%sdtype \"%s\" is not one of the format's 22; bytes are taken from the offsets",
                r->file->where, show(spelling).text);
}

/* From the offsets, relative to the data, to a place in the file; and the checks
 * that concern this tensor alone. */
static void settle(reading *r, ari_tensor *row, uint64_t begin, uint64_t end)
{
    ari_findings *f = &r->into->findings;
    const ari_dtype_info *d = dtype_info(row->dtype);
    uint64_t at = row->record_at, bytes = 0;
    if (!container_elements(&r->into->tensors, row, &row->elements)) {
        finding_add(f, ARI_FINDING_SHAPE_OVERFLOW, row->name, at,
                    "%sthe sizes of the shape multiply to more than 2^64-1", r->file->where);
        row->elements = 0;
    } else if (d != NULL && row->elements % d->block_elems != 0) {
        finding_add(f, ARI_FINDING_PARTIAL_BYTE, row->name, at,
                    "%s%" PRIu64 " elements of %s do not fill whole bytes", r->file->where, row->elements,
                    d->name);
    } else if (d != NULL && !dtype_bytes(row->dtype, row->elements, row->elements, &bytes)) {
        finding_add(f, ARI_FINDING_SHAPE_OVERFLOW, row->name, at,
                    "%s%" PRIu64 " elements of %s take more than 2^64-1 bytes", r->file->where, row->elements,
                    d->name);
    } else if (d != NULL && end >= begin && end - begin != bytes) {
        finding_add(f, ARI_FINDING_SIZE_MISMATCH, row->name, at,
                    "%sshape and dtype need %" PRIu64 " bytes, data_offsets span %" PRIu64, r->file->where,
                    bytes, end - begin);
    }
    if (end < begin) {
        finding_add(f, ARI_FINDING_REVERSED_OFFSETS, row->name, at,
                    "%sdata_offsets end at %" PRIu64 ", before %" PRIu64, r->file->where, end, begin);
        end = begin;
    }
    row->bytes = end - begin;
    /* An absurd begin is kept absurd: the extent check then says so. */
    if (!add_u64(begin, r->file->data_at, &row->begin)) row->begin = UINT64_MAX;
}

enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4, ALL_FIELDS = 7 };

static unsigned field_of(ari_span key)
{
    if (span_eq(key, ARI_SPAN("dtype"))) return DTYPE;
    if (span_eq(key, ARI_SPAN("shape"))) return SHAPE;
    return span_eq(key, ARI_SPAN("data_offsets")) ? OFFSETS : 0;
}

static void note_field(reading *r, const ari_tensor *row, ari_span key, bool twice)
{
    finding_add(&r->into->findings, twice ? ARI_FINDING_DUPLICATE_FIELD : ARI_FINDING_UNKNOWN_FIELD,
                row->name, r->json.in->at,
                twice ? "%s\"%s\" stands twice; the last is taken" : "%sunknown field \"%s\" is ignored",
                r->file->where, show(key).text);
}

/* --- Entries as all writers put them, without a space and in one order ----------------------- */

enum { RANK_MOST = 8, LEVELS = 2 };

/* Of the one before stays what the next may begin with. */
typedef struct usual {
    ari_span name, spelling, end_text;
    uint64_t sizes[RANK_MOST], begin, end;
    uint16_t rank;
} usual;

/* A string that holds nothing but itself, without the quote before it. */
static bool take_string(ari_span *rest, ari_span *out)
{
    *out = span_first(*rest, scan_string(rest->data, rest->size));
    *rest = span_from(*rest, out->size);
    return quick_literal(rest, ARI_SPAN("\""));
}

static bool take_shape(ari_span *rest, usual *e)
{
    e->rank = 0;
    if (quick_literal(rest, ARI_SPAN("]"))) return true;
    do {
        if (e->rank == RANK_MOST || !quick_digits(rest, &e->sizes[e->rank++])) return false;
    } while (quick_literal(rest, ARI_SPAN(",")));
    return quick_literal(rest, ARI_SPAN("]"));
}

/* Most begin where the one before ends: the same digits are the same number. */
static bool take_offsets(ari_span *rest, usual *e)
{
    ari_span again = *rest;
    if (e->end_text.size > 0 && quick_literal(&again, e->end_text) && quick_literal(&again, ARI_SPAN(","))) {
        e->begin = e->end;
        *rest = again;
    } else if (!quick_digits(rest, &e->begin) || !quick_literal(rest, ARI_SPAN(","))) {
        return false;
    }
    e->end_text = *rest;
    if (!quick_digits(rest, &e->end)) return false;
    e->end_text.size -= rest->size;
    return quick_literal(rest, ARI_SPAN("]"));
}

/* ,"name":{"dtype":"BF16","shape":[4096,4096],"data_offsets":[0,33554432]} */
static bool take_entry(ari_span *rest, usual *e)
{
    return quick_literal(rest, ARI_SPAN(",\"")) && take_string(rest, &e->name) &&
           quick_literal(rest, ARI_SPAN(":{\"dtype\":\"")) && take_string(rest, &e->spelling) &&
           quick_literal(rest, ARI_SPAN(",\"shape\":[")) && take_shape(rest, e) &&
           quick_literal(rest, ARI_SPAN(",\"data_offsets\":[")) && take_offsets(rest, e) &&
           quick_literal(rest, ARI_SPAN("}"));
}

enum { RECENT = sizeof(((reading *)0)->recent) / sizeof(((reading *)0)->recent[0]) };

static bool known_dtype(reading *r, ari_span spelling, uint16_t *out)
{
    uint32_t dtype;
    for (size_t i = 0; i < RECENT && i < r->recent_count; i++) {
        if (!span_eq(spelling, r->recent[i].spelling)) continue;
        *out = r->recent[i].dtype;
        return true;
    }
    if (!dtype_from_safetensors(spelling, &dtype)) return false;
    r->recent[r->recent_count % RECENT].spelling = spelling;
    r->recent[r->recent_count++ % RECENT].dtype = *out = (uint16_t)dtype;
    return true;
}

/* Entries from here on, up to the first that asks for care. */
static ari_status read_usual(reading *r)
{
    ari_cursor *c = r->json.in;
    ari_span rest = span_from(c->in, c->at);
    usual e = { .rank = 0 };
    if (r->json.max_depth - r->json.depth < LEVELS) return ARI_OK;
    while (take_entry(&rest, &e)) {
        ari_tensor row = { .name = e.name, .file = r->file_index, .rank = e.rank };
        row.record_at = (uint64_t)(e.name.data + e.name.size + 2 - c->in.data);
        if (!known_dtype(r, e.spelling, &row.dtype) || span_eq(e.name, ARI_SPAN("__metadata__"))) break;
        if (!tensors_put_shape(&r->into->tensors, e.sizes, &row)) return ari_out_of_memory(c->err);
        settle(r, &row, e.begin, e.end);
        if (container_add_tensor(r->into, &row, c->err) != ARI_OK) return c->err->status;
        c->at = (size_t)(rest.data - c->in.data);
    }
    return ARI_OK;
}

/* --- All others -------------------------------------------------------------------------------- */

static bool read_with_care(reading *r, ari_tensor *row, uint64_t *begin, uint64_t *end)
{
    json_reader *j = &r->json;
    unsigned seen = 0;
    ari_span key;
    if (!json_enter(j, JSON_OBJECT)) return false;
    for (bool first = true; json_member(j, &first, &key);) {
        unsigned field = field_of(key);
        if (field == 0 || (seen & field) != 0) note_field(r, row, key, field != 0);
        seen |= field;
        switch (field) {
        case DTYPE: read_dtype(r, row); break;
        case SHAPE: read_shape(r, row); break;
        case OFFSETS: read_offsets(j, begin, end); break;
        default: json_skip(j); break;
        }
    }
    if (json_ok(j) && seen != ALL_FIELDS) {
        j->in->at = (size_t)row->record_at;
        cursor_fail(j->in, ARI_MALFORMED, "the entry lacks %s",
                    !(seen & DTYPE)   ? "dtype"
                    : !(seen & SHAPE) ? "shape"
                                      : "data_offsets");
    }
    return json_ok(j);
}

static ari_status read_tensor(reading *r, ari_span name, uint64_t at)
{
    ari_tensor row = { .name = name, .record_at = at, .file = r->file_index };
    uint64_t begin = 0, end = 0;
    if (!read_with_care(r, &row, &begin, &end)) return r->json.in->err->status;
    settle(r, &row, begin, end);
    return container_add_tensor(r->into, &row, r->json.in->err);
}

/* Where an entry is JSON, and only not what the format wants, what follows it can be read. The reader goes
 * back to where it was before the value, and past it. */
static bool read_past(reading *r, const json_reader *before, size_t start, ari_span name)
{
    ari_err *err = r->json.in->err, why = *err;
    if (err->status != ARI_MALFORMED) return false;
    r->json = *before;
    cursor_go_back(r->json.in, start);
    json_skip(&r->json);
    if (!json_ok(&r->json)) {
        *err = why;
        return false;
    }
    finding_add(&r->into->findings, ARI_FINDING_BAD_ENTRY, name, why.offset, "%s%s", r->file->where,
                why.text);
    ari_wrap(&why, "tensor \"%s\"", show(name).text);
    if (r->first_bad.status == ARI_OK) r->first_bad = why;
    return true;
}

/* If no tensor at all is what the format wants, it is no model. */
static ari_status judge(reading *r)
{
    ari_err *err = r->json.in->err;
    if (err->status == ARI_OK && r->first_bad.status != ARI_OK && r->file->tensor_count == 0)
        *err = r->first_bad;
    return err->status;
}

static ari_status read_entries(reading *r)
{
    json_reader *j = &r->json;
    ari_span key;
    bool metadata = false;
    if (!json_enter(j, JSON_OBJECT)) return j->in->err->status;
    for (bool first = true; json_member(j, &first, &key);) {
        uint64_t at = j->in->at;
        if (span_eq(key, ARI_SPAN("__metadata__"))) {
            if (metadata) {
                finding_add(&r->into->findings, ARI_FINDING_DUPLICATE_FIELD, NO_TENSOR, at,
                            "%s__metadata__ stands twice", r->file->where);
            }
            metadata = true;
            read_metadata(r);
            continue;
        }
        const json_reader before = *j;
        if (read_tensor(r, key, at) != ARI_OK && !read_past(r, &before, (size_t)at, key))
            return ari_wrap(j->in->err, "tensor \"%s\"", show(key).text);
        if (read_usual(r) != ARI_OK) return j->in->err->status;
    }
    size_t end = j->in->at;
    if (json_end(j) && j->in->at - end >= PADDING_MOST) {
        finding_add(&r->into->findings, ARI_FINDING_HEADER_PADDING, NO_TENSOR, end,
                    "%sthe header ends with %zu bytes of white space", r->file->where, j->in->at - end);
    }
    return judge(r);
}

static void note_text_faults(reading *r)
{
    ari_findings *f = &r->into->findings;
    if (r->json.bad_utf8_at != ARI_NO_OFFSET) {
        finding_add(f, ARI_FINDING_NOT_UTF8, NO_TENSOR, r->json.bad_utf8_at,
                    "%sthe header is not valid UTF-8; the bytes are shown escaped", r->file->where);
    }
    if (r->json.control_at != ARI_NO_OFFSET) {
        finding_add(f, ARI_FINDING_CONTROL_CHARACTER, NO_TENSOR, r->json.control_at,
                    "%sa string in the header holds a raw control character", r->file->where);
    }
}

static ari_status read(ari_checkpoint *into, uint32_t file, ari_cursor *c)
{
    uint64_t n = 0;
    if (read_length(c, &into->limits, &n) != ARI_OK) return c->err->status;
    ari_cursor header = cursor_over(span_first(c->in, LENGTH_BYTES + (size_t)n), c->err);
    header.at = LENGTH_BYTES;
    reading r = { .into = into, .file = &into->files[file], .file_index = file };
    r.file->header_end = r.file->data_at = LENGTH_BYTES + n;
    r.json = json_over(&header, &into->arena, into->limits.depth);
    /* Files of one set are mostly alike. */
    tensors_expect(&into->tensors, into->file_count * (n / ENTRY_BYTES + 1));
    if (n > 0 && header.in.data[LENGTH_BYTES] != '{') {
        finding_add(&into->findings, ARI_FINDING_LEADING_SPACE, NO_TENSOR, LENGTH_BYTES,
                    "%sthe header begins with white space instead of {", r.file->where);
    }
    ari_status status = read_entries(&r);
    if (status == ARI_OK) note_text_faults(&r);
    return status;
}

const ari_container ari_safetensors = {
    .word = "safetensors",
    .recognise = recognise,
    .read = read,
    .trailing_is_error = true,
    .has_ends = true,
    .last_key_wins = true,
};
