/* card_claims.c -- what a model card says of the model's origin. */
#include "base/yaml.h"
#include "infer/witness.h"

/* A head longer than this is none. */
enum { HEAD_BYTES = 1 << 18 };

static ari_span find_line(ari_span text, const char *line)
{
    size_t n = strlen(line);
    for (size_t at = 0; at < text.size;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.size - at);
        size_t length = end == NULL ? text.size - at : (size_t)(end - text.data) - at;
        size_t bare = length > 0 && text.data[at + length - 1] == '\r' ? length - 1 : length;
        if (bare == n && memcmp(text.data + at, line, n) == 0) return (ari_span){ text.data + at, length };
        at += length + 1;
    }
    return (ari_span){ 0 };
}

/* What stands between a first line of three dashes and the next one; empty where there is no such thing. */
static ari_span front_matter(ari_span card)
{
    ari_span open = find_line(card, "---");
    if (open.data != card.data || open.size == 0) return (ari_span){ 0 };
    ari_span rest = span_from(card, open.size + 1), close = find_line(rest, "---");
    if (close.data == NULL) return close;
    return span_first(rest, (size_t)(close.data - rest.data));
}

ari_span card_head(ari_span card)
{
    ari_span head = front_matter(card);
    size_t n = head.size == 0 ? 0 : (size_t)(head.data - card.data) + head.size + strlen("---");
    return span_first(card, n);
}

static void claim_base(witness *w, const yaml_node *n)
{
    bool nothing = yaml_is_plain(n, "null") || yaml_is_plain(n, "~") || yaml_is_plain(n, "");
    if (n->kind == YAML_SCALAR && !nothing) claim_origin(w, n->text, claim_source(w, "base_model"));
}

static void read_card(ari_checkpoint *c, ari_claims *out, ari_span card)
{
    witness w = { .c = c, .out = out, .source = MODEL_CARD };
    ari_err err = ARI_ERR_INIT;
    ari_span head = front_matter(card);
    if (head.size == 0) return;
    if (head.size > HEAD_BYTES)
        ari_fail(&err, ARI_LIMIT, ARI_NO_OFFSET, "its head is longer than %d bytes", HEAD_BYTES);
    const yaml_node *top = err.status == ARI_OK ? yaml_parse(head, &c->arena, &err) : NULL;
    const yaml_node *base = yaml_get(top, "base_model");
    if (top == NULL)
        finding_add(&c->findings, ARI_FINDING_CARD_UNREADABLE, NO_TENSOR, ARI_NO_OFFSET, MODEL_CARD ": %s",
                    err.text);
    if (base == NULL) return;
    claim_base(&w, base);
    for (const yaml_node *e = base->first; base->kind == YAML_SEQUENCE && e != NULL; e = e->next)
        claim_base(&w, e);
}

void examine_card(ari_checkpoint *c, ari_claims *out)
{
    ari_err err = ARI_ERR_INIT;
    ari_span map = { 0 };
    if (checkpoint_sidecar(c, MODEL_CARD, &map, &err) == ARI_OK) read_card(c, out, map);
    checkpoint_sidecar_close(c, map);
}
