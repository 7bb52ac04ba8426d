/* builtin.h -- what scripts/compile-catalogue makes of src/compare/catalogue at build time.
 *
 * It holds no pointers, so nothing of it is touched, and no page of it copied, before it is needed. Text is
 * named by where it begins in `words`, a list by where it begins in `lists`; 0 is NULL, and ends a list. */
#ifndef ARI_COMPARE_BUILTIN_H
#define ARI_COMPARE_BUILTIN_H

#include "compare/catalogue.h"

typedef struct packed_value {
    double number;
    uint32_t json;
} packed_value;

typedef struct packed_tower {
    uint32_t role, stated, stated_count;
} packed_tower;

typedef struct packed_remark {
    uint32_t key, value;
} packed_remark;

/* As ari_entry. */
typedef struct packed_entry {
    uint64_t digest, total_params, active_params;
    uint32_t name, family, released, kind, source, notes, params_basis, evidence;
    uint32_t also_in, same_shape_as, variants, unverified;
    uint32_t stated, towers, remarks;
    uint16_t stated_count, tower_count, remark_count;
    uint8_t confidence;
    bool plain_mlp, partly_dense;
} packed_entry;

typedef struct ari_builtin {
    const char *words;
    const uint32_t *lists;
    const packed_value *pool;
    const ari_stated *stated;
    const packed_tower *towers;
    const packed_remark *remarks;
    const packed_entry *entries; /* By name. */
    size_t list_count, pool_count, tower_count, remark_count, count;
    const char *date;
} ari_builtin;

extern const ari_builtin catalogue_builtin;

#endif
