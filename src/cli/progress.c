#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

cli_progress progress_begin(bool quiet)
{
    return (cli_progress){ .quiet = quiet || isatty(STDERR_FILENO) != 1, .began = now() };
}

void progress_show(cli_progress *p, uint64_t bytes, uint64_t of)
{
    if (p->quiet || of == 0) return;
    double t = now(), since = t - p->began, done = (double)bytes / (double)of;
    if (since < 1 || t - p->shown < 0.2) return;
    p->shown = t;
    fprintf(stderr, "\rreading the data: %3.0f %% of %.1f GB, %.0f s left \033[K", 100 * done,
            (double)of / 1e9, since / done - since);
    fflush(stderr);
}

void progress_end(cli_progress *p)
{
    if (!p->quiet && p->shown > 0) fprintf(stderr, "\r\033[K");
    p->quiet = true;
}
