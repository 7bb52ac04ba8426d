/* Renamed tensors: what a multiset of shapes decides, by hand. */
#include "infer/shapes.h"

#include "sample.h"

#include <criterion/criterion.h>

static void expect_shapes(const char *what, const char *lines, const char *facts)
{
    ari_model *m = infer(lines);
    expect_facts(m, what, facts);
    cr_expect(strcmp(m->kind, "unknown") == 0 && m->component_count == 0, "%s: %s", what, m->kind);
    ari_model_close(m);
}

/* Four layers, 64 wide, an MLP of 176, 5000 tokens, as a Llama's, under names that say nothing. */
#define HIDDEN(n)                                                                                      \
    "x." n ".a 64\nx." n ".b 64\nx." n ".c 64x64\nx." n ".d 32x64\nx." n ".e 32x64\nx." n ".f 64x64\n" \
    "x." n ".g 176x64\nx." n ".i 176x64\nx." n ".j 64x176\n"

Test(shapes, numbers_still_count_layers)
{
    expect_shapes("tied", "t 5000x64\n" HIDDEN("{4}") "z 64\n",
                  "hidden_size 64 ambiguous; vocab_size 5000 ambiguous; intermediate_size 176 ambiguous; "
                  "num_hidden_layers 4 ambiguous; num_attention_heads null unknown; hidden_act null unknown; "
                  "tie_word_embeddings null unknown");
    expect_shapes("untied: the vocabulary is met twice", "t 5000x64\nu 5000x64\n" HIDDEN("{4}"),
                  "hidden_size 64 ambiguous; vocab_size 5000 ambiguous; intermediate_size 176 ambiguous; "
                  "num_hidden_layers 4 ambiguous");
}

/* Names that are hashes: every repeated shape is there four times or eight. */
Test(shapes, names_without_numbers)
{
    ari_model *m = infer(
        "t 5000x64\n"
        "c_q 64x64\nc_r 64x64\nc_s 64x64\nc_t 64x64\nf_q 64x64\nf_r 64x64\nf_s 64x64\nf_t 64x64\n"
        "d_q 32x64\nd_r 32x64\nd_s 32x64\nd_t 32x64\ne_q 32x64\ne_r 32x64\ne_s 32x64\ne_t 32x64\n"
        "g_q 176x64\ng_r 176x64\ng_s 176x64\ng_t 176x64\ni_q 176x64\ni_r 176x64\ni_s 176x64\ni_t 176x64\n"
        "j_q 64x176\nj_r 64x176\nj_s 64x176\nj_t 64x176\n");
    expect_facts(m, "hashes",
                 "hidden_size 64 ambiguous; vocab_size 5000 ambiguous; intermediate_size 176 ambiguous; "
                 "num_hidden_layers 4 ambiguous");
    cr_expect(strcmp(candidates_text(m, "num_hidden_layers"), "4 2") == 0, "%s",
              candidates_text(m, "num_hidden_layers"));
    ari_model_close(m);
}

/* Two sides that matrices lead to and back from: attention wider than the model, and the MLP. */
Test(shapes, two_ways_there_and_back)
{
    ari_model *m =
        infer("t 5000x64\nx.{4}.q 128x64\nx.{4}.k 32x64\nx.{4}.v 32x64\nx.{4}.o 64x128\nx.{4}.u 176x64\n"
              "x.{4}.g 176x64\nx.{4}.w 64x176\n");
    expect_facts(m, "wide attention",
                 "hidden_size 64 ambiguous; intermediate_size 176 ambiguous; num_hidden_layers 4 ambiguous");
    cr_expect(strcmp(candidates_text(m, "intermediate_size"), "176 128") == 0, "%s",
              candidates_text(m, "intermediate_size"));
    ari_model_close(m);
}

Test(shapes, that_decide_nothing)
{
    expect_shapes("a few matrices", "a 64x64\nb 64x64\nc 64x64\n",
                  "hidden_size null unknown; num_hidden_layers null unknown");
    expect_shapes("no width meets most",
                  "a 3x5\nb 7x11\nc 13x17\nd 19x23\ne 29x31\nf 37x41\ng 43x47\nh 53x59\ni 61x67\nj 71x73\n",
                  "hidden_size null unknown; vocab_size null unknown");
    expect_shapes("vectors only", "a 64\nb 64\nc 64\nd 64\ne 64\nf 64\ng 64\nh 64\ni 64\n",
                  "hidden_size null unknown");
    expect_shapes("convolutions",
                  "a 8x8x3x3\nb 8x8x3x3\nc 8x8x3x3\nd 8x8x3x3\ne 8x8x3x3\nf 8x8x3x3\ng 8x8x3x3\nh 8x8x3x3\n",
                  "hidden_size null unknown");
    expect_shapes("one-sided", "a 1x64\nb 1x64\nc 1x64\nd 1x64\ne 1x64\nf 1x64\ng 1x64\nh 1x64\ni 1x64\n",
                  "hidden_size null unknown");
}

/* No vocabulary where the largest side is that of the layers, or too small for tokens. */
Test(shapes, no_vocabulary)
{
    expect_shapes("too small", "t 500x64\n" HIDDEN("{4}"),
                  "vocab_size null unknown; hidden_size 64 ambiguous");
    expect_shapes("none", HIDDEN("{4}"),
                  "vocab_size null unknown; hidden_size 64 ambiguous; intermediate_size 176 ambiguous");
}
