/* digest.h -- a number for the figures of an entry, by which a report names the catalogue that it used. */
#ifndef ARI_COMPARE_DIGEST_H
#define ARI_COMPARE_DIGEST_H

#include "compare/catalogue.h"

/* Over name, fields, parts and totals, whatever their order in the file was. It tells catalogues apart, and
 * protects against nobody. */
uint64_t digest_entry(const ari_entry *e);

#endif
