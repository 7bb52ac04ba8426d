#include "infer/count.h"

#include "base/arith.h"

#include <stdlib.h>

/* Integers beyond this many in one matrix are no index or mask: a packed weight that nobody knows. */
enum { PACKED_ELEMENTS = 65536 };

static bool is_counted(const ari_template *t, const ari_tensor *row, size_t k)
{
    const ari_dtype_info *d = dtype_info(row->dtype);
    ari_role_group group = role_group(t->role);
    if (t->adapter) return true;
    if (t->companion || group == ARI_GROUP_BUFFER || group == ARI_GROUP_SCALES) return false;
    return (t->logical != NULL && t->logical[k].bits > 0) || d == NULL || d->class != ARI_INTEGER;
}

static bool is_opaque(const ari_template *t, const ari_tensor *row, size_t k)
{
    const ari_dtype_info *d = dtype_info(row->dtype);
    if (t->logical != NULL && t->logical[k].bits > 0) return t->logical[k].elements == 0;
    bool weight = t->part == ARI_PART_WEIGHT && !t->companion && role_group(t->role) != ARI_GROUP_BUFFER;
    return d != NULL && d->class == ARI_INTEGER && row->rank >= 2 && row->elements >= PACKED_ELEMENTS &&
           weight;
}

/* The pair of a LoRA counts as it is stored. */
static uint64_t elements_of(const ari_model *m, const ari_template *t, const ari_tensor *row, size_t k)
{
    return t->adapter ? row->elements : logical_shape(&m->layout, t, k).elements;
}

static uint64_t count_template(ari_model *m, const ari_template *t)
{
    uint64_t sum = 0;
    for (size_t k = 0; k < t->count; k++) {
        const ari_tensor *row = place_tensor(&m->layout, &m->layout.places[t->first + k]);
        ari_dtype_sum *d = &m->dtypes[row->dtype];
        uint64_t elements = is_counted(t, row, k) ? elements_of(m, t, row, k) : 0;
        if (is_opaque(t, row, k) || (row->elements == 0 && row->bytes > 0)) m->parameters_known = false;
        d->tensors++;
        if (!add_u64(d->bytes, row->bytes, &d->bytes)) d->bytes = UINT64_MAX;
        if (!add_u64(m->bytes, row->bytes, &m->bytes)) m->bytes = UINT64_MAX;
        bool fits = add_u64(d->parameters, elements, &d->parameters) && add_u64(sum, elements, &sum);
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
        for (size_t k = 0; k < t->count; k++) {
            const ari_tensor *row = place_tensor(&m->layout, &m->layout.places[t->first + k]);
            if (is_counted(t, row, k) && !add_u64(routed, elements_of(m, t, row, k), &routed)) return false;
        }
    }
    *out = m->parameters - routed + routed / experts * per_token;
    return routed > 0 && routed <= m->parameters;
}
