/* builtin.h -- what scripts/compile-catalogue makes of src/compare/catalogue at build time. */
#ifndef ARI_COMPARE_BUILTIN_H
#define ARI_COMPARE_BUILTIN_H

#include "compare/catalogue.h"

typedef struct ari_builtin {
    const ari_entry *entries; /* By name. */
    size_t count;
    const char *date;
} ari_builtin;

extern const ari_builtin catalogue_builtin;

#endif
