#include "infer/architecture.h"

#include "base/json.h"
#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { WHOLE_DIGITS = 15 }; /* A double holds any number of so many. */

static const ari_field_info fields[] = {
#define FIELD(id, name, kind) { name, ARI_KIND_##kind },
#include "infer/field.def"
};

const ari_field_info *field_info(ari_field field)
{
    return &fields[field];
}

ari_field field_by_name(const char *name)
{
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) {
        if (strcmp(fields[i].name, name) == 0) return (ari_field)i;
    }
    return ARI_FIELD_COUNT;
}

void architecture_clear(ari_architecture *a)
{
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++)
        a->fields[i] = (ari_inferred){ .value = "null", .basis = ARI_UNKNOWN };
}

static void set(ari_architecture *a, ari_field field, const char *value, ari_basis basis,
                const char *evidence)
{
    if (value != NULL)
        a->fields[field] = (ari_inferred){ .value = value, .basis = basis, .evidence = evidence };
}

void set_integer(ari_architecture *a, ari_arena *arena, ari_field field, uint64_t value, ari_basis basis,
                 const char *evidence)
{
    set(a, field, arena_printf(arena, "%" PRIu64, value), basis, evidence);
}

void set_text(ari_architecture *a, ari_arena *arena, ari_field field, const char *word, ari_basis basis,
              const char *evidence)
{
    set(a, field, arena_printf(arena, "\"%s\"", word), basis, evidence);
}

void set_bool(ari_architecture *a, ari_field field, bool value, ari_basis basis, const char *evidence)
{
    set(a, field, value ? "true" : "false", basis, evidence);
}

void set_candidates(ari_architecture *a, ari_arena *arena, ari_field field, const uint64_t *values, size_t n,
                    const char *evidence)
{
    const char **list = arena_alloc(arena, (n + 1) * sizeof(list[0]));
    for (size_t i = 0; list != NULL && i < n; i++) {
        list[i] = arena_printf(arena, "%" PRIu64, values[i]);
        if (list[i] == NULL) return;
    }
    if (list != NULL && n > 0)
        a->fields[field] = (ari_inferred){ list[0], ARI_AMBIGUOUS, evidence, list, n, false, 0 };
}

void set_absent(ari_architecture *a, ari_field field, const char *evidence)
{
    set(a, field, "null", ARI_SHAPE, evidence);
}

/* What repeats only in part is no period. */
static size_t find_period(const char *const *words, size_t n)
{
    for (size_t period = 1; period <= n / 2; period++) {
        size_t i = period;
        while (i < n && strcmp(words[i], words[i - period]) == 0) i++;
        if (i == n) return period;
    }
    return n;
}

const char *layer_period(ari_arena *arena, const char *const *words, size_t n)
{
    size_t period = find_period(words, n);
    ari_text text = { 0 }, word = { 0 };
    text_put(&text, "[");
    for (size_t i = 0, run; i < period; i += run) {
        for (run = 1; i + run < period && strcmp(words[i], words[i + run]) == 0; run++) continue;
        word.size = 0;
        text_escape(&word, span_of(words[i]), 80);
        text_put(&text, i == 0 ? "[" : ", [");
        json_put_string(&text, word.size == 0 ? "" : word.data);
        text_printf(&text, ", %zu]", run);
    }
    text_put(&text, "]");
    const char *out = text.failed || word.failed ? NULL : arena_copy(arena, span_of(text.data));
    text_free(&text);
    text_free(&word);
    return out;
}

/* Nearly all are whole and short, for which strtod is slow. */
double value_number(const char *json)
{
    uint64_t whole = 0;
    size_t n = 0;
    for (; json[n] >= '0' && json[n] <= '9' && n < WHOLE_DIGITS; n++)
        whole = whole * 10 + (uint64_t)(json[n] - '0');
    if (n > 0 && json[n] == '\0') return (double)whole;
    if (n == 0 && *json != '-') return NAN;
    char *end;
    double x = strtod(json, &end);
    return *end == '\0' && isfinite(x) ? x : NAN;
}

bool is_same_number(double x, double y)
{
    return fabs(x - y) <= 1e-6 * fabs(x);
}

bool same_value(const char *a, const char *b)
{
    return strcmp(a, b) == 0 || is_same_number(value_number(a), value_number(b));
}
