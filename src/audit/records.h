/* records.h -- hashes that somebody wrote down: beside the weights, in the names that stores give files, in a
 * manifest.
 *
 *     link to, or file named, 64 hex digits      the Hugging Face cache: SHA-256 of a large file
 *     link to 40 hex digits                      the same, of a small one: SHA-1 as git names a blob
 *     sha256-64 hex digits                       Ollama
 *     .cache/huggingface/download/NAME.metadata  what `hf download` keeps: its second line is one of the
 * above SHA256SUMS, NAME.sha256 and the like       lines of sha256sum a manifest a report of verify, lines of
 * sha256sum, a pointer of Git LFS
 *
 * Files are named from the folder of the checkpoint on. A name in a record opens nothing: it is only
 * compared. */
#ifndef ARI_AUDIT_RECORDS_H
#define ARI_AUDIT_RECORDS_H

#include "audit/sums.h"

typedef struct record {
    const char *file; /* Escaped. */
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

/* A file of the folder that is hashed although it is no part of the model. */
typedef struct extra_file {
    const char *path, *name; /* The second from the folder on; escaped. */
} extra_file;

typedef struct records {
    record *items; /* Sorted by file. */
    size_t count, room;
    extra_file *extra; /* Sorted by name. */
    size_t extra_count, extra_room;
    tensor_record *tensors; /* Sorted by name. */
    size_t tensor_count, tensor_room;
    uint8_t structure[32];
    bool has_structure;
    size_t manifest_files;
    ari_span manifest; /* Mapped: tensor records point into it. */
} records;

/* Read all of them. Fails with LIMIT, and for a manifest that cannot be read. records_free either way. */
ari_status records_find(ari_checkpoint *c, const ari_checks *checks, records *r, ari_err *err);
/* What a file of the checkpoint is called in records; escaped, in the arena. */
const char *records_name(ari_checkpoint *c, const char *path);
/* The first record of that file, or NULL; the others follow it. */
const record *records_of(const records *r, const char *file);
/* Does one ask for the SHA-1 of that file? */
bool records_want_git(const records *r, const char *file);
/* Hold what was hashed against them. */
void records_check(ari_checkpoint *c, const records *r, const ari_sums *sums);
void records_free(records *r);

/* False when memory is short. */
bool record_add(records *r, ari_arena *a, ari_span file, record row);
/* 64 hex digits are SHA-256, 40 a blob of git. */
bool record_digest(ari_span hex, record *out);
ari_span record_line(ari_span *rest);

/* Lines of sha256sum. `only`: the file that lines without a name mean, or NULL. *bad: how many lines were
 * none. False when memory is short. */
bool records_read_sums(records *r, ari_arena *a, ari_span text, const char *only, record form, size_t *bad);
/* A manifest's text. `only`: the checkpoint's file where it has one, else NULL; `subject`: the end of the
 * path that its report has, where the text holds several. Fails with MALFORMED, LIMIT. */
ari_status records_read_manifest(records *r, ari_arena *a, ari_span text, const char *only,
                                 const char *subject, const char *by, ari_err *err);

#endif
