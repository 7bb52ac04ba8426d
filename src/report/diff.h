/* diff.h -- what the values of two models say, as a document and as the contract's JSON. */
#ifndef ARI_REPORT_DIFF_H
#define ARI_REPORT_DIFF_H

#include "lineage/lineage.h"
#include "report/doc.h"

void diff_document(const ari_lineage *l, ari_doc *d);
/* archinspect/diff/1; false when memory is short. */
bool diff_json(const ari_lineage *l, bool indented, ari_text *out);

#endif
