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
void progress_show(cli_progress *p, uint64_t bytes, uint64_t of);
void progress_end(cli_progress *p);

#endif
