/* beside.h -- what lies in the folder of a checkpoint and is no part of it: code, pickles, archives. */
#ifndef ARI_AUDIT_BESIDE_H
#define ARI_AUDIT_BESIDE_H

#include "read/checkpoint.h"

/* Hidden files and folders are left out, links are not followed into folders. Memory that runs short shows in
 * the arena. */
void beside_check(ari_checkpoint *c);

/* Configurations beside the weights that name code to be run: "auto_map". */
void remote_code_check(ari_checkpoint *c);

#endif
