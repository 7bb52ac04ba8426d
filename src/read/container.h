/* container.h -- the formats we read, one row each. A new container is a file and a row. */
#ifndef ARI_READ_CONTAINER_H
#define ARI_READ_CONTAINER_H

#include "base/cursor.h"
#include "read/checkpoint.h"

typedef struct ari_container {
    const char *word; /* "safetensors", for JSON. */
    /* Do these first bytes look like it? `size` is the whole file's. */
    bool (*recognise)(ari_span head, uint64_t size);
    /* Read the header under the cursor into the checkpoint's tables. Tensor rows
     * and metadata name `file` by index; findings are added where it is safe to
     * read on. */
    ari_status (*read)(ari_checkpoint *into, uint32_t file, ari_cursor *c);
    bool trailing_is_error; /* Bytes after the last tensor: an error, or odd? */
    bool has_ends;          /* A tensor says where it ends, not only where it begins. */
    bool last_key_wins;     /* Of a metadata key that stands twice. */
} ari_container;

extern const ari_container ari_capsule_container, ari_safetensors, ari_gguf;

/* The container of a file by its first bytes (after decompression), or NULL. */
const ari_container *container_of(ari_span head, uint64_t size);

/* The last steps for a row that all readers share: look at its name, and append it. */
ari_status container_add_tensor(ari_checkpoint *into, ari_tensor *row, ari_err *err);

/* When a file is read, its rows being those from `first` on: tell of names that stand twice, in it or in
 * another file, of which the last is taken. */
ari_status container_settle(ari_checkpoint *into, size_t first, ari_err *err);

/* Multiply the sizes of the row's shape; false where they overflow. */
bool container_elements(const ari_tensors *t, const ari_tensor *row, uint64_t *out);

#endif
