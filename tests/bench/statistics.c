/* statistics.c -- how fast numbers become moments, beside how fast memory is read.
 *
 *     statistics [THREADS]      as many as there are processors
 *
 * Prints bytes of BF16 a second, of a buffer that no cache holds: as they are read, and as they are decoded
 * and summed. The best of some passes in turns. */
#include "measure/decode.h"
#include "measure/stat.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { BYTES = 256 << 20, PASSES = 7, PIECE = 1 << 13, THREADS_MOST = 16 };

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Every word once, in four chains, so that no addition waits for another. */
static uint64_t read_all(const uint64_t *words, size_t n)
{
    uint64_t a = 0, b = 0, c = 0, d = 0;
    for (size_t i = 0; i < n; i += 4) {
        a ^= words[i];
        b ^= words[i + 1];
        c ^= words[i + 2];
        d ^= words[i + 3];
    }
    return a ^ b ^ c ^ d;
}

static number_stat sum_all(ari_span data)
{
    number_stat s = { 0 };
    float numbers[PIECE / 2];
    for (size_t at = 0; at < data.size; at += PIECE) {
        decode_elements(ARI_DT_BF16, false, data, at / 2, PIECE / 2, numbers);
        stat_add(&s, numbers, PIECE / 2);
    }
    return s;
}

/* A part of the buffer, and what is done with it. */
typedef struct part {
    ari_span data;
    bool sums;
    double found;
} part;

static void *work(void *context)
{
    part *p = context;
    if (p->sums) {
        p->found = sum_all(p->data).sum;
    } else {
        p->found = (double)(read_all((const uint64_t *)(const void *)p->data.data, p->data.size / 8) & 1);
    }
    return NULL;
}

/* Seconds that all parts take together. */
static double pass(const uint16_t *words, long threads, bool sums, double *found)
{
    pthread_t of[THREADS_MOST];
    part parts[THREADS_MOST];
    size_t each = (BYTES / (size_t)threads) & ~(size_t)(PIECE - 1);
    double began = now();
    for (long i = 0; i < threads; i++) {
        parts[i] = (part){ { (const uint8_t *)words + (size_t)i * each, each }, sums, 0 };
        if (pthread_create(&of[i], NULL, work, &parts[i]) != 0) exit(2);
    }
    for (long i = 0; i < threads; i++) {
        pthread_join(of[i], NULL);
        *found += parts[i].found;
    }
    return (now() - began) * BYTES / (double)(each * (size_t)threads);
}

int main(int argc, char **argv)
{
    uint16_t *words = malloc(BYTES);
    double best[2] = { 1e9, 1e9 }, found = 0;
    long threads = argc > 1 ? atol(argv[1]) : sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t state = 1;
    if (words == NULL) return 2;
    threads = threads < 1 ? 1 : threads > THREADS_MOST ? THREADS_MOST : threads;
    for (size_t i = 0; i < BYTES / 2; i++) {
        state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
        words[i] = (uint16_t)((state >> 48 & 0x807F) | 0x3C00); /* Of either sign, around a hundredth. */
    }
    for (int i = 0; i < 2 * PASSES; i++) {
        double took = pass(words, threads, i % 2 == 1, &found);
        if (took < best[i % 2]) best[i % 2] = took;
    }
    printf("%ld %.0f %.0f %g\n", threads, BYTES / best[0], BYTES / best[1], found);
    free(words);
    return 0;
}
