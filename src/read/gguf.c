/* gguf.c -- the reader of GGUF headers, versions 1 to 3, either byte order.
 *
 *     part               v1      v2, v3
 *     magic "GGUF"       4       4          the same bytes in either byte order
 *     version            u32     u32
 *     tensor count       u32     u64
 *     key-value count    u32     u64
 *     key-value pairs    key string, type u32, value
 *     tensor infos       name string, rank u32, sizes (u32 | u64), type u32, offset u64
 *     padding            to general.alignment (32), then data
 *
 *     string             length (u32 | u64), bytes
 *     array              element type u32, count (u32 | u64), elements
 *
 * There is no byte-order mark: a version whose low 16 bits are zero is a small
 * number read the wrong way round (ggml's own rule). Sizes are innermost first
 * in the file and outermost first in our table. Rules are those of ggml's
 * gguf.cpp; where it is safe to read on, a broken rule is a finding. */
#include "read/container.h"

#include "base/text.h"

#include <inttypes.h>

enum {
    MAX_DIMENSIONS = 4,       /* GGML_MAX_DIMS: more is a finding. */
    READABLE_DIMENSIONS = 64, /* More is no tensor any more. */
    MAX_NAME = 63,            /* GGML_MAX_NAME, less its NUL. */
    DEFAULT_ALIGNMENT = 32,
    MAX_ALIGNMENT = 1 << 20,
};

typedef struct reading {
    ari_checkpoint *into;
    ari_file *file;
    uint32_t file_index;
    ari_cursor *c;
    unsigned count_bytes; /* Width of counts, lengths and sizes: 4 in v1, 8 after. */
    uint64_t tensor_count, pair_count;
    uint64_t alignment;
} reading;

static bool recognise(ari_span head, uint64_t size)
{
    (void)size;
    return span_starts(head, "GGUF");
}

static void note(reading *r, ari_finding_id id, ari_span tensor, uint64_t at, const char *words)
{
    finding_add(&r->into->findings, id, tensor, at, "%s%s", r->file->where, words);
}

static uint64_t read_count(reading *r)
{
    return cursor_uint(r->c, r->count_bytes);
}

static ari_span read_string(reading *r)
{
    return cursor_take(r->c, read_count(r));
}

static ari_status read_version(reading *r)
{
    ari_cursor *c = r->c;
    cursor_take(c, 4);
    size_t at = c->at;
    uint32_t version = cursor_u32(c);
    if (cursor_ok(c) && (version & 0xFFFF) == 0) {
        c->at = at;
        c->big = true;
        version = cursor_u32(c);
    }
    if (cursor_ok(c) && (version < 1 || version > 3)) {
        c->at = at;
        cursor_fail(c, ARI_UNSUPPORTED, "GGUF version %" PRIu32 " is not one of 1, 2, 3", version);
    }
    r->file->version = version;
    r->file->big = c->big;
    r->count_bytes = version == 1 ? 4 : 8;
    if (version == 1) {
        note(r, ARI_FINDING_GGUF_VERSION, NO_TENSOR, at,
             "GGUF version 1: current readers refuse it, convert it again");
    }
    return c->err->status;
}

static ari_status read_header(reading *r)
{
    ari_cursor *c = r->c;
    if (read_version(r) != ARI_OK) return ari_wrap(c->err, "header");
    size_t tensors_at = c->at, pairs_at = c->at + r->count_bytes;
    r->tensor_count = read_count(r);
    r->pair_count = read_count(r);
    const ari_limits *limits = &r->into->limits;
    if (cursor_ok(c) && r->pair_count > limits->metadata_keys) {
        c->at = pairs_at;
        cursor_fail(c, ARI_LIMIT, "%" PRIu64 " metadata keys announced, more than the %" PRIu64 " allowed",
                    r->pair_count, limits->metadata_keys);
        ari_hint(c->err, "if the file is sound, raise the limit with --limit metadata-keys=N");
    } else if (cursor_ok(c) && r->tensor_count > limits->tensors) {
        c->at = tensors_at;
        cursor_fail(c, ARI_LIMIT, "%" PRIu64 " tensors announced, more than the %" PRIu64 " allowed",
                    r->tensor_count, limits->tensors);
        ari_hint(c->err, "if the file is sound, raise the limit with --limit tensors=N");
    }
    return c->err->status == ARI_OK ? ARI_OK : ari_wrap(c->err, "header");
}

/* A vocabulary has a million of them, so those are stepped over in one go that lie in what is there, with
 * lengths in this machine's order. Returns how many. */
static uint64_t skip_strings(reading *r, uint64_t count)
{
    ari_cursor *c = r->c;
    size_t at = c->at, size = c->in.size;
    uint64_t n = 0, length;
    bool own = r->count_bytes == sizeof(length) && !c->big && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    for (; own && n < count && size - at >= sizeof(length); n++) {
        memcpy(&length, c->in.data + at, sizeof(length));
        if (length > size - at - sizeof(length)) break;
        at += sizeof(length) + (size_t)length;
    }
    c->at = at;
    return n;
}

/* Step over `count` elements. Strings cost a length each and are not looked at. */
static void skip_elements(reading *r, uint32_t type, uint64_t count)
{
    unsigned width = meta_type_bytes(type);
    uint64_t n = cursor_count(r->c, count, width > 0 ? width : r->count_bytes);
    if (width > 0) {
        cursor_take(r->c, n * width);
        return;
    }
    for (uint64_t i = skip_strings(r, n); i < n && cursor_ok(r->c); i += 1 + skip_strings(r, n - i - 1))
        read_string(r);
}

/* An array's elements, arrays of arrays too: the stack holds how many are left at each level. */
static void skip_array(reading *r, ari_meta *row)
{
    ari_cursor *c = r->c;
    uint64_t left[128];
    unsigned depth = 0, most = r->into->limits.depth < 128 ? (unsigned)r->into->limits.depth : 128;
    for (bool outermost = true; cursor_ok(c) && (outermost || depth > 0); outermost = false) {
        if (!outermost && left[depth - 1] == 0) {
            depth--;
            continue;
        }
        if (!outermost) left[depth - 1]--;
        size_t at = c->at;
        uint32_t type = cursor_u32(c);
        uint64_t count = read_count(r);
        if (outermost) {
            row->element = (uint8_t)(type < ARI_META_TYPE_COUNT ? type : ARI_META_ARRAY);
            row->count = count;
            row->bytes.data = c->in.data + c->at;
        }
        if (!cursor_ok(c)) return;
        if (type >= ARI_META_TYPE_COUNT) {
            c->at = at;
            cursor_fail(c, ARI_MALFORMED, "array of unknown value type %" PRIu32, type);
        } else if (type != ARI_META_ARRAY) {
            skip_elements(r, type, count);
        } else if (depth + 1 >= most) {
            c->at = at;
            cursor_fail(c, ARI_LIMIT, "arrays nested deeper than %u levels", most);
        } else {
            left[depth++] = cursor_count(c, count, 4 + r->count_bytes);
        }
    }
    row->bytes.size = (size_t)(c->in.data + c->at - row->bytes.data);
    if (row->element == ARI_META_ARRAY && cursor_ok(c)) {
        finding_add(&r->into->findings, ARI_FINDING_NESTED_ARRAY, NO_TENSOR, row->at,
                    "%skey \"%s\" is an array of arrays, which the C reader of GGUF refuses", r->file->where,
                    show(row->key).text);
    }
}

static void read_value(reading *r, ari_meta *row)
{
    ari_cursor *c = r->c;
    uint32_t type = cursor_u32(c);
    if (!cursor_ok(c)) return;
    if (type >= ARI_META_TYPE_COUNT) {
        c->at -= 4;
        cursor_fail(c, ARI_MALFORMED, "unknown value type %" PRIu32, type);
        return;
    }
    row->type = (uint8_t)type;
    if (type == ARI_META_STRING) {
        row->bytes = read_string(r);
    } else if (type == ARI_META_ARRAY) {
        skip_array(r, row);
    } else {
        row->bytes = cursor_take(c, meta_type_bytes(type));
    }
}

static ari_status read_pairs(reading *r)
{
    ari_cursor *c = r->c;
    uint64_t n = cursor_count(c, r->pair_count, r->count_bytes + 5);
    for (uint64_t i = 0; i < n && cursor_ok(c); i++) {
        ari_meta row = { .at = c->at, .big = c->big, .file = r->file_index };
        row.key = read_string(r);
        if (cursor_ok(c)) read_value(r, &row);
        if (!cursor_ok(c)) return ari_wrap(c->err, "key %" PRIu64 " \"%s\"", i, show(row.key).text);
        if (row.key.size == 0)
            note(r, ARI_FINDING_EMPTY_KEY, NO_TENSOR, row.at, "a metadata key has no name");
        if (!metadata_add(&r->into->metadata, &row)) return ari_out_of_memory(c->err);
    }
    return cursor_ok(c) ? ARI_OK : ari_wrap(c->err, "metadata");
}

static void find_alignment(reading *r, size_t first_pair)
{
    r->alignment = DEFAULT_ALIGNMENT;
    const ari_metadata *m = &r->into->metadata;
    for (size_t i = first_pair; i < m->count; i++) {
        const ari_meta *row = &m->rows[i];
        int64_t value = 0;
        if (!span_is(row->key, "general.alignment")) continue;
        bool whole = row->type == ARI_META_U32 && meta_integer(row, 0, &value);
        if (whole && value > 0 && value <= MAX_ALIGNMENT && (value & (value - 1)) == 0) {
            r->alignment = (uint64_t)value;
        } else {
            ari_text shown = { 0 };
            meta_print(row, 40, &shown);
            finding_add(&r->into->findings, ARI_FINDING_ALIGNMENT, NO_TENSOR, row->at,
                        "%sgeneral.alignment (%s %s) is no u32 power of two up to 2^20; 32 is assumed",
                        r->file->where, meta_type_word(row->type), shown.data == NULL ? "" : shown.data);
            text_free(&shown);
        }
        return;
    }
}

/* The file has the innermost size first; our rows have it last. */
static void read_shape(reading *r, ari_tensor *row)
{
    ari_cursor *c = r->c;
    uint32_t rank = cursor_u32(c);
    uint64_t sizes[READABLE_DIMENSIONS];
    if (!cursor_ok(c)) return;
    if (rank > READABLE_DIMENSIONS) {
        c->at -= 4;
        cursor_fail(c, ARI_MALFORMED, "%" PRIu32 " dimensions", rank);
        return;
    }
    if (rank > MAX_DIMENSIONS) {
        finding_add(&r->into->findings, ARI_FINDING_TOO_MANY_DIMENSIONS, row->name, c->at - 4,
                    "%s%" PRIu32 " dimensions, the format allows 4", r->file->where, rank);
    }
    for (uint32_t i = rank; i > 0; i--) sizes[i - 1] = read_count(r);
    row->rank = (uint16_t)rank;
    if (cursor_ok(c) && !tensors_put_shape(&r->into->tensors, sizes, row))
        cursor_fail(c, ARI_LIMIT, "out of memory");
}

static void note_dtype(reading *r, const ari_tensor *row, uint32_t id, uint64_t at)
{
    ari_findings *f = &r->into->findings;
    const ari_dtype_info *d = dtype_info(row->dtype);
    if (d == NULL) {
        finding_add(f, ARI_FINDING_UNKNOWN_DTYPE, row->name, at,
                    "%sggml type %" PRIu32 " is not known; its size is taken from the next offset",
                    r->file->where, id);
    } else if (d->class == ARI_REMOVED) {
        finding_add(f, ARI_FINDING_REMOVED_DTYPE, row->name, at,
                    "%sggml type %" PRIu32 " (%s) was removed from ggml", r->file->where, id, d->name);
    } else if (d->class == ARI_FORK) {
        finding_add(f, ARI_FINDING_FORK_DTYPE, row->name, at,
                    "%sggml type %" PRIu32 " (%s) is known to a fork of ggml only", r->file->where, id,
                    d->name);
    }
}

static void read_dtype(reading *r, ari_tensor *row)
{
    uint64_t at = r->c->at;
    uint32_t id = cursor_u32(r->c), dtype;
    if (!cursor_ok(r->c)) return;
    if (dtype_from_ggml(id, &dtype)) {
        row->dtype = (uint16_t)dtype;
    } else {
        const char *spelling = arena_printf(&r->into->arena, "ggml-type-%" PRIu32, id);
        row->dtype = tensors_unknown_dtype(&r->into->tensors, span_of(spelling));
    }
    note_dtype(r, row, id, at);
}

/* The C reader keeps every size, and their product, in an int64_t. */
static bool count_elements(const ari_tensors *t, ari_tensor *row)
{
    for (size_t i = 0; i < row->rank; i++) {
        if (tensor_shape(t, row)[i] > INT64_MAX) return false;
    }
    return container_elements(t, row, &row->elements) && row->elements <= INT64_MAX;
}

/* Bytes that stay 0 are taken from the next offset, once all are known. */
static void measure(reading *r, ari_tensor *row)
{
    ari_findings *f = &r->into->findings;
    const ari_tensors *t = &r->into->tensors;
    const ari_dtype_info *d = dtype_info(row->dtype);
    uint64_t line = row->rank == 0 ? 1 : tensor_shape(t, row)[row->rank - 1];
    if (!count_elements(t, row)) {
        row->elements = 0;
        finding_add(f, ARI_FINDING_SHAPE_OVERFLOW, row->name, row->record_at,
                    "%sthe sizes of the shape multiply to more than 2^63-1", r->file->where);
    } else if (d != NULL && line % d->block_elems != 0) {
        finding_add(f, ARI_FINDING_PARTIAL_BLOCK, row->name, row->record_at,
                    "%srows of %" PRIu64 " are not whole blocks of %" PRIu32 " (%s)", r->file->where, line,
                    d->block_elems, d->name);
    } else if (d != NULL && d->block_bytes > 0 &&
               !dtype_bytes(row->dtype, line, row->elements, &row->bytes)) {
        row->bytes = 0;
        finding_add(f, ARI_FINDING_SHAPE_OVERFLOW, row->name, row->record_at,
                    "%s%" PRIu64 " elements of %s take more than 2^64-1 bytes", r->file->where, row->elements,
                    d->name);
    }
}

static ari_status read_tensor(reading *r)
{
    ari_cursor *c = r->c;
    ari_tensor row = { .record_at = c->at, .file = r->file_index };
    row.name = read_string(r);
    if (cursor_ok(c)) read_shape(r, &row);
    if (cursor_ok(c)) read_dtype(r, &row);
    row.begin = cursor_u64(c);
    if (!cursor_ok(c)) return ari_wrap(c->err, "\"%s\"", show(row.name).text);
    if (row.name.size > MAX_NAME) {
        finding_add(&r->into->findings, ARI_FINDING_LONG_NAME, row.name, row.record_at,
                    "%sa name of %zu bytes, the C reader takes %d", r->file->where, row.name.size, MAX_NAME);
    }
    if (row.name.size > 0 && memchr(row.name.data, 0, row.name.size) != NULL)
        note(r, ARI_FINDING_NUL_IN_NAME, row.name, row.record_at,
             "a name holds a NUL, where readers in C end it");
    measure(r, &row);
    return container_add_tensor(r->into, &row, c->err);
}

static ari_status read_tensors(reading *r)
{
    ari_cursor *c = r->c;
    uint64_t n = cursor_count(c, r->tensor_count, r->count_bytes + 16);
    for (uint64_t i = 0; i < n && cursor_ok(c); i++) {
        if (read_tensor(r) != ARI_OK) return ari_wrap(c->err, "tensor %" PRIu64, i);
    }
    return cursor_ok(c) ? ARI_OK : ari_wrap(c->err, "tensors");
}

/* Offsets count from the start of the data: now that it is known, make them
 * places in the file. The C reader also wants tensors listed in the order of
 * their data; one finding says so, not one a tensor. */
static ari_status place_data(reading *r, size_t first)
{
    ari_findings *f = &r->into->findings;
    ari_tensors *t = &r->into->tensors;
    uint64_t previous = 0, running = 0;
    bool ordered = true, in_place = true;
    r->file->header_end = r->file->data_at = r->c->at;
    if (r->tensor_count > 0 && !align_u64(r->c->at, r->alignment, &r->file->data_at)) {
        return cursor_fail(r->c, ARI_MALFORMED, "the header does not end");
    }
    for (size_t i = first; i < t->count; i++) {
        ari_tensor *row = &t->rows[i];
        if (row->begin % r->alignment != 0) {
            finding_add(f, ARI_FINDING_MISALIGNED_TENSOR, row->name, row->record_at,
                        "%soffset %" PRIu64 " is no multiple of the alignment %" PRIu64, r->file->where,
                        row->begin, r->alignment);
        }
        /* An empty one has its place in the order, too, although it has no bytes that could overlap. */
        bool strays = row->elements == 0 && row->bytes == 0 && in_place && row->begin != running;
        uint64_t end;
        in_place = in_place && row->begin == running && (row->bytes > 0 || row->elements == 0) &&
                   add_u64(row->begin, row->bytes, &end) && align_u64(end, r->alignment, &running);
        if ((row->begin < previous || strays) && ordered) {
            ordered = false;
            finding_add(f, ARI_FINDING_TENSOR_ORDER, row->name, row->record_at,
                        "%stensors are not listed in the order of their data; this is the first that is not",
                        r->file->where);
        }
        previous = row->begin;
        if (!add_u64(row->begin, r->file->data_at, &row->begin)) row->begin = UINT64_MAX;
    }
    r->file->padding = r->alignment - 1;
    return ARI_OK;
}

static ari_status read(ari_checkpoint *into, uint32_t file, ari_cursor *c)
{
    reading r = { .into = into, .file = &into->files[file], .file_index = file, .c = c };
    size_t first_pair = into->metadata.count, first_tensor = into->tensors.count;
    ari_status status = read_header(&r);
    if (status == ARI_OK) status = read_pairs(&r);
    if (status == ARI_OK) find_alignment(&r, first_pair);
    if (status == ARI_OK) status = read_tensors(&r);
    if (status == ARI_OK) status = place_data(&r, first_tensor);
    if (status == ARI_TRUNCATED) ari_hint(c->err, "the download is incomplete: fetch the file again");
    return status;
}

const ari_container ari_gguf = {
    .word = "gguf",
    .recognise = recognise,
    .read = read,
};
