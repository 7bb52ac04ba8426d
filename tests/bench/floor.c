/* floor.c -- the least that reading each kind of header could cost.
 *
 *     floor walk FILE         a GGUF header: every length checked, nothing kept
 *     floor quotes FILE       a safetensors header: memchr from quote to quote
 *     floor touch FOLDER      the headers of a folder's shards, and its index: a byte of every page
 *     floor dom FILE          a safetensors header as cJSON makes a tree of it: a peer, not a floor
 *     floor resident FILE     pages in memory: a file's, and those of its header
 *
 * Prints what it counted, so that no compiler leaves it out. */
#include <cjson/cJSON.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PAGE = 4096 };

typedef struct view {
    const uint8_t *data;
    size_t size, at;
} view;

static view map(const char *path)
{
    struct stat s;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &s) != 0) {
        perror(path);
        exit(2);
    }
    void *data = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (data == MAP_FAILED) {
        perror(path);
        exit(2);
    }
    return (view){ data, (size_t)s.st_size, 0 };
}

static const uint8_t *take(view *v, uint64_t n)
{
    if (n > v->size - v->at) {
        fputs("floor: the header ends early\n", stderr);
        exit(2);
    }
    const uint8_t *at = v->data + v->at;
    v->at += (size_t)n;
    return at;
}

static uint32_t u32(view *v)
{
    uint32_t n;
    memcpy(&n, take(v, 4), 4);
    return n;
}

static uint64_t u64(view *v)
{
    uint64_t n;
    memcpy(&n, take(v, 8), 8);
    return n;
}

static void value(view *v, uint32_t type)
{
    static const uint8_t width[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };
    if (type == 8) {
        take(v, u64(v));
    } else if (type == 9) {
        uint32_t element = u32(v);
        uint64_t n = u64(v);
        if (element == 8) {
            while (n-- > 0) take(v, u64(v));
        } else {
            take(v, n * width[element % 13]);
        }
    } else {
        take(v, width[type % 13]);
    }
}

static size_t walk(view v)
{
    take(&v, 8);
    uint64_t tensors = u64(&v), pairs = u64(&v);
    while (pairs-- > 0) {
        take(&v, u64(&v));
        value(&v, u32(&v));
    }
    while (tensors-- > 0) {
        take(&v, u64(&v));
        take(&v, 8 * (uint64_t)u32(&v) + 12);
    }
    return v.at;
}

static size_t quotes(view v)
{
    uint64_t n = u64(&v);
    size_t count = 0;
    const uint8_t *at = take(&v, n), *end = at + n;
    while ((at = memchr(at, '"', (size_t)(end - at))) != NULL) {
        at++;
        count++;
    }
    return count;
}

static size_t touch_pages(const uint8_t *data, size_t size)
{
    size_t sum = 0;
    for (size_t at = 0; at < size; at += PAGE) sum += data[at];
    return sum;
}

static size_t touch(const char *folder)
{
    DIR *d = opendir(folder);
    size_t sum = 0;
    if (d == NULL || chdir(folder) != 0) {
        perror(folder);
        exit(2);
    }
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        const char *dot = strrchr(e->d_name, '.');
        if (dot == NULL || (strcmp(dot, ".safetensors") != 0 && strcmp(dot, ".json") != 0)) continue;
        view v = map(e->d_name);
        sum += touch_pages(v.data, strcmp(dot, ".json") == 0 ? v.size : (size_t)(8 + u64(&v)));
        munmap((void *)(uintptr_t)v.data, v.size);
    }
    closedir(d);
    return sum;
}

static size_t dom(view v)
{
    uint64_t n = u64(&v);
    cJSON *tree = cJSON_ParseWithLength((const char *)take(&v, n), (size_t)n);
    size_t count = tree == NULL ? 0 : (size_t)cJSON_GetArraySize(tree);
    cJSON_Delete(tree);
    return count;
}

static size_t resident(const char *path)
{
    view v = map(path);
    size_t pages = (v.size + PAGE - 1) / PAGE, n = 0;
    unsigned char *in = calloc(pages, 1);
    if (in == NULL || mincore((void *)(uintptr_t)v.data, v.size, in) != 0) {
        perror(path);
        exit(2);
    }
    for (size_t i = 0; i < pages; i++) n += in[i] & 1;
    free(in);
    return n;
}

int main(int argc, char **argv)
{
    const char *what = argc == 3 ? argv[1] : "";
    size_t n = 0;
    if (strcmp(what, "walk") == 0) {
        n = walk(map(argv[2]));
    } else if (strcmp(what, "quotes") == 0) {
        n = quotes(map(argv[2]));
    } else if (strcmp(what, "touch") == 0) {
        n = touch(argv[2]);
    } else if (strcmp(what, "dom") == 0) {
        n = dom(map(argv[2]));
    } else if (strcmp(what, "resident") == 0) {
        n = resident(argv[2]);
    } else {
        fputs("usage: floor walk|quotes|dom|resident FILE, floor touch FOLDER\n", stderr);
        return 2;
    }
    printf("%zu\n", n);
    return 0;
}
