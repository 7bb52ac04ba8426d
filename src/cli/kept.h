/* kept.h -- files that a report does not replace: what it is made of, and what belongs to a checkpoint. */
#ifndef ARI_CLI_KEPT_H
#define ARI_CLI_KEPT_H

#include "cli/options.h"

/* Is it there, and one of those? Beside a model, all are but reports. */
bool is_kept(const char *path, const cli_options *o);

#endif
