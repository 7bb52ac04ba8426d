#include "infer/shapes.h"

#include <inttypes.h>
#include <stdlib.h>

enum { TOKENS_MIN = 1000, MATRICES_MIN = 8, CHOICES = 8 };

/* Matrices of one shape. */
typedef struct form {
    uint64_t rows, columns, count;
} form;

typedef struct forms {
    form *of;
    size_t count;
    uint64_t matrices;
} forms;

static int by_shape(const void *a, const void *b)
{
    const form *x = a, *y = b;
    if (x->rows != y->rows) return x->rows < y->rows ? -1 : 1;
    return x->columns < y->columns ? -1 : x->columns > y->columns;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static bool gather(const ari_layout *l, forms *f)
{
    f->of = calloc(l->tensors->count + 1, sizeof(f->of[0]));
    if (f->of == NULL) return false;
    for (size_t i = 0; i < l->template_count; i++) {
        const ari_template *t = &l->templates[i];
        for (size_t k = 0; k < t->count; k++) {
            ari_shape shape = logical_shape(l, t, k);
            if (shape.rank != 2 || t->companion || shape.sizes[0] < 2 || shape.sizes[1] < 2) continue;
            f->of[f->matrices++] = (form){ shape.sizes[0], shape.sizes[1], 1 };
        }
    }
    qsort(f->of, f->matrices, sizeof(f->of[0]), by_shape);
    for (size_t i = 0; i < f->matrices; i++) {
        if (f->count > 0 && by_shape(&f->of[f->count - 1], &f->of[i]) == 0) {
            f->of[f->count - 1].count++;
        } else {
            f->of[f->count++] = f->of[i];
        }
    }
    return true;
}

static uint64_t other_side(const form *x, uint64_t width)
{
    if (x->columns == width) return x->rows;
    return x->rows == width ? x->columns : 0;
}

/* The width that meets the most matrices, at least two thirds of them; 0 if none does. */
static bool find_width(const forms *f, uint64_t *out)
{
    uint64_t *sides = calloc(2 * f->count + 1, sizeof(sides[0])), most = 0;
    size_t n = 0;
    *out = 0;
    if (sides == NULL) return false;
    for (size_t i = 0; i < f->count; i++) {
        sides[n++] = f->of[i].rows;
        sides[n++] = f->of[i].columns;
    }
    qsort(sides, n, sizeof(sides[0]), by_value);
    for (size_t i = 0, tried = 0; i < n && tried < 4096; i++) {
        uint64_t met = 0;
        if (i > 0 && sides[i] == sides[i - 1]) continue;
        tried++;
        for (size_t k = 0; k < f->count; k++) met += other_side(&f->of[k], sides[i]) > 0 ? f->of[k].count : 0;
        if (met == most) *out = 0;
        if (met <= most) continue;
        most = met;
        *out = sides[i];
    }
    free(sides);
    if (most * 3 < f->matrices * 2) *out = 0;
    return true;
}

static uint64_t greatest_common(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Matrices of that shape. */
static uint64_t count_of(const forms *f, uint64_t rows, uint64_t columns)
{
    form key = { rows, columns, 0 };
    const form *found = bsearch(&key, f->of, f->count, sizeof(f->of[0]), by_shape);
    return found == NULL ? 0 : found->count;
}

/* --- Facts ------------------------------------------------------------------------------------- */

static void choose(ari_model *m, ari_field field, const uint64_t *values, size_t n, const char *evidence)
{
    ari_architecture *a = &m->components[0].architecture;
    set_candidates(a, &m->checkpoint->arena, field, values, n, evidence);
    a->fields[field].incomplete = true;
}

/* Likely, and no more: what meets most is not what nothing else could be. */
static void set(ari_model *m, ari_field field, uint64_t value, const char *evidence)
{
    if (value > 0) choose(m, field, &value, 1, evidence);
}

/* The largest side of a matrix that is there once or twice. */
static uint64_t set_vocabulary(ari_model *m, const forms *f, uint64_t width)
{
    uint64_t best = 0;
    for (size_t i = 0; i < f->count; i++) {
        uint64_t side = other_side(&f->of[i], width);
        if (f->of[i].count <= 2 && side >= TOKENS_MIN && side > best) best = side;
    }
    for (size_t i = 0; i < f->count; i++) {
        if (other_side(&f->of[i], width) >= best && f->of[i].count > 2) return 0;
    }
    set(m, ARI_FIELD_VOCAB_SIZE, best,
        "by shapes alone: the largest side, of a matrix that is there once or twice");
    return best;
}

/* Sides that matrices lead to and back from. Attention may be one, the MLP is the widest. */
static void set_mlp(ari_model *m, const forms *f, uint64_t width, uint64_t vocabulary)
{
    uint64_t sides[CHOICES];
    size_t n = 0;
    for (size_t i = f->count; i > 0 && n < CHOICES; i--) {
        const form *x = &f->of[i - 1];
        bool back = x->columns == width && x->rows != width && x->rows != vocabulary &&
                    count_of(f, width, x->rows) > 0 && x->count > 2;
        if (back) sides[n++] = x->rows;
    }
    const char *why = "by shapes alone: matrices lead there and back";
    if (n == 1) set(m, ARI_FIELD_INTERMEDIATE_SIZE, sides[0], why);
    if (n > 1) choose(m, ARI_FIELD_INTERMEDIATE_SIZE, sides, n, why);
}

/* Numbers in the names still count layers; without them, repetition does, up to a factor. */
static void set_layers(ari_model *m, const forms *f, uint64_t width)
{
    uint64_t times = 0;
    const ari_stack *best = NULL;
    for (size_t i = 1; i < m->layout.stack_count; i++) {
        const ari_stack *s = &m->layout.stacks[i];
        if (s->layers >= 2 && s->layers == (uint64_t)s->last + 1 &&
            (best == NULL || s->layers > best->layers))
            best = s;
    }
    for (size_t i = 0; i < f->count; i++) {
        if (other_side(&f->of[i], width) > 0 && f->of[i].count > 2)
            times = greatest_common(times, f->of[i].count);
    }
    if (best != NULL && times > 0 && times % best->layers == 0) {
        set(m, ARI_FIELD_NUM_HIDDEN_LAYERS, best->layers,
            "numbers in the names, and shapes repeated as often");
        return;
    }
    uint64_t choices[CHOICES + 1];
    size_t n = 0;
    if (best != NULL) choices[n++] = best->layers;
    for (uint64_t d = 1; d <= CHOICES && times > 1; d++) {
        if (times % d == 0 && times / d > 1 && (best == NULL || times / d != best->layers))
            choices[n++] = times / d;
    }
    choose(m, ARI_FIELD_NUM_HIDDEN_LAYERS, choices, n,
           best != NULL ? "by numbers in the names, and by how often shapes repeat"
                        : "by shapes alone: every repeated shape is there a multiple of this");
}

bool shapes_derive(ari_model *m)
{
    forms f = { 0 };
    uint64_t width = 0;
    bool ok = gather(&m->layout, &f) && find_width(&f, &width);
    if (ok && width > 0 && f.matrices >= MATRICES_MIN) {
        set(m, ARI_FIELD_HIDDEN_SIZE, width, "by shapes alone: the width that meets most matrices");
        uint64_t vocabulary = set_vocabulary(m, &f, width);
        set_mlp(m, &f, width, vocabulary);
        set_layers(m, &f, width);
    }
    free(f.of);
    return ok;
}
