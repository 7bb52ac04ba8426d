#include "cli/guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

/* The signal comes to the thread that read the bytes. */
static _Thread_local sigjmp_buf shrunk;
static _Thread_local volatile sig_atomic_t at_work;

static void on_bus_error(int signal_number)
{
    if (at_work) siglongjmp(shrunk, 1);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

ari_status guarded(guarded_work *work, void *context, ari_err *err)
{
    struct sigaction action = { .sa_handler = on_bus_error };
    sigaction(SIGBUS, &action, NULL);
    if (sigsetjmp(shrunk, 1) != 0) {
        at_work = 0;
        err->status = ARI_TRUNCATED;
        err->offset = ARI_NO_OFFSET;
        snprintf(err->text, sizeof(err->text), "the file became shorter while it was read");
        err->hint = "something else is writing to it: try again when that is done";
        return ARI_TRUNCATED;
    }
    at_work = 1;
    ari_status status = work(context, err);
    at_work = 0;
    return status;
}
