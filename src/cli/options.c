#include "cli/options.h"

#include "base/err.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/help.h"

#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const cli_command commands[] = {
#define COMMAND(word, run, least, most, paths, summary, examples) \
    { word, run, least, most, paths, summary, examples },
#include "cli/command.def"
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

typedef enum option_id {
#define OPTION(id, letter, word, argument, commands, help) OPTION_##id,
#include "cli/option.def"
    OPTION_COUNT,
} option_id;

static const struct option_row {
    char letter;
    const char *word, *argument, *commands;
} options[] = {
#define OPTION(id, letter, word, argument, commands, help) { letter, word, argument, commands },
#include "cli/option.def"
};

enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

static const struct {
    const char *argument, *word;
    unsigned number;
} choices[] = {
#define VALUE(argument, word, number) { argument, word, number },
#include "cli/value.def"
};

enum { CHOICE_COUNT = sizeof(choices) / sizeof(choices[0]) };

static const struct {
    const char *word;
    size_t at;
    uint64_t value;
} limits[] = {
#define X(name, value, word, what) { word, offsetof(ari_limits, name), value },
    ARI_LIMIT_LIST(X)
#undef X
};

enum { LIMIT_COUNT = sizeof(limits) / sizeof(limits[0]), DEPTH_MAX = 128, JOBS_MOST = 1024 };

void complain(const char *path, const ari_err *err)
{
    ari_text line = { 0 };
    if (path != NULL) text_escape(&line, span_of(path), ESCAPE_ALL);
    text_printf(&line, "%s%s", path == NULL ? "" : ": ", err->text);
    if (err->offset != ARI_NO_OFFSET) text_printf(&line, " (at byte %" PRIu64 ")", err->offset);
    fflush(stdout);
    fprintf(stderr, "archinspect: %s\n", line.failed ? err->text : line.data);
    if (err->hint != NULL) fprintf(stderr, "hint: %s\n", err->hint);
    text_free(&line);
}

/* False, and why; the first of several reasons stays. */
static bool refuse(cli_options *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(cli_options *o, const char *format, ...)
{
    char words[sizeof(o->err.text)];
    va_list values;
    va_start(values, format);
    vsnprintf(words, sizeof(words), format, values);
    va_end(values);
    ari_fail(&o->err, ARI_USAGE, ARI_NO_OFFSET, "%s", words);
    return false;
}

/* --- Near misses ---------------------------------------------------------------------- */

/* The better of two suggestions for the n bytes at word; NULL is none. */
static const char *nearer(const char *word, size_t n, const char *best, const char *other)
{
    ari_span meant = { (const uint8_t *)word, n };
    size_t d = text_distance(meant, span_of(other));
    return d <= 2 && (best == NULL || d < text_distance(meant, span_of(best))) ? other : best;
}

static const char *nearest_option(const char *word, size_t n)
{
    const char *best = NULL;
    for (size_t i = 0; i < OPTION_COUNT; i++) best = nearer(word, n, best, options[i].word);
    return best;
}

static const char *nearest_command(const char *word)
{
    const char *best = NULL;
    for (size_t i = 0; i < COMMAND_COUNT; i++) best = nearer(word, strlen(word), best, commands[i].word);
    return best;
}

static const cli_command *command_named(const char *word)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].word, word) == 0) return &commands[i];
    }
    return NULL;
}

/* --- Values ----------------------------------------------------------------------------- */

static bool parse_number(const char *s, uint64_t *out)
{
    uint64_t n = 0;
    if (*s == '\0' || strlen(s) > 18) return false;
    for (; *s != '\0'; s++) {
        if (*s < '0' || *s > '9') return false;
        n = n * 10 + (uint64_t)(*s - '0');
    }
    *out = n;
    return true;
}

static bool set_limit(cli_options *o, const char *value)
{
    const char *equals = strchr(value, '=');
    size_t n = equals == NULL ? strlen(value) : (size_t)(equals - value);
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        uint64_t number;
        if (strlen(limits[i].word) != n || strncmp(limits[i].word, value, n) != 0) continue;
        bool depth = strcmp(limits[i].word, "depth") == 0;
        if (equals == NULL || !parse_number(equals + 1, &number) || (depth && number > DEPTH_MAX)) {
            return refuse(o, "--limit %s takes a number%s: --limit %s=%llu", limits[i].word,
                          depth ? " up to 128" : "", limits[i].word, (unsigned long long)limits[i].value);
        }
        memcpy((char *)&o->library.limits + limits[i].at, &number, sizeof(number));
        return true;
    }
    ari_text list = { 0 };
    for (size_t i = 0; i < LIMIT_COUNT; i++) text_printf(&list, "%s%s", i == 0 ? "" : ", ", limits[i].word);
    refuse(o, "no limit \"%s\"; there are %s", show((ari_span){ (const uint8_t *)value, n }).text,
           list.data == NULL ? "" : list.data);
    text_free(&list);
    return false;
}

/* What a word of value.def means. */
static bool choose(cli_options *o, option_id id, const char *value, unsigned *out)
{
    ari_text list = { 0 };
    bool found = false;
    for (size_t i = 0; i < CHOICE_COUNT && !found; i++) {
        if (strcmp(choices[i].argument, options[id].argument) != 0) continue;
        found = strcmp(choices[i].word, value) == 0;
        if (found) *out = choices[i].number;
        text_printf(&list, "%s%s", list.size == 0 ? "" : ", ", choices[i].word);
    }
    if (!found) {
        refuse(o, "no --%s \"%s\"; there are %s", options[id].word, show(span_of(value)).text,
               list.data == NULL ? "" : list.data);
    }
    text_free(&list);
    return found;
}

static bool set_format(cli_options *o, const char *value)
{
    unsigned format;
    if (!choose(o, OPTION_FORMAT, value, &format)) return false;
    o->style.format = (ari_format)format;
    return true;
}

static bool set_color(cli_options *o, const char *value)
{
    const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
    unsigned when;
    if (!choose(o, OPTION_COLOR, value, &when)) return false;
    bool dull = (none != NULL && none[0] != '\0') || terminal == NULL || strcmp(terminal, "dumb") == 0;
    o->style.color = when == COLOR_AUTO ? isatty(STDOUT_FILENO) && !dull : when == COLOR_ALWAYS;
    return true;
}

static bool set_language(cli_options *o, const char *value)
{
    unsigned language;
    if (!choose(o, OPTION_LANG, value, &language)) return false;
    o->style.language = (ari_language)language;
    return true;
}

static bool set_tier(cli_options *o, option_id id, const char *value)
{
    unsigned unused;
    o->tier = value;
    return choose(o, id, value, &unused);
}

static bool set_top(cli_options *o, const char *value)
{
    uint64_t n;
    if (parse_number(value, &n) && n > 0 && n <= 100000) {
        o->top = (size_t)n;
        return true;
    }
    return refuse(o, "--top takes a number from 1 on: --top 10");
}

static bool set_jobs(cli_options *o, const char *value)
{
    uint64_t n;
    if (!parse_number(value, &n) || n == 0 || n > JOBS_MOST)
        return refuse(o, "--jobs takes a number from 1 to %d: --jobs 8", JOBS_MOST);
    o->jobs = (size_t)n;
    return true;
}

/* I/N */
static bool set_shard(cli_options *o, const char *value)
{
    char first[20] = "";
    const char *slash = strchr(value, '/');
    if (slash != NULL && slash - value < (ptrdiff_t)sizeof(first))
        memcpy(first, value, (size_t)(slash - value));
    if (parse_number(first, &o->shard) && parse_number(slash + 1, &o->shards) && o->shard >= 1 &&
        o->shard <= o->shards)
        return true;
    return refuse(o, "--shard takes one of a number of parts: --shard 1/8 to --shard 8/8");
}

/* A folder is matched without the slash behind it. */
static bool add_glob(cli_options *o, option_id id, crawl_globs *to, const char *value)
{
    size_t n = strlen(value);
    if (n == 0 || value[n - 1] == '/')
        return refuse(o, "--%s takes a pattern that does not end in a slash: --%s 'old-*'", options[id].word,
                      options[id].word);
    to->globs[to->count++] = value;
    return true;
}

static bool set_option(cli_options *o, option_id id, const char *value)
{
    o->given |= UINT64_C(1) << id;
    switch (id) {
    case OPTION_CATALOGUE: o->catalogues[o->catalogue_count++] = value; return true;
    case OPTION_KEYS: o->keys = value; return ari_keys_check(value, &o->err) == ARI_OK;
    case OPTION_REQUIRE:
    case OPTION_MIN_TIER: return set_tier(o, id, value);
    case OPTION_STRICT: o->strict = true; return true;
    case OPTION_FULL: o->full = true; return true;
    case OPTION_MERGE: o->merge = true; return true;
    case OPTION_TOP: return set_top(o, value);
    case OPTION_JOBS: return set_jobs(o, value);
    case OPTION_INCLUDE: return add_glob(o, id, &o->include, value);
    case OPTION_EXCLUDE: return add_glob(o, id, &o->exclude, value);
    case OPTION_SINCE: o->since = value; return true;
    case OPTION_SHARD: return set_shard(o, value);
    case OPTION_FORMAT: return set_format(o, value);
    case OPTION_JSON: o->style.format = ARI_JSON; return true;
    case OPTION_OUTPUT:
        o->to_stdout = strcmp(value, "-") == 0;
        o->output = o->to_stdout ? NULL : value;
        return true;
    case OPTION_WEIGHTS_ONLY: o->library.weights_only = true; return true;
    case OPTION_LIST: o->list = true; return true;
    case OPTION_VERBOSE: o->style.evidence = true; return true;
    case OPTION_QUIET: o->quiet = true; return true;
    case OPTION_COLOR: return set_color(o, value);
    case OPTION_LIMIT: return set_limit(o, value);
    case OPTION_NO_SANDBOX: o->no_sandbox = true; return true;
    case OPTION_HELP: o->long_help = true; return true;
    case OPTION_VERSION: o->version = true; return true;
    case OPTION_LANG: return set_language(o, value);
    case OPTION_VALUES: o->checks.values = true; return true;
    case OPTION_HASH: o->checks.hash = true; return true;
    case OPTION_FINGERPRINT: o->checks.fingerprint = true; return true;
    case OPTION_MANIFEST: o->checks.manifest = value; return true;
    case OPTION_COUNT: break;
    }
    return false;
}

/* --- The line ----------------------------------------------------------------------------- */

/* --word, --word=value, --word value. *next is the argument after; it is taken by adding to *i. */
static bool parse_long(cli_options *o, const char *argument, const char *next, int *i)
{
    const char *word = argument + 2, *equals = strchr(word, '=');
    size_t n = equals == NULL ? strlen(word) : (size_t)(equals - word);
    for (size_t k = 0; k < OPTION_COUNT; k++) {
        const struct option_row *row = &options[k];
        if (strlen(row->word) != n || strncmp(row->word, word, n) != 0) continue;
        if (row->argument == NULL && equals != NULL) {
            return refuse(o, "--%s takes no value", row->word);
        }
        const char *value = row->argument == NULL ? "" : equals == NULL ? next : equals + 1;
        if (value == NULL) {
            return refuse(o, "--%s needs a value: --%s %s", row->word, row->word, row->argument);
        }
        if (row->argument != NULL && equals == NULL) ++*i;
        return set_option(o, (option_id)k, value);
    }
    const char *near = nearest_option(word, n);
    ari_shown shown = show((ari_span){ (const uint8_t *)argument, n + 2 });
    if (near != NULL) {
        refuse(o, "no option %s; did you mean --%s?", shown.text, near);
    } else {
        refuse(o, "no option %s; --help lists them", shown.text);
    }
    return false;
}

static bool is_word(const char *word)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (strcmp(options[i].word, word) == 0) return true;
    }
    return false;
}

/* -json may be --json with a dash too few. */
static bool refuse_letter(cli_options *o, const char *argument, const char *letter)
{
    const char *near = argument[2] == '\0' ? NULL : nearest_option(argument + 1, strlen(argument + 1));
    if (near != NULL)
        return refuse(o, "no option %s; did you mean --%s?", show(span_of(argument)).text, near);
    return refuse(o, "no option -%s; --help lists them", show((ari_span){ (const uint8_t *)letter, 1 }).text);
}

/* -v, -fjson, -f json, -qv. */
static bool parse_letters(cli_options *o, const char *argument, const char *next, int *i)
{
    if (argument[2] != '\0' && is_word(argument + 1)) return refuse_letter(o, argument, argument + 1);
    for (const char *c = argument + 1; *c != '\0'; c++) {
        size_t k = 0;
        while (k < OPTION_COUNT && options[k].letter != *c) k++;
        if (k == OPTION_COUNT) return refuse_letter(o, argument, c);
        if (*c == 'h') {
            o->short_help = true;
            continue;
        }
        if (options[k].argument == NULL) {
            if (!set_option(o, (option_id)k, "")) return false;
            continue;
        }
        if (c[1] != '\0') return set_option(o, (option_id)k, c + 1);
        if (next == NULL) {
            return refuse(o, "-%c needs a value: -%c %s", *c, *c, options[k].argument);
        }
        ++*i;
        return set_option(o, (option_id)k, next);
    }
    return true;
}

static unsigned columns_of_terminal(void)
{
    struct winsize size;
    uint64_t n;
    const char *stated = getenv("COLUMNS");
    if (stated != NULL && parse_number(stated, &n) && n >= 20 && n <= 1000) return (unsigned)n;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) {
        return size.ws_col > 120 ? 120 : size.ws_col;
    }
    return 80;
}

/* help, help COMMAND */
static bool parse_help(const char *word, cli_options *o)
{
    o->long_help = true;
    if (word == NULL) return true;
    o->command = command_named(word);
    if (o->command != NULL) return true;
    const char *near = nearest_command(word);
    return refuse(o, "no command \"%s\"%s%s%s", show(span_of(word)).text,
                  near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
                  near == NULL ? "" : "\"?");
}

/* What comes after a mistake may still say how to report it. */
static bool parse_arguments(int argc, char **argv, cli_options *o)
{
    bool only_paths = false, ok = true;
    for (int i = 1; i < argc; i++) {
        const char *a = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (!only_paths && strcmp(a, "--") == 0) {
            only_paths = true;
        } else if (!only_paths && strncmp(a, "--", 2) == 0) {
            ok = parse_long(o, a, next, &i) && ok;
        } else if (!only_paths && a[0] == '-' && a[1] != '\0') {
            ok = parse_letters(o, a, next, &i) && ok;
        } else if (!only_paths && o->command == NULL && o->path_count == 0 && strcmp(a, "help") == 0) {
            return parse_help(next, o);
        } else if (!only_paths && o->command == NULL && o->path_count == 0 && command_named(a) != NULL) {
            o->command = command_named(a);
        } else {
            o->paths[o->path_count++] = a;
        }
    }
    return ok;
}

bool command_takes(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = list; (at = strstr(at, word)) != NULL; at += n) {
        bool begins = at == list || at[-1] == ' ';
        if (begins && (at[n] == ' ' || at[n] == '\0')) return true;
    }
    return false;
}

static bool check_given(cli_options *o)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if ((o->given >> i & 1) == 0 || options[i].commands == NULL) continue;
        if (command_takes(options[i].commands, o->command->word)) continue;
        return refuse(o, "%s takes no --%s; it belongs to: %s", o->command->word, options[i].word,
                      options[i].commands);
    }
    return true;
}

static bool check_paths(cli_options *o)
{
    const cli_command *c = o->command;
    if (o->merge && o->path_count < 3)
        return refuse(o, "--merge takes three models, or four: archinspect diff --merge A B C [BASE]");
    size_t most = o->merge ? 4 : c->most; /* A merge, its parents and what these come from. */
    if (o->path_count >= c->least && o->path_count <= most) return true;
    if (c->least != 1 || o->path_count > 0)
        return refuse(o, "%s takes %s: archinspect %s %s", c->word,
                      c->most == 2   ? "two models"
                      : c->least > 1 ? "two models or more"
                                     : "one path",
                      c->word, c->paths);
    refuse(o, "%s needs a path: a .safetensors or .gguf file, or a folder that holds them", c->word);
    o->err.hint = "archinspect --help explains";
    return false;
}

/* --list is a question of its own. */
static bool check_list(cli_options *o)
{
    bool alone = o->command == NULL && o->path_count == 0;
    if (o->command == NULL) o->command = &commands[0];
    return alone || refuse(o, "--list takes no command and no path: archinspect --list");
}

/* A scan is lines of JSON, and lives as long as it lasts. */
static bool check_scan(cli_options *o)
{
    bool json = o->style.format == ARI_JSON || o->style.format == ARI_NDJSON;
    bool format = (o->given >> OPTION_FORMAT & 1) != 0;
    o->style.format = ARI_NDJSON;
    o->live = true;
    return json || !format || refuse(o, "scan gives one JSON object a line: --format ndjson, or none");
}

/* A first word that is no file may have been meant for a command. */
static bool check_command(cli_options *o)
{
    if (o->command == NULL) {
        const char *first = o->paths[0], *near = first == NULL ? NULL : nearest_command(first);
        o->command = &commands[0];
        if (near != NULL && access(first, F_OK) != 0) {
            return refuse(o, "no command or file \"%s\"; did you mean \"%s\"?", show(span_of(first)).text,
                          near);
        }
    }
    if (!check_given(o)) return false;
    return check_paths(o) && (o->command->run != run_scan || check_scan(o));
}

/* Does the locale have all letters? Only text has to know, and asking opens files. */
static bool takes_utf8(void)
{
    setlocale(LC_CTYPE, "");
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool options_parse(int argc, char **argv, cli_options *out)
{
    *out = (cli_options){
        .library = ari_options_default(), .top = 10, .shard = 1, .shards = 1, .err = ARI_ERR_INIT
    };
    out->style.columns = columns_of_terminal();
    out->paths = calloc((size_t)argc + 1, sizeof(out->paths[0]));
    out->catalogues = calloc((size_t)argc + 1, sizeof(out->catalogues[0]));
    out->include.globs = calloc((size_t)argc + 1, sizeof(out->include.globs[0]));
    out->exclude.globs = calloc((size_t)argc + 1, sizeof(out->exclude.globs[0]));
    if (out->paths == NULL || out->catalogues == NULL || out->include.globs == NULL ||
        out->exclude.globs == NULL) {
        return refuse(out, "out of memory");
    }
    set_color(out, "auto");
    if (argc < 2) print_help(stderr, NULL, false);
    if (argc < 2 || !parse_arguments(argc, argv, out)) return false;
    if (out->output != NULL) out->style.color = false;
    if (out->short_help || out->long_help || out->version) return true;
    out->style.ascii = out->style.format == ARI_TEXT && !takes_utf8();
    if (out->style.ascii && out->style.language != ARI_ENGLISH) {
        refuse(out, "this locale has no letters for --lang ko");
        out->err.hint = "set LC_ALL=C.UTF-8, or choose --format md or html";
        return false;
    }
    return out->list ? check_list(out) : check_command(out);
}

void options_free(cli_options *o)
{
    free(o->paths);
    free(o->catalogues);
    free(o->include.globs);
    free(o->exclude.globs);
}
