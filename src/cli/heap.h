/* heap.h -- memory in large pages. */
#ifndef ARI_CLI_HEAP_H
#define ARI_CLI_HEAP_H

/* Before anything is allocated. A small model takes some hundred kilobytes, page by page, and each costs a
 * trip into the kernel; where that has pages of 2 MB, one or a few do, and they are given back at the end
 * only. */
void heap_prepare(void);

#endif
