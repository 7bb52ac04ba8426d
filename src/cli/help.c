#include "cli/help.h"

#include "cli/commands.h"

#include <inttypes.h>
#include <string.h>

static const cli_command commands[] = {
#define COMMAND(word, run, least, most, paths, summary, examples) \
    { word, run, least, most, paths, summary, examples },
#include "cli/command.def"
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static const struct {
    char letter;
    const char *word, *argument, *commands, *help;
} options[] = {
#define OPTION(id, letter, word, argument, commands, help) { letter, word, argument, commands, help },
#include "cli/option.def"
};

enum { OPTION_COUNT = sizeof(options) / sizeof(options[0]) };

/* Of a command those that it takes; of all commands those that all take. */
static bool is_listed(size_t i, const cli_command *command)
{
    if (options[i].help == NULL) return false;
    return options[i].commands == NULL ||
           (command != NULL && command_takes(options[i].commands, command->word));
}

static void print_options(FILE *to, const cli_command *command, bool whole)
{
    fputs("\nOptions\n", to);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        char words[48], letter[] = "-x,";
        const char *argument = options[i].argument;
        bool own = options[i].commands != NULL;
        if (!is_listed(i, command) || (!whole && options[i].letter == 0 && !own)) continue;
        letter[1] = options[i].letter;
        snprintf(words, sizeof(words), "--%s%s%s", options[i].word, argument == NULL ? "" : " ",
                 argument == NULL ? "" : argument);
        fprintf(to, "  %3s %-16s  %s\n", options[i].letter == 0 ? "" : letter, words, options[i].help);
    }
}

static void print_limits(FILE *to)
{
    fputs("\nLimits (--limit NAME=N): what a file may ask for\n", to);
#define X(name, value, word, what) fprintf(to, "  %-14s  %-9" PRIu64 "  %s\n", word, (uint64_t)(value), what);
    ARI_LIMIT_LIST(X)
#undef X
}

static void print_explanations(FILE *to)
{
    fputs("\n"
          "A PATH is a .safetensors or .gguf file, any one shard of a set, an index, or a\n"
          "folder; also compressed with zstd (.zst). Alternatives in one folder are\n"
          "reported once each. `archinspect -- FILE` takes a name that begins with a dash,\n"
          "`archinspect ./tensors` one that is a command's.\n"
          "\n"
          "Where a PATH may stand, so may a name, looked up in this order:\n"
          "  ORG/NAME           in Hugging Face's cache (ORG/NAME@REVISION too), in LM\n"
          "                     Studio's folder, in the catalogue\n"
          "  ollama:NAME[:TAG]  in Ollama's store\n"
          "  catalogue:NAME     in the catalogue only\n"
          "\n"
          "Each value stands with its basis, what it rests on (-v says which tensors):\n"
          "  shape       follows from names and shapes in one way only\n"
          "  convention  what this naming scheme always has\n"
          "  stated      a configuration says so, and nothing contradicts it\n"
          "  ambiguous   the likeliest of several that fit the shapes; all are listed\n"
          "  unknown     nothing in the files decides it\n",
          to);
    print_limits(to);
    fputs("\n"
          "Exit status: 0 done, and the answer is yes; 1 the answer is no (match: nothing\n"
          "shares a core key, or --min-tier is not met; compare: --require is not met;\n"
          "verify: not sound); 2 could not answer, wholly or in part (wrong usage, a file\n"
          "that cannot be read; the others are still reported).\n",
          to);
}

static void print_commands(FILE *to)
{
    fputs("archinspect - what a model checkpoint is, read from its tensors\n\n", to);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (commands[i].examples != NULL) fputs(commands[i].examples, to);
    }
    fputs("\nCommands\n", to);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        fprintf(to, "  %-9s  %-10s  %s\n", commands[i].word, commands[i].paths, commands[i].summary);
    }
    fputs("  help       [COMMAND]   more about one of them\n", to);
}

void print_help(FILE *to, const cli_command *command, bool whole)
{
    if (command == NULL) {
        print_commands(to);
    } else {
        fprintf(to, "archinspect %s %s\n%s\n\n%s", command->word, command->paths, command->summary,
                command->examples);
    }
    print_options(to, command, whole);
    if (whole) print_explanations(to);
    fputs(whole ? "\nThe rest is in the manual: man archinspect\n" : "\n--help says more.\n", to);
}

void print_version(FILE *to)
{
    fprintf(to, "archinspect %s\n", ari_version());
}
