/* progress.h -- how far something is that takes longer than a second: one line on a terminal, gone when it
 * ends. */
#ifndef ARI_CLI_PROGRESS_H
#define ARI_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct cli_progress {
    bool quiet; /* Or standard error is no terminal. */
    double began, shown;
} cli_progress;

cli_progress progress_begin(bool quiet);
/* Is it time for a line? */
bool progress_due(const cli_progress *p);
/* of: 0 where nobody knows. */
void progress_bytes(cli_progress *p, uint64_t bytes, uint64_t of);
/* So many done; of so many, or, where that is not all yet, of more. The last one is the path. */
void progress_count(cli_progress *p, uint64_t done, uint64_t of, bool all, const char *path);
/* Before something else is written there. */
void progress_clear(cli_progress *p);
void progress_end(cli_progress *p);

#endif
