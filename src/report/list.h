/* list.h -- the tensors report: one line a tensor, without a tree or a document: there may be half a million.
 */
#ifndef ARI_REPORT_LIST_H
#define ARI_REPORT_LIST_H

#include "infer/model.h"

void list_tensors(const ari_model *m, const ari_style *style, ari_text *out);

#endif
