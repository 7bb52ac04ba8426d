#include "audit/sums.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdlib.h>

static int by_name(const void *a, const void *b)
{
    return span_order((*(const ari_tensor *const *)a)->name, (*(const ari_tensor *const *)b)->name);
}

static void put_tensor(ari_text *line, const ari_tensors *t, const ari_tensor *row)
{
    line->size = 0;
    text_printf(line, "%zu ", row->name.size);
    text_put_span(line, row->name);
    text_put(line, " ");
    text_put_span(line, tensors_dtype_name(t, row->dtype));
    for (size_t i = 0; i < row->rank; i++) {
        text_printf(line, "%c%" PRIu64, i == 0 ? ' ' : 'x', tensor_shape(t, row)[i]);
    }
    text_put(line, row->rank == 0 ? " \n" : "\n");
}

bool sums_structure(const ari_checkpoint *c, const hash_library *library, uint8_t out[32])
{
    const ari_tensors *t = &c->tensors;
    const ari_tensor **order = calloc(t->count + 1, sizeof(const ari_tensor *));
    hash_state *s = order == NULL ? NULL : hash_begin(library, HASH_SHA256);
    ari_text line = { 0 };
    if (order == NULL) return false;
    for (size_t i = 0; i < t->count; i++) order[i] = &t->rows[i];
    qsort(order, t->count, sizeof(const ari_tensor *), by_name);
    for (size_t i = 0; i < t->count; i++) {
        put_tensor(&line, t, order[i]);
        hash_add(s, (ari_span){ (const uint8_t *)line.data, line.size });
    }
    bool ok = hash_end(s, out) && !line.failed;
    text_free(&line);
    free(order);
    return ok;
}
