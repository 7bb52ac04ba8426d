#include "infer/heads.h"

#include <inttypes.h>
#include <stdlib.h>

enum { HEAD_MIN = 8, HEAD_MAX = 576, NARROW = 2048 };

static const ari_field triple[] = { ARI_FIELD_NUM_ATTENTION_HEADS, ARI_FIELD_NUM_KEY_VALUE_HEADS,
                                    ARI_FIELD_HEAD_DIM };

/* Head sizes by how common they are; narrow models mostly have 64. */
static const uint16_t wide_order[] = { 128, 64, 256, 96, 80, 112, 192, 160, 32, 120, 72, 48, 100 };
static const uint16_t narrow_order[] = { 64, 128, 32, 96, 256, 80, 48, 72, 16, 112, 120, 192 };

static uint64_t value_of(const ari_dimensions *d, ari_unknown u)
{
    return d->of[u].value;
}

static void decide(ari_architecture *a, ari_arena *arena, uint64_t head_dim, const ari_dimensions *d,
                   const char *evidence)
{
    set_integer(a, arena, ARI_FIELD_HEAD_DIM, head_dim, ARI_SHAPE, evidence);
    const char *by_width = arena_printf(arena, "%s, divided by head_dim", d->of[ARI_DIM_QUERIES].evidence);
    set_integer(a, arena, ARI_FIELD_NUM_ATTENTION_HEADS, value_of(d, ARI_DIM_QUERIES) / head_dim, ARI_SHAPE,
                by_width);
    by_width = arena_printf(arena, "%s, divided by head_dim", d->of[ARI_DIM_KEYS].evidence);
    set_integer(a, arena, ARI_FIELD_NUM_KEY_VALUE_HEADS, value_of(d, ARI_DIM_KEYS) / head_dim, ARI_SHAPE,
                by_width);
}

/* The size that one tensor fixes, or 0. Norms over all heads at once are as long
 * as the projections and fix nothing. */
static uint64_t fixed_head_dim(const ari_dimensions *d, const char **evidence)
{
    uint64_t queries = value_of(d, ARI_DIM_QUERIES), keys = value_of(d, ARI_DIM_KEYS),
             heads = value_of(d, ARI_DIM_HEADS);
    uint64_t q = value_of(d, ARI_DIM_QUERY_NORM), k = value_of(d, ARI_DIM_KEY_NORM);
    if (heads > 0 && queries % heads == 0 && keys % (queries / heads) == 0) {
        *evidence = d->of[ARI_DIM_HEADS].evidence;
        return queries / heads;
    }
    bool one_head = q > 0 && q == k && !(q == queries && k == keys);
    if (!one_head || queries % q != 0 || keys % q != 0) return 0;
    *evidence = d->of[ARI_DIM_QUERY_NORM].evidence;
    return q;
}

static size_t rank_of(uint64_t head_dim, const uint16_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (order[i] == head_dim) return i;
    }
    /* The rest: nearest to 128 first, powers of two before others. */
    uint64_t away = head_dim > 128 ? head_dim - 128 : 128 - head_dim;
    return count + (size_t)away + ((head_dim & (head_dim - 1)) == 0 ? 0 : 1000);
}

/* All candidates, likeliest first; returns how many. */
static size_t candidates(const ari_dimensions *d, uint64_t *out)
{
    uint64_t queries = value_of(d, ARI_DIM_QUERIES), keys = value_of(d, ARI_DIM_KEYS),
             hidden = value_of(d, ARI_DIM_HIDDEN);
    bool narrow = hidden < NARROW;
    const uint16_t *order = narrow ? narrow_order : wide_order;
    size_t known = narrow ? sizeof(narrow_order) / sizeof(narrow_order[0])
                          : sizeof(wide_order) / sizeof(wide_order[0]),
           n = 0;
    for (uint64_t h = HEAD_MIN; h <= HEAD_MAX; h += 2) {
        if (queries % h != 0 || keys % h != 0) continue;
        size_t at = n++;
        for (; at > 0 && rank_of(out[at - 1], order, known) > rank_of(h, order, known); at--)
            out[at] = out[at - 1];
        out[at] = h;
    }
    return n;
}

static void list_candidates(ari_architecture *a, ari_arena *arena, const ari_dimensions *d)
{
    uint64_t sizes[HEAD_MAX / 2];
    size_t n = candidates(d, sizes);
    const uint64_t widths[] = { value_of(d, ARI_DIM_QUERIES), value_of(d, ARI_DIM_KEYS) };
    const char *evidence = arena_printf(
        arena, "queries are %" PRIu64 " wide, keys %" PRIu64 "; no tensor fixes the size of a head",
        widths[0], widths[1]);
    for (size_t f = 0; f < 3 && n > 0; f++) {
        const char **list = arena_alloc(arena, n * sizeof(list[0]));
        for (size_t i = 0; list != NULL && i < n; i++) {
            list[i] = arena_printf(arena, "%" PRIu64, f == 2 ? sizes[i] : widths[f] / sizes[i]);
            if (list[i] == NULL) list = NULL;
        }
        if (list == NULL) continue;
        a->fields[triple[f]] = (ari_inferred){ list[0], ARI_AMBIGUOUS, evidence, list, n };
    }
}

static void infer_type(ari_architecture *a, ari_arena *arena, const ari_dimensions *d, uint64_t head_dim)
{
    uint64_t queries = value_of(d, ARI_DIM_QUERIES), keys = value_of(d, ARI_DIM_KEYS);
    const char *evidence = arena_printf(arena, "queries are %" PRIu64 " wide, keys %" PRIu64, queries, keys);
    if (queries == keys) {
        set_text(a, arena, ARI_FIELD_ATTENTION_TYPE, "mha", ARI_SHAPE, evidence);
    } else if (keys > queries) {
        return;
    } else if (head_dim == keys) {
        set_text(a, arena, ARI_FIELD_ATTENTION_TYPE, "mqa", ARI_SHAPE, evidence);
    } else if (head_dim > 0 || keys > HEAD_MAX) {
        set_text(a, arena, ARI_FIELD_ATTENTION_TYPE, "gqa", ARI_SHAPE, evidence);
    } else {
        static const char *both[] = { "\"gqa\"", "\"mqa\"" };
        a->fields[ARI_FIELD_ATTENTION_TYPE] = (ari_inferred){ both[0], ARI_AMBIGUOUS, evidence, both, 2 };
    }
}

void heads_infer(ari_architecture *a, ari_arena *arena, const ari_dimensions *d)
{
    const char *evidence = NULL;
    if (value_of(d, ARI_DIM_QUERIES) == 0 || value_of(d, ARI_DIM_KEYS) == 0) return;
    uint64_t head_dim = fixed_head_dim(d, &evidence);
    if (head_dim > 0) {
        decide(a, arena, head_dim, d, evidence);
    } else {
        list_candidates(a, arena, d);
    }
    infer_type(a, arena, d, head_dim);
    bool norms = d->weights[ARI_ROLE_Q_NORM] > 0;
    set_bool(a, ARI_FIELD_QK_NORM, norms, ARI_SHAPE,
             norms ? "query and key norms are stored" : "no query or key norm is stored");
}

void heads_take(ari_architecture *a, ari_arena *arena, const uint64_t *numbers, const char *evidence)
{
    const char *words = arena_printf(arena, "%s; it divides the widths evenly", evidence);
    for (size_t f = 0; f < 3; f++) set_integer(a, arena, triple[f], numbers[f], ARI_STATED, words);
}
