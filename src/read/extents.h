/* extents.h -- do the tensors of each file fill its data, all of it, once? */
#ifndef ARI_READ_EXTENTS_H
#define ARI_READ_EXTENTS_H

#include "read/checkpoint.h"

/* Report overlaps, gaps, bytes nobody owns and data that is not there, and give
 * tensors of unknown size the room up to their neighbour. */
ari_status extents_check(ari_checkpoint *c, ari_err *err);

#endif
