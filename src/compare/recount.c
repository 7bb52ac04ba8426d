/* The parameters that an entry's figures amount to: a check on figures, and on published totals. */
#include "base/arith.h"
#include "compare/catalogue.h"

/* Sums and products that stick at "too large". */
typedef struct sum {
    uint64_t value;
    bool overflow;
} sum;

static void add(sum *s, uint64_t n)
{
    if (!add_u64(s->value, n, &s->value)) s->overflow = true;
}

static void add_product(sum *s, uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t product;
    if (mul_u64(a, b, &product) && mul_u64(product, c, &product)) {
        add(s, product);
    } else {
        s->overflow = true;
    }
}

/* --- Figures ------------------------------------------------------------------------------------ */

/* 0 for what is not stated, and for what there is none of. */
static uint64_t count_of(const ari_entry *e, ari_field field)
{
    const ari_value *v = entry_value(e, field);
    return v != NULL && v->number > 0 ? (uint64_t)v->number : 0;
}

static bool says(const ari_entry *e, ari_field field, const char *json)
{
    const ari_value *v = entry_value(e, field);
    return v != NULL && strcmp(v->json, json) == 0;
}

enum { NONE = -1 };

/* The rows of its table of positions, or NONE; false where it does not count. */
static bool type_counts(const ari_entry *e, int *rows)
{
    static const struct {
        const char *json;
        int rows;
        bool counts;
    } types[] = {
#define RECOUNT(type, rows, counts) { "\"" type "\"", rows, counts },
#include "compare/recount.def"
    };
    *rows = NONE;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (!says(e, ARI_FIELD_MODEL_TYPE, types[i].json)) continue;
        *rows = types[i].rows;
        return types[i].counts;
    }
    return true;
}

static bool is_decoder(const ari_entry *e)
{
    static const char *const others[] = { "encoder", "encdec", "ssm", "hybrid" };
    for (size_t i = 0; e->kind != NULL && i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(e->kind, others[i]) == 0) return false;
    }
    return true;
}

/* --- Parts ----------------------------------------------------------------------------------------- */

static bool add_attention(const ari_entry *e, uint64_t hidden, sum *s)
{
    uint64_t heads = count_of(e, ARI_FIELD_NUM_ATTENTION_HEADS),
             kv = count_of(e, ARI_FIELD_NUM_KEY_VALUE_HEADS), size = count_of(e, ARI_FIELD_HEAD_DIM);
    if (heads == 0) return false;
    if (says(e, ARI_FIELD_ATTENTION_TYPE, "\"mqa\"") && kv == 0) kv = 1;
    if (kv == 0) kv = heads;
    if (size == 0) size = hidden / heads;
    add_product(s, 2 * hidden, heads, size);
    add_product(s, 2 * hidden, kv, size);
    if (says(e, ARI_FIELD_ATTENTION_BIAS, "true")) {
        add_product(s, heads, size, 1);
        add_product(s, 2 * kv, size, 1);
    }
    return true;
}

/* Queries, keys and values through their ranks, each rank with a norm. */
static bool add_latent(const ari_entry *e, uint64_t hidden, sum *s)
{
    uint64_t heads = count_of(e, ARI_FIELD_NUM_ATTENTION_HEADS), q_rank = count_of(e, ARI_FIELD_Q_LORA_RANK),
             kv_rank = count_of(e, ARI_FIELD_KV_LORA_RANK), nope = count_of(e, ARI_FIELD_QK_NOPE_HEAD_DIM),
             rope = count_of(e, ARI_FIELD_QK_ROPE_HEAD_DIM), value = count_of(e, ARI_FIELD_V_HEAD_DIM);
    if (heads == 0 || kv_rank == 0 || nope == 0 || value == 0) return false;
    if (q_rank > 0) add_product(s, hidden + 1, q_rank, 1);
    add_product(s, q_rank > 0 ? q_rank : hidden, heads, nope + rope);
    add_product(s, hidden, kv_rank + rope, 1);
    add_product(s, kv_rank, heads, nope + value);
    add(s, kv_rank);
    add_product(s, heads, value, hidden);
    return true;
}

/* What all layers have: attention and two norms. */
static bool add_layer(const ari_entry *e, uint64_t hidden, sum *s)
{
    static const char *const plain[] = { "\"mha\"", "\"gqa\"", "\"mqa\"" };
    add(s, 2 * hidden);
    if (says(e, ARI_FIELD_ATTENTION_TYPE, "\"mla\"")) return add_latent(e, hidden, s);
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (says(e, ARI_FIELD_ATTENTION_TYPE, plain[i])) return add_attention(e, hidden, s);
    }
    return false;
}

static void add_mlp(const ari_entry *e, uint64_t hidden, uint64_t width, uint64_t times, sum *s)
{
    uint64_t all;
    if (!mul_u64(width, times, &all)) s->overflow = true;
    add_product(s, e->plain_mlp ? 2 : 3, hidden, all);
    if (!says(e, ARI_FIELD_MLP_BIAS, "true")) return;
    add_product(s, e->plain_mlp ? 1 : 2, all, 1);
    add_product(s, hidden, times, 1);
}

static bool add_embeddings(const ari_entry *e, uint64_t hidden, int rows, sum *s)
{
    uint64_t vocabulary = count_of(e, ARI_FIELD_VOCAB_SIZE),
             positions = count_of(e, ARI_FIELD_MAX_POSITION_EMBEDDINGS);
    bool tied = says(e, ARI_FIELD_TIE_WORD_EMBEDDINGS, "true");
    if (vocabulary == 0 || (!tied && !says(e, ARI_FIELD_TIE_WORD_EMBEDDINGS, "false"))) return false;
    if (rows != NONE && positions == 0) return false;
    add_product(s, tied ? 1 : 2, vocabulary, hidden);
    if (rows != NONE) add_product(s, positions + (uint64_t)rows, hidden, 1);
    add(s, hidden);
    return true;
}

/* --- Feed-forward ------------------------------------------------------------------------------------ */

static bool add_dense(const ari_entry *e, uint64_t hidden, uint64_t layers, sum *s)
{
    uint64_t width = count_of(e, ARI_FIELD_INTERMEDIATE_SIZE);
    if (width == 0) return false;
    add_mlp(e, hidden, width, layers, s);
    return true;
}

static bool is_stated(const ari_entry *e, ari_field field)
{
    return entry_value(e, field) != NULL;
}

static bool add_experts(const ari_entry *e, uint64_t hidden, uint64_t layers, sum *total, sum *active)
{
    uint64_t experts = count_of(e, ARI_FIELD_NUM_EXPERTS), used = count_of(e, ARI_FIELD_NUM_EXPERTS_PER_TOK),
             width = count_of(e, ARI_FIELD_MOE_INTERMEDIATE_SIZE),
             shared = count_of(e, ARI_FIELD_SHARED_EXPERT_INTERMEDIATE_SIZE),
             dense = count_of(e, ARI_FIELD_FIRST_K_DENSE_REPLACE);
    bool known = is_stated(e, ARI_FIELD_NUM_SHARED_EXPERTS) && is_stated(e, ARI_FIELD_FIRST_K_DENSE_REPLACE);
    /* Where a mixture states no width of experts, this is it. */
    if (width == 0) width = count_of(e, ARI_FIELD_INTERMEDIATE_SIZE);
    if (shared == 0 && !mul_u64(count_of(e, ARI_FIELD_NUM_SHARED_EXPERTS), width, &shared)) return false;
    if (!known || e->partly_dense || width == 0 || used == 0 || used > experts || dense > layers)
        return false;
    if (dense > 0 && (!add_dense(e, hidden, dense, total) || !add_dense(e, hidden, dense, active)))
        return false;
    for (size_t i = 0; i < 2; i++) {
        sum *s = i == 0 ? total : active;
        uint64_t times;
        if (!mul_u64(i == 0 ? experts : used, layers - dense, &times)) return false;
        add_mlp(e, hidden, width, times, s);
        if (shared > 0) add_mlp(e, hidden, shared, layers - dense, s);
        add_product(s, experts, hidden, layers - dense);
    }
    return true;
}

static bool add_feed_forward(const ari_entry *e, uint64_t hidden, uint64_t layers, sum *total, sum *active)
{
    if (count_of(e, ARI_FIELD_NUM_EXPERTS) > 0) return add_experts(e, hidden, layers, total, active);
    return add_dense(e, hidden, layers, total) && add_dense(e, hidden, layers, active);
}

bool entry_parameters(const ari_entry *e, uint64_t *total, uint64_t *active)
{
    uint64_t hidden = count_of(e, ARI_FIELD_HIDDEN_SIZE), layers = count_of(e, ARI_FIELD_NUM_HIDDEN_LAYERS);
    int rows;
    sum layer = { 0 }, all = { 0 };
    /* Below 2^31 the sums of a few of them cannot overflow. */
    if (!is_decoder(e) || !type_counts(e, &rows) || hidden == 0 || layers == 0 || hidden > INT32_MAX ||
        !add_layer(e, hidden, &layer) || !add_embeddings(e, hidden, rows, &all))
        return false;
    add_product(&all, layer.value, layers, 1);
    all.overflow = all.overflow || layer.overflow;
    sum some = all;
    if (!add_feed_forward(e, hidden, layers, &all, &some) || all.overflow || some.overflow) return false;
    *total = all.value;
    *active = some.value;
    return true;
}
