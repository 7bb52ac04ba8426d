/* values.h -- what the floating-point numbers of a tensor are: numbers, or not, or all zero.
 *
 * Of quantised blocks only the scales are looked at (number.def): what they scale are integers. */
#ifndef ARI_MEASURE_VALUES_H
#define ARI_MEASURE_VALUES_H

#include "read/dtype.h"

typedef struct value_tally {
    uint64_t not_numbers, infinite; /* Elements, or scales. */
    bool any;                       /* One that is not zero was there. */
} value_tally;

/* Is there anything to look at in that type? */
bool values_known(uint32_t dtype);
/* Of whole elements or blocks, which is for the caller to see to. `big`: big-endian. */
void values_count(uint32_t dtype, bool big, ari_span bytes, value_tally *tally);

#endif
