#include "report/budget.h"

#include "infer/role.h"

#include <stdlib.h>

enum { LAYERS_MOST = 4096 };

static const ari_work work_of_role[] = {
#define ROLE(id, word, group, work) [ARI_ROLE_##id] = WORK_##work,
#include "infer/role.def"
};

static ari_work work_of(const ari_template *t)
{
    ari_work own = work_of_role[t->role];
    if (own == WORK_NORM) return own;
    if ((t->context & ARI_IN_SHARED) != 0) return WORK_SHARED;
    return (t->context & ARI_IN_EXPERT) != 0 ? WORK_EXPERTS : own;
}

static const ari_stack *main_stack(const ari_model *m)
{
    if (m->parts.count == 0 || m->parts.rows[0].stack == 0) return NULL;
    return &m->layout.stacks[m->parts.rows[0].stack];
}

static bool is_of_layers(const ari_model *m, const ari_template *t)
{
    return t->component == 0 && t->stack == m->parts.rows[0].stack && !t->outside;
}

/* Numbers may begin anywhere and leave some out: a layer's place is among those that are there. Next-token
 * layers, which come after the others, are none of the decoder's own. */
static bool number_layers(const ari_model *m, ari_arena *arena, uint32_t last, ari_budget *out)
{
    size_t *place = arena_alloc(arena, ((size_t)last + 1) * sizeof(place[0]));
    out->numbers = arena_alloc(arena, ((size_t)last + 1) * sizeof(out->numbers[0]));
    if (place == NULL || out->numbers == NULL) return false;
    for (size_t i = 0; i < m->layout.template_count; i++) {
        const ari_template *t = &m->layout.templates[i];
        for (size_t k = 0; k < t->count && is_of_layers(m, t); k++)
            place[m->layout.places[t->first + k].layer] = 1;
    }
    size_t own = strtoull(m->architecture.fields[ARI_FIELD_NUM_HIDDEN_LAYERS].value, NULL, 10);
    for (uint32_t i = 0; i <= last; i++) {
        if (place[i] == 0 || (own > 0 && out->layers == own)) {
            place[i] = SIZE_MAX;
        } else {
            out->numbers[out->layers] = i;
            place[i] = out->layers++;
        }
    }
    out->places = place;
    return true;
}

static void spread(const ari_model *m, const ari_template *t, ari_budget *out)
{
    for (size_t k = 0; k < t->count && t->parameters > 0; k++) {
        size_t place = out->places[m->layout.places[t->first + k].layer];
        if (place == SIZE_MAX) continue;
        out->by_layer[place * WORK_COUNT + work_of(t)] += logical_shape(&m->layout, t, k).elements;
    }
}

bool budget_of(const ari_model *m, ari_arena *arena, ari_budget *out)
{
    const ari_stack *stack = main_stack(m);
    *out = (ari_budget){ 0 };
    bool counts = stack != NULL && stack->last < LAYERS_MOST;
    if (counts && !number_layers(m, arena, stack->last, out)) return false;
    if (out->layers > 0) out->by_layer = arena_alloc(arena, out->layers * WORK_COUNT * sizeof(uint64_t));
    if (out->layers > 0 && out->by_layer == NULL) return false;
    for (size_t i = 0; i < m->layout.template_count; i++) {
        const ari_template *t = &m->layout.templates[i];
        if (t->component != 0) continue;
        out->of[work_of(t)] += t->parameters;
        if (out->layers > 0 && is_of_layers(m, t)) spread(m, t, out);
    }
    return true;
}

const char *work_words(const ari_doc *d, ari_work w)
{
    static const ari_word words[] = { WORD_WORK_EMBEDDING, WORD_WORK_ATTENTION, WORD_WORK_LINEAR,
                                      WORD_WORK_DENSE,     WORD_WORK_EXPERTS,   WORD_WORK_SHARED,
                                      WORD_WORK_NORM,      WORD_WORK_OTHER };
    return word_in(d->language, words[w]);
}
