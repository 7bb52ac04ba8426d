#include "report/plain.h"

#include "base/json.h"

#include <inttypes.h>

enum { LIST_SHOWN = 4 };

const char *plain_count(ari_doc *d, uint64_t n)
{
    ari_text t = { 0 };
    text_thousands(&t, n);
    return doc_take(d, &t);
}

static const char *scaled(ari_doc *d, uint64_t n, const char *const steps[6])
{
    double value = (double)n;
    size_t step = 0;
    for (; value >= 999.95 && step < 5; step++) value /= 1000;
    return step == 0 ? doc_printf(d, "%" PRIu64 "%s", n, steps[0])
                     : doc_printf(d, "%.1f %s", value, steps[step]);
}

const char *plain_bytes(ari_doc *d, uint64_t n)
{
    static const char *const steps[] = { " B", "KB", "MB", "GB", "TB", "PB" };
    return scaled(d, n, steps);
}

const char *plain_scaled(ari_doc *d, uint64_t n)
{
    /* People count parameters in billions, not in giga. */
    static const char *const steps[] = { "", "K", "M", "B", "T", "quadrillion" };
    return scaled(d, n, steps);
}

const char *plain_parameters(ari_doc *d, uint64_t n)
{
    if (n < 1000) return plain_count(d, n);
    return doc_printf(d, "%s (%s)", plain_count(d, n), plain_scaled(d, n));
}

static void put_words(ari_doc *d, ari_text *t, const json_tree *value);

/* One element of a list: a run such as ["full_attention", 3] as "3 full_attention". */
static void put_element(ari_doc *d, ari_text *t, const json_tree *element)
{
    int64_t n;
    const char *word = json_text(json_child(element));
    bool run = json_size(element) == 2 && json_integer(json_next(json_child(element)), &n);
    if (json_is_array(element) && run && word != NULL) {
        text_printf(t, "%" PRId64 " %s", n, word);
    } else {
        put_words(d, t, element);
    }
}

static void put_list(ari_doc *d, ari_text *t, const json_tree *list)
{
    size_t n = json_size(list);
    if (n > LIST_SHOWN) {
        text_put(t, SAY(d, COUNT_OF_VALUES, doc_number(d, n)));
        return;
    }
    for (const json_tree *e = json_child(list); e != NULL; e = json_next(e)) {
        put_element(d, t, e);
        if (json_next(e) != NULL) text_put(t, ", ");
    }
}

/* Which kind it is comes first, and needs no name. */
static void put_object(ari_doc *d, ari_text *t, const json_tree *object)
{
    static const char *const kinds[] = { "rope_type", "type" };
    size_t before = t->size;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && t->size == before; i++) {
        const char *kind = json_text(json_get(object, kinds[i]));
        if (kind != NULL) text_put(t, kind);
    }
    for (const json_tree *m = json_child(object); m != NULL; m = json_next(m)) {
        if (strcmp(json_name(m), kinds[0]) == 0 || strcmp(json_name(m), kinds[1]) == 0) continue;
        text_printf(t, "%s%s ", t->size == before ? "" : ", ", json_name(m));
        put_words(d, t, m);
    }
}

static void put_words(ari_doc *d, ari_text *t, const json_tree *value)
{
    bool flag;
    double number;
    if (json_text(value) != NULL) {
        text_put(t, json_text(value));
    } else if (json_bool(value, &flag)) {
        text_put(t, flag ? W(d, YES) : W(d, NO));
    } else if (json_is_null(value)) {
        text_put(t, W(d, NONE));
    } else if (json_number(value, &number)) {
        json_put_number(t, number);
    } else if (json_is_array(value)) {
        put_list(d, t, value);
    } else if (json_is_object(value)) {
        put_object(d, t, value);
    } else {
        json_print_foreign(value, t);
    }
}

/* Sizes of tensors are copied and pasted; these counts are for reading. */
static bool is_grouped(ari_field field)
{
    return field == ARI_FIELD_VOCAB_SIZE || field == ARI_FIELD_MAX_POSITION_EMBEDDINGS ||
           field == ARI_FIELD_ROPE_THETA;
}

const char *plain_value(ari_doc *d, ari_field field, const char *json)
{
    ari_text t = { 0 };
    int64_t n;
    json_tree *value = json_parse(span_of(json), NULL);
    if (is_grouped(field) && json_integer(value, &n) && n >= 0) {
        text_thousands(&t, (uint64_t)n);
    } else if (value != NULL) {
        put_words(d, &t, value);
    } else {
        d->failed = true;
    }
    json_free(value);
    return doc_take(d, &t);
}

const char *plain_quantization(ari_doc *d, const char *json)
{
    json_tree *q = json_parse(span_of(json), NULL);
    const char *scheme = json_text(json_get(q, "scheme"));
    if (q == NULL) d->failed = true;
    int64_t bits = 0, group = 0;
    ari_text t = { 0 };
    text_put(&t, scheme == NULL ? W(d, UNKNOWN_SCHEME) : scheme);
    if (json_integer(json_get(q, "bits"), &bits))
        text_printf(&t, ", %s", SAY(d, BITS_EACH, doc_printf(d, "%" PRId64, bits)));
    if (json_integer(json_get(q, "group_size"), &group))
        text_printf(&t, ", %s", SAY(d, GROUPS_OF, doc_printf(d, "%" PRId64, group)));
    bool none = json_is_null(q);
    json_free(q);
    const char *out = doc_take(d, &t);
    return none ? NULL : out;
}
