/* sample.h -- checkpoints in a few words, and what is inferred from them.
 *
 * One line a tensor: name, element type (BF16 where none is given), sizes, and if
 * need be its content; what has none is zeros that take no room.
 *
 *     model.layers.{2}.mlp.up_proj.weight 64x16          for layers 0 and 1
 *     model.layers.{3-4}.input_layernorm.weight F32 16   for layers 3 and 4
 *     score.scale F32 -                                  no sizes: one element
 *     up_proj.weight_shape I64 2 = 64 16                 two numbers
 *     up_proj.weight.quant_state U8 * '{"shape":[64]}    text, of that length */
#ifndef ARI_TESTS_SAMPLE_H
#define ARI_TESTS_SAMPLE_H

#include "infer/model.h"
#include "maker.h"
#include "reading.h"

/* As far as names, packing and roles; each test frees its own. */
typedef struct sample {
    reading r;
    ari_layout layout;
    ari_packing packing;
} sample;

sample sample_read(const char *lines);
void sample_free(sample *s);

/* The template of that pattern; there must be one. */
ari_template *the_template(const sample *s, const char *pattern);
/* The first place's logical shape as "4096x11008, 4 bits", without bits where it is not packed; "? (n
 * elements)" where only their number is known. In a buffer that the next call overwrites. */
const char *logical_text(const sample *s, const char *pattern);

/* All that is concluded from the tensors alone. */
ari_model *infer(const char *lines);
/* With a config.json, params.json or adapter_config.json of that text beside it. */
ari_model *infer_beside(const char *lines, const char *sidecar, const char *text);
/* Of a file as it is; claims in it count. */
ari_model *infer_made(maker *m);

/* "field value basis" for each, separated by "; ": what does not hold fails the test. */
void expect_facts(const ari_model *m, const char *what, const char *facts);
/* The same of the first component in that role; there must be one. */
void expect_part(const ari_model *m, const char *role, const char *facts);
/* The candidates of an open field, "128 64 32". In a buffer that the next call overwrites. */
const char *candidates_text(const ari_model *m, const char *field);
/* The fields that are contradicted, with what is stated and derived: "hidden_size 64 32; ...". */
const char *contradictions_text(const ari_model *m);

#endif
