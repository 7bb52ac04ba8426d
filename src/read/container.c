#include "read/container.h"

#include "base/scan.h"
#include "base/text.h"

#include <inttypes.h>

static const ari_container *const containers[] = { &ari_gguf, &ari_capsule_container, &ari_safetensors };

const ari_container *container_of(ari_span head, uint64_t size)
{
    for (size_t i = 0; i < sizeof(containers) / sizeof(containers[0]); i++) {
        if (containers[i]->recognise(head, size)) return containers[i];
    }
    return NULL;
}

bool container_elements(const ari_tensors *t, const ari_tensor *row, uint64_t *out)
{
    *out = 1;
    for (size_t i = 0; i < row->rank; i++) {
        if (!mul_u64(*out, tensor_shape(t, row)[i], out)) return false;
    }
    return true;
}

/* Visible ASCII, the case of nearly every name, is decided at once. */
static bool odd_name(ari_span name)
{
    if (name.size > 0 && scan_visible(name.data, name.size) == name.size) return false;
    ari_text shown = { 0 };
    text_escape(&shown, name, ESCAPE_ALL);
    bool odd =
        name.size == 0 || shown.failed || !span_eq((ari_span){ (uint8_t *)shown.data, shown.size }, name);
    text_free(&shown);
    return odd;
}

/* The last of them is taken. */
static void note_duplicate(void *context, const ari_tensor *first, const ari_tensor *row)
{
    ari_checkpoint *into = context;
    ari_file *loser = &into->files[first->file];
    const ari_file *other = &into->files[row->file];
    if (first->file == row->file) {
        finding_add(&into->findings, ARI_FINDING_DUPLICATE_TENSOR, row->name, row->record_at,
                    "%sstands at byte %" PRIu64 " and again at byte %" PRIu64
                    " of the header; the last is taken",
                    other->where, first->record_at, row->record_at);
    } else {
        finding_add(&into->findings, ARI_FINDING_DUPLICATE_SHARD, row->name, row->record_at,
                    "is in %s and in %s; the last is taken", loser->shown, other->shown);
    }
    loser->tensor_count--;
    if (!add_u64(loser->shadowed, first->bytes, &loser->shadowed)) loser->shadowed = UINT64_MAX;
}

ari_status container_settle(ari_checkpoint *into, size_t first, ari_err *err)
{
    bool ok = tensors_enter(&into->tensors, first, note_duplicate, into);
    return ok ? ARI_OK : ari_out_of_memory(err);
}

ari_status container_add_tensor(ari_checkpoint *into, ari_tensor *row, ari_err *err)
{
    ari_tensors *t = &into->tensors;
    if (t->count >= into->limits.tensors) {
        ari_fail(err, ARI_LIMIT, row->record_at, "more than %" PRIu64 " tensors", into->limits.tensors);
        return ari_hint(err, "if the file is sound, raise the limit with --limit tensors=N");
    }
    if (odd_name(row->name)) {
        finding_add(&into->findings, ARI_FINDING_ODD_NAME, row->name, row->record_at, "%s%s",
                    into->files[row->file].where,
                    row->name.size == 0 ? "a tensor has an empty name"
                                        : "a tensor's name holds characters that do not print");
    }
    if (!tensors_add(t, row)) return ari_out_of_memory(err);
    into->files[row->file].tensor_count++;
    return ARI_OK;
}
