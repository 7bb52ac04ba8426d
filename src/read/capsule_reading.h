/* capsule_reading.h -- a capsule while it is read, shared by the files that read its lines; nobody else's. */
#ifndef ARI_READ_CAPSULE_READING_H
#define ARI_READ_CAPSULE_READING_H

#include "base/json_reader.h"
#include "base/text.h"
#include "read/capsule.h"
#include "read/container.h"

enum { CAPSULE_MEMBERS_MOST = 12 };

typedef struct capsule_reading {
    ari_checkpoint *into;
    ari_capsule *capsule;
    ari_cursor *c;
    json_reader json;
    size_t file_room;
    uint64_t files, tensors; /* As the first line announces them. */
    uint64_t rows;
    uint64_t place; /* Where the next row begins, unless it says otherwise. */
    uint64_t passed_over, passed_at;
    ari_shown passed;   /* The first of them. */
    bool overflow_told; /* Where shapes overflowed, findings say so. */
} capsule_reading;

/* --- Members of objects: capsule_members.c ---------------------------------------------------------- */

/* Something that this version does not know; the first of them is told. */
void capsule_pass_over(capsule_reading *r, ari_span what, size_t at);
/* Where the values of these members begin, in an object that was entered, and its `first` member read or not;
 * 0 where there is none. */
void capsule_find_members(capsule_reading *r, bool first, const char *const *names, size_t *at);
/* Is there such a member? Its value is next. null is as good as none. */
bool capsule_go_to(capsule_reading *r, size_t at);
ari_span capsule_take_text(capsule_reading *r);
ari_span capsule_text_at(capsule_reading *r, size_t at);
/* Beyond 2^53 a number is written as a string of its digits. */
uint64_t capsule_take_number(capsule_reading *r);
uint64_t capsule_number_at(capsule_reading *r, size_t at, uint64_t otherwise);

/* --- Fingerprints: capsule_print.c -------------------------------------------------------------------- */

extern const char *const capsule_print_members[];
void capsule_read_print(capsule_reading *r, ari_span name, const size_t *at);
/* 0 where there is none. */
uint64_t capsule_hash_at(capsule_reading *r, size_t at);

/* --- Rows: capsule_tensor.c ------------------------------------------------------------------------- */

/* The array that comes next. */
void capsule_read_tensor(capsule_reading *r);

#endif
