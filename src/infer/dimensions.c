#include "infer/dimensions.h"

#include "base/text.h"

#include <inttypes.h>

/* Values that differ from layer to layer; more than this many are noise. */
enum { VALUES_KEPT = 64 };

static const struct equation {
    ari_role role;
    ari_part part;
    uint16_t rank, axis;
    uint64_t factor;
    ari_unknown unknown;
} equations[] = {
#define EQUATION(role, part, rank, axis, factor, unknown) \
    { ARI_ROLE_##role, ARI_PART_##part, rank, axis, factor, ARI_DIM_##unknown },
#include "infer/equation.def"
};

typedef struct vote {
    uint64_t value, count;
    const ari_template *from;
    const struct equation *by;
} vote;

typedef struct ballot {
    vote votes[VALUES_KEPT];
    size_t count;
    uint64_t total;
} ballot;

static void cast(ballot *b, uint64_t value, const ari_template *from, const struct equation *by)
{
    b->total++;
    for (size_t i = 0; i < b->count; i++) {
        if (b->votes[i].value != value) continue;
        b->votes[i].count++;
        return;
    }
    if (b->count < VALUES_KEPT) b->votes[b->count++] = (vote){ value, 1, from, by };
}

/* A packed weight's integers have sizes of their own. */
static bool speaks(const ari_tensor *t)
{
    const ari_dtype_info *d = dtype_info(t->dtype);
    return d == NULL || d->class != ARI_INTEGER;
}

static void ask(const ari_layout *l, const ari_template *t, const struct equation *e, ballot *ballots)
{
    for (size_t i = 0; i < t->count; i++) {
        const ari_tensor *row = place_tensor(l, &l->places[t->first + i]);
        if (row->rank != e->rank || !speaks(row)) continue;
        uint64_t size = tensor_shape(l->tensors, row)[e->axis];
        if (size > 0 && size % e->factor == 0) cast(&ballots[e->unknown], size / e->factor, t, e);
    }
}

static const char *axis_words(const struct equation *e)
{
    if (e->rank == 1) return "length of";
    return e->axis == 0 ? "rows of" : "columns of";
}

static const char *describe(ari_arena *arena, const vote *v, uint64_t total)
{
    const char *name = arena_escape(arena, v->from->pattern, 200);
    const char *half = v->by->factor == 2 ? "half the " : "";
    if (total == 1) return arena_printf(arena, "%s%s %s", half, axis_words(v->by), name);
    if (v->count == total) {
        return arena_printf(arena, "%s%s %s; %" PRIu64 " sizes agree", half, axis_words(v->by), name, total);
    }
    return arena_printf(arena, "%s%s %s; %" PRIu64 " of %" PRIu64 " sizes agree, the others differ", half,
                        axis_words(v->by), name, v->count, total);
}

static bool settle(const ballot *b, ari_arena *arena, ari_dimension *out)
{
    const vote *best = NULL;
    for (size_t i = 0; i < b->count; i++) {
        if (best == NULL || b->votes[i].count > best->count) best = &b->votes[i];
    }
    if (best == NULL) return true;
    *out =
        (ari_dimension){ best->value, best->count, b->total - best->count, describe(arena, best, b->total) };
    return out->evidence != NULL;
}

bool dimensions_solve(const ari_layout *l, uint32_t stack, ari_arena *arena, ari_dimensions *out)
{
    ballot ballots[ARI_DIM_COUNT] = { 0 };
    *out = (ari_dimensions){ 0 };
    for (size_t i = 0; i < l->template_count; i++) {
        const ari_template *t = &l->templates[i];
        if (t->stack != stack && t->stack != 0) continue;
        ari_part part = tail_part(t->pattern);
        if (part == ARI_PART_BIAS) {
            out->biases[t->role] += t->count;
        } else {
            out->weights[t->role] += t->count;
        }
        for (size_t k = 0; k < sizeof(equations) / sizeof(equations[0]); k++) {
            if (equations[k].role == t->role && equations[k].part == part) ask(l, t, &equations[k], ballots);
        }
    }
    for (size_t i = 0; i < ARI_DIM_COUNT; i++) {
        if (!settle(&ballots[i], arena, &out->of[i])) return false;
    }
    return true;
}
