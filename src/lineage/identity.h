/* identity.h -- what is the same, byte for byte. (The study's T0.)
 *
 * Tensors of one name, type and shape are held against each other; words (the two bytes of an F16 or BF16)
 * at the same place of matrices, too, and at places a little apart as the null. Tensors that are constant, or
 * smaller than TENSOR_LEAST elements, say nothing of where they came from. */
#ifndef ARI_LINEAGE_IDENTITY_H
#define ARI_LINEAGE_IDENTITY_H

#include "infer/model.h"

enum { TENSOR_LEAST = 4096 };

typedef struct ari_identity {
    uint64_t shared;          /* Tensors with one name, type and shape in both. */
    uint64_t only_a, only_b;  /* Tensors without such a partner. */
    uint64_t same;            /* Of the shared, those of which all that was looked at is the same. */
    uint64_t telling;         /* Of the shared, those that say something. */
    uint64_t same_telling;    /* Of these, the same. */
    uint64_t constant;        /* Of the shared, of more than one element: constant as far as was looked at. */
    uint64_t bytes, compared; /* Of the shared; looked at, of each of both. */
    uint64_t words, same_words, null_tries,
        null_words;            /* Of matrices that say something; at the same place; a row apart. */
    const ari_tensor *example; /* One that says something and is the same, or NULL. */
    size_t piece;              /* Bytes of one of three places of each tensor. */
    bool whole;                /* All bytes of the shared were compared. */
} ari_identity;

/* `full`: all bytes, else some of each tensor where they are many. */
void identity_test(const ari_model *a, const ari_model *b, bool full, ari_identity *out);
/* Every tensor of either is in both, with the same bytes, all of them compared. */
bool identity_holds(const ari_identity *i);

/* What the other model has of that name, type and shape; or NULL. */
const ari_tensor *identity_partner(const ari_model *b, const ari_model *a, const ari_tensor *row);
/* Is it the same in all models of a kind, whoever trained them: tables of sines, masks, indices? What has no
 * known role may be. */
bool identity_made(const ari_layout *l, const ari_template *t);

#endif
