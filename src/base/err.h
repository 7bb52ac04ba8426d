/* err.h -- the one way this library says no.
 *
 * Every function that can fail returns an ari_status and takes an ari_err last.
 * The first failure wins, because what broke first is the cause and the rest is
 * debris. Callers further out prefix where it happened with ari_wrap(). */
#ifndef ARI_BASE_ERR_H
#define ARI_BASE_ERR_H

#include "archinspect.h"

#define ARI_MUST_CHECK __attribute__((warn_unused_result))
#define ARI_PRINTF(format_at, values_at) __attribute__((format(printf, format_at, values_at)))

/* Record a failure and return its status, so that callers can write
 * `return ari_fail(err, ARI_MALFORMED, at, "...")`. err may be NULL. Text from a
 * file must be escaped before it is passed in. */
ari_status ari_fail(ari_err *err, ari_status status, uint64_t offset, const char *format, ...)
    ARI_PRINTF(4, 5);

/* Put "where: " in front of the text and return the recorded status. */
ari_status ari_wrap(ari_err *err, const char *format, ...) ARI_PRINTF(2, 3);

/* Say what the user can do; the first hint stays. Constant text. */
ari_status ari_hint(ari_err *err, const char *hint);

ari_status ari_out_of_memory(ari_err *err);
/* Is it that, and says nothing of the file? */
bool ari_is_out_of_memory(const ari_err *err);

#endif
