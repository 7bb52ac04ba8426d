/* options.h -- the command line, parsed. */
#ifndef ARI_CLI_OPTIONS_H
#define ARI_CLI_OPTIONS_H

#include "read/crawl.h"

typedef struct cli_options {
    const struct cli_command *command;
    const char **paths; /* The arguments that are no options; malloc'd array. */
    size_t path_count;
    const char *output;      /* NULL for standard output. */
    const char **catalogues; /* Users' files; malloc'd array. */
    size_t catalogue_count;
    const char *keys, *tier;      /* NULL where not given. */
    size_t top;                   /* Rows of a ranking. */
    crawl_globs include, exclude; /* Malloc'd arrays. */
    const char *since;            /* NULL where not given. */
    size_t jobs;                  /* 0 where not given. */
    uint64_t shard, shards;       /* The first of one, where not given. */
    uint64_t given;               /* A bit an option. */
    ari_style style;
    ari_options library;
    ari_checks checks;
    bool to_stdout; /* It was said, by -o -. */
    bool live;      /* What is written appears at once. */
    bool full;      /* All values, not a sample. */
    bool merge;     /* Three models, or four. */
    bool strict, quiet, list, no_sandbox, short_help, long_help, version;
    ari_err err; /* Why the command line makes no sense. */
} cli_options;

typedef struct cli_command {
    const char *word;
    int (*run)(const cli_options *o);
    size_t least, most; /* Paths. */
    const char *paths, *summary, *examples;
} cli_command;

/* False when the command line makes no sense; out->err then says why, or help was printed. */
bool options_parse(int argc, char **argv, cli_options *out);
void options_free(cli_options *o);

/* Is it one of these words with blanks between? */
bool command_takes(const char *list, const char *word);

/* "archinspect: PATH: what (at byte N)" on standard error, and a hint on a line of its own. A path that is
 * NULL is left out. */
void complain(const char *path, const ari_err *err);

#endif
