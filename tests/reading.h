/* reading.h -- bytes read as the one file of a checkpoint. */
#ifndef ARI_TESTS_READING_H
#define ARI_TESTS_READING_H

#include "base/text.h"
#include "read/checkpoint.h"

typedef struct reading {
    ari_checkpoint *c; /* NULL when it failed. */
    ari_err err;
    char findings[1024]; /* Their words, in order, with a space between. */
} reading;

/* With NULL for limits, the defaults. */
reading read_bytes(ari_span content, const ari_limits *limits);
reading read_files(const char **paths, size_t count, const char *index, const ari_limits *limits);
void reading_free(reading *r);

/* A safetensors file: this header, then as many zeros. */
reading read_header(const char *header, size_t data_bytes);

/* The tensor of that name; there must be one. */
const ari_tensor *the_tensor(const reading *r, const char *name);
/* Its sizes as "2x3". */
const char *shape_text(const reading *r, const char *name);
/* The metadata value of that key as it prints, or "(absent)". In a buffer that the next call overwrites. */
const char *value_text(const reading *r, const char *key);

#endif
