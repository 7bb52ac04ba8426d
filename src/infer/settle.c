#include "infer/settle.h"

#include <stdlib.h>

typedef enum family {
    OUTER,
    MASKS,
    ATTENTION,
    HEADS,
    ROTARY,
    FEED_FORWARD,
    EXPERTS,
    SSM,
    FAMILY_COUNT
} family;

static const family families[] = {
#define X(id, family) family,
    UNKNOWN_LIST(X)
#undef X
};

/* qsort has no room for a context, so each row carries what it is compared by. */
typedef struct tuple {
    const uint64_t *values;
    family family;
    uint32_t number;
} tuple;

static int by_values(const tuple *x, const tuple *y)
{
    for (size_t u = 0; u < ARI_DIM_COUNT; u++) {
        if (families[u] != x->family || x->values[u] == y->values[u]) continue;
        return x->values[u] < y->values[u] ? -1 : 1;
    }
    return 0;
}

static int compare_tuples(const void *a, const void *b)
{
    const tuple *x = a, *y = b;
    int order = by_values(x, y);
    return order != 0 ? order : x->number < y->number ? -1 : x->number > y->number;
}

static bool has_keys(const uint64_t *values)
{
    return (values[ARI_DIM_KEYS] | values[ARI_DIM_QKV] | values[ARI_DIM_KV] | values[ARI_DIM_KV_DOWN] |
            values[ARI_DIM_QKV_DOWN] | values[ARI_DIM_KV_RANK]) != 0;
}

static bool speaks(const uint64_t *values, family f)
{
    for (size_t u = 0; u < ARI_DIM_COUNT; u++) {
        if (families[u] == f && values[u] > 0) return true;
    }
    return false;
}

/* The layers whose sizes of this family are alike in most of them; of equals the earliest. */
static void settle_family(const uint64_t *values, ari_sizes *out, family f, tuple *tuples)
{
    size_t n = 0, best = 0, most = 0;
    for (uint32_t number = 0; number <= out->number_count; number++) {
        const uint64_t *layer = values + (size_t)number * ARI_DIM_COUNT;
        if (speaks(layer, f)) tuples[n++] = (tuple){ layer, f, number };
    }
    qsort(tuples, n, sizeof(tuples[0]), compare_tuples);
    for (size_t i = 0, run; i < n; i += run) {
        for (run = 1; i + run < n && by_values(&tuples[i], &tuples[i + run]) == 0; run++) continue;
        /* Layers may share the keys of others; one that has its own says more. */
        bool better =
            f == ATTENTION && most > 0 && has_keys(tuples[i].values) && !has_keys(tuples[best].values);
        bool worse =
            f == ATTENTION && most > 0 && !has_keys(tuples[i].values) && has_keys(tuples[best].values);
        bool fewer = run < most || (run == most && tuples[i].number > tuples[best].number);
        if (worse || (fewer && !better)) continue;
        best = i;
        most = run;
    }
    for (size_t u = 0; u < ARI_DIM_COUNT && n > 0; u++) {
        if (families[u] != f) continue;
        out->of[u].value = tuples[best].values[u];
        out->of[u].layers = (uint32_t)most;
    }
}

bool sizes_settle(const uint64_t *values, ari_sizes *out)
{
    tuple *tuples = calloc((size_t)out->number_count + 1, sizeof(tuples[0]));
    if (tuples == NULL) return false;
    for (family f = OUTER; f < FAMILY_COUNT; f++) settle_family(values, out, f, tuples);
    free(tuples);
    return true;
}
