/* verdict.h -- the sentences that say what a comparison came to: no word stronger than the evidence. */
#ifndef ARI_REPORT_VERDICT_H
#define ARI_REPORT_VERDICT_H

#include "compare/comparison.h"
#include "report/doc.h"

/* All words belong to the document, and are in its language. */

/* Is it from scratch beside the references that were named, and not beside the catalogue? */
bool verdict_is_of_these_only(const ari_comparison *c);
const char *verdict_summary(ari_doc *d, const ari_comparison *c);
/* NULL where every reference may be identical. */
const char *verdict_nearest_miss(ari_doc *d, const ari_comparison *c);
/* "3/5 with X (similar): hidden_size, ...": the i-th reason; NULL from the last on. */
const char *verdict_reason(ari_doc *d, const ari_comparison *c, size_t i);

/* "5/5": matched keys of those known. */
const char *score_words(ari_doc *d, const ari_relation *r);
/* "hidden_size, vocab_size"; "" of none. */
const char *keys_words(ari_doc *d, ari_keys set);
/* "similar", or "similar..identical". */
const char *tiers_words(ari_doc *d, ari_tiers t);
/* A name in a sentence: what is from memory says so. e may be NULL. */
const char *name_words(ari_doc *d, const char *name, const ari_entry *e);
const char *reference_words(ari_doc *d, const ari_comparison *c, const ari_match *m);
/* "In its sizes as X but for num_experts: 180 here, 256 there."; "" where that is not so. */
const char *but_for_words(ari_doc *d, const ari_comparison *c, const ari_match *m);
/* "most heads of those compared; 3 catalogued models have it" */
const char *unique_words(ari_doc *d, const ari_unique *u, bool compared);

#endif
