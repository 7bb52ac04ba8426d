/* audit.h -- what is looked at only when a checkpoint is to be verified: its folder, its templates, bytes
 * between tensors, and, on request, every byte of its data. */
#ifndef ARI_AUDIT_AUDIT_H
#define ARI_AUDIT_AUDIT_H

#include "audit/sums.h"

/* Adds findings to the checkpoint's. `sums` gets what was hashed, in the checkpoint's arena. Fails with
 * LIMIT, UNSUPPORTED (no library to hash with), and for a manifest that cannot be read. */
ari_status audit_run(ari_checkpoint *c, const ari_checks *checks, ari_sums *sums, ari_err *err);

#endif
