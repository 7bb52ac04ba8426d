#include "planted.h"

#include "base/text.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { DIRECTIONS = 4, WIDTH = 128, VOCABULARY = 64 };

typedef struct planting {
    const plant *p;
    ari_text header;
    float *data;
    size_t count, room;
    uint64_t state;
} planting;

/* Splitmix64. */
static uint64_t next(planting *g)
{
    uint64_t z = (g->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static double uniform(planting *g)
{
    return (double)(next(g) >> 11) / 9007199254740992.0;
}

static double draw(planting *g)
{
    const double turn = 6.283185307179586;
    if (g->p->uniform) return (2 * uniform(g) - 1) * 1.7320508075688772;
    double a = uniform(g), b = uniform(g);
    return sqrt(-2 * log(1 - a)) * cos(turn * b);
}

/* A tensor of that name, zeros at first. */
static float *add(planting *g, const char *name, int layer, size_t rows, size_t columns)
{
    size_t n = rows * (columns == 0 ? 1 : columns);
    bool turned = g->p->transposed && columns > 0 && layer >= 0;
    text_put(&g->header, g->header.size == 0 ? "{\"" : ",\"");
    if (layer >= 0) text_printf(&g->header, "model.layers.%d.", layer);
    text_printf(&g->header, "%s.weight\":{\"dtype\":\"F32\",\"shape\":[%zu", name, turned ? columns : rows);
    if (columns > 0) text_printf(&g->header, ",%zu", turned ? rows : columns);
    text_printf(&g->header, "],\"data_offsets\":[%zu,%zu]}", g->count * sizeof(float),
                (g->count + n) * sizeof(float));
    cr_assert(array_reserve(&g->data, &g->room, g->count + n, sizeof(float)));
    float *at = g->data + g->count;
    for (size_t i = 0; i < n; i++) at[i] = 0;
    g->count += n;
    return at;
}

/* Turn rows x columns where they lie. */
static void turn(const planting *g, float *at, size_t rows, size_t columns)
{
    if (!g->p->transposed) return;
    float *copy = calloc(rows * columns, sizeof(float));
    cr_assert_not_null(copy);
    memcpy(copy, at, rows * columns * sizeof(float));
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns; c++) at[c * rows + r] = copy[r * columns + c];
    }
    free(copy);
}

static void fill(planting *g, float *at, size_t n)
{
    for (size_t i = 0; i < n; i++) at[i] = (float)(0.02 * draw(g));
}

/* `count` vectors of `width`: noise, and as much as `shared` says of directions that each block of `block`
 * vectors has for itself. Vector i lies at i * step, its numbers so far apart. */
static void share(planting *g, float *at, size_t count, size_t width, size_t step, size_t apart, size_t block,
                  double shared)
{
    float *own = calloc(DIRECTIONS * width, sizeof(float));
    cr_assert_not_null(own);
    for (size_t i = 0; i < count && shared > 0; i++) {
        if (i % block == 0) fill(g, own, DIRECTIONS * width);
        for (size_t k = 0; k < DIRECTIONS; k++) {
            float part = (float)(shared * draw(g));
            for (size_t j = 0; j < width; j++) at[i * step + j * apart] += part * own[k * width + j];
        }
    }
    free(own);
}

/* Rows of one number modulo `half` within a head share a direction. */
static void rotate(planting *g, float *at, size_t count, size_t width)
{
    size_t d = g->p->head_dim, half = g->p->halves;
    for (size_t h = 0; half > 0 && h < count / d; h++) {
        for (size_t i = 0; i < d; i++) {
            float *row = at + (h * d + i) * width;
            float length = (1 + (float)(i % half) / (float)half) / (i < half ? 1 : 1.2247449F);
            for (size_t near = 1; near <= 2 && i >= half; near++) {
                const float *other = row - (half + 1 - near) * width;
                for (size_t j = 0; j < width; j++) row[j] += 0.5F * other[j];
            }
            for (size_t j = 0; j < width; j++) row[j] *= length;
        }
    }
}

static void add_attention(planting *g, int layer)
{
    const plant *p = g->p;
    size_t hidden = p->hidden, q = p->heads * p->head_dim, k = p->kv_heads * p->head_dim;
    float *values, *out;
    if (p->fused) {
        float *all = add(g, "self_attn.qkv_proj", layer, q + 2 * k, hidden);
        fill(g, all, (q + 2 * k) * hidden);
        turn(g, all, q + 2 * k, hidden);
    } else {
        static const char *const names[] = { "self_attn.q_proj", "self_attn.k_proj" };
        for (size_t i = 0; i < 2; i++) {
            float *at = add(g, names[i], layer, i == 0 ? q : k, hidden);
            fill(g, at, (i == 0 ? q : k) * hidden);
            rotate(g, at, i == 0 ? q : k, hidden);
            turn(g, at, i == 0 ? q : k, hidden);
        }
        values = add(g, "self_attn.v_proj", layer, k, hidden);
        fill(g, values, k * hidden);
        share(g, values, k, hidden, hidden, 1, p->head_dim, p->shared);
        for (size_t i = 0; p->gaps && i < p->head_dim * hidden; i++) values[i] = 0;
        turn(g, values, k, hidden);
    }
    out = add(g, "self_attn.o_proj", layer, hidden, q);
    fill(g, out, hidden * q);
    share(g, out, q, hidden, 1, q, p->head_dim, p->shared);
    share(g, out, q, hidden, 1, q, (size_t)p->head_dim * p->heads / p->kv_heads, p->grouped);
    turn(g, out, hidden, q);
}

static void add_norm(planting *g, const char *name, int layer)
{
    float *at = add(g, name, layer, g->p->hidden, 0);
    for (size_t i = 0; i < g->p->hidden; i++) at[i] = g->p->trained ? (float)(1 + 0.1 * draw(g)) : 1;
}

static void add_mlp(planting *g, int layer)
{
    static const char *const names[] = { "mlp.gate_proj", "mlp.up_proj", "mlp.down_proj" };
    for (size_t i = 0; i < 3; i++) {
        size_t rows = i == 2 ? g->p->hidden : WIDTH, columns = i == 2 ? WIDTH : g->p->hidden;
        float *at = add(g, names[i], layer, rows, columns);
        uint64_t before = g->state;
        if (g->p->copied) g->state = i;
        fill(g, at, rows * columns);
        if (g->p->copied) g->state = before;
        for (size_t k = 0; g->p->constant && layer == 0 && k < rows * columns; k++) at[k] = 0.5F;
    }
}

static void add_all(planting *g)
{
    size_t table = (size_t)VOCABULARY * g->p->hidden;
    fill(g, add(g, "model.embed_tokens", -1, VOCABULARY, g->p->hidden), table);
    if (g->p->tied) {
        float *head = add(g, "lm_head", -1, VOCABULARY, g->p->hidden);
        memcpy(head, g->data, table * sizeof(float));
    }
    for (int i = 0; i < (int)g->p->layers; i++) {
        add_norm(g, "input_layernorm", i);
        add_attention(g, i);
        add_norm(g, "post_attention_layernorm", i);
        add_mlp(g, i);
    }
    add_norm(g, "model.norm", -1);
    text_put(&g->header, "}");
    while (g->header.size % 8 != 0) text_put(&g->header, " ");
}

void planted_write(const plant *p, const memory_file *f)
{
    planting g = { .p = p, .state = p->seed };
    ari_text all = { 0 };
    add_all(&g);
    uint64_t size = g.header.size;
    uint8_t head[8];
    for (unsigned i = 0; i < 8; i++) head[i] = (uint8_t)(size >> 8 * i);
    text_put_span(&all, (ari_span){ head, 8 });
    text_put_span(&all, (ari_span){ (const uint8_t *)g.header.data, g.header.size });
    text_put_span(&all, (ari_span){ (const uint8_t *)g.data, g.count * sizeof(float) });
    cr_assert(!all.failed && !g.header.failed);
    memory_write(f, (ari_span){ (const uint8_t *)all.data, all.size });
    text_free(&all);
    text_free(&g.header);
    free(g.data);
}

ari_model *planted(const plant *p)
{
    ari_err err = ARI_ERR_INIT;
    ari_set *set = NULL;
    ari_model *model = NULL;
    memory_file f = memory_open();
    planted_write(p, &f);
    cr_assert(ari_set_find(f.path, NULL, &set, &err) == ARI_OK, "%s", err.text);
    cr_assert(ari_model_open(set, 0, NULL, &model, &err) == ARI_OK, "%s", err.text);
    ari_set_free(set);
    memory_close(&f);
    return model;
}
