/* map.h -- a file as bytes: read-only, private, regular files only. */
#ifndef ARI_READ_MAP_H
#define ARI_READ_MAP_H

#include "base/err.h"
#include "base/span.h"

/* Map the file at `path`. Fails with NOT_FOUND, UNREADABLE (also for what is no
 * regular file: opening a pipe must not wait) or LIMIT. An empty file is an
 * empty span. */
ari_status map_open(const char *path, ari_span *out, ari_err *err);
void map_close(ari_span map);
/* How it will be read, so that of a file that is not in memory no more comes in than is asked for: here and
 * there, a page at a time; or from the beginning on, until it is enough. */
void map_sparsely(ari_span map);
void map_onward(ari_span map);
/* These bytes will be read, all of them, now. */
void map_fetch(ari_span part);
/* The refill of a cursor (base/cursor.h) that begins with nothing: what is asked for comes in, and an
 * eleventh of what came before. No header has more bytes than `most`: what is asked for beyond fails with
 * LIMIT. */
typedef struct map_source {
    ari_span map;
    uint64_t most;
} map_source;
void map_refill(void *map_source_pointer, size_t need, ari_span *in, ari_err *err);
/* The pages of a map that lie in that part of it need not stay in memory: they come back from the file when
 * they are asked for. */
void map_rest(ari_span part);

/* The whole of a small file, if it has at most `most` bytes. map_small_close it. */
ari_status map_small(const char *path, uint64_t most, ari_span *out, ari_err *err);
void map_small_close(ari_span small);

#endif
