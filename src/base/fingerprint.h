/* fingerprint.h -- 128 bits by which things are told apart, alike on every machine, and sets of them.
 *
 * It is FNV-1a: fast, and no secret. Who means harm can make two things look alike. */
#ifndef ARI_BASE_FINGERPRINT_H
#define ARI_BASE_FINGERPRINT_H

#include "base/span.h"

__extension__ typedef unsigned __int128 fingerprint;

fingerprint fingerprint_begin(void);
void fingerprint_add(fingerprint *f, ari_span bytes);
/* Its eight bytes, the lowest first. */
void fingerprint_add_uint(fingerprint *f, uint64_t n);

typedef struct fingerprint_set {
    fingerprint *slots; /* No more than half of them are taken; 0 is free. */
    size_t slot_count, count;
} fingerprint_set;

/* *added: it was not there before. False when memory is short. */
bool fingerprint_set_add(fingerprint_set *s, fingerprint f, bool *added);
bool fingerprint_set_has(const fingerprint_set *s, fingerprint f);
void fingerprint_set_free(fingerprint_set *s);

#endif
