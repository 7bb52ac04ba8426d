/* capsule.c -- the one command whose output is no report. */
#include "cli/commands.h"

#include "base/err.h"
#include "cli/guard.h"
#include "cli/progress.h"
#include "cli/run.h"

#include <stdlib.h>
#include <unistd.h>

typedef struct making {
    cli_run *run;
    cli_subject subject;
    cli_progress progress;
    unsigned char *bytes;
    size_t size;
} making;

static void seal(void *context)
{
    making *m = context;
    run_seal(m->run);
}

static void show_progress(void *context, uint64_t bytes, uint64_t of)
{
    making *m = context;
    progress_bytes(&m->progress, bytes, of);
}

static ari_status make(void *context, ari_err *err)
{
    making *m = context;
    ari_model *model = NULL;
    ari_checks checks = { .hash = m->run->o->checks.hash, .opened = seal, .progress = show_progress };
    checks.context = m;
    checks.fingerprint = m->run->o->checks.fingerprint;
    ari_status status = subject_need_one(&m->subject, err);
    if (status == ARI_OK) status = subject_open(m->run, &m->subject, 0, &model, err);
    if (status == ARI_OK) status = ari_capsule_make(model, &checks, &m->bytes, &m->size, err);
    ari_model_close(model);
    return status;
}

static void make_capsule(cli_run *r, const char *path)
{
    making m = { .run = r, .progress = progress_begin(r->o->quiet) };
    ari_err err = ARI_ERR_INIT;
    subject_find(r, path, &m.subject);
    ari_status status = guarded(make, &m, &err);
    progress_end(&m.progress);
    if (status == ARI_OK) {
        output_put_bytes(&r->out, m.bytes, m.size);
    } else {
        output_abandon(&r->out);
        run_error(r, path, &err);
    }
    free(m.bytes);
    subject_free(&m.subject);
}

/* It has to be said where to: what is no text is not put on somebody's screen. */
static bool has_destination(const cli_options *o)
{
    ari_err err = ARI_ERR_INIT;
    bool screen = o->to_stdout && isatty(STDOUT_FILENO);
    if (o->output != NULL || (o->to_stdout && !screen)) return true;
    ari_fail(&err, ARI_USAGE, ARI_NO_OFFSET, "%s",
             screen ? "a capsule is compressed, and is not written to a terminal"
                    : "capsule needs a file to write to: archinspect capsule PATH -o FILE");
    ari_hint(&err, "end its name in .capsule.zst, and it is found in a folder");
    run_refuse(o, NULL, &err);
    return false;
}

int run_capsule(const cli_options *o)
{
    cli_run r;
    ari_err unused = ARI_ERR_INIT;
    cli_options own = *o;
    /* Errors are reported in JSON where that was asked for; a page has no place. */
    if (own.style.format == ARI_HTML) own.style.format = ARI_TEXT;
    if (!has_destination(o)) return 2;
    /* Before nothing can be opened any more. Without the library, headers are not hashed. */
    ari_hash_ready(&unused);
    if (run_begin(&r, &own)) make_capsule(&r, o->paths[0]);
    return run_end(&r);
}
