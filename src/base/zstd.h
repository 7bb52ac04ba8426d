/* zstd.h -- decompress as far as somebody reads, and no further; and compress what is whole.
 *
 * The output goes into one reserved range of addresses, so it can grow without
 * moving: views into it stay valid. Pages are only touched as they fill. */
#ifndef ARI_BASE_ZSTD_H
#define ARI_BASE_ZSTD_H

#include "base/err.h"
#include "base/span.h"

typedef struct ari_inflater ari_inflater;

/* `packed` is borrowed and must outlive it; `most` bounds the output in bytes.
 * NULL, with err set, when memory is short. */
ari_inflater *inflater_new(ari_span packed, uint64_t most, ari_err *err);

/* Decompress until *out holds `need` bytes or the input ends; the first with
 * LIMIT, the second without an error when the stream is whole, with one when it
 * is damaged. An ari_cursor's refill. */
void inflater_refill(void *inflater, size_t need, ari_span *out, ari_err *err);

/* The decompressed size that the frames of a small file announce; ARI_NO_OFFSET
 * when they do not say, or when it would cost more than a header. */
uint64_t inflater_total(const ari_inflater *z);

void inflater_free(ari_inflater *z);

bool zstd_recognise(ari_span head);

/* One frame that states its size and bears a checksum. The same bytes give the same frame, of one version of
 * zstd. *out is malloc'd. */
ari_status zstd_pack(ari_span plain, uint8_t **out, size_t *size, ari_err *err);

#endif
