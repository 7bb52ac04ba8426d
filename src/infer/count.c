#include "infer/count.h"

#include "base/arith.h"

#include <stdlib.h>

/* Integers beyond this many in one matrix are no index or mask: a packed weight that nobody knows. */
enum { PACKED_ELEMENTS = 65536 };

static bool is_packed(const ari_template *t, size_t k)
{
    return t->logical != NULL && logical_at(t, k)->bits > 0;
}

static bool is_counted(const ari_template *t, const ari_tensor *row, size_t k)
{
    const ari_dtype_info *d = dtype_info(row->dtype);
    ari_role_group group = role_group(t->role);
    if (t->adapter) return true;
    if (t->companion || group == ARI_GROUP_BUFFER || group == ARI_GROUP_SCALES) return false;
    return is_packed(t, k) || d == NULL || d->class != ARI_INTEGER;
}

static bool is_opaque(const ari_template *t, const ari_tensor *row, size_t k)
{
    const ari_dtype_info *d = dtype_info(row->dtype);
    if (is_packed(t, k)) return logical_at(t, k)->elements == 0;
    bool weight = t->part == ARI_PART_WEIGHT && !t->companion && role_group(t->role) != ARI_GROUP_BUFFER;
    return d != NULL && d->class == ARI_INTEGER && row->rank >= 2 && row->elements >= PACKED_ELEMENTS &&
           weight;
}

/* The pair of a LoRA counts as it is stored. */
static uint64_t elements_of(const ari_model *m, const ari_template *t, const ari_tensor *row, size_t k)
{
    return t->adapter ? row->elements : logical_shape(&m->layout, t, k).elements;
}

/* How many of its places have to be looked at: one where that tells of all. */
static size_t places_to_count(const ari_template *t)
{
    return t->alike && (t->logical == NULL || t->one_logical) ? 1 : t->count;
}

static void add_times(uint64_t n, uint64_t times, uint64_t *sum)
{
    uint64_t all;
    if (!mul_u64(n, times, &all) || !add_u64(*sum, all, sum)) *sum = UINT64_MAX;
}

static uint64_t count_template(ari_model *m, const ari_template *t)
{
    uint64_t sum = 0;
    size_t n = places_to_count(t), times = t->count / n;
    for (size_t k = 0; k < n; k++) {
        const ari_tensor *row = place_tensor(&m->layout, &m->layout.places[t->first + k]);
        ari_dtype_sum *d = &m->dtypes[row->dtype];
        uint64_t elements = is_counted(t, row, k) ? elements_of(m, t, row, k) : 0;
        if (is_opaque(t, row, k) || (row->elements == 0 && row->bytes > 0)) m->parameters_known = false;
        d->tensors += times;
        add_times(row->bytes, times, &d->bytes);
        add_times(row->bytes, times, &m->bytes);
        bool fits = mul_u64(elements, times, &elements) && add_u64(d->parameters, elements, &d->parameters) &&
                    add_u64(sum, elements, &sum);
        m->parameters_known = m->parameters_known && fits;
    }
    return sum;
}

void count_parameters(ari_model *m)
{
    m->parameters_known = !m->checkpoint->incomplete;
    for (size_t i = 0; i < m->layout.template_count; i++) {
        ari_template *t = &m->layout.templates[i];
        t->parameters = count_template(m, t);
        if (!add_u64(m->parameters, t->parameters, &m->parameters)) m->parameters_known = false;
    }
}

static bool whole_number(const ari_inferred *f, uint64_t *out)
{
    char *end;
    *out = strtoull(f->value, &end, 10);
    return *end == '\0' && end != f->value && *out > 0;
}

bool count_active(const ari_model *m, uint64_t *out)
{
    uint64_t experts, per_token, routed = 0;
    const ari_inferred *fields = m->architecture.fields;
    if (!m->parameters_known || !whole_number(&fields[ARI_FIELD_NUM_EXPERTS], &experts) ||
        !whole_number(&fields[ARI_FIELD_NUM_EXPERTS_PER_TOK], &per_token) || per_token > experts)
        return false;
    for (size_t i = 0; i < m->layout.template_count; i++) {
        const ari_template *t = &m->layout.templates[i];
        bool expert = (t->context & ARI_IN_EXPERT) != 0 && (t->context & ARI_IN_SHARED) == 0;
        if (!expert || t->component != 0) continue;
        size_t n = places_to_count(t), times = t->count / n;
        for (size_t k = 0; k < n; k++) {
            const ari_tensor *row = place_tensor(&m->layout, &m->layout.places[t->first + k]);
            if (is_counted(t, row, k)) add_times(elements_of(m, t, row, k), times, &routed);
        }
    }
    *out = m->parameters - routed + routed / experts * per_token;
    return routed > 0 && routed <= m->parameters;
}
