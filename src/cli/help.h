/* help.h -- what the program says about itself; all of it comes from the tables. */
#ifndef ARI_CLI_HELP_H
#define ARI_CLI_HELP_H

#include "cli/options.h"

#include <stdio.h>

/* Of one command, or of all where it is NULL; short, or the whole. */
void print_help(FILE *to, const cli_command *command, bool whole);
void print_version(FILE *to);

#endif
