/* capsule_print.h -- fingerprints as a capsule has them, written; capsule_reading.h has the reading. */
#ifndef ARI_READ_CAPSULE_PRINT_H
#define ARI_READ_CAPSULE_PRINT_H

#include "base/text.h"
#include "read/fingerprint.h"

/* A line of each vector. */
void capsule_put_print(const ari_fingerprint *f, ari_text *out);
/* Sixteen digits. */
void capsule_put_hash(uint64_t hash, ari_text *out);

#endif
