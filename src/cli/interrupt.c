#include "cli/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int caught;

static void on_signal(int number)
{
    caught = number;
}

void interrupt_catch(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART | (int)SA_RESETHAND }, old;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        /* What is ignored, as SIGHUP below nohup, stays so. */
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

bool interrupted(void)
{
    return caught != 0;
}

void interrupt_end(void)
{
    if (caught == 0) return;
    signal(caught, SIG_DFL);
    raise(caught);
}
