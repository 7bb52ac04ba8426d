/* set.h -- which files belong together: what a path names, before any of it is read.
 *
 * Files join by an index that names them, else by the pattern N-of-M. What is
 * left in a directory are alternatives (quantisations, consolidated copies), one
 * group each; an mmproj beside GGUF files is a part of each of them. */
#ifndef ARI_READ_SET_H
#define ARI_READ_SET_H

#include "base/arena.h"

typedef struct ari_group {
    const char *path;   /* As a user would write it. */
    const char *place;  /* Where it was found, of a name in a store; else NULL. */
    bool of_folder;     /* A folder was named, not a file of it. */
    bool alone;         /* There is no other model in it. */
    const char *folder; /* With its slash; "" for the current one. */
    const char *index;  /* Path of the index that joins the files, or NULL. */
    const char **files; /* Paths, in the order of the shards. */
    size_t file_count, file_room;
    const char **missing; /* Names of shards that ought to be there; the first few. */
    size_t missing_kept, missing_room;
    uint64_t missing_count;
    const char **stray; /* Names of files that look like shards and are none. */
    size_t stray_count, stray_room;
    const char *note; /* How it was chosen among others, or NULL. */
} ari_group;

struct ari_set {
    ari_arena arena;
    ari_group *groups;
    size_t count, room;
};

/* Like ari_set_find, of that very folder: those in it are others', also where diffusers keeps parts of a
 * pipeline there. None is no error, unless an index or a link promises one. */
ari_status set_in_folder(const char *path, const ari_options *options, ari_set **out, ari_err *err);

/* A checkpoint of files that are known to belong together; the first one's path is its own. */
ari_status set_add(ari_set *set, const char *const *files, size_t count, ari_err *err);

#endif
