/* cell.c -- a value as one cell of a table shows it. */
#include "base/json.h"
#include "report/compare.h"
#include "report/plain.h"

#include <math.h>

/* "yarn x4" */
static const char *scaling_cell(ari_doc *d, const json_tree *t)
{
    const char *type = json_text(json_get(t, "rope_type"));
    double factor;
    if (type == NULL) return json_is_object(t) ? "by layer" : "yes";
    if (!json_number(json_get(t, "factor"), &factor)) return doc_printf(d, "%s", type);
    return doc_printf(d, "%s x%g", type, factor);
}

/* Runs of one period by their lengths: "5+1". */
static const char *types_cell(ari_doc *d, const json_tree *t)
{
    ari_text words = { 0 };
    size_t n = json_size(t);
    for (const json_tree *e = json_child(t); e != NULL && n <= 4; e = json_next(e)) {
        int64_t length = 0;
        json_integer(json_next(json_child(e)), &length);
        text_printf(&words, "%s%lld", words.size == 0 ? "" : "+", (long long)length);
    }
    if (words.size == 0) text_printf(&words, "%zu runs", n);
    return doc_take(d, &words);
}

static const char *json_cell(ari_doc *d, const ari_record *r, size_t key)
{
    json_tree *t = json_parse(span_of(r->values[key].value), NULL);
    if (t == NULL) d->failed = true;
    const char *out = key == ARI_FIELD_LAYER_TYPES ? types_cell(d, t) : scaling_cell(d, t);
    json_free(t);
    return out;
}

/* Grouped-query attention with its heads to a key: "gqa 8:1". */
static const char *attention_cell(ari_doc *d, const ari_record *r, const char *word)
{
    double heads = r->numbers[ARI_FIELD_NUM_ATTENTION_HEADS], kv = r->numbers[ARI_FIELD_NUM_KEY_VALUE_HEADS];
    if (strcmp(word, "gqa") != 0 || isnan(heads) || isnan(kv) || kv < 1) return word;
    return doc_printf(d, "gqa %g:1", heads / kv);
}

const char *compare_cell(ari_doc *d, const ari_record *r, size_t key)
{
    const char *words;
    if (key == ARI_FIELD_INTERMEDIATE_SIZE && r->unused_width != NULL)
        return doc_printf(d, "(%s)", r->unused_width);
    if (key == ARI_FIELD_INTERMEDIATE_SIZE && r->read_as_experts != NULL)
        return doc_printf(d, "(%s e)", r->read_as_experts);
    if (record_absent(r, key)) return "-";
    if (record_unknown(r, key)) return "?";
    if (key == ARI_FIELD_LAYER_TYPES || key == ARI_FIELD_ROPE_SCALING) {
        words = json_cell(d, r, key);
    } else {
        words = plain_value(d, key == ARI_KEY_EXPERTS ? ARI_FIELD_MODEL_TYPE : (ari_field)key,
                            r->values[key].value);
    }
    if (key == ARI_FIELD_ATTENTION_TYPE) words = attention_cell(d, r, words);
    return r->values[key].basis == ARI_AMBIGUOUS ? doc_printf(d, "%s?", words) : words;
}
