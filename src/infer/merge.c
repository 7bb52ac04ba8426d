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

static uint64_t stated_number(const ari_model *m, ari_field field, bool by_default)
{
    const ari_claim *s = &m->claims.of[field];
    if (s->value == NULL || s->by_default != by_default || strcmp(s->value, "null") == 0) return 0;
    return strtoull(s->value, NULL, 10);
}

static const ari_field head_fields[] = { ARI_FIELD_NUM_ATTENTION_HEADS, ARI_FIELD_NUM_KEY_VALUE_HEADS,
                                         ARI_FIELD_HEAD_DIM };

/* The size of a head by the first of the claims that divides its width; 0 if none does. */
static uint64_t claimed_size(const uint64_t *claims, uint64_t queries, uint64_t keys)
{
    if (claims[2] > 0) return claims[2];
    if (claims[0] > 0) return queries % claims[0] == 0 ? queries / claims[0] : 0;
    return claims[1] > 0 && keys % claims[1] == 0 ? keys / claims[1] : 0;
}

/* Where head counts are open, the widths are known all the same. Stated numbers
 * that divide them evenly and agree on one size of a head settle all three. False
 * where those that someone wrote cannot all be true. */
static bool settle_heads(ari_model *m)
{
    ari_inferred *f = m->architecture.fields;
    uint64_t claims[3], any = 0;
    if (f[ARI_FIELD_NUM_ATTENTION_HEADS].basis != ARI_AMBIGUOUS) return true;
    for (size_t i = 0; i < 3; i++) any += claims[i] = stated_number(m, head_fields[i], false);
    if (any == 0) claims[0] = stated_number(m, ARI_FIELD_NUM_ATTENTION_HEADS, true);
    uint64_t unit = strtoull(f[ARI_FIELD_HEAD_DIM].value, NULL, 10);
    uint64_t queries = strtoull(f[ARI_FIELD_NUM_ATTENTION_HEADS].value, NULL, 10) * unit,
             keys = strtoull(f[ARI_FIELD_NUM_KEY_VALUE_HEADS].value, NULL, 10) * unit;
    uint64_t size = claimed_size(claims, queries, keys);
    if (size == 0 || queries % size != 0 || keys % size != 0) return any == 0;
    const uint64_t heads[] = { queries / size, keys / size, size };
    for (size_t i = 0; i < 3; i++) {
        if (claims[i] > 0 && claims[i] != heads[i]) return any == 0;
    }
    size_t by = claims[0] > 0 ? 0 : claims[2] > 0 ? 2 : 1;
    attention_take(&m->architecture, &m->checkpoint->arena, heads, m->claims.of[head_fields[by]].evidence);
    return true;
}

static bool is_head_field(ari_field field)
{
    return field == head_fields[0] || field == head_fields[1] || field == head_fields[2];
}

/* A default only fills gaps: the author never wrote it, so it contradicts nothing. */
static void merge_field(ari_model *m, ari_field field, bool torn)
{
    ari_inferred *d = &m->architecture.fields[field];
    const ari_claim *s = &m->claims.of[field];
    bool open = d->basis == ARI_UNKNOWN || d->basis == ARI_CONVENTION;
    if (s->value == NULL) return;
    if (d->basis == ARI_AMBIGUOUS)
        open = !(torn && is_head_field(field)) && candidate_index(d, s->value) < d->candidate_count;
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
    bool torn = !settle_heads(m);
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) merge_field(m, (ari_field)i, torn);
}
