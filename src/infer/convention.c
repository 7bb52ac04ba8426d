#include "infer/convention.h"

#include "infer/pack.h"
#include "infer/words.h"

#include <inttypes.h>
#include <stdlib.h>

typedef enum mark {
#define MARK_ID(id) MARK_##id,
#include "infer/mark.def"
    MARK_COUNT,
} mark;

_Static_assert(MARK_COUNT <= 64, "marks are the bits of one number");

#define M(mark) (UINT64_C(1) << MARK_##mark)

static const struct {
    uint64_t mark;
    const char *words;
} mark_rows[] = {
#define MARK(mark, words) { M(mark), words },
#include "infer/mark.def"
};

static const struct {
    uint64_t mark;
    bool tied;
    uint64_t least, most;
} vocabularies[] = {
#define VOCABULARY(mark, tied, least, most) { M(mark), tied, least, most },
#include "infer/mark.def"
};

enum { MARK_ROWS = sizeof(mark_rows) / sizeof(mark_rows[0]) };

_Static_assert((int)MARK_ROWS <= (int)WORDS_MOST, "an index of words keeps so many");

static const struct {
    const char *act;
    ari_mlp_form mlp;
    uint64_t marks, unless;
} activations[] = {
#define ACTIVATION(act, mlp, marks, unless) { act, ARI_MLP_##mlp, marks, unless },
#include "infer/convention.def"
};

static const struct {
    const char *norm;
    uint64_t marks, unless;
} norms[] = {
#define NORM(norm, marks, unless) { norm, marks, unless },
#include "infer/convention.def"
};

static const struct dialect {
    const char *name, *act, *norm;
    bool encoder;
} dialects[] = {
#define DIALECT(name, act, norm, encoder) { name, act, norm, encoder },
#include "infer/convention.def"
};

static const struct dialect *find_dialect(const char *name)
{
    for (size_t i = 0; name != NULL && i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        if (strcmp(dialects[i].name, name) == 0) return &dialects[i];
    }
    return NULL;
}

static uint64_t marks_of(const ari_words *x, ari_span name)
{
    uint64_t marks = 0;
    for (size_t at = 0, n = 0; at < name.size && n < WORDS_IN_NAME; at = next_word(name, at), n++) {
        for (size_t i = x->newest[name.data[at]]; i != 0; i = x->next[i - 1]) {
            if (words_at(name, at, mark_rows[i - 1].words)) marks |= mark_rows[i - 1].mark;
        }
    }
    return marks;
}

void marks_find(ari_layout *l)
{
    ari_words x = { 0 };
    for (size_t i = 0; i < MARK_ROWS; i++) words_index(&x, i, mark_rows[i].words);
    for (size_t i = 0; i < l->template_count; i++)
        l->templates[i].marks = marks_of(&x, l->templates[i].pattern);
}

static ari_mlp_form form_of(const ari_sizes *s)
{
    static const ari_role roles[] = { ARI_ROLE_UP, ARI_ROLE_DOWN };
    size_t plain = 0;
    uint64_t up = s->of[ARI_DIM_UP].value, down = s->of[ARI_DIM_DOWN].value;
    uint64_t expert_up = s->of[ARI_DIM_EXPERT_UP].value, expert_down = s->of[ARI_DIM_EXPERT_DOWN].value;
    size_t gates = s->weights[ARI_ROLE_GATE] + s->weights[ARI_ROLE_GATE_UP] +
                   s->expert_weights[ARI_ROLE_GATE] + s->expert_weights[ARI_ROLE_GATE_UP];
    bool fused = (up > 0 && up == 2 * down) || (expert_up > 0 && expert_up == 2 * expert_down);
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
        plain += s->weights[roles[i]] + s->expert_weights[roles[i]];
    return gates > 0 || fused ? ARI_MLP_GATED : plain > 0 ? ARI_MLP_PLAIN : ARI_MLP_NONE;
}

/* GPT-2 stores its matrices [in, out]. */
static bool is_transposed(const ari_derivation *d, const ari_template *t)
{
    ari_shape shape = logical_shape(d->layout, t, 0);
    return t->role == ARI_ROLE_QKV && t->part != ARI_PART_BIAS && shape.rank == 2 &&
           shape.sizes[0] == d->sizes->hidden && shape.sizes[1] != d->sizes->hidden;
}

static uint64_t marks_of_vocabulary(const ari_sizes *s)
{
    uint64_t rows = s->of[ARI_DIM_VOCAB].value, marks = 0;
    bool tied = s->of[ARI_DIM_OUTPUTS].value == 0;
    for (size_t i = 0; i < sizeof(vocabularies) / sizeof(vocabularies[0]); i++) {
        bool within = rows >= vocabularies[i].least && rows <= vocabularies[i].most;
        if (within && (tied || !vocabularies[i].tied)) marks |= vocabularies[i].mark;
    }
    return marks;
}

ari_traits traits_find(const ari_derivation *d, uint32_t component, uint32_t stack, const char *dialect)
{
    const ari_sizes *s = d->sizes;
    ari_traits t = { .mlp = form_of(s), .dialect = dialect };
    size_t block_norms = 0;
    for (size_t i = 0; i < d->layout->template_count; i++) {
        const ari_template *row = &d->layout->templates[i];
        if (row->component != component || (row->stack != stack && row->stack != 0)) continue;
        t.marks |= row->marks;
        block_norms += row->role == ARI_ROLE_NORM && row->stack != 0 && row->part != ARI_PART_BIAS;
        if (is_transposed(d, row)) t.marks |= M(TRANSPOSED);
        if (row->adapter) t.marks |= M(ADAPTER);
    }
    if (block_norms == 1 && t.mlp == ARI_MLP_GATED) t.marks |= M(SINGLE_NORM);
    if (s->weights[ARI_ROLE_NORM] + s->weights[ARI_ROLE_FINAL_NORM] == 0) t.marks |= M(NO_NORM);
    t.marks |= marks_of_vocabulary(s);
    return t;
}

bool is_diffusion(const ari_template *t)
{
    return (t->marks & M(DIFFUSION)) != 0;
}

bool is_adapter_word(const ari_template *t)
{
    return (t->marks & M(OTHER_ADAPTER)) != 0;
}

bool is_dual(const ari_traits *t)
{
    return (t->marks & M(DUAL)) != 0;
}

bool has_bottlenecks(const ari_traits *t)
{
    return (t->marks & M(BOTTLENECK)) != 0;
}

bool shares_layers(const ari_traits *t)
{
    return (t->marks & M(SHARED_LAYERS)) != 0;
}

bool is_encoder(const ari_traits *t)
{
    const struct dialect *dialect = find_dialect(t->dialect);
    return (t->marks & M(ENCODER)) != 0 || (dialect != NULL && dialect->encoder);
}

static const char *activation(const ari_traits *t)
{
    for (size_t i = 0; i < sizeof(activations) / sizeof(activations[0]); i++) {
        bool form = activations[i].mlp == ARI_MLP_ANY || activations[i].mlp == t->mlp;
        bool marked = (t->marks & activations[i].marks) == activations[i].marks;
        if (form && marked && (t->marks & activations[i].unless) == 0) return activations[i].act;
    }
    return NULL;
}

static const char *norm(const ari_traits *t)
{
    for (size_t i = 0; i < sizeof(norms) / sizeof(norms[0]); i++) {
        if ((t->marks & norms[i].marks) == norms[i].marks && (t->marks & norms[i].unless) == 0)
            return norms[i].norm;
    }
    return NULL;
}

void conventions_apply(const ari_derivation *d, const ari_traits *t)
{
    const struct dialect *dialect = find_dialect(t->dialect);
    const char *act = dialect != NULL && dialect->act != NULL ? dialect->act : activation(t);
    const char *kind = dialect != NULL ? dialect->norm : norm(t);
    const char *why = dialect == NULL ? "what names and blocks like these have"
                                      : arena_printf(d->arena, "what the %s dialect of GGUF has", t->dialect);
    if (act != NULL) set_text(d->out, d->arena, ARI_FIELD_HIDDEN_ACT, act, ARI_CONVENTION, why);
    /* A norm outside of the layers may belong to a projector. */
    ari_role telling = d->sizes->weights[ARI_ROLE_NORM] > 0 ? ARI_ROLE_NORM : ARI_ROLE_FINAL_NORM;
    if (d->sizes->biases[telling] > 0) {
        set_text(d->out, d->arena, ARI_FIELD_NORM_TYPE, "layernorm", ARI_SHAPE, "its norms have biases");
    } else if (kind != NULL) {
        set_text(d->out, d->arena, ARI_FIELD_NORM_TYPE, kind, ARI_CONVENTION, why);
    }
}
