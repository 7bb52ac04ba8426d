#include "cli/output.h"

#include "base/err.h"
#include "base/text.h"
#include "cli/options.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What an interrupted run leaves behind is taken away. */
static char *volatile unfinished;

static void on_signal(int number)
{
    if (unfinished != NULL) unlink(unfinished);
    signal(number, SIG_DFL);
    raise(number);
}

/* What is ignored, as SIGHUP below nohup, stays so. */
static void tidy_up_on(int number)
{
    if (signal(number, on_signal) == SIG_IGN) signal(number, SIG_IGN);
}

static bool refuse(const char *path, int code)
{
    char words[160];
    ari_err err = ARI_ERR_INIT;
    ari_fail(&err, ARI_UNREADABLE, ARI_NO_OFFSET, "%s", strerror_r(code, words, sizeof(words)));
    complain(path, &err);
    return false;
}

/* A name that is taken by something else than a file (a device, a pipe, a link)
 * is written through; to rename over it would put a file in its place. */
static bool is_written_through(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0 && !S_ISREG(s.st_mode);
}

static bool open_temporary(cli_output *out)
{
    const char *slash = strrchr(out->path, '/');
    int folder = slash == NULL ? 0 : (int)(slash - out->path) + 1;
    size_t n = strlen(out->path) + sizeof("..XXXXXX");
    out->temporary = malloc(n);
    if (out->temporary == NULL) return false;
    /* Hidden, so that nothing that looks at the folder takes it for a file of the model. */
    snprintf(out->temporary, n, "%.*s.%s.XXXXXX", folder, out->path, out->path + folder);
    int fd = mkstemp(out->temporary);
    out->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd >= 0 && out->file == NULL) {
        int code = errno;
        close(fd);
        unlink(out->temporary);
        errno = code;
    }
    if (out->file == NULL) return false;
    unfinished = out->temporary;
    tidy_up_on(SIGINT);
    tidy_up_on(SIGTERM);
    tidy_up_on(SIGHUP);
    return true;
}

bool output_open(cli_output *out, const char *path, bool live)
{
    *out = (cli_output){ .file = stdout, .path = path };
    signal(SIGPIPE, SIG_IGN);
    if (path == NULL) return true;
    if (live || is_written_through(path)) {
        out->file = fopen(path, "w");
    } else {
        out->file = NULL;
        open_temporary(out);
    }
    if (out->file != NULL) return true;
    int code = errno;
    free(out->temporary);
    return refuse(path, code);
}

void output_put(cli_output *out, const char *words)
{
    if (out->code == 0 && fputs(words, out->file) < 0) out->code = errno == 0 ? EIO : errno;
}

void output_put_bytes(cli_output *out, const void *bytes, size_t size)
{
    if (out->code == 0 && fwrite(bytes, 1, size, out->file) != size) out->code = errno == 0 ? EIO : errno;
}

void output_abandon(cli_output *out)
{
    if (out->path == NULL) return;
    fclose(out->file);
    if (out->temporary != NULL) unlink(out->temporary);
    unfinished = NULL;
    free(out->temporary);
    *out = (cli_output){ .file = stdout };
}

/* Give the complete file its name, with the rights of the one it replaces, or those any new file would have.
 */
static bool give_name(cli_output *out)
{
    struct stat old;
    mode_t mask = umask(0);
    umask(mask);
    mode_t mode = stat(out->path, &old) == 0 ? old.st_mode & 07777 : 0666 & ~mask;
    return fchmod(fileno(out->file), mode) == 0 && rename(out->temporary, out->path) == 0;
}

bool output_close(cli_output *out)
{
    /* What was printed past output_put may have failed before: then nothing is left to flush. */
    bool lost = fflush(out->file) != 0 || ferror(out->file) != 0;
    if (lost && out->code == 0) out->code = errno == 0 ? EIO : errno;
    if (out->path == NULL)
        return out->code == 0 || out->code == EPIPE || refuse("standard output", out->code);
    if (out->temporary != NULL && out->code == 0 && !give_name(out)) out->code = errno;
    if (fclose(out->file) != 0 && out->code == 0) out->code = errno;
    if (out->temporary != NULL) {
        if (out->code != 0) unlink(out->temporary);
        unfinished = NULL;
        free(out->temporary);
    }
    return out->code == 0 || refuse(out->path, out->code);
}
