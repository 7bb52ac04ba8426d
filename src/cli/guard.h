/* guard.h -- a file that shrinks under the map is an error, not a crash. */
#ifndef ARI_CLI_GUARD_H
#define ARI_CLI_GUARD_H

#include "archinspect.h"

typedef ari_status guarded_work(void *context, ari_err *err);

/* Do the work. Every access to mapped bytes happens in such a call, in any thread; what a shrunken file
 * leaves behind is lost with the process. */
ari_status guarded(guarded_work *work, void *context, ari_err *err);

#endif
