/* sweep.h -- every byte of the data, once: hashed, and looked at as numbers.
 *
 * Data is read, not mapped: a disk that fails, or a file that shrinks, is an error in whatever thread. Files
 * are opened before any is read. */
#ifndef ARI_AUDIT_SWEEP_H
#define ARI_AUDIT_SWEEP_H

#include "audit/records.h"
#include "audit/sums.h"
#include "measure/values.h"

typedef struct sweep {
    ari_checkpoint *c;
    const ari_checks *checks;
    hash_library library;
    bool hashes, files_only; /* The second: tensors are not hashed by themselves. */
    ari_file_sum *files;
    int *descriptors; /* One a file. */
    size_t file_count;
    uint8_t (*tensors)[32];
    bool *tensor_known;
    value_tally *tallies; /* One a tensor, where values are looked at. */
    bool *crowded;        /* One a file: its tensors have more bytes than it, and are not read one by one. */
    uint64_t total;       /* Bytes to be read. */
} sweep;

/* Into a sweep of zeros. Nothing is opened where neither hashes nor values are asked for. Fails with
 * UNSUPPORTED, LIMIT, and where a file cannot be opened or is another than was mapped. sweep_close either
 * way. */
ari_status sweep_open(ari_checkpoint *c, const ari_checks *checks, const records *r, sweep *s, ari_err *err);
/* In as many threads as this process may run at once. */
ari_status sweep_run(sweep *s, ari_err *err);
/* Findings about values; what was hashed goes to `sums`. */
ari_status sweep_finish(sweep *s, ari_sums *sums, ari_err *err);
void sweep_close(sweep *s);

/* The SHA-256 of the checkpoint's own files, whole, and nothing else. */
ari_status sweep_files(ari_checkpoint *c, const ari_checks *checks, ari_sums *sums, ari_err *err);

#endif
