#include "audit/audit.h"

#include "audit/beside.h"
#include "audit/disguise.h"
#include "audit/records.h"
#include "audit/sweep.h"
#include "audit/template.h"
#include "base/text.h"

#include <inttypes.h>

enum { HUGE_BITS = 48 }; /* The format's description allows sizes of 48 bits. */

static bool has_huge_size(const ari_tensors *t, const ari_tensor *row)
{
    for (size_t i = 0; i < row->rank; i++) {
        if (tensor_shape(t, row)[i] >> HUGE_BITS != 0) return true;
    }
    return false;
}

static void sizes_check(ari_checkpoint *c)
{
    const ari_tensors *t = &c->tensors;
    const ari_tensor *first = NULL;
    size_t empty = 0;
    for (size_t i = 0; i < t->count; i++) {
        const ari_tensor *row = &t->rows[i];
        if (!tensor_is_empty(t, row)) continue;
        if (empty++ == 0) first = row;
        if (has_huge_size(t, row)) {
            finding_add(&c->findings, ARI_FINDING_HUGE_DIMENSION, row->name, row->record_at,
                        "%sa size of 2^48 or more beside one of 0", c->files[row->file].where);
        }
    }
    if (empty == 0) return;
    finding_add(&c->findings, ARI_FINDING_EMPTY_TENSOR, first->name, first->record_at,
                "%s%zu of %zu tensors have a dimension of 0; this is the first", c->files[first->file].where,
                empty, t->count);
}

/* Everything that is needed is opened before the first byte of data is read. */
static ari_status look_at_data(ari_checkpoint *c, const ari_checks *checks, ari_sums *sums, ari_err *err)
{
    records r = { 0 };
    sweep s = { 0 };
    ari_status status = records_find(c, checks, &r, err);
    if (status == ARI_OK) status = sweep_open(c, checks, &r, &s, err);
    if (checks->opened != NULL) checks->opened(checks->context);
    if (status == ARI_OK) status = sweep_run(&s, err);
    if (status == ARI_OK) status = sweep_finish(&s, sums, err);
    if (status == ARI_OK) records_check(c, &r, sums);
    sweep_close(&s);
    records_free(&r);
    return status;
}

ari_status audit_run(ari_checkpoint *c, const ari_checks *checks, ari_sums *sums, ari_err *err)
{
    sizes_check(c);
    metadata_check(c);
    disguise_check(c);
    templates_check(c);
    remote_code_check(c);
    if (c->of_folder) beside_check(c);
    if (!padding_check(c)) return ari_out_of_memory(err);
    ari_status status = look_at_data(c, checks, sums, err);
    findings_close(&c->findings);
    return status == ARI_OK && c->arena.failed ? ari_out_of_memory(err) : status;
}
