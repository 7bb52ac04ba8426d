/* output.h -- where reports go: standard output, or a file that appears only when it is complete, unless it
 * is live: then it is written as it comes, and what is there stays. */
#ifndef ARI_CLI_OUTPUT_H
#define ARI_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

typedef struct cli_output {
    FILE *file;
    const char *path; /* NULL for standard output. */
    char *temporary;
    int code; /* The errno of the first write that failed, or 0. */
} cli_output;

/* False, with a line on standard error. */
bool output_open(cli_output *out, const char *path, bool live);
/* Nothing is written after a write that failed: what stands there is a beginning. */
void output_put(cli_output *out, const char *words);
void output_put_bytes(cli_output *out, const void *bytes, size_t size);
/* Take back what was written to a file; what is put from here on goes to standard output. */
void output_abandon(cli_output *out);
/* Flush, and give the file its name. False, with a line on standard error, if
 * something could not be written. A reader that closed its pipe has had enough:
 * that is no failure. */
bool output_close(cli_output *out);

#endif
