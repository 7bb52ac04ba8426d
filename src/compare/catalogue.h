/* catalogue.h -- the reference models: figures with their sources, compiled in, and users' own. */
#ifndef ARI_COMPARE_CATALOGUE_H
#define ARI_COMPARE_CATALOGUE_H

#include "infer/architecture.h"

/* A value of a field as JSON text, and its number where it is one (else NaN). */
typedef struct ari_value {
    const char *json;
    double number;
} ari_value;

/* A field that an entry states: which, and the index of its value in the entry's pool. */
typedef struct ari_stated {
    uint16_t field, value;
} ari_stated;

/* A vision or audio part, its fields spelt like those of a model. */
typedef struct ari_tower {
    const char *role; /* "vision_encoder", "audio_encoder" */
    const ari_stated *stated;
    size_t stated_count;
} ari_tower;

/* What is known of a model beside its fields: "routed_scaling_factor", "2.5" (JSON). */
typedef struct ari_remark {
    const char *key, *value;
} ari_remark;

typedef enum ari_confidence {
    ARI_READ,     /* A real configuration, or the code of its class. */
    ARI_REPORTED, /* A paper or model card. */
    ARI_MEMORY,   /* Nothing that could be read: unverified. */
} ari_confidence;

/* NULL and 0 stand for what is not known. All text is escaped UTF-8. */
typedef struct ari_entry {
    const char *name, *family, *released, *kind;
    const char *source, *notes;
    const char *const *also_in;       /* NULL-terminated, as are the next two; never NULL. */
    const char *const *same_shape_as; /* Names of models with equal sizes, catalogued or not. */
    const char *const *variants;
    ari_confidence confidence;
    uint64_t digest; /* Of its figures. */
    uint64_t total_params, active_params;
    const char *params_basis; /* What total_params rests on: "published", "model name", "computed". */
    bool plain_mlp;           /* Two matrices, no gate. */
    bool partly_dense; /* Experts, but a dense MLP beside them or in some layers after the leading ones. */
    const ari_value *pool;
    const ari_stated *stated;
    size_t stated_count;
    const ari_tower *towers;
    size_t tower_count;
    const ari_remark *remarks;
    size_t remark_count;
    const char *evidence;          /* "catalogue: ", and the first of its sources in short. */
    const char *const *unverified; /* Fields from memory in an entry that else was read; NULL-terminated. */
} ari_entry;

/* The evidence of what rests on nothing that could be read. */
#define ARI_UNVERIFIED "catalogue (from memory, unverified)"

typedef struct ari_catalogue {
    const ari_entry *const
        *entries;        /* By name. A user's entry takes the place of a built-in one of its name. */
    size_t count, users; /* All, and how many of them are users'. */
    const char *date;    /* Of the built-in ones: "2026-11-25". */
    const char *digest;  /* 16 hex digits over all figures of all entries. */
    const struct ari_record
        *records; /* Of the entries, in their order, where many models are compared; or NULL. */
    ari_arena arena;
} ari_catalogue;

/* By its whole name, else by the part after the slash if that names one only; case does not matter. NULL if
 * there is none. */
const ari_entry *catalogue_find(const ari_catalogue *c, const char *name);
/* The same; fails with NOT_FOUND, and the closest name for a suggestion. */
ari_status catalogue_need(const ari_catalogue *c, const char *name, const ari_entry **out, ari_err *err);
/* The closest name for "did you mean", or NULL. */
const char *catalogue_nearest(const ari_catalogue *c, const char *name);

/* The stated fields of an entry, or of a tower of it, as an architecture of basis ARI_STATED. JSON null
 * stands for a model that has no such thing. Strings are the entry's. */
void entry_architecture(const ari_entry *e, const ari_tower *tower, ari_architecture *out);
/* The same of the entry itself, into fields that are clear. */
void entry_fields(const ari_entry *e, ari_inferred *fields);
/* The text of a field, NULL where the entry does not state it. */
const ari_value *entry_value(const ari_entry *e, ari_field field);

/* The parameters of the text model that follow from the fields, and those that one token uses; false where
 * the fields do not suffice. active equals total in a dense model. */
bool entry_parameters(const ari_entry *e, uint64_t *total, uint64_t *active);

#endif
