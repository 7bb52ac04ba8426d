/* entry.h -- entries of the catalogue, read from YAML: at build time those that are compiled in, later
 * users'. */
#ifndef ARI_COMPARE_ENTRY_H
#define ARI_COMPARE_ENTRY_H

#include "compare/catalogue.h"

/* What a file holds, in its order. */
typedef struct ari_entries {
    ari_entry *items;
    size_t count;
    const char *date; /* Of the catalogue, where the file states it. */
} ari_entries;

/* {family, models: [...]}, or the sequence of models by itself. Everything lives in the arena.
 * Errors read "line 12: hidden_size: \"big\" is no whole number"; the caller adds the path. */
ari_status entries_read(ari_span text, ari_arena *arena, ari_entries *out, ari_err *err);

/* The same of a file of at most 16 MB, its path in errors. */
ari_status entries_open(const char *path, ari_arena *arena, ari_entries *out, ari_err *err);

#endif
