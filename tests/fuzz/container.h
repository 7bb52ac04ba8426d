/* container.h -- what both container fuzzers do with their bytes.
 *
 * First the reader alone, over a copy of exactly their size: one byte too far is
 * seen by the sanitizer, as it would not be in a map, whose last page is longer.
 * Then everything, through a file in memory. */
#ifndef ARI_TESTS_FUZZ_CONTAINER_H
#define ARI_TESTS_FUZZ_CONTAINER_H

#include "../exercise.h"

#include "read/container.h"
#include "read/extents.h"

#include <sys/mman.h>
#include <unistd.h>

static inline void check_rows(const ari_checkpoint *c, ari_span map)
{
    const ari_tensors *t = &c->tensors;
    MUST(c->files[0].tensor_count == t->count);
    for (size_t i = 0; i < t->count; i++) {
        const ari_tensor *row = &t->rows[i];
        MUST(tensors_find(t, row->name) == row);
        MUST(row->shape_at + row->rank <= t->size_count);
        MUST(row->dtype < ARI_DT_COUNT + t->unknown_count);
        MUST(row->begin >= c->files[0].data_at && row->record_at <= map.size);
    }
    for (size_t i = 0; i < c->metadata.count; i++) {
        const ari_meta *m = &c->metadata.rows[i];
        ari_text out = { 0 };
        meta_print(m, ESCAPE_ALL, &out);
        MUST(out.data == NULL || is_clean(out.data, false));
        text_free(&out);
        /* A value of GGUF is never copied. */
        if (c->files[0].version > 0) MUST(span_within(m->key, map) && span_within(m->bytes, map));
        MUST(m->type == ARI_META_STRING || c->files[0].version > 0);
    }
}

static inline void read_alone(const ari_container *container, const uint8_t *data, size_t size)
{
    ari_file file = { .path = "x", .shown = "x", .where = "", .size = size, .content = size };
    ari_checkpoint c = { .files = &file, .file_count = 1, .limits = ari_options_default().limits };
    ari_err err = ARI_ERR_INIT;
    uint8_t *exact = malloc(size);
    if (exact == NULL) return;
    memcpy(exact, data, size);
    c.findings = (ari_findings){ .arena = &c.arena, .most = 100 };
    file.map = (ari_span){ exact, size };
    ari_cursor cursor = cursor_over(file.map, &err);
    if (container->recognise(span_first(file.map, 4096), size)) {
        ari_status status = container->read(&c, 0, &cursor);
        MUST(status == err.status && cursor.at <= size);
        if (status != ARI_OK) check_error(&err);
        if (status != ARI_OK) MUST(err.offset <= size || err.offset == ARI_NO_OFFSET);
        file.container = container;
        if (status == ARI_OK) MUST(container_settle(&c, 0, &err) == ARI_OK);
        if (status == ARI_OK) MUST(extents_check(&c, &err) == ARI_OK);
        if (status == ARI_OK) check_rows(&c, file.map);
    }
    tensors_free(&c.tensors);
    metadata_free(&c.metadata);
    findings_free(&c.findings);
    arena_free(&c.arena);
    free(exact);
}

/* The n-th file of a fuzzer, as a path that opens it. */
static const char *as_file(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static char path[32];
    if (fd < 0) {
        fd = memfd_create("fuzz", 0);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    }
    MUST(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
