#include "infer/role.h"

enum { ATTENTION = 1, FEED_FORWARD = 2, EXPERTS = 4, CROSS = 8 };

static const struct {
    const char *word;
    ari_role_group group;
} roles[] = {
#define ROLE(id, word, group) { word, ARI_GROUP_##group },
#include "infer/role.def"
};

static const struct {
    const char *word;
    unsigned context;
} contexts[] = {
#define CONTEXT(word, context) { word, context },
#include "infer/context.def"
};

static const struct tail_row {
    const char *words;
    ari_role role;
    unsigned needs;
} tails[] = {
#define TAIL(words, role, needs) { words, ARI_ROLE_##role, needs },
#include "infer/tail.def"
};

enum { TAIL_COUNT = sizeof(tails) / sizeof(tails[0]) };

const char *role_word(uint32_t role)
{
    return role < ARI_ROLE_COUNT ? roles[role].word : "?";
}

ari_role_group role_group(uint32_t role)
{
    return role < ARI_ROLE_COUNT ? roles[role].group : ARI_GROUP_OTHER;
}

/* The last component, and what stands before its dot. */
static ari_span last_word(ari_span s, ari_span *before)
{
    size_t at = s.size;
    while (at > 0 && s.data[at - 1] != '.') at--;
    *before = span_first(s, at == 0 ? 0 : at - 1);
    return span_from(s, at);
}

ari_part tail_part(ari_span tail)
{
    ari_span module, last = last_word(tail, &module);
    if (span_is(last, "weight")) return ARI_PART_WEIGHT;
    return span_is(last, "bias") ? ARI_PART_BIAS : ARI_PART_OTHER;
}

static unsigned context_of(ari_span module)
{
    unsigned found = 0;
    while (module.size > 0) {
        ari_span word = last_word(module, &module);
        for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
            if (span_is(word, contexts[i].word)) found |= contexts[i].context;
        }
    }
    return found;
}

static bool ends_with_words(ari_span name, ari_span words)
{
    if (name.size < words.size) return false;
    size_t at = name.size - words.size;
    return span_eq(span_from(name, at), words) && (at == 0 || name.data[at - 1] == '.');
}

/* From the last word of a tail row to the rows that end in it: a table of chains,
 * so that a million strange names cost a look-up each and not a walk. */
typedef struct tail_index {
    ari_lookup words;
    ari_span last[TAIL_COUNT];
    size_t next[TAIL_COUNT]; /* The row before with the same last word, + 1. */
    size_t newest[TAIL_COUNT];
    size_t count;
} tail_index;

static ari_span indexed_word(const void *index, size_t i)
{
    return ((const tail_index *)index)->last[i];
}

static bool index_tails(tail_index *x)
{
    for (size_t i = 0; i < TAIL_COUNT; i++) {
        ari_span before;
        bool added;
        ari_span word = last_word(span_of(tails[i].words), &before);
        x->last[x->count] = word;
        size_t at = lookup_add(&x->words, word, x->count, indexed_word, x, &added);
        if (at == SIZE_MAX) return false;
        if (added) x->count++;
        x->next[i] = added ? 0 : x->newest[at];
        x->newest[at] = i + 1;
    }
    return true;
}

/* The longest row that matches; of equals the one that asks for more context. */
static ari_role match(const tail_index *x, ari_span module)
{
    ari_span before, word = last_word(module, &before);
    size_t at = lookup_find(&x->words, word, indexed_word, x);
    if (at == SIZE_MAX) return ARI_ROLE_NONE;
    const struct tail_row *best = NULL;
    size_t best_size = 0;
    unsigned context = context_of(before);
    if ((context & EXPERTS) != 0) context &= ~(unsigned)FEED_FORWARD;
    for (size_t i = x->newest[at]; i != 0; i = x->next[i - 1]) {
        const struct tail_row *row = &tails[i - 1];
        ari_span words = span_of(row->words);
        if ((context & row->needs) != row->needs || !ends_with_words(module, words)) continue;
        if (best != NULL && (words.size < best_size || (words.size == best_size && row->needs < best->needs)))
            continue;
        best = row;
        best_size = words.size;
    }
    return best == NULL ? ARI_ROLE_NONE : best->role;
}

/* A GPT-2 causal mask is called attn.bias and has four dimensions. */
static bool is_mask(const ari_layout *l, const ari_template *t)
{
    const ari_tensor *first = place_tensor(l, &l->places[t->first]);
    return first->rank >= 3 && tail_part(t->tail) == ARI_PART_BIAS;
}

bool roles_assign(ari_layout *l)
{
    tail_index x = { 0 };
    x.words.seed = l->tensors->names.seed;
    bool ok = index_tails(&x);
    for (size_t i = 0; ok && i < l->template_count; i++) {
        ari_template *t = &l->templates[i];
        ari_span module = t->pattern;
        if (tail_part(t->pattern) != ARI_PART_OTHER) last_word(t->pattern, &module);
        t->role = is_mask(l, t) ? ARI_ROLE_BUFFER : match(&x, module);
    }
    lookup_free(&x.words);
    return ok;
}
