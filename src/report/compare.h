/* compare.h -- comparisons as documents, and as the contract's JSON. */
#ifndef ARI_REPORT_COMPARE_H
#define ARI_REPORT_COMPARE_H

#include "compare/comparison.h"
#include "report/doc.h"

void compare_document(const ari_comparison *c, const ari_style *style, ari_doc *d);
void match_document(const ari_comparison *c, size_t top, const ari_style *style, ari_doc *d);
/* What an inspect report says of the catalogue. */
void add_resemblance(const ari_comparison *c, ari_doc *d);
/* Sections of these: parts, values of its own, origins that are claimed, and the verdict. Nothing where there
 * is nothing to say. */
void add_parts(const ari_comparison *c, ari_doc *d);
void add_unique(const ari_comparison *c, ari_doc *d);
void add_origins(const ari_comparison *c, ari_doc *d);
void add_verdict(const ari_comparison *c, ari_doc *d);
/* All of it, or one entry. */
void catalogue_document(const ari_catalogue *c, const ari_entry *e, ari_doc *d);

/* archinspect/compare/1, archinspect/match/1, archinspect/catalogue/1; false when memory is short. */
bool compare_json(const ari_comparison *c, bool indented, ari_text *out);
bool match_json(const ari_comparison *c, size_t top, bool indented, ari_text *out);
bool catalogue_json(const ari_catalogue *c, const ari_entry *e, bool indented, ari_text *out);

/* A value in a cell of the table: short, "?" where nothing tells it, "-" where the model has no such thing.
 */
const char *compare_cell(ari_doc *d, const ari_record *r, size_t key);

#endif
