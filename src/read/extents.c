#include "read/extents.h"

#include "base/arith.h"
#include "base/text.h"
#include "read/container.h"
#include "read/sniff.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Of bytes that belong to nobody: a hole may have terabytes of them. */
enum { LOOKED_AT = 1 << 16 };

/* What is known of one file while its tensors go by in the order of their data. */
typedef struct walk {
    ari_checkpoint *c;
    const ari_file *file;
    uint64_t end;             /* Where the data seen so far ends. */
    const ari_tensor *before; /* Whose data that is. */
    const ari_tensor *lost;   /* First tensor that goes beyond the file. */
    size_t lost_count;
    bool open;         /* The size of a tensor is not known. */
    uint64_t promised; /* The furthest byte that any tensor claims. */
} walk;

/* A GGUF row has no end of its own; where the type gave no size either, it
 * reaches to whatever comes next. */
static void size_by_neighbour(const walk *w, ari_tensor *row, const ari_tensor *next)
{
    uint64_t until = next != NULL && next->file == row->file ? next->begin : w->file->content;
    if (w->file->container->has_ends || row->bytes > 0 || row->elements == 0) return;
    if (until != ARI_NO_OFFSET && until > row->begin) row->bytes = until - row->begin;
}

/* Do bytes up to there belong to nobody? Alignment may leave some, and so does a
 * tensor whose name a later one took. */
static bool is_unowned(const walk *w, uint64_t until)
{
    uint64_t excused;
    if (!add_u64(w->file->padding, w->file->shadowed, &excused)) excused = UINT64_MAX;
    return until > w->end && until - w->end > excused;
}

/* ": they look like a ZIP archive", of bytes that belong to nobody. */
static ari_shown likeness(const walk *w, uint64_t begin, uint64_t end)
{
    ari_shown out = { "" };
    if (w->file->inflater != NULL || begin > w->file->map.size || end > w->file->map.size) return out;
    ari_span bytes = span_first(span_from(w->file->map, (size_t)begin), (size_t)(end - begin));
    const char *what = sniff_what(span_first(bytes, LOOKED_AT));
    if (what == NULL) return out;
    snprintf(out.text, sizeof(out.text), "; they %s %s", bytes.size > LOOKED_AT ? "begin like" : "look like",
             what);
    return out;
}

static void visit(walk *w, const ari_tensor *row)
{
    ari_findings *f = &w->c->findings;
    uint64_t end;
    if (!add_u64(row->begin, row->bytes, &end)) end = UINT64_MAX;
    if (end > w->promised) w->promised = end;
    w->open = w->open || (row->bytes == 0 && !tensor_is_empty(&w->c->tensors, row));
    if (w->file->content != ARI_NO_OFFSET && end > w->file->content && row->bytes > 0) {
        if (w->lost_count++ == 0) w->lost = row;
    }
    if (row->bytes > 0 && row->begin < w->end) {
        finding_add(f, ARI_FINDING_OVERLAP, row->name, row->begin, "%sshares %" PRIu64 " bytes with \"%s\"",
                    w->file->where, (end < w->end ? end : w->end) - row->begin,
                    w->before == NULL ? "the header" : show(w->before->name).text);
    } else if (w->file->container->has_ends && row->begin < w->end) {
        finding_add(f, ARI_FINDING_OVERLAP, row->name, row->begin, "%sempty, and inside the data of \"%s\"",
                    w->file->where, w->before == NULL ? "the header" : show(w->before->name).text);
    } else if (is_unowned(w, row->begin)) {
        finding_add(f, ARI_FINDING_GAP, row->name, w->end,
                    "%s%" PRIu64 " bytes before it belong to no tensor%s", w->file->where,
                    row->begin - w->end, likeness(w, w->end, row->begin).text);
    }
    if (end > w->end) {
        w->end = end;
        w->before = row;
    }
}

/* At the end no more is excused than what fills the last tensor's place. */
static bool trails(const walk *w, uint64_t content)
{
    if (w->open) return is_unowned(w, content);
    uint64_t alignment = w->file->padding + 1, over = w->end % alignment, excused;
    if (!add_u64(over == 0 ? 0 : alignment - over, w->file->shadowed, &excused)) excused = UINT64_MAX;
    return content > w->end && content - w->end > excused;
}

static void finish(const walk *w)
{
    ari_findings *f = &w->c->findings;
    uint64_t content = w->file->content;
    if (content == ARI_NO_OFFSET) return;
    if (w->lost_count > 0) {
        finding_add(f, ARI_FINDING_TRUNCATED_DATA, w->lost->name, content,
                    "%sthe file ends at byte %" PRIu64 ", its tensors at %" PRIu64
                    ": %zu of them are cut or gone, this is the first",
                    w->file->where, content, w->promised, w->lost_count);
    } else if (trails(w, content)) {
        bool error = w->file->container->trailing_is_error;
        const char *damage = w->file->inflater == NULL ? sniff_damage(w->file->map) : NULL;
        finding_add(f, error ? ARI_FINDING_TRAILING_BYTES : ARI_FINDING_TRAILING_BYTES_GGUF, NO_TENSOR,
                    w->end, "%s%" PRIu64 " bytes after the last tensor belong to none%s%s%s", w->file->where,
                    content - w->end, likeness(w, w->end, content).text, damage == NULL ? "" : ": ",
                    damage == NULL ? "" : damage);
    }
}

static void check_file(ari_checkpoint *c, const ari_file *file, ari_tensor **rows, size_t count)
{
    walk w = { .c = c, .file = file, .end = file->data_at };
    if (file->content == ARI_NO_OFFSET) {
        finding_add(&c->findings, ARI_FINDING_COMPRESSED, NO_TENSOR, ARI_NO_OFFSET,
                    "%scompressed: only the header was read, so whether the data is whole is not known",
                    file->where);
    }
    for (size_t i = 0; i < count; i++) {
        size_by_neighbour(&w, rows[i], i + 1 < count ? rows[i + 1] : NULL);
        visit(&w, rows[i]);
    }
    finish(&w);
}

ari_status extents_check(ari_checkpoint *c, ari_err *err)
{
    const ari_tensors *t = &c->tensors;
    ari_tensor **order = tensors_by_place(t);
    if (order == NULL) return ari_out_of_memory(err);
    size_t at = 0;
    for (size_t i = 0; i < c->file_count; i++) {
        size_t first = at;
        while (at < t->count && order[at]->file == i) at++;
        if (c->files[i].container != NULL) check_file(c, &c->files[i], order + first, at - first);
    }
    free(order);
    return ARI_OK;
}
