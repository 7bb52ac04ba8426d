/* files.h -- what tests read and write: fixtures, files in memory, a folder of their own.
 *
 * A failure in here is the test's own and ends it at once. */
#ifndef ARI_TESTS_FILES_H
#define ARI_TESTS_FILES_H

#include "base/span.h"

/* A whole file below the project's top, such as "fixtures/small.gguf". The caller frees `data`. */
typedef struct test_bytes {
    uint8_t *data;
    size_t size;
} test_bytes;

test_bytes file_bytes(const char *path);

/* In the initialiser of a static table, the span of a literal. */
/* clang-format off */
#define BYTES(literal) { (const uint8_t *)(literal), sizeof(literal) - 1 }
/* clang-format on */

static inline ari_span bytes_span(test_bytes b)
{
    return (ari_span){ b.data, b.size };
}

/* A file without a name: `path` opens it until it is closed. */
typedef struct memory_file {
    int fd;
    char path[32];
} memory_file;

memory_file memory_open(void);
void memory_write(const memory_file *f, ari_span content); /* In place of what was there. */
void memory_close(const memory_file *f);

/* A folder that nobody else uses, and files in it. folder_free removes all of it. */
typedef struct test_folder {
    char path[64]; /* With its slash. */
} test_folder;

test_folder folder_new(void);
void folder_write(const test_folder *folder, const char *name, ari_span content);
void folder_text(const test_folder *folder, const char *name, const char *content);
void folder_make(const test_folder *folder, const char *name); /* A folder inside. */
void folder_free(const test_folder *folder);

/* folder/name, in a buffer of the folder's own that the next call overwrites. */
const char *folder_path(const test_folder *folder, const char *name);

#endif
