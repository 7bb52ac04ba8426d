#include "infer/words.h"

void words_index(ari_words *x, size_t row, const char *words)
{
    if (row >= WORDS_MOST) return;
    uint16_t *newest = &x->newest[(uint8_t)words[0]];
    x->next[row] = *newest;
    *newest = (uint16_t)(row + 1);
}

bool words_at(ari_span name, size_t at, const char *words)
{
    if (at >= name.size || name.data[at] != (uint8_t)words[0]) return false;
    size_t n = strlen(words);
    if (n > name.size - at || memcmp(name.data + at, words, n) != 0) return false;
    return at + n == name.size || name.data[at + n] == '.';
}

size_t next_word(ari_span name, size_t at)
{
    const uint8_t *dot = at < name.size ? memchr(name.data + at, '.', name.size - at) : NULL;
    return dot == NULL ? name.size : (size_t)(dot - name.data) + 1;
}

bool has_words(ari_span name, const char *words)
{
    for (size_t at = 0; at < name.size; at = next_word(name, at)) {
        if (words_at(name, at, words)) return true;
    }
    return false;
}
