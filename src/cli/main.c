/* main.c -- archinspect, the program: the library's first client. */
#include "cli/options.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    cli_options o;
    int status = 0;
    if (!options_parse(argc, argv, &o)) {
        status = 2;
    } else if (o.version) {
        print_version();
    } else if (o.short_help || o.long_help) {
        print_help(o.command, o.long_help);
    } else {
        status = o.command->run(&o);
    }
    options_free(&o);
    return status;
}
