/* sniff.h -- what a file that is no checkpoint is instead, and what its owner can do. */
#ifndef ARI_READ_SNIFF_H
#define ARI_READ_SNIFF_H

#include "base/err.h"
#include "base/span.h"

/* Fails always: with NOT_A_MODEL (UNSUPPORTED for an older format of ggml) and a hint. Of the path only the
 * name counts. */
ari_status sniff(const char *path, ari_span head, uint64_t size, ari_err *err);

/* What the end of a name says. */
typedef struct sniff_ending {
    const char *end, *what, *hint;
    enum { ENDING_PARTIAL, ENDING_WEIGHTS, ENDING_PICKLED, ENDING_TEXT } kind;
} sniff_ending;

/* NULL where the name says nothing. Of two, the one that stands first in memory tells more. */
const sniff_ending *sniff_name(const char *name);

/* What bytes look like that should not be where they are: "a ZIP archive", "zeros", "plain text"; NULL where
 * nothing is recognised. */
const char *sniff_what(ari_span bytes);

/* What a file that would not read has been through, as a hint; NULL where its
 * first MiB shows no sign of it. */
const char *sniff_damage(ari_span head);

#endif
