/* metadata.h -- key-value pairs of both containers, as views into the file.
 *
 * A GGUF value stays where it is: a row knows its type and its bytes. An array of
 * 262,144 tokens is one row; nothing is copied, nothing is decoded until asked. */
#ifndef ARI_READ_METADATA_H
#define ARI_READ_METADATA_H

#include "base/text.h"

/* GGUF's value types, by the file's own numbers; all of safetensors' are strings.
 *
 *    id      number  bytes  word                                                  */
#define META_TYPE_LIST(X)     \
    X(U8, 0, 1, "u8")         \
    X(I8, 1, 1, "i8")         \
    X(U16, 2, 2, "u16")       \
    X(I16, 3, 2, "i16")       \
    X(U32, 4, 4, "u32")       \
    X(I32, 5, 4, "i32")       \
    X(F32, 6, 4, "f32")       \
    X(BOOL, 7, 1, "bool")     \
    X(STRING, 8, 0, "string") \
    X(ARRAY, 9, 0, "array")   \
    X(U64, 10, 8, "u64")      \
    X(I64, 11, 8, "i64")      \
    X(F64, 12, 8, "f64")

typedef enum ari_meta_type {
#define X(id, number, bytes, word) ARI_META_##id = number,
    META_TYPE_LIST(X)
#undef X
        ARI_META_TYPE_COUNT,
} ari_meta_type;

typedef struct ari_meta {
    ari_span key;
    ari_span bytes; /* The value's own; of a string its text; of an array all elements. */
    uint64_t count; /* Elements of an array. */
    uint64_t at;    /* Where the pair begins in its file. */
    uint32_t file;  /* Index of it in the checkpoint. */
    uint8_t type, element;
    bool big; /* Byte order of the file it came from. */
} ari_meta;

typedef struct ari_metadata {
    ari_meta *rows;
    size_t count, room;
} ari_metadata;

/* Bytes of one value of that type; 0 for strings, arrays and unknown types. */
unsigned meta_type_bytes(uint32_t type);
const char *meta_type_word(uint32_t type);

bool metadata_add(ari_metadata *m, const ari_meta *row); /* False when memory is short. */
/* The first row of that key, or NULL. */
const ari_meta *metadata_find(const ari_metadata *m, const char *key);
void metadata_free(ari_metadata *m);

/* Element i of an array of numbers, or the value itself with i = 0. Infinities and
 * NaN are no numbers: they print, and nobody can reckon with them. */
bool meta_number(const ari_meta *m, uint64_t i, double *out);
bool meta_integer(const ari_meta *m, uint64_t i, int64_t *out);
bool meta_bool(const ari_meta *m, uint64_t i, bool *out);

/* The value as people write it, escaped; long strings are cut at `most` bytes and
 * long arrays after a few elements. */
void meta_print(const ari_meta *m, size_t most, ari_text *out);

#endif
