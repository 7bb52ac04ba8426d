/* sums.h -- what was hashed of a checkpoint. */
#ifndef ARI_AUDIT_SUMS_H
#define ARI_AUDIT_SUMS_H

#include "base/hash.h"
#include "read/checkpoint.h"

/* A file: the checkpoint's own come first, in their order, then what else lies in a folder that was named. */
typedef struct ari_file_sum {
    const char *path; /* As opened; raw. */
    const char *name; /* From the folder of the checkpoint on; escaped. */
    uint64_t bytes;
    uint8_t sha256[32], git_blob[20]; /* The second where git_wanted: "blob SIZE", NUL and the bytes. */
    bool git_wanted;
} ari_file_sum;

typedef struct ari_sums {
    bool made;
    ari_file_sum *files;
    size_t file_count;
    uint8_t (*tensors)[32]; /* Of the bytes of each row of the table, zeros where not known. */
    bool *tensor_known;     /* Not of compressed or cut ones. */
    uint8_t structure[32];
} ari_sums;

/* SHA-256 over names, types and shapes, whatever the files they are in: of each tensor, in the order of their
 * names' bytes, "LENGTH NAME DTYPE SIZExSIZE\n", LENGTH that of the name in bytes, sizes outermost first.
 * False when memory is short. */
bool sums_structure(const ari_checkpoint *c, const hash_library *library, uint8_t out[32]);

#endif
