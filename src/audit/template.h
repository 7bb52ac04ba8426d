/* template.h -- chat templates, read as text and never rendered.
 *
 * A template is a program that runs wherever the model talks. What is looked for is in template.def; that
 * nothing is found is no proof of harmlessness, and the finding says so. */
#ifndef ARI_AUDIT_TEMPLATE_H
#define ARI_AUDIT_TEMPLATE_H

#include "read/checkpoint.h"

/* Templates in the metadata of GGUF files, and in files beside the weights. Memory that runs short shows in
 * the arena. */
void templates_check(ari_checkpoint *c);

/* One of them. `from` names it; `at` is its place in a file, or ARI_NO_OFFSET. */
void template_check(ari_findings *f, ari_span text, const char *from, uint64_t at);

#endif
