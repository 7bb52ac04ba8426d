#include "infer/role.h"

#include "infer/pack.h"
#include "infer/words.h"

enum { NUMBERS_MAX = 8192, STACKS_TRIED = 64 };

#include <stdlib.h>

static const struct {
    const char *word;
    ari_role_group group;
} roles[] = {
#define ROLE(id, word, group, work) { word, ARI_GROUP_##group },
#include "infer/role.def"
};

static const struct {
    const char *word;
    unsigned context;
} contexts[] = {
#define CONTEXT(word, context) { word, ARI_IN_##context },
#include "infer/context.def"
};

enum { CONTEXT_COUNT = sizeof(contexts) / sizeof(contexts[0]) };

static const struct tail_row {
    char words[48]; /* No pointer, which would have to be relocated. */
    ari_role role;
    unsigned needs, adds;
} tails[] = {
#define ARI_IN_0 0
#define TAIL(words, role, needs, adds) { words, ARI_ROLE_##role, ARI_IN_##needs, ARI_IN_##adds },
#include "infer/tail.def"
#undef ARI_IN_0
};

/* One that filled its row would not end. */
#define TAIL(text, role, needs, adds) _Static_assert(sizeof(text) <= sizeof(tails[0].words), text);
#include "infer/tail.def"

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

static unsigned context_of(const ari_words *x, ari_span module)
{
    unsigned found = 0;
    for (size_t at = 0, n = 0; at < module.size && n < WORDS_IN_NAME; at = next_word(module, at), n++) {
        for (size_t i = x->newest[module.data[at]]; i != 0; i = x->next[i - 1]) {
            if (words_at(module, at, contexts[i - 1].word)) found |= contexts[i - 1].context;
        }
    }
    return (found & ARI_IN_CROSS) != 0 ? found | ARI_IN_ATTENTION : found;
}

static bool holds(ari_span word, const char *part)
{
    size_t n = strlen(part);
    while (word.size >= n) {
        const uint8_t *at = memchr(word.data, part[0], word.size - n + 1);
        if (at == NULL) return false;
        if (memcmp(at, part, n) == 0) return true;
        word = span_from(word, (size_t)(at - word.data) + 1);
    }
    return false;
}

/* Attention by other names: temporal_attention, attn_block. */
static unsigned context_by_parts(ari_span module)
{
    last_word(module, &module);
    for (size_t n = 0; module.size > 0 && n < WORDS_IN_NAME; n++) {
        ari_span word = last_word(module, &module);
        if (holds(word, "attention") || holds(word, "attn")) return ARI_IN_ATTENTION;
    }
    return 0;
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
    ari_words contexts;
    size_t wrapper;
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
static const struct tail_row *match(const tail_index *x, ari_span module, unsigned context)
{
    ari_span before, word = last_word(module, &before);
    size_t at = lookup_find(&x->words, word, indexed_word, x);
    const struct tail_row *best = NULL;
    size_t best_size = 0;
    if (at == SIZE_MAX) return NULL;
    for (size_t i = x->newest[at]; i != 0; i = x->next[i - 1]) {
        const struct tail_row *row = &tails[i - 1];
        ari_span words = span_of(row->words);
        if ((context & row->needs) != row->needs || !ends_with_words(module, words)) continue;
        if (best != NULL && (words.size < best_size || (words.size == best_size && row->needs < best->needs)))
            continue;
        best = row;
        best_size = words.size;
    }
    return best;
}

/* A GPT-2 causal mask is called attn.bias and has four dimensions. */
static bool is_mask(const ari_layout *l, const ari_template *t)
{
    const ari_tensor *first = place_tensor(l, &l->places[t->first]);
    return first->rank >= 3 && t->part == ARI_PART_BIAS && span_ends(t->pattern, ".bias");
}

/* Ancestors that outweigh the last word. */
static uint32_t by_ancestor(uint32_t role, unsigned context)
{
    ari_role_group group = role_group(role);
    if (group == ARI_GROUP_BUFFER || group == ARI_GROUP_SCALES) return role;
    if ((context & ARI_IN_MTP) != 0) return ARI_ROLE_MTP;
    if ((context & ARI_IN_AUX) != 0) return ARI_ROLE_AUX;
    if ((context & ARI_IN_LRU) != 0) return ARI_ROLE_LRU;
    if ((context & ARI_IN_CROSS) != 0 && group == ARI_GROUP_ATTENTION) return ARI_ROLE_CROSS;
    return role;
}

/* A matrix of experts may be stored as one tensor of three dimensions. */
static unsigned fused_context(const ari_layout *l, const ari_template *t)
{
    bool matrix = role_group(t->role) == ARI_GROUP_FEED_FORWARD && t->part != ARI_PART_BIAS;
    return matrix && logical_shape(l, t, 0).rank == 3 ? ARI_IN_EXPERT : 0;
}

/* Words that a model's own embedding and output may stand under. */
static const char *const bare_words[] = {
#define BARE(word) word,
#include "infer/context.def"
};

/* Bytes of the words that all names begin with: whatever they are, they wrap the model. */
static size_t find_wrapper(const ari_layout *l)
{
    if (l->template_count == 0) return 0;
    ari_span first = l->templates[0].pattern;
    size_t shared = first.size;
    for (size_t i = 1; i < l->template_count; i++) {
        ari_span other = l->templates[i].pattern;
        size_t n = 0;
        while (n < shared && n < other.size && first.data[n] == other.data[n]) n++;
        shared = n;
    }
    while (shared > 0 && first.data[shared - 1] != '.') shared--;
    return shared;
}

static bool is_bare(ari_span module, size_t wrapper)
{
    last_word(module, &module);
    module = span_from(module, wrapper);
    while (module.size > 0) {
        ari_span word = last_word(module, &module);
        size_t i = 0;
        while (i < sizeof(bare_words) / sizeof(bare_words[0]) && !span_is(word, bare_words[i])) i++;
        if (i == sizeof(bare_words) / sizeof(bare_words[0])) return false;
    }
    return true;
}

static unsigned outside_context(const ari_template *t, size_t wrapper)
{
    if (!t->outside) return 0;
    return ARI_IN_TOP | (is_bare(t->module, wrapper) ? (unsigned)ARI_IN_BARE : 0);
}

static void assign(const tail_index *x, const ari_layout *l, ari_template *t)
{
    t->context =
        context_of(&x->contexts, t->module) | context_by_parts(t->module) | outside_context(t, x->wrapper);
    /* A bias whose name is one word may have a row of its own. */
    bool split = t->module.size < t->pattern.size, glued = split && t->pattern.data[t->module.size] == '_';
    const struct tail_row *row = match(x, glued ? t->pattern : t->module, t->context);
    if (row == NULL && split) row = match(x, glued ? t->module : t->pattern, t->context);
    t->role = row == NULL ? ARI_ROLE_NONE : row->role;
    if (row != NULL) t->context |= row->adds;
    if (is_mask(l, t)) t->role = ARI_ROLE_BUFFER;
    if (t->companion && !t->adapter) t->role = ARI_ROLE_SCALE;
    if (t->companion && t->adapter) t->role = ARI_ROLE_NONE;
    t->role = by_ancestor(t->role, t->context);
    t->context |= fused_context(l, t);
}

bool is_core(const ari_template *t)
{
    switch (role_group(t->role)) {
    case ARI_GROUP_ATTENTION:
    case ARI_GROUP_LATENT:
    case ARI_GROUP_CROSS:
    case ARI_GROUP_FEED_FORWARD:
    case ARI_GROUP_SSM:
    case ARI_GROUP_DELTA:
    case ARI_GROUP_TIME:
    case ARI_GROUP_CONV:
    case ARI_GROUP_LRU: return t->part != ARI_PART_BIAS;
    default: return false;
    }
}

/* The numbers of one stack that hold a core role: those are layers. */
static void mark_layers(const ari_layout *l, uint32_t stack, uint8_t *layers)
{
    memset(layers, 0, NUMBERS_MAX);
    for (size_t i = 0; i < l->template_count; i++) {
        const ari_template *t = &l->templates[i];
        for (size_t k = 0; k < t->count && t->stack == stack && is_core(t); k++) {
            uint32_t number = l->places[t->first + k].layer;
            if (number < NUMBERS_MAX) layers[number] = 1;
        }
    }
}

/* Where the parts of a model are numbered one after the other, the embedding is
 * number 0 and the output the last: what stands under a number that is no layer
 * joins what stands outside of all. */
static void join_outside(const tail_index *x, ari_layout *l, uint32_t stack, const uint8_t *layers)
{
    for (size_t i = 0; i < l->template_count; i++) {
        ari_template *t = &l->templates[i];
        if (t->stack != stack || is_core(t) || role_group(t->role) == ARI_GROUP_MTP) continue;
        size_t k = 0;
        while (k < t->count && l->places[t->first + k].layer < NUMBERS_MAX &&
               layers[l->places[t->first + k].layer] == 0)
            k++;
        if (k < t->count) continue;
        t->outside = true;
        assign(x, l, t);
    }
}

/* Only for a few stacks, those with core roles and a number without one. */
static void find_outside(const tail_index *x, ari_layout *l)
{
    uint8_t layers[NUMBERS_MAX];
    uint32_t tried = 0, last = 0;
    for (size_t i = 0; i < l->template_count && tried < STACKS_TRIED; i++) {
        const ari_template *t = &l->templates[i];
        if (t->stack == 0 || t->stack == last || !is_core(t)) continue;
        last = t->stack;
        tried++;
        mark_layers(l, t->stack, layers);
        join_outside(x, l, t->stack, layers);
    }
}

bool roles_assign(ari_layout *l)
{
    tail_index *x = calloc(1, sizeof(*x));
    if (x == NULL) return false;
    x->words.seed = l->tensors->names.seed;
    for (size_t i = 0; i < CONTEXT_COUNT; i++) words_index(&x->contexts, i, contexts[i].word);
    x->wrapper = find_wrapper(l);
    bool ok = index_tails(x);
    for (size_t i = 0; ok && i < l->template_count; i++) {
        l->templates[i].outside = l->templates[i].stack == 0;
        assign(x, l, &l->templates[i]);
    }
    if (ok) find_outside(x, l);
    lookup_free(&x->words);
    free(x);
    return ok;
}
