/* disguise.h -- whether a file is another format, too, and whether something hides where nothing should be.
 */
#ifndef ARI_AUDIT_DISGUISE_H
#define ARI_AUDIT_DISGUISE_H

#include "read/checkpoint.h"

/* Files that readers of other formats take as well. Compressed ones are not looked at. */
void disguise_check(ari_checkpoint *c);

/* Bytes that alignment leaves before and between tensors: zero, where nothing hides. False when memory is
 * short. */
bool padding_check(ari_checkpoint *c);

/* Metadata: keys and texts that do not all print; in GGUF, types that loaders do not ask for (key_type.def),
 * and a key that all of them do. */
void metadata_check(ari_checkpoint *c);

#endif
