/* inspect.h -- the inspect report as a document, and as the contract's JSON. */
#ifndef ARI_REPORT_INSPECT_H
#define ARI_REPORT_INSPECT_H

#include "compare/comparison.h"
#include "report/doc.h"

/* Shorter where the style wants no evidence. c, what the catalogue makes of it, may be NULL. */
void inspect_document(const ari_model *m, const ari_comparison *c, const ari_style *style, ari_doc *d);
/* archinspect/report/1; false when memory is short. */
bool inspect_json(const ari_model *m, const ari_comparison *c, bool indented, ari_text *out);

#endif
