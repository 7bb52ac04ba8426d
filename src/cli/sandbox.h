/* sandbox.h -- what this process gives up before it reads the first byte of a file that nobody trusts.
 *
 * With seccomp: network, other programs, memory that holds new code, and all else that sandbox.def does not
 * name. With Landlock, where the kernel has it: reading outside of the folders that were named, and writing
 * outside of the one that the report goes to. Neither can be taken back. */
#ifndef ARI_CLI_SANDBOX_H
#define ARI_CLI_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* Paths of files and folders; those that are not there are passed over. */
typedef struct sandbox_bounds {
    const char **read;
    size_t read_count, read_room;
    const char *output; /* Where a report is written to; NULL for standard output. */
} sandbox_bounds;

typedef struct sandbox {
    bool calls;      /* seccomp is in force. */
    int landlock;    /* The version of Landlock that is, or 0. */
    bool sealed;     /* Nothing can be opened any more. */
    const char *why; /* Why something is not in force, or NULL. */
} sandbox;

/* Allow that path, and what it is a link to. False when memory is short. */
bool sandbox_allow(sandbox_bounds *b, const char *path);
void sandbox_bounds_free(sandbox_bounds *b);

sandbox sandbox_enter(const sandbox_bounds *b);
/* Give up opening files, too. */
void sandbox_seal(sandbox *s);

#endif
