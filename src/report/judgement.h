/* judgement.h -- what several reports say of a comparison, in the contract's JSON. */
#ifndef ARI_REPORT_JUDGEMENT_H
#define ARI_REPORT_JUDGEMENT_H

#include "base/json.h"
#include "compare/comparison.h"

/* "tool": the version, and the catalogue (NULL: none). */
void json_add_tool(json_builder *b, json_tree *to, const ari_catalogue *c);
/* Where an entry's figures come from: "source", "confidence", null for a checkpoint. */
void json_add_source(json_builder *b, json_tree *to, const ari_entry *e);
void json_add_relation(json_builder *b, json_tree *to, const char *name, const ari_relation *r);
/* Without those of the models that `but`, which may be NULL, names. */
void json_add_parts(json_builder *b, json_tree *list, const ari_part_matches *parts,
                    const ari_comparison *but);
/* "catalogue": how many of its models have the subject's value of a key. */
void json_add_frequencies(json_builder *b, json_tree *to, const ari_comparison *c, size_t key);
void json_add_matches(json_builder *b, json_tree *to, const ari_comparison *c, size_t top);
void json_add_unique(json_builder *b, json_tree *to, const ari_comparison *c);
/* Stated origins; c, which holds them against the catalogue, may be NULL. */
void json_add_origins(json_builder *b, json_tree *to, const ari_model *m, const ari_comparison *c);
void json_add_findings(json_builder *b, json_tree *to, const ari_findings *findings);
void json_add_verdict(json_builder *b, json_tree *to, const ari_comparison *c, bool conclude);

#endif
