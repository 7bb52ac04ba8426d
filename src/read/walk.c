#include "read/walk.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Puts a slash behind the path, which is the folder's. */
static bool enter(folder_walk *w, int fd)
{
    size_t n = strlen(w->path);
    DIR *d = fd < 0 || n + 2 > sizeof(w->path) ? NULL : fdopendir(fd);
    if (d == NULL) {
        if (fd >= 0) close(fd);
        return false;
    }
    if (n == 0 || w->path[n - 1] != '/') memcpy(w->path + n++, "/", 2);
    w->lengths[w->depth] = n;
    w->folders[w->depth++] = d;
    return true;
}

void walk_open(folder_walk *w, const char *folder, size_t levels)
{
    *w = (folder_walk){ .most = levels < WALK_DEPTH ? levels : WALK_DEPTH };
    int n = snprintf(w->path, sizeof(w->path), "%s", folder);
    if (n < 0 || (size_t)n >= sizeof(w->path)) return;
    enter(w, open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    w->below = w->path + strlen(w->path);
}

int walk_folder(const folder_walk *w)
{
    return dirfd(w->folders[w->depth - 1]);
}

const char *walk_name(const folder_walk *w)
{
    return w->path + w->lengths[w->depth - 1];
}

/* Is it an entry to be told of, or was it gone into, or is it gone? */
static bool is_told(folder_walk *w, const char *name)
{
    size_t at = w->lengths[w->depth - 1], n = strlen(name);
    bool itself = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
    if (itself || (name[0] == '.' && !w->hidden) || at + n + 2 > sizeof(w->path)) return false;
    memcpy(w->path + at, name, n + 1);
    if (fstatat(walk_folder(w), name, &w->stat, AT_SYMLINK_NOFOLLOW) != 0) return false;
    if (!S_ISDIR(w->stat.st_mode) || w->depth >= w->most) return true;
    return !enter(w, openat(walk_folder(w), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

bool walk_next(folder_walk *w)
{
    while (w->depth > 0) {
        struct dirent *e = readdir(w->folders[w->depth - 1]);
        if (e == NULL) {
            closedir(w->folders[--w->depth]);
        } else if (is_told(w, e->d_name)) {
            return true;
        }
    }
    return false;
}

void walk_close(folder_walk *w)
{
    while (w->depth > 0) closedir(w->folders[--w->depth]);
}
