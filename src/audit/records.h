/* records.h -- hashes that somebody wrote down: beside the weights, in the names that stores give files, in a
 * manifest.
 *
 *     link to, or file named, 64 hex digits      the Hugging Face cache: SHA-256 of a large file
 *     link to 40 hex digits                      the same, of a small one: SHA-1 as git names a blob
 *     sha256-64 hex digits                       Ollama
 *     .cache/huggingface/download/NAME.metadata  what `hf download` keeps: its second line is one of the
 * above SHA256SUMS, NAME.sha256 and the like       lines of sha256sum a manifest a report of verify, lines of
 * sha256sum, a pointer of Git LFS */
#ifndef ARI_AUDIT_RECORDS_H
#define ARI_AUDIT_RECORDS_H

#include "audit/sums.h"

typedef struct record {
    const char *file; /* From the folder on, escaped. */
    const char *by;   /* Who says so, escaped. Records of one source share the pointer. */
    bool git;         /* SHA-1 of a blob, else SHA-256. */
    bool of_manifest;
    uint8_t digest[32];
} record;

/* Of a manifest. */
typedef struct tensor_record {
    ari_span name; /* As reports show it. */
    uint8_t digest[32];
    bool known;
} tensor_record;

typedef struct records {
    record *items;
    size_t count, room;
    const char *
        *extra; /* Files of the folder that are hashed although they are no part of the model; paths. */
    size_t extra_count, extra_room;
    tensor_record *tensors; /* Sorted by name. */
    size_t tensor_count, tensor_room;
    uint8_t structure[32];
    bool has_structure;
    ari_span manifest; /* Mapped: tensor records point into it. */
} records;

/* Read all of them. Fails with LIMIT, and for a manifest that cannot be read. records_free either way. */
ari_status records_find(ari_checkpoint *c, const ari_checks *checks, records *r, ari_err *err);
/* Does one ask for the SHA-1 of that file? */
bool records_want_git(const records *r, const char *name);
/* Hold what was hashed against them. */
void records_check(ari_checkpoint *c, const records *r, const ari_sums *sums);
void records_free(records *r);

/* Records of a text: lines of sha256sum. `only`: where a line names no file, or any, the one that is meant;
 * NULL takes the names of the lines. False when memory is short. */
bool records_read_sums(records *r, ari_arena *a, ari_span text, const char *only, const char *by,
                       bool of_manifest);
/* Of a manifest's text. Fails with MALFORMED, LIMIT. */
ari_status records_read_manifest(records *r, ari_arena *a, ari_span text, const char *only, const char *by,
                                 ari_err *err);

#endif
