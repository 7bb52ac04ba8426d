#include "lineage/experts.h"

#include "lineage/layers.h"

enum { EXPERTS_TRIED = 7 };

/* The middle one of the layers that have them; NO_NUMBER where there is none. */
static uint32_t middle_layer(const ari_bank *b)
{
    uint32_t with = 0, n = 0;
    for (uint32_t i = 0; i < b->layer_count; i++)
        with += bank_experts(b, i, ARI_UNITS_UP, ARI_HOME_ROUTED) > 1;
    for (uint32_t i = 0; i < b->layer_count; i++) {
        if (bank_experts(b, i, ARI_UNITS_UP, ARI_HOME_ROUTED) > 1 && n++ == with / 2) return i;
    }
    return NO_NUMBER;
}

static ari_told hold(ari_bank *b, const ari_sample *first, uint64_t expert, ari_kin_experts *out)
{
    sampling s = {
        .kind = ARI_UNITS_UP, .home = ARI_HOME_ROUTED, .units = NEURONS_MOST, .alone = true, .expert = expert
    };
    ari_sample other = { 0 };
    ari_diagonal d;
    ari_told told = units_sample(b, out->layer, &s, &other);
    if (told == ARI_TOLD) told = diagonal_test(first, &other, &d);
    units_free(&other);
    if (told != ARI_TOLD) return told;
    out->tried++;
    out->alike += d.z > Z_SURE || d.z < -Z_SURE;
    out->rho += d.rho;
    out->z += d.z;
    return told;
}

ari_told experts_test(ari_bank *b, ari_kin_experts *out)
{
    uint64_t before = b->bytes_read;
    sampling s = { .kind = ARI_UNITS_UP, .home = ARI_HOME_ROUTED, .units = NEURONS_MOST, .alone = true };
    ari_sample first = { 0 };
    *out = (ari_kin_experts){ .layer = middle_layer(b) };
    if (out->layer == NO_NUMBER) return ARI_NOT_THERE;
    uint64_t experts = bank_experts(b, out->layer, ARI_UNITS_UP, ARI_HOME_ROUTED);
    uint64_t tried = experts - 1 < EXPERTS_TRIED ? experts - 1 : EXPERTS_TRIED;
    ari_told told = units_sample(b, out->layer, &s, &first);
    for (uint64_t i = 1; i <= tried && told == ARI_TOLD; i++) {
        ari_told one = hold(b, &first, i * (experts - 1) / tried, out);
        if (one == ARI_NO_MEMORY) told = one;
    }
    units_free(&first);
    out->bytes_read = b->bytes_read - before;
    if (told == ARI_TOLD && out->tried == 0) told = ARI_NOT_THERE;
    if (told != ARI_TOLD) return told;
    out->rho /= (double)out->tried;
    out->z /= (double)out->tried;
    return told;
}
