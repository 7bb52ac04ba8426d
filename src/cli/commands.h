/* commands.h -- what the program does; every function returns an exit status. */
#ifndef ARI_CLI_COMMANDS_H
#define ARI_CLI_COMMANDS_H

#include "cli/options.h"

int run_inspect(const cli_options *o);
int run_tensors(const cli_options *o);
int run_compare(const cli_options *o);
int run_diff(const cli_options *o);
int run_verify(const cli_options *o);
int run_match(const cli_options *o);
int run_catalogue(const cli_options *o);
int run_capsule(const cli_options *o);
int run_scan(const cli_options *o);
int run_list(const cli_options *o);

#endif
