/* scan.c -- every checkpoint below some folders: one crawl, several readers, lines in the order of the
 * crawl. */
#include "base/err.h"
#include "cli/commands.h"
#include "cli/guard.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/run.h"
#include "cli/scan_line.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { AHEAD = 8, TICK_MS = 100 };

/* What came of an item, until its turn has come. */
typedef struct outcome {
    bool ready, skipped;
    char *line; /* NULL where it is skipped, or a line could not be made. */
    char *path;
    ari_err err; /* Where it failed. */
} outcome;

typedef struct scan {
    const cli_options *o;
    cli_run run;
    crawl_wishes wishes;
    fingerprint_set known; /* Of --since. */
    pthread_mutex_t walking;
    crawl walk;
    uint64_t taken;
    pthread_mutex_t writing;
    pthread_cond_t moved; /* A turn has passed. */
    pthread_cond_t ended; /* A reader has. */
    outcome *outcomes;    /* A ring: the turn's number, modulo its size. */
    size_t ahead;
    uint64_t written, models, failed, skipped;
    size_t readers;   /* At work. */
    atomic_bool stop; /* Nothing can be written any more. */
    cli_progress progress;
    char *current; /* What was written last. */
} scan;

/* --- One checkpoint ------------------------------------------------------------------------------ */

typedef struct reading {
    scan *s;
    const crawl_item *item;
    char *report;
} reading;

static ari_status read_model(void *context, ari_err *err)
{
    reading *r = context;
    ari_model *model = NULL;
    ari_status status = ari_model_open(r->item->set, r->item->index, &r->s->o->library, &model, err);
    if (status == ARI_OK) status = run_inspection(&r->s->run, model, &r->report, err);
    ari_model_close(model);
    return status;
}

static void report_model(scan *s, const crawl_item *item, const scan_subject *subject, outcome *out)
{
    reading r = { s, item, NULL };
    ari_text line = { 0 };
    if (guarded(read_model, &r, &out->err) == ARI_OK) {
        scan_line_model(&line, subject, r.report);
        if (line.failed) ari_out_of_memory(&out->err);
    }
    free(r.report);
    out->line = line.data;
}

static outcome examine(scan *s, const crawl_item *item)
{
    outcome out = { .ready = true, .err = item->err, .path = strdup(item->path) };
    scan_subject subject = { 0 };
    if (out.err.status == ARI_OK) {
        scan_subject_of(item, &subject);
        out.skipped = fingerprint_set_has(&s->known, scan_subject_print(&subject));
        if (!out.skipped) report_model(s, item, &subject, &out);
    }
    scan_subject_free(&subject);
    if (out.err.status != ARI_OK) {
        ari_text line = { 0 };
        free(out.line);
        scan_line_error(&line, item->path, &out.err);
        out.line = line.data;
    }
    return out;
}

/* --- Lines, in order ------------------------------------------------------------------------------ */

static void put(scan *s, const char *line)
{
    if (!s->o->quiet && line != NULL) output_put(&s->run.out, line);
    if (s->run.out.code != 0) atomic_store(&s->stop, true);
}

static void write_outcome(scan *s, outcome *out)
{
    bool failed = out->err.status != ARI_OK;
    if (failed) progress_clear(&s->progress);
    if (failed) run_complain(&s->run, out->path, &out->err);
    put(s, out->line);
    s->failed += failed;
    s->skipped += out->skipped;
    s->models += !failed && !out->skipped;
    free(out->line);
    free(s->current);
    s->current = out->path;
    *out = (outcome){ 0 };
}

/* Hand it in; whoever has the next one in turn writes all that wait for it. */
static void hand_in(scan *s, uint64_t turn, const outcome *done)
{
    pthread_mutex_lock(&s->writing);
    s->outcomes[turn % s->ahead] = *done;
    for (outcome *next; (next = &s->outcomes[s->written % s->ahead])->ready; s->written++)
        write_outcome(s, next);
    pthread_cond_broadcast(&s->moved);
    pthread_mutex_unlock(&s->writing);
}

/* Nobody runs so far ahead that what waits grows. */
static void wait_for_room(scan *s, uint64_t turn)
{
    pthread_mutex_lock(&s->writing);
    while (turn - s->written >= s->ahead) pthread_cond_wait(&s->moved, &s->writing);
    pthread_mutex_unlock(&s->writing);
}

static bool is_ours(const cli_options *o, const crawl_item *item)
{
    fingerprint f = fingerprint_begin();
    fingerprint_add(&f, span_of(item->below));
    return f % o->shards == o->shard - 1;
}

static bool next_of_ours(const cli_options *o, crawl *c, crawl_item *item)
{
    while (crawl_next(c, item)) {
        if (is_ours(o, item)) return true;
        crawl_release(item);
    }
    return false;
}

/* Give back one item, and take the next. */
static bool take(scan *s, crawl_item *item, uint64_t *turn)
{
    pthread_mutex_lock(&s->walking);
    crawl_release(item);
    bool more = !interrupted() && !atomic_load(&s->stop) && next_of_ours(s->o, &s->walk, item);
    if (more) *turn = s->taken++;
    if (more) wait_for_room(s, *turn);
    pthread_mutex_unlock(&s->walking);
    return more;
}

static void *work(void *context)
{
    scan *s = context;
    crawl_item item = { .err = ARI_ERR_INIT };
    for (uint64_t turn; take(s, &item, &turn);) {
        outcome done = examine(s, &item);
        hand_in(s, turn, &done);
    }
    pthread_mutex_lock(&s->writing);
    s->readers--;
    pthread_cond_signal(&s->ended);
    pthread_mutex_unlock(&s->writing);
    return NULL;
}

/* --- Meanwhile ------------------------------------------------------------------------------------ */

/* A second crawl, which reads no model, counts them ahead of the first, while somebody looks. */
typedef struct count {
    crawl walk;
    uint64_t found;
    bool all;
} count;

static double now(void)
{
    struct timespec t = { 0 };
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void count_on(const cli_options *o, count *c)
{
    crawl_item item;
    for (double until = now() + TICK_MS / 1e3; !c->all && now() < until;) {
        c->all = !next_of_ours(o, &c->walk, &item);
        if (c->all) break;
        c->found++;
        crawl_release(&item);
    }
}

/* What waits goes out at least every tick, unless a writer is at it. */
static void tick(scan *s, count *c)
{
    if (progress_due(&s->progress)) {
        pthread_mutex_unlock(&s->writing);
        count_on(s->o, c);
        pthread_mutex_lock(&s->writing);
        uint64_t of = c->found > s->written ? c->found : s->written;
        progress_count(&s->progress, s->written, of, c->all, s->current == NULL ? "" : s->current);
    }
    fflush(s->run.out.file);
}

static void watch(scan *s)
{
    count c = { .walk = crawl_begin(&s->wishes) };
    pthread_mutex_lock(&s->writing);
    while (s->readers > 0) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += TICK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_cond_timedwait(&s->ended, &s->writing, &until);
        tick(s, &c);
    }
    progress_end(&s->progress);
    pthread_mutex_unlock(&s->writing);
    crawl_end(&c.walk);
}

/* --- All of it -------------------------------------------------------------------------------------- */

static size_t processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
}

/* A thread that cannot be had is done without; the last resort is this one. */
static void run_readers(scan *s, pthread_t *threads, size_t jobs)
{
    size_t started = 0;
    s->readers = jobs;
    while (started < jobs && pthread_create(&threads[started], NULL, work, s) == 0) started++;
    pthread_mutex_lock(&s->writing);
    s->readers -= jobs - started;
    pthread_mutex_unlock(&s->writing);
    if (started == 0) {
        s->readers = 1;
        work(s);
    }
    watch(s);
    for (size_t i = 0; i < started; i++) pthread_join(threads[i], NULL);
}

static void run_all(scan *s)
{
    size_t jobs = s->o->jobs > 0 ? s->o->jobs : processors();
    pthread_t *threads = calloc(jobs, sizeof(threads[0]));
    s->ahead = AHEAD * jobs;
    s->outcomes = calloc(s->ahead, sizeof(s->outcomes[0]));
    s->walk = crawl_begin(&s->wishes);
    if (threads == NULL || s->outcomes == NULL) {
        s->walk.failed = true;
    } else {
        run_readers(s, threads, jobs);
    }
    if (s->walk.failed) {
        ari_err err = ARI_ERR_INIT;
        ari_out_of_memory(&err);
        run_complain(&s->run, NULL, &err);
    }
    crawl_end(&s->walk);
    free(s->outcomes);
    free(s->current);
    free(threads);
}

static void put_text(scan *s, ari_text *line)
{
    if (line->failed) s->run.failed = true;
    if (!line->failed) put(s, line->data);
    text_free(line);
}

static void put_begin(scan *s)
{
    ari_text line = { 0 };
    scan_line_begin(&line, s->o, s->run.catalogue);
    put_text(s, &line);
}

/* Where it is missing, not all was read. */
static void put_end(scan *s)
{
    ari_text line = { 0 };
    scan_line_end(&line, s->models, s->failed, s->skipped);
    if (interrupted() || s->walk.failed) {
        text_free(&line);
    } else {
        put_text(s, &line);
    }
}

static ari_status read_since(void *context, ari_err *err)
{
    scan *s = context;
    return s->o->since == NULL ? ARI_OK : scan_lines_read(s->o->since, &s->known, err);
}

/* What all reports need; before the output is opened, which takes the place of what is there. */
static bool prepare(scan *s)
{
    ari_err err = ARI_ERR_INIT;
    bool known = guarded(read_since, s, &err) == ARI_OK;
    if (known && ari_catalogue_prepare(s->run.catalogue, &err) == ARI_OK) return true;
    run_refuse(s->o, known ? NULL : s->o->since, &err);
    return false;
}

int run_scan(const cli_options *o)
{
    scan s = { .o = o, .walking = PTHREAD_MUTEX_INITIALIZER, .writing = PTHREAD_MUTEX_INITIALIZER };
    s.moved = s.ended = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    s.wishes = (crawl_wishes){ .roots = o->paths,
                               .root_count = o->path_count,
                               .include = o->include,
                               .exclude = o->exclude,
                               .options = &o->library,
                               .guard = guarded };
    bool seen = o->quiet || (o->output == NULL && isatty(STDOUT_FILENO));
    if (run_contain(&s.run, o) && prepare(&s) && run_open(&s.run)) {
        interrupt_catch();
        s.progress = progress_begin(seen);
        put_begin(&s);
        run_all(&s);
        put_end(&s);
    }
    fingerprint_set_free(&s.known);
    int status = run_end(&s.run);
    interrupt_end();
    return status;
}
