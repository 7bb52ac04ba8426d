/* unique.h -- what sets a model apart: values that none of the others has, and extremes. */
#ifndef ARI_COMPARE_UNIQUE_H
#define ARI_COMPARE_UNIQUE_H

#include "compare/ranking.h"

typedef struct ari_unique {
    size_t key;
    const char *value;       /* JSON, the subject's. */
    int extreme;             /* Above 0 the greatest, below 0 the smallest of all that it is compared with. */
    size_t sharing, stating; /* Catalogued models that have it, and that state any. */
} ari_unique;

/* Of the values of keys that are certain. Against `others`, or against the catalogue where other_count is 0.
 * A number of experts that others have may still be unique together with the shared ones. At most room items;
 * how many. */
size_t unique_find(const ari_record *subject, const ari_record *others, size_t other_count,
                   const ari_ranking *ranking, ari_keys keys, ari_unique *out, size_t room);

#endif
