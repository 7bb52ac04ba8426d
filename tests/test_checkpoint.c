#include "read/checkpoint.h"

#include "files.h"
#include "maker.h"
#include "reading.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* A safetensors file with one U8 tensor of that name and so many bytes. */
static void write_shard(const test_folder *folder, const char *file, const char *tensor, unsigned bytes)
{
    char header[256];
    int n =
        snprintf(header, sizeof(header), "{\"%s\":{\"dtype\":\"U8\",\"shape\":[%u],\"data_offsets\":[0,%u]}}",
                 tensor, bytes, bytes);
    uint8_t content[1024] = { (uint8_t)n };
    memcpy(content + 8, header, (size_t)n);
    folder_write(folder, file, (ari_span){ content, 8 + (size_t)n + bytes });
}

/* The first checkpoint at folder/name, as its findings' words. */
static reading read_path(const test_folder *folder, const char *name)
{
    reading out = { .err = ARI_ERR_INIT };
    ari_set *set = NULL;
    ari_limits limits = ari_options_default().limits;
    if (ari_set_find(folder_path(folder, name), NULL, &set, &out.err) == ARI_OK)
        checkpoint_read(&set->groups[0], &limits, &out.c, &out.err);
    size_t at = 0;
    for (size_t i = 0; out.c != NULL && i < out.c->findings.count; i++) {
        at += (size_t)snprintf(out.findings + at, sizeof(out.findings) - at, "%s%s", i == 0 ? "" : " ",
                               out.c->findings.items[i].id);
    }
    ari_set_free(set);
    return out;
}

Test(checkpoint, shards_make_one_table)
{
    const char *paths[] = { "fixtures/tiny-sharded/model-00001-of-00002.safetensors",
                            "fixtures/tiny-sharded/model-00002-of-00002.safetensors" };
    reading r = read_files(paths, 2, "fixtures/tiny-sharded/model.safetensors.index.json", NULL);
    cr_assert(r.c != NULL && strcmp(r.findings, "") == 0, "%s", r.findings);
    cr_expect(r.c->tensors.count == 24 && r.c->files[0].tensor_count == 12 &&
              r.c->files[1].tensor_count == 12);
    cr_expect(!r.c->incomplete);
    cr_expect(the_tensor(&r, "model.embed_tokens.weight")->file == 0 &&
              the_tensor(&r, "model.norm.weight")->file == 1);
    cr_expect(the_tensor(&r, "model.norm.weight")->begin > r.c->files[1].data_at, "a place in its own file");
    /* Each shard says {"format": "pt"}: once is enough, and no fault. */
    cr_expect(r.c->metadata.count == 1 && strcmp(value_text(&r, "format"), "pt") == 0);
    reading_free(&r);
}

Test(checkpoint, compressed_files_read_like_plain_ones)
{
    static const char *const pairs[][2] = {
        { "fixtures/packed.safetensors.zst", "fixtures/tiny-llama/model.safetensors" },
        { "fixtures/piped.safetensors.zst", "fixtures/tiny-llama/model.safetensors" },
        { "fixtures/packed.gguf.zst", "fixtures/demo.gguf" },
        { "fixtures/piped.gguf.zst", "fixtures/demo.gguf" },
    };
    for (size_t i = 0; i < 4; i++) {
        const char *packed_path = pairs[i][0], *plain_path = pairs[i][1];
        reading packed = read_files(&packed_path, 1, NULL, NULL),
                plain = read_files(&plain_path, 1, NULL, NULL);
        cr_assert(packed.c != NULL, "%s: %s", packed_path, packed.err.text);
        cr_assert(packed.c->tensors.count == plain.c->tensors.count);
        for (size_t k = 0; k < plain.c->tensors.count; k++) {
            const ari_tensor *a = &packed.c->tensors.rows[k], *b = &plain.c->tensors.rows[k];
            cr_expect(span_eq(a->name, b->name) && a->begin == b->begin && a->bytes == b->bytes &&
                      a->dtype == b->dtype);
        }
        cr_expect(packed.c->metadata.count == plain.c->metadata.count);
        cr_expect(packed.c->files[0].data_at == plain.c->files[0].data_at);
        reading_free(&packed);
        reading_free(&plain);
    }
}

Test(checkpoint, a_header_beyond_the_limit_is_not_decompressed)
{
    static const char *const paths[] = { "fixtures/piped.gguf.zst", "fixtures/packed.safetensors.zst" };
    for (size_t i = 0; i < 2; i++) {
        ari_limits limits = ari_options_default().limits;
        limits.header_bytes = 1000;
        const char *path = paths[i];
        reading r = read_files(&path, 1, NULL, &limits);
        cr_expect(r.err.status == ARI_LIMIT, "%s: %s", path, r.err.text);
        cr_expect(r.err.hint != NULL && strstr(r.err.hint, "header-bytes") != NULL);
        reading_free(&r);
    }
}

Test(checkpoint, a_tensor_in_two_shards)
{
    test_folder folder = folder_new();
    write_shard(&folder, "m-1-of-2.safetensors", "a", 4);
    write_shard(&folder, "m-2-of-2.safetensors", "a", 8);
    reading r = read_path(&folder, "m-1-of-2.safetensors");
    cr_expect(strcmp(r.findings, "duplicate-across-shards") == 0, "%s", r.findings);
    cr_expect(r.c->tensors.count == 1 && the_tensor(&r, "a")->bytes == 8, "the last one loaded wins");
    reading_free(&r);
    folder_free(&folder);
}

Test(checkpoint, shards_that_are_missing_or_broken)
{
    test_folder folder = folder_new();
    write_shard(&folder, "m-1-of-3.safetensors", "a", 4);
    folder_text(&folder, "m-2-of-3.safetensors", "<html>");
    reading r = read_path(&folder, "m-1-of-3.safetensors");
    cr_expect(strcmp(r.findings, "shard-unreadable shard-missing") == 0, "%s", r.findings);
    cr_expect(r.c->incomplete && r.c->tensors.count == 1);
    cr_expect(strstr(r.c->findings.items[0].message, "m-2-of-3.safetensors: is a web page") != NULL, "%s",
              r.c->findings.items[0].message);
    cr_expect(strstr(r.c->findings.items[1].message, "m-3-of-3.safetensors") != NULL);
    reading_free(&r);

    folder_text(&folder, "m-1-of-3.safetensors", "");
    r = read_path(&folder, "m-1-of-3.safetensors");
    cr_expect(r.c == NULL && r.err.status == ARI_NOT_A_MODEL, "none can be read: the first error stands");
    cr_expect(strstr(r.err.text, "m-1-of-3.safetensors") != NULL && r.err.hint != NULL, "%s", r.err.text);
    folder_free(&folder);
}

/* What a shard gave before it broke off is not relied on. */
Test(checkpoint, nothing_of_a_broken_shard_stays)
{
    test_folder folder = folder_new();
    static const char header[] =
        "{\"__metadata__\":{\"k\":\"v\"},\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":"
        "[0,1]},\"c\":{]}";
    uint8_t content[256] = { sizeof(header) - 1 };
    memcpy(content + 8, header, sizeof(header) - 1);
    write_shard(&folder, "m-1-of-2.safetensors", "a", 4);
    folder_write(&folder, "m-2-of-2.safetensors", (ari_span){ content, 8 + sizeof(header) });
    reading r = read_path(&folder, "m-1-of-2.safetensors");
    cr_expect(strcmp(r.findings, "shard-unreadable") == 0, "%s", r.findings);
    cr_expect(r.c->tensors.count == 1 && r.c->metadata.count == 0 && r.c->files[1].tensor_count == 0);
    cr_expect(tensors_find(&r.c->tensors, ARI_SPAN("b")) == NULL);
    reading_free(&r);
    folder_free(&folder);
}

/* Nor does it take away what another one has. */
Test(checkpoint, a_broken_shard_does_not_shadow_a_good_one)
{
    test_folder folder = folder_new();
    static const char header[] = "{\"a\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[0,9]},\"c\":{]}";
    uint8_t content[256] = { sizeof(header) - 1 };
    memcpy(content + 8, header, sizeof(header) - 1);
    write_shard(&folder, "m-1-of-2.safetensors", "a", 4);
    folder_write(&folder, "m-2-of-2.safetensors", (ari_span){ content, 8 + sizeof(header) });
    reading r = read_path(&folder, "m-1-of-2.safetensors");
    cr_expect(strcmp(r.findings, "shard-unreadable") == 0, "%s", r.findings);
    cr_expect(r.c->tensors.count == 1 && r.c->files[0].tensor_count == 1 && r.c->files[0].shadowed == 0);
    cr_expect(the_tensor(&r, "a")->bytes == 4);
    reading_free(&r);
    folder_free(&folder);
}

#define MAP(pairs) "{\"weight_map\": {" pairs "}}"

Test(checkpoint, an_index_is_checked_both_ways)
{
    static const struct {
        const char *index, *findings;
    } rows[] = {
        { MAP("\"a\": \"x.safetensors\", \"b\": \"y.safetensors\""), "" },
        { "{\"metadata\": {\"total_size\": 12}, \"weight_map\": {\"a\": \"x.safetensors\", \"b\": "
          "\"y.safetensors\"}}",
          "" },
        { "{\"metadata\": {\"total_size\": 13}, \"weight_map\": {\"a\": \"x.safetensors\", \"b\": "
          "\"y.safetensors\"}}",
          "index-total" },
        { "{\"metadata\": {\"total_size\": 1.2e1}, \"weight_map\": {\"a\": \"x.safetensors\", \"b\": "
          "\"y.safetensors\"}}",
          "" },
        /* In another shard; in none; of a shard that is not there. */
        { MAP("\"a\": \"y.safetensors\", \"b\": \"y.safetensors\", \"c\": \"x.safetensors\""),
          "index-absent index-absent" },
        { MAP("\"a\": \"x.safetensors\", \"b\": \"y.safetensors\", \"c\": \"y.safetensors\""),
          "index-absent" },
        { MAP("\"a\": \"x.safetensors\", \"b\": \"y.safetensors\", \"c\": \"z.safetensors\""),
          "shard-missing index-absent" },
        /* Not listed. */
        { MAP("\"a\": \"x.safetensors\", \"c\": \"y.safetensors\""), "index-absent index-unlisted" },
        /* A stray file has no part in it. */
        { MAP("\"a\": \"x.safetensors\""), "" },
        /* Out of the folder. */
        { MAP("\"a\": \"x.safetensors\", \"b\": \"y.safetensors\", \"c\": \"../x.safetensors\""),
          "index-path index-absent" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        test_folder folder = folder_new();
        write_shard(&folder, "x.safetensors", "a", 4);
        write_shard(&folder, "y.safetensors", "b", 8);
        folder_text(&folder, "model.safetensors.index.json", rows[i].index);
        reading r = read_path(&folder, "model.safetensors.index.json");
        cr_expect(r.c != NULL && strcmp(r.findings, rows[i].findings) == 0, "row %zu: \"%s\" %s", i,
                  r.findings, r.err.text);
        reading_free(&r);
        folder_free(&folder);
    }
}

Test(checkpoint, an_index_that_is_none)
{
    test_folder folder = folder_new();
    write_shard(&folder, "model-00001-of-00001.safetensors", "a", 4);
    folder_text(&folder, "model.safetensors.index.json", "{\"weight_map\": 7}");
    reading r = read_path(&folder, "");
    cr_expect(strcmp(r.findings, "index-unreadable") == 0, "%s", r.findings);
    cr_expect(r.c->findings.items[0].offset == 15 && r.c->tensors.count == 1);
    reading_free(&r);
    folder_free(&folder);
}

Test(checkpoint, stray_files_are_named)
{
    test_folder folder = folder_new();
    write_shard(&folder, "model-1.safetensors", "a", 4);
    write_shard(&folder, "model-old.safetensors", "b", 4);
    folder_text(&folder, "model.safetensors.index.json", MAP("\"a\": \"model-1.safetensors\""));
    reading r = read_path(&folder, "");
    cr_expect(strcmp(r.findings, "stray-file") == 0, "%s", r.findings);
    cr_expect(strstr(r.c->findings.items[0].message, "model-old.safetensors") != NULL);
    cr_expect(r.c->tensors.count == 1 && !r.c->incomplete);
    reading_free(&r);
    folder_free(&folder);
}

/* A part of a split model, as gguf-split writes it; the total of its tensors as given. */
static void write_part(const test_folder *folder, const char *file, unsigned no, unsigned count,
                       unsigned total)
{
    static const uint64_t sizes[] = { 4 };
    char tensor[16];
    maker *g = begin_gguf(3, false, 1, 3);
    put_pair(g, "split.no", 2, no, 2);
    put_pair(g, "split.count", 2, count, 2);
    put_pair(g, "split.tensors.count", 5, total, 4);
    snprintf(tensor, sizeof(tensor), "t%u", no);
    put_info(g, tensor, 1, sizes, 0, 0);
    pad(g, 32);
    put_zeros(g, 16);
    folder_write(folder, file, made(g));
    free(g);
}

Test(checkpoint, keys_of_a_split_are_checked)
{
    static const struct {
        unsigned numbers[2], count, total;
        bool both;
        const char *findings;
    } rows[] = {
        { { 0, 1 }, 2, 2, true, "" },
        { { 0, 1 }, 0, 2, true, "" }, /* 0 means not split: an old writer. */
        { { 1, 0 }, 2, 2, true, "split-mismatch" },
        { { 0, 0 }, 2, 2, true, "duplicate-across-shards split-mismatch" },
        { { 0, 1 }, 1, 2, true, "split-mismatch split-mismatch" },
        { { 0, 1 }, 3, 2, true, "shard-missing shard-missing" },
        { { 0, 1 }, 2, 5, true, "split-mismatch split-mismatch" },
        { { 0, 1 }, 2, 2, false, "shard-missing" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        test_folder folder = folder_new();
        write_part(&folder, "m-00001-of-00002.gguf", rows[i].numbers[0], rows[i].count, rows[i].total);
        if (rows[i].both)
            write_part(&folder, "m-00002-of-00002.gguf", rows[i].numbers[1], rows[i].count, rows[i].total);
        reading r = read_path(&folder, "m-00001-of-00002.gguf");
        /* Two tensors of one name make one: the totals then differ too. */
        cr_expect(r.c != NULL && strncmp(r.findings, rows[i].findings, strlen(rows[i].findings)) == 0,
                  "row %zu: \"%s\"", i, r.findings);
        cr_expect(i == 3 || strlen(r.findings) == strlen(rows[i].findings), "row %zu: \"%s\"", i, r.findings);
        reading_free(&r);
        folder_free(&folder);
    }
}

Test(checkpoint, keys_of_the_first_part_hold_for_all)
{
    const char *paths[] = { "fixtures/tiny-split-00001-of-00002.gguf",
                            "fixtures/tiny-split-00002-of-00002.gguf" };
    reading r = read_files(paths, 2, NULL, NULL);
    cr_expect(strcmp(r.findings, "") == 0, "%s", r.findings);
    cr_expect(r.c->tensors.count == 11 && strcmp(value_text(&r, "general.name"), "Tiny Split") == 0);
    cr_expect(strcmp(value_text(&r, "split.no"), "0") == 0, "of a key in both, the first file's");
    reading_free(&r);
}

Test(checkpoint, has_a_limit_of_files)
{
    const char *paths[] = { "fixtures/small.gguf", "fixtures/small.safetensors" };
    ari_limits limits = ari_options_default().limits;
    limits.files = 1;
    reading r = read_files(paths, 2, NULL, &limits);
    cr_expect(r.err.status == ARI_LIMIT, "%s", r.err.text);
    reading_free(&r);
}

/* Ten thousand tensors at one place, as in an attack on readers that allocate what is claimed. */
Test(checkpoint, findings_have_a_limit)
{
    ari_limits limits = ari_options_default().limits;
    limits.findings = 3;
    const char *path = "fixtures/malformed/offsets-same-ten-times.safetensors";
    reading r = read_files(&path, 1, NULL, &limits);
    cr_expect(r.c->findings.count == 3 && r.c->findings.dropped == 6);
    reading_free(&r);
}

Test(checkpoint, paths_that_are_no_files)
{
    static const struct {
        const char *path;
        ari_status status;
    } rows[] = {
        { "fixtures/absent.gguf", ARI_NOT_FOUND },
        { "fixtures/small.gguf/x", ARI_NOT_FOUND },
        { "fixtures", ARI_UNREADABLE },
        { "/dev/null", ARI_UNREADABLE },
        { "", ARI_NOT_FOUND },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *path = rows[i].path;
        reading r = read_files(&path, 1, NULL, NULL);
        cr_expect(r.err.status == rows[i].status, "%s: %s", path, r.err.text);
        reading_free(&r);
    }
}
