#include "cli/run.h"

#include "base/text.h"
#include "cli/guard.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char forced[] = "catalogue:";

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

/* NULL where the text names its place itself. */
static void complain_of(const char *path, const ari_err *err)
{
    if (path == NULL) {
        complain("%s", err->text);
    } else if (err->offset == ARI_NO_OFFSET) {
        complain("%s: %s", path, err->text);
    } else {
        complain("%s: %s (at byte %" PRIu64 ")", path, err->text, err->offset);
    }
    complain_hint(err->hint);
}

static ari_status open_catalogue(void *context, ari_err *err)
{
    cli_run *r = context;
    return ari_catalogue_open(r->o->catalogues, r->o->catalogue_count, &r->catalogue, err);
}

bool run_begin(cli_run *r, const cli_options *o)
{
    ari_err err = ARI_ERR_INIT;
    *r = (cli_run){ .o = o, .failed = true };
    if (guarded(open_catalogue, r, &err) != ARI_OK) {
        complain_of(NULL, &err);
        return false;
    }
    if (would_replace_model(o) || !output_open(&r->out, o->output)) return false;
    r->failed = false;
    return true;
}

int run_end(cli_run *r)
{
    if (r->array && r->out.file != NULL && !r->o->quiet) output_put(&r->out, "\n]\n");
    if (r->out.file != NULL && !output_close(&r->out)) r->failed = true;
    ari_catalogue_free(r->catalogue);
    return r->failed ? 2 : r->answer_no ? 1 : 0;
}

void run_write(cli_run *r, const char *report)
{
    ari_format format = r->o->style.format;
    if (r->o->quiet || report == NULL) return;
    if (r->array) output_put(&r->out, r->written == 0 ? "[\n" : ",\n");
    if (!r->array && r->written > 0 && (format == ARI_TEXT || format == ARI_MARKDOWN))
        output_put(&r->out, "\n");
    output_put(&r->out, report);
    size_t n = strlen(report);
    if (!r->array && n > 0 && report[n - 1] != '\n') output_put(&r->out, "\n");
    r->written++;
}

void run_error(cli_run *r, const char *path, const ari_err *err)
{
    ari_text shown = { 0 };
    char *text = NULL;
    bool json = r->o->style.format == ARI_JSON || r->o->style.format == ARI_NDJSON;
    r->failed = true;
    text_escape(&shown, span_of(path), ESCAPE_ALL);
    complain_of(shown.data == NULL ? "" : shown.data, err);
    if (json && ari_report_error(path, err, &r->o->style, &text, NULL) == ARI_OK) run_write(r, text);
    free(text);
    text_free(&shown);
}

/* --- What a path names -------------------------------------------------------------------- */

static ari_status find_catalogued(const cli_run *r, const char *name, ari_err *err)
{
    ari_model *model = NULL;
    ari_status status = ari_model_catalogued(r->catalogue, name, &model, err);
    ari_model_close(model);
    return status;
}

void subject_find(const cli_run *r, const char *path, cli_subject *out)
{
    ari_err unknown = ARI_ERR_INIT;
    *out = (cli_subject){ .path = path, .err = ARI_ERR_INIT };
    if (strncmp(path, forced, sizeof(forced) - 1) == 0) {
        const char *name = path + sizeof(forced) - 1;
        if (find_catalogued(r, name, &out->err) == ARI_OK) out->name = name;
        return;
    }
    if (ari_set_find(path, &r->o->library, &out->set, &out->err) != ARI_NOT_FOUND) return;
    if (find_catalogued(r, path, &unknown) != ARI_OK) {
        /* Say of a name that looks like one of the catalogue what it may have meant. */
        if (strstr(unknown.text, "did you mean") != NULL) out->err = unknown;
        return;
    }
    out->name = path;
    out->err = (ari_err)ARI_ERR_INIT;
}

size_t subject_count(const cli_subject *s)
{
    return s->set == NULL ? 1 : ari_set_count(s->set);
}

ari_status subject_open(const cli_run *r, const cli_subject *s, size_t i, ari_model **out, ari_err *err)
{
    if (s->set != NULL) return ari_model_open(s->set, i, &r->o->library, out, err);
    if (s->name != NULL) return ari_model_catalogued(r->catalogue, s->name, out, err);
    *out = NULL;
    *err = s->err;
    return err->status;
}

void subject_free(cli_subject *s)
{
    ari_set_free(s->set);
    *s = (cli_subject){ .err = ARI_ERR_INIT };
}
