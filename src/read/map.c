#include "read/map.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    COPIED = 1 << 16,
    FIRST_STEP = 4 * 4096,
    POPULATE_READ = 22, /* MADV_POPULATE_READ, since Linux 5.14; older headers do not name it. */
};

static ari_status refused(ari_err *err, int code)
{
    bool absent = code == ENOENT || code == ENOTDIR;
    char words[128];
    const char *why = strerror_r(code, words, sizeof(words));
    return ari_fail(err, absent ? ARI_NOT_FOUND : ARI_UNREADABLE, ARI_NO_OFFSET, "%s", why);
}

static const char *kind_of(mode_t mode)
{
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

static ari_status map_descriptor(int fd, ari_span *out, ari_err *err)
{
    struct stat s;
    if (fstat(fd, &s) != 0) return refused(err, errno);
    if (!S_ISREG(s.st_mode)) {
        return ari_fail(err, ARI_UNREADABLE, ARI_NO_OFFSET, "is %s, not a regular file", kind_of(s.st_mode));
    }
    *out = (ari_span){ (const uint8_t *)"", 0 };
    if (s.st_size == 0) return ARI_OK;
    if ((uint64_t)s.st_size > SIZE_MAX) {
        return ari_fail(err, ARI_LIMIT, ARI_NO_OFFSET, "%jd bytes are more than this machine can map",
                        (intmax_t)s.st_size);
    }
    void *data = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) return refused(err, errno);
    *out = (ari_span){ data, (size_t)s.st_size };
    return ARI_OK;
}

static int open_to_read(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

ari_status map_open(const char *path, ari_span *out, ari_err *err)
{
    int fd = open_to_read(path);
    if (fd < 0) return refused(err, errno);
    ari_status status = map_descriptor(fd, out, err);
    close(fd);
    return status;
}

void map_close(ari_span map)
{
    if (map.size > 0) munmap((void *)(uintptr_t)map.data, map.size);
}

/* Advice is only that: where the system does not take it, nothing is lost but time. */
static void advise(ari_span bytes, int advice)
{
    if (bytes.size > 0) madvise((void *)(uintptr_t)bytes.data, bytes.size, advice);
}

void map_sparsely(ari_span map)
{
    advise(map, MADV_RANDOM);
}

void map_onward(ari_span map)
{
    advise(map, MADV_NORMAL);
}

/* From the disk all at once, and into this process's tables all at once: a page at a time either is slow. */
void map_fetch(ari_span part)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (uintptr_t)part.data % page;
    if (part.size == 0) return;
    part = (ari_span){ part.data - before, part.size + before };
    advise(part, MADV_WILLNEED);
    advise(part, POPULATE_READ);
}

void map_refill(void *map_source_pointer, size_t need, ari_span *in, ari_err *err)
{
    const map_source *source = map_source_pointer;
    size_t from = in->size, more = from / 11 < FIRST_STEP ? FIRST_STEP : from / 11;
    /* Of a count that cannot be true nothing is fetched: the reader will refuse it. */
    bool true_need = need <= source->map.size;
    if (true_need && need > source->most) {
        ari_fail(err, ARI_LIMIT, ARI_NO_OFFSET, "the header needs more than the %" PRIu64 " bytes allowed",
                 source->most);
        ari_hint(err, "if the file is sound, raise the limit with --limit header-bytes=N");
        return;
    }
    if (need < from + more) need = from + more;
    in->size = need < source->map.size ? need : source->map.size;
    if (true_need) map_fetch(span_from(span_first(source->map, in->size), from));
}

void map_rest(ari_span part)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), before = (page - (uintptr_t)part.data % page) % page;
    ari_span inner = span_from(part, before);
    advise(span_first(inner, inner.size & ~(page - 1)), MADV_DONTNEED);
}

/* Mapping costs more than copying where there is little, above all with several threads. */
static ari_status copy_descriptor(int fd, size_t size, ari_span *out, ari_err *err)
{
    uint8_t *data = malloc(size);
    size_t at = 0;
    ssize_t n = 1;
    if (data == NULL) return ari_out_of_memory(err);
    for (; at < size && n > 0; at += n > 0 ? (size_t)n : 0) n = read(fd, data + at, size - at);
    int code = n < 0 ? errno : 0;
    *out = (ari_span){ at == 0 ? (const uint8_t *)"" : data, at };
    if (code == 0 && at > 0) return ARI_OK; // cppcheck-suppress memleak ; map_small_close() has it
    free(data);
    *out = (ari_span){ (const uint8_t *)"", 0 };
    return code == 0 ? ARI_OK : refused(err, code);
}

ari_status map_small(const char *path, uint64_t most, ari_span *out, ari_err *err)
{
    struct stat s;
    int fd = open_to_read(path);
    if (fd < 0) return refused(err, errno);
    bool little =
        fstat(fd, &s) == 0 && S_ISREG(s.st_mode) && s.st_size <= COPIED && (uint64_t)s.st_size <= most;
    *out = (ari_span){ (const uint8_t *)"", 0 };
    ari_status status = little && s.st_size > 0 ? copy_descriptor(fd, (size_t)s.st_size, out, err)
                                                : map_descriptor(fd, out, err);
    close(fd);
    if (status != ARI_OK || out->size <= most) return status;
    size_t size = out->size;
    map_close(*out);
    *out = (ari_span){ (const uint8_t *)"", 0 };
    ari_fail(err, ARI_LIMIT, ARI_NO_OFFSET, "%zu bytes are more than the %" PRIu64 " allowed", size, most);
    return ari_hint(err, "raise the limit with --limit sidecar-bytes=N");
}

void map_small_close(ari_span small)
{
    if (small.size > COPIED) map_close(small);
    if (small.size > 0 && small.size <= COPIED) free((void *)(uintptr_t)small.data);
}
