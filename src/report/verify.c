#include "report/verify.h"

#include "report/judgement.h"
#include "report/plain.h"

#include <inttypes.h>

bool ari_model_sound(const ari_model *m, bool strict)
{
    const ari_findings *f = &m->checkpoint->findings;
    for (size_t i = 0; i < f->count; i++) {
        if (f->items[i].severity >= (strict ? ARI_WARNING : ARI_ERROR)) return false;
    }
    return true;
}

/* Where in which file: "(at byte 8)" stands in the message's sentence where there is one. */
static const char *place_words(ari_doc *d, const ari_finding *f)
{
    const char *tensor = f->tensor == NULL || f->tensor[0] == '\0' ? NULL : f->tensor;
    const char *at =
        f->offset == ARI_NO_OFFSET ? NULL : doc_printf(d, "%s %" PRIu64, W(d, AT_BYTE), f->offset);
    if (tensor == NULL) return at;
    return at == NULL ? tensor : doc_printf(d, "%s, %s", tensor, at);
}

static void add_finding(ari_doc *d, const ari_finding *f)
{
    static const doc_tone tones[] = { TONE_DIM, TONE_WARN, TONE_BAD };
    static const char *const words[] = { "note", "warning", "error" };
    const char *place = place_words(d, f);
    const char *what = place == NULL ? f->message : doc_printf(d, "%s (%s)", f->message, place);
    doc_row(d, tones[f->severity], doc_term(d, words[f->severity]), f->id, what, finding_meaning(f->id));
}

static size_t count_of(const ari_findings *f, ari_severity severity)
{
    size_t n = 0;
    for (size_t i = 0; i < f->count; i++) n += f->items[i].severity == severity;
    return n;
}

void verify_document(const ari_model *m, bool strict, ari_doc *d)
{
    const ari_checkpoint *c = m->checkpoint;
    const ari_findings *f = &c->findings;
    bool sound = ari_model_sound(m, strict);
    doc_title(d, m->path,
              doc_printf(d, "%s, %s, %s", SAY(d, FILES, doc_number(d, c->file_count)),
                         SAY(d, TENSOR_COUNT, plain_count(d, c->tensors.count)), plain_bytes(d, m->bytes)));
    if (f->count > 0) {
        doc_heading(d, TONE_PLAIN, W(d, FINDINGS));
        doc_columns(d, W(d, SEVERITY), W(d, FINDING), W(d, MESSAGE), W(d, MEANING));
    }
    for (size_t i = 0; i < f->count; i++) add_finding(d, &f->items[i]);
    doc_heading(d, sound ? TONE_GOOD : TONE_BAD,
                sound ? W(d, SOUND)
                      : SAY(d, NOT_SOUND, doc_number(d, count_of(f, ARI_ERROR)),
                            doc_number(d, count_of(f, ARI_WARNING))));
    doc_paragraph(d, TONE_DIM, W(d, SOUND_CAVEAT));
}

bool verify_json(const ari_model *m, bool strict, bool indented, ari_text *out)
{
    json_builder b;
    json_tree *top = json_begin(&b);
    json_add_text(&b, top, "schema", "archinspect/verify/1");
    json_add_tool(&b, top, NULL);
    json_add_text(&b, top, "path", m->path);
    json_add_bool(&b, top, "sound", ari_model_sound(m, strict));
    json_add_findings(&b, top, &m->checkpoint->findings);
    return json_finish(&b, indented, out);
}
