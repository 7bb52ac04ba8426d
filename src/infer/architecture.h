/* architecture.h -- forty facts, each with what it rests on. */
#ifndef ARI_INFER_ARCHITECTURE_H
#define ARI_INFER_ARCHITECTURE_H

#include "base/arena.h"

typedef enum ari_field {
#define FIELD(id, name, kind) ARI_FIELD_##id,
#include "infer/field.def"
    ARI_FIELD_COUNT,
} ari_field;

typedef enum ari_field_kind {
    ARI_KIND_INTEGER,
    ARI_KIND_REAL,
    ARI_KIND_TEXT,
    ARI_KIND_BOOL,
    ARI_KIND_JSON
} ari_field_kind;

typedef struct ari_field_info {
    const char *name;
    ari_field_kind kind;
} ari_field_info;

const ari_field_info *field_info(ari_field field);
/* ARI_FIELD_COUNT where there is no such field. */
ari_field field_by_name(const char *name);

/* A value is JSON text: "4096", "\"silu\"", "null". */
typedef struct ari_inferred {
    const char *value; /* Never NULL; "null" where there is none. */
    ari_basis basis;
    const char *evidence;    /* Or NULL. */
    const char **candidates; /* Of an ambiguous value, likeliest first. */
    size_t candidate_count;
    bool incomplete;   /* Others than the candidates fit, too. */
    double confidence; /* Of what was measured, 0 to 1. */
} ari_inferred;

typedef struct ari_architecture {
    ari_inferred fields[ARI_FIELD_COUNT];
} ari_architecture;

/* Everything unknown. */
void architecture_clear(ari_architecture *a);

/* Set a field. evidence may be NULL; it and a value that is not constant live in
 * the arena. Memory that runs short leaves the field as it was. */
void set_integer(ari_architecture *a, ari_arena *arena, ari_field field, uint64_t value, ari_basis basis,
                 const char *evidence);
void set_text(ari_architecture *a, ari_arena *arena, ari_field field, const char *word, ari_basis basis,
              const char *evidence);
void set_bool(ari_architecture *a, ari_field field, bool value, ari_basis basis, const char *evidence);
/* Several that fit, likeliest first; none leaves the field as it was. */
void set_candidates(ari_architecture *a, ari_arena *arena, ari_field field, const uint64_t *values, size_t n,
                    const char *evidence);
/* The model has no such thing: null, and the shapes say so. */
void set_absent(ari_architecture *a, ari_field field, const char *evidence);

/* A word a layer, as the shortest period that they repeat twice or more, in runs:
 * [["linear_attention", 3], ["full_attention", 1]]. NULL when memory is short. */
const char *layer_period(ari_arena *arena, const char *const *words, size_t n);

/* The number that a value is; NaN where it is none. */
double value_number(const char *json);
/* GGUF keeps an epsilon as a float of 32 bits: 9.999999747378752e-06. What is no number equals none. */
bool is_same_number(double x, double y);
/* Do two values say the same? Numbers are compared as numbers: 1e-05 and 0.00001. */
bool same_value(const char *a, const char *b);

#endif
