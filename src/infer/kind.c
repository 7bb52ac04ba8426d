#include "infer/kind.h"

#include "infer/convention.h"
#include "infer/words.h"

#include <stdlib.h>

/* What there is, gathered once. */
typedef struct presence {
    const ari_sizes *main;
    bool vision, audio, projector, head, pooler, image_convolutions;
    bool output, embedding, experts, attends, state_space;
} presence;

static presence look(const ari_model *m)
{
    presence p = { .main = m->components[0].sizes };
    for (size_t i = 0; i < m->parts.count; i++) {
        const ari_part_row *row = &m->parts.rows[i];
        bool main = i == 0;
        p.vision = p.vision || (row->kind == ARI_PART_VISION && !main);
        p.audio = p.audio || (row->kind == ARI_PART_AUDIO && !main);
        p.projector = p.projector || row->kind == ARI_PART_PROJECTOR;
        p.head = p.head || row->kind == ARI_PART_HEAD;
    }
    for (size_t i = 0; i < m->layout.template_count; i++) {
        const ari_template *t = &m->layout.templates[i];
        p.pooler = p.pooler || t->role == ARI_ROLE_POOLER;
    }
    if (p.main == NULL) return p;
    uint32_t all = p.main->all;
    p.output = p.main->weights[ARI_ROLE_OUTPUT] > 0;
    p.embedding = p.main->weights[ARI_ROLE_EMBED] > 0;
    p.experts = (all & ARI_HAS_EXPERTS) != 0;
    p.attends = (all & (ARI_HAS_ATTENTION | ARI_HAS_CROSS)) != 0;
    p.state_space = (all & (ARI_HAS_SSM | ARI_HAS_TIME)) != 0;
    return p;
}

/* Saved without its head, a Llama-like model loses the "model." before its names. */
static bool is_headless(const ari_model *m, const presence *p)
{
    return !p->output && span_is(m->parts.rows[0].prefix, "layers");
}

/* Outside of the layers, a matrix of no known role that could be an output. */
static bool has_strange_output(const ari_model *m)
{
    uint64_t hidden = m->components[0].sizes->hidden;
    for (size_t i = 0; i < m->layout.template_count; i++) {
        const ari_template *t = &m->layout.templates[i];
        ari_shape shape = logical_shape(&m->layout, t, 0);
        if (t->role != ARI_ROLE_NONE || !t->outside || t->component != 0 || shape.rank != 2) continue;
        bool meets = shape.sizes[0] == hidden || shape.sizes[1] == hidden;
        bool square = shape.sizes[0] == shape.sizes[1];
        if (meets && !square && !t->companion) return true;
    }
    return false;
}

static void set_tied(ari_model *m, const presence *p, bool encoder)
{
    ari_architecture *a = &m->components[0].architecture;
    if (!p->embedding || m->checkpoint->incomplete) return;
    if (!p->output && has_strange_output(m)) return;
    if (p->output) {
        set_bool(a, ARI_FIELD_TIE_WORD_EMBEDDINGS, false, ARI_SHAPE, "a separate output matrix is stored");
    } else if (!p->head && !encoder && !is_headless(m, p)) {
        /* The first of two files ends before the final norm. */
        bool end = p->main->weights[ARI_ROLE_FINAL_NORM] > 0;
        set_bool(a, ARI_FIELD_TIE_WORD_EMBEDDINGS, true, end ? ARI_SHAPE : ARI_CONVENTION,
                 "no output matrix is stored");
    }
}

static bool is_text(const ari_model *m)
{
    return m->parts.known && m->parts.rows[0].kind == ARI_PART_TEXT;
}

/* Tensors named as a diffusion model's, and no language model that they could be a
 * small part of: some of those bring a decoder of images along. */
static bool diffuses(const ari_model *m, const presence *p)
{
    bool most = m->parts.rows[0].parameters > m->parameters / 2;
    if (p->embedding && (p->output || (most && !is_encoder(&m->traits)))) return false;
    for (size_t i = 0; i < m->layout.template_count; i++) {
        if (is_diffusion(&m->layout.templates[i])) return true;
    }
    return false;
}

/* T5's encoder alone, or one that the names mark as such. */
static bool encodes(const ari_model *m)
{
    bool alone = !m->parts.seq2seq && has_words(m->parts.rows[0].prefix, "encoder.block");
    return is_encoder(&m->traits) || alone;
}

/* Without a tensor outside of its layers it is a fragment. */
static bool has_outside(const ari_model *m)
{
    for (size_t i = 0; i < m->layout.template_count; i++) {
        if (m->layout.templates[i].outside && m->layout.templates[i].component == 0) return true;
    }
    return false;
}

static const char *text_kind(const ari_model *m, const presence *p)
{
    if (encodes(m)) return p->head ? "classifier" : "encoder";
    if (p->head) return "classifier";
    if (p->state_space && !p->attends) return "ssm";
    if (!(p->embedding || p->output)) return has_outside(m) ? "embedding" : "unknown";
    if (is_headless(m, p)) return "embedding";
    return p->experts ? "moe-causal-lm" : "causal-lm";
}

/* A tower of texts beside one of images, with nothing that leads from one to the other. */
static bool is_pair(const ari_model *m, const presence *p)
{
    bool apart = !p->projector && !p->output && has_words(m->parts.rows[0].prefix, "encoder");
    return is_dual(&m->traits) || apart;
}

/* Prompt tuning, IA3, LoHa, LoKr, VeRA, OFT, BONE: by their words, and little else. */
static bool is_other_adapter(const ari_model *m)
{
    size_t marked = 0;
    for (size_t i = 0; i < m->layout.template_count; i++) {
        if (is_adapter_word(&m->layout.templates[i])) marked++;
    }
    return marked > 0 && marked * 2 >= m->layout.template_count;
}

static const char *find_kind(const ari_model *m, const presence *p)
{
    if (m->adapter || is_other_adapter(m)) return "adapter";
    if (diffuses(m, p)) return "diffusion";
    if (!m->parts.known) return "unknown";
    if (m->parts.seq2seq) return "encoder-decoder";
    if (is_text(m) && p->vision && is_pair(m, p)) return "encoder";
    if (is_text(m) && (p->vision || (p->projector && !p->audio))) return "vision-language";
    if (is_text(m) && p->audio) return "audio";
    if (m->parts.rows[0].kind == ARI_PART_AUDIO) return "audio";
    if (m->parts.rows[0].kind == ARI_PART_VISION) return p->head || p->output ? "classifier" : "encoder";
    return text_kind(m, p);
}

/* A diffusion model has blocks like a language model's, and is none. */
static void forget(ari_model *m)
{
    for (size_t i = 0; i < m->component_count; i++) {
        ari_component *c = &m->components[i];
        architecture_clear(&c->architecture);
        if (i == 0 || strcmp(c->role, "text_decoder") == 0) c->role = "other";
    }
}

void kind_derive(ari_model *m)
{
    presence p = look(m);
    m->kind = find_kind(m, &p);
    bool encoder = encodes(m) && !p.output;
    if (strcmp(m->kind, "diffusion") == 0) {
        forget(m);
    } else if (strcmp(m->kind, "adapter") != 0) {
        set_tied(m, &p, encoder);
    }
    if (strcmp(m->kind, "adapter") == 0) m->components[0].role = "adapter";
    if (is_text(m) && strcmp(m->kind, "encoder") == 0) m->components[0].role = "text_encoder";
}
