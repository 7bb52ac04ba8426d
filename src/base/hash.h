/* hash.h -- SHA-256 and SHA-1 of a library that is loaded only when something is hashed. The only door to
 * libcrypto, which nothing is linked with.
 *
 * SHA-1 is there because git names its blobs by it; it proves nothing against somebody who means harm. */
#ifndef ARI_BASE_HASH_H
#define ARI_BASE_HASH_H

#include "base/err.h"
#include "base/span.h"

enum { HASH_MOST = 32 };

typedef enum hash_kind { HASH_SHA256, HASH_SHA1 } hash_kind;

/* Bytes of a digest. */
static inline size_t hash_bytes(hash_kind kind)
{
    return kind == HASH_SHA256 ? 32 : 20;
}

typedef struct hash_library {
    void *handle;
    void *functions[8];
} hash_library;

/* Fails with UNSUPPORTED where the library is not on this machine. hash_unload either way. */
ari_status hash_load(hash_library *l, ari_err *err);
void hash_unload(hash_library *l);

/* One digest in the making; NULL when memory is short. Distinct ones may be used in distinct threads. */
typedef struct hash_state hash_state;
hash_state *hash_begin(const hash_library *l, hash_kind kind);
void hash_add(hash_state *s, ari_span bytes);
/* Frees the state, and a NULL one, too. False where the library failed. */
bool hash_end(hash_state *s, uint8_t digest[HASH_MOST]);

/* Two small letters or digits a byte, and a NUL. */
void hash_hex(const uint8_t *digest, size_t bytes, char *out);
/* Of exactly that many bytes, in either case. */
bool hash_unhex(ari_span hex, size_t bytes, uint8_t *out);

#endif
