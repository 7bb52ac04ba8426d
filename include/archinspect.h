/* archinspect.h -- what is this checkpoint, and on what evidence?
 *
 * A checkpoint is one or more files of tensors: safetensors or GGUF, whole or
 * in shards, plain or compressed with zstd. This library maps them read-only,
 * reads nothing but their headers, and infers the architecture from the names
 * and shapes of the tensors. Configurations that lie beside the files, and
 * hyperparameters stored in them, are treated as claims: they fill what shapes
 * leave open, and every contradiction is reported.
 *
 *     ari_err err = ARI_ERR_INIT;
 *     ari_set *set = NULL;
 *     ari_model *model = NULL;
 *     if (ari_set_find("model.gguf", NULL, &set, &err) == ARI_OK &&
 *         ari_model_open(set, 0, NULL, &model, &err) == ARI_OK) {
 *         ari_fact f = ari_model_fact(model, "hidden_size");
 *         printf("%s (%s: %s)\n", f.value, ari_basis_word(f.basis), f.evidence);
 *     } else {
 *         fprintf(stderr, "%s\n", err.text);
 *     }
 *     ari_model_close(model);
 *     ari_set_free(set);
 *
 * Ownership, in one sentence: anything you get from a model belongs to the
 * model, and anything you get from a set belongs to the set.
 *
 * Errors stop, findings do not. A file that cannot be read gives an error: a
 * status, the byte offset, and a sentence. A file that can be read but breaks a
 * rule of its format gives a model with findings.
 *
 * The library never prints, never exits, keeps no global state and writes to no
 * file. Distinct models may be used from distinct threads at once. Text that
 * came from a file is escaped wherever it is handed out as a C string: control
 * characters, bidirectional overrides and malformed UTF-8 read \x1b, \u202e.
 *
 * The files are mapped. If another process truncates one while it is being
 * read, the kernel raises SIGBUS; a program that fears this installs a handler
 * (the command line tool does, and reports the file as truncated). */
#ifndef ARCHINSPECT_H
#define ARCHINSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The shared library exports what is declared here, and nothing else. */
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/*      code            word             what it means                              */
#define ARI_STATUS_LIST(X)                                                       \
    X(OK, "ok", "no error")                                                      \
    X(NOT_FOUND, "not_found", "there is nothing at that path")                   \
    X(UNREADABLE, "unreadable", "the system refused to read it")                 \
    X(UNSUPPORTED, "unsupported", "valid, but not handled here")                 \
    X(NOT_A_MODEL, "not_a_model", "something else than a checkpoint")            \
    X(MALFORMED, "malformed", "breaks its format beyond reading")                \
    X(TRUNCATED, "truncated", "the file ends before its header does")            \
    X(LIMIT, "limit", "larger than we are willing to believe, or out of memory") \
    X(USAGE, "usage", "asked in a way that has no answer")

typedef enum ari_status {
#define X(code, word, meaning) ARI_##code,
    ARI_STATUS_LIST(X)
#undef X
} ari_status;

#define ARI_NO_OFFSET UINT64_MAX

/* The caller owns it; it lives on the stack; nothing in it needs freeing. The
 * first failure wins: later ones on the same ari_err leave it as it is. */
typedef struct ari_err {
    ari_status status;
    uint64_t offset;  /* Byte in the file, or ARI_NO_OFFSET. */
    char text[480];   /* One line, always terminated; "" while status is ARI_OK. */
    const char *hint; /* What to do next, or NULL. Constant text. */
} ari_err;

/* clang-format off */
#define ARI_ERR_INIT { ARI_OK, ARI_NO_OFFSET, "", NULL }
/* clang-format on */

const char *ari_status_word(ari_status status);
const char *ari_version(void);

/* What a file may ask of us before we refuse. All counts are per checkpoint. */
/*      name             default        command line word   what                    */
#define ARI_LIMIT_LIST(X)                                                              \
    X(header_bytes, 100000000u, "header-bytes", "bytes of one header")                 \
    X(tensors, 2000000u, "tensors", "tensors")                                         \
    X(metadata_keys, 100000u, "metadata-keys", "metadata keys")                        \
    X(depth, 64u, "depth", "levels of nesting in JSON and GGUF arrays, at most 128")   \
    X(files, 20000u, "files", "files of one checkpoint or directory")                  \
    X(sidecar_bytes, 67108864u, "sidecar-bytes", "bytes of a config.json or an index") \
    X(findings, 1000u, "findings", "findings kept; the others are counted")

typedef struct ari_limits {
#define X(name, value, word, what) uint64_t name;
    ARI_LIMIT_LIST(X)
#undef X
} ari_limits;

typedef struct ari_options {
    bool weights_only; /* Ignore config.json, params.json and GGUF hyperparameters. */
    ari_limits limits;
} ari_options;

/* The defaults. Wherever an ari_options is taken, NULL means these. */
ari_options ari_options_default(void);

/* The checkpoints that a path names: usually one; several where a directory
 * holds alternatives (quantisations, consolidated files beside shards). */
typedef struct ari_set ari_set;

/* A path is a model file, one shard of several, an index, or a directory.
 * Fails with NOT_FOUND, UNREADABLE, NOT_A_MODEL, LIMIT. The caller frees it. */
ari_status ari_set_find(const char *path, const ari_options *options, ari_set **out, ari_err *err);
size_t ari_set_count(const ari_set *set);
/* The i-th checkpoint's path as a user would write it. Raw bytes, not escaped. */
const char *ari_set_path(const ari_set *set, size_t i);
void ari_set_free(ari_set *set);

/* Models that other programs keep on this machine, by the names that these give them:
 *
 *     ORG/NAME[@REVISION]     the cache of Hugging Face ("hf"); REVISION is a branch, a tag, or the
 *                             beginning of a commit; a NAME without ORG is one of the oldest
 *     ORG/NAME                else the folder of LM Studio ("lmstudio")
 *     ollama:NAME[:TAG]       the store of Ollama; NAME may be NAMESPACE/NAME or HOST/NAMESPACE/NAME
 *
 * "hf:" and "lmstudio:" before a name mean that store and no other. Where they are is read from the
 * environment (HF_HUB_CACHE, HF_HOME, OLLAMA_MODELS, HOME ...) with getenv. Nothing is fetched.
 *
 * *out is NULL, and the status ARI_OK, where no store was named and none has the model. Fails with NOT_FOUND
 * where a store was named, or has the model and neither the revision nor any weights of it; with MALFORMED,
 * NOT_A_MODEL for what is damaged or incomplete; and like ari_set_find. The caller frees *out. */
ari_status ari_store_find(const char *name, const ari_options *options, ari_set **out, ari_err *err);

/* Every place where one may be, and every file that says where; whether it is there or not. Fails with LIMIT.
 */
ari_status ari_store_places(void (*each)(void *context, const char *path), void *context, ari_err *err);

/* All of them, sorted by name. Those without a file that can be read are left out. */
typedef struct ari_inventory ari_inventory;

typedef struct ari_stored {
    const char *name;  /* What ari_store_find takes; where another has that name, the path. */
    const char *store; /* "hf", "ollama" or "lmstudio". */
    const char *path;  /* The folder or file that is inspected. Raw bytes, not escaped. */
    uint64_t bytes, files;
    int64_t modified; /* Of the newest file; seconds since 1970. */
} ari_stored;

/* Fails with LIMIT. The caller frees it. */
ari_status ari_inventory_open(const ari_options *options, ari_inventory **out, ari_err *err);
size_t ari_inventory_count(const ari_inventory *inventory);
/* It belongs to the inventory. */
ari_stored ari_inventory_model(const ari_inventory *inventory, size_t i);
void ari_inventory_free(ari_inventory *inventory);

typedef struct ari_model ari_model;

/* Read the headers and infer. On failure *out is NULL and err says why. */
ari_status ari_model_open(const ari_set *set, size_t i, const ari_options *options, ari_model **out,
                          ari_err *err);
void ari_model_close(ari_model *model);

typedef enum ari_basis {
    ARI_UNKNOWN,    /* Nothing in the files decides it. */
    ARI_SHAPE,      /* Follows from names and shapes in one way only. */
    ARI_WEIGHTS,    /* Measured on tensor values. */
    ARI_CONVENTION, /* What this naming scheme always has. */
    ARI_STATED,     /* A config or a key says so, and nothing contradicts it. */
    ARI_AMBIGUOUS,  /* Several values fit the shapes; candidates lists them. */
} ari_basis;

const char *ari_basis_word(ari_basis basis);

typedef struct ari_fact {
    const char *value; /* As JSON ("4096", "\"silu\"", "null"). */
    ari_basis basis;
    const char *evidence; /* A sentence, or NULL. */
} ari_fact;

/* One field of the main component's architecture, by its Hugging Face name. An
 * unknown name gives a null value of basis ARI_UNKNOWN. */
ari_fact ari_model_fact(const ari_model *model, const char *field);

/* Logical parameters; false where packed weights leave the number open. */
bool ari_model_parameters(const ari_model *model, uint64_t *out);

typedef enum ari_severity { ARI_NOTE, ARI_WARNING, ARI_ERROR } ari_severity;

typedef struct ari_finding {
    const char *id; /* Permanent word, such as "tensor-overlap". */
    ari_severity severity;
    const char *tensor; /* Escaped, or NULL. */
    uint64_t offset;    /* Byte in the file, or ARI_NO_OFFSET. */
    const char *message;
} ari_finding;

/* What ari_model_verify looks at beyond the headers. */
typedef struct ari_checks {
    bool values; /* Numbers that are none, infinities, weights of zeros: reads all data. */
    bool hash;   /* SHA-256 of files and tensors, held against what is recorded nearby: reads all data. */
    const char *manifest; /* Hold them against this file: a report of verify in JSON, the output of sha256sum,
                             or a pointer of Git LFS. NULL for none. */
    const char *leave_out; /* A file that is not hashed: where the report is written to. Or NULL. */
    /* Called in the caller's thread, both of them, with `context`; NULL where nobody wants to know. */
    void (*opened)(void *context); /* Once: no file will be opened from here on. */
    void (*progress)(void *context, uint64_t bytes, uint64_t of);
    void *context;
    bool fingerprint; /* Of ari_capsule_make only: some numbers by which relatives are found. */
} ari_checks;

/* Look closer: at what lies in the folder, chat templates, code that configurations name, disguises; and at
 * the data itself, with threads of its own, as `checks` asks (NULL: not at all). Adds findings to the
 * model's; once a model. Fails with LIMIT; with UNSUPPORTED where there is nothing to hash with
 * (libcrypto.so.3 is loaded then), or for a catalogued model; with TRUNCATED, UNREADABLE for data; and for a
 * manifest that cannot be read. */
ari_status ari_model_verify(ari_model *model, const ari_checks *checks, ari_err *err);
/* Loads the library that hashes, for programs that may not open files later. Fails with UNSUPPORTED. */
ari_status ari_hash_ready(ari_err *err);

/* Read values where names and shapes leave a question: a sample of some MiB, and all of a tensor that looks
 * odd. Where the size of a head is ambiguous, the three fields that depend on it get the basis ARI_WEIGHTS,
 * or, where values do not tell it surely, an order of candidates and evidence. Adds findings: constants,
 * copies, what looks untrained. Once a model; reports of it say more from then on. Fails with UNSUPPORTED
 * where there are no values to read (of a capsule, a catalogued model, what is compressed), which leaves the
 * model as it was; with LIMIT, after which it may have been measured in part. */
ari_status ari_model_measure(ari_model *model, ari_err *err);

/* Is it a capsule: what headers said, and no values? */
bool ari_model_is_capsule(const ari_model *model);
/* Is it a capsule that a fingerprint was kept in? */
bool ari_model_has_fingerprint(const ari_model *model);
/* Make one: what the headers of the model say, and what lies beside them and is read along, as a file that
 * opens like the model itself (archinspect-capsule(5)). The same bytes for the same model, of one version of
 * zstd. Of `checks`, hash adds to it the SHA-256 of each whole file (reads all data), and fingerprint some
 * thousand small numbers that ari_diff takes in place of values (reads some megabytes); `opened` and
 * `progress` are called as by ari_model_verify. Fails with UNSUPPORTED for what is a capsule already or has
 * no files, where there is nothing to hash with, and where there are no values to take a fingerprint of; with
 * LIMIT; with TRUNCATED, UNREADABLE for data. *out is malloc'd. */
ari_status ari_capsule_make(ari_model *model, const ari_checks *checks, unsigned char **out, size_t *bytes,
                            ari_err *err);

/* Does every file say where its data ends, so that whether it is all there is known? Not of what is
 * compressed as a stream. True of a catalogued model. */
bool ari_model_extent_known(const ari_model *model);
/* Is there no finding of severity error, or, strict, of warning? */
bool ari_model_sound(const ari_model *model, bool strict);
size_t ari_model_finding_count(const ari_model *model);
ari_finding ari_model_finding(const ari_model *model, size_t i);

typedef struct ari_tensor_info {
    const char *name; /* Raw bytes, name_bytes long, not terminated: escape before printing. */
    size_t name_bytes;
    const char *dtype;     /* The container's own spelling, escaped. */
    const uint64_t *shape; /* rank sizes, outermost first, also for GGUF. */
    size_t rank;
    uint64_t elements;
    uint64_t offset; /* From the start of its file. */
    uint64_t bytes;
    size_t file; /* Index of its file in the checkpoint. */
} ari_tensor_info;

size_t ari_model_tensor_count(const ari_model *model);
ari_tensor_info ari_model_tensor(const ari_model *model, size_t i);

/* Reference models: figures with their sources, some hundred of them compiled in, and users' own. */
typedef struct ari_catalogue ari_catalogue;

/* With the entries of users' files (YAML, see archinspect-catalogue(5)), which take the place of built-in
 * ones of the same name. Fails with NOT_FOUND, UNREADABLE, MALFORMED (the text names file, line and key),
 * LIMIT. */
ari_status ari_catalogue_open(const char *const *files, size_t count, ari_catalogue **out, ari_err *err);
void ari_catalogue_free(ari_catalogue *catalogue);
/* Before many models are compared with it: what each comparison needs of the entries is made once, for a
 * megabyte of memory. Fails with LIMIT. */
ari_status ari_catalogue_prepare(ari_catalogue *catalogue, ari_err *err);

/* A catalogued model, by its whole name or what follows the slash, as if it had been read: every value is
 * stated. Fails with NOT_FOUND. It borrows from the catalogue. */
ari_status ari_model_catalogued(const ari_catalogue *catalogue, const char *name, ari_model **out,
                                ari_err *err);

/* A model, the first, beside others; or beside the whole catalogue where it is the only one. */
typedef struct ari_comparison ari_comparison;

/* keys: "core", "extended" (NULL is that), "all", or names with commas between. Fails with USAGE for a key
 * that is none. It borrows the models and the catalogue. */
ari_status ari_compare(const ari_model *const *models, size_t count, const ari_catalogue *catalogue,
                       const char *keys, ari_comparison **out, ari_err *err);
/* Are these keys? Fails with USAGE. */
ari_status ari_keys_check(const char *keys, ari_err *err);
/* Does a reference reach that tier, whatever open keys turn out to be: different, independent, similar,
 * identical? */
bool ari_comparison_reaches(const ari_comparison *comparison, const char *tier);
/* Does a reference share a core key that is known? */
bool ari_comparison_shares_core(const ari_comparison *comparison);
bool ari_is_tier(const char *word);
/* Hold the subject's values against the fingerprint in a capsule, as ari_diff does: reports of match then
 * tell what it says, which is a lead or nothing. A subject without values is told, too. Borrows nothing.
 * Fails with UNSUPPORTED where the capsule has none, and with LIMIT. */
ari_status ari_comparison_add_fingerprint(ari_comparison *comparison, const ari_model *capsule, ari_err *err);
void ari_comparison_free(ari_comparison *comparison);

/* What the values of two models say of each other: read, a few megabytes of each, and tested against what
 * chance would give. */
typedef struct ari_lineage ari_lineage;

typedef struct ari_reading {
    bool full; /* All bytes, and all hidden units of all layers. */
    /* Called in the caller's thread, with `context` and the bytes read so far; NULL where nobody wants to
     * know. */
    void (*progress)(void *context, uint64_t bytes);
    void *context;
} ari_reading;

/* how: NULL for a sample. Borrows the models. Where one is a capsule with a fingerprint, fingerprints are
 * compared, and what is found is a lead: see ari_lineage_is_lead. Fails with UNSUPPORTED for what has neither
 * values nor fingerprint (a capsule made without, a catalogued model) and with LIMIT. ari_lineage_free it. */
ari_status ari_diff(const ari_model *a, const ari_model *b, const ari_reading *how, ari_lineage **out,
                    ari_err *err);
/* Is `a` a mix of `b` and `other`? Adds the shares of each layer to the evidence. base: what both come from,
 * which is taken off first; or NULL. Borrows them until the lineage is freed. Fails with UNSUPPORTED, LIMIT.
 */
ari_status ari_lineage_mix(ari_lineage *lineage, const ari_model *other, const ari_model *base, ari_err *err);
/* "identical"; "related": not independent since initialisation, be it by descent, by a common ancestor or by
 * the same seed; "partly_related"; "no_relation_found", in what was compared; "inconclusive";
 * "not_comparable". */
const char *ari_lineage_relation(const ari_lineage *lineage);
/* Is it of fingerprints? Then "related" is a reason to look closer, and finding nothing, which is
 * "inconclusive", clears nobody: the weights themselves are needed. Never "identical" or "no_relation_found".
 */
bool ari_lineage_is_lead(const ari_lineage *lineage);
void ari_lineage_free(ari_lineage *lineage);

/* Reports. The text is malloc'd, terminated, and the caller's to free. */
typedef enum ari_format { ARI_TEXT, ARI_MARKDOWN, ARI_JSON, ARI_NDJSON, ARI_HTML } ari_format;

typedef enum ari_language { ARI_ENGLISH, ARI_KOREAN } ari_language;

typedef struct ari_style {
    ari_format format;
    ari_language language; /* Of text, Markdown and HTML; JSON is in English. */
    unsigned columns;      /* Width of text; 0 means 80. */
    bool color;            /* ANSI colours in text. */
    bool ascii;            /* No character outside ASCII in text. */
    bool evidence;         /* Under each value, what it rests on. */
} ari_style;

/* comparison: of this model alone, with the catalogue; NULL leaves it out. */
ari_status ari_report_inspect(const ari_model *model, const ari_comparison *comparison,
                              const ari_style *style, char **out, ari_err *err);
/* Fails with UNSUPPORTED for a catalogued model, which has no tensors. */
ari_status ari_report_tensors(const ari_model *model, const ari_style *style, char **out, ari_err *err);
/* What its format forbids or a reader should know. `checks` as they were given to ari_model_verify, or NULL.
 * Fails with UNSUPPORTED for a catalogued model. */
ari_status ari_report_verify(const ari_model *model, const ari_checks *checks, bool strict,
                             const ari_style *style, char **out, ari_err *err);
/* Of several models the table; of one alone the catalogue's ranking, its first `top` rows. */
ari_status ari_report_compare(const ari_comparison *comparison, const ari_style *style, char **out,
                              ari_err *err);
ari_status ari_report_match(const ari_comparison *comparison, size_t top, const ari_style *style, char **out,
                            ari_err *err);
ari_status ari_report_diff(const ari_lineage *lineage, const ari_style *style, char **out, ari_err *err);
/* All entries, or the one of that name. Fails with NOT_FOUND. */
ari_status ari_report_catalogue(const ari_catalogue *catalogue, const char *name, const ari_style *style,
                                char **out, ari_err *err);
/* What is there; where nothing is, or with evidence, also where it was looked for. */
ari_status ari_report_list(const ari_inventory *inventory, const ari_style *style, char **out, ari_err *err);
/* A report in ARI_HTML is an <article>; a page is what begins it, any number of them, and what ends it. */
ari_status ari_page_begin(const char *title, const ari_style *style, char **out, ari_err *err);
ari_status ari_page_end(char **out, ari_err *err);
/* The JSON object, or article, that stands in a report's place where a path failed; path is NULL where none
 * is at fault.
 */
ari_status ari_report_error(const char *path, const ari_err *what, const ari_style *style, char **out,
                            ari_err *err);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif

#ifdef __cplusplus
}
#endif

#endif
