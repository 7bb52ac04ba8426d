/* words.h -- what reports say, in the reader's language. All of it stands in word.def and term.def. */
#ifndef ARI_REPORT_WORDS_H
#define ARI_REPORT_WORDS_H

#include "archinspect.h"
#include "base/text.h"

typedef enum ari_word {
#define WORD(id, english, korean) WORD_##id,
#include "report/word.def"
    WORD_COUNT,
} ari_word;

enum { LANGUAGES = 2 };

typedef enum ari_extreme { EXTREME_NONE, EXTREME_GREATEST, EXTREME_SMALLEST } ari_extreme;

/* As it stands in the table, with {1} in it. */
const char *word_in(ari_language language, ari_word w);
/* "text_decoder" as "text decoder"; a word that is not in the table, with blanks for underscores. */
void put_term(ari_text *out, ari_language language, const char *json_word);
/* The label of a key: a field, or ARI_KEY_EXPERTS. */
const char *label_in(ari_language language, size_t key);
/* What the greatest, or the smallest, value of a field is called; NULL where it is nothing to speak of. */
const char *extreme_in(ari_language language, size_t key, ari_extreme which);

/* The words with {1} to {9} replaced by n arguments. */
void words_fill(ari_text *out, const char *sentence, const char *const *arguments, size_t n);

#endif
