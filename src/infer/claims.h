/* claims.h -- what config.json, params.json, GGUF keys and a README say: witnesses, not facts. */
#ifndef ARI_INFER_CLAIMS_H
#define ARI_INFER_CLAIMS_H

#include "infer/architecture.h"
#include "read/checkpoint.h"

typedef struct ari_claim {
    const char *value;    /* JSON, "null" if stated as none; NULL where nothing is said. */
    const char *evidence; /* "config.json: num_attention_heads" */
    bool by_default;      /* The key is absent; its class takes this. */
} ari_claim;

typedef struct ari_origin {
    const char *stated; /* Escaped. */
    const char *by;     /* Where it is said. */
} ari_origin;

enum { ORIGINS_KEPT = 32 };

typedef struct ari_claims {
    ari_claim of[ARI_FIELD_COUNT];
    const char *architecture_class; /* architectures[0], escaped, or NULL. */
    const char *quantization;       /* As JSON for the report, or NULL. */
    ari_origin origins[ORIGINS_KEPT];
    size_t origin_count;
} ari_claims;

/* Read the sidecars in the folder of the checkpoint's first file and its GGUF
 * keys. A sidecar that cannot be read is a finding. Texts live in the checkpoint's
 * arena. */
void claims_read(ari_checkpoint *c, ari_claims *out);

/* The i-th file beside the checkpoint that claims are read from, NULL after the last; and of its text, the
 * part that they are read from. */
const char *claim_sidecar(const ari_checkpoint *c, size_t i);
ari_span claim_part(const char *name, ari_span text);

#endif
