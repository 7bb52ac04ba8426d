#include "lineage/units.h"

#include "infer/sampling.h"

#include <stdlib.h>

/* What a role's matrices hold: units of one kind, or of two, half and half. */
static const struct role_row {
    uint32_t role;
    ari_unit_kind kind;
    uint8_t half;
} role_rows[] = {
    { ARI_ROLE_UP, ARI_UNITS_UP, 0 },        { ARI_ROLE_GATE, ARI_UNITS_GATE, 0 },
    { ARI_ROLE_GATE_UP, ARI_UNITS_GATE, 1 }, { ARI_ROLE_GATE_UP, ARI_UNITS_UP, 2 },
    { ARI_ROLE_DOWN, ARI_UNITS_DOWN, 0 },    { ARI_ROLE_V, ARI_UNITS_VALUE, 0 },
};

static unit_slot *slot_of(const ari_bank *b, uint32_t layer, ari_unit_kind kind, ari_unit_home home)
{
    return &b->slots[((size_t)layer * ARI_UNIT_KINDS + kind) * ARI_HOMES + home];
}

static ari_unit_home home_of(const ari_template *t)
{
    if ((t->context & ARI_IN_SHARED) != 0) return ARI_HOME_SHARED;
    return (t->context & ARI_IN_EXPERT) != 0 ? ARI_HOME_ROUTED : ARI_HOME_DENSE;
}

static void enter(ari_bank *b, uint32_t at, const struct role_row *row)
{
    const ari_layout *l = &b->model->layout;
    const ari_template *t = &l->templates[at];
    for (size_t k = 0, n; k < t->count; k += n) {
        uint32_t layer = l->places[t->first + k].layer;
        for (n = 1; k + n < t->count && l->places[t->first + k + n].layer == layer;) n++;
        if (layer >= b->layer_count || logical_shape(l, t, k).rank < 2) continue;
        if ((b->model->components[b->component].sizes->has[layer] & ARI_HAS_MTP) != 0) continue;
        unit_slot *slot = slot_of(b, layer, row->kind, home_of(t));
        if (slot->places == 0) *slot = (unit_slot){ at, (uint32_t)k, (uint32_t)n, row->half };
    }
}

bool bank_open(const ari_model *m, size_t component, ari_bank *out)
{
    const ari_sizes *sizes = m->components[component].sizes;
    *out = (ari_bank){ .model = m, .component = component };
    if (sizes == NULL) return true;
    out->layer_count = sizes->number_count;
    out->width = sizes->hidden;
    out->transposed = stored_transposed(&m->layout, (uint32_t)component, sizes->hidden);
    out->slots = calloc((size_t)out->layer_count * ARI_UNIT_KINDS * ARI_HOMES + 1, sizeof(out->slots[0]));
    for (uint32_t i = 0; out->slots != NULL && i < m->layout.template_count; i++) {
        const ari_template *t = &m->layout.templates[i];
        for (size_t k = 0; k < sizeof(role_rows) / sizeof(role_rows[0]); k++) {
            if (is_weight_of(t, (uint32_t)component, role_rows[k].role)) enter(out, i, &role_rows[k]);
        }
    }
    return out->slots != NULL;
}

void bank_close(ari_bank *b)
{
    free(b->slots);
    b->slots = NULL;
    b->layer_count = 0;
}

static const ari_template *template_of(const ari_bank *b, const unit_slot *slot)
{
    return &b->model->layout.templates[slot->template];
}

uint64_t bank_experts(const ari_bank *b, uint32_t layer, ari_unit_kind kind, ari_unit_home home)
{
    if (layer >= b->layer_count) return 0;
    const unit_slot *slot = slot_of(b, layer, kind, home);
    if (slot->places == 0) return 0;
    ari_shape shape = logical_shape(&b->model->layout, template_of(b, slot), slot->place);
    return shape.rank > 2 ? shape.sizes[0] : slot->places;
}

/* Which of its places is the expert's: by the number in its name. */
static bool place_of(const ari_bank *b, const unit_slot *slot, uint64_t expert, size_t *out)
{
    const ari_place *places = &b->model->layout.places[template_of(b, slot)->first];
    for (size_t k = slot->place; k < (size_t)slot->place + slot->places; k++) {
        *out = k;
        if (places[k].sub == expert || slot->places == 1) return true;
    }
    return false;
}

/* Which side of the matrix is the model's width; of a square one, what the name says and the others are. */
static bool find_axis(const uint64_t *side, ari_unit_kind kind, bool transposed, ari_units *u)
{
    bool rows = side[1] == u->width, columns = side[0] == u->width;
    u->across = rows && columns ? (kind == ARI_UNITS_DOWN) != transposed : columns;
    u->count = u->across ? side[1] : side[0];
    return rows || columns;
}

/* An up that is twice as wide as what leads back holds a gate before it, whatever its name says. */
static uint8_t half_of(ari_bank *b, uint32_t layer, ari_unit_kind kind, ari_unit_home home,
                       const unit_slot *slot, const ari_units *u)
{
    ari_units down;
    if (kind != ARI_UNITS_UP || slot->half != 0) return slot->half;
    if (!bank_units(b, layer, ARI_UNITS_DOWN, home, 0, &down)) return 0;
    return u->count == 2 * down.count ? 2 : 0;
}

bool bank_units(ari_bank *b, uint32_t layer, ari_unit_kind kind, ari_unit_home home, uint64_t expert,
                ari_units *out)
{
    const char *why;
    size_t k;
    if (expert >= bank_experts(b, layer, kind, home)) return false;
    const unit_slot *slot = slot_of(b, layer, kind, home);
    const ari_template *t = template_of(b, slot);
    *out = (ari_units){ .width = b->width, .watch = b->watch };
    ari_shape shape = logical_shape(&b->model->layout, t, slot->place);
    bool stacked = shape.rank > 2;
    if (!place_of(b, slot, stacked ? 0 : expert, &k)) return false;
    shape = logical_shape(&b->model->layout, t, k);
    if (shape.rank != (stacked ? 3 : 2) || shape.elements == 0) return false;
    const uint64_t *side = shape.sizes + (shape.rank - 2);
    if (!find_axis(side, kind, b->transposed, out)) return false;
    if (!numbers_open(b->model->checkpoint, &b->model->layout, t, k, &out->numbers, &why)) return false;
    if (stacked && expert >= shape.sizes[0]) return false;
    out->numbers.bytes_read = &b->bytes_read;
    out->base = stacked ? expert * side[0] : 0;
    uint8_t half = half_of(b, layer, kind, home, slot, out);
    if (half != 0 && out->count % 2 != 0) return false;
    if (half != 0) out->count /= 2;
    out->first = half == 2 ? out->count : 0;
    return out->count > 0;
}

/* Row by row of what is stored, of each the columns from the first unit to the last. */
static void read_across(const ari_units *u, const uint64_t *which, size_t n, uint64_t from, size_t count,
                        size_t room, float *scratch, float *out)
{
    uint64_t first = which[0];
    for (size_t i = 0; i < count; i++) {
        numbers_read(&u->numbers, u->base + from + i, u->first + first, (size_t)(which[n - 1] - first + 1),
                     scratch);
        for (size_t k = 0; k < n; k++) out[k * room + i] = scratch[which[k] - first];
    }
}

static void read_units(const ari_units *u, const uint64_t *which, size_t n, uint64_t from, size_t count,
                       size_t room, float *scratch, float *out)
{
    if (u->across) {
        read_across(u, which, n, from, count, room, scratch, out);
        return;
    }
    for (size_t k = 0; k < n; k++)
        numbers_read(&u->numbers, u->base + u->first + which[k], from, count, out + k * room);
}

void units_read(const ari_units *u, const uint64_t *which, size_t n, uint64_t from, size_t count, size_t room,
                float *scratch, float *out)
{
    uint64_t before = *u->numbers.bytes_read;
    if (n == 0) return;
    read_units(u, which, n, from, count, room, scratch, out);
    if (u->watch == NULL) return;
    u->watch->bytes += *u->numbers.bytes_read - before;
    if (u->watch->how != NULL && u->watch->how->progress != NULL)
        u->watch->how->progress(u->watch->how->context, u->watch->bytes);
}
