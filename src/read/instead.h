/* instead.h -- what a folder holds that holds no model, and what its owner can do. */
#ifndef ARI_READ_INSTEAD_H
#define ARI_READ_INSTEAD_H

#include "read/listing.h"

/* Fails always, with NOT_A_MODEL and a hint. `path` is as it was named. */
ari_status folder_without_model(const listing *l, const char *path, ari_err *err);

#endif
