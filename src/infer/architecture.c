#include "infer/architecture.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static const ari_field_info fields[] = {
#define FIELD(id, name, label, kind) { name, label, ARI_KIND_##kind },
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

void set_absent(ari_architecture *a, ari_field field, const char *evidence)
{
    set(a, field, "null", ARI_SHAPE, evidence);
}

static bool number(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*out);
}

bool same_value(const char *a, const char *b)
{
    double x, y;
    if (strcmp(a, b) == 0) return true;
    return number(a, &x) && number(b, &y) && fabs(x - y) <= 1e-6 * fabs(x);
}
