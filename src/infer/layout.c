#include "infer/layout.h"

#include <stdlib.h>

/* Words whose number counts layers. */
static const char *const containers[] = {
    "layers",
    "h",
    "blocks",
    "block",
    "layer",
    "blk",
    "resblocks",
    "encoder_layers",
    "decoder_layers",
    "decoder_layer",
    "transformer_blocks",
    "mtp_layers",
    "mtp_block",
    "stages",
};

enum { HOLES = 8, AHEAD = 8 };

/* Wrappers that training frameworks put in front of names; taken off until none is left. */
static const ari_span wrappers[] = {
#define WRAPPER(word)                             \
    {                                             \
        (const uint8_t *)(word), sizeof(word) - 1 \
    }
    WRAPPER("module."),
    WRAPPER("_orig_mod."),
    WRAPPER("base_model.model."),
    WRAPPER("_fsdp_wrapped_module."),
    WRAPPER("_checkpoint_wrapped_module."),
    WRAPPER("model_state_dict."),
    WRAPPER("state_dict."),
#undef WRAPPER
};

/* What one name teaches of the next: where the holes of its pattern are, and the pattern that came after it.
 * Layers and experts repeat themselves, so that is nearly always the one that comes again. */
typedef struct lesson {
    size_t after;        /* Index of that template; of itself where none came yet. */
    size_t holes[HOLES]; /* Where each stands in the pattern. */
    uint8_t hole_count;
    uint8_t layer_hole; /* Which of them is the layer's; HOLES where none is. */
    bool exact;         /* The pattern is the name but for its numbers. */
} lesson;

/* The template of a name, and its numbers. */
typedef struct seen_name {
    uint32_t of, layer, sub, deep;
} seen_name;

typedef struct building {
    ari_layout *l;
    ari_lookup prefixes;
    seen_name *names; /* By row. */
    char *text;       /* The pattern under construction. */
    size_t room;
    lesson *lessons; /* By template. */
    size_t lesson_room;
    size_t last;      /* The template of the row before. */
    ari_span wrapper; /* What was taken off its name. */
} building;

static ari_span template_pattern(const void *templates, size_t i)
{
    return ((const ari_template *)templates)[i].pattern;
}

static ari_span stack_prefix(const void *stacks, size_t i)
{
    return ((const ari_stack *)stacks)[i].prefix;
}

static ari_span unwrap(ari_span name)
{
    for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]);) {
        size_t n = wrappers[i].size;
        bool found =
            name.size > n && name.data[0] == wrappers[i].data[0] && span_eq(span_first(name, n), wrappers[i]);
        if (found) name = span_from(name, n);
        i = found ? 0 : i + 1;
    }
    return name;
}

/* The component at `at`, without its dot. */
static ari_span component(ari_span name, size_t at)
{
    ari_span rest = span_from(name, at);
    const uint8_t *dot = rest.size == 0 ? NULL : memchr(rest.data, '.', rest.size);
    return dot == NULL ? rest : span_first(rest, (size_t)(dot - rest.data));
}

/* Words that numbers are glued to: experts.expert_7. Those that count layers do so
 * only where the layer's number is looked for: ff.layer_1 is a name. */
static const char *const glued[] = { "expert_", "layer_", "layers_", "block_", "blocks_" };

enum { GLUED_ALWAYS = 1 };

enum { DIGITS = 9 };

static bool read_digits(ari_span s, uint32_t *out)
{
    if (s.size == 0 || s.size > DIGITS) return false;
    *out = 0;
    for (size_t i = 0; i < s.size; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') return false;
        *out = *out * 10 + (uint32_t)(s.data[i] - '0');
    }
    return true;
}

/* A number, alone or behind one of the glued words, whose length goes to *stem. */
static bool read_number(ari_span s, bool layer, size_t *stem, uint32_t *out)
{
    size_t words = layer ? sizeof(glued) / sizeof(glued[0]) : GLUED_ALWAYS;
    *stem = 0;
    if (read_digits(s, out)) return true;
    for (size_t i = 0; i < words; i++) {
        *stem = strlen(glued[i]);
        if (span_starts(s, glued[i]) && read_digits(span_from(s, *stem), out)) return true;
    }
    return false;
}

static bool is_container(ari_span word)
{
    for (size_t i = 0; i < sizeof(containers) / sizeof(containers[0]); i++) {
        if (span_is(word, containers[i])) return true;
    }
    return false;
}

/* Where the layer's number stands in the name: after a container word, else the first. */
static size_t layer_at(ari_span name)
{
    size_t first = SIZE_MAX;
    ari_span before = { 0 };
    for (size_t at = 0; at <= name.size;) {
        ari_span word = component(name, at);
        uint32_t number;
        size_t stem;
        if (read_number(word, first == SIZE_MAX, &stem, &number)) {
            if (is_container(stem > 0 ? span_first(word, stem - 1) : before)) return at;
            if (first == SIZE_MAX) first = at;
        }
        before = word;
        at += word.size + 1;
    }
    return first;
}

/* The name with {} for its numbers, in b->text; where prefix and tail lie in it. */
typedef struct parsed {
    ari_span pattern;
    size_t prefix_size, tail_at;
    uint32_t layer, sub, deep;
    bool nested; /* The number after the layer's counts layers too. */
    lesson lesson;
} parsed;

/* XLM and its kin list sublayers, not layers: attentions.3.q_lin, ffns.3.lin1. The
 * layer is the same; the stack is what stands before the word. */
static bool is_sublayer_list(ari_span before)
{
    static const char *const lists[] = { "attentions",  "ffns",         "layer_norm1",
                                         "layer_norm2", "layer_norm15", "encoder_attn" };
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (span_is(before, lists[i])) return true;
    }
    return false;
}

static size_t prefix_before(const char *text, size_t begin)
{
    size_t end = begin == 0 ? 0 : begin - 1, word = end;
    while (word > 0 && text[word - 1] != '.') word--;
    bool list = is_sublayer_list((ari_span){ (const uint8_t *)text + word, end - word });
    return !list ? end : word == 0 ? 0 : word - 1;
}

/* Words that say how a weight is kept, not what it is. */
static bool is_skipped(ari_span word, ari_span before)
{
    if (span_is(word, "base_layer") || span_is(word, "original_module")) return true;
    bool pair =
        span_is(before, "lora_A") || span_is(before, "lora_B") || span_is(before, "lora_magnitude_vector");
    return pair && !span_is(word, "weight");
}

static void note_hole(lesson *l, bool is_layer, size_t at)
{
    if (l->hole_count == HOLES) {
        l->exact = false;
        return;
    }
    if (is_layer) l->layer_hole = l->hole_count;
    l->holes[l->hole_count++] = at;
}

static void note_number(parsed *p, bool is_layer, uint32_t number, size_t prefix, size_t end)
{
    note_hole(&p->lesson, is_layer, end - 3);
    if (is_layer) {
        p->prefix_size = prefix;
        p->layer = number;
        p->tail_at = end;
    } else if (p->layer != NO_NUMBER && p->sub == NO_NUMBER) {
        p->sub = number;
    } else if (p->layer != NO_NUMBER && p->deep == NO_NUMBER) {
        p->deep = number;
    }
}

/* A brace of the name itself is doubled: it is no hole. Returns the bytes written. */
static size_t copy_word(char *to, ari_span word, bool *exact)
{
    size_t size = 0;
    for (size_t i = 0; i < word.size; i++) {
        to[size++] = (char)word.data[i];
        if (word.data[i] != '{') continue;
        to[size++] = '{';
        *exact = false;
    }
    return size;
}

static bool parse_name(building *b, ari_span name, parsed *out)
{
    /* A one-digit component grows by one byte, as does a brace. */
    if (name.size > SIZE_MAX / 2 - 2) return false;
    if (b->text == NULL || name.size * 2 + 2 > b->room) {
        char *text = realloc(b->text, name.size * 2 + 2);
        if (text == NULL) return false;
        b->text = text;
        b->room = name.size * 2 + 2;
    }
    *out = (parsed){ .layer = NO_NUMBER,
                     .sub = NO_NUMBER,
                     .deep = NO_NUMBER,
                     .lesson = { .layer_hole = HOLES, .exact = true } };
    size_t layer = layer_at(name), size = 0;
    ari_span before = { 0 };
    for (size_t at = 0; at <= name.size;) {
        ari_span word = component(name, at);
        uint32_t number;
        size_t stem, next = at + word.size + 1;
        bool hole = read_number(word, at == layer, &stem, &number),
             skipped = next <= name.size && is_skipped(word, before);
        size_t kept = skipped ? 0 : hole ? stem : word.size;
        if (skipped) out->lesson.exact = false;
        kept = copy_word(b->text + size, span_first(word, kept), &out->lesson.exact);
        if (hole && !skipped) {
            memcpy(b->text + size + kept, "{}", 2);
            if (out->layer != NO_NUMBER && out->sub == NO_NUMBER) out->nested = is_container(before);
            note_number(out, at == layer, number, prefix_before(b->text, size), size + kept + 3);
            kept += 2;
        }
        size += kept;
        if (next <= name.size && !skipped) b->text[size++] = '.';
        before = word;
        at = next;
    }
    out->pattern = (ari_span){ (uint8_t *)b->text, size };
    return true;
}

static bool find_stack(building *b, ari_span prefix, bool top, uint32_t *out)
{
    ari_layout *l = b->l;
    bool added;
    if (top) {
        *out = 0;
        return true;
    }
    if (!array_room(&l->stacks, &l->stack_room, l->stack_count, sizeof(l->stacks[0]))) return false;
    size_t i = lookup_add(&b->prefixes, prefix, l->stack_count, stack_prefix, l->stacks, &added);
    if (i == SIZE_MAX) return false;
    if (added) l->stacks[l->stack_count++] = (ari_stack){ .prefix = prefix };
    *out = (uint32_t)i;
    return true;
}

static bool add_template(building *b, const parsed *p)
{
    ari_layout *l = b->l;
    const char *copy = arena_copy(&l->arena, p->pattern);
    if (l->arena.failed) return false;
    ari_span pattern = { (const uint8_t *)copy, p->pattern.size };
    ari_template t = { .pattern = pattern, .tail = span_from(pattern, p->tail_at), .nested = p->nested };
    if (!find_stack(b, span_first(pattern, p->prefix_size), p->layer == NO_NUMBER, &t.stack)) return false;
    l->templates[l->template_count++] = t;
    return true;
}

static bool learn(building *b, const parsed *p, size_t t)
{
    if (!array_room(&b->lessons, &b->lesson_room, t, sizeof(b->lessons[0]))) return false;
    b->lessons[t] = p->lesson;
    b->lessons[t].after = t;
    return true;
}

/* Is the name this pattern with numbers in its holes? Then it is parsed, without a look at what its words
 * mean: they are the same, and so is what follows from them. */
static bool fits(const building *b, size_t t, ari_span name, seen_name *out)
{
    const lesson *l = &b->lessons[t];
    ari_span pattern = b->l->templates[t].pattern;
    uint32_t numbers[HOLES + 2] = { 0 };
    size_t from = 0, at = 0;
    for (size_t i = 0; i < l->hole_count; i++) {
        size_t n = l->holes[i] - from, digits = 0;
        uint32_t number = 0;
        if (name.size - at <= n ||
            !span_eq(span_first(span_from(name, at), n), span_first(span_from(pattern, from), n)))
            return false;
        for (at += n; at + digits < name.size && digits < DIGITS; digits++) {
            uint8_t d = name.data[at + digits];
            if (d < '0' || d > '9') break;
            number = number * 10 + (uint32_t)(d - '0');
        }
        if (digits == 0) return false;
        numbers[i] = number;
        at += digits;
        from = l->holes[i] + 2;
    }
    if (!span_eq(span_from(name, at), span_from(pattern, from))) return false;
    size_t layer = l->layer_hole;
    *out = (seen_name){ .layer = layer < l->hole_count ? numbers[layer] : NO_NUMBER,
                        .sub = layer + 1 < l->hole_count ? numbers[layer + 1] : NO_NUMBER,
                        .deep = layer + 2 < l->hole_count ? numbers[layer + 2] : NO_NUMBER };
    return true;
}

/* The template that comes next if all goes on as it did, if that is the one; else SIZE_MAX. What fits a
 * pattern begins with no wrapper, as the name did not that the pattern was made of. */
static size_t expected(const building *b, ari_span name, seen_name *out)
{
    size_t n = b->wrapper.size;
    if (b->l->template_count == 0 || name.size < n || (n > 0 && memcmp(name.data, b->wrapper.data, n) != 0))
        return SIZE_MAX;
    size_t t = b->lessons[b->last].after;
    return b->lessons[t].exact && fits(b, t, span_from(name, n), out) ? t : SIZE_MAX;
}

/* A new pattern is looked up by the copy that add_template makes of it. */
static size_t find_template(building *b, ari_span whole, seen_name *out)
{
    ari_layout *l = b->l;
    ari_span name = unwrap(whole);
    parsed p;
    bool added;
    b->wrapper = span_first(whole, whole.size - name.size);
    if (!parse_name(b, name, &p)) return SIZE_MAX;
    *out = (seen_name){ .layer = p.layer, .sub = p.sub, .deep = p.deep };
    if (!array_room(&l->templates, &l->template_room, l->template_count, sizeof(l->templates[0])))
        return SIZE_MAX;
    size_t t = lookup_find(&l->patterns, p.pattern, template_pattern, l->templates);
    if (t != SIZE_MAX) return t;
    t = l->template_count;
    if (!learn(b, &p, t) || !add_template(b, &p)) return SIZE_MAX;
    return lookup_add(&l->patterns, l->templates[t].pattern, t, template_pattern, l->templates, &added);
}

static bool add_row(building *b, uint32_t row)
{
    ari_layout *l = b->l;
    ari_span name = l->tensors->rows[row].name;
    seen_name *seen = &b->names[row];
    size_t t = expected(b, name, seen);
    if (t == SIZE_MAX) t = find_template(b, name, seen);
    if (t == SIZE_MAX) return false;
    seen->of = (uint32_t)t;
    l->templates[t].count++;
    b->lessons[b->last].after = t;
    b->last = t;
    return true;
}

static int by_numbers(const ari_place *x, const ari_place *y)
{
    if (x->layer != y->layer) return x->layer < y->layer ? -1 : 1;
    if (x->sub != y->sub) return x->sub < y->sub ? -1 : 1;
    return x->deep < y->deep ? -1 : x->deep > y->deep;
}

static int by_layer(const void *a, const void *b)
{
    const ari_place *x = a, *y = b;
    int order = by_numbers(x, y);
    return order != 0 ? order : x->row < y->row ? -1 : x->row > y->row;
}

static bool is_like(const ari_tensors *table, const ari_tensor *a, uint32_t row)
{
    const ari_tensor *b = &table->rows[row];
    return a->dtype == b->dtype && a->rank == b->rank && a->bytes == b->bytes && a->elements == b->elements &&
           (a->shape_at == b->shape_at ||
            memcmp(tensor_shape(table, a), tensor_shape(table, b), a->rank * sizeof(uint64_t)) == 0);
}

static void group_places(building *b)
{
    ari_layout *l = b->l;
    size_t at = 0;
    for (size_t t = 0; t < l->template_count; t++) {
        l->templates[t].first = at;
        at += l->templates[t].count;
        l->templates[t].count = 0;
    }
    for (uint32_t row = 0; row < l->tensors->count; row++) {
        const seen_name *n = &b->names[row];
        ari_template *t = &l->templates[n->of];
        if (t->count == 0) t->alike = true;
        l->places[t->first + t->count++] = (ari_place){ row, n->layer, n->sub, n->deep };
        t->alike = t->alike && is_like(l->tensors, place_tensor(l, &l->places[t->first]), row);
    }
    for (size_t i = 0; i < l->template_count; i++) {
        ari_template *t = &l->templates[i];
        bool sorted = true;
        for (size_t k = 1; k < t->count && sorted; k++)
            sorted = by_layer(&l->places[t->first + k - 1], &l->places[t->first + k]) < 0;
        if (!sorted) qsort(l->places + t->first, t->count, sizeof(ari_place), by_layer);
    }
}

static int by_stack_and_layer(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* Distinct layer numbers of every stack, by sorting (stack, layer) pairs. Within a template they stand in
 * order.
 */
static bool count_layers(building *b)
{
    ari_layout *l = b->l;
    uint64_t *pairs = NULL;
    size_t kept = 0, room = 0;
    for (size_t t = 0; t < l->template_count; t++) {
        const ari_place *places = l->places + l->templates[t].first;
        for (size_t i = 0; i < l->templates[t].count; i++) {
            uint64_t pair = (uint64_t)l->templates[t].stack << 32 | places[i].layer;
            if (places[i].layer == NO_NUMBER || (i > 0 && places[i - 1].layer == places[i].layer)) continue;
            if (!array_room(&pairs, &room, kept, sizeof(pairs[0]))) {
                free(pairs);
                return false;
            }
            pairs[kept++] = pair;
        }
    }
    if (pairs != NULL) qsort(pairs, kept, sizeof(pairs[0]), by_stack_and_layer);
    for (size_t i = 0; i < kept; i++) {
        if (i > 0 && pairs[i] == pairs[i - 1]) continue;
        ari_stack *s = &l->stacks[pairs[i] >> 32];
        s->layers++;
        s->last = (uint32_t)pairs[i];
    }
    free(pairs);
    return true;
}

static bool build(building *b)
{
    ari_layout *l = b->l;
    size_t n = l->tensors->count;
    size_t places = 0, rows = 0;
    if (!array_reserve(&b->names, &rows, n + 1, sizeof(b->names[0])) ||
        !array_reserve(&l->places, &places, n + 1, sizeof(l->places[0])))
        return false;
    if (!array_room(&l->stacks, &l->stack_room, 0, sizeof(l->stacks[0]))) return false;
    l->stacks[l->stack_count++] = (ari_stack){ .prefix = ARI_SPAN("") };
    for (uint32_t row = 0; row < n; row++) {
        if (row + AHEAD < n) __builtin_prefetch(l->tensors->rows[row + AHEAD].name.data);
        if (!add_row(b, row)) return false;
    }
    group_places(b);
    return count_layers(b);
}

bool layout_build(ari_layout *out, const ari_tensors *tensors)
{
    *out = (ari_layout){ .tensors = tensors };
    building b = { .l = out };
    out->patterns.seed = b.prefixes.seed = tensors->names.seed;
    bool ok = build(&b);
    lookup_free(&b.prefixes);
    free(b.names);
    free(b.lessons);
    free(b.text);
    if (!ok) layout_free(out);
    return ok;
}

ari_template *layout_find(const ari_layout *l, ari_span pattern)
{
    size_t i = lookup_find(&l->patterns, pattern, template_pattern, l->templates);
    return i == SIZE_MAX ? NULL : &l->templates[i];
}

const ari_place *layout_partner(const ari_layout *l, const ari_template *t, const ari_place *p, size_t hint)
{
    const ari_place *places = l->places + t->first;
    if (hint < t->count && by_numbers(&places[hint], p) == 0) return &places[hint];
    for (size_t low = 0, high = t->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        int order = by_numbers(&places[middle], p);
        if (order == 0) return &places[middle];
        if (order < 0) low = middle + 1;
        if (order > 0) high = middle;
    }
    return NULL;
}

bool layout_parallel(const ari_layout *l, const ari_template *a, const ari_template *b)
{
    size_t k = 0;
    while (a->count == b->count && k < a->count &&
           by_numbers(&l->places[a->first + k], &l->places[b->first + k]) == 0)
        k++;
    return k == b->count;
}

void layout_free(ari_layout *l)
{
    free(l->templates);
    free(l->stacks);
    free(l->places);
    lookup_free(&l->patterns);
    arena_free(&l->arena);
    *l = (ari_layout){ 0 };
}
