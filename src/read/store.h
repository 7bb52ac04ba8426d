/* store.h -- where other programs keep models, and under which names.
 *
 * A store is a row: what its names look like, how a name leads to files, and what
 * there is. Everything in it (references, manifests, links) was written by
 * somebody else: a name from there becomes part of a path only after
 * store_word(), and no depth is followed that the layout does not have. */
#ifndef ARI_READ_STORE_H
#define ARI_READ_STORE_H

#include "base/lookup.h"
#include "read/listing.h"
#include "read/set.h"

typedef struct store_place {
    const struct store_kind *kind;
    const char *path;
    int trouble; /* The errno with which it refused itself, or 0. */
    uint64_t device, inode;
} store_place;

struct ari_inventory {
    ari_arena arena;
    store_place *places;
    size_t place_count, place_room;
    ari_stored *models;
    size_t count, room;
    ari_lookup names;
    uint64_t without; /* Models there that hold no file we read, or cannot be read. */
};

/* One place being searched. */
typedef struct store_visit {
    const char *root; /* Without a slash at its end. */
    const ari_options *options;
    ari_arena *arena;
    ari_err *err;
    ari_inventory *to; /* Where models are listed. */
} store_visit;

typedef struct store_kind {
    const char *word;  /* In reports, and before a colon. */
    const char *title; /* As people call it. */
    bool bare;         /* Its names count without the word too. */
    bool (*takes)(const char *name);
    /* The checkpoints of that name. *out stays NULL, without an error, where the place does not have it. */
    ari_status (*find)(store_visit *v, const char *name, ari_set **out);
    void (*list)(store_visit *v);
} store_kind;

extern const store_kind store_hub, store_ollama, store_lmstudio;

/* Is it a name of 1 to `most` letters, digits and marks that begins with no mark, and climbs nowhere? */
bool store_word(ari_span s, const char *marks, size_t most);
/* "ORG/NAME", as Hugging Face allows it; where org may be absent, "NAME" too. */
bool store_repository(ari_span name, bool org_needed);
bool store_is_folder(const char *path);

/* What is in a folder (its name with a slash), nothing where there is none. False where it could not be read;
 * if a limit or memory is at fault, the visit has failed. Free the listing in any case. */
bool store_list(store_visit *v, const char *folder, listing *l);

/* What a folder holds; links to folders are not followed. */
typedef struct store_tally {
    uint64_t bytes, files;
    int64_t modified; /* Of the newest file. */
    bool weights;     /* A model file is among them. */
} store_tally;

store_tally store_count(const char *folder, const ari_limits *limits);
/* A row for the list, unless it holds no weights. */
void store_note(store_visit *v, const store_kind *kind, const char *name, const char *path,
                const store_tally *tally);

#endif
