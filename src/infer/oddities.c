#include "infer/oddities.h"

#include "base/fingerprint.h"
#include "measure/stat.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum {
    PLACES_SAMPLED = 32,
    NUMBERS_SAMPLED = 4096, /* Of a tensor: of rows that are evenly spaced, */
    COLUMNS_SAMPLED = 512,  /* so many of each. */
    NORM_LEAST = 16,
    CONSTANT_LEAST = 64,  /* Elements of a matrix whose constancy is worth a word, */
    MATRIX_LEAST = 4096,  /* and of one whose spread is, or its being a copy. */
    SURE_MOST = 1 << 24,  /* Elements that are read to be sure of a constant. */
    COPIES_SAMPLED = 256, /* Places of a template whose bytes are held against the others'. */
    COPY_BYTES = 4096,
    SURE_BYTES = 256 << 20, /* That are compared to be sure of copies, of all together. */
};

/* --- Moments ------------------------------------------------------------------------------------ */

/* Kurtosis of what initialisers draw from: normal, normal cut at two deviations, uniform. Five standard
 * errors of a normal sample's either way. */
static bool looks_drawn(const number_stat *m)
{
    static const double drawn[] = { 3.0, 2.36, 1.8 };
    double kurtosis = stat_kurtosis(m);
    double error = 5 * sqrt(24 / (double)m->count);
    for (size_t i = 0; i < sizeof(drawn) / sizeof(drawn[0]); i++) {
        if (fabs(kurtosis - drawn[i]) <= error) return true;
    }
    return false;
}

static bool is_constant(const number_stat *m)
{
    return m->count > 0 && m->not_finite == 0 && m->least == m->greatest;
}

/* --- One weight ----------------------------------------------------------------------------------- */

typedef struct search {
    ari_checkpoint *c;
    const ari_layout *l;
    uint64_t *bytes_read;
    oddities *out;
    float *buffer; /* NUMBERS_SAMPLED. */
} search;

static number_stat sample(const search *s, const ari_numbers *n)
{
    size_t columns = n->columns < COLUMNS_SAMPLED ? (size_t)n->columns : COLUMNS_SAMPLED;
    size_t most = NUMBERS_SAMPLED / columns, rows = n->rows < most ? (size_t)n->rows : most;
    for (size_t i = 0; i < rows; i++)
        numbers_read(n, n->rows * i / rows, 0, columns, s->buffer + i * columns);
    number_stat m = { 0 };
    stat_add(&m, s->buffer, rows * columns);
    return m;
}

/* All of them, unless they are very many: then what was sampled speaks for the rest. */
static bool all_are(const search *s, const ari_numbers *n, float value)
{
    if (n->rows * n->columns > SURE_MOST) return true;
    for (uint64_t row = 0; row < n->rows; row++) {
        for (uint64_t at = 0; at < n->columns; at += COLUMNS_SAMPLED) {
            size_t left = (size_t)(n->columns - at), count = left < COLUMNS_SAMPLED ? left : COLUMNS_SAMPLED;
            numbers_read(n, row, at, count, s->buffer);
            for (size_t i = 0; i < count; i++) {
                if (s->buffer[i] != value) return false;
            }
        }
    }
    return true;
}

static bool is_norm(const ari_template *t)
{
    switch (t->role) {
    case ARI_ROLE_NORM:
    case ARI_ROLE_FINAL_NORM:
    case ARI_ROLE_Q_NORM:
    case ARI_ROLE_K_NORM:
    case ARI_ROLE_Q_A_NORM:
    case ARI_ROLE_KV_A_NORM:
    case ARI_ROLE_SSM_NORM: return true;
    default: return false;
    }
}

/* Learned, and no bias: those are zeros in many models. */
static bool is_learned(const ari_layout *l, const ari_template *t)
{
    ari_role_group group = role_group(t->role);
    const ari_dtype_info *d = dtype_info(place_tensor(l, &l->places[t->first])->dtype);
    bool number = d != NULL && (d->class != ARI_INTEGER || t->logical != NULL);
    return number && !t->companion && t->part == ARI_PART_WEIGHT && group != ARI_GROUP_BUFFER &&
           group != ARI_GROUP_SCALES && l->tensors->count > 0;
}

static void count(oddity *o, ari_span name)
{
    if (o->count++ == 0) o->first = name;
}

static void look_at_matrix(const search *s, ari_span name, const ari_numbers *n)
{
    number_stat m = sample(s, n);
    oddities *out = s->out;
    out->matrices++;
    if (is_constant(&m) && all_are(s, n, m.least)) {
        count(m.least == 0 ? &out->zero : &out->constant, name);
    } else if (n->rows * n->columns >= MATRIX_LEAST) {
        out->spread++;
        out->drawn += looks_drawn(&m);
    }
}

static void look_at_norm(const search *s, ari_span name, const ari_numbers *n)
{
    number_stat m = sample(s, n);
    bool plain = is_constant(&m) && (m.least == 0 || m.least == 1) && all_are(s, n, m.least);
    s->out->norms++;
    if (plain) count(&s->out->plain, name);
}

static void look(const search *s, const ari_template *t, size_t k)
{
    ari_numbers n;
    const char *why = NULL;
    ari_span name = place_tensor(s->l, &s->l->places[t->first + k])->name;
    if (!numbers_open(s->c, s->l, t, k, &n, &why)) {
        if (s->out->unread.count == 0) s->out->why = why;
        count(&s->out->unread, name);
        return;
    }
    n.bytes_read = s->bytes_read;
    if (is_norm(t) && n.rows == 1 && n.columns >= NORM_LEAST) look_at_norm(s, name, &n);
    if (n.rows > 1 && n.rows * n.columns >= CONSTANT_LEAST) look_at_matrix(s, name, &n);
}

static void tell(const search *s, ari_finding_id id, const char *what, const oddity *o)
{
    if (o->count == 0) return;
    finding_add(&s->c->findings, id, o->first, ARI_NO_OFFSET,
                "all its values are %s, as of %zu among %zu matrices that were sampled", what, o->count,
                s->out->matrices);
}

static void look_at_template(const search *s, const ari_template *t)
{
    size_t sampled = t->count < PLACES_SAMPLED ? t->count : PLACES_SAMPLED;
    for (size_t i = 0; i < sampled; i++) look(s, t, t->count * i / sampled);
}

/* --- Copies --------------------------------------------------------------------------------------- */

typedef struct piece {
    fingerprint mark;
    const ari_template *t;
    const ari_tensor *row;
    ari_span data;
} piece;

static int by_mark(const void *a, const void *b)
{
    const piece *x = a, *y = b;
    if (x->mark != y->mark) return x->mark < y->mark ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static bool is_varied(ari_span bytes)
{
    for (size_t i = 1; i < bytes.size; i++) {
        if (bytes.data[i] != bytes.data[i % 4]) return true;
    }
    return false;
}

/* A page from the middle of each. */
static size_t collect_pieces(const search *s, piece *pieces)
{
    size_t n = 0;
    for (size_t i = 0; i < s->l->template_count; i++) {
        const ari_template *t = &s->l->templates[i];
        size_t sampled = t->count < COPIES_SAMPLED ? t->count : COPIES_SAMPLED;
        for (size_t p = 0; is_learned(s->l, t) && p < sampled; p++) {
            piece one = { .t = t,
                          .row = place_tensor(s->l, &s->l->places[t->first + t->count * p / sampled]) };
            bool matrix = one.row->rank >= 2 && one.row->elements >= MATRIX_LEAST;
            if (!matrix || !checkpoint_bytes(s->c, one.row, UINT64_MAX, &one.data)) continue;
            size_t size = one.data.size < COPY_BYTES ? one.data.size : COPY_BYTES;
            ari_span middle = { one.data.data + (one.data.size - size) / 2, size };
            *s->bytes_read += size;
            if (!is_varied(middle)) continue;
            one.mark = fingerprint_begin();
            fingerprint_add(&one.mark, middle);
            fingerprint_add_uint(&one.mark, one.data.size);
            fingerprint_add_uint(&one.mark, one.row->dtype);
            pieces[n++] = one;
        }
    }
    return n;
}

static bool is_tied(const piece *a, const piece *b)
{
    return (a->t->role == ARI_ROLE_EMBED && b->t->role == ARI_ROLE_OUTPUT) ||
           (a->t->role == ARI_ROLE_OUTPUT && b->t->role == ARI_ROLE_EMBED);
}

static bool is_copy(const search *s, const piece *a, const piece *b, uint64_t *left)
{
    if (a->mark != b->mark || a->data.size != b->data.size || a->data.data == b->data.data) return false;
    if (a->data.size > *left) return true;
    *left -= a->data.size;
    *s->bytes_read += 2 * a->data.size;
    return memcmp(a->data.data, b->data.data, a->data.size) == 0;
}

static void tell_copies(const search *s, const piece *a, const piece *b, size_t copies)
{
    const char *first = arena_escape(&s->c->arena, a->row->name, 160);
    if (is_tied(a, b)) {
        finding_add(&s->c->findings, ARI_FINDING_TIED_COPY, b->row->name, ARI_NO_OFFSET,
                    "the same bytes as %s", first);
    } else {
        finding_add(&s->c->findings, ARI_FINDING_COPY, b->row->name, ARI_NO_OFFSET,
                    "the same bytes as %s; %zu weights are copies like it", first, copies);
    }
}

static bool find_copies(const search *s)
{
    size_t room = 0, copies = 0;
    uint64_t left = SURE_BYTES;
    const piece *first[2] = { NULL, NULL }, *tied[2] = { NULL, NULL };
    for (size_t i = 0; i < s->l->template_count; i++) {
        size_t count = s->l->templates[i].count;
        room += count < COPIES_SAMPLED ? count : COPIES_SAMPLED;
    }
    piece *pieces = calloc(room + 1, sizeof(pieces[0]));
    if (pieces == NULL) return false;
    size_t n = collect_pieces(s, pieces);
    qsort(pieces, n, sizeof(pieces[0]), by_mark);
    for (size_t i = 1; i < n; i++) {
        const piece *a = &pieces[i - 1], *b = &pieces[i];
        if (!is_copy(s, a, b, &left)) continue;
        const piece **to = is_tied(a, b) ? tied : first;
        copies += to == first;
        if (to[0] != NULL) continue;
        to[0] = a;
        to[1] = b;
    }
    if (first[0] != NULL) tell_copies(s, first[0], first[1], copies);
    if (tied[0] != NULL) tell_copies(s, tied[0], tied[1], 1);
    free(pieces);
    return true;
}

bool oddities_find(ari_checkpoint *c, const ari_layout *l, uint64_t *bytes_read, oddities *out)
{
    *out = (oddities){ 0 };
    search s = { .c = c, .l = l, .out = out, .buffer = calloc(NUMBERS_SAMPLED, sizeof(float)) };
    s.bytes_read = bytes_read;
    bool ok = s.buffer != NULL;
    for (size_t i = 0; ok && i < l->template_count; i++) {
        if (is_learned(l, &l->templates[i])) look_at_template(&s, &l->templates[i]);
    }
    tell(&s, ARI_FINDING_ALL_ZERO, "zero", &out->zero);
    tell(&s, ARI_FINDING_CONSTANT, "one number", &out->constant);
    ok = ok && find_copies(&s);
    free(s.buffer);
    return ok;
}
