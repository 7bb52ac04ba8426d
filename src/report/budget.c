#include "report/budget.h"

#include "infer/role.h"

#include <stdlib.h>

enum { LAYERS_MOST = 4096 };

static const ari_work work_of_group[] = {
    [ARI_GROUP_OTHER] = WORK_OTHER,        [ARI_GROUP_OUTER] = WORK_EMBEDDING,
    [ARI_GROUP_NORM] = WORK_NORM,          [ARI_GROUP_ATTENTION] = WORK_ATTENTION,
    [ARI_GROUP_LATENT] = WORK_ATTENTION,   [ARI_GROUP_CROSS] = WORK_ATTENTION,
    [ARI_GROUP_FEED_FORWARD] = WORK_DENSE, [ARI_GROUP_SSM] = WORK_LINEAR,
    [ARI_GROUP_DELTA] = WORK_LINEAR,       [ARI_GROUP_TIME] = WORK_LINEAR,
    [ARI_GROUP_CONV] = WORK_LINEAR,        [ARI_GROUP_LRU] = WORK_LINEAR,
    [ARI_GROUP_MTP] = WORK_OTHER,          [ARI_GROUP_BUFFER] = WORK_OTHER,
    [ARI_GROUP_SCALES] = WORK_OTHER,
};

static ari_work work_of(const ari_template *t)
{
    if ((t->context & ARI_IN_SHARED) != 0) return WORK_SHARED;
    if ((t->context & ARI_IN_EXPERT) != 0) return WORK_EXPERTS;
    if (t->outside && t->role != ARI_ROLE_FINAL_NORM && t->role != ARI_ROLE_NORM) return WORK_EMBEDDING;
    return work_of_group[role_group(t->role)];
}

static const ari_stack *main_stack(const ari_model *m)
{
    if (m->parts.count == 0 || m->parts.rows[0].stack == 0) return NULL;
    return &m->layout.stacks[m->parts.rows[0].stack];
}

static void spread(const ari_model *m, const ari_template *t, ari_budget *out)
{
    for (size_t k = 0; k < t->count && t->parameters > 0; k++) {
        uint32_t layer = m->layout.places[t->first + k].layer;
        if (layer >= out->layers) continue;
        out->by_layer[layer * WORK_COUNT + work_of(t)] += logical_shape(&m->layout, t, k).elements;
    }
}

bool budget_of(const ari_model *m, ari_arena *arena, ari_budget *out)
{
    const ari_stack *stack = main_stack(m);
    *out = (ari_budget){ .layers = stack == NULL ? 0 : (size_t)stack->last + 1 };
    /* Next-token layers, which come after the others, are none of the decoder's own. */
    size_t own = strtoull(m->architecture.fields[ARI_FIELD_NUM_HIDDEN_LAYERS].value, NULL, 10);
    if (own > 0 && own < out->layers) out->layers = own;
    if (out->layers > LAYERS_MOST) out->layers = 0;
    if (out->layers > 0) out->by_layer = arena_alloc(arena, out->layers * WORK_COUNT * sizeof(uint64_t));
    if (out->layers > 0 && out->by_layer == NULL) return false;
    for (size_t i = 0; i < m->layout.template_count; i++) {
        const ari_template *t = &m->layout.templates[i];
        if (t->component != 0) continue;
        out->of[work_of(t)] += t->parameters;
        if (out->layers > 0 && t->stack == m->parts.rows[0].stack && !t->outside) spread(m, t, out);
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
