#include "infer/derivation.h"

uint64_t size_of(const ari_derivation *d, ari_unknown u)
{
    return d->sizes->of[u].value;
}

void set_size(const ari_derivation *d, ari_field field, uint64_t value, ari_unknown by)
{
    if (value > 0)
        set_integer(d->out, d->arena, field, value, ARI_SHAPE,
                    size_evidence(d->layout, d->sizes, by, d->arena));
}
