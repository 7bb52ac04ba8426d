#include "read/container.h"

#include "base/scan.h"
#include "base/text.h"

#include <inttypes.h>

static const ari_container *const containers[] = { &ari_gguf, &ari_safetensors };

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

static void note_duplicate(ari_checkpoint *into, const ari_tensor *first, const ari_tensor *row)
{
    const ari_file *one = &into->files[first->file], *other = &into->files[row->file];
    if (first->file == row->file) {
        finding_add(&into->findings, ARI_FINDING_DUPLICATE_TENSOR, row->name, row->record_at,
                    "%sstands at byte %" PRIu64 " and again at byte %" PRIu64
                    " of the header; the last is taken",
                    other->where, first->record_at, row->record_at);
    } else {
        finding_add(&into->findings, ARI_FINDING_DUPLICATE_SHARD, row->name, row->record_at,
                    "is in %s and in %s; the last is taken", one->shown, other->shown);
    }
}

ari_status container_add_tensor(ari_checkpoint *into, ari_tensor *row, ari_err *err)
{
    ari_tensors *t = &into->tensors;
    size_t earlier;
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
    if (!tensors_add(t, row, &earlier)) return ari_out_of_memory(err);
    if (earlier != SIZE_MAX) {
        ari_tensor lost = t->rows[earlier];
        note_duplicate(into, &lost, row);
        if (!tensors_replace(t, earlier, row)) return ari_out_of_memory(err);
        ari_file *loser = &into->files[lost.file];
        loser->tensor_count--;
        if (!add_u64(loser->shadowed, lost.bytes, &loser->shadowed)) loser->shadowed = UINT64_MAX;
        if (earlier < into->files[row->file].first_tensor) into->files[row->file].first_tensor = earlier;
    }
    into->files[row->file].tensor_count++;
    return ARI_OK;
}
