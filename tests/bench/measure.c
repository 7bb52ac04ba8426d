/* measure.c -- whole processes by turns: how long each takes, and how much of memory.
 *
 *     measure TURNS COMMAND... [:: COMMAND...]...
 *
 * Prints a line for each command: median wall time and processor time in microseconds, the most memory any
 * run of it had in KiB, its exit status. Standard output of what is run goes to /dev/null. It is this small
 * because a process begins with the memory of the one that starts it on its account. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

enum { MOST_COMMANDS = 16, MOST_TURNS = 1000 };

typedef struct command {
    char **argv;
    double *wall, *busy; /* One a turn, in microseconds. */
    long kib;
    int status;
} command;

static double micro(struct timeval t)
{
    return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int run(command *c, int turn, const posix_spawn_file_actions_t *quiet)
{
    pid_t child;
    int status;
    struct rusage used;
    double begin = now();
    if (posix_spawnp(&child, c->argv[0], quiet, NULL, c->argv, environ) != 0) return -1;
    while (wait4(child, &status, 0, &used) < 0) {
        if (errno != EINTR) return -1;
    }
    c->wall[turn] = now() - begin;
    c->busy[turn] = micro(used.ru_utime) + micro(used.ru_stime);
    if (used.ru_maxrss > c->kib) c->kib = used.ru_maxrss;
    c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return 0;
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof(values[0]), ascending);
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static int split(char **words, command *commands)
{
    int n = 0;
    for (char **at = words; *at != NULL; at++) {
        if (n == MOST_COMMANDS) return 0;
        commands[n++].argv = at;
        while (*at != NULL && strcmp(*at, "::") != 0) at++;
        if (*at == NULL) break;
        *at = NULL;
    }
    return n;
}

int main(int argc, char **argv)
{
    command commands[MOST_COMMANDS] = { { 0 } };
    int turns = argc > 2 ? atoi(argv[1]) : 0, n = turns > 0 ? split(argv + 2, commands) : 0;
    posix_spawn_file_actions_t quiet;
    if (n == 0 || turns > MOST_TURNS) {
        fputs("usage: measure TURNS COMMAND... [:: COMMAND...]...\n", stderr);
        return 2;
    }
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    for (int i = 0; i < n; i++) {
        commands[i].wall = calloc((size_t)turns, sizeof(double));
        commands[i].busy = calloc((size_t)turns, sizeof(double));
        if (commands[i].wall == NULL || commands[i].busy == NULL) return 2;
    }
    for (int turn = -1; turn < turns; turn++) { /* Once for the cache. */
        for (int i = 0; i < n; i++) {
            if (run(&commands[i], turn < 0 ? 0 : turn, &quiet) != 0) {
                perror(commands[i].argv[0]);
                return 2;
            }
        }
    }
    for (int i = 0; i < n; i++) {
        printf("%.0f %.0f %ld %d\n", median(commands[i].wall, turns), median(commands[i].busy, turns),
               commands[i].kib, commands[i].status);
    }
    return 0;
}
