#include "cli/sandbox.h"

#include "cli/filter.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Sanitizers and coverage open files and look at the process when it ends. */
#if defined(__SANITIZE_ADDRESS__) || defined(ARI_NO_SANDBOX)
#define INSTRUMENTED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define INSTRUMENTED 1
#endif
#endif
#ifndef INSTRUMENTED
#define INSTRUMENTED 0
#endif

/* --- Bounds --------------------------------------------------------------------------------- */

bool sandbox_allow(sandbox_bounds *b, const char *path, sandbox_reach reach)
{
    char *copy = strdup(path);
    if (copy == NULL) return false;
    if (b->read_count == b->read_room) {
        size_t room = b->read_room == 0 ? 16 : 2 * b->read_room;
        sandbox_root *grown = realloc(b->read, room * sizeof(grown[0]));
        if (grown == NULL) {
            free(copy);
            return false;
        }
        b->read = grown;
        b->read_room = room;
    }
    b->read[b->read_count++] = (sandbox_root){ copy, reach };
    return true; // cppcheck-suppress memleak ; sandbox_bounds_free() has it
}

void sandbox_bounds_free(sandbox_bounds *b)
{
    for (size_t i = 0; i < b->read_count; i++) free(b->read[i].path);
    free(b->read);
    *b = (sandbox_bounds){ 0 };
}

/* --- Landlock ---------------------------------------------------------------------------------- */

/* The kernel's structure of version 6, of which older ones take the beginning. */
struct ruleset {
    uint64_t fs, net, scoped;
};

enum { LINKS_MOST = 40 };

enum {
    RIGHTS_1 = (1 << 13) - 1, /* Of version 1: everything but what follows. */
    RIGHT_REFER = 1 << 13,    /* Version 2. */
    RIGHT_TRUNCATE = 1 << 14, /* Version 3. */
    RIGHT_IOCTL = 1 << 15,    /* Version 5. */
    NET_ALL = 3,              /* Version 4: bind and connect of TCP. */
    SCOPED_ALL = 3,           /* Version 6: abstract sockets and signals of others. */
    READING = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    WRITING = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE |
              RIGHT_TRUNCATE,
    OF_FILES = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | RIGHT_TRUNCATE | RIGHT_IOCTL,
};

static uint64_t rights_of(int version)
{
    uint64_t all = RIGHTS_1;
    if (version >= 2) all |= RIGHT_REFER;
    if (version >= 3) all |= RIGHT_TRUNCATE;
    if (version >= 5) all |= RIGHT_IOCTL;
    return all;
}

static void allow_below(int ruleset, const char *path, uint64_t rights)
{
    struct stat s;
    struct landlock_path_beneath_attr rule = { .parent_fd = open(path, O_PATH | O_CLOEXEC) };
    if (rule.parent_fd < 0) return; /* What is not there, or leads nowhere, cannot be read either. */
    if (fstat(rule.parent_fd, &s) == 0) {
        rule.allowed_access = S_ISDIR(s.st_mode) ? rights : rights & OF_FILES;
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }
    close(rule.parent_fd);
}

/* The folder of a path; malloc'd. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) return strdup(".");
    return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* What a link says, from where it lies; malloc'd, NULL of what is none. */
static char *target_of(const char *path)
{
    char said[PATH_MAX];
    ssize_t n = readlink(path, said, sizeof(said) - 1);
    if (n <= 0) return NULL;
    said[n] = '\0';
    char *folder = said[0] == '/' ? NULL : folder_of(path), *out = NULL;
    if (folder == NULL) return strdup(said);
    size_t size = strlen(folder) + (size_t)n + 2;
    out = malloc(size);
    if (out != NULL) snprintf(out, size, "%s/%s", folder, said);
    free(folder);
    return out;
}

/* Where a path leads, there already or not; malloc'd. */
static char *end_of_links(const char *path)
{
    char *at = strdup(path);
    for (int steps = 0; at != NULL && steps < LINKS_MOST; steps++) {
        char *next = target_of(at);
        if (next == NULL) break;
        free(at);
        at = next;
    }
    return at;
}

/* What is written through, a device or where a link leads; or the folder in which a new file takes its name.
 */
static void allow_output(int ruleset, const char *output, uint64_t all)
{
    struct stat s;
    char *real = realpath(output, NULL), *end = real == NULL ? end_of_links(output) : NULL;
    bool link = lstat(output, &s) == 0 && S_ISLNK(s.st_mode);
    bool through = link || (stat(output, &s) == 0 && !S_ISREG(s.st_mode));
    if (through && real != NULL) {
        allow_below(ruleset, real, (READING | WRITING | RIGHT_IOCTL) & all);
    } else {
        char *folder = folder_of(end != NULL ? end : output);
        if (folder != NULL) allow_below(ruleset, folder, (READING | WRITING) & all);
        free(folder);
    }
    free(real);
    free(end);
}

/* The version in force, or 0. */
static int restrict_files(const sandbox_bounds *b)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1) return 0;
    uint64_t all = rights_of((int)version);
    struct ruleset rules = { .fs = all, .net = NET_ALL, .scoped = SCOPED_ALL };
    size_t size = version >= 6 ? sizeof(rules) : version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
    int fd = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0) return 0;
    for (size_t i = 0; i < b->read_count; i++) {
        bool all_of_it = b->read[i].reach == REACH_ALL;
        allow_below(fd, b->read[i].path, all_of_it ? READING : (uint64_t)LANDLOCK_ACCESS_FS_READ_DIR);
    }
    if (b->output != NULL) allow_output(fd, b->output, all);
    bool done = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    close(fd);
    return done ? (int)version : 0;
}

/* --- seccomp ------------------------------------------------------------------------------------- */

static bool restrict_calls(const struct sock_fprog *filter)
{
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter, 0, 0) == 0;
}

sandbox sandbox_enter(const sandbox_bounds *b)
{
    sandbox s = { 0 };
    if (INSTRUMENTED) {
        s.why = "this build is instrumented";
    } else if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        s.why = "the kernel does not let privileges be given up";
    } else {
        s.landlock = restrict_files(b);
        s.calls = restrict_calls(b->output != NULL ? &filter_writing : &filter_reading);
        if (s.landlock == 0) s.why = "the kernel has no Landlock";
        if (!s.calls) s.why = "the kernel has no seccomp, or refuses it";
    }
    return s;
}

void sandbox_seal(sandbox *s)
{
    if (s->calls && !s->sealed) s->sealed = restrict_calls(&filter_sealed);
}
