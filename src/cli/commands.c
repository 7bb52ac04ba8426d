#include "cli/commands.h"

#include "base/text.h"
#include "cli/guard.h"
#include "cli/progress.h"
#include "cli/run.h"

#include <stdlib.h>
#include <string.h>

/* One model of one path at a time. */
typedef struct job job;
typedef ari_status job_report(job *j, ari_model *model, ari_err *err);

struct job {
    cli_run *run;
    job_report *report;
    const cli_subject *subject;
    size_t model;
    bool last; /* No other model is opened after it. */
    char *text;
};

static ari_status report_one(void *context, ari_err *err)
{
    job *j = context;
    ari_model *model = NULL;
    ari_status status = subject_open(j->run, j->subject, j->model, &model, err);
    if (status == ARI_OK) status = j->report(j, model, err);
    ari_model_close(model);
    return status;
}

/* --- What is reported of a model --------------------------------------------------------- */

static const char *subject_path(const job *j)
{
    return j->subject->set == NULL ? j->subject->path : ari_set_path(j->subject->set, j->model);
}

/* This model needs no more files. */
static void needs_no_more(const job *j)
{
    if (j->last) run_seal(j->run);
}

/* Read values, if that was asked for and there are any: the rest is told all the same. *absent says why there
 * are none. */
static ari_status measure(const cli_run *r, ari_model *model, ari_err *absent, ari_err *err)
{
    if (!r->o->checks.values) return ARI_OK;
    ari_status status = ari_model_measure(model, absent);
    if (status == ARI_OK || status == ARI_UNSUPPORTED) return ARI_OK;
    *err = *absent;
    return status;
}

static ari_status report_inspect(job *j, ari_model *model, ari_err *err)
{
    ari_err absent = ARI_ERR_INIT;
    needs_no_more(j);
    if (measure(j->run, model, &absent, err) != ARI_OK) return err->status;
    if (absent.status != ARI_OK) {
        complain(subject_path(j), &absent);
        j->run->failed = true;
    }
    return run_inspection(j->run, model, &j->text, err);
}

static ari_status report_tensors(job *j, ari_model *model, ari_err *err)
{
    needs_no_more(j);
    run_tell_absent(j->run, subject_path(j), model);
    return ari_report_tensors(model, &j->run->o->style, &j->text, err);
}

static ari_status report_match(job *j, ari_model *model, ari_err *err)
{
    needs_no_more(j);
    run_tell_absent(j->run, subject_path(j), model);
    const cli_options *o = j->run->o;
    ari_comparison *c = NULL;
    ari_err absent = ARI_ERR_INIT;
    const ari_model *subject = model;
    ari_status status = measure(j->run, model, &absent, err);
    if (status == ARI_OK) status = ari_compare(&subject, 1, j->run->catalogue, o->keys, &c, err);
    for (size_t i = 0; status == ARI_OK && i < j->run->print_count; i++)
        status = ari_comparison_add_fingerprint(c, j->run->prints[i], err);
    if (status == ARI_OK) status = ari_report_match(c, o->top, &o->style, &j->text, err);
    bool yes = status == ARI_OK && ari_comparison_shares_core(c) &&
               (o->tier == NULL || ari_comparison_reaches(c, o->tier));
    if (status == ARI_OK && !yes) j->run->answer_no = true;
    ari_comparison_free(c);
    return status;
}

/* What a look at the data tells of itself. */
typedef struct data_job {
    job *job;
    cli_progress progress;
} data_job;

static void seal_at_last(void *context)
{
    data_job *d = context;
    needs_no_more(d->job);
}

static void show_progress(void *context, uint64_t bytes, uint64_t of)
{
    data_job *d = context;
    progress_bytes(&d->progress, bytes, of);
}

static ari_status report_verify(job *j, ari_model *model, ari_err *err)
{
    const cli_options *o = j->run->o;
    ari_checks checks = o->checks;
    checks.leave_out = o->output;
    data_job data = { j, progress_begin(o->quiet) };
    checks.opened = seal_at_last;
    checks.progress = show_progress;
    checks.context = &data;
    ari_status status = ari_model_verify(model, &checks, err);
    progress_end(&data.progress);
    if (status == ARI_OK) status = ari_report_verify(model, &checks, o->strict, &o->style, &j->text, err);
    if (status == ARI_OK && !ari_model_sound(model, o->strict)) {
        j->run->answer_no = true;
    } else if (status == ARI_OK && !ari_model_extent_known(model)) {
        ari_err open = ARI_ERR_INIT;
        ari_fail(&open, ARI_UNSUPPORTED, ARI_NO_OFFSET, "compressed: whether all data is there is not known");
        ari_hint(&open, "decompress it, and verify what comes out");
        complain(subject_path(j), &open);
        j->run->failed = true;
    }
    return status;
}

/* --- All paths ------------------------------------------------------------------------------ */

static void run_subject(cli_run *r, job_report *report, const cli_subject *s, bool last)
{
    size_t n = subject_count(s);
    for (size_t i = 0; i < n && r->out.code == 0; i++) {
        job j = { .run = r, .report = report, .subject = s, .model = i, .last = last && i + 1 == n };
        ari_err err = ARI_ERR_INIT;
        if (guarded(report_one, &j, &err) == ARI_OK) {
            run_write(r, j.text);
        } else {
            run_error(r, subject_path(&j), &err);
        }
        free(j.text);
    }
}

static int out_of_memory(const cli_options *o)
{
    ari_err err = { ARI_LIMIT, ARI_NO_OFFSET, "out of memory", NULL };
    run_refuse(o, NULL, &err);
    return 2;
}

static int run_paths(const cli_options *o, job_report *report)
{
    cli_run r;
    size_t n = 0;
    cli_subject *subjects = calloc(o->path_count, sizeof(subjects[0]));
    if (subjects == NULL) return out_of_memory(o);
    if (run_begin(&r, o)) {
        for (size_t i = 0; i < o->path_count; i++) {
            subject_find(&r, o->paths[i], &subjects[i]);
            n += subject_count(&subjects[i]);
        }
        r.array = o->style.format == ARI_JSON && n > 1;
        for (size_t i = 0; i < o->path_count; i++) {
            run_subject(&r, report, &subjects[i], i + 1 == o->path_count);
            subject_free(&subjects[i]);
        }
    }
    free(subjects);
    return run_end(&r);
}

int run_inspect(const cli_options *o)
{
    return run_paths(o, report_inspect);
}

int run_verify(const cli_options *o)
{
    return run_paths(o, report_verify);
}

int run_match(const cli_options *o)
{
    return run_paths(o, report_match);
}

int run_tensors(const cli_options *o)
{
    return run_paths(o, report_tensors);
}

/* --- Several beside each other ---------------------------------------------------------------- */

/* One of them. */
typedef struct side {
    cli_subject subject;
    ari_model *model; /* NULL where err says why. */
    ari_err err;
} side;

typedef struct comparison_job {
    cli_run *run;
    side *sides;
    const ari_model **models; /* Those that could be read. */
    size_t count, failed;
    bool by_values; /* They are compared by what they hold, so each has to have it. */
    char *text;
} comparison_job;

static ari_status need_values(side *s, ari_err *err)
{
    const char *why = s->subject.set == NULL           ? "the catalogue has figures of it, and no values"
                      : ari_model_is_capsule(s->model) ? "a capsule has no values to compare"
                                                       : NULL;
    if (why == NULL || ari_model_has_fingerprint(s->model)) return ARI_OK;
    if (s->subject.set != NULL)
        ari_hint(err, "a capsule of the original made with --fingerprint would do, for a lead");
    ari_model_close(s->model);
    s->model = NULL;
    return ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET, "%s", why);
}

static ari_status open_side(void *context, ari_err *err)
{
    comparison_job *j = context;
    side *s = &j->sides[j->count + j->failed];
    ari_status status = subject_need_one(&s->subject, err);
    if (status == ARI_OK) status = subject_open(j->run, &s->subject, 0, &s->model, err);
    if (status == ARI_OK && j->by_values) return need_values(s, err);
    run_tell_absent(j->run, s->subject.path, s->model);
    ari_err absent = ARI_ERR_INIT;
    if (status == ARI_OK) status = measure(j->run, s->model, &absent, err);
    return status;
}

static void open_sides(comparison_job *j)
{
    for (size_t i = 0; i < j->run->o->path_count; i++) {
        side *s = &j->sides[i];
        s->err = (ari_err)ARI_ERR_INIT;
        subject_find(j->run, j->run->o->paths[i], &s->subject);
        if (guarded(open_side, j, &s->err) == ARI_OK) {
            j->models[j->count++] = s->model;
        } else {
            s->model = NULL;
            j->failed++;
        }
    }
}

static ari_status compare_sides(void *context, ari_err *err)
{
    comparison_job *j = context;
    const cli_options *o = j->run->o;
    ari_comparison *c = NULL;
    ari_status status = ari_compare(j->models, j->count, j->run->catalogue, o->keys, &c, err);
    if (status == ARI_OK) status = ari_report_compare(c, &o->style, &j->text, err);
    if (status == ARI_OK && o->tier != NULL && !ari_comparison_reaches(c, o->tier)) j->run->answer_no = true;
    ari_comparison_free(c);
    return status;
}

/* The others are still compared, if the first and one more can be read. */
static void run_comparison(comparison_job *j, guarded_work *work)
{
    const cli_options *o = j->run->o;
    ari_err err = ARI_ERR_INIT;
    open_sides(j);
    run_seal(j->run);
    bool compares = j->count > 1 && j->sides[0].model != NULL && !(j->by_values && j->failed > 0);
    j->run->array = o->style.format == ARI_JSON && compares + j->failed > 1;
    if (compares && guarded(work, j, &err) == ARI_OK) {
        run_write(j->run, j->text);
    } else if (compares) {
        run_error(j->run, o->paths[0], &err);
    }
    for (size_t i = 0; i < o->path_count; i++) {
        if (j->sides[i].model == NULL) run_error(j->run, o->paths[i], &j->sides[i].err);
        ari_model_close(j->sides[i].model);
        subject_free(&j->sides[i].subject);
    }
    free(j->text);
}

static int run_beside(const cli_options *o, guarded_work *work, bool by_values)
{
    cli_run r;
    comparison_job j = { .run = &r,
                         .sides = calloc(o->path_count, sizeof(j.sides[0])),
                         .models = calloc(o->path_count, sizeof(ari_model *)),
                         .by_values = by_values };
    int status = 2;
    if (j.sides == NULL || j.models == NULL) {
        out_of_memory(o);
    } else {
        if (run_begin(&r, o)) run_comparison(&j, work);
        status = run_end(&r);
    }
    free(j.sides);
    free(j.models);
    return status;
}

int run_compare(const cli_options *o)
{
    return run_beside(o, compare_sides, false);
}

/* --- What values say ---------------------------------------------------------------------------- */

static void show_reading(void *context, uint64_t bytes)
{
    progress_bytes(context, bytes, 0);
}

static ari_status diff_sides(void *context, ari_err *err)
{
    comparison_job *j = context;
    const cli_options *o = j->run->o;
    ari_lineage *l = NULL;
    cli_progress progress = progress_begin(o->quiet);
    ari_reading how = { .full = o->full, .progress = show_reading, .context = &progress };
    ari_status status = ari_diff(j->models[0], j->models[1], &how, &l, err);
    const ari_model *base = j->count > 3 ? j->models[3] : NULL;
    if (status == ARI_OK && o->merge) status = ari_lineage_mix(l, j->models[2], base, err);
    progress_end(&progress);
    if (status == ARI_OK) status = ari_report_diff(l, &o->style, &j->text, err);
    const char *relation = status == ARI_OK ? ari_lineage_relation(l) : "";
    j->run->answer_no = strcmp(relation, "identical") != 0;
    j->run->failed = j->run->failed || strcmp(relation, "not_comparable") == 0;
    ari_lineage_free(l);
    return status;
}

int run_diff(const cli_options *o)
{
    return run_beside(o, diff_sides, true);
}

int run_catalogue(const cli_options *o)
{
    cli_run r;
    size_t n = o->path_count == 0 ? 1 : o->path_count;
    if (run_begin(&r, o)) {
        r.array = o->style.format == ARI_JSON && n > 1;
        for (size_t i = 0; i < n; i++) {
            ari_err err = ARI_ERR_INIT;
            char *text = NULL;
            const char *name = o->path_count == 0 ? NULL : o->paths[i];
            if (ari_report_catalogue(r.catalogue, name, &o->style, &text, &err) == ARI_OK) {
                run_write(&r, text);
            } else {
                run_error(&r, name == NULL ? "catalogue" : name, &err);
            }
            free(text);
        }
    }
    return run_end(&r);
}

static ari_status list_stores(void *context, ari_err *err)
{
    cli_run *r = context;
    ari_inventory *inventory = NULL;
    char *text = NULL;
    ari_status status = ari_inventory_open(&r->o->library, &inventory, err);
    if (status == ARI_OK) status = ari_report_list(inventory, &r->o->style, &text, err);
    if (status == ARI_OK) run_write(r, text);
    free(text);
    ari_inventory_free(inventory);
    return status;
}

int run_list(const cli_options *o)
{
    cli_run r;
    ari_err err = ARI_ERR_INIT;
    if (run_begin(&r, o) && guarded(list_stores, &r, &err) != ARI_OK) run_error(&r, NULL, &err);
    return run_end(&r);
}
