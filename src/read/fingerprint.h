/* fingerprint.h -- some numbers of a model that its relatives have, too, and the model cannot be made of.
 *
 * Of up to eight layers: signed sums of the entries of up, gate, down and v (sketches), and how gate, up and
 * down of some units lie to each other (cosines). lineage/sketch.h computes them, read/capsule_print.c reads
 * and writes them; man/archinspect-capsule.5 says how anybody else does. All that is there is small and of
 * fixed size, whatever a file announces. */
#ifndef ARI_READ_FINGERPRINT_H
#define ARI_READ_FINGERPRINT_H

#include <stddef.h>
#include <stdint.h>

enum {
    PRINT_VERSION = 1, /* Of what is computed: others are not compared with it. */
    PRINT_LAYERS = 8,
    PRINT_SUMS = 256, /* Of one kind of matrix, in all layers together. */
    PRINT_UNITS = 64,
    PRINT_NUMBERS = 1024, /* Of a unit, at most. */
    PRINT_ENTRIES = PRINT_UNITS * PRINT_NUMBERS,
    PRINT_HASHES = 1024,
    PRINT_HASHED = 1 << 16, /* Bytes of one of three places of a tensor. */
};

/* Permanent words, in the order of a unit's kinds, and of its cosines. */
typedef enum print_kind {
    PRINT_UP,
    PRINT_GATE,
    PRINT_DOWN,
    PRINT_VALUE,
    PRINT_SKETCHES,
    PRINT_GATE_UP = PRINT_SKETCHES,
    PRINT_GATE_DOWN,
    PRINT_UP_DOWN,
    PRINT_KINDS
} print_kind;

/* Such as are compared with each other; `count` 0 where there is none. */
typedef struct print_vector {
    uint64_t units;   /* Of the layer, in all experts. */
    uint64_t experts; /* 1 of a dense MLP. */
    uint32_t home;    /* 0 dense, 1 shared, 2 routed. */
    uint32_t count;
    int8_t values[PRINT_SUMS];
    double sd, kurtosis, most; /* Of a sketch: to look at, never compared. */
} print_vector;

typedef struct print_layer {
    uint32_t layer; /* Its number. */
    print_vector of[PRINT_KINDS];
} print_layer;

typedef struct ari_fingerprint {
    uint64_t width; /* Of the model. */
    uint64_t depth; /* Layers with hidden units, those that are not here, too. */
    size_t count;
    print_layer layers[PRINT_LAYERS];
} ari_fingerprint;

#endif
