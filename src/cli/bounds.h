/* bounds.h -- what a command line lets a run read and write. */
#ifndef ARI_CLI_BOUNDS_H
#define ARI_CLI_BOUNDS_H

#include "cli/options.h"
#include "cli/sandbox.h"

/* The folders of its paths, with what links in them lead to; where one is no path, the places where other
 * programs keep models; catalogues and manifests; and the report. False when memory is short.
 * sandbox_bounds_free either way. */
bool bounds_of(const cli_options *o, sandbox_bounds *out);

#endif
