/* plain.h -- values as people read them: JSON in words, counts with thousands, sizes rounded.
 *
 * All of it belongs to the document; "" where memory was short, which the
 * document remembers. */
#ifndef ARI_REPORT_PLAIN_H
#define ARI_REPORT_PLAIN_H

#include "infer/architecture.h"
#include "report/doc.h"

/* 1234567 as "1,234,567". */
const char *plain_count(ari_doc *d, uint64_t n);
/* 269060552 as "269.1 MB": powers of 1000, as download pages count. */
const char *plain_bytes(ari_doc *d, uint64_t n);
/* 134515008 as "134.5 M". */
const char *plain_scaled(ari_doc *d, uint64_t n);
/* 134515008 as "134,515,008 (134.5 M)". */
const char *plain_parameters(ari_doc *d, uint64_t n);
/* A field's value, which is JSON: "silu" without quotes, true as yes, objects and lists in words. */
const char *plain_value(ari_doc *d, ari_field field, const char *json);
/* {"scheme":"gptq","bits":4,"group_size":128} as "gptq, 4 bits, groups of 128"; NULL for null. */
const char *plain_quantization(ari_doc *d, const char *json);

#endif
