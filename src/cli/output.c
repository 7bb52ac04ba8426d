#include "cli/output.h"

#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse(const char *path, int code)
{
    char words[160];
    complain("%s: %s", path, strerror_r(code, words, sizeof(words)));
    return false;
}

bool output_open(cli_output *out, const char *path)
{
    *out = (cli_output){ .file = stdout, .path = path };
    if (path == NULL) return true;
    size_t n = strlen(path) + sizeof(".XXXXXX");
    out->temporary = malloc(n);
    if (out->temporary == NULL) return refuse(path, ENOMEM);
    snprintf(out->temporary, n, "%s.XXXXXX", path);
    int fd = mkstemp(out->temporary);
    out->file = fd < 0 ? NULL : fdopen(fd, "w");
    if (out->file != NULL) return true;
    int code = errno;
    if (fd >= 0) {
        close(fd);
        unlink(out->temporary);
    }
    free(out->temporary);
    return refuse(path, code);
}

bool output_close(cli_output *out)
{
    bool failed = ferror(out->file) != 0;
    int code = failed ? errno : 0;
    if (fflush(out->file) != 0) {
        failed = true;
        code = errno;
    }
    if (out->path == NULL) return !failed || code == EPIPE || refuse("standard output", code);
    mode_t mask = umask(0);
    umask(mask);
    if (!failed && fchmod(fileno(out->file), 0666 & ~mask) != 0) failed = true;
    if (fclose(out->file) != 0 || (!failed && rename(out->temporary, out->path) != 0)) failed = true;
    if (failed) {
        code = code == 0 ? errno : code;
        unlink(out->temporary);
    }
    free(out->temporary);
    return !failed || refuse(out->path, code);
}
