/* draw.c -- the pictures of an inspect page, as data. */
#include "report/budget.h"
#include "report/plain.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS_MOST = 64 };

/* --- Blocks, as wide as what flows through them ------------------------------------------------ */

typedef struct blocks {
    ari_doc *d;
    ari_picture *p;
    const ari_component *part;
    unsigned group;
    const char *times;
} blocks;

static double number_of(const blocks *b, ari_field field)
{
    return strtod(b->part->architecture.fields[field].value, NULL);
}

static void add_block(blocks *b, const char *label, const char *value, double size)
{
    if (b->p->count == BLOCKS_MOST) return;
    b->p->items[b->p->count++] = (ari_picture_item){ label, value, size, b->group, b->times };
}

/* A block of one size, where it is known. */
static void add_size(blocks *b, ari_word label, ari_field field)
{
    double size = number_of(b, field);
    if (size > 0) add_block(b, word_in(b->d->language, label), doc_printf(b->d, "%.0f", size), size);
}

static void add_attention(blocks *b)
{
    double heads = number_of(b, ARI_FIELD_NUM_ATTENTION_HEADS), size = number_of(b, ARI_FIELD_HEAD_DIM);
    double keys = number_of(b, ARI_FIELD_NUM_KEY_VALUE_HEADS), value = number_of(b, ARI_FIELD_V_HEAD_DIM);
    const ari_inferred *type = &b->part->architecture.fields[ARI_FIELD_ATTENTION_TYPE];
    if (!(size > 0)) size = value;
    if (!(heads > 0) || !(size > 0)) return;
    const char *words = doc_printf(b->d, "%.0f %s %.0f", heads, doc_times(b->d), size);
    if (keys > 0 && keys != heads)
        words = doc_printf(b->d, "%s, k/v %.0f %s %.0f", words, keys, doc_times(b->d), size);
    if (type->basis != ARI_UNKNOWN)
        words = doc_printf(b->d, "%s %s", plain_value(b->d, ARI_FIELD_ATTENTION_TYPE, type->value), words);
    add_block(b, W(b->d, WORK_ATTENTION), words, heads * size);
}

static void add_experts(blocks *b)
{
    double experts = number_of(b, ARI_FIELD_NUM_EXPERTS),
           width = number_of(b, ARI_FIELD_MOE_INTERMEDIATE_SIZE);
    if (experts > 0 && width > 0)
        add_block(b, W(b->d, WORK_EXPERTS), doc_printf(b->d, "%.0f %s %.0f", experts, doc_times(b->d), width),
                  width);
    add_size(b, WORD_WORK_SHARED, ARI_FIELD_SHARED_EXPERT_INTERMEDIATE_SIZE);
}

/* How often the blocks that follow are there; 0 where nothing tells. */
static void repeat(blocks *b, double layers)
{
    b->times = layers > 0 ? doc_printf(b->d, "%s %.0f", doc_times(b->d), layers) : NULL;
}

/* Layers in which that work is done, by their tensors. */
static double layers_with(const ari_budget *budget, ari_work w)
{
    size_t n = 0;
    for (size_t i = 0; i < budget->layers; i++) n += budget->by_layer[i * WORK_COUNT + w] > 0;
    return (double)n;
}

/* Of the main part: how many layers have what, whatever the pattern is. */
static void add_counted_layers(blocks *b, const ari_budget *budget)
{
    if (layers_with(budget, WORK_ATTENTION) > 0) {
        repeat(b, layers_with(budget, WORK_ATTENTION));
        add_attention(b);
    }
    if (layers_with(budget, WORK_LINEAR) > 0) {
        repeat(b, layers_with(budget, WORK_LINEAR));
        add_size(b, WORD_WORK_LINEAR, ARI_FIELD_HIDDEN_SIZE);
    }
    if (layers_with(budget, WORK_DENSE) > 0) {
        repeat(b, layers_with(budget, WORK_DENSE));
        add_size(b, WORD_WORK_DENSE, ARI_FIELD_INTERMEDIATE_SIZE);
    }
    if (layers_with(budget, WORK_EXPERTS) > 0) {
        repeat(b, layers_with(budget, WORK_EXPERTS));
        add_experts(b);
    }
    b->times = NULL;
}

/* Of a part without tensors at hand: how often each block repeats is said only where all layers are alike. */
static void add_stated_layers(blocks *b)
{
    const ari_inferred *f = b->part->architecture.fields;
    bool experts = number_of(b, ARI_FIELD_NUM_EXPERTS) > 0,
         dense = number_of(b, ARI_FIELD_INTERMEDIATE_SIZE) > 0;
    bool mixed = strcmp(f[ARI_FIELD_ATTENTION_TYPE].value, "\"hybrid\"") == 0 || (experts && dense);
    bool alike = !mixed && f[ARI_FIELD_LAYER_TYPES].basis == ARI_UNKNOWN;
    repeat(b, alike ? number_of(b, ARI_FIELD_NUM_HIDDEN_LAYERS) : 0);
    add_attention(b);
    add_size(b, WORD_WORK_DENSE, ARI_FIELD_INTERMEDIATE_SIZE);
    if (experts) add_experts(b);
    b->times = NULL;
}

static void add_part(blocks *b, const ari_model *m, const ari_budget *budget)
{
    add_block(b, doc_term(b->d, b->part->role), plain_scaled(b->d, b->part->parameters), 0);
    if (strcmp(b->part->role, "projector") == 0) add_block(b, W(b->d, WIDTH), projector_words(b->d, m), 0);
    add_size(b, WORD_VOCABULARY, ARI_FIELD_VOCAB_SIZE);
    add_size(b, WORD_WIDTH, ARI_FIELD_HIDDEN_SIZE);
    if (budget != NULL && budget->layers > 0) {
        add_counted_layers(b, budget);
    } else {
        add_stated_layers(b);
    }
    add_size(b, WORD_OUTPUT, ARI_FIELD_OUT_HIDDEN_SIZE);
    if (strcmp(b->part->architecture.fields[ARI_FIELD_TIE_WORD_EMBEDDINGS].value, "false") == 0)
        add_size(b, WORD_OUTPUT, ARI_FIELD_VOCAB_SIZE);
    b->group++;
}

void draw_blocks_of(const ari_model *m, const ari_budget *budget, ari_doc *d)
{
    ari_picture *p = doc_picture(d, PICTURE_BLOCKS, W(d, PICTURE_BLOCKS), SAY(d, SAYS_BLOCKS, m->path));
    blocks b = { .d = d, .p = p };
    if (p != NULL) p->items = arena_alloc(&d->arena, BLOCKS_MOST * sizeof(p->items[0]));
    if (p == NULL || p->items == NULL) return;
    p->item_head = W(d, PART);
    p->value_head = W(d, SHAPE);
    const ari_component *parts[PARTS_MOST];
    size_t more, n = parts_in_flow(m, parts, &more);
    for (size_t i = 0; i < n; i++) {
        b.part = parts[i];
        add_part(&b, m, parts[i] == &m->components[0] ? budget : NULL);
    }
}

/* --- Where the parameters are ---------------------------------------------------------------------- */

static void add_item(ari_picture *p, const char *label, const char *value, double size)
{
    p->items[p->count++] = (ari_picture_item){ .label = label, .value = value, .size = size };
}

/* "8.4 M, 12.5 %" */
static const char *share(ari_doc *d, const char *words, uint64_t n, uint64_t all)
{
    return doc_printf(d, "%s, %.1f %%", words, all == 0 ? 0 : 100 * (double)n / (double)all);
}

static void add_share(ari_picture *p, const ari_model *m, ari_doc *d, const char *label, uint64_t n)
{
    if (n > 0) add_item(p, label, share(d, plain_scaled(d, n), n, m->parameters), (double)n);
}

void draw_budget(const ari_model *m, const ari_budget *b, ari_doc *d)
{
    ari_picture *p = doc_picture(d, PICTURE_STACK, W(d, PICTURE_BUDGET), SAY(d, SAYS_BUDGET, m->path));
    if (p != NULL)
        p->items = arena_alloc(&d->arena, (WORK_COUNT + m->component_count + 2) * sizeof(p->items[0]));
    if (p == NULL || p->items == NULL) return;
    p->item_head = W(d, ROLE);
    p->value_head = W(d, PARAMETERS);
    uint64_t left = m->parameters;
    for (size_t w = 0; w < WORK_COUNT; w++) {
        add_share(p, m, d, work_words(d, (ari_work)w), b->of[w]);
        left -= b->of[w] < left ? b->of[w] : left;
    }
    for (size_t i = 1; i < m->component_count; i++) {
        const ari_component *c = &m->components[i];
        bool unnamed = strcmp(c->role, "other") == 0;
        add_share(p, m, d, unnamed ? c->prefix : doc_term(d, c->role), c->parameters);
        left -= c->parameters < left ? c->parameters : left;
    }
    add_share(p, m, d, W(d, NO_PART), left);
}

void draw_bytes(const ari_model *m, ari_doc *d)
{
    ari_picture *p = doc_picture(d, PICTURE_BARS, W(d, PICTURE_BYTES), SAY(d, SAYS_BYTES, m->path));
    if (p != NULL) p->items = arena_alloc(&d->arena, (m->dtype_count + 1) * sizeof(p->items[0]));
    if (p == NULL || p->items == NULL) return;
    p->item_head = W(d, TYPE);
    p->value_head = W(d, BYTES);
    for (size_t i = 0; i < m->dtype_count; i++) {
        const ari_dtype_sum *s = &m->dtypes[i];
        const ari_dtype_info *known = dtype_info((uint32_t)i);
        const char *name = known != NULL ? known->name : m->unknown_dtypes[i - ARI_DT_COUNT];
        if (s->tensors > 0)
            add_item(p, name, share(d, plain_bytes(d, s->bytes), s->bytes, m->bytes), (double)s->bytes);
    }
}

/* --- Layers and what is in them ---------------------------------------------------------------------- */

/* From 1 to 5 by the square root of its part of the greatest. */
static uint8_t grade(uint64_t n, uint64_t most)
{
    static const uint8_t squares[] = { 1, 4, 9, 16 };
    uint8_t level = 1;
    if (n == 0) return 0;
    for (size_t i = 0; i < sizeof(squares); i++)
        level = (uint8_t)(level + ((double)n * 25 > (double)most * squares[i]));
    return level;
}

static void fill_map(ari_picture *p, const ari_budget *b, const ari_work *rows, ari_doc *d)
{
    uint64_t most = 0;
    for (size_t i = 0; i < b->layers * WORK_COUNT; i++) most = b->by_layer[i] > most ? b->by_layer[i] : most;
    for (size_t r = 0; r < p->rows; r++) {
        p->row_names[r] = work_words(d, rows[r]);
        for (size_t c = 0; c < p->columns; c++) {
            uint64_t n = b->by_layer[c * WORK_COUNT + rows[r]];
            bool as_before = c > 0 && n == b->by_layer[(c - 1) * WORK_COUNT + rows[r]];
            uint8_t level = grade(n, most);
            size_t at = r * p->columns + c;
            p->levels[at] = level;
            p->cells[at] = as_before ? p->cells[at - 1] : n > 0 ? plain_scaled(d, n) : NULL;
            if (level > 0 && p->level_names[level] == NULL)
                p->level_names[level] =
                    level == 5
                        ? SAY(d, LEVEL_MOST, plain_scaled(d, most))
                        : SAY(d, LEVEL_UP_TO, plain_scaled(d, (uint64_t)((double)most * level * level / 25)));
        }
    }
    for (size_t c = 0; c < p->columns; c++) p->column_names[c] = doc_number(d, b->numbers[c]);
}

void draw_layers(const ari_budget *b, ari_doc *d)
{
    ari_work rows[WORK_COUNT];
    size_t n = 0;
    for (size_t w = 0; w < WORK_COUNT; w++) {
        bool any = false;
        for (size_t i = 0; i < b->layers; i++) any = any || b->by_layer[i * WORK_COUNT + w] > 0;
        if (any) rows[n++] = (ari_work)w;
    }
    if (n == 0) return;
    ari_picture *p = doc_picture(d, PICTURE_MAP, W(d, PICTURE_LAYERS), W(d, SAYS_LAYERS));
    if (p == NULL) return;
    *p = (ari_picture){ .kind = p->kind, .title = p->title, .says = p->says, .graded = true };
    p->item_head = W(d, ROLE);
    p->value_head = W(d, LAYERS_AND_PARAMETERS);
    p->row_names = arena_alloc(&d->arena, n * sizeof(p->row_names[0]));
    p->column_names = arena_alloc(&d->arena, b->layers * sizeof(p->column_names[0]));
    p->levels = arena_alloc(&d->arena, n * b->layers);
    p->cells = arena_alloc(&d->arena, n * b->layers * sizeof(p->cells[0]));
    if (p->row_names == NULL || p->column_names == NULL || p->levels == NULL || p->cells == NULL) {
        d->failed = true;
        return;
    }
    p->rows = n;
    p->columns = b->layers;
    fill_map(p, b, rows, d);
}
