#include "cli/run.h"

#include "base/err.h"
#include "base/text.h"
#include "cli/bounds.h"
#include "cli/guard.h"
#include "cli/kept.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static const char forced[] = "catalogue:";

/* NULL where the format has no place for one. */
static char *error_object(const cli_options *o, const char *path, const ari_err *err)
{
    char *text = NULL;
    bool has_place = o->style.format != ARI_TEXT && o->style.format != ARI_MARKDOWN;
    if (has_place && !o->quiet) ari_report_error(path, err, &o->style, &text, NULL);
    return text;
}

void run_refuse(const cli_options *o, const char *path, const ari_err *err)
{
    bool page = o->style.format == ARI_HTML;
    char *text = o->output == NULL && !page ? error_object(o, path, err) : NULL;
    complain(path, err);
    if (text != NULL) puts(text);
    free(text);
}

static bool may_write(const cli_options *o)
{
    ari_err err = ARI_ERR_INIT;
    if (o->output == NULL || !is_kept(o->output, o)) return true;
    ari_fail(&err, ARI_USAGE, ARI_NO_OFFSET,
             "is there, and a report does not replace what it reads or what belongs to a model");
    err.hint = "choose another name, or remove it first";
    run_refuse(o, o->output, &err);
    return false;
}

/* *out is NULL where the file is no capsule, whatever else it is: the catalogue says what is wrong with it.
 */
static ari_status open_capsule(const cli_run *r, const char *path, ari_model **out, ari_err *err)
{
    ari_set *set = NULL;
    ari_err unused = ARI_ERR_INIT;
    *out = NULL;
    if (ari_set_find(path, &r->o->library, &set, &unused) == ARI_OK)
        ari_model_open(set, 0, &r->o->library, out, &unused);
    ari_set_free(set);
    if (*out != NULL && !ari_model_is_capsule(*out)) {
        ari_model_close(*out);
        *out = NULL;
    }
    if (*out == NULL) return ARI_OK;
    if (!ari_model_has_fingerprint(*out)) {
        ari_hint(err, "have it made with capsule --fingerprint");
        return ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET, "%s: a capsule without a fingerprint",
                        show(span_of(path)).text);
    }
    if (strcmp(r->o->command->word, "match") == 0) return ARI_OK;
    return ari_fail(err, ARI_USAGE, ARI_NO_OFFSET, "%s: only match takes a capsule for --catalogue",
                    show(span_of(path)).text);
}

/* Capsules are known by their content; all others are catalogues, `count` of `files`. */
static ari_status sort_out(cli_run *r, const char **files, size_t *count, ari_err *err)
{
    const cli_options *o = r->o;
    for (size_t i = 0; i < o->catalogue_count; i++) {
        ari_model *capsule;
        ari_status status = open_capsule(r, o->catalogues[i], &capsule, err);
        if (capsule != NULL) {
            r->prints[r->print_count++] = capsule;
        } else {
            files[(*count)++] = o->catalogues[i];
        }
        if (status != ARI_OK) return status;
    }
    return ARI_OK;
}

static ari_status open_catalogue(void *context, ari_err *err)
{
    cli_run *r = context;
    size_t room = r->o->catalogue_count + 1, count = 0;
    const char **files = calloc(room, sizeof(const char *));
    r->prints = calloc(room, sizeof(ari_model *));
    ari_status status = ARI_LIMIT;
    if (files == NULL || r->prints == NULL) {
        ari_fail(err, ARI_LIMIT, ARI_NO_OFFSET, "out of memory");
    } else {
        status = sort_out(r, files, &count, err);
    }
    if (status == ARI_OK) status = ari_catalogue_open(files, count, &r->catalogue, err);
    free(files);
    return status;
}

/* What stands before and after the reports of a page. */
static void put_frame(cli_run *r, bool begin)
{
    char *text = NULL;
    ari_err err = ARI_ERR_INIT;
    const char *title = r->o->path_count > 0 ? r->o->paths[0] : r->o->command->word;
    ari_status status = begin ? ari_page_begin(title, &r->o->style, &text, &err) : ari_page_end(&text, &err);
    if (status != ARI_OK) {
        complain(NULL, &err);
        r->failed = true;
    } else if (!r->o->quiet) {
        output_put(&r->out, text);
    }
    free(text);
}

/* What is in force, for those who want to know. */
static void tell_sandbox(const sandbox *s)
{
    const char *files = s->landlock > 0 ? "of files only what was named" : "files as the user may";
    if (s->calls) {
        fprintf(stderr, "archinspect: sandbox: no network, no other programs%s; %s",
                s->landlock > 0 ? ", no new code" : "", files);
    } else {
        fprintf(stderr, "archinspect: sandbox: %s", s->landlock > 0 ? files : "none");
    }
    if (s->landlock > 0) fprintf(stderr, " (Landlock %d)", s->landlock);
    fprintf(stderr, "%s%s\n", s->why == NULL ? "" : ": ", s->why == NULL ? "" : s->why);
}

/* All files are open before the first is read: as many as the system lets this user have. */
static void raise_open_files(void)
{
    struct rlimit most;
    if (getrlimit(RLIMIT_NOFILE, &most) != 0) return;
    most.rlim_cur = most.rlim_max;
    setrlimit(RLIMIT_NOFILE, &most);
}

/* Before the first byte of a file that nobody trusts. */
static bool contain(cli_run *r)
{
    const cli_options *o = r->o;
    sandbox_bounds bounds;
    ari_err err = ARI_ERR_INIT;
    bool hashes = o->checks.hash || o->checks.manifest != NULL;
    if (o->list) tzset(); /* It opens a file, which no date can do later. */
    if (hashes || o->checks.values) raise_open_files();
    if (hashes && ari_hash_ready(&err) != ARI_OK) {
        run_refuse(o, NULL, &err);
        return false;
    }
    if (o->no_sandbox) {
        r->sandbox.why = "turned off";
    } else if (bounds_of(o, &bounds)) {
        r->sandbox = sandbox_enter(&bounds);
    } else {
        r->sandbox.why = "out of memory";
    }
    if (!o->no_sandbox) sandbox_bounds_free(&bounds);
    if (o->style.evidence && !o->quiet) tell_sandbox(&r->sandbox);
    return true;
}

void run_seal(cli_run *r)
{
    sandbox_seal(&r->sandbox);
}

bool run_contain(cli_run *r, const cli_options *o)
{
    ari_err err = ARI_ERR_INIT;
    *r = (cli_run){ .o = o, .failed = true };
    if (!contain(r)) return false;
    /* The text names its place itself. */
    if (guarded(open_catalogue, r, &err) == ARI_OK) return true;
    run_refuse(o, NULL, &err);
    return false;
}

bool run_open(cli_run *r)
{
    const cli_options *o = r->o;
    if (!may_write(o) || !output_open(&r->out, o->output, o->live)) return false;
    r->failed = false;
    if (o->style.format == ARI_HTML) put_frame(r, true);
    return true;
}

bool run_begin(cli_run *r, const cli_options *o)
{
    return run_contain(r, o) && run_open(r);
}

int run_end(cli_run *r)
{
    if (r->array && r->out.file != NULL && !r->o->quiet) output_put(&r->out, "\n]\n");
    if (r->o->style.format == ARI_HTML && r->out.file != NULL) put_frame(r, false);
    if (r->out.file != NULL && !output_close(&r->out)) r->failed = true;
    ari_catalogue_free(r->catalogue);
    for (size_t i = 0; i < r->print_count; i++) ari_model_close(r->prints[i]);
    free(r->prints);
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

void run_complain(cli_run *r, const char *path, const ari_err *err)
{
    ari_err told = *err;
    r->failed = true;
    if (strstr(err->text, strerror(EACCES)) != NULL && r->sandbox.landlock > 0) {
        ari_hint(&told, "only what lies below the paths that were named is read; --no-sandbox lifts that");
    }
    complain(path, &told);
}

void run_tell_absent(const cli_run *r, const char *path, const ari_model *model)
{
    if (r->o->quiet || model == NULL || !ari_model_is_capsule(model)) return;
    fprintf(stderr, "archinspect: %s: a capsule: the values are absent\n", show(span_of(path)).text);
}

void run_error(cli_run *r, const char *path, const ari_err *err)
{
    char *text = error_object(r->o, path, err);
    run_complain(r, path, err);
    run_write(r, text);
    free(text);
}

ari_status run_inspection(const cli_run *r, const ari_model *model, char **text, ari_err *err)
{
    ari_comparison *c = NULL;
    ari_status status = ari_compare(&model, 1, r->catalogue, NULL, &c, err);
    if (status == ARI_OK) status = ari_report_inspect(model, c, &r->o->style, text, err);
    ari_comparison_free(c);
    return status;
}

/* --- What a path names -------------------------------------------------------------------- */

static ari_status find_catalogued(const cli_run *r, const char *name, ari_err *err)
{
    ari_model *model = NULL;
    ari_status status = ari_model_catalogued(r->catalogue, name, &model, err);
    ari_model_close(model);
    return status;
}

/* A search of files or stores, both of which map what they look into. */
typedef struct finding_set {
    const cli_run *r;
    const char *name;
    ari_set *set;
} finding_set;

static ari_status find_path(void *context, ari_err *err)
{
    finding_set *f = context;
    return ari_set_find(f->name, &f->r->o->library, &f->set, err);
}

static ari_status find_stored(void *context, ari_err *err)
{
    finding_set *f = context;
    return ari_store_find(f->name, &f->r->o->library, &f->set, err);
}

/* ORG/NAME, and no file's name. */
static bool looks_like_name(const char *path)
{
    const char *slash = strchr(path, '/'), *dot = strrchr(path, '.');
    bool file = dot != NULL &&
                (strcmp(dot, ".gguf") == 0 || strcmp(dot, ".safetensors") == 0 || strchr(dot, '/') != NULL);
    return slash != NULL && slash != path && path[0] != '.' && strchr(slash + 1, '/') == NULL &&
           slash[1] != '\0' && !file;
}

/* It is no path; a store may have said why it is nothing there either, the catalogue what it may have meant.
 */
static void explain_nothing(const char *path, const ari_err *stored, const ari_err *catalogue, ari_err *out)
{
    if (stored->status != ARI_OK) {
        *out = *stored;
    } else if (strstr(catalogue->text, "did you mean") != NULL) {
        *out = *catalogue;
    } else if (looks_like_name(path) && out->hint == NULL) {
        out->hint =
            "no file, and no model of that name on this machine (archinspect --list) or in the catalogue";
    }
}

void subject_find(const cli_run *r, const char *path, cli_subject *out)
{
    ari_err unknown = ARI_ERR_INIT, near = ARI_ERR_INIT;
    *out = (cli_subject){ .path = path, .err = ARI_ERR_INIT };
    if (strncmp(path, forced, sizeof(forced) - 1) == 0) {
        const char *name = path + sizeof(forced) - 1;
        if (find_catalogued(r, name, &out->err) == ARI_OK) out->name = name;
        return;
    }
    finding_set found = { .r = r, .name = path };
    ari_status status = guarded(find_path, &found, &out->err);
    out->set = found.set;
    if (status != ARI_NOT_FOUND) return;
    found.set = NULL;
    status = guarded(find_stored, &found, &unknown);
    if (found.set != NULL || (status != ARI_OK && status != ARI_NOT_FOUND)) {
        out->set = found.set;
        out->err = unknown;
    } else if (find_catalogued(r, path, &near) == ARI_OK) {
        out->name = path;
        out->err = (ari_err)ARI_ERR_INIT;
    } else {
        explain_nothing(path, &unknown, &near, &out->err);
    }
}

size_t subject_count(const cli_subject *s)
{
    return s->set == NULL ? 1 : ari_set_count(s->set);
}

ari_status subject_need_one(const cli_subject *s, ari_err *err)
{
    ari_text list = { 0 };
    size_t n = subject_count(s);
    if (n == 1) return ARI_OK;
    for (size_t i = 0; i < n && i < 8; i++) {
        if (i > 0) text_put(&list, ", ");
        text_put(&list, show(span_of(ari_set_path(s->set, i))).text);
    }
    snprintf(err->text, sizeof(err->text), "holds %zu models; name one of them: %s%s", n,
             list.data == NULL ? "" : list.data, n > 8 ? ", ..." : "");
    err->status = ARI_USAGE;
    text_free(&list);
    return err->status;
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
