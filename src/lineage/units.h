/* units.h -- the hidden units of a model: what may be numbered in any order before training.
 *
 * A hidden unit of an MLP is a row of up and of gate and a column of down; of attention's values a row of v.
 * Of experts each has its own. A unit is read as one vector as wide as the model, whichever way round its
 * matrix is stored, fused or not, packed or not. */
#ifndef ARI_LINEAGE_UNITS_H
#define ARI_LINEAGE_UNITS_H

#include "infer/model.h"
#include "infer/numbers.h"

typedef enum ari_unit_kind {
    ARI_UNITS_UP,
    ARI_UNITS_GATE,
    ARI_UNITS_DOWN,
    ARI_UNITS_VALUE,
    ARI_UNIT_KINDS
} ari_unit_kind;

/* Whose they are. */
typedef enum ari_unit_home { ARI_HOME_DENSE, ARI_HOME_SHARED, ARI_HOME_ROUTED, ARI_HOMES } ari_unit_home;

/* Where the matrices of a layer are: places of one template. */
typedef struct unit_slot {
    uint32_t template, place, places; /* places 0: there are none. */
    uint8_t half;                     /* 1 and 2: the first or second half of its units, 0: all. */
} unit_slot;

/* Who wants to know how much was read of all banks. */
typedef struct ari_watch {
    const ari_reading *how; /* Or NULL. */
    uint64_t bytes;
} ari_watch;

/* All of one component. */
typedef struct ari_bank {
    const ari_model *model;
    size_t component;
    uint32_t layer_count; /* Layer numbers, the highest plus one. */
    uint64_t width;       /* Of the model: numbers in a unit. */
    bool transposed;      /* Its matrices are stored [in, out]. */
    unit_slot *slots;     /* malloc'd; by layer, kind and home. */
    uint64_t bytes_read;
    ari_watch *watch; /* Or NULL. */
} ari_bank;

/* The units of one matrix. */
typedef struct ari_units {
    ari_numbers numbers;
    uint64_t base;  /* The first row of its expert's, where several stand in one tensor. */
    uint64_t first; /* Of its rows, or columns, that which is unit 0. */
    uint64_t count, width;
    bool across; /* A unit is a column. */
    ari_watch *watch;
} ari_units;

/* False when memory is short. The model must outlive it. */
bool bank_open(const ari_model *m, size_t component, ari_bank *out);
void bank_close(ari_bank *b);

/* How many experts there are in that home, 1 of a dense MLP; 0 where the layer has none. */
uint64_t bank_experts(const ari_bank *b, uint32_t layer, ari_unit_kind kind, ari_unit_home home);

/* False where there is no such matrix, or its numbers cannot be told. */
bool bank_units(ari_bank *b, uint32_t layer, ari_unit_kind kind, ari_unit_home home, uint64_t expert,
                ari_units *out);

/* `count` numbers of each of n units, from number `from` on, into vectors of `room` floats, what is over of
 * which is left alone. which: ascending. scratch: as many floats as lie from the first to the last of them.
 */
void units_read(const ari_units *u, const uint64_t *which, size_t n, uint64_t from, size_t count, size_t room,
                float *scratch, float *out);

#endif
