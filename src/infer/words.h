/* words.h -- words between the dots of a name, and tables of them. */
#ifndef ARI_INFER_WORDS_H
#define ARI_INFER_WORDS_H

#include "base/span.h"

/* Rows of a table; words of a name that are looked at, more is noise. */
enum { WORDS_MOST = 256, WORDS_IN_NAME = 64 };

/* Which rows of a table begin with which letter, so that half a million names cost
 * a few comparisons each. Walk: for (i = newest[letter]; i != 0; i = next[i - 1])
 * looks at row i - 1. */
typedef struct ari_words {
    uint16_t newest[256], next[WORDS_MOST];
} ari_words;

/* Row `row` of the table holds these words; rows past WORDS_MOST are not kept. */
void words_index(ari_words *x, size_t row, const char *words);

/* Do these words stand in the name at `at`, whole and one after the other? */
bool words_at(ari_span name, size_t at, const char *words);
/* Where the word after the one at `at` begins; the name's size after the last. */
size_t next_word(ari_span name, size_t at);
/* Do they stand anywhere in it? */
bool has_words(ari_span name, const char *words);

#endif
