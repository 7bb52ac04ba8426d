#include "compare/record.h"

#include "base/json.h"
#include "compare/scaling.h"

#include <math.h>
#include <stdlib.h>

/* Nothing else in JSON begins with that letter. */
static bool is_null(const ari_inferred *v)
{
    return v->value[0] == 'n';
}

bool record_same(const ari_record *a, const ari_record *b, size_t key)
{
    if (isnan(a->numbers[key]) != isnan(b->numbers[key])) return false;
    if (!isnan(a->numbers[key])) return is_same_number(a->numbers[key], b->numbers[key]);
    return strcmp(a->values[key].value, b->values[key].value) == 0;
}

static void clear(ari_record *r)
{
    *r = (ari_record){ .name = NULL };
    for (size_t i = 0; i < ARI_KEY_COUNT; i++) {
        r->values[i] = (ari_inferred){ .value = "null", .basis = ARI_UNKNOWN };
        r->numbers[i] = NAN;
    }
}

/* 128+1 of num_experts and num_shared_experts; of routed experts alone, just their number. */
static void join_experts(ari_arena *arena, ari_record *r)
{
    const ari_inferred *routed = &r->values[ARI_FIELD_NUM_EXPERTS];
    double shared = r->numbers[ARI_FIELD_NUM_SHARED_EXPERTS];
    r->values[ARI_KEY_EXPERTS] = *routed;
    if (is_null(routed)) return;
    r->values[ARI_KEY_EXPERTS].candidates = NULL;
    r->values[ARI_KEY_EXPERTS].candidate_count = 0;
    r->values[ARI_KEY_EXPERTS].value = isnan(shared) || shared == 0
                                           ? arena_printf(arena, "\"%s\"", routed->value)
                                           : arena_printf(arena, "\"%s+%.0f\"", routed->value, shared);
}

/* What the entry of a model without such a thing holds. */
static ari_inferred no_such_thing(const char *why)
{
    return (ari_inferred){ .value = "null", .basis = ARI_SHAPE, .evidence = why };
}

static void settle_width(ari_arena *arena, ari_record *r, bool partly_dense)
{
    ari_inferred *dense = &r->values[ARI_FIELD_INTERMEDIATE_SIZE],
                 *expert = &r->values[ARI_FIELD_MOE_INTERMEDIATE_SIZE];
    bool all_experts = r->numbers[ARI_FIELD_NUM_EXPERTS] > 0 && !partly_dense &&
                       r->numbers[ARI_FIELD_FIRST_K_DENSE_REPLACE] == 0;
    bool unstated = r->entry != NULL && dense->basis == ARI_UNKNOWN;
    /* What shapes say needs no reading: a dense MLP that is there is used. */
    if (!all_experts || (dense->basis != ARI_STATED && !unstated)) return;
    if (!is_null(dense) && is_null(expert)) {
        r->read_as_experts = dense->value;
        *expert = *dense;
        r->numbers[ARI_FIELD_MOE_INTERMEDIATE_SIZE] = r->numbers[ARI_FIELD_INTERMEDIATE_SIZE];
    } else if (!is_null(dense) && !is_same_number(r->numbers[ARI_FIELD_INTERMEDIATE_SIZE],
                                                  r->numbers[ARI_FIELD_MOE_INTERMEDIATE_SIZE])) {
        r->unused_width = dense->value;
    }
    *dense = no_such_thing(
        r->unused_width == NULL
            ? "every layer has experts"
            : arena_printf(arena, "every layer has experts; the %s that is stated is used by none",
                           r->unused_width));
    r->numbers[ARI_FIELD_INTERMEDIATE_SIZE] = NAN;
}

static void sort_keys(ari_record *r)
{
    r->absent = r->unknown = r->ambiguous = 0;
    for (size_t key = 0; key < ARI_KEY_COUNT; key++) {
        const ari_inferred *v = &r->values[key];
        if (v->basis == ARI_UNKNOWN) {
            r->unknown |= key_bit(key);
        } else if (is_null(v)) {
            r->absent |= key_bit(key);
        } else if (v->basis == ARI_AMBIGUOUS) {
            r->ambiguous |= key_bit(key);
        }
    }
}

/* Shared experts of which an entry states no width are as wide as routed ones, and stored as one MLP. */
static void settle_shared_width(ari_arena *arena, ari_record *r)
{
    ari_inferred *shared = &r->values[ARI_FIELD_SHARED_EXPERT_INTERMEDIATE_SIZE];
    double width = r->numbers[ARI_FIELD_NUM_SHARED_EXPERTS] * r->numbers[ARI_FIELD_MOE_INTERMEDIATE_SIZE];
    if (shared->basis != ARI_UNKNOWN || r->entry == NULL || !(width > 0)) return;
    *shared = (ari_inferred){ .value = arena_printf(arena, "%.0f", width),
                              .basis = ARI_STATED,
                              .evidence = "num_shared_experts x moe_intermediate_size" };
    r->numbers[ARI_FIELD_SHARED_EXPERT_INTERMEDIATE_SIZE] = width;
}

typedef enum reason { ALWAYS, DENSE, LATENT, PLAIN, STATELESS, TEXT, REASONS } reason;

static const struct {
    ari_field field;
    reason when;
    const char *why;
} ruled_out[] = {
#define RULED_OUT(field, when, why) { ARI_FIELD_##field, when, why },
#include "compare/ruled_out.def"
};

static bool is_word(const char *json, const char *word)
{
    size_t n = strlen(word);
    return strncmp(json + 1, word, n) == 0 && json[n + 1] == '"';
}

/* Which reasons hold for an entry. */
static void find_reasons(const ari_record *r, const ari_entry *e, bool *holds)
{
    const char *attention = r->values[ARI_FIELD_ATTENTION_TYPE].value, *kind = e->kind == NULL ? "" : e->kind;
    holds[ALWAYS] = true;
    holds[DENSE] = strcmp(kind, "dense") == 0;
    holds[LATENT] = is_word(attention, "mla");
    holds[PLAIN] = is_word(attention, "mha") || is_word(attention, "gqa") || is_word(attention, "mqa");
    bool one_kind = holds[DENSE] || strcmp(kind, "moe") == 0 || strcmp(kind, "encoder") == 0 ||
                    strcmp(kind, "encdec") == 0;
    holds[STATELESS] = one_kind && (holds[LATENT] || holds[PLAIN]);
    holds[TEXT] = e->tower_count == 0 && strcmp(kind, "vlm") != 0;
}

/* A count of 0 and no such thing are one. */
static void drop_zeros(ari_record *r)
{
    static const ari_field counts[] = { ARI_FIELD_NUM_EXPERTS, ARI_FIELD_NUM_SHARED_EXPERTS,
                                        ARI_FIELD_NUM_NEXTN_PREDICT_LAYERS };
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        if (r->numbers[counts[i]] != 0) continue;
        r->values[counts[i]] = no_such_thing("there are 0");
        r->numbers[counts[i]] = NAN;
    }
    ari_inferred *width = &r->values[ARI_FIELD_SHARED_EXPERT_INTERMEDIATE_SIZE];
    bool none = is_null(&r->values[ARI_FIELD_NUM_SHARED_EXPERTS]) &&
                r->values[ARI_FIELD_NUM_SHARED_EXPERTS].basis == ARI_SHAPE;
    if (none && width->basis == ARI_UNKNOWN) *width = no_such_thing("there are no shared experts");
}

static void rule_out(ari_record *r, const ari_entry *e)
{
    bool holds[REASONS];
    find_reasons(r, e, holds);
    for (size_t i = 0; i < sizeof(ruled_out) / sizeof(ruled_out[0]); i++) {
        ari_inferred *v = &r->values[ruled_out[i].field];
        if (holds[ruled_out[i].when] && v->basis == ARI_UNKNOWN) *v = no_such_thing(ruled_out[i].why);
    }
}

static void settle(ari_arena *arena, ari_record *r, bool partly_dense)
{
    settle_width(arena, r, partly_dense);
    settle_shared_width(arena, r);
    join_experts(arena, r);
    sort_keys(r);
}

void record_of_part(const char *name, const ari_architecture *a, ari_record *out)
{
    clear(out);
    out->name = name;
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) {
        out->values[i] = a->fields[i];
        out->numbers[i] = value_number(a->fields[i].value);
    }
    sort_keys(out);
}

void record_of_model(ari_arena *arena, const ari_model *m, ari_record *out)
{
    if (m->entry != NULL) {
        record_of_entry(arena, m->entry, out);
        return;
    }
    record_of_part(m->path, &m->architecture, out);
    ari_inferred *scaling = &out->values[ARI_FIELD_ROPE_SCALING];
    if (!is_null(scaling)) {
        json_tree *t = json_parse(span_of(scaling->value), NULL);
        if (t == NULL) arena->failed = true;
        scaling->value = scaling_canonical(arena, t);
        json_free(t);
    }
    /* Inference has read what a configuration states of a width that nothing has; the row still shows it. */
    const ari_claim *width = &m->claims.of[ARI_FIELD_INTERMEDIATE_SIZE];
    bool claimed =
        width->value != NULL && !width->by_default && record_absent(out, ARI_FIELD_INTERMEDIATE_SIZE);
    settle(arena, out, false);
    if (claimed && !same_value(width->value, out->values[ARI_FIELD_MOE_INTERMEDIATE_SIZE].value))
        out->unused_width = width->value;
}

void record_of_entry(ari_arena *arena, const ari_entry *e, ari_record *out)
{
    clear(out);
    entry_fields(e, out->values);
    for (size_t i = 0; i < e->stated_count; i++)
        out->numbers[e->stated[i].field] = e->pool[e->stated[i].value].number;
    out->name = e->name;
    out->entry = e;
    rule_out(out, e);
    drop_zeros(out);
    settle(arena, out, e->partly_dense);
}
