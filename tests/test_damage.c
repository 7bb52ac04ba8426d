/* Damage: every prefix of small files, and thousands of random changes to them. Whatever comes of it is an
 * answer or an error, clean text, and quick.
 *
 *     TEST_SEED=N         another sequence of changes than the usual one
 *     TEST_MUTATIONS=N    how many of each file (by default 10,000, fewer under sanitizers); for slow
 * machines such as valgrind's: nothing is timed then */
#include "exercise.h"
#include "files.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
enum { MUTATIONS = 1000 };
#else
enum { MUTATIONS = 10000 };
#endif

/* For a whole test, by alarm(): a timeout of Criterion's leaks now and then. */
enum { SECONDS = 300 };

static const char *const small_files[] = {
    "fixtures/small.safetensors", "fixtures/small.gguf",        "fixtures/v1.gguf",
    "fixtures/big-endian.gguf",   "fixtures/nested-array.gguf", "fixtures/metadata.safetensors",
};
static const char *const larger_files[] = {
    "fixtures/every-dtype.safetensors",      "fixtures/every-type.gguf",
    "fixtures/packed.safetensors.zst",       "fixtures/piped.gguf.zst",
    "fixtures/tiny-llama/model.safetensors", "fixtures/demo.gguf",
};
enum {
    SMALL = sizeof(small_files) / sizeof(small_files[0]),
    LARGER = sizeof(larger_files) / sizeof(larger_files[0]),
};

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

/* The slowest of all cases counts. */
static double slowest;

static bool is_quick(void)
{
    return slowest < 1.0 || getenv("TEST_MUTATIONS") != NULL;
}

static void exercise(const memory_file *file, ari_span content)
{
    struct timespec from, to;
    memory_write(file, content);
    clock_gettime(CLOCK_MONOTONIC, &from);
    exercise_path(file->path, ALL_FORMATS);
    clock_gettime(CLOCK_MONOTONIC, &to);
    double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
    if (seconds > slowest) slowest = seconds;
}

/* All prefixes up to a length; every so many where each of them takes long. */
static void exercise_prefixes(const char *path, size_t most, size_t step)
{
    test_bytes bytes = file_bytes(path);
    memory_file file = memory_open();
    for (size_t n = 0; n < bytes.size && n < most; n += step) exercise(&file, (ari_span){ bytes.data, n });
    memory_close(&file);
    free(bytes.data);
}

Test(damage, prefixes)
{
    alarm(SECONDS);
    uint64_t effort = number_from("TEST_MUTATIONS", MUTATIONS);
    size_t step = effort < 1000 ? 31 : 1, wide = effort < 10000 ? 41 : 1;
    for (size_t i = 0; i < SMALL; i++) exercise_prefixes(small_files[i], SIZE_MAX, step);
    for (size_t i = 0; i < LARGER; i++) exercise_prefixes(larger_files[i], 600, wide);
    cr_expect(is_quick(), "%.3f s for one file", slowest);
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t n)
{
    return n == 0 ? 0 : (size_t)(next_random(state) % n);
}

/* Numbers at the edges of something. */
static uint64_t edge(uint64_t *state)
{
    static const uint64_t edges[] = { 0,
                                      1,
                                      2,
                                      13,
                                      64,
                                      0x7F,
                                      0xFF,
                                      0x7FFF,
                                      0xFFFF,
                                      100000000,
                                      100000001,
                                      0x7FFFFFFF,
                                      0x80000000,
                                      0xFFFFFFFF,
                                      1ull << 53,
                                      1ull << 62,
                                      INT64_MAX,
                                      1ull << 63,
                                      UINT64_MAX - 7,
                                      UINT64_MAX };
    return edges[below(state, sizeof(edges) / sizeof(edges[0]))] + below(state, 3) - 1;
}

/* One change to the n bytes at b, which has room for as many again. Returns how many there are then. */
static size_t mutate(uint8_t *b, size_t n, uint64_t *state)
{
    size_t at = below(state, n), length = 1 + below(state, n - at < 32 ? n - at : 32);
    switch (below(state, 8)) {
    case 0: b[at] ^= (uint8_t)(1u << below(state, 8)); return n;
    case 1: b[at] = (uint8_t)next_random(state); return n;
    case 2: b[at] = (uint8_t) "\"\\{}[],:0-9e\0\n\xFF\xC0"[below(state, 16)]; return n;
    case 3:
    case 4: {
        uint64_t value = edge(state);
        size_t width = (size_t)1 << below(state, 4);
        for (size_t i = 0; i < width && at + i < n; i++) b[at + i] = (uint8_t)(value >> (8 * i));
        return n;
    }
    case 5: memmove(b + at, b + at + length, n - at - length); return n - length;
    case 6: memmove(b + at + length, b + at, n - at); return n + length;
    default: memmove(b + at, b + below(state, n - length + 1), length); return n;
    }
}

static void exercise_mutations(const char *path, uint64_t count)
{
    uint64_t seed = number_from("TEST_SEED", 20240229), state = seed;
    test_bytes bytes = file_bytes(path);
    uint8_t *changed = malloc(2 * bytes.size + 512);
    memory_file file = memory_open();
    for (uint64_t i = 0; i < count; i++) {
        size_t n = bytes.size;
        memcpy(changed, bytes.data, n);
        for (size_t k = 1 + below(&state, 4); k > 0 && n > 0 && n < bytes.size + 256; k--)
            n = mutate(changed, n, &state);
        exercise(&file, (ari_span){ changed, n });
    }
    memory_close(&file);
    free(changed);
    free(bytes.data);
    cr_expect(is_quick(), "%s: %.3f s for one change of it, seed %" PRIu64, path, slowest, seed);
}

/* A crash is reported by its test; that these lines name the seed makes it repeatable. */
static void announce(void)
{
    alarm(SECONDS);
    cr_log_info("seed %" PRIu64, number_from("TEST_SEED", 20240229));
}

Test(damage, changed_safetensors, .init = announce)
{
    exercise_mutations("fixtures/small.safetensors", number_from("TEST_MUTATIONS", MUTATIONS));
    exercise_mutations("fixtures/metadata.safetensors", number_from("TEST_MUTATIONS", MUTATIONS) / 4);
}

Test(damage, changed_gguf, .init = announce)
{
    exercise_mutations("fixtures/small.gguf", number_from("TEST_MUTATIONS", MUTATIONS));
    for (size_t i = 2; i < 5; i++)
        exercise_mutations(small_files[i], number_from("TEST_MUTATIONS", MUTATIONS) / 8);
}

Test(damage, changed_larger_ones, .init = announce)
{
    for (size_t i = 0; i < LARGER; i++)
        exercise_mutations(larger_files[i], number_from("TEST_MUTATIONS", MUTATIONS) / 40);
}
