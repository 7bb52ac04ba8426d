#include "cli/heap.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { LARGE = 2 << 20, SMALL = 4096, RESERVED = 256 << 20 };

/* Where memory is counted by what is reserved, nothing can be. */
static bool is_rationed(void)
{
    struct rlimit space, data;
    return getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_cur != RLIM_INFINITY ||
           getrlimit(RLIMIT_DATA, &data) != 0 || data.rlim_cur != RLIM_INFINITY;
}

/* The heap is made to begin just before a large page, reserved in one go, and told to be of such from there
 * on. Reserved memory costs nothing before it is touched. Where the system has no such pages, the heap grows
 * as ever. */
void heap_prepare(void)
{
    if (is_rationed()) return;
    uintptr_t end = (uintptr_t)sbrk(0), large = (end + SMALL + LARGE - 1) & ~(uintptr_t)(LARGE - 1);
    mallopt(M_TOP_PAD, RESERVED);
    mallopt(M_MMAP_THRESHOLD, RESERVED);
    mallopt(M_TRIM_THRESHOLD, RESERVED);
    if (sbrk((intptr_t)(large - SMALL - end)) == (void *)-1) return;
    void *volatile first = malloc(1); /* Volatile, or a compiler does without. */
    free(first);
    end = (uintptr_t)sbrk(0);
    if (end > large) madvise((void *)large, (size_t)(end - large), MADV_HUGEPAGE);
}
