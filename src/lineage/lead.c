#include "lineage/lead.h"

#include "lineage/sketch.h"
#include "measure/chance.h"
#include "read/capsule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Deeper than any model is: every layer of one may be computed. */
enum { DEPTH_MOST = 1 << 12 };

/* --- One side: what was kept, or what is computed ---------------------------------------------------- */

typedef struct side {
    const ari_model *model;
    bool kept;
    ari_bank bank; /* Where it is not. */
    ari_fingerprint print;
    print_layer *all; /* malloc'd, where every layer is needed: `count` of them. Else NULL. */
    size_t count;
} side;

static bool side_open(side *s, const ari_model *m)
{
    *s = (side){ .model = m, .kept = ari_model_has_fingerprint(m) };
    if (!s->kept) return sketch_bank(m, &s->bank) && sketch_model(&s->bank, &s->print);
    s->print = *m->checkpoint->capsule->print;
    return true;
}

static void side_close(side *s)
{
    bank_close(&s->bank);
    free(s->all);
}

/* Every layer that there is, with so many sums. False when memory is short. */
static bool side_spread(side *s, size_t sums)
{
    size_t room = s->kept ? s->print.count : (size_t)s->print.depth;
    if (room > DEPTH_MOST) return true;
    s->all = calloc(room + 1, sizeof(s->all[0]));
    if (s->all == NULL) return false;
    if (s->kept) {
        memcpy(s->all, s->print.layers, room * sizeof(s->all[0]));
        s->count = room;
        return true;
    }
    for (uint32_t i = 0; i < s->bank.layer_count && s->count < room; i++) {
        if (layer_home(&s->bank, i, ARI_UNITS_UP) == ARI_HOMES) continue;
        if (sketch_layer(&s->bank, i, sums, false, &s->all[s->count++]) == ARI_NO_MEMORY) return false;
    }
    return true;
}

/* --- Sums ---------------------------------------------------------------------------------------------- */

typedef struct moments {
    double n, x, y, xx, yy, xy;
} moments;

static bool comparable(const print_vector *a, const print_vector *b)
{
    return a->count > 0 && b->count > 0 && a->units == b->units && a->experts == b->experts &&
           a->home == b->home;
}

/* Of each kind every step-th sum, from `first` on. */
static void add_sums(moments *m, const print_layer *a, const print_layer *b, size_t first, size_t step)
{
    for (size_t kind = 0; kind < PRINT_SKETCHES; kind++) {
        const print_vector *p = &a->of[kind], *q = &b->of[kind];
        size_t n = p->count < q->count ? p->count : q->count;
        for (size_t i = first; comparable(p, q) && i < n; i += step) {
            double x = p->values[i], y = q->values[i];
            m->n += 1;
            m->x += x;
            m->y += y;
            m->xx += x * x;
            m->yy += y * y;
            m->xy += x * y;
        }
    }
}

static double pearson(const moments *m)
{
    if (m->n < 2) return 0;
    double xx = m->xx - m->x * m->x / m->n, yy = m->yy - m->y * m->y / m->n, xy = m->xy - m->x * m->y / m->n;
    double size = sqrt(xx * yy);
    double r = size > 0 ? xy / size : 0;
    return r > 1 ? 1 : r < -1 ? -1 : r;
}

/* That of all layers that correlates most by even sums, whichever way; NULL where none can be compared. */
static const print_layer *nearest(const print_layer *to, const side *among)
{
    const print_layer *best = NULL;
    double most = -1;
    for (size_t i = 0; i < among->count; i++) {
        moments m = { 0 };
        add_sums(&m, to, &among->all[i], 0, 2);
        double r = fabs(pearson(&m));
        if (m.n < 2 || r <= most) continue;
        most = r;
        best = &among->all[i];
    }
    return best;
}

/* --- Layers in pairs ------------------------------------------------------------------------------------ */

static ari_told add_cosines(const print_layer *a, const print_layer *b, ari_ranks *ranks)
{
    ari_told told = ARI_TOLD;
    for (size_t c = 0; c < COSINES && told != ARI_NO_MEMORY; c++) {
        const print_vector *p = &a->of[PRINT_SKETCHES + c], *q = &b->of[PRINT_SKETCHES + c];
        double x[PRINT_SUMS], y[PRINT_SUMS];
        if (!comparable(p, q) || p->count != q->count) continue;
        for (size_t i = 0; i < p->count; i++) {
            x[i] = p->values[i];
            y[i] = q->values[i];
        }
        ari_cosines one = { .of = { x }, .units = p->count }, other = { .of = { y }, .units = q->count };
        told = cosines_compare(&one, &other, ranks);
    }
    return told == ARI_NO_MEMORY ? ARI_NO_MEMORY : ARI_TOLD;
}

static ari_told add_pair(ari_lead *out, moments *m, const print_layer *a, const print_layer *b)
{
    add_sums(m, a, b, out->searched ? 1 : 0, out->searched ? 2 : 1);
    out->pairs[out->pair_count++] = (lead_pair){ a->layer, b->layer };
    return add_cosines(a, b, &out->ranks);
}

/* As deep as each other: as far down. */
static bool pair_by_depth(const side *a, const side *b, ari_lead *out, moments *m)
{
    ari_told told = ARI_TOLD;
    size_t n = a->print.count < b->print.count ? a->print.count : b->print.count;
    for (size_t i = 0; i < n && told != ARI_NO_MEMORY; i++)
        told = add_pair(out, m, &a->print.layers[i], &b->print.layers[i]);
    return told != ARI_NO_MEMORY;
}

/* With its cosines, which were not computed for all. */
static ari_told complete(side *s, const print_layer *found, size_t sums, print_layer *out)
{
    *out = *found;
    return s->kept ? ARI_TOLD : sketch_layer(&s->bank, found->layer, sums, true, out);
}

/* Layers of the one that were kept, or were sketched, with any of the other. */
static bool pair_by_search(side *few, side *all, bool swapped, ari_lead *out, moments *m)
{
    ari_told told = ARI_TOLD;
    size_t sums = few->print.count > 0 ? sketch_sums_each(few->print.depth) : 0;
    out->searched = true;
    if (!side_spread(all, sums)) return false;
    for (size_t i = 0; i < few->print.count && told != ARI_NO_MEMORY; i++) {
        const print_layer *own = &few->print.layers[i], *found = nearest(own, all);
        print_layer whole;
        if (found == NULL) continue;
        told = complete(all, found, sums, &whole);
        if (told != ARI_NO_MEMORY)
            told = swapped ? add_pair(out, m, &whole, own) : add_pair(out, m, own, &whole);
    }
    return told != ARI_NO_MEMORY;
}

static bool compare_sides(side *a, side *b, ari_lead *out)
{
    moments m = { 0 };
    bool ok = true;
    out->a_width = a->print.width;
    out->b_width = b->print.width;
    if (a->print.width != b->print.width) return true;
    if (a->print.depth == b->print.depth) {
        ok = pair_by_depth(a, b, out, &m);
    } else {
        ok = a->kept ? pair_by_search(a, b, false, out, &m) : pair_by_search(b, a, true, out, &m);
    }
    out->sums = (size_t)m.n;
    out->rho = pearson(&m);
    cosines_conclude(&out->ranks);
    out->ranks_p = out->ranks.told > 0 ? chance_deviation(fabs(out->ranks.z), PRINT_UNITS) : 0;
    return ok;
}

/* --- Hashes -----------------------------------------------------------------------------------------------
 */

/* Of all tensors of one side, by need: those that the other has, too. */
static uint64_t hash_of(const ari_model *m, const ari_tensor *row, uint64_t *bytes_read)
{
    ari_span bytes;
    if (m->checkpoint->capsule != NULL) return capsule_hash_of(m->checkpoint->capsule, row);
    if (!checkpoint_bytes(m->checkpoint, row, UINT64_MAX, &bytes)) return 0;
    *bytes_read += bytes.size < (size_t)3 * PRINT_HASHED ? bytes.size : (size_t)3 * PRINT_HASHED;
    return sketch_hash(bytes);
}

/* From the side of a capsule: what has no hash there is not compared. */
static void compare_hashes(const ari_model *kept, const ari_model *other, ari_lead *out)
{
    const ari_tensors *t = &kept->checkpoint->tensors;
    for (size_t i = 0; i < t->count; i++) {
        uint64_t hash = capsule_hash_of(kept->checkpoint->capsule, &t->rows[i]);
        const ari_tensor *row = hash == 0 ? NULL : identity_partner(other, kept, &t->rows[i]);
        uint64_t theirs = row == NULL ? 0 : hash_of(other, row, &out->bytes_read);
        out->hashed += theirs != 0;
        out->same += theirs != 0 && theirs == hash;
    }
}

ari_status lead_measure(const ari_model *a, const ari_model *b, ari_lead *out, ari_err *err)
{
    side *x = calloc(1, sizeof(*x)), *y = calloc(1, sizeof(*y)); /* Large for a stack. */
    *out = (ari_lead){ 0 };
    bool ok = x != NULL && y != NULL && side_open(x, a) && side_open(y, b) && compare_sides(x, y, out);
    if (ok) {
        out->bytes_read = x->bank.bytes_read + y->bank.bytes_read;
        compare_hashes(ari_model_has_fingerprint(a) ? a : b, ari_model_has_fingerprint(a) ? b : a, out);
    }
    if (x != NULL) side_close(x);
    if (y != NULL) side_close(y);
    free(x);
    free(y);
    return ok ? ARI_OK : ari_out_of_memory(err);
}
