/* budget.h -- what a model spends its parameters on: by the work that tensors do, and layer by layer. */
#ifndef ARI_REPORT_BUDGET_H
#define ARI_REPORT_BUDGET_H

#include "infer/model.h"
#include "report/doc.h"

/* What tensors work on, coarser than roles. */
typedef enum ari_work {
    WORK_EMBEDDING,
    WORK_ATTENTION,
    WORK_LINEAR, /* Linear attention, state spaces, recurrences, convolutions. */
    WORK_DENSE,
    WORK_EXPERTS,
    WORK_SHARED,
    WORK_NORM,
    WORK_OTHER,
    WORK_COUNT,
} ari_work;

/* The main component's layers. */
typedef struct ari_budget {
    uint64_t of[WORK_COUNT]; /* Parameters of the main component. */
    uint64_t *by_layer; /* layers rows of WORK_COUNT; in the arena. NULL where there are too many layers. */
    size_t layers;
    uint32_t *numbers; /* What each is called. */
    size_t *places;    /* The layer of a number; SIZE_MAX of one that is none. */
} ari_budget;

/* All 0 for a model without tensors. False when memory is short. */
bool budget_of(const ari_model *m, ari_arena *arena, ari_budget *out);

/* "embedding" */
const char *work_words(const ari_doc *d, ari_work w);

/* The pattern of its layers: "D M×60", "LLLG×12", with what the letters stand for; NULL where all are alike
 * or nothing tells. By the tensors, else by layer_types. */
const char *layer_strip(ari_doc *d, const ari_model *m, const ari_budget *b);

/* The parts in the order in which data flows through them, PARTS_MOST at most, the main one among them; how
 * many, and how many more there are. */
enum { PARTS_MOST = 6 };
size_t parts_in_flow(const ari_model *m, const ari_component **out, size_t *more);

/* Boxes from the encoders to the decoder, for a model of several parts; NULL of one. No wider than columns.
 */
const char *part_diagram(ari_doc *d, const ari_model *m, const ari_style *style);

/* "1152 → 2560": from the encoder to the decoder; "" where the widths are not known. */
const char *projector_words(ari_doc *d, const ari_model *m);

/* The pictures of a page. */
void draw_blocks_of(const ari_model *m, const ari_budget *budget, ari_doc *d);
void draw_budget(const ari_model *m, const ari_budget *b, ari_doc *d);
void draw_bytes(const ari_model *m, ari_doc *d);
void draw_layers(const ari_budget *b, ari_doc *d);

#endif
