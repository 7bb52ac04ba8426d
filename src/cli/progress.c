#include "cli/progress.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
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

bool progress_due(const cli_progress *p)
{
    double t = now();
    return !p->quiet && t - p->began >= 1 && t - p->shown >= 0.2;
}

/* What is wider than the terminal would not be taken back. No letter has more columns than bytes. */
static void show_line(cli_progress *p, const char *line)
{
    struct winsize size;
    bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    ari_span cut = span_first(span_of(line), known ? size.ws_col - 1u : 79);
    fprintf(stderr, "\r%.*s\033[K", (int)utf8_whole(cut), line);
    fflush(stderr);
    p->shown = now();
}

void progress_bytes(cli_progress *p, uint64_t bytes, uint64_t of)
{
    char line[96];
    if (!progress_due(p)) return;
    double since = now() - p->began, done = of == 0 ? 0 : (double)bytes / (double)of;
    if (of == 0) {
        snprintf(line, sizeof(line), "reading the data: %.2f GB", (double)bytes / 1e9);
    } else {
        snprintf(line, sizeof(line), "reading the data: %3.0f %% of %.1f GB, %.0f s left", 100 * done,
                 (double)of / 1e9, since / done - since);
    }
    show_line(p, line);
}

void progress_count(cli_progress *p, uint64_t done, uint64_t of, bool all, const char *path)
{
    ari_text line = { 0 };
    double rate = (double)done / (now() - p->began);
    text_thousands(&line, done);
    text_put(&line, "/");
    text_thousands(&line, of);
    text_printf(&line, "%s, %.0f a second", all ? "" : "+", rate);
    if (all && done > 0) text_printf(&line, ", %.0f s left", (double)(of > done ? of - done : 0) / rate);
    text_put(&line, ": ");
    text_escape(&line, span_of(path), ESCAPE_ALL);
    if (!line.failed) show_line(p, line.data);
    text_free(&line);
}

void progress_clear(cli_progress *p)
{
    if (!p->quiet && p->shown > 0) fprintf(stderr, "\r\033[K");
    p->shown = 0;
}

void progress_end(cli_progress *p)
{
    progress_clear(p);
    p->quiet = true;
}
