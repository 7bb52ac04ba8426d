/* What the program gives up is gone: each call is tried where it is forbidden, in a process of its own. */
#include "cli/sandbox.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Folders: one to read, one to write, one that nobody named. */
static char top[64];

static const char *in_top(const char *name)
{
    static char paths[8][128];
    static size_t next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof(paths[0]), "%s/%s", top, name);
    return path;
}

static void put_file(const char *name)
{
    FILE *f = fopen(in_top(name), "w");
    cr_assert(f != NULL && fputs("x", f) >= 0 && fclose(f) == 0);
}

static void set_up(void)
{
    snprintf(top, sizeof(top), "/tmp/archinspect-test-XXXXXX");
    cr_assert(mkdtemp(top) != NULL);
    static const char *const folders[] = { "read", "write", "other" };
    for (size_t i = 0; i < 3; i++) cr_assert(mkdir(in_top(folders[i]), 0700) == 0);
    put_file("read/a");
    put_file("other/b");
    cr_assert(symlink("../other/b", in_top("read/link")) == 0);
}

static void tear_down(void)
{
    static const char *const names[] = { "read/a",    "read/link", "other/b", "other/new",
                                         "write/new", "read",      "write",   "other" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) remove(in_top(names[i]));
    rmdir(top);
}

static int try_open(const char *name, int flags)
{
    int fd = open(in_top(name), flags | O_CLOEXEC, 0600);
    if (fd < 0) return errno;
    close(fd);
    return 0;
}

static int error_of(long result)
{
    return result < 0 ? errno : 0;
}

static void *nothing(void *unused)
{
    return unused;
}

/* A line for each thing that is not as it should be. */
static int wrong;

static void expect(const char *what, int got, int wanted)
{
    if (got == wanted) return;
    fprintf(stderr, "%s: errno %d, not %d\n", what, got, wanted);
    wrong++;
}

static void try_calls(void)
{
    pthread_t thread;
    char *const arguments[] = { "true", NULL };
    expect("socket", error_of(socket(AF_INET, SOCK_STREAM, 0)), EPERM);
    expect("socketpair", error_of(socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){ 0 })), EPERM);
    expect("execve", error_of(execve("/bin/true", arguments, NULL)), EPERM);
    expect("ptrace", error_of(ptrace(PTRACE_TRACEME, 0, NULL, NULL)), EPERM);
    expect("io_uring_setup", error_of(syscall(SYS_io_uring_setup, 1, NULL)), EPERM);
    expect("memfd_create", error_of(syscall(SYS_memfd_create, "x", 0)), EPERM);
    expect("symlink", error_of(symlink("a", in_top("write/new"))), EPERM);
    expect("mkdir", error_of(mkdir(in_top("write/new"), 0700)), EPERM);
    void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect("mmap of code", code == MAP_FAILED ? errno : 0, EPERM);
    void *data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect("mmap", data == MAP_FAILED ? errno : 0, 0);
    expect("mprotect to code", error_of(mprotect(data, 4096, PROT_READ | PROT_EXEC)), EPERM);
    expect("a thread", pthread_create(&thread, NULL, nothing, NULL), 0);
    pthread_join(thread, NULL);
}

static void try_files(const sandbox *s)
{
    int outside = s->landlock > 0 ? EACCES : 0;
    expect("reading what was named", try_open("read/a", O_RDONLY), 0);
    expect("reading elsewhere", try_open("other/b", O_RDONLY), outside);
    expect("reading through a link", try_open("read/link", O_RDONLY), outside);
    expect("writing the report", try_open("write/new", O_WRONLY | O_CREAT), 0);
    expect("writing beside what is read", try_open("read/a", O_WRONLY), outside);
    expect("writing elsewhere", try_open("other/new", O_WRONLY | O_CREAT), outside);
}

static int in_a_child(void)
{
    sandbox_bounds bounds = { .output = in_top("write/report") };
    bool ok = sandbox_allow(&bounds, in_top("read"), REACH_ALL) &&
              sandbox_allow(&bounds, in_top("nowhere"), REACH_ALL);
    sandbox s = sandbox_enter(&bounds);
    sandbox_bounds_free(&bounds);
    if (!ok || !s.calls) return ok && s.why != NULL ? 77 : 1;
    try_calls();
    try_files(&s);
    sandbox_seal(&s);
    expect("reading once sealed", try_open("read/a", O_RDONLY), EPERM);
    return wrong > 0 || !s.sealed;
}

Test(sandbox, what_is_given_up_is_gone, .init = set_up, .fini = tear_down)
{
    int status = 0;
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) _exit(in_a_child());
    cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
    if (WEXITSTATUS(status) == 77) cr_skip("this kernel, or this build, has no sandbox");
    cr_expect(WEXITSTATUS(status) == 0);
}
