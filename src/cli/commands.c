#include "cli/commands.h"

#include "base/text.h"
#include "cli/output.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

typedef ari_status report_function(const ari_model *model, const ari_style *style, char **out, ari_err *err);

/* A run over all paths: what is written goes out report by report, so that one
 * bad path costs nothing but its own place. */
typedef struct run {
    const cli_options *o;
    report_function *report;
    cli_output out;
    bool array; /* JSON reports stand in an array. */
    size_t written;
    bool failed;
} run;

/* --- A file that shrinks under the map ------------------------------------------------- */

static sigjmp_buf shrunk;
static volatile sig_atomic_t guarded;

static void on_bus_error(int signal_number)
{
    if (guarded) siglongjmp(shrunk, 1);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void guard_maps(void)
{
    struct sigaction action = { .sa_handler = on_bus_error };
    sigaction(SIGBUS, &action, NULL);
}

/* Open and report the i-th checkpoint. Every access to mapped bytes happens in
 * here; what a shrunken file leaves behind is lost with the process. */
static ari_status report_one(const run *r, const ari_set *set, size_t i, char **text, ari_err *err)
{
    ari_model *model = NULL;
    *text = NULL;
    if (sigsetjmp(shrunk, 1) != 0) {
        guarded = 0;
        err->status = ARI_TRUNCATED;
        err->offset = ARI_NO_OFFSET;
        snprintf(err->text, sizeof(err->text), "the file became shorter while it was read");
        err->hint = "something else is writing to it: try again when that is done";
        return ARI_TRUNCATED;
    }
    guarded = 1;
    ari_status status = ari_model_open(set, i, &r->o->library, &model, err);
    if (status == ARI_OK) status = r->report(model, &r->o->style, text, err);
    ari_model_close(model);
    guarded = 0;
    return status;
}

/* --- Writing ----------------------------------------------------------------------------- */

static void write_report(run *r, const char *text)
{
    ari_format format = r->o->style.format;
    if (r->o->quiet || text == NULL) return;
    if (r->array) output_put(&r->out, r->written == 0 ? "[\n" : ",\n");
    if (!r->array && r->written > 0 && (format == ARI_TEXT || format == ARI_MARKDOWN))
        output_put(&r->out, "\n");
    output_put(&r->out, text);
    size_t n = strlen(text);
    if (!r->array && n > 0 && text[n - 1] != '\n') output_put(&r->out, "\n");
    r->written++;
}

static bool is_json(const run *r)
{
    return r->o->style.format == ARI_JSON || r->o->style.format == ARI_NDJSON;
}

/* One line on standard error, and in JSON an object in the report's place. */
static void write_error(run *r, const char *path, const ari_err *err)
{
    ari_text shown = { 0 };
    char *text = NULL;
    r->failed = true;
    text_escape(&shown, span_of(path), ESCAPE_ALL);
    if (err->offset == ARI_NO_OFFSET) {
        complain("%s: %s", shown.data == NULL ? "" : shown.data, err->text);
    } else {
        complain("%s: %s (at byte %" PRIu64 ")", shown.data == NULL ? "" : shown.data, err->text,
                 err->offset);
    }
    complain_hint(err->hint);
    if (is_json(r) && ari_report_error(path, err, &r->o->style, &text, NULL) == ARI_OK) write_report(r, text);
    free(text);
    text_free(&shown);
}

static void run_set(run *r, const ari_set *set, const char *path)
{
    size_t n = ari_set_count(set);
    for (size_t i = 0; i < n && r->out.code == 0; i++) {
        ari_err err = ARI_ERR_INIT;
        char *text = NULL;
        if (report_one(r, set, i, &text, &err) == ARI_OK) {
            write_report(r, text);
        } else {
            write_error(r, n == 1 ? path : ari_set_path(set, i), &err);
        }
        free(text);
    }
}

/* Is more than one report to come? Then JSON is an array. */
static bool several(const cli_options *o, ari_set **sets)
{
    size_t n = 0;
    for (size_t i = 0; i < o->path_count; i++) n += sets[i] == NULL ? 1 : ari_set_count(sets[i]);
    return n > 1;
}

static void run_paths(run *r, ari_set **sets, ari_err *errors)
{
    const cli_options *o = r->o;
    for (size_t i = 0; i < o->path_count; i++) {
        errors[i] = (ari_err)ARI_ERR_INIT;
        ari_set_find(o->paths[i], &o->library, &sets[i], &errors[i]);
    }
    r->array = o->style.format == ARI_JSON && several(o, sets);
    for (size_t i = 0; i < o->path_count; i++) {
        if (sets[i] == NULL) {
            write_error(r, o->paths[i], &errors[i]);
        } else {
            run_set(r, sets[i], o->paths[i]);
        }
        ari_set_free(sets[i]);
    }
    if (r->array && !o->quiet) output_put(&r->out, "\n]\n");
}

/* Files are only ever read: a report does not replace a model, whether it is one
 * of the paths, a shard of one, or another. */
static bool would_replace_model(const cli_options *o)
{
    ari_set *set = NULL;
    ari_model *model = NULL;
    if (o->output != NULL && ari_set_find(o->output, &o->library, &set, NULL) == ARI_OK &&
        ari_model_open(set, 0, &o->library, &model, NULL) == ARI_OK) {
        complain("%s: is a model; it is not written over", show(span_of(o->output)).text);
    }
    bool found = model != NULL;
    ari_model_close(model);
    ari_set_free(set);
    return found;
}

static int run_all(const cli_options *o, report_function *report)
{
    run r = { .o = o, .report = report };
    ari_set **sets = calloc(o->path_count, sizeof(ari_set *));
    ari_err *errors = calloc(o->path_count, sizeof(errors[0]));
    guard_maps();
    if (sets == NULL || errors == NULL) {
        complain("out of memory");
        r.failed = true;
    } else if (would_replace_model(o) || !output_open(&r.out, o->output)) {
        r.failed = true;
    } else {
        run_paths(&r, sets, errors);
        if (!output_close(&r.out)) r.failed = true;
    }
    free(sets);
    free(errors);
    return r.failed ? 2 : 0;
}

int run_inspect(const cli_options *o)
{
    return run_all(o, ari_report_inspect);
}

int run_tensors(const cli_options *o)
{
    if (o->path_count == 1) return run_all(o, ari_report_tensors);
    complain("tensors takes one path");
    return 2;
}
