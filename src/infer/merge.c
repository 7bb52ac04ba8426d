#include "infer/merge.h"

#include "infer/attention.h"

#include <inttypes.h>
#include <stdlib.h>

/* Embeddings are padded to a multiple of 64 or 128, times the number of machines. */
enum { PADDING_ROWS = 1024 };

static void contradict(ari_model *m, ari_field field)
{
    const ari_inferred *d = &m->architecture.fields[field];
    const ari_claim *s = &m->claims.of[field];
    const char *evidence = arena_printf(&m->checkpoint->arena, "%s; but %s",
                                        d->evidence == NULL ? "by the tensors" : d->evidence, s->evidence);
    m->contradictions[m->contradiction_count++] = (ari_contradiction){ field, s->value, d->value, evidence };
}

static bool is_padding(ari_model *m, ari_field field)
{
    uint64_t rows = strtoull(m->architecture.fields[field].value, NULL, 10);
    uint64_t stated = strtoull(m->claims.of[field].value, NULL, 10);
    return field == ARI_FIELD_VOCAB_SIZE && stated > 0 && stated < rows && rows - stated < PADDING_ROWS;
}

/* Where every layer has experts, an MLP width that is stated all the same is theirs, or nobody's. */
static bool is_unused_width(ari_model *m, ari_field field)
{
    ari_inferred *f = m->architecture.fields;
    if (field != ARI_FIELD_INTERMEDIATE_SIZE || f[field].basis != ARI_SHAPE ||
        strcmp(f[field].value, "null") != 0)
        return false;
    bool theirs = same_value(m->claims.of[field].value, f[ARI_FIELD_MOE_INTERMEDIATE_SIZE].value);
    f[field].evidence = arena_printf(&m->checkpoint->arena, "%s; the %s that %s states %s", f[field].evidence,
                                     m->claims.of[field].value, m->claims.of[field].evidence,
                                     theirs ? "is the width of an expert" : "is used by none");
    return true;
}

/* A count of 0 and no such thing are one. */
static bool says_none(const ari_inferred *d, const ari_claim *s)
{
    return strcmp(d->value, "null") == 0 && same_value(s->value, "0");
}

static size_t candidate_index(const ari_inferred *d, const char *value)
{
    size_t i = 0;
    while (i < d->candidate_count && !same_value(d->candidates[i], value)) i++;
    return i;
}

static bool stated_number(const ari_model *m, ari_field field, uint64_t *out)
{
    const ari_claim *s = &m->claims.of[field];
    if (s->value == NULL || strcmp(s->value, "null") == 0) return false;
    *out = strtoull(s->value, NULL, 10);
    return *out > 0;
}

/* Where head counts are open, the widths are known all the same. Stated numbers
 * that divide them evenly and agree on one size of a head settle all three. */
static void settle_heads(ari_model *m)
{
    ari_inferred *f = m->architecture.fields;
    const ari_inferred *heads = &f[ARI_FIELD_NUM_ATTENTION_HEADS],
                       *kv_heads = &f[ARI_FIELD_NUM_KEY_VALUE_HEADS];
    uint64_t q, kv, size;
    if (heads->basis != ARI_AMBIGUOUS || !stated_number(m, ARI_FIELD_NUM_ATTENTION_HEADS, &q)) return;
    uint64_t unit = strtoull(f[ARI_FIELD_HEAD_DIM].value, NULL, 10);
    uint64_t queries = strtoull(heads->value, NULL, 10) * unit,
             keys = strtoull(kv_heads->value, NULL, 10) * unit;
    if (queries % q != 0 || keys % (queries / q) != 0) return;
    size = queries / q;
    if (stated_number(m, ARI_FIELD_NUM_KEY_VALUE_HEADS, &kv) && kv != keys / size &&
        !m->claims.of[ARI_FIELD_NUM_KEY_VALUE_HEADS].by_default)
        return;
    if (stated_number(m, ARI_FIELD_HEAD_DIM, &kv) && kv != size &&
        !m->claims.of[ARI_FIELD_HEAD_DIM].by_default)
        return;
    attention_take(&m->architecture, &m->checkpoint->arena, (uint64_t[]){ q, keys / size, size },
                   m->claims.of[ARI_FIELD_NUM_ATTENTION_HEADS].evidence);
}

/* A default only fills gaps: the author never wrote it, so it contradicts nothing. */
static void merge_field(ari_model *m, ari_field field)
{
    ari_inferred *d = &m->architecture.fields[field];
    const ari_claim *s = &m->claims.of[field];
    bool open = d->basis == ARI_UNKNOWN || d->basis == ARI_CONVENTION;
    if (s->value == NULL) return;
    if (d->basis == ARI_AMBIGUOUS) open = candidate_index(d, s->value) < d->candidate_count;
    if (open && !(s->by_default && d->basis == ARI_CONVENTION)) {
        *d = (ari_inferred){ .value = s->value, .basis = ARI_STATED, .evidence = s->evidence };
    } else if (!s->by_default && !same_value(d->value, s->value) && !says_none(d, s) &&
               field_info(field)->kind != ARI_KIND_JSON && !is_unused_width(m, field)) {
        if (is_padding(m, field)) {
            d->evidence = arena_printf(&m->checkpoint->arena, "%s; %s says %s, the rest is padding",
                                       d->evidence, s->evidence, s->value);
        } else {
            contradict(m, field);
        }
    }
}

void merge_claims(ari_model *m)
{
    settle_heads(m);
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) merge_field(m, (ari_field)i);
}
