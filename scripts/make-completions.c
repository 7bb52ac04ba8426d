/* make-completions.c -- a tool of the build: the program's own tables of options and commands for completion
 * in bash, zsh or fish. What does the work is in scripts/completions; fish needs no more than the tables.
 *
 *     make-completions bash|zsh|fish >FILE */
#include "archinspect.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *word, *run, *summary;
} commands[] = {
#define COMMAND(word, run, least, most, paths, summary, examples) { word, #run, summary },
#include "cli/command.def"
};

static const struct {
    char letter;
    const char *word, *argument, *commands, *help;
} options[] = {
#define OPTION(id, letter, word, argument, commands, help) { letter, word, argument, commands, help },
#include "cli/option.def"
};

/* The words that may stand for an argument. Those of a list may follow each other, those of a limit take a
 * number. */
static const struct {
    const char *argument, *word;
} values[] = {
#define VALUE(argument, word, number) { argument, word },
#include "cli/value.def"
    { "LIST", "core" },
    { "LIST", "extended" },
    { "LIST", "all" },
    { "LIST", "experts" },
#define FIELD(id, name, kind) { "LIST", name },
#include "infer/field.def"
#define X(name, value, word, what) { "NAME=N", word "=" },
    ARI_LIMIT_LIST(X)
#undef X
};

enum {
    COMMANDS = sizeof(commands) / sizeof(commands[0]),
    OPTIONS = sizeof(options) / sizeof(options[0]),
    VALUES = sizeof(values) / sizeof(values[0]),
};

/* One that this version has, as --help shows it. */
static bool is_command(size_t i)
{
    return strcmp(commands[i].run, "NULL") != 0;
}

static bool is_option(size_t i)
{
    return options[i].help != NULL;
}

static bool is_argument(size_t option, const char *word)
{
    return options[option].argument != NULL && strcmp(options[option].argument, word) == 0;
}

/* Of this command only; options of all commands have none. */
static bool belongs(size_t option, const char *command)
{
    const char *list = options[option].commands, *at = list == NULL ? NULL : strstr(list, command);
    size_t n = strlen(command);
    return at != NULL && (at == list || at[-1] == ' ') && (at[n] == ' ' || at[n] == '\0');
}

static void put_values(const char *argument)
{
    const char *blank = "";
    for (size_t i = 0; i < VALUES; i++) {
        if (strcmp(values[i].argument, argument) != 0) continue;
        printf("%s%s", blank, values[i].word);
        blank = " ";
    }
}

/* To stand within single quotes, with a backslash before what is special besides. */
static void put_quoted(const char *text, const char *special)
{
    for (; *text != '\0'; text++) {
        if (strchr(special, *text) != NULL) putchar('\\');
        if (*text == '\'') {
            fputs("'\\''", stdout);
        } else {
            putchar(*text);
        }
    }
}

/* --- bash: a function from a command, or an option that takes a value, to words ---------------- */

static void bash_option(size_t i, const char *before, const char *between)
{
    if (options[i].letter != 0) printf("%s-%c%s--%s", before, options[i].letter, between, options[i].word);
    if (options[i].letter == 0) printf("%s--%s", before, options[i].word);
}

static void bash(void)
{
    fputs("_archinspect_words()\n{\n    case $1 in\n    commands) echo '", stdout);
    for (size_t i = 0; i < COMMANDS; i++) {
        if (is_command(i)) printf("%s ", commands[i].word);
    }
    fputs("help' ;;\n    options) echo '", stdout);
    for (size_t i = 0; i < OPTIONS; i++) {
        if (is_option(i) && options[i].commands == NULL) bash_option(i, i == 0 ? "" : " ", " ");
    }
    puts("' ;;");
    for (size_t c = 0; c < COMMANDS; c++) {
        if (!is_command(c)) continue;
        printf("    %s) echo '", commands[c].word);
        for (size_t i = 0; i < OPTIONS; i++) {
            if (is_option(i) && belongs(i, commands[c].word)) bash_option(i, " ", " ");
        }
        puts("' ;;");
    }
    for (size_t i = 0; i < OPTIONS; i++) {
        if (!is_option(i) || options[i].argument == NULL) continue;
        bash_option(i, "    ", "|");
        fputs(") echo '", stdout);
        put_values(options[i].argument);
        puts("' ;;");
    }
    puts("    *) return 1 ;;\n    esac\n}\n");
}

/* --- zsh: what _describe and _arguments take ---------------------------------------------------- */

static void zsh_option(size_t i)
{
    bool repeats = is_argument(i, "NAME=N") || is_argument(i, "FILE") || is_argument(i, "GLOB");
    fputs("        ", stdout);
    if (options[i].letter != 0 && options[i].argument == NULL) {
        printf("'(-%c --%s)'{-%c,--%s}'[", options[i].letter, options[i].word, options[i].letter,
               options[i].word);
    } else if (options[i].letter != 0) {
        printf("'(-%c --%s)'{-%c+,--%s=}'[", options[i].letter, options[i].word, options[i].letter,
               options[i].word);
    } else {
        printf("'%s--%s%s[", repeats ? "*" : "", options[i].word, options[i].argument == NULL ? "" : "=");
    }
    put_quoted(options[i].help, "[]:\\");
    putchar(']');
    if (options[i].argument != NULL) {
        printf(":%s:", options[i].argument);
        if (is_argument(i, "FILE")) {
            fputs("_files", stdout);
        } else {
            fputs(is_argument(i, "LIST")     ? "_sequence compadd - "
                  : is_argument(i, "NAME=N") ? "compadd -S \"\" - "
                                             : "(",
                  stdout);
            put_values(options[i].argument);
            if (!is_argument(i, "LIST") && !is_argument(i, "NAME=N")) putchar(')');
        }
    }
    puts("'");
}

static void zsh(void)
{
    puts("_archinspect_tables()\n{\n    commands=(");
    for (size_t i = 0; i < COMMANDS; i++) {
        if (!is_command(i)) continue;
        printf("        '%s:", commands[i].word);
        put_quoted(commands[i].summary, "\\");
        puts("'");
    }
    puts("        'help:more about one of them'\n    )\n    options=(");
    for (size_t i = 0; i < OPTIONS; i++) {
        if (is_option(i) && options[i].commands == NULL) zsh_option(i);
    }
    puts("    )\n    case $1 in");
    for (size_t c = 0; c < COMMANDS; c++) {
        if (!is_command(c)) continue;
        printf("    %s) options+=(\n", commands[c].word);
        for (size_t i = 0; i < OPTIONS; i++) {
            if (is_option(i) && belongs(i, commands[c].word)) zsh_option(i);
        }
        puts("    ) ;;");
    }
    puts("    esac\n}\n");
}

/* --- fish: a command for each row ------------------------------------------------------------------ */

static void fish(void)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (!is_command(i)) continue;
        printf("complete -c archinspect -n '__fish_use_subcommand; or __fish_seen_subcommand_from help' "
               "-a %s -d '",
               commands[i].word);
        put_quoted(commands[i].summary, "\\");
        puts("'");
    }
    puts("complete -c archinspect -n __fish_use_subcommand -a help -d 'more about one of them'");
    for (size_t i = 0; i < OPTIONS; i++) {
        if (!is_option(i)) continue;
        fputs("complete -c archinspect", stdout);
        if (options[i].commands != NULL) printf(" -n '__fish_seen_subcommand_from %s'", options[i].commands);
        if (options[i].letter != 0) printf(" -s %c", options[i].letter);
        printf(" -l %s", options[i].word);
        if (is_argument(i, "FILE")) {
            fputs(" -rF", stdout);
        } else if (options[i].argument != NULL) {
            fputs(is_argument(i, "LIST") ? " -x -a '(__fish_complete_list , \"string split \\\" \\\" \\\""
                                         : " -x -a '",
                  stdout);
            put_values(options[i].argument);
            fputs(is_argument(i, "LIST") ? "\\\"\")'" : "'", stdout);
        }
        fputs(" -d '", stdout);
        put_quoted(options[i].help, "\\");
        puts("'");
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*write)(void);
    } shells[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };
    for (size_t i = 0; argc == 2 && i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(argv[1], shells[i].name) != 0) continue;
        printf("%s# Completes archinspect in %s; made by scripts/make-completions.\n",
               i == 1 ? "#compdef archinspect\n" : "", shells[i].name);
        shells[i].write();
        return fflush(stdout) == 0 ? 0 : 1;
    }
    fputs("usage: make-completions bash|zsh|fish\n", stderr);
    return 2;
}
