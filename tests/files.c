#include "files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

test_bytes file_bytes(const char *path)
{
    FILE *f = fopen(path, "rb");
    cr_assert(f != NULL, "cannot open %s", path);
    cr_assert(fseek(f, 0, SEEK_END) == 0);
    long size = ftell(f);
    cr_assert(size >= 0);
    rewind(f);
    test_bytes out = { malloc((size_t)size + 1), (size_t)size };
    cr_assert(out.data != NULL && fread(out.data, 1, out.size, f) == out.size, "cannot read %s", path);
    fclose(f);
    return out;
}

memory_file memory_open(void)
{
    memory_file out = { .fd = memfd_create("test", 0) };
    cr_assert(out.fd >= 0);
    snprintf(out.path, sizeof(out.path), "/proc/self/fd/%d", out.fd);
    return out;
}

void memory_write(const memory_file *f, ari_span content)
{
    cr_assert(ftruncate(f->fd, 0) == 0);
    cr_assert(pwrite(f->fd, content.data, content.size, 0) == (ssize_t)content.size);
}

void memory_close(const memory_file *f)
{
    close(f->fd);
}

test_folder folder_new(void)
{
    test_folder out = { "/tmp/archinspect-test-XXXXXX" };
    cr_assert(mkdtemp(out.path) != NULL);
    strcat(out.path, "/");
    return out;
}

const char *folder_path(const test_folder *folder, const char *name)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s%s", folder->path, name);
    return path;
}

void folder_write(const test_folder *folder, const char *name, ari_span content)
{
    const char *path = folder_path(folder, name);
    FILE *f = fopen(path, "wb");
    cr_assert(f != NULL, "cannot write %s", path);
    cr_assert(fwrite(content.data, 1, content.size, f) == content.size);
    cr_assert(fclose(f) == 0);
}

void folder_text(const test_folder *folder, const char *name, const char *content)
{
    folder_write(folder, name, span_of(content));
}

void folder_make(const test_folder *folder, const char *name)
{
    cr_assert(mkdir(folder_path(folder, name), 0700) == 0);
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *walk)
{
    (void)s;
    (void)kind;
    (void)walk;
    return remove(path);
}

void folder_free(const test_folder *folder)
{
    nftw(folder->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
