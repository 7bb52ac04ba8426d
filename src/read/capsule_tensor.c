#include "read/capsule_reading.h"

#include "base/hash.h"

#include <inttypes.h>

enum { FEW_SIZES = 8 };

uint64_t capsule_bytes_of(const ari_checkpoint *c, const ari_tensor *row)
{
    const ari_dtype_info *d = dtype_info(row->dtype);
    uint64_t line = row->elements, bytes;
    /* Blocks do not cross the rows of GGUF. */
    if (c->files[row->file].version > 0)
        line = row->rank == 0 ? 1 : tensor_shape(&c->tensors, row)[row->rank - 1];
    bool known = d != NULL && d->block_bytes > 0 && dtype_bytes(row->dtype, line, row->elements, &bytes);
    return known ? bytes : 0;
}

uint64_t capsule_place_after(const ari_checkpoint *c, const ari_tensor *row)
{
    uint64_t end;
    bool fits =
        add_u64(row->begin, row->bytes, &end) && align_u64(end, c->files[row->file].padding + 1, &end);
    return fits ? end : UINT64_MAX;
}

static bool need_element(capsule_reading *r, bool *first)
{
    size_t at = r->c->at;
    if (json_element(&r->json, first)) return true;
    if (json_ok(&r->json)) {
        r->c->at = at;
        cursor_fail(r->c, ARI_MALFORMED, "a tensor needs a name, a type and a shape");
    }
    return false;
}

static void read_dtype(capsule_reading *r, const ari_file *f, ari_tensor *row)
{
    uint32_t dtype;
    ari_span word = capsule_take_text(r);
    if (!json_ok(&r->json)) return;
    bool known = f->version > 0 ? dtype_from_ggml_name(word, &dtype) : dtype_from_safetensors(word, &dtype);
    row->dtype = known ? (uint16_t)dtype : tensors_unknown_dtype(&r->into->tensors, word);
}

/* The first few sizes are held back: with no more of them, the shape may be there already. */
static bool put_size(ari_tensors *t, const ari_tensor *row, uint64_t few[FEW_SIZES], uint64_t size)
{
    bool ok = true;
    if (row->rank < FEW_SIZES) few[row->rank] = size;
    for (size_t i = 0; ok && i < FEW_SIZES && row->rank == FEW_SIZES; i++) ok = tensors_push_size(t, few[i]);
    return ok && (row->rank < FEW_SIZES || tensors_push_size(t, size));
}

static void read_shape(capsule_reading *r, ari_tensor *row)
{
    json_reader *j = &r->json;
    ari_tensors *t = &r->into->tensors;
    uint64_t few[FEW_SIZES];
    bool ok = true;
    row->shape_at = (uint32_t)t->size_count;
    if (!json_enter(j, JSON_ARRAY)) return;
    for (bool first = true; ok && json_element(j, &first); row->rank++) {
        uint64_t size = capsule_take_number(r);
        if (row->rank == UINT16_MAX) {
            cursor_fail(j->in, ARI_LIMIT, "a shape of more than %d dimensions", UINT16_MAX);
            return;
        }
        ok = put_size(t, row, few, size);
    }
    if (ok && json_ok(j) && row->rank <= FEW_SIZES) ok = tensors_put_shape(t, few, row);
    if (!ok) cursor_fail(j->in, ARI_LIMIT, "out of memory");
}

/* The tensor's bytes in hexadecimal. */
static void read_values(capsule_reading *r, const ari_tensor *row, size_t at)
{
    ari_capsule *k = r->capsule;
    ari_span hex = capsule_text_at(r, at);
    if (hex.data == NULL || !json_ok(&r->json)) return;
    uint8_t *bytes = arena_alloc(&r->into->arena, hex.size / 2);
    capsule_value value = { .record_at = row->record_at, .bytes = { bytes, hex.size / 2 } };
    if (bytes == NULL || !array_room(&k->values, &k->value_room, k->value_count, sizeof(value))) {
        cursor_fail(r->c, ARI_LIMIT, "out of memory");
    } else if (hex.size % 2 != 0 || hex.size / 2 != row->bytes || !hash_unhex(hex, hex.size / 2, bytes)) {
        r->c->at = at;
        cursor_fail(r->c, ARI_MALFORMED, "values are not the tensor's %" PRIu64 " bytes in hexadecimal",
                    row->bytes);
    } else {
        k->values[k->value_count++] = value;
    }
}

static void read_hash(capsule_reading *r, const ari_tensor *row, size_t at)
{
    ari_capsule *k = r->capsule;
    capsule_hash one = { .record_at = row->record_at, .hash = capsule_hash_at(r, at) };
    if (one.hash == 0) return;
    if (array_room(&k->hashes, &k->hash_room, k->hash_count, sizeof(one))) {
        k->hashes[k->hash_count++] = one;
    } else {
        cursor_fail(r->c, ARI_LIMIT, "out of memory");
    }
}

static void settle(capsule_reading *r, ari_tensor *row, const size_t *at)
{
    enum { OFFSET, BYTES, VALUES, HASH };
    ari_checkpoint *into = r->into;
    const ari_file *f = &into->files[row->file];
    /* The C reader of GGUF counts in an int64_t. */
    bool counted = container_elements(&into->tensors, row, &row->elements) &&
                   (f->version == 0 || row->elements <= INT64_MAX);
    if (!counted) row->elements = 0;
    if (!counted && !r->overflow_told) {
        finding_add(&into->findings, ARI_FINDING_SHAPE_OVERFLOW, row->name, row->record_at,
                    "%sthe sizes of the shape multiply to more than the format can hold", f->where);
    }
    row->bytes = capsule_number_at(r, at[BYTES], counted ? capsule_bytes_of(into, row) : 0);
    row->begin = r->place;
    if (capsule_go_to(r, at[OFFSET]) && !add_u64(f->data_at, capsule_take_number(r), &row->begin))
        row->begin = UINT64_MAX;
    r->place = capsule_place_after(into, row);
    read_values(r, row, at[VALUES]);
    read_hash(r, row, at[HASH]);
}

void capsule_read_tensor(capsule_reading *r)
{
    static const char *const names[] = { "offset", "bytes", "values", "hash", NULL };
    ari_checkpoint *into = r->into;
    json_reader *j = &r->json;
    size_t at[CAPSULE_MEMBERS_MOST] = { 0 };
    ari_tensor row = { .record_at = r->c->at, .file = (uint32_t)(into->file_count - 1) };
    bool first = true;
    if (into->file_count == 0 || into->files[row.file].container == NULL) {
        cursor_fail(r->c, ARI_MALFORMED, "a tensor stands where there is no file that holds any");
        return;
    }
    json_enter(j, JSON_ARRAY);
    if (need_element(r, &first)) row.name = capsule_take_text(r);
    if (need_element(r, &first)) read_dtype(r, &into->files[row.file], &row);
    if (need_element(r, &first)) read_shape(r, &row);
    bool more = json_element(j, &first);
    if (more && json_enter(j, JSON_OBJECT)) capsule_find_members(r, true, names, at);
    while (more && json_element(j, &first)) {
        capsule_pass_over(r, ARI_SPAN("a further element of a tensor"), r->c->at);
        json_skip(j);
    }
    size_t end = r->c->at;
    if (json_ok(j)) settle(r, &row, at);
    if (!json_ok(j)) return;
    r->c->at = end;
    r->rows++;
    if (container_add_tensor(into, &row, r->c->err) != ARI_OK) r->c->bad = true;
}
