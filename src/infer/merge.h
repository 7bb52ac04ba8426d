/* merge.h -- claims beside what the tensors say: fill gaps, settle what is ambiguous, report what
 * contradicts. */
#ifndef ARI_INFER_MERGE_H
#define ARI_INFER_MERGE_H

#include "infer/model.h"

void merge_claims(ari_model *m);

#endif
