#include "report/words.h"

#include "compare/key.h"

#include <string.h>

static const char *const words[][LANGUAGES] = {
#define WORD(id, english, korean) { english, korean },
#include "report/word.def"
};

static const struct {
    const char *word, *in[LANGUAGES];
} terms[] = {
#define TERM(word, english, korean) { word, { english, korean } },
#include "report/term.def"
};

static const char *const labels[ARI_KEY_COUNT][LANGUAGES] = {
#define LABEL(key, english, korean) [ARI_##key] = { english, korean },
#include "report/term.def"
};

static const struct {
    size_t key;
    ari_extreme which;
    const char *in[LANGUAGES];
} extremes[] = {
#define EXTREME(field, which, english, korean) { ARI_FIELD_##field, EXTREME_##which, { english, korean } },
#include "report/term.def"
};

const char *word_in(ari_language language, ari_word w)
{
    return words[w][language];
}

void put_term(ari_text *out, ari_language language, const char *json_word)
{
    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
        if (strcmp(terms[i].word, json_word) != 0) continue;
        text_put(out, terms[i].in[language]);
        return;
    }
    for (const char *c = json_word; *c != '\0'; c++) text_repeat(out, *c == '_' ? ' ' : *c, 1);
}

const char *label_in(ari_language language, size_t key)
{
    return labels[key][language];
}

const char *extreme_in(ari_language language, size_t key, ari_extreme which)
{
    for (size_t i = 0; i < sizeof(extremes) / sizeof(extremes[0]); i++) {
        if (extremes[i].key == key && extremes[i].which == which) return extremes[i].in[language];
    }
    return NULL;
}

/* Of "one|many" the half that goes with the first argument. */
static ari_span choose(const char *sentence, const char *const *arguments, size_t n)
{
    const char *bar = strchr(sentence, '|');
    if (bar == NULL) return span_of(sentence);
    bool one = n > 0 && strcmp(arguments[0], "1") == 0;
    return one ? span_first(span_of(sentence), (size_t)(bar - sentence)) : span_of(bar + 1);
}

void words_fill(ari_text *out, const char *sentence, const char *const *arguments, size_t n)
{
    ari_span s = choose(sentence, arguments, n);
    for (size_t i = 0; i < s.size; i++) {
        bool hole = s.data[i] == '{' && i + 2 < s.size && s.data[i + 2] == '}' && s.data[i + 1] >= '1' &&
                    s.data[i + 1] <= '9';
        size_t which = hole ? (size_t)(s.data[i + 1] - '1') : 0;
        if (!hole) {
            text_put_span(out, (ari_span){ s.data + i, 1 });
            continue;
        }
        if (which < n) text_put(out, arguments[which]);
        i += 2;
    }
}
