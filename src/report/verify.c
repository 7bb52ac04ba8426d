#include "report/verify.h"

#include "report/judgement.h"
#include "report/plain.h"

#include <inttypes.h>

bool ari_model_sound(const ari_model *m, bool strict)
{
    const ari_findings *f = &m->checkpoint->findings;
    return f->said[ARI_ERROR] == 0 && (!strict || f->said[ARI_WARNING] == 0);
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
    doc_row(d, tones[f->severity], doc_term(d, words[f->severity]), f->id, what, NULL);
}

static void add_findings(ari_doc *d, const ari_findings *f)
{
    if (f->count == 0) return;
    doc_heading(d, TONE_PLAIN, W(d, FINDINGS));
    doc_columns(d, W(d, SEVERITY), W(d, FINDING), W(d, MESSAGE), NULL);
    for (size_t i = 0; i < f->count; i++) add_finding(d, &f->items[i]);
}

/* Once for each kind of finding. */
static void add_remedies(ari_doc *d, const ari_findings *f)
{
    bool told[ARI_FINDING_COUNT] = { false };
    if (f->count == 0) return;
    doc_heading(d, TONE_PLAIN, W(d, WHAT_TO_DO));
    doc_columns(d, W(d, FINDING), W(d, MEANING), NULL, NULL);
    for (size_t i = 0; i < f->count; i++) {
        const char *id = f->items[i].id;
        bool *known = &told[finding_kind(id)];
        if (!*known) {
            const char *meaning = doc_printf(d, "%s. %s", finding_meaning(id), finding_remedy(id));
            doc_row(d, TONE_PLAIN, id, meaning, NULL, NULL);
        }
        *known = true;
    }
}

static const char *hex(ari_doc *d, const uint8_t *sha256)
{
    char digits[65];
    hash_hex(sha256, 32, digits);
    return doc_printf(d, "%s", digits);
}

static void add_sums(ari_doc *d, const ari_model *m)
{
    const ari_sums *sums = &m->sums;
    if (!sums->made) return;
    doc_heading(d, TONE_PLAIN, W(d, HASHES));
    doc_columns(d, W(d, NAME), W(d, HASHES), NULL, NULL);
    for (size_t i = 0; i < sums->file_count; i++)
        doc_row(d, TONE_PLAIN, sums->files[i].name, hex(d, sums->files[i].sha256), NULL, NULL);
    doc_row(d, TONE_PLAIN, W(d, STRUCTURE), hex(d, sums->structure), NULL, NULL);
}

void verify_document(const ari_model *m, const ari_checks *checks, bool strict, ari_doc *d)
{
    const ari_checkpoint *c = m->checkpoint;
    const ari_findings *f = &c->findings;
    bool sound = ari_model_sound(m, strict), capsule = ari_model_is_capsule(m);
    bool known = ari_model_extent_known(m) && !capsule;
    doc_title(d, m->path,
              doc_printf(d, "%s, %s, %s", SAY(d, FILES, doc_number(d, c->file_count)),
                         SAY(d, TENSOR_COUNT, plain_count(d, c->tensors.count)), plain_bytes(d, m->bytes)));
    add_sums(d, m);
    add_findings(d, f);
    add_remedies(d, f);
    const char *good = known ? W(d, SOUND) : capsule ? W(d, SOUND_CAPSULE) : W(d, SOUND_AS_READ);
    const char *bad =
        SAY(d, NOT_SOUND, plain_count(d, f->said[ARI_ERROR]), plain_count(d, f->said[ARI_WARNING]));
    doc_heading(d, !sound ? TONE_BAD : known ? TONE_GOOD : TONE_WARN, sound ? good : bad);
    const char *told = m->sums.made ? W(d, HASH_CAVEAT) : W(d, SOUND_CAVEAT);
    doc_paragraph(d, TONE_DIM, checks->values ? W(d, DATA_CAVEAT) : told);
}

static void add_file_sums(json_builder *b, json_tree *top, const ari_model *m)
{
    char digits[65];
    json_tree *list = json_add_array(b, top, "files");
    for (size_t i = 0; i < m->sums.file_count; i++) {
        const ari_file_sum *f = &m->sums.files[i];
        json_tree *o = json_add_object(b, list, NULL);
        hash_hex(f->sha256, 32, digits);
        json_add_text(b, o, "path", f->name);
        json_add_uint(b, o, "bytes", f->bytes);
        json_add_text(b, o, "sha256", digits);
    }
}

static void put_foreign(ari_text *out, ari_span foreign)
{
    ari_text safe = { 0 };
    text_escape(&safe, foreign, ESCAPE_ALL);
    json_put_string(out, safe.data == NULL ? "" : safe.data);
    out->failed = out->failed || safe.failed;
    text_free(&safe);
}

static void put_tensor(const ari_model *m, size_t i, ari_text *out)
{
    const ari_tensors *t = &m->checkpoint->tensors;
    const ari_tensor *row = &t->rows[i];
    char digits[65];
    text_put(out, i == 0 ? "\n\t\t{\"name\": " : ",\n\t\t{\"name\": ");
    put_foreign(out, row->name);
    text_put(out, ", \"dtype\": ");
    put_foreign(out, tensors_dtype_name(t, row->dtype));
    text_put(out, ", \"shape\": [");
    for (size_t k = 0; k < row->rank; k++) {
        text_put(out, k == 0 ? "" : ", ");
        json_put_uint(out, tensor_shape(t, row)[k]);
    }
    hash_hex(m->sums.tensors[i], 32, digits);
    text_printf(out, m->sums.tensor_known[i] ? "], \"sha256\": \"%s\"}" : "], \"sha256\": null}", digits);
}

/* There may be half a million: text, not a tree. */
static void add_tensor_sums(json_builder *b, json_tree *top, const ari_model *m)
{
    ari_text list = { 0 };
    text_put(&list, "[");
    for (size_t i = 0; i < m->checkpoint->tensors.count; i++) put_tensor(m, i, &list);
    text_put(&list, "]");
    b->failed = b->failed || list.failed;
    if (!list.failed) json_add_raw(b, top, "tensors", list.data);
    text_free(&list);
}

/* By the words of findings: each kind once. */
static void add_remedy_texts(json_builder *b, json_tree *top, const ari_findings *f)
{
    bool told[ARI_FINDING_COUNT] = { false };
    json_tree *all = json_add_object(b, top, "explanations");
    for (size_t i = 0; i < f->count; i++) {
        const char *id = f->items[i].id;
        bool *known = &told[finding_kind(id)];
        if (!*known) {
            json_tree *o = json_add_object(b, all, id);
            json_add_text(b, o, "meaning", finding_meaning(id));
            json_add_text(b, o, "remedy", finding_remedy(id));
        }
        *known = true;
    }
}

bool verify_json(const ari_model *m, const ari_checks *checks, bool strict, bool indented, ari_text *out)
{
    json_builder b;
    json_tree *top = json_begin(&b);
    json_add_text(&b, top, "schema", "archinspect/verify/1");
    json_add_text(&b, json_add_object(&b, top, "tool"), "version", ari_version());
    json_add_text(&b, top, "path", m->path);
    json_add_bool(&b, top, "sound", ari_model_sound(m, strict));
    json_add_bool(&b, top, "values", checks->values);
    json_add_findings(&b, top, &m->checkpoint->findings);
    add_remedy_texts(&b, top, &m->checkpoint->findings);
    if (m->sums.made) {
        char digits[65];
        hash_hex(m->sums.structure, 32, digits);
        json_add_text(&b, top, "structure", digits);
        add_file_sums(&b, top, m);
        add_tensor_sums(&b, top, m);
    }
    return json_finish(&b, indented, out);
}
