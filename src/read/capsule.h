/* capsule.h -- what the headers of a model say, without the model: lines of JSON, compressed with zstd.
 *
 *     {"schema":"archinspect/capsule/1","name":"tiny","files":1,"tensors":2}
 *     {"sidecar":"config.json","text":"{...}"}
 *     {"finding":"odd-name","tensor":"a\u200bb","message":"..."}
 *     {"file":"model.safetensors","format":"safetensors","bytes":9000,"header_bytes":200}
 *     {"metadata":"format","type":"string","value":"pt"}
 *     {"fingerprint":"up","version":1,"layer":0,...,"values":"1fe3..."}
 *     ["model.embed_tokens.weight","BF16",[32,64]]
 *     ["model.norm.weight","BF16",[64],{"offset":8192}]
 *
 * The first member of an object says what it is; metadata and tensors belong to the file above them. A tensor
 * begins where the one before it ends, and has as many bytes as its shape and type make, unless it says
 * otherwise. Members, kinds and elements that are not known are passed over, and told: only what would change
 * the meaning of the rest makes another schema. man/archinspect-capsule.5 has all of it.
 *
 * A checkpoint that was read from one has the files of the original, and no bytes of theirs. */
#ifndef ARI_READ_CAPSULE_H
#define ARI_READ_CAPSULE_H

#include "read/checkpoint.h"
#include "read/fingerprint.h"

#define CAPSULE_SCHEMA "archinspect/capsule/"

enum { CAPSULE_MAJOR = 1 };

typedef struct capsule_file {
    ari_span name, text;
    const char *why; /* It could not be read: escaped. Else NULL. */
} capsule_file;

/* The bytes of a small tensor. */
typedef struct capsule_value {
    uint64_t record_at; /* Of its row; they ascend. */
    ari_span bytes;
} capsule_value;

/* Of some of a tensor's bytes. */
typedef struct capsule_hash {
    uint64_t record_at; /* As above. */
    uint64_t hash;      /* Not 0. */
} capsule_hash;

typedef struct ari_capsule {
    ari_file own; /* The capsule itself. */
    capsule_file *sidecars;
    size_t sidecar_count, sidecar_room;
    capsule_value *values;
    size_t value_count, value_room;
    ari_fingerprint *print; /* malloc'd, or NULL. */
    capsule_hash *hashes;
    size_t hash_count, hash_room;
} ari_capsule;

/* Both take what is there, or say that it is not. */
bool capsule_values(const ari_capsule *k, const ari_tensor *t, ari_span *out);
/* 0 where there is none. */
uint64_t capsule_hash_of(const ari_capsule *k, const ari_tensor *t);
ari_status capsule_sidecar(const ari_capsule *k, const char *name, uint64_t most, ari_span *out,
                           ari_err *err);
void capsule_free(ari_capsule *k);

/* What a row need not say, for readers and writers alike: its bytes by type and shape, 0 where these do not
 * tell; and where the next one begins, UINT64_MAX where it cannot. */
uint64_t capsule_bytes_of(const ari_checkpoint *c, const ari_tensor *row);
uint64_t capsule_place_after(const ari_checkpoint *c, const ari_tensor *row);

#endif
