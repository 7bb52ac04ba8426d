/* What values say where names and shapes leave a question, and of what training leaves behind. */
#include "infer/model.h"

#include <inttypes.h>
#include <stdlib.h>

/* Validated on small models only: it stays below what a stated value is worth. */
static const double CONFIDENCE = 0.8;
/* Below this nothing is put in another order: chance gives as much. */
static const double Z_ORDER = 4;

static const ari_field triple[] = { ARI_FIELD_NUM_ATTENTION_HEADS, ARI_FIELD_NUM_KEY_VALUE_HEADS,
                                    ARI_FIELD_HEAD_DIM };

/* --- The size of a head ----------------------------------------------------------------------------- */

static const char *words_of(ari_model *m, const head_look *look)
{
    const head_size *best = &look->sizes[look->best];
    ari_arena *arena = &m->checkpoint->arena;
    const char *sum = arena_printf(arena,
                                   "blocks of value rows and output columns: %" PRIu64
                                   " stands out most, z %.1f, margin %.2f, in %zu sampled tensors",
                                   best->head_dim, best->z, look->margin, look->tensors);
    return look->answered ? sum : arena_printf(arena, "%s; no answer: %s", sum, look->why);
}

static bool is_of_heads(ari_field field)
{
    return field == triple[0] || field == triple[1] || field == triple[2];
}

/* Stated numbers were held against the likeliest; now against what values say. */
static void hold_again(ari_model *m)
{
    size_t kept = 0;
    for (size_t i = 0; i < m->contradiction_count; i++) {
        if (!is_of_heads(m->contradictions[i].field)) m->contradictions[kept++] = m->contradictions[i];
    }
    for (size_t i = 0; i < 3; i++) {
        const ari_inferred *f = &m->architecture.fields[triple[i]];
        const ari_claim *c = &m->claims.of[triple[i]];
        if (c->value == NULL || c->by_default || strcmp(c->value, "null") == 0 ||
            same_value(c->value, f->value))
            continue;
        const char *words = arena_printf(&m->checkpoint->arena, "%s; but %s",
                                         f->evidence == NULL ? "by values" : f->evidence, c->evidence);
        m->contradictions[kept++] = (ari_contradiction){ triple[i], c->value, f->value, words };
    }
    m->contradiction_count = kept;
}

static void take_answer(ari_model *m, const head_look *look, const char *words)
{
    const head_size *best = &look->sizes[look->best];
    const uint64_t numbers[] = { best->heads, best->kv_heads, best->head_dim };
    ari_inferred *f = m->architecture.fields, *type = &f[ARI_FIELD_ATTENTION_TYPE];
    for (size_t i = 0; i < 3; i++) {
        set_integer(&m->architecture, &m->checkpoint->arena, triple[i], numbers[i], ARI_WEIGHTS, words);
        f[triple[i]].confidence = CONFIDENCE;
    }
    if (type->basis == ARI_AMBIGUOUS) {
        set_text(&m->architecture, &m->checkpoint->arena, ARI_FIELD_ATTENTION_TYPE,
                 best->kv_heads == 1 ? "mqa" : "gqa", ARI_WEIGHTS, words);
        type->confidence = CONFIDENCE;
    }
    hold_again(m);
}

/* Before another? Those that stand out first, and the more the earlier; else as they were. */
static bool goes_before(const head_size *a, const head_size *b)
{
    return a->z >= Z_ORDER && a->z > b->z;
}

/* The candidates in another order, and why none of them is the answer. */
static void reorder(ari_model *m, const head_look *look, const char *words)
{
    ari_arena *arena = &m->checkpoint->arena;
    size_t n = look->count;
    size_t *order = calloc(n + 1, sizeof(order[0]));
    if (order == NULL) {
        arena->failed = true;
        return;
    }
    for (size_t i = 0, at; i < n; i++) {
        for (at = i; at > 0 && goes_before(&look->sizes[i], &look->sizes[order[at - 1]]); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    for (size_t f = 0; f < 3; f++) {
        ari_inferred *field = &m->architecture.fields[triple[f]];
        const char **list = arena_alloc(arena, n * sizeof(list[0]));
        for (size_t i = 0; list != NULL && i < n; i++) list[i] = field->candidates[order[i]];
        if (list == NULL) continue;
        field->candidates = list;
        field->value = list[0];
        field->evidence =
            arena_printf(arena, "%s; %s", field->evidence == NULL ? "" : field->evidence, words);
    }
    free(order);
    hold_again(m);
}

static bool measure_heads(ari_model *m, const head_subject *s)
{
    head_look *look = &m->measured.heads;
    if (!heads_look(s, look)) return false;
    if (look->count == 0) return true;
    const char *words = words_of(m, look);
    if (look->answered) {
        take_answer(m, look, words);
    } else if (look->tensors > 0) {
        reorder(m, look, words);
    }
    return true;
}

/* --- Rotation --------------------------------------------------------------------------------------- */

static bool is_gguf(const ari_checkpoint *c)
{
    for (size_t i = 0; i < c->file_count; i++) {
        if (c->files[i].version > 0) return true;
    }
    return false;
}

static bool measure_rotary(ari_model *m, const head_subject *s)
{
    rotary_look *r = &m->measured.rotary;
    const ari_inferred *f = &m->architecture.fields[ARI_FIELD_HEAD_DIM];
    bool known = f->basis != ARI_UNKNOWN && f->basis != ARI_AMBIGUOUS;
    if (!rotary_look_at(s, known ? strtoull(f->value, NULL, 10) : 0, r)) return false;
    if (r->heads == 0) {
        r->evidence = r->why;
        return true;
    }
    const char *file = is_gguf(m->checkpoint)
                           ? "; that of the file: converters to GGUF change the order of some models' rows"
                           : "";
    r->evidence = arena_printf(&m->checkpoint->arena,
                               "rows of %zu query and key heads folded at %" PRIu64
                               ": reliability %.2f, halves %.2f, peak %.2f, pairs %.2f, z %.1f%s%s%s",
                               r->heads, r->head_dim, r->reliability, r->halves, r->peak, r->pairs, r->z,
                               r->why == NULL ? "" : "; ", r->why == NULL ? "" : r->why, file);
    return true;
}

/* --- All of it ------------------------------------------------------------------------------------ */

/* Only where everything says so: norms that were never moved, matrices as initialisers draw them, and heads
 * that do not stand out. */
static void judge_training(ari_model *m, const oddities *found)
{
    const head_look *h = &m->measured.heads;
    ari_findings *f = &m->checkpoint->findings;
    bool stands_out = (h->count > 0 && h->sizes[h->best].z >= Z_ORDER) || m->measured.rotary.z >= Z_ORDER;
    bool plain = found->norms > 0 && found->plain.count == found->norms;
    if (plain && found->spread > 0 && found->drawn == found->spread && !stands_out) {
        finding_add(f, ARI_FINDING_UNTRAINED, NO_TENSOR, ARI_NO_OFFSET,
                    "looks untrained: all %zu norms that were sampled are plain, all %zu matrices are spread "
                    "as initialisers draw them, and heads do not stand out",
                    found->norms, found->spread);
    } else if (found->plain.count > 0) {
        finding_add(f, ARI_FINDING_PLAIN_NORM, found->plain.first, ARI_NO_OFFSET,
                    "all its values are 0 or all are 1, as of %zu among %zu norms that were sampled",
                    found->plain.count, found->norms);
    }
}

static bool measure_all(ari_model *m)
{
    ari_measured *out = &m->measured;
    oddities found;
    const char *unread = NULL;
    out->rotary.evidence = "there are no layers";
    if (m->component_count > 0 && m->components[0].sizes != NULL) {
        head_subject s = { m->checkpoint,         &m->layout, m->components[0].sizes, &m->architecture,
                           &m->checkpoint->arena, 0,          &out->bytes_read,       &unread };
        if (!measure_heads(m, &s) || !measure_rotary(m, &s)) return false;
        m->components[0].architecture = m->architecture;
    }
    if (!oddities_find(m->checkpoint, &m->layout, &out->bytes_read, &found)) return false;
    judge_training(m, &found);
    if (found.unread.count > 0)
        finding_add(&m->checkpoint->findings, ARI_FINDING_VALUES_UNREAD, found.unread.first, ARI_NO_OFFSET,
                    "%s; so %zu of the weights that were to be sampled could not be read", found.why,
                    found.unread.count);
    findings_close(&m->checkpoint->findings);
    out->made = true;
    return true;
}

static bool is_all_compressed(const ari_checkpoint *c)
{
    size_t plain = 0;
    for (size_t i = 0; i < c->file_count; i++) plain += c->files[i].inflater == NULL;
    return plain == 0;
}

ari_status ari_model_measure(ari_model *m, ari_err *err)
{
    ari_err unused = ARI_ERR_INIT;
    if (err == NULL) err = &unused;
    if (m->measured.made) return ARI_OK;
    if (m->entry != NULL)
        return ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET,
                        "the catalogue has figures of it, and no values");
    if (m->checkpoint->capsule != NULL)
        return ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET, "a capsule: the values are absent");
    if (is_all_compressed(m->checkpoint)) {
        ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET, "compressed: the values cannot be read");
        return ari_hint(err, "decompress it, and inspect what comes out");
    }
    if (!measure_all(m) || m->checkpoint->arena.failed) return ari_out_of_memory(err);
    return ARI_OK;
}
