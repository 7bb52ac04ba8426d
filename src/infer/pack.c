#include "infer/pack.h"

#include "base/arith.h"
#include "base/cursor.h"
#include "base/json.h"

#include <stdlib.h>

#define ADAPTER "lora"

enum { RATIOS = 65, COMPANIONS = 16, MOST_BITS = 16, SCHEMES_KEPT = 32 };

static const struct pack_row {
    const char *scheme, *payload, *dtypes, *companions, *conditions, *shape, *group;
} rows[] = {
#define PACK(...) { __VA_ARGS__ },
#include "infer/pack.def"
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

/* Elements stored alike; of adapters, pairs. */
typedef struct tally {
    const char *scheme;
    unsigned bits;
    uint64_t group, elements;
} tally;

/* One template under one row, and the place being looked at. */
typedef struct packing {
    ari_layout *l;
    const ari_checkpoint *c;
    size_t row;
    ari_template *payload;
    struct {
        char letter;
        ari_template *of;
    } companions[COMPANIONS];
    size_t companion_count;
    size_t at;              /* Index of the place in the payload's template. */
    const uint64_t *groups; /* Of MLX, by the ratio of a payload's columns to its scales'. */
    tally tallies[SCHEMES_KEPT];
    size_t tally_count;
    uint64_t
        takers[ARI_DT_COUNT]; /* Rows that allow a payload of that type, a bit each; where it is known. */
    bool takers_known[ARI_DT_COUNT];
} packing;

/* --- Products -------------------------------------------------------------------------- */

static const ari_tensor *tensor_of(const packing *p, char letter)
{
    const ari_place *place = &p->l->places[p->payload->first + p->at];
    if (letter == 'p') return place_tensor(p->l, place);
    for (size_t i = 0; i < p->companion_count; i++) {
        if (p->companions[i].letter != letter) continue;
        const ari_place *partner = layout_partner(p->l, p->companions[i].of, place, p->at);
        return partner == NULL ? NULL : place_tensor(p->l, partner);
    }
    return NULL;
}

/* Element i of a small tensor of integers, or of "shape" in bitsandbytes' JSON. */
static bool stored_number(const packing *p, const ari_tensor *t, size_t i, uint64_t *out)
{
    ari_span bytes;
    const ari_dtype_info *d = dtype_info(t->dtype);
    if (d == NULL || d->class != ARI_INTEGER || !checkpoint_bytes(p->c, t, SMALL_VALUE, &bytes)) return false;
    if (d->block_bytes > 1) {
        ari_err unused = ARI_ERR_INIT;
        ari_cursor c = cursor_over(span_from(bytes, i * d->block_bytes), &unused);
        *out = cursor_uint(&c, d->block_bytes);
        return cursor_ok(&c);
    }
    int64_t whole = 0;
    json_tree *tree = json_parse(bytes, NULL);
    const json_tree *size = json_child(json_get(tree, "shape"));
    for (; size != NULL && i > 0; i--) size = json_next(size);
    bool found = json_integer(size, &whole) && whole > 0;
    json_free(tree);
    *out = (uint64_t)whole;
    return found;
}

static uint64_t columns_of(const packing *p, char letter)
{
    const ari_tensor *t = tensor_of(p, letter);
    return t == NULL || t->rank == 0 ? 0 : tensor_shape(p->l->tensors, t)[t->rank - 1];
}

static bool mlx_group(const packing *p, uint64_t *out)
{
    uint64_t payload = columns_of(p, 'p'), scales = columns_of(p, 's');
    if (scales == 0 || payload % scales != 0 || payload / scales >= RATIOS) return false;
    *out = p->groups[payload / scales];
    return *out > 0;
}

/* One factor: a number, G, or a size of a tensor. *text moves past it. */
static bool factor(const packing *p, const char **text, uint64_t *out)
{
    const char *s = *text;
    if (*s >= '0' && *s <= '9') {
        *out = strtoull(s, (char **)text, 10);
        return true;
    }
    if (*s == 'G') {
        *text = s + 1;
        return mlx_group(p, out);
    }
    const ari_tensor *t = tensor_of(p, *s++);
    bool stored = *s == ':', last = *s == '-';
    if (*s == '#') {
        *text = s + 1;
        if (t != NULL) *out = t->elements;
        return t != NULL && t->elements > 0;
    }
    size_t i = strtoull(s + (stored || last ? 1 : 0), (char **)text, 10);
    if (t == NULL) return false;
    if (stored) return stored_number(p, t, i, out);
    if (last ? i > t->rank : i >= t->rank) return false;
    *out = tensor_shape(p->l->tensors, t)[last ? t->rank - i : i];
    return true;
}

/* a*b/c, from the left; *text moves past it. False where a size is missing or a division leaves a rest. */
static bool product(const packing *p, const char **text, uint64_t *out)
{
    if (!factor(p, text, out)) return false;
    while (**text == '*' || **text == '/') {
        bool divide = *(*text)++ == '/';
        uint64_t by;
        if (!factor(p, text, &by)) return false;
        if (!divide && !mul_u64(*out, by, out)) return false;
        if (divide && (by == 0 || *out % by != 0)) return false;
        if (divide) *out /= by;
    }
    return true;
}

static bool conditions_hold(const packing *p)
{
    const char *text = rows[p->row].conditions;
    while (*text != '\0') {
        uint64_t left, right;
        if (!product(p, &text, &left)) return false;
        if (*text == '=' || *text == '<') {
            bool equal = *text++ == '=';
            if (!product(p, &text, &right) || (equal ? left != right : left >= right)) return false;
        }
        while (*text == ' ') text++;
    }
    return true;
}

/* --- Shapes ------------------------------------------------------------------------------ */

static bool append(ari_logical *g, uint64_t size)
{
    if (g->rank == sizeof(g->sizes) / sizeof(g->sizes[0])) return false;
    g->sizes[g->rank++] = size;
    return mul_u64(g->elements, size, &g->elements);
}

static bool append_own(const packing *p, ari_logical *g, bool whole)
{
    const ari_tensor *t = tensor_of(p, 'p');
    for (uint32_t i = 0; i + (whole ? 0 : 1) < t->rank; i++) {
        if (!append(g, tensor_shape(p->l->tensors, t)[i])) return false;
    }
    return true;
}

/* What the row says of the place; false where it does not fit. */
static bool solve(const packing *p, ari_logical *out)
{
    const ari_tensor *payload = tensor_of(p, 'p');
    ari_logical g = { .elements = 1 };
    const char *text = rows[p->row].shape;
    if (!conditions_hold(p)) return false;
    while (*text != '\0') {
        uint64_t size;
        if (*text == '=' || *text == '.') {
            if (!append_own(p, &g, *text == '=')) return false;
            text += *text == '=' ? 1 : 3;
        } else if (!product(p, &text, &size) || !append(&g, size)) {
            return false;
        }
        while (*text == ' ') text++;
    }
    uint64_t bits;
    if (g.elements == 0 || !mul_u64(payload->bytes, 8, &bits)) return false;
    bits = (bits + g.elements / 2) / g.elements;
    bool adapter = strcmp(rows[p->row].scheme, ADAPTER) == 0;
    if (!adapter && rows[p->row].shape[0] != '\0' && (bits < 1 || bits > MOST_BITS)) return false;
    if (rows[p->row].shape[0] == '\0') g.elements = 0;
    /* One product: the elements are counted, their arrangement is lost. */
    if (strpbrk(rows[p->row].shape, " =.") == NULL) g.rank = 0;
    g.bits = (uint8_t)(adapter || bits > MOST_BITS ? MOST_BITS : bits < 1 ? 1 : bits);
    g.row = (uint8_t)p->row;
    *out = g;
    return true;
}

/* --- Which scheme ------------------------------------------------------------------------- */

static uint64_t group_of(const packing *p, const ari_logical *g)
{
    uint64_t group = 0;
    for (const char *text = rows[p->row].group; *text != '\0'; text += strspn(text, "|")) {
        const char *end = text;
        if (product(p, &end, &group)) break;
        group = 0;
        text += strcspn(text, "|");
    }
    bool adapter = strcmp(rows[p->row].scheme, ADAPTER) == 0;
    bool whole_row = !adapter && g->rank > 0 && group == g->sizes[g->rank - 1];
    return whole_row ? 0 : group;
}

static void count(packing *p, const char *scheme, unsigned bits, uint64_t group, uint64_t elements)
{
    size_t i = 0;
    while (i < p->tally_count &&
           (p->tallies[i].scheme != scheme || p->tallies[i].bits != bits || p->tallies[i].group != group))
        i++;
    if (i == SCHEMES_KEPT) return;
    if (i == p->tally_count) p->tallies[p->tally_count++] = (tally){ scheme, bits, group, 0 };
    if (!add_u64(p->tallies[i].elements, elements, &p->tallies[i].elements))
        p->tallies[i].elements = UINT64_MAX;
}

static void choose(const packing *p, ari_packing *out)
{
    uint64_t most = 0, most_adapter = 0;
    for (size_t i = 0; i < p->tally_count; i++) {
        const tally *t = &p->tallies[i];
        bool adapter = strcmp(t->scheme, ADAPTER) == 0;
        if (adapter && t->elements > most_adapter) {
            most_adapter = t->elements;
            out->lora_rank = t->group;
        } else if (!adapter && t->elements > most) {
            most = t->elements;
            out->scheme = t->scheme;
            out->bits = t->bits;
            out->group_size = t->group;
        }
    }
}

/* --- Templates ----------------------------------------------------------------------------- */

static bool has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (length == n && memcmp(at, word, n) == 0) return true;
        at += length;
    }
    return *words == '\0';
}

_Static_assert(ROWS <= 64, "a set of rows is one word");

static const ari_tensor *tensor_at(const packing *p, const ari_template *t, size_t at)
{
    return place_tensor(p->l, &p->l->places[t->first + at]);
}

/* The rows that take a tensor of its type. A model has few of all types. */
static uint64_t takers_of(packing *p, const ari_tensor *t)
{
    if (t->dtype >= ARI_DT_COUNT) return 0;
    if (!p->takers_known[t->dtype]) {
        p->takers_known[t->dtype] = true;
        for (size_t i = 0; i < ROWS; i++) {
            if (has_word(rows[i].dtypes, dtype_info(t->dtype)->name)) p->takers[t->dtype] |= UINT64_C(1) << i;
        }
    }
    return p->takers[t->dtype];
}

/* The next of the companions that a row names: its letter, whether it is needed, and the rest of its name.
 * False after the last. *text moves past it. */
static bool next_companion(const char **text, char *letter, bool *needed, ari_span *suffix)
{
    const char *s = *text;
    if (*s == '\0') return false;
    *letter = *s++;
    *needed = *s == '!';
    s += *needed;
    *suffix = (ari_span){ (const uint8_t *)s, strcspn(s, " ") };
    *text = s + suffix->size + strspn(s + suffix->size, " ");
    return true;
}

static ari_template *find_in_module(const ari_layout *l, ari_span module, ari_span suffix)
{
    char name[512];
    if (module.size + suffix.size >= sizeof(name)) return NULL;
    memcpy(name, module.data, module.size);
    memcpy(name + module.size, suffix.data, suffix.size);
    return layout_find(l, (ari_span){ (const uint8_t *)name, module.size + suffix.size });
}

/* Find the companions that the row names; false where a needed one is missing. */
static bool find_companions(packing *p, ari_span module)
{
    char letter;
    bool needed;
    ari_span suffix;
    p->companion_count = 0;
    for (const char *s = rows[p->row].companions; next_companion(&s, &letter, &needed, &suffix);) {
        ari_template *t = find_in_module(p->l, module, suffix);
        if (t == NULL && needed) return false;
        if (t == NULL || p->companion_count == COMPANIONS) continue;
        p->companions[p->companion_count].letter = letter;
        p->companions[p->companion_count++].of = t;
    }
    return true;
}

static void mark(packing *p, ari_span module)
{
    bool adapter = strcmp(rows[p->row].scheme, ADAPTER) == 0;
    p->payload->module = module;
    p->payload->adapter = adapter;
    for (size_t i = 0; i < p->companion_count; i++) {
        p->companions[i].of->companion = true;
        p->companions[i].of->adapter = adapter;
    }
}

/* Does what the row says hold of all places if it holds of the first? */
static bool one_for_all(const packing *p)
{
    const char *const texts[] = { rows[p->row].conditions, rows[p->row].shape, rows[p->row].group };
    bool one = p->payload->alike && p->payload->logical == NULL;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        one = one && strchr(texts[i], ':') == NULL; /* A value that is stored. */
    for (size_t i = 0; one && i < p->companion_count; i++)
        one = p->companions[i].of->alike && layout_parallel(p->l, p->payload, p->companions[i].of);
    return one;
}

static bool make_room(const packing *p, ari_template *t, bool one)
{
    uint64_t bytes;
    if (t->logical != NULL) return true;
    if (!mul_u64(one ? 1 : t->count, sizeof(t->logical[0]), &bytes)) return false;
    t->logical = arena_alloc(&p->l->arena, (size_t)bytes);
    t->one_logical = one;
    return t->logical != NULL;
}

/* Is the place of a type that the row takes, not solved yet, and does it fit? */
static bool solve_place(packing *p, const ari_template *t, ari_logical *out)
{
    bool done = t->logical != NULL && t->logical[p->at].bits > 0;
    return !done && (takers_of(p, tensor_at(p, t, p->at)) >> p->row & 1) != 0 && solve(p, out);
}

/* Solve every place of the template that is not solved yet. False when memory is short. */
static bool apply(packing *p, ari_template *t, ari_span module, size_t *left)
{
    const char *scheme = rows[p->row].scheme;
    bool any = false, adapter = strcmp(scheme, ADAPTER) == 0;
    p->payload = t;
    if (!find_companions(p, module)) return true;
    bool one = one_for_all(p);
    for (p->at = 0; p->at < (one ? 1 : t->count); p->at++) {
        ari_logical g;
        uint64_t places = one ? t->count : 1, elements;
        if (!solve_place(p, t, &g)) continue;
        if (!make_room(p, t, one)) return false;
        t->logical[p->at] = g;
        if (!mul_u64(places, adapter ? 1 : g.elements, &elements)) elements = UINT64_MAX;
        count(p, scheme, adapter ? 0 : g.bits, group_of(p, &g), elements);
        any = true;
        *left -= places;
    }
    if (any) mark(p, module);
    return true;
}

static bool pack_template(packing *p, ari_template *t)
{
    size_t left = t->count;
    uint64_t takers = 0;
    for (size_t i = 0; i < (t->alike ? 1 : t->count); i++) takers |= takers_of(p, tensor_at(p, t, i));
    for (size_t i = 0; i < ROWS && left > 0; i++) {
        p->row = i;
        size_t n = strlen(rows[i].payload);
        if ((takers >> i & 1) == 0 || !span_ends(t->pattern, rows[p->row].payload) || t->pattern.size <= n)
            continue;
        if (!apply(p, t, span_first(t->pattern, t->pattern.size - n), &left)) return false;
    }
    return true;
}

/* --- The rest ------------------------------------------------------------------------------ */

static const struct {
    const char *suffix;
    ari_part part;
} suffixes[] = {
    { ".weight", ARI_PART_WEIGHT },  { ".bias", ARI_PART_BIAS },        { ".kernel", ARI_PART_WEIGHT },
    { ".gamma", ARI_PART_WEIGHT },   { ".beta", ARI_PART_BIAS },        { "_weight", ARI_PART_WEIGHT },
    { "_bias", ARI_PART_BIAS },      { ".embedding", ARI_PART_WEIGHT }, { ".scale", ARI_PART_WEIGHT },
    { ".weights", ARI_PART_WEIGHT },
};

static void split_plain(ari_template *t)
{
    t->module = t->pattern;
    t->part = ARI_PART_OTHER;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        size_t n = strlen(suffixes[i].suffix);
        if (!span_ends(t->pattern, suffixes[i].suffix) || t->pattern.size == n) continue;
        t->module = span_first(t->pattern, t->pattern.size - n);
        t->part = (uint8_t)suffixes[i].part;
        return;
    }
}

/* The width of the commonest norm: 0 if there is none. */
static uint64_t norm_width(const ari_layout *l)
{
    uint64_t width = 0, votes = 0;
    for (size_t i = 0; i < l->template_count; i++) {
        const ari_template *t = &l->templates[i];
        const ari_tensor *row = place_tensor(l, &l->places[t->first]);
        if (row->rank != 1 || t->count <= votes || !span_ends(t->pattern, "norm.weight")) continue;
        width = tensor_shape(l->tensors, row)[0];
        votes = t->count;
    }
    return width;
}

static bool mlx_bits_fit(uint64_t ratio, uint64_t group)
{
    uint64_t bits = 32 * ratio / group;
    return 32 * ratio % group == 0 && bits >= 2 && bits <= 8 && bits != 7;
}

/* A payload has bits x group / 32 words for each of its scales, and several pairs
 * give the same ratio. Most weights take in the model's width, which is that of the
 * norms: the group that makes it so is taken for all of that ratio. */
static void find_mlx_groups(const ari_layout *l, uint64_t *groups)
{
    static const uint64_t sizes[] = { 64, 32, 128 };
    enum { SIZES = sizeof(sizes) / sizeof(sizes[0]) };
    uint64_t width = norm_width(l), fit[RATIOS][SIZES] = { { 0 } };
    for (size_t i = 0; i < l->template_count; i++) {
        const ari_template *t = &l->templates[i];
        if (!span_ends(t->pattern, ".scales") || t->pattern.size > 400) continue;
        char name[408];
        size_t n = t->pattern.size - strlen("scales");
        memcpy(name, t->pattern.data, n);
        memcpy(name + n, "weight", 6);
        const ari_template *payload = layout_find(l, (ari_span){ (const uint8_t *)name, n + 6 });
        for (size_t k = 0; payload != NULL && k < t->count; k++) {
            const ari_place *place = &l->places[t->first + k], *other = layout_partner(l, payload, place, k);
            const ari_tensor *scales = place_tensor(l, place),
                             *p = other == NULL ? NULL : place_tensor(l, other);
            if (p == NULL || p->rank < 2 || scales->rank != p->rank) continue;
            uint64_t columns = tensor_shape(l->tensors, scales)[scales->rank - 1];
            uint64_t words = tensor_shape(l->tensors, p)[p->rank - 1];
            if (columns == 0 || words % columns != 0 || words / columns >= RATIOS) continue;
            for (size_t s = 0; s < SIZES; s++)
                fit[words / columns][s] += width % sizes[s] == 0 && columns == width / sizes[s];
        }
    }
    for (uint64_t r = 1; r < RATIOS; r++) {
        uint64_t most = 0;
        for (size_t s = 0; s < SIZES; s++) {
            if (!mlx_bits_fit(r, sizes[s]) || (groups[r] > 0 && fit[r][s] <= most)) continue;
            most = fit[r][s];
            groups[r] = sizes[s];
        }
    }
}

bool pack_resolve(ari_layout *l, const ari_checkpoint *c, ari_packing *out)
{
    *out = (ari_packing){ 0 };
    uint64_t groups[RATIOS] = { 0 };
    find_mlx_groups(l, groups);
    packing p = { .l = l, .c = c, .groups = groups };
    for (size_t i = 0; i < l->template_count; i++) split_plain(&l->templates[i]);
    for (size_t i = 0; i < l->template_count; i++) {
        ari_template *t = &l->templates[i];
        if (!pack_template(&p, t)) return false;
        if (t->logical != NULL) t->part = ARI_PART_WEIGHT;
        for (size_t k = 0; t->logical != NULL && k < (t->one_logical ? 1 : t->count); k++)
            out->open = out->open || (t->logical[k].bits > 0 && t->logical[k].elements == 0);
    }
    choose(&p, out);
    return true;
}

ari_shape logical_shape(const ari_layout *l, const ari_template *t, size_t k)
{
    const ari_logical *packed = logical_at(t, k);
    if (packed != NULL && packed->bits > 0)
        return (ari_shape){ packed->sizes, packed->rank, packed->elements };
    const ari_tensor *row = place_tensor(l, &l->places[t->first + (t->alike ? 0 : k)]);
    return (ari_shape){ tensor_shape(l->tensors, row), row->rank, row->elements };
}

const char *pack_scheme(const ari_template *t, size_t k)
{
    const ari_logical *packed = logical_at(t, k);
    return packed == NULL || packed->bits == 0 ? NULL : rows[packed->row].scheme;
}

const ari_tensor *pack_companion(const ari_layout *l, const ari_template *t, size_t k, char letter)
{
    if (pack_scheme(t, k) == NULL) return NULL;
    const struct pack_row *row = &rows[logical_at(t, k)->row];
    ari_span module = span_first(t->pattern, t->pattern.size - strlen(row->payload)), suffix;
    char own;
    bool needed;
    for (const char *s = row->companions; next_companion(&s, &own, &needed, &suffix);) {
        const ari_template *other = own == letter ? find_in_module(l, module, suffix) : NULL;
        if (other == NULL) continue;
        const ari_place *partner = layout_partner(l, other, &l->places[t->first + k], k);
        return partner == NULL ? NULL : place_tensor(l, partner);
    }
    return NULL;
}
