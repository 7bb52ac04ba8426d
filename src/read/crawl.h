/* crawl.h -- every checkpoint below some folders, one at a time, in the order of their paths.
 *
 * Paths are ordered name by name, by bytes: a folder's own checkpoint comes before what lies in the folder.
 * No more is held in memory than the names in the folders on the way down, and 16 bytes a checkpoint, by
 * which those that have several names (links in a cache, hard links) come once, at the first of these; the
 * same weights with other configurations are not the same. Links to folders are not followed. */
#ifndef ARI_READ_CRAWL_H
#define ARI_READ_CRAWL_H

#include "base/fingerprint.h"
#include "read/set.h"

enum { CRAWL_DEPTH = 128 };

/* Patterns of the shell. One with a slash is held against the path below the folder that was named, one
 * without against each name on it. */
typedef struct crawl_globs {
    const char **globs;
    size_t count;
} crawl_globs;

typedef ari_status crawl_work(void *context, ari_err *err);

typedef struct crawl_wishes {
    const char *const *roots; /* Folders, or files. */
    size_t root_count;
    crawl_globs include; /* Where there are any: only what matches one, or lies in a folder that does. */
    crawl_globs exclude; /* Folders that match are not entered. */
    const ari_options *options;
    /* Does the work, in which files are mapped: one of them may shrink. */
    ari_status (*guard)(crawl_work *work, void *context, ari_err *err);
} crawl_wishes;

typedef struct crawl {
    crawl_wishes wishes;
    size_t next_root;
    struct crawl_folder *folders[CRAWL_DEPTH]; /* On the way down. */
    size_t depth;
    fingerprint_set told;
    bool failed; /* Memory ran short: it ended early. */
} crawl;

typedef struct crawl_file {
    const char *path;
    uint64_t device, inode, bytes;
    int64_t seconds; /* Of the last change. */
    long nanoseconds;
} crawl_file;

typedef struct crawl_item {
    const char *path;   /* As a user would write it; raw. */
    const char *below;  /* The part of it below the root; of a root that is a file, its name. */
    const ari_set *set; /* NULL where err says why. */
    size_t index;       /* In the set. */
    ari_err err;
    crawl_file *files; /* What is read of it, as far as it is there: weights, index, configurations, card. */
    size_t file_count, file_room;
    struct crawl_folder *folder; /* Holds all of that. */
} crawl_item;

crawl crawl_begin(const crawl_wishes *wishes);
/* False at the end. Every item is released. Of one crawl, these two run in one thread at a time; what is in
 * an item may be read meanwhile. */
bool crawl_next(crawl *c, crawl_item *out);
void crawl_release(crawl_item *item);
void crawl_end(crawl *c);

#endif
