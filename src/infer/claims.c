#include "infer/witness.h"

#include "read/map.h"

#include <inttypes.h>
#include <stdlib.h>

bool claimed(const ari_claims *k, ari_field field)
{
    return k->of[field].value != NULL;
}

bool claimed_number(const ari_claims *k, ari_field field, int64_t *out)
{
    if (!claimed(k, field) || strcmp(k->of[field].value, "null") == 0) return false;
    char *end;
    *out = strtoll(k->of[field].value, &end, 10);
    return *end == '\0';
}

void claim(ari_claims *k, ari_field field, const char *value, const char *evidence)
{
    if (value != NULL) k->of[field] = (ari_claim){ value, evidence, false };
}

void claim_number(witness *w, ari_field field, int64_t value, const char *evidence)
{
    claim(w->out, field, arena_printf(&w->c->arena, "%" PRId64, value), evidence);
}

void claim_withdraw(ari_claims *k, ari_field field)
{
    k->of[field] = (ari_claim){ 0 };
}

const char *claim_source(witness *w, const char *words)
{
    return arena_printf(&w->c->arena, "%s: %s", w->source, words);
}

void claim_default(witness *w, ari_field field, const char *value, const char *why)
{
    if (claimed(w->out, field) || value == NULL) return;
    w->out->of[field] =
        (ari_claim){ value, arena_printf(&w->c->arena, "absent from %s; %s", w->source, why), true };
}

void poll_add(ari_poll *p, int64_t value)
{
    size_t i = 0;
    while (i < p->kinds && p->values[i] != value) i++;
    if (value == 0 || i == POLL_KINDS) return;
    if (i == p->kinds) p->values[p->kinds++] = value;
    p->counts[i]++;
}

bool poll_winner(const ari_poll *p, int64_t *out)
{
    size_t best = 0;
    for (size_t i = 1; i < p->kinds; i++) {
        if (p->counts[i] > p->counts[best]) best = i;
    }
    if (p->kinds > 0) *out = p->values[best];
    return p->kinds > 0;
}

void claim_conclusions(witness *w)
{
    ari_claims *k = w->out;
    int64_t heads, hidden, kv;
    bool latent = claimed_number(k, ARI_FIELD_KV_LORA_RANK, &kv);
    if (latent) {
        /* Under MLA these two are placeholders. */
        claim_withdraw(k, ARI_FIELD_NUM_KEY_VALUE_HEADS);
        claim_withdraw(k, ARI_FIELD_HEAD_DIM);
        claim(k, ARI_FIELD_ATTENTION_TYPE, "\"mla\"", k->of[ARI_FIELD_KV_LORA_RANK].evidence);
        return;
    }
    if (!claimed_number(k, ARI_FIELD_NUM_ATTENTION_HEADS, &heads) || heads <= 0) return;
    claim_default(w, ARI_FIELD_NUM_KEY_VALUE_HEADS, k->of[ARI_FIELD_NUM_ATTENTION_HEADS].value,
                  "as many as num_attention_heads");
    if (claimed_number(k, ARI_FIELD_HIDDEN_SIZE, &hidden) && hidden % heads == 0) {
        claim_default(w, ARI_FIELD_HEAD_DIM, arena_printf(&w->c->arena, "%" PRId64, hidden / heads),
                      "hidden_size / num_attention_heads");
    }
    if (claimed_number(k, ARI_FIELD_NUM_KEY_VALUE_HEADS, &kv) && kv > 0 && kv <= heads) {
        const char *word = kv == heads ? "\"mha\"" : kv == 1 ? "\"mqa\"" : "\"gqa\"";
        claim_default(w, ARI_FIELD_ATTENTION_TYPE, word, "the stated numbers of heads say so");
    }
}

void claim_origin(witness *w, ari_span stated, const char *by)
{
    if (stated.size == 0 || w->out->origin_count == ORIGINS_KEPT) return;
    w->out->origins[w->out->origin_count++] = (ari_origin){ arena_escape(&w->c->arena, stated, 200), by };
}

/* Its own keys say what a configuration would. */
static bool speaks_for_itself(const ari_checkpoint *c)
{
    bool gguf = false;
    for (size_t i = 0; i < c->file_count; i++) gguf = gguf || c->files[i].version > 0;
    return gguf;
}

const char *claim_sidecar(const ari_checkpoint *c, size_t i)
{
    const char *name = speaks_for_itself(c) ? NULL : config_sidecar(c, &i);
    return name != NULL ? name : i == 0 ? MODEL_CARD : NULL;
}

ari_span claim_part(const char *name, ari_span text)
{
    return strcmp(name, MODEL_CARD) == 0 ? card_head(text) : text;
}

void claims_read(ari_checkpoint *c, ari_claims *out)
{
    *out = (ari_claims){ 0 };
    if (speaks_for_itself(c)) {
        examine_gguf(c, out);
    } else {
        examine_sidecars(c, out);
    }
    examine_card(c, out);
}
