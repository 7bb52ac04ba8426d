#include "audit/sweep.h"

#include "base/arith.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 1 << 20, THREADS_MOST = 16 };

/* --- What is to be read ------------------------------------------------------------------------ */

static ari_status refused(const char *name, ari_err *err)
{
    char words[128];
    int code = errno;
    return ari_fail(err, ARI_UNREADABLE, ARI_NO_OFFSET, "%s: %s", name,
                    strerror_r(code, words, sizeof(words)));
}

static ari_status open_one(sweep *s, size_t i, ari_err *err)
{
    struct stat now;
    ari_file_sum *f = &s->files[i];
    int fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return refused(f->name, err);
    s->descriptors[i] = fd;
    bool same = fstat(fd, &now) == 0 && S_ISREG(now.st_mode);
    bool own = i < s->c->file_count;
    if (!same || (own && (uint64_t)now.st_size != s->c->files[i].map.size)) {
        return ari_fail(err, ARI_TRUNCATED, ARI_NO_OFFSET, "%s is another file than it was a moment ago",
                        f->name);
    }
    f->bytes = (uint64_t)now.st_size;
    return ARI_OK;
}

/* Files that only hashing has to do with come after the checkpoint's. */
static ari_status list_files(sweep *s, const records *r, ari_err *err)
{
    size_t owned = s->c->file_count, n = owned + (s->hashes ? r->extra_count : 0);
    s->files = arena_alloc(&s->c->arena, n * sizeof(s->files[0]));
    s->descriptors = calloc(n, sizeof(int));
    if (s->files == NULL || s->descriptors == NULL) return ari_out_of_memory(err);
    for (size_t i = 0; i < n; i++) s->descriptors[i] = -1;
    s->file_count = n;
    for (size_t i = 0; i < n; i++) {
        bool own = i < owned;
        const char *path = own ? s->c->files[i].path : r->extra[i - owned].path;
        const char *name = own ? records_name(s->c, path) : r->extra[i - owned].name;
        s->files[i] = (ari_file_sum){ .path = path, .name = name };
        s->files[i].git_wanted = s->hashes && records_want_git(r, s->files[i].name);
        if (open_one(s, i, err) != ARI_OK) return err->status;
        if (s->hashes && !add_u64(s->total, s->files[i].bytes, &s->total)) s->total = UINT64_MAX;
    }
    return ARI_OK;
}

/* Its bytes are there, and plain. */
static bool is_whole(const sweep *s, const ari_tensor *row)
{
    const ari_file *f = &s->c->files[row->file];
    uint64_t end;
    return f->inflater == NULL && !s->crowded[row->file] && add_u64(row->begin, row->bytes, &end) &&
           end <= f->map.size;
}

static bool looks_at_values(const sweep *s, const ari_tensor *row)
{
    const ari_dtype_info *d = dtype_info(row->dtype);
    return s->tallies != NULL && values_known(row->dtype) && d->row_bytes == 0 && is_whole(s, row);
}

/* Where tensors overlap, little data could ask for any amount of reading. */
static ari_status find_crowded(sweep *s, ari_err *err)
{
    const ari_tensors *t = &s->c->tensors;
    uint64_t *sums = calloc(s->c->file_count + 1, sizeof(uint64_t));
    s->crowded = calloc(s->c->file_count + 1, sizeof(bool));
    if (sums == NULL || s->crowded == NULL) {
        free(sums);
        return ari_out_of_memory(err);
    }
    for (size_t i = 0; i < t->count; i++) {
        uint32_t file = t->rows[i].file;
        bool fits = add_u64(sums[file], t->rows[i].bytes, &sums[file]);
        if (!fits || sums[file] > s->c->files[file].map.size) s->crowded[file] = true;
    }
    free(sums);
    return ARI_OK;
}

static ari_status list_tensors(sweep *s, ari_err *err)
{
    const ari_tensors *t = &s->c->tensors;
    if (find_crowded(s, err) != ARI_OK) return err->status;
    if (s->hashes) {
        s->tensors = arena_alloc(&s->c->arena, (t->count + 1) * sizeof(s->tensors[0]));
        s->tensor_known = arena_alloc(&s->c->arena, (t->count + 1) * sizeof(bool));
        if (s->tensors == NULL || s->tensor_known == NULL) return ari_out_of_memory(err);
    }
    if (s->checks->values) {
        s->tallies = calloc(t->count + 1, sizeof(s->tallies[0]));
        if (s->tallies == NULL) return ari_out_of_memory(err);
    }
    for (size_t i = 0; i < t->count; i++) {
        bool reads = s->hashes ? is_whole(s, &t->rows[i]) : looks_at_values(s, &t->rows[i]);
        if (reads && !add_u64(s->total, t->rows[i].bytes, &s->total)) s->total = UINT64_MAX;
    }
    return ARI_OK;
}

ari_status sweep_open(ari_checkpoint *c, const ari_checks *checks, const records *r, sweep *s, ari_err *err)
{
    s->c = c;
    s->checks = checks;
    s->hashes = checks->hash || checks->manifest != NULL;
    if (!s->hashes && !checks->values) return ARI_OK;
    if (s->hashes && hash_load(&s->library, err) != ARI_OK) return err->status;
    if (list_files(s, r, err) != ARI_OK) return err->status;
    return s->files_only ? ARI_OK : list_tensors(s, err);
}

void sweep_close(sweep *s)
{
    for (size_t i = 0; s->descriptors != NULL && i < s->file_count; i++) {
        if (s->descriptors[i] >= 0) close(s->descriptors[i]);
    }
    free(s->descriptors);
    free(s->tallies);
    free(s->crowded);
    hash_unload(&s->library);
    *s = (sweep){ 0 };
}

/* --- Reading it ---------------------------------------------------------------------------------- */

/* What all threads share. Jobs are files, then tensors. */
typedef struct crew {
    sweep *s;
    size_t job_count;
    atomic_size_t next;
    atomic_uint_fast64_t done;
    atomic_bool stop;
    pthread_mutex_t lock;
    ari_err err;
} crew;

typedef struct worker {
    crew *crew;
    pthread_t thread;
    bool first; /* The caller's own thread, which tells of progress. */
    uint8_t *room;
} worker;

static void give_up(crew *k, const ari_err *err)
{
    pthread_mutex_lock(&k->lock);
    if (k->err.status == ARI_OK) k->err = *err;
    pthread_mutex_unlock(&k->lock);
    atomic_store(&k->stop, true);
}

static bool read_chunk(worker *w, size_t file, uint64_t at, size_t size)
{
    ari_err err = ARI_ERR_INIT;
    sweep *s = w->crew->s;
    for (size_t have = 0; have < size;) {
        ssize_t n = pread(s->descriptors[file], w->room + have, size - have, (off_t)(at + have));
        if (n > 0) {
            have += (size_t)n;
        } else if (n < 0 && errno != EINTR) {
            refused(s->files[file].name, &err);
            err.offset = at + have;
        } else if (n == 0) {
            ari_fail(&err, ARI_TRUNCATED, at + have, "%s became shorter while it was read",
                     s->files[file].name);
        }
        if (err.status != ARI_OK) {
            give_up(w->crew, &err);
            return false;
        }
    }
    uint64_t done = atomic_fetch_add(&w->crew->done, size) + size;
    if (w->first && s->checks->progress != NULL) s->checks->progress(s->checks->context, done, s->total);
    return !atomic_load(&w->crew->stop);
}

static void no_memory(worker *w)
{
    ari_err err = ARI_ERR_INIT;
    ari_out_of_memory(&err);
    give_up(w->crew, &err);
}

static void read_whole_file(worker *w, size_t i)
{
    sweep *s = w->crew->s;
    ari_file_sum *f = &s->files[i];
    char head[40];
    int n = snprintf(head, sizeof(head), "blob %" PRIu64, f->bytes);
    hash_state *sha256 = hash_begin(&s->library, HASH_SHA256);
    hash_state *git = f->git_wanted ? hash_begin(&s->library, HASH_SHA1) : NULL;
    hash_add(git, (ari_span){ (const uint8_t *)head, (size_t)n + 1 });
    bool ok = true;
    for (uint64_t at = 0; ok && at < f->bytes; at += CHUNK) {
        size_t size = f->bytes - at < CHUNK ? (size_t)(f->bytes - at) : CHUNK;
        ok = read_chunk(w, i, at, size);
        hash_add(sha256, (ari_span){ w->room, size });
        hash_add(git, (ari_span){ w->room, size });
    }
    uint8_t digest[HASH_MOST];
    bool hashed = hash_end(sha256, f->sha256);
    if (f->git_wanted) hashed = hash_end(git, digest) && hashed;
    if (f->git_wanted && hashed) memcpy(f->git_blob, digest, sizeof(f->git_blob));
    if (ok && !hashed) no_memory(w);
}

static void read_tensor(worker *w, size_t i)
{
    sweep *s = w->crew->s;
    const ari_tensor *row = &s->c->tensors.rows[i];
    const ari_dtype_info *d = dtype_info(row->dtype);
    bool values = looks_at_values(s, row), ok = is_whole(s, row);
    /* Blocks are not cut in two. */
    uint32_t unit = values ? d->block_bytes : 1;
    size_t chunk = CHUNK - CHUNK % unit;
    if (!ok || (!values && !s->hashes)) return;
    hash_state *h = s->hashes ? hash_begin(&s->library, HASH_SHA256) : NULL;
    for (uint64_t at = 0; ok && at < row->bytes; at += chunk) {
        size_t size = row->bytes - at < chunk ? (size_t)(row->bytes - at) : chunk;
        ok = read_chunk(w, row->file, row->begin + at, size);
        hash_add(h, (ari_span){ w->room, size });
        if (values) {
            values_count(row->dtype, s->c->files[row->file].big, (ari_span){ w->room, size - size % unit },
                         &s->tallies[i]);
        }
    }
    if (!s->hashes) return;
    s->tensor_known[i] = hash_end(h, s->tensors[i]);
    if (ok && !s->tensor_known[i]) no_memory(w);
}

static void *work(void *context)
{
    worker *w = context;
    crew *k = w->crew;
    size_t files = k->s->hashes ? k->s->file_count : 0;
    while (!atomic_load(&k->stop)) {
        size_t i = atomic_fetch_add(&k->next, 1);
        if (i >= k->job_count) break;
        if (i < files) {
            read_whole_file(w, i);
        } else {
            read_tensor(w, i - files);
        }
    }
    return NULL;
}

static size_t thread_count(size_t jobs)
{
    cpu_set_t set;
    size_t n = sched_getaffinity(0, sizeof(set), &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;
    if (n > THREADS_MOST) n = THREADS_MOST;
    if (n > jobs) n = jobs;
    return n < 1 ? 1 : n;
}

/* A thread that cannot be had is done without, but for the caller's own. */
static bool run_crew(crew *k, worker *workers, size_t count)
{
    size_t started = 1;
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        workers[i] = (worker){ .crew = k, .first = i == 0, .room = malloc(CHUNK) };
        ok = ok && workers[i].room != NULL;
    }
    while (ok && started < count &&
           pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    if (ok) work(&workers[0]);
    for (size_t i = 1; ok && i < started; i++) pthread_join(workers[i].thread, NULL);
    for (size_t i = 0; i < count; i++) free(workers[i].room);
    return ok;
}

ari_status sweep_run(sweep *s, ari_err *err)
{
    worker workers[THREADS_MOST];
    if (s->c == NULL || s->files == NULL) return ARI_OK;
    crew k = { .s = s, .err = ARI_ERR_INIT };
    k.job_count = (s->hashes ? s->file_count : 0) + (s->files_only ? 0 : s->c->tensors.count);
    if (k.job_count == 0) return ARI_OK;
    pthread_mutex_init(&k.lock, NULL);
    bool ok = run_crew(&k, workers, thread_count(k.job_count));
    pthread_mutex_destroy(&k.lock);
    if (!ok) return ari_out_of_memory(err);
    if (k.err.status != ARI_OK) *err = k.err;
    return k.err.status;
}

/* --- What was found ---------------------------------------------------------------------------------- */

static void note_values(sweep *s, const ari_tensor *row, const value_tally *t)
{
    ari_findings *f = &s->c->findings;
    const ari_dtype_info *d = dtype_info(row->dtype);
    const char *where = s->c->files[row->file].where;
    const char *of = d->class == ARI_BLOCKS ? "scales of its blocks" : "of its values";
    if (t->not_numbers > 0) {
        finding_add(f, ARI_FINDING_NOT_A_NUMBER, row->name, row->begin, "%s%" PRIu64 " %s are NaN", where,
                    t->not_numbers, of);
    }
    if (t->infinite > 0) {
        finding_add(f, ARI_FINDING_INFINITE, row->name, row->begin, "%s%" PRIu64 " %s are infinite", where,
                    t->infinite, of);
    }
    /* A bias of zeros is where training began, and where much of it ends. */
    if (!t->any && row->rank > 1 && row->elements > 0) {
        finding_add(f, ARI_FINDING_ALL_ZERO, row->name, row->begin, "%sall %" PRIu64 " values are zero",
                    where, row->elements);
    }
}

static void note_all_values(sweep *s)
{
    const ari_tensors *t = &s->c->tensors;
    const ari_tensor *unread = NULL;
    size_t count = 0;
    for (size_t i = 0; i < t->count; i++) {
        const ari_tensor *row = &t->rows[i];
        const ari_dtype_info *d = dtype_info(row->dtype);
        if (looks_at_values(s, row)) {
            note_values(s, row, &s->tallies[i]);
        } else if (d == NULL || d->class != ARI_INTEGER) {
            if (count++ == 0) unread = row;
        }
    }
    if (count == 0) return;
    finding_add(&s->c->findings, ARI_FINDING_VALUES_UNREAD, unread->name, unread->begin,
                "values of %zu tensors were not looked at (compressed, cut, overlapping, or of a type that "
                "is not decoded); "
                "this is the first",
                count);
}

ari_status sweep_finish(sweep *s, ari_sums *sums, ari_err *err)
{
    if (s->tallies != NULL) note_all_values(s);
    if (!s->hashes) return ARI_OK;
    *sums = (ari_sums){ .made = true,
                        .files = s->files,
                        .file_count = s->file_count,
                        .tensors = s->tensors,
                        .tensor_known = s->tensor_known };
    return sums_structure(s->c, &s->library, sums->structure) ? ARI_OK : ari_out_of_memory(err);
}

ari_status sweep_files(ari_checkpoint *c, const ari_checks *checks, ari_sums *sums, ari_err *err)
{
    records none = { 0 };
    sweep s = { .files_only = true };
    ari_status status = sweep_open(c, checks, &none, &s, err);
    if (checks->opened != NULL) checks->opened(checks->context);
    if (status == ARI_OK) status = sweep_run(&s, err);
    if (status == ARI_OK && s.hashes) *sums = (ari_sums){ .files = s.files, .file_count = s.file_count };
    sweep_close(&s);
    return status;
}
