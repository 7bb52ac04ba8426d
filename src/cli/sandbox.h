/* sandbox.h -- what this process gives up before it reads the first byte of a file that nobody trusts.
 *
 * With seccomp: network, other programs, memory that holds new code, and all else that sandbox.def does not
 * name. With Landlock, where the kernel has it: reading outside of the folders that were named, and writing
 * outside of the one that the report goes to. Neither can be taken back. */
#ifndef ARI_CLI_SANDBOX_H
#define ARI_CLI_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

/* What may be read: a file; all of a folder; or of a folder, the names of what it holds and no more. */
typedef enum sandbox_reach { REACH_ALL, REACH_NAMES } sandbox_reach;

typedef struct sandbox_root {
    char *path;
    sandbox_reach reach;
} sandbox_root;

typedef struct sandbox_bounds {
    sandbox_root *read;
    size_t read_count, read_room;
    const char *output; /* Where a report is written to; NULL for standard output. */
} sandbox_bounds;

typedef struct sandbox {
    bool calls;      /* seccomp is in force. */
    int landlock;    /* The version of Landlock that is, or 0. */
    bool sealed;     /* Nothing can be opened any more. */
    const char *why; /* Why something is not in force, or NULL. */
} sandbox;

/* Allow what that path leads to; one that is not there is passed over. False when memory is short. */
bool sandbox_allow(sandbox_bounds *b, const char *path, sandbox_reach reach);
void sandbox_bounds_free(sandbox_bounds *b);

sandbox sandbox_enter(const sandbox_bounds *b);
/* Give up opening files, too. */
void sandbox_seal(sandbox *s);

#endif
