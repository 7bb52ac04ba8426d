/* sniff.h -- what a file that is no checkpoint is instead, and what its owner can do. */
#ifndef ARI_READ_SNIFF_H
#define ARI_READ_SNIFF_H

#include "base/err.h"
#include "base/span.h"

/* Fails always: with NOT_A_MODEL (UNSUPPORTED for an older format of ggml) and a hint. */
ari_status sniff(ari_span head, uint64_t size, ari_err *err);

/* What a file that would not read has been through, as a hint; NULL where its
 * first MiB shows no sign of it. */
const char *sniff_damage(ari_span head);

#endif
