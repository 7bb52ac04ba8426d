#include "infer/words.h"

#include <criterion/criterion.h>

Test(words, in_names)
{
    ari_span name = ARI_SPAN("model.mtp.layers.{}.q_proj");
    cr_expect(has_words(name, "mtp") && has_words(name, "mtp.layers") && has_words(name, "q_proj"));
    cr_expect(!has_words(name, "mt") && !has_words(name, "tp") && !has_words(name, "proj"),
              "whole words only");
    cr_expect(!has_words(name, "layers.mtp") && !has_words((ari_span){ 0 }, "mtp"));
    cr_expect(words_at(name, 6, "mtp") && !words_at(name, 7, "tp.") && !words_at(name, name.size, "q"));
    cr_expect(!words_at(name, SIZE_MAX, "q"));
    cr_expect(next_word(name, 0) == 6 && next_word(name, 20) == name.size &&
              next_word(name, SIZE_MAX) == name.size);
    cr_expect(has_words(ARI_SPAN("a..b"), "b") && has_words(ARI_SPAN(".a"), "a"));
}

/* Every row is found under its first letter, the newest first. */
Test(words, index)
{
    static const char *const rows[] = { "attn", "mlp", "attention", "ffn", "a.b", "" };
    static const size_t with_a[] = { 4, 2, 0 };
    ari_words x = { 0 };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) words_index(&x, i, rows[i]);
    size_t n = 0;
    for (size_t i = x.newest['a']; i != 0; i = x.next[i - 1])
        cr_expect(n < 3 && with_a[n++] == i - 1, "%zu", i - 1);
    cr_expect(n == 3 && x.newest['m'] == 2 && x.newest['z'] == 0);
}

Test(words, rows_past_the_last_are_not_kept)
{
    ari_words x = { 0 };
    words_index(&x, WORDS_MOST - 1, "a");
    words_index(&x, WORDS_MOST, "b");
    words_index(&x, SIZE_MAX, "b");
    cr_expect(x.newest['a'] == WORDS_MOST && x.newest['b'] == 0);
}

/* None of the tables is longer than an index keeps. */
Test(words, tables_fit)
{
    size_t components = 0, contexts = 0, marks = 0;
#define COMPONENT(words, part) components++;
#include "infer/component.def"
#define CONTEXT(word, context) contexts++;
#include "infer/context.def"
#define MARK(mark, words) marks++;
#include "infer/mark.def"
    cr_expect(components > 0 && components <= WORDS_MOST, "%zu", components);
    cr_expect(contexts > 0 && contexts <= WORDS_MOST, "%zu", contexts);
    cr_expect(marks > 0 && marks <= WORDS_MOST, "%zu", marks);
}
