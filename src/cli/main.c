/* main.c -- archinspect, the program: the library's first client. */
#include "cli/commands.h"
#include "cli/heap.h"
#include "cli/help.h"
#include "cli/run.h"

#include <fcntl.h>
#include <unistd.h>

/* Help and version are answers too: a full disk is told. */
static int explain(const cli_options *o)
{
    cli_output out;
    output_open(&out, NULL, false);
    if (o->version) {
        print_version(out.file);
    } else {
        print_help(out.file, o->command, o->long_help);
    }
    return output_close(&out) ? 0 : 2;
}

/* Where a caller closed a standard stream, the next file to be opened would be taken for it. Writing to what
 * stands in for it fails, so that a lost report is told. */
static void fill_standard_streams(void)
{
    int fd = open("/dev/null", O_RDONLY);
    while (fd >= 0 && fd <= STDERR_FILENO) fd = open("/dev/null", O_RDONLY);
    if (fd > STDERR_FILENO) close(fd);
}

int main(int argc, char **argv)
{
    heap_prepare();
    fill_standard_streams();
    cli_options o;
    int status = 2;
    if (options_parse(argc, argv, &o)) {
        bool asks = o.version || o.short_help || o.long_help;
        status = asks ? explain(&o) : o.list ? run_list(&o) : o.command->run(&o);
    } else if (o.err.status != ARI_OK) {
        run_refuse(&o, NULL, &o.err);
    }
    options_free(&o);
    return status;
}
