/* capsule_meta.h -- values of metadata as a capsule has them, written and read. */
#ifndef ARI_READ_CAPSULE_META_H
#define ARI_READ_CAPSULE_META_H

#include "base/json_reader.h"
#include "read/metadata.h"

/* Arrays of more elements are kept as their number: they are vocabularies. As many are looked at where a
 * model has a number for each layer. */
enum { CAPSULE_ELEMENTS = 4096 };

/* Is the value kept, or only what it is? */
bool capsule_keeps(const ari_meta *m);

/* ,"value":... of what is kept. `count_bytes`: the width of a string's length in an array of them. */
void capsule_put_value(const ari_meta *m, unsigned count_bytes, ari_text *out);

/* The value that comes next, of the row's type; numbers become bytes in the arena, of an array of strings
 * only their number is taken. What is of another type fails. */
void capsule_take_value(json_reader *j, ari_meta *row);

#endif
