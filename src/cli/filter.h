/* filter.h -- what sandbox.def says, as programs for the kernel: made by scripts/compile-sandbox.c when the
 * program is built, so that no run has to. */
#ifndef ARI_CLI_FILTER_H
#define ARI_CLI_FILTER_H

#include <linux/filter.h>

/* Of a run that reads; of one that writes a report to a file, too; and what comes on top of either when the
 * last file is open. */
extern const struct sock_fprog filter_reading, filter_writing, filter_sealed;

#endif
