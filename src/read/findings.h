/* findings.h -- facts about a readable file that its format forbids or that a reader should know. */
#ifndef ARI_READ_FINDINGS_H
#define ARI_READ_FINDINGS_H

#include "base/arena.h"

typedef enum ari_finding_id {
#define FINDING(id, word, severity, meaning, remedy) ARI_FINDING_##id,
#include "read/finding.def"
#undef FINDING
    ARI_FINDING_COUNT,
} ari_finding_id;

typedef struct ari_findings {
    ari_arena *arena; /* Borrowed: texts live there. */
    ari_finding *items;
    size_t count, room, most;
    size_t lesser;    /* Of those kept, no errors. */
    uint64_t said[3]; /* By severity, also those that are not kept. */
    uint64_t dropped;
} ari_findings;

/* Add one. Where `most` are kept already it is only counted, but that an error takes the place of something
 * lesser. `tensor` may be empty. The message names the file where there are several. Text from a file
 * must be escaped before it is passed in. */
void finding_add(ari_findings *f, ari_finding_id id, ari_span tensor, uint64_t offset, const char *format,
                 ...) ARI_PRINTF(5, 6);

/* The kind of a permanent word, below ARI_FINDING_COUNT; what it means, and what to do. */
size_t finding_kind(const char *id);
const char *finding_meaning(const char *id);
const char *finding_remedy(const char *id);

/* Forget what came since `before`, a copy that was made then. */
void findings_restore(ari_findings *f, const ari_findings *before);

/* Say how many were dropped, if any were: at the end, and again where more came after that. */
void findings_close(ari_findings *f);
void findings_free(ari_findings *f);

#define NO_TENSOR ((ari_span){ 0 })

#endif
