/* walk.h -- the files below a folder, one at a time: no recursion, a depth that is given, and an end. */
#ifndef ARI_READ_WALK_H
#define ARI_READ_WALK_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

enum { WALK_DEPTH = 8, WALK_PATH = 4096 };

typedef struct folder_walk {
    DIR *folders[WALK_DEPTH]; /* On the way down to the one being read. */
    size_t lengths[WALK_DEPTH];
    size_t depth, most;
    bool hidden; /* Names that begin with a point are told, too. */
    char path[WALK_PATH];
    const char *below; /* Within it, the part from the top on. */
    struct stat stat;  /* Of the entry itself, if it is a link. */
} folder_walk;

/* Levels: 1 is the folder alone; WALK_DEPTH at most. A folder that cannot be opened is empty. walk_close
 * either way. */
void walk_open(folder_walk *w, const char *folder, size_t levels);
/* The next entry: its path and stat are in the walk. Folders are gone into, and told only where they cannot
 * be or lie too deep; links are told, and never followed. False when there is none left. */
bool walk_next(folder_walk *w);
/* The folder that the entry is in, and its name there. */
int walk_folder(const folder_walk *w);
const char *walk_name(const folder_walk *w);
void walk_close(folder_walk *w);

#endif
