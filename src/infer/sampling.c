#include "infer/sampling.h"

#include <stdlib.h>

enum {
    LAYERS_FEW = 4,
    LAYERS_MOST = 8,
    VECTORS_MANY = 1024,    /* From here on fewer layers and shorter vectors tell as much. */
    VECTORS_MOST = 1 << 16, /* More are no projection of attention. */
    WIDTH_SMALL = 512,
    WIDTH_LARGE = 256,
};

bool is_weight_of(const ari_template *t, uint32_t component, uint32_t role)
{
    return t->role == role && t->component == component && t->part != ARI_PART_BIAS && !t->companion &&
           !t->adapter && !t->outside && (t->context & (ARI_IN_CROSS | ARI_IN_MTP | ARI_IN_AUX)) == 0;
}

size_t layers_sampled(size_t count, uint64_t vectors)
{
    size_t most = vectors > VECTORS_MANY ? LAYERS_FEW : LAYERS_MOST;
    return count < most ? count : most;
}

size_t layer_sampled(size_t count, size_t sampled, size_t i)
{
    return (2 * i + 1) * count / (2 * sampled);
}

bool stored_transposed(const ari_layout *l, uint32_t component, uint64_t hidden)
{
    static const ari_role inward[] = { ARI_ROLE_Q,    ARI_ROLE_K,  ARI_ROLE_V,      ARI_ROLE_QKV,
                                       ARI_ROLE_GATE, ARI_ROLE_UP, ARI_ROLE_GATE_UP };
    size_t votes[2] = { 0, 0 };
    for (size_t i = 0; i < l->template_count; i++) {
        const ari_template *t = &l->templates[i];
        ari_shape shape = logical_shape(l, t, 0);
        for (size_t r = 0; r < sizeof(inward) / sizeof(inward[0]); r++) {
            if (!is_weight_of(t, component, inward[r]) || shape.rank != 2) continue;
            if (shape.sizes[0] != shape.sizes[1] && shape.sizes[0] == hidden) votes[1]++;
            if (shape.sizes[0] != shape.sizes[1] && shape.sizes[1] == hidden) votes[0]++;
        }
    }
    return votes[1] > votes[0];
}

/* Rows as they lie, the beginning of each. */
static bool take_rows(const ari_numbers *n, size_t most, ari_vectors *out)
{
    size_t width = n->columns < most ? (size_t)n->columns : most;
    if (!vectors_alloc(out, (size_t)n->rows, width)) return false;
    for (size_t i = 0; i < out->count; i++) numbers_read(n, i, 0, width, out->of + i * width);
    return true;
}

/* Each row that is read has one number of every column. */
static bool take_columns(const ari_numbers *n, size_t most, ari_vectors *out)
{
    size_t count = (size_t)n->columns, width = n->rows < most ? (size_t)n->rows : most;
    float *row = calloc(count, sizeof(row[0]));
    bool ok = vectors_alloc(out, count, width) && row != NULL;
    for (size_t r = 0; ok && r < width; r++) {
        numbers_read(n, n->rows * r / width, 0, count, row);
        for (size_t i = 0; i < count; i++) out->of[i * width + r] = row[i];
    }
    free(row);
    return ok;
}

bool vectors_sample(const ari_checkpoint *c, const ari_layout *l, const ari_template *t, size_t k,
                    const ari_wanted *wanted, uint64_t *bytes_read, ari_vectors *out, const char **why)
{
    ari_numbers n;
    ari_shape shape = logical_shape(l, t, k);
    *out = (ari_vectors){ 0 };
    *why = "its shape is another than the others'";
    if (shape.rank != 2 || wanted->count == 0 || wanted->count > VECTORS_MOST) return false;
    bool rows = shape.sizes[0] == wanted->count, columns = shape.sizes[1] == wanted->count;
    if (!rows && !columns) return false;
    if (rows && columns) rows = (wanted->role == ARI_ROLE_O) == wanted->transposed;
    if (!numbers_open(c, l, t, k, &n, why)) return false;
    n.bytes_read = bytes_read;
    *why = NULL;
    size_t most = wanted->count > VECTORS_MANY ? WIDTH_LARGE : WIDTH_SMALL;
    if (!(rows ? take_rows(&n, most, out) : take_columns(&n, most, out))) return false;
    vectors_normalise(out);
    return true;
}
