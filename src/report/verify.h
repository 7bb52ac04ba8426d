/* verify.h -- whether a checkpoint is whole and well formed, as a document and as the contract's JSON. */
#ifndef ARI_REPORT_VERIFY_H
#define ARI_REPORT_VERIFY_H

#include "infer/model.h"
#include "report/doc.h"

/* checks: what was looked at. strict: warnings count as well. */
void verify_document(const ari_model *m, const ari_checks *checks, bool strict, ari_doc *d);
/* archinspect/verify/1; false when memory is short. */
bool verify_json(const ari_model *m, const ari_checks *checks, bool strict, bool indented, ari_text *out);

#endif
