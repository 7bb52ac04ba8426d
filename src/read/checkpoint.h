/* checkpoint.h -- the files of one model, read into one table of tensors.
 *
 * The union of the shards' headers is the truth; an index beside them is a claim
 * that is checked. Shards that are missing or cannot be read become findings as
 * long as one of them can be read. */
#ifndef ARI_READ_CHECKPOINT_H
#define ARI_READ_CHECKPOINT_H

#include "base/zstd.h"
#include "read/findings.h"
#include "read/metadata.h"
#include "read/set.h"
#include "read/tensors.h"

struct ari_container;
struct ari_capsule;

typedef struct ari_file {
    const char *path;  /* As opened; raw. */
    const char *shown; /* Escaped. */
    const char *where; /* "shown: " where there are several files, "" where there is one. */
    ari_span map;
    ari_inflater *inflater;                /* Of a compressed file, else NULL. */
    const struct ari_container *container; /* NULL when it could not be read. */
    uint64_t size;                         /* Bytes on disk. */
    uint64_t content;                      /* Bytes once decompressed; ARI_NO_OFFSET if not known. */
    uint64_t header_end;                   /* Where the header ends; padding may follow. */
    uint64_t data_at;                      /* Where tensor data begins. */
    size_t tensor_count;                   /* Rows read from it, shadowed duplicates not counted. */
    uint64_t shadowed;                     /* Bytes of tensors that a later one of the same name replaced. */
    uint64_t padding;                      /* Bytes that alignment may leave between tensors. */
    uint32_t version;                      /* Of GGUF, else 0. */
    bool big;                              /* Big-endian. */
    const char *sha256;                    /* Of all its bytes, where a capsule states it; hex, else NULL. */
} ari_file;

typedef struct ari_checkpoint {
    ari_arena arena;
    ari_limits limits;
    ari_file *files;
    size_t file_count;
    const char *folder;          /* Where its files lie, with a slash; "" for the current one. */
    const char *path;            /* As a user would write it; raw. */
    bool alone;                  /* There is no other model in the folder that was named. */
    bool of_folder;              /* A folder was named, not a file of it. */
    struct ari_capsule *capsule; /* What was read, where it is one; `files` are then those it was made of. */
    bool incomplete;             /* A shard is missing or could not be read: what is here is not all. */
    ari_tensors tensors;
    ari_metadata metadata;
    ari_findings findings;
} ari_checkpoint;

/* Read every file of the group. On failure nothing is left behind. */
ari_status checkpoint_read(const ari_group *group, const ari_limits *limits, ari_checkpoint **out,
                           ari_err *err);
void checkpoint_free(ari_checkpoint *c);

/* Names have been looked at, one by one, and will not be again: where there are many, large headers need not
 * stay in memory beside what is made of them. */
void checkpoint_rest(const ari_checkpoint *c);

/* The bytes of a tensor, if it has at most `most`, is whole and not compressed. */
bool checkpoint_bytes(const ari_checkpoint *c, const ari_tensor *t, uint64_t most, ari_span *out);

/* Say that a file beside the first one cannot be read: memory that ran short shows in the arena instead. */
void checkpoint_unreadable(ari_checkpoint *c, const char *shown, const ari_err *err);
/* A file that lies beside the first one, or was kept with it. checkpoint_sidecar_close it, after a failure
 * too.
 */
ari_status checkpoint_sidecar(ari_checkpoint *c, const char *name, ari_span *map, ari_err *err);
void checkpoint_sidecar_close(const ari_checkpoint *c, ari_span map);

#endif
