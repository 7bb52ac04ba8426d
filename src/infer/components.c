#include "infer/components.h"

#include "base/arith.h"
#include "infer/pack.h"
#include "infer/words.h"

#include <stdlib.h>

/* More stacks, or tables of tokens, than any model has are noise: the largest and
 * the first are looked at. */
#define NO_ROW UINT32_MAX /* An enumerator must fit an int. */

enum { NO_KIND = ARI_PART_COUNT, CORE_MAX = 24, TABLES_MAX = 64 };

static const struct {
    const char *words;
    enum { TEXT, VISION, AUDIO, PROJECTOR, MTP, OTHER } kind;
} words[] = {
#define COMPONENT(words, kind) { words, kind },
#include "infer/component.def"
};

static const ari_component_kind kinds[] = {
    [TEXT] = ARI_PART_TEXT,           [VISION] = ARI_PART_VISION, [AUDIO] = ARI_PART_AUDIO,
    [PROJECTOR] = ARI_PART_PROJECTOR, [MTP] = ARI_PART_MTP,       [OTHER] = ARI_PART_SPARE,
};

/* One a stack. */
typedef struct stack_facts {
    uint32_t kind; /* ari_component_kind, or NO_KIND. */
    bool core, cross, attends, sees, hears;
    uint64_t parameters;
    uint64_t norm, sides[2]; /* Length of a norm; sides of a matrix. */
    uint32_t row;            /* Of its component, or NO_ROW. */
} stack_facts;

typedef struct finding_parts {
    ari_layout *l;
    ari_parts *out;
    stack_facts *stacks;
} finding_parts;

/* --- By words --------------------------------------------------------------------------------- */

static uint8_t kind_by_words(const ari_words *x, ari_span name)
{
    size_t furthest = 0;
    uint8_t kind = NO_KIND;
    for (size_t at = 0, n = 0; at < name.size && n < WORDS_IN_NAME; at = next_word(name, at), n++) {
        for (size_t i = x->newest[name.data[at]]; i != 0; i = x->next[i - 1]) {
            size_t end = at + strlen(words[i - 1].words);
            if (end <= furthest || !words_at(name, at, words[i - 1].words)) continue;
            furthest = end;
            kind = (uint8_t)kinds[words[i - 1].kind];
        }
    }
    return kind;
}

/* Bytes of the leading words that two names share. */
static size_t common_words(ari_span a, ari_span b)
{
    size_t shared = 0;
    for (size_t i = 0; i < a.size && i < b.size && a.data[i] == b.data[i]; i++) {
        if (a.data[i] == '.') shared = i + 1;
    }
    return shared;
}

/* --- By what is inside --------------------------------------------------------------------------- */

static void look_at_template(finding_parts *f, size_t i)
{
    const ari_template *t = &f->l->templates[i];
    stack_facts *s = &f->stacks[t->stack];
    ari_shape shape = logical_shape(f->l, t, 0);
    if (t->stack == 0) return;
    if (!add_u64(s->parameters, f->l->templates[i].parameters, &s->parameters)) s->parameters = UINT64_MAX;
    s->cross = s->cross || t->role == ARI_ROLE_CROSS;
    s->attends =
        s->attends || role_group(t->role) == ARI_GROUP_ATTENTION || role_group(t->role) == ARI_GROUP_LATENT;
    if (t->part == ARI_PART_BIAS) return;
    if (t->role == ARI_ROLE_NORM && shape.rank == 1 && s->norm == 0) s->norm = shape.sizes[0];
    if (!is_core(t)) return;
    if (shape.rank == 2 && s->sides[0] == 0) memcpy(s->sides, shape.sizes, sizeof(s->sides));
    s->core = true;
}

static int by_parameters(const void *a, const void *b)
{
    const stack_facts *x = *(stack_facts *const *)a, *y = *(stack_facts *const *)b;
    return x->parameters > y->parameters ? -1 : x->parameters < y->parameters;
}

static bool keep_largest(finding_parts *f)
{
    stack_facts **order = calloc(f->l->stack_count, sizeof(stack_facts *));
    size_t n = 0;
    if (order == NULL) return false;
    for (uint32_t i = 1; i < f->l->stack_count; i++) {
        if (f->stacks[i].core) order[n++] = &f->stacks[i];
    }
    qsort(order, n, sizeof(stack_facts *), by_parameters);
    for (size_t i = CORE_MAX; i < n; i++) order[i]->core = false;
    free(order);
    return true;
}

static bool look_at_stacks(finding_parts *f)
{
    ari_layout *l = f->l;
    ari_words x = { 0 };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) words_index(&x, i, words[i].words);
    for (uint32_t i = 0; i < l->stack_count; i++) {
        l->stacks[i].named = kind_by_words(&x, l->stacks[i].prefix);
        f->stacks[i].kind = l->stacks[i].named;
        f->stacks[i].row = NO_ROW;
    }
    for (size_t i = 0; i < l->template_count; i++) {
        l->templates[i].named = kind_by_words(&x, l->templates[i].pattern);
        look_at_template(f, i);
    }
    return keep_largest(f);
}

/* Give the stack nearest to the template by name what the template stands for. */
static void mark_nearest(finding_parts *f, const ari_template *t, bool hears)
{
    const ari_layout *l = f->l;
    uint32_t best = 0;
    size_t most = 0;
    for (uint32_t i = 1; i < l->stack_count; i++) {
        size_t shared = common_words(t->pattern, l->stacks[i].prefix);
        if (!f->stacks[i].core || (best != 0 && shared <= most)) continue;
        best = i;
        most = shared;
    }
    if (best == 0) return;
    if (hears) {
        f->stacks[best].hears = true;
    } else {
        f->stacks[best].sees = true;
    }
}

/* A stack near patches of images sees, one near windows of sound hears, if no word says otherwise. */
static void settle_senses(finding_parts *f)
{
    const ari_layout *l = f->l;
    for (size_t i = 0, n = 0; i < l->template_count && n < TABLES_MAX; i++) {
        const ari_template *t = &l->templates[i];
        uint32_t rank = logical_shape(l, t, 0).rank;
        bool sees = t->role == ARI_ROLE_PATCH && rank >= 4, hears = t->role == ARI_ROLE_WAVE && rank == 3;
        if (t->part == ARI_PART_BIAS || !(sees || hears) || t->named != NO_KIND) continue;
        mark_nearest(f, t, hears);
        n++;
    }
    for (uint32_t i = 1; i < l->stack_count; i++) {
        stack_facts *s = &f->stacks[i];
        if (s->kind == NO_KIND && s->sees) s->kind = ARI_PART_VISION;
        if (s->kind == NO_KIND && s->hears) s->kind = ARI_PART_AUDIO;
    }
}

/* --- The main stack --------------------------------------------------------------------------------- */

static bool is_text(const stack_facts *s)
{
    return s->core && (s->kind == NO_KIND || s->kind == ARI_PART_TEXT);
}

/* Is the stack as wide as a matrix of that role, an output or an embedding of text? */
static bool meets(const finding_parts *f, uint32_t stack, uint32_t role)
{
    const stack_facts *s = &f->stacks[stack];
    for (size_t i = 0, n = 0; i < f->l->template_count && n < TABLES_MAX; i++) {
        const ari_template *t = &f->l->templates[i];
        if (t->role != role || t->part == ARI_PART_BIAS) continue;
        n++;
        ari_shape shape = logical_shape(f->l, t, 0);
        uint32_t kind = t->named;
        if ((kind != NO_KIND && kind != ARI_PART_TEXT) || shape.rank != 2) continue;
        uint64_t width = shape.sizes[1];
        if (s->norm > 0 ? s->norm == width : s->sides[0] == width || s->sides[1] == width) return true;
    }
    return false;
}

static uint32_t largest(const finding_parts *f, bool text, uint32_t role)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < f->l->stack_count; i++) {
        const stack_facts *s = &f->stacks[i];
        bool wanted = text ? is_text(s) : s->core && s->kind != ARI_PART_PROJECTOR && s->kind != ARI_PART_MTP;
        if (!wanted || (role != ARI_ROLE_NONE && !meets(f, i, role))) continue;
        if (best == 0 || s->parameters > f->stacks[best].parameters) best = i;
    }
    return best;
}

static bool is_named(const finding_parts *f, uint32_t stack, const char *word, const char *short_word)
{
    ari_span prefix = f->l->stacks[stack].prefix;
    return has_words(prefix, word) || has_words(prefix, short_word);
}

/* A decoder that attends across, or stands beside an encoder by name; 0 if there is none. */
static uint32_t find_decoder(const finding_parts *f)
{
    uint32_t across = 0, named = 0;
    bool encoder = false;
    for (uint32_t i = 1; i < f->l->stack_count; i++) {
        const stack_facts *s = &f->stacks[i];
        if (!is_text(s)) continue;
        if (s->cross && s->attends && (across == 0 || s->parameters > f->stacks[across].parameters))
            across = i;
        bool encodes = is_named(f, i, "encoder", "enc");
        encoder = encoder || encodes;
        if (!encodes && is_named(f, i, "decoder", "dec")) named = i;
    }
    return across != 0 ? across : encoder ? named : 0;
}

static uint32_t main_stack(const finding_parts *f)
{
    uint32_t decoder = find_decoder(f);
    uint32_t best = largest(f, true, ARI_ROLE_OUTPUT);
    if (best == 0) best = largest(f, true, ARI_ROLE_EMBED);
    if (best == 0) best = largest(f, true, ARI_ROLE_NONE);
    if (best == 0) best = largest(f, false, ARI_ROLE_NONE);
    /* A vision-language model may cross-attend too, but has no encoder beside it. */
    return decoder != 0 ? decoder : best;
}

/* --- Rows --------------------------------------------------------------------------------------------- */

static uint32_t add_row(finding_parts *f, ari_component_kind kind, uint32_t stack, ari_span prefix)
{
    f->out->rows[f->out->count] = (ari_part_row){ kind, stack, prefix, 0 };
    return (uint32_t)f->out->count++;
}

static void add_stack_rows(finding_parts *f, uint32_t best)
{
    bool decoder = find_decoder(f) == best;
    for (uint32_t i = 0; i < f->l->stack_count; i++) {
        stack_facts *s = &f->stacks[i];
        if (i == best || !s->core || s->kind == ARI_PART_PROJECTOR || s->kind == ARI_PART_MTP) continue;
        bool encoder = decoder && is_text(s) && is_named(f, i, "encoder", "enc");
        ari_component_kind kind = encoder ? ARI_PART_ENCODER
                                  : s->kind == NO_KIND || s->kind == ARI_PART_TEXT
                                      ? ARI_PART_SPARE
                                      : (ari_component_kind)s->kind;
        f->out->seq2seq = f->out->seq2seq || encoder || (kind == ARI_PART_AUDIO && f->stacks[best].cross);
        s->row = add_row(f, kind, i, f->l->stacks[i].prefix);
    }
}

/* The row of that kind whose prefix is nearest; a new one where there is none. */
static uint32_t row_for(finding_parts *f, ari_component_kind kind, ari_span pattern)
{
    uint32_t best = NO_ROW;
    size_t most = 0;
    for (uint32_t i = 0; i < f->out->count; i++) {
        size_t shared = common_words(pattern, f->out->rows[i].prefix);
        if (f->out->rows[i].kind != kind || (best != NO_ROW && shared <= most)) continue;
        best = i;
        most = shared;
    }
    if (best != NO_ROW) return best;
    ari_span prefix = pattern;
    for (size_t i = 0; i < pattern.size; i++) {
        if (pattern.data[i] == '.') prefix = span_first(pattern, i);
    }
    return add_row(f, kind, 0, prefix);
}

/* Tensors outside of the layers: the main model's, or nearer to another stack by name. */
static uint32_t nearest_row(const finding_parts *f, const ari_template *t)
{
    uint32_t best = 0;
    size_t most = common_words(t->pattern, f->out->rows[0].prefix);
    for (uint32_t i = 1; i < f->out->count; i++) {
        const ari_part_row *row = &f->out->rows[i];
        if (row->stack == 0 || common_words(t->pattern, row->prefix) <= most) continue;
        best = i;
        most = common_words(t->pattern, row->prefix);
    }
    return best;
}

static uint32_t row_of(finding_parts *f, const ari_template *t)
{
    const stack_facts *s = &f->stacks[t->stack];
    if (t->stack != 0 && s->row != NO_ROW) return s->row;
    uint32_t kind = t->named;
    if (t->role == ARI_ROLE_EMBED || t->role == ARI_ROLE_OUTPUT) {
        if (kind == NO_KIND || kind == ARI_PART_TEXT) return 0;
    }
    if (t->role == ARI_ROLE_HEAD && (kind == NO_KIND || kind == ARI_PART_TEXT))
        return row_for(f, ARI_PART_HEAD, t->pattern);
    if (kind == NO_KIND || kind == ARI_PART_TEXT) return nearest_row(f, t);
    return row_for(f, (ari_component_kind)kind, t->pattern);
}

bool components_find(ari_layout *l, ari_arena *arena, ari_parts *out)
{
    *out = (ari_parts){ 0 };
    finding_parts f = { .l = l, .out = out };
    f.stacks = calloc(l->stack_count, sizeof(f.stacks[0]));
    /* One a stack, and one of each kind without a stack. */
    out->rows = arena_alloc(arena, (l->stack_count + ARI_PART_COUNT + 1) * sizeof(out->rows[0]));
    bool ok = f.stacks != NULL && out->rows != NULL && look_at_stacks(&f);
    if (ok) {
        settle_senses(&f);
        uint32_t best = main_stack(&f);
        stack_facts *s = &f.stacks[best];
        bool text = best == 0 || is_text(s);
        s->row =
            add_row(&f, text ? ARI_PART_TEXT : (ari_component_kind)s->kind, best, l->stacks[best].prefix);
        if (best == 0) s->row = NO_ROW;
        out->known = best != 0;
        add_stack_rows(&f, best);
        for (size_t i = 0; i < l->template_count; i++) {
            ari_template *t = &l->templates[i];
            t->component = row_of(&f, t);
            uint64_t *sum = &out->rows[t->component].parameters;
            if (!add_u64(*sum, t->parameters, sum)) *sum = UINT64_MAX;
        }
    }
    free(f.stacks);
    return ok;
}
