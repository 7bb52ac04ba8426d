/* planted.h -- small Llama-like models whose values are drawn, and whose heads are what was asked for. */
#ifndef ARI_TESTS_PLANTED_H
#define ARI_TESTS_PLANTED_H

#include "archinspect.h"
#include "files.h"

#include <stdbool.h>

typedef struct plant {
    unsigned hidden, heads, kv_heads, head_dim, layers;
    double shared;  /* How much of a value row or output column is its head's own directions: 0 is chance. */
    double grouped; /* The same of output columns and their key/value group. */
    unsigned
        halves; /* Rows of queries and keys that are so far apart within a head share directions; or 0. */
    unsigned seed;
    bool fused;      /* One matrix for queries, keys and values. */
    bool transposed; /* All matrices [in, out]. */
    bool trained;    /* Norms that were moved. */
    bool gaps;       /* The first head of each layer is zeros. */
    bool uniform;    /* Drawn from a uniform distribution. */
    bool copied;     /* The second layer's MLP is the first's. */
    bool tied;       /* An output matrix of the embedding's bytes. */
    bool constant;   /* The first layer's MLP is one number. */
} plant;

/* The model that it makes, without measures; to be closed. Fails the test where it cannot be read. */
ari_model *planted(const plant *p);
/* The same as a file. */
void planted_write(const plant *p, const memory_file *f);

#endif
