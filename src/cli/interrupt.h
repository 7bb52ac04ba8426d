/* interrupt.h -- Ctrl-C between two lines: what is begun is finished, and then the process ends by the signal
 * as if it had not been caught. A second one ends it at once. */
#ifndef ARI_CLI_INTERRUPT_H
#define ARI_CLI_INTERRUPT_H

#include <stdbool.h>

void interrupt_catch(void);
/* Was there one? */
bool interrupted(void);
/* If there was, this does not come back. */
void interrupt_end(void);

#endif
