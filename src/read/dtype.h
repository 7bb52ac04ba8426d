/* dtype.h -- element types: names, block sizes, byte counts. The rows are in dtype.def. */
#ifndef ARI_READ_DTYPE_H
#define ARI_READ_DTYPE_H

#include "base/span.h"

typedef enum ari_dtype {
#define DTYPE(id, safetensors, ggml, elems, bytes, row, class) ARI_DT_##id,
#include "read/dtype.def"
#undef DTYPE
    ARI_DT_COUNT, /* From here on: types we do not know, see tensors_dtype_name(). */
} ari_dtype;

typedef enum ari_dtype_class {
    ARI_FLOATING, /* Plain numbers: every element is a parameter. */
    ARI_INTEGER,  /* Indices, masks, or the payload of a packed weight. */
    ARI_BLOCKS,   /* Quantised blocks; elements are logical, each a parameter. */
    ARI_REMOVED,  /* A block type that ggml dropped. */
    ARI_FORK,     /* A block type that only a fork of ggml has. */
} ari_dtype_class;

typedef struct ari_dtype_info {
    const char *name, *safetensors; /* The second is NULL where only GGUF has it. */
    int32_t ggml;                   /* The file's own number, -1 where only safetensors has it. */
    uint32_t block_elems, block_bytes, row_bytes;
    ari_dtype_class class;
} ari_dtype_info;

/* NULL for a type beyond ARI_DT_COUNT. */
const ari_dtype_info *dtype_info(uint32_t dtype);
bool dtype_from_safetensors(ari_span spelling, uint32_t *out);
bool dtype_from_ggml(uint32_t id, uint32_t *out);
/* One of ggml's, by our name of it. */
bool dtype_from_ggml_name(ari_span name, uint32_t *out);

/* Bytes taken by `elements` elements in rows of `row` (for safetensors, whose
 * rows do not matter, row == elements). False where they do not fill whole
 * blocks or the number overflows. Only for types with a known block size. */
bool dtype_bytes(uint32_t dtype, uint64_t row, uint64_t elements, uint64_t *out);

#endif
