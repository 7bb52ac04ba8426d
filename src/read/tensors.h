/* tensors.h -- the tensor table: one row a tensor, every format alike.
 *
 * A checkpoint may have half a million rows, so a row is small and nothing is
 * allocated for it: its name is a view into the map, its shape a slice of one
 * growing array. Shapes are outermost first (GGUF's are reversed on reading), so
 * a linear weight reads [out, in] whatever file it came from. */
#ifndef ARI_READ_TENSORS_H
#define ARI_READ_TENSORS_H

#include "base/arena.h"
#include "base/lookup.h"
#include "read/dtype.h"

typedef struct ari_tensor {
    ari_span name;
    uint64_t begin, bytes; /* Place in its file, from the file's first byte. */
    uint64_t elements;     /* 0 when the shape overflows. */
    uint64_t record_at;    /* Where the header speaks of it. */
    uint32_t shape_at, file;
    uint16_t rank, dtype;
    uint32_t tag; /* Of its name, in the table's lookup. */
} ari_tensor;

typedef struct ari_tensors {
    ari_tensor *rows;
    size_t count, room;
    uint64_t *sizes; /* All shapes, end to end; one that comes again soon stands there once. */
    size_t size_count, size_room;
    struct {
        uint32_t at, rank; /* 0 of none. */
    } shapes[64];          /* Some of those that are there, by a hash of their sizes. */
    ari_lookup names;
    ari_span unknown[64]; /* Spellings of types we do not know. */
    size_t unknown_count;
} ari_tensors;

/* Its `rank` sizes; of none, something to point at. */
static inline const uint64_t *tensor_shape(const ari_tensors *t, const ari_tensor *row)
{
    static const uint64_t none = 0;
    return row->rank == 0 ? &none : t->sizes + row->shape_at;
}

/* Has it a dimension of 0, and so no bytes? */
bool tensor_is_empty(const ari_tensors *t, const ari_tensor *row);

/* All rows, by file and then by the place of their data; malloc'd, NULL when memory is short. */
ari_tensor **tensors_by_place(const ari_tensors *t);

/* So many may come: room that is not used costs nothing, and where there is not so much it grows as ever. */
void tensors_expect(ari_tensors *t, uint64_t count);

/* Append one size to the shape under construction; false when memory is short. */
bool tensors_push_size(ari_tensors *t, uint64_t size);

/* Give the row its shape of `rank` sizes, which it has already; one of the last few is not stored again.
 * False when memory is short. */
bool tensors_put_shape(ari_tensors *t, const uint64_t *sizes, ari_tensor *row);

/* Append the row. False when memory is short. */
bool tensors_add(ari_tensors *t, ari_tensor *row);

/* Enter rows from `first` on under their names. One whose name an earlier row has takes that row's place;
 * `twice` is told of both before that. False when memory is short. */
typedef void tensors_twice(void *context, const ari_tensor *earlier, const ari_tensor *row);
bool tensors_enter(ari_tensors *t, size_t first, tensors_twice *twice, void *context);

/* Forget rows from `first` on, which were not entered yet. */
void tensors_forget(ari_tensors *t, size_t first);

/* The row of that name, or NULL. */
const ari_tensor *tensors_find(const ari_tensors *t, ari_span name);

/* A dtype number for a spelling that is in no table; the last one serves all
 * spellings past the first 63. */
uint16_t tensors_unknown_dtype(ari_tensors *t, ari_span spelling);
/* The container's own spelling. Foreign text where the type is unknown. */
ari_span tensors_dtype_name(const ari_tensors *t, uint32_t dtype);

void tensors_free(ari_tensors *t);

#endif
