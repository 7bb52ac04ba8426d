/* mutate.h -- damage that knows the containers: what libFuzzer's own would mostly break at the first length,
 * reaches the rules behind it. */
#ifndef ARI_TESTS_FUZZ_MUTATE_H
#define ARI_TESTS_FUZZ_MUTATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/* Numbers at which arithmetic on sizes goes wrong. */
static inline uint64_t odd_number(void)
{
    static const uint64_t numbers[] = {
        0,          1,          2,         3,          31,         32,         63,         64,
        127,        128,        255,       256,        65535,      65536,      INT32_MAX,  1u << 31,
        UINT32_MAX, 1ull << 32, INT64_MAX, 1ull << 63, UINT64_MAX, 1ull << 62, 1ull << 48, UINT64_MAX - 31
    };
    uint64_t n = numbers[(size_t)rand() % (sizeof(numbers) / sizeof(numbers[0]))];
    return rand() % 4 == 0 ? n - 1 : n;
}

static inline size_t below(size_t n)
{
    return n == 0 ? 0 : (size_t)rand() % n;
}

static inline uint64_t load(const uint8_t *at, unsigned width, bool big)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < width; i++) n |= (uint64_t)at[big ? width - 1 - i : i] << 8 * i;
    return n;
}

static inline void store(uint8_t *at, uint64_t n, unsigned width, bool big)
{
    for (unsigned i = 0; i < width; i++) at[big ? width - 1 - i : i] = (uint8_t)(n >> 8 * i);
}

/* Put `size` bytes of `from` in place of what stands from begin to end. The new size of all, or the old one
 * where there is no room. */
static inline size_t splice(uint8_t *data, size_t all, size_t most, size_t begin, size_t end,
                            const void *from, size_t size)
{
    if (all - (end - begin) + size > most) return all;
    memmove(data + begin + size, data + end, all - end);
    memcpy(data + begin, from, size);
    return all - (end - begin) + size;
}

/* A copy of what stands from begin to end, behind it. */
static inline size_t repeat(uint8_t *data, size_t all, size_t most, size_t begin, size_t end)
{
    uint8_t *copy = malloc(end - begin + 1);
    if (copy == NULL) return all;
    memcpy(copy, data + begin, end - begin);
    size_t n = splice(data, all, most, end, end, copy, end - begin);
    free(copy);
    return n;
}

#endif
