#include "read/tensors.h"

#include <stdlib.h>

enum {
    EXPECT_MOST = 1 << 22, /* More rows than that have to come before there is room for them. */
    AHEAD = 16,
    SHAPES = sizeof(((ari_tensors *)0)->shapes) / sizeof(((ari_tensors *)0)->shapes[0]),
};

void tensors_expect(ari_tensors *t, uint64_t count)
{
    if (t->room == 0 && count <= EXPECT_MOST)
        (void)array_reserve(&t->rows, &t->room, (size_t)count, sizeof(t->rows[0]));
}

bool tensors_push_size(ari_tensors *t, uint64_t size)
{
    if (t->size_count >= UINT32_MAX) return false;
    if (t->size_count == t->size_room &&
        !array_room(&t->sizes, &t->size_room, t->size_count, sizeof(t->sizes[0])))
        return false;
    t->sizes[t->size_count++] = size;
    return true;
}

static ari_span row_name(const void *rows, size_t i)
{
    return ((const ari_tensor *)rows)[i].name;
}

/* Multiplied by a large odd number, the high bits depend on all. */
static size_t shape_hash(const uint64_t *sizes, size_t rank)
{
    uint64_t h = rank;
    for (size_t i = 0; i < rank; i++) h = (h ^ sizes[i]) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(h >> 32) % SHAPES;
}

bool tensors_put_shape(ari_tensors *t, const uint64_t *sizes, ari_tensor *row)
{
    size_t rank = row->rank, k = 0, hash = shape_hash(sizes, rank);
    row->shape_at = t->shapes[hash].at;
    if (rank > 0 && t->shapes[hash].rank == rank) {
        const uint64_t *other = t->sizes + row->shape_at;
        while (k < rank && other[k] == sizes[k]) k++;
        if (k == rank) return true;
    }
    row->shape_at = (uint32_t)t->size_count;
    for (size_t i = 0; i < rank; i++) {
        if (!tensors_push_size(t, sizes[i])) return false;
    }
    t->shapes[hash].at = row->shape_at;
    t->shapes[hash].rank = (uint32_t)rank;
    return true;
}

bool tensors_add(ari_tensors *t, ari_tensor *row)
{
    row->tag = lookup_tag(&t->names, row->name);
    if (t->count == t->room && !array_room(&t->rows, &t->room, t->count, sizeof(t->rows[0]))) return false;
    t->rows[t->count++] = *row;
    return true;
}

bool tensors_enter(ari_tensors *t, size_t first, tensors_twice *twice, void *context)
{
    size_t kept = first;
    bool added;
    if (!lookup_reserve(&t->names, t->count)) return false;
    for (size_t i = first; i < t->count; i++) {
        const ari_tensor row = t->rows[i];
        if (i + AHEAD < t->count) lookup_soon(&t->names, t->rows[i + AHEAD].tag);
        size_t at = lookup_enter(&t->names, row.tag, row.name, kept, row_name, t->rows, &added);
        if (at == SIZE_MAX) return false;
        if (!added) twice(context, &t->rows[at], &row);
        t->rows[at] = row;
        kept += added;
    }
    t->count = kept;
    return true;
}

void tensors_forget(ari_tensors *t, size_t first)
{
    t->count = first;
}

const ari_tensor *tensors_find(const ari_tensors *t, ari_span name)
{
    size_t at = lookup_find(&t->names, name, row_name, t->rows);
    return at == SIZE_MAX ? NULL : &t->rows[at];
}

uint16_t tensors_unknown_dtype(ari_tensors *t, ari_span spelling)
{
    size_t most = sizeof(t->unknown) / sizeof(t->unknown[0]);
    for (size_t i = 0; i < t->unknown_count; i++) {
        if (span_eq(t->unknown[i], spelling)) return (uint16_t)(ARI_DT_COUNT + i);
    }
    if (t->unknown_count == most) return (uint16_t)(ARI_DT_COUNT + most - 1);
    if (t->unknown_count == most - 1) spelling = ARI_SPAN("?");
    t->unknown[t->unknown_count++] = spelling;
    return (uint16_t)(ARI_DT_COUNT + t->unknown_count - 1);
}

ari_span tensors_dtype_name(const ari_tensors *t, uint32_t dtype)
{
    const ari_dtype_info *known = dtype_info(dtype);
    return known != NULL ? span_of(known->name) : t->unknown[dtype - ARI_DT_COUNT];
}

void tensors_free(ari_tensors *t)
{
    free(t->rows);
    free(t->sizes);
    lookup_free(&t->names);
    *t = (ari_tensors){ 0 };
}

bool tensor_is_empty(const ari_tensors *t, const ari_tensor *row)
{
    for (size_t i = 0; i < row->rank; i++) {
        if (tensor_shape(t, row)[i] == 0) return true;
    }
    return false;
}

static int by_place(const void *a, const void *b)
{
    const ari_tensor *x = *(const ari_tensor *const *)a, *y = *(const ari_tensor *const *)b;
    if (x->file != y->file) return x->file < y->file ? -1 : 1;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
    return x < y ? -1 : x > y;
}

ari_tensor **tensors_by_place(const ari_tensors *t)
{
    ari_tensor **order = calloc(t->count + 1, sizeof(ari_tensor *));
    bool sorted = true;
    for (size_t i = 0; order != NULL && i < t->count; i++) {
        order[i] = &t->rows[i];
        if (i > 0 && sorted) sorted = by_place(&order[i - 1], &order[i]) < 0;
    }
    if (!sorted) qsort(order, t->count, sizeof(ari_tensor *), by_place);
    return order;
}
