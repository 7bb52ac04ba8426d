/* GGUF by its own document and by what ggml's gguf.cpp takes. What breaks the rules is in test_malformed.c.
 */
#include "files.h"
#include "maker.h"
#include "reading.h"

#include <criterion/criterion.h>
#include <stdio.h>

static reading read_made(maker *m)
{
    reading r = read_bytes(made(m), NULL);
    free(m);
    return r;
}

static const uint64_t one_size[] = { 4 };

/* The same content in all versions and both byte orders (fixtures/small.gguf and its brothers). */
Test(gguf, versions_and_byte_orders_say_the_same)
{
    static const struct {
        const char *path;
        uint32_t version;
        bool big;
        const char *findings;
    } rows[] = {
        { "fixtures/small.gguf", 3, false, "" },
        { "fixtures/v1.gguf", 1, false, "gguf-version" },
        { "fixtures/v2.gguf", 2, false, "" },
        { "fixtures/big-endian.gguf", 3, true, "" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        test_bytes bytes = file_bytes(rows[i].path);
        reading r = read_bytes(bytes_span(bytes), NULL);
        cr_assert(r.c != NULL, "%s: %s", rows[i].path, r.err.text);
        cr_expect(strcmp(r.findings, rows[i].findings) == 0, "%s: %s", rows[i].path, r.findings);
        cr_expect(r.c->files[0].version == rows[i].version && r.c->files[0].big == rows[i].big);
        cr_expect(r.c->metadata.count == 8 && r.c->tensors.count == 3, "%s", rows[i].path);
        cr_expect(strcmp(value_text(&r, "general.name"), "Small") == 0);
        cr_expect(strcmp(value_text(&r, "general.alignment"), "64") == 0);
        cr_expect(strcmp(value_text(&r, "llama.block_count"), "1") == 0);
        cr_expect(strcmp(value_text(&r, "llama.attention.layer_norm_rms_epsilon"), "0.25") == 0);
        cr_expect(strcmp(value_text(&r, "llama.attention.causal"), "true") == 0);
        cr_expect(strcmp(value_text(&r, "tokenizer.ggml.tokens"), "[3 x string]") == 0);
        cr_expect(strcmp(value_text(&r, "tokenizer.ggml.scores"), "[0, -1, 0.5]") == 0);
        /* Outermost first: the file has 4, 3. */
        cr_expect(strcmp(shape_text(&r, "token_embd.weight"), "3x4") == 0);
        cr_expect(strcmp(shape_text(&r, "blk.0.attn_q.weight"), "2x32") == 0);
        uint64_t data = r.c->files[0].data_at;
        cr_expect(data % 64 == 0 && bytes.size == data + 128 + 16, "%s", rows[i].path);
        /* 12 floats; two blocks of Q4_0; 4 floats: each begins at a multiple of 64. */
        cr_expect(the_tensor(&r, "token_embd.weight")->begin == data);
        cr_expect(the_tensor(&r, "token_embd.weight")->bytes == 48);
        cr_expect(the_tensor(&r, "blk.0.attn_q.weight")->begin == data + 64);
        cr_expect(the_tensor(&r, "blk.0.attn_q.weight")->bytes == 36);
        cr_expect(the_tensor(&r, "output_norm.weight")->begin == data + 128);
        reading_free(&r);
        free(bytes.data);
    }
}

Test(gguf, every_value_type)
{
    static const struct {
        const char *key, *text;
    } rows[] = {
        { "value.0", "200" },
        { "value.1", "-100" },
        { "value.2", "60000" },
        { "value.3", "-30000" },
        { "value.4", "4000000000" },
        { "value.5", "-2000000000" },
        { "value.6", "1.5" },
        { "value.7", "true" },
        { "value.8", "caf\xC3\xA9 \xE2\x98\x83" },
        { "value.10", "18446744073709551615" },
        { "value.11", "-9223372036854775808" },
        { "value.12", "-0.125" },
        { "array.0", "[200, 0]" },
        { "array.3", "[-30000, 0]" },
        { "array.6", "[1.5, 0]" },
        { "array.7", "[true, false]" },
        { "array.8", "[3 x string]" },
        { "array.10", "[18446744073709551615, 0]" },
        { "array.empty", "[]" },
        { "array.long", "[300 x u16]" },
    };
    test_bytes bytes = file_bytes("fixtures/every-type.gguf");
    reading r = read_bytes(bytes_span(bytes), NULL);
    cr_assert(r.c != NULL && strcmp(r.findings, "") == 0, "%s", r.findings);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cr_expect(strcmp(value_text(&r, rows[i].key), rows[i].text) == 0, "%s: %s", rows[i].key,
                  value_text(&r, rows[i].key));
    }
    int64_t last;
    cr_expect(meta_integer(metadata_find(&r.c->metadata, "array.long"), 299, &last) && last == 299);
    /* Two blocks each; a tensor without dimensions has one element. */
    cr_expect(the_tensor(&r, "type.14.weight")->bytes == 2 * 210);
    cr_expect(the_tensor(&r, "type.42.weight")->bytes == 2 * 18);
    cr_expect(the_tensor(&r, "no.elements")->bytes == 0 && the_tensor(&r, "no.elements")->elements == 0);
    cr_expect(the_tensor(&r, "no.dimensions")->bytes == 4 && the_tensor(&r, "no.dimensions")->elements == 1);
    reading_free(&r);
    free(bytes.data);
}

Test(gguf, arrays_of_arrays_are_stepped_over)
{
    test_bytes bytes = file_bytes("fixtures/nested-array.gguf");
    reading r = read_bytes(bytes_span(bytes), NULL);
    cr_expect(strcmp(r.findings, "nested-array") == 0, "%s", r.findings);
    const ari_meta *m = metadata_find(&r.c->metadata, "clip.vision.image_grid_pinpoints");
    cr_assert(m != NULL);
    /* Two arrays of a type, a count and two i32. */
    cr_expect(m->element == ARI_META_ARRAY && m->count == 2 && m->bytes.size == 2 * (4 + 8 + 8));
    reading_free(&r);
    free(bytes.data);

    /* The pair after it is found, whatever the arrays hold. */
    maker *g = begin_gguf(3, false, 0, 2);
    put_string(g, "k");
    put(g, 9, 4), put(g, 9, 4), put_count(g, 3);
    put(g, 8, 4), put_count(g, 2), put_string(g, "a"), put_string(g, "");
    put(g, 9, 4), put_count(g, 0);
    put(g, 0, 4), put_count(g, 1), put(g, 7, 1);
    put_pair(g, "after", 0, 9, 1);
    r = read_made(g);
    cr_expect(strcmp(value_text(&r, "after"), "9") == 0);
    reading_free(&r);
}

Test(gguf, arrays_nest_as_deep_as_allowed)
{
    for (uint64_t allowed = 1; allowed <= 128; allowed = allowed * 2) {
        for (uint64_t more = 0; more < 2; more++) {
            maker *g = begin_gguf(3, false, 0, 1);
            put_string(g, "k");
            put(g, 9, 4);
            for (uint64_t i = 1; i < allowed + more; i++) put(g, 9, 4), put_count(g, 1);
            put(g, 0, 4), put_count(g, 0);
            ari_limits limits = ari_options_default().limits;
            limits.depth = allowed;
            reading r = read_bytes(made(g), &limits);
            cr_expect(r.err.status == (more ? ARI_LIMIT : ARI_OK), "%d of %d: %s", (int)(allowed + more),
                      (int)allowed, r.err.text);
            reading_free(&r);
            free(g);
        }
    }
}

/* Long token lists cost a length each, and no memory. */
Test(gguf, strings_in_arrays_are_not_copied)
{
    maker *g = begin_gguf(3, false, 0, 1);
    put_string(g, "tokens");
    put(g, 9, 4), put(g, 8, 4), put_count(g, 5000);
    for (int i = 0; i < 5000; i++) put_string(g, "ab");
    reading r = read_bytes(made(g), NULL);
    const ari_meta *m = metadata_find(&r.c->metadata, "tokens");
    cr_expect(m->count == 5000 && m->element == ARI_META_STRING && m->bytes.size == 50000);
    cr_expect(m->bytes.data >= r.c->files[0].map.data, "a view");
    reading_free(&r);
    free(g);
}

Test(gguf, alignment_moves_the_data)
{
    static const uint32_t alignments[] = { 1, 8, 32, 64, 4096, 1u << 20 };
    for (size_t i = 0; i < sizeof(alignments) / sizeof(alignments[0]); i++) {
        maker *g = begin_gguf(3, false, 1, 1);
        put_pair(g, "general.alignment", 4, alignments[i], 4);
        put_info(g, "a", 1, one_size, 0, 0);
        uint64_t end = g->size, aligned = (end + alignments[i] - 1) / alignments[i] * alignments[i];
        reading r = read_made(g);
        cr_expect(r.c->files[0].data_at == aligned && the_tensor(&r, "a")->begin == aligned, "%u",
                  alignments[i]);
        cr_expect(strcmp(r.findings, "truncated-data") == 0, "there is no data here: %s", r.findings);
        reading_free(&r);
    }
}

Test(gguf, without_tensors_nothing_is_padded)
{
    maker *g = begin_gguf(3, false, 0, 1);
    put_pair(g, "k", 0, 1, 1);
    size_t size = g->size;
    reading r = read_made(g);
    cr_expect(r.c->files[0].data_at == size && strcmp(r.findings, "") == 0, "%s", r.findings);
    reading_free(&r);
}

/* The last tensor may end at its last byte, or at a multiple of the alignment, and no further: here it has 16
 * bytes. */
Test(gguf, the_last_padding_may_be_missing)
{
    for (size_t extra = 0; extra <= 32; extra++) {
        maker *g = begin_gguf(3, false, 1, 0);
        put_info(g, "a", 1, one_size, 0, 0);
        pad(g, 32);
        put_zeros(g, 16 + extra);
        reading r = read_made(g);
        cr_expect(strcmp(r.findings, extra <= 16 ? "" : "trailing-bytes-gguf") == 0, "%zu more bytes: %s",
                  extra, r.findings);
        reading_free(&r);
    }
}

Test(gguf, a_type_without_a_size_reaches_to_its_neighbour)
{
    static const uint32_t types[] = { 43, 99, 4, 5, 36 }; /* Unknown ones, and removed ones. */
    static const uint64_t sizes[] = { 32, 2 };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        maker *g = begin_gguf(3, false, 3, 0);
        put_info(g, "a", 2, sizes, types[i], 0);
        put_info(g, "b", 1, one_size, 0, 96);
        put_info(g, "c", 2, sizes, types[i], 128);
        pad(g, 32);
        put_zeros(g, 128 + 50);
        reading r = read_made(g);
        cr_expect(the_tensor(&r, "a")->bytes == 96 && the_tensor(&r, "c")->bytes == 50, "type %u", types[i]);
        cr_expect(the_tensor(&r, "a")->elements == 64);
        const char *wanted =
            types[i] == 43 || types[i] == 99 ? "unknown-dtype unknown-dtype" : "removed-dtype removed-dtype";
        cr_expect(strcmp(r.findings, wanted) == 0, "type %u: %s", types[i], r.findings);
        reading_free(&r);
    }
}

Test(gguf, of_a_duplicate_key_the_first_and_of_a_tensor_the_last)
{
    maker *g = begin_gguf(3, false, 2, 2);
    put_pair(g, "k", 0, 1, 1);
    put_pair(g, "k", 0, 2, 1);
    put_info(g, "a", 1, one_size, 0, 0);
    put_info(g, "a", 1, one_size, 1, 32);
    pad(g, 32);
    put_zeros(g, 40);
    reading r = read_made(g);
    cr_expect(strcmp(r.findings, "duplicate-tensor duplicate-key") == 0, "%s", r.findings);
    cr_expect(strcmp(value_text(&r, "k"), "1") == 0 && r.c->metadata.count == 1);
    cr_expect(r.c->tensors.count == 1 && the_tensor(&r, "a")->dtype == ARI_DT_F16);
    reading_free(&r);
}

Test(gguf, limits_are_inclusive)
{
    for (int less = 0; less < 2; less++) {
        for (int which = 0; which < 2; which++) {
            maker *g = begin_gguf(3, false, 2, 2);
            put_pair(g, "a", 0, 1, 1);
            put_pair(g, "b", 0, 1, 1);
            put_info(g, "a", 1, one_size, 0, 0);
            put_info(g, "b", 1, one_size, 0, 32);
            pad(g, 32);
            put_zeros(g, 48);
            ari_limits limits = ari_options_default().limits;
            *(which == 0 ? &limits.tensors : &limits.metadata_keys) = less ? 1 : 2;
            reading r = read_bytes(made(g), &limits);
            cr_expect(r.err.status == (less ? ARI_LIMIT : ARI_OK), "%d: %s", which, r.err.text);
            cr_expect(!less || r.err.offset == (which == 0 ? 8 : 16));
            reading_free(&r);
            free(g);
        }
    }
}

/* Version 1 has counts of four bytes: what would be absurd in version 3 is not even there. */
Test(gguf, version_one_is_narrow)
{
    static const uint64_t sizes[] = { 8, 2 };
    maker *g = begin_gguf(1, false, 1, 1);
    put_pair(g, "general.alignment", 4, 16, 4);
    put_info(g, "a", 2, sizes, 1, 0);
    pad(g, 16);
    put_zeros(g, 32);
    reading r = read_made(g);
    cr_expect(strcmp(r.findings, "gguf-version") == 0, "%s", r.findings);
    cr_expect(strcmp(shape_text(&r, "a"), "2x8") == 0 && the_tensor(&r, "a")->bytes == 32);
    reading_free(&r);
}

Test(gguf, names_of_other_scripts_are_names)
{
    maker *g = begin_gguf(3, false, 1, 1);
    put_string(g, "\xED\x95\x9C");
    put(g, 8, 4), put_string(g, "\xFF\xFE");
    put_info(g, "caf\xC3\xA9.weight", 1, one_size, 0, 0);
    pad(g, 32);
    put_zeros(g, 16);
    reading r = read_made(g);
    cr_expect(strcmp(r.findings, "") == 0, "%s", r.findings);
    cr_expect(strcmp(value_text(&r, "\xED\x95\x9C"), "\\xff\\xfe") == 0);
    reading_free(&r);
}
