/* gguf_claims.c -- what the keys of a GGUF file say. */
#include "infer/witness.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct claim_row {
    ari_field field;
    const char *key;
} rows[] = {
#define GGUF_CLAIM(field, key) { ARI_FIELD_##field, key },
#include "infer/gguf_claim.def"
};

static const ari_meta *gguf_key(const ari_checkpoint *c, ari_span architecture, const char *key)
{
    for (size_t i = 0; i < c->metadata.count; i++) {
        ari_span k = c->metadata.rows[i].key;
        if (k.size <= architecture.size || k.data[architecture.size] != '.') continue;
        if (span_eq(span_first(k, architecture.size), architecture) &&
            span_is(span_from(k, architecture.size + 1), key)) {
            return &c->metadata.rows[i];
        }
    }
    return NULL;
}

/* Of an array with one number a layer, the commonest that is not 0. */
static bool gguf_commonest(const ari_meta *m, int64_t *out)
{
    ari_poll poll = { 0 };
    int64_t v;
    for (uint64_t i = 0; i < m->count && i < LAYERS_LISTED && meta_integer(m, i, &v); i++) poll_add(&poll, v);
    return poll_winner(&poll, out);
}

static const char *gguf_value(ari_arena *arena, ari_field field, const ari_meta *m)
{
    int64_t whole;
    double real;
    if (field_info(field)->kind == ARI_KIND_REAL) {
        return m->type != ARI_META_ARRAY && meta_number(m, 0, &real) ? arena_printf(arena, "%.7g", real)
                                                                     : NULL;
    }
    bool found = m->type == ARI_META_ARRAY ? gguf_commonest(m, &whole) : meta_integer(m, 0, &whole);
    return found && whole > 0 ? arena_printf(arena, "%" PRId64, whole) : NULL;
}

static void gguf_rope_scaling(witness *w, ari_span architecture)
{
    const ari_meta *type = gguf_key(w->c, architecture, "rope.scaling.type");
    const ari_meta *factor = gguf_key(w->c, architecture, "rope.scaling.factor");
    double f;
    if (type == NULL || type->type != ARI_META_STRING) return;
    if (span_is(type->bytes, "none")) {
        claim(w->out, ARI_FIELD_ROPE_SCALING, "null", claim_source(w, "rope.scaling.type: none"));
        return;
    }
    ari_text t = { 0 };
    text_put(&t, "{\"rope_type\":");
    json_put_string(&t, arena_escape(&w->c->arena, type->bytes, 40));
    if (factor != NULL && meta_number(factor, 0, &f)) text_printf(&t, ",\"factor\":%.7g", f);
    text_put(&t, "}");
    if (!t.failed)
        claim(w->out, ARI_FIELD_ROPE_SCALING, arena_copy(&w->c->arena, span_of(t.data)),
              claim_source(w, "rope.scaling.*"));
    text_free(&t);
}

/* Keys that count other things than the field of their name. */
static void gguf_exceptions(witness *w, ari_span architecture)
{
    ari_claims *k = w->out;
    int64_t n, mtp, rope;
    if (claimed_number(k, ARI_FIELD_NUM_HIDDEN_LAYERS, &n) &&
        claimed_number(k, ARI_FIELD_NUM_NEXTN_PREDICT_LAYERS, &mtp) && mtp < n) {
        claim_number(w, ARI_FIELD_NUM_HIDDEN_LAYERS, n - mtp,
                     claim_source(w, "block_count - nextn_predict_layers"));
    }
    const ari_meta *rms = gguf_key(w->c, architecture, "attention.layer_norm_rms_epsilon");
    const ari_meta *plain = gguf_key(w->c, architecture, "attention.layer_norm_epsilon");
    if ((rms == NULL) != (plain == NULL)) {
        claim(k, ARI_FIELD_NORM_TYPE, rms != NULL ? "\"rmsnorm\"" : "\"layernorm\"",
              claim_source(w, rms != NULL ? "attention.layer_norm_rms_epsilon is there"
                                          : "attention.layer_norm_epsilon is there"));
    }
    const ari_meta *tokens = metadata_find(&w->c->metadata, "tokenizer.ggml.tokens");
    if (!claimed(k, ARI_FIELD_VOCAB_SIZE) && tokens != NULL && tokens->type == ARI_META_ARRAY) {
        claim(k, ARI_FIELD_VOCAB_SIZE, arena_printf(&w->c->arena, "%" PRIu64, tokens->count),
              "GGUF: length of tokenizer.ggml.tokens");
    }
    const ari_meta *rotated = gguf_key(w->c, architecture, "rope.dimension_count");
    const ari_meta *whole = gguf_key(w->c, architecture, "attention.key_length_mla");
    if (claimed(k, ARI_FIELD_KV_LORA_RANK) && rotated != NULL && meta_integer(rotated, 0, &rope)) {
        claim_number(w, ARI_FIELD_QK_ROPE_HEAD_DIM, rope, claim_source(w, "rope.dimension_count"));
        if (whole != NULL && meta_integer(whole, 0, &n) && rope > 0 && n > rope) {
            claim_number(w, ARI_FIELD_QK_NOPE_HEAD_DIM, n - rope,
                         claim_source(w, "attention.key_length_mla - rope.dimension_count"));
        }
    }
}

static void gguf_origins(witness *w)
{
    for (size_t i = 0; i < w->c->metadata.count; i++) {
        const ari_meta *m = &w->c->metadata.rows[i];
        if (m->type != ARI_META_STRING || !span_starts(m->key, "general.base_model.")) continue;
        if (span_ends(m->key, ".repo_url")) claim_origin(w, m->bytes, claim_source(w, show(m->key).text));
    }
    const ari_meta *source = metadata_find(&w->c->metadata, "general.source.huggingface.repository");
    if (source != NULL && source->type == ARI_META_STRING)
        claim_origin(w, source->bytes, claim_source(w, "general.source.huggingface.repository"));
}

void examine_gguf(ari_checkpoint *c, ari_claims *out)
{
    witness w = { .c = c, .out = out, .source = "GGUF" };
    const ari_meta *name = metadata_find(&c->metadata, "general.architecture");
    if (name == NULL || name->type != ARI_META_STRING) return;
    const char *escaped = arena_escape(&c->arena, name->bytes, 80);
    ari_text quoted = { 0 };
    json_put_string(&quoted, escaped);
    if (!quoted.failed)
        claim(out, ARI_FIELD_MODEL_TYPE, arena_copy(&c->arena, span_of(quoted.data)),
              "GGUF: general.architecture");
    if (quoted.failed) c->arena.failed = true;
    text_free(&quoted);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ari_meta *m = gguf_key(c, name->bytes, rows[i].key);
        if (m == NULL || claimed(out, rows[i].field)) continue;
        claim(out, rows[i].field, gguf_value(&c->arena, rows[i].field, m),
              claim_source(&w, show(m->key).text));
    }
    gguf_rope_scaling(&w, name->bytes);
    gguf_exceptions(&w, name->bytes);
    claim_conclusions(&w);
    gguf_origins(&w);
}
