/* witness.h -- one source of claims under examination: a configuration file, or the keys of a GGUF file. */
#ifndef ARI_INFER_WITNESS_H
#define ARI_INFER_WITNESS_H

#include "base/json.h"
#include "infer/claims.h"

enum { LAYERS_LISTED = 4096, POLL_KINDS = 16 };

typedef struct witness {
    ari_checkpoint *c;
    ari_claims *out;
    const char *source;          /* "config.json", as evidence cites it. */
    const json_tree *top, *text; /* The whole, and the text model's part (or the whole). */
} witness;

bool claimed(const ari_claims *k, ari_field field);
/* The claimed whole number; false for none, null or another kind of value. */
bool claimed_number(const ari_claims *k, ari_field field, int64_t *out);

/* Claim a value, JSON; NULL (memory was short, or no such value) claims nothing. */
void claim(ari_claims *k, ari_field field, const char *value, const char *evidence);
void claim_number(witness *w, ari_field field, int64_t value, const char *evidence);
void claim_withdraw(ari_claims *k, ari_field field);
/* Claim what a class takes where the source is silent; nothing if something is claimed. */
void claim_default(witness *w, ari_field field, const char *value, const char *why);
/* What follows from other claims, in configurations and GGUF keys alike. */
void claim_conclusions(witness *w);

void claim_origin(witness *w, ari_span stated, const char *by);

/* Numbers, one a layer: the commonest that is not 0. More than a few kinds are not kept. */
typedef struct ari_poll {
    int64_t values[POLL_KINDS];
    size_t counts[POLL_KINDS], kinds;
} ari_poll;

void poll_add(ari_poll *p, int64_t value);
/* Of equals the first; false where there is none. */
bool poll_winner(const ari_poll *p, int64_t *out);

/* "config.json: words" */
const char *claim_source(witness *w, const char *words);

/* Examine the configurations in the folder of the checkpoint; the keys of its GGUF files. */
void examine_sidecars(ari_checkpoint *c, ari_claims *out);
void examine_gguf(ari_checkpoint *c, ari_claims *out);
/* The base_model of a model card: the YAML at the head of a README.md beside the checkpoint. */
void examine_card(ari_checkpoint *c, ari_claims *out);

#define MODEL_CARD "README.md"

/* The i-th configuration that goes with the checkpoint; after the last NULL, and *i less their number. */
const char *config_sidecar(const ari_checkpoint *c, size_t *i);
/* The head of a card with the lines around it; empty where there is none. */
ari_span card_head(ari_span card);

#endif
