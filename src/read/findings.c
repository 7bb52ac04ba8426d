#include "read/findings.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Of a longer name the beginning tells as much; the list of tensors has all of it. */
enum { NAME_MOST = 2048 };

static const struct {
    const char *word;
    ari_severity severity;
    const char *meaning, *remedy;
} kinds[] = {
#define FINDING(id, word, severity, meaning, remedy) { word, ARI_##severity, meaning, remedy },
#include "read/finding.def"
#undef FINDING
};

static ari_finding make(ari_findings *f, ari_finding_id id, ari_span tensor, uint64_t offset,
                        const char *message)
{
    const char *name = tensor.data == NULL ? NULL : arena_escape(f->arena, tensor, NAME_MOST);
    return (ari_finding){ kinds[id].word, kinds[id].severity, name, offset,
                          arena_copy(f->arena, span_of(message)) };
}

static void keep(ari_findings *f, ari_finding one)
{
    if (!array_room(&f->items, &f->room, f->count, sizeof(f->items[0]))) {
        f->arena->failed = true;
        return;
    }
    f->items[f->count++] = one;
    f->lesser += one.severity < ARI_ERROR;
}

/* The last that is no error; there is one. */
static ari_finding *last_lesser(ari_findings *f)
{
    size_t i = f->count;
    while (i > 0 && f->items[i - 1].severity == ARI_ERROR) i--;
    return &f->items[i == 0 ? 0 : i - 1];
}

void finding_add(ari_findings *f, ari_finding_id id, ari_span tensor, uint64_t offset, const char *format,
                 ...)
{
    bool error = kinds[id].severity == ARI_ERROR;
    f->said[kinds[id].severity]++;
    if (f->count >= f->most) f->dropped++;
    if (f->count >= f->most && (!error || f->lesser == 0)) return;
    char message[512];
    va_list values;
    va_start(values, format);
    vsnprintf(message, sizeof(message), format, values);
    va_end(values);
    message[utf8_whole(span_of(message))] = '\0';
    ari_finding one = make(f, id, tensor, offset, message);
    if (f->count < f->most) {
        keep(f, one);
    } else {
        *last_lesser(f) = one;
        f->lesser--;
    }
}

void findings_restore(ari_findings *f, const ari_findings *before)
{
    ari_finding *items = f->items;
    size_t room = f->room;
    *f = *before;
    f->items = items;
    f->room = room;
    f->lesser = 0;
    for (size_t i = 0; i < f->count; i++) f->lesser += f->items[i].severity < ARI_ERROR;
}

size_t finding_kind(const char *id)
{
    size_t i = 0;
    while (i + 1 < ARI_FINDING_COUNT && strcmp(kinds[i].word, id) != 0) i++;
    return i;
}

const char *finding_meaning(const char *id)
{
    return kinds[finding_kind(id)].meaning;
}

const char *finding_remedy(const char *id)
{
    return kinds[finding_kind(id)].remedy;
}

void findings_close(ari_findings *f)
{
    bool closed = f->count > 0 && f->items[f->count - 1].id == kinds[ARI_FINDING_FINDINGS_CUT].word;
    if (f->dropped == 0) return;
    if (closed) f->count--;
    if (closed) f->lesser--;
    char message[128];
    snprintf(message, sizeof(message),
             "%" PRIu64 " more findings were not kept (--limit findings=N keeps more)", f->dropped);
    keep(f, make(f, ARI_FINDING_FINDINGS_CUT, NO_TENSOR, ARI_NO_OFFSET, message));
}

void findings_free(ari_findings *f)
{
    free(f->items);
    f->items = NULL;
    f->count = f->room = 0;
}
