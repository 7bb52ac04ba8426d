/* The rule: sorted by place, tensors fill the data from its first byte to its last, each byte once. */
#include "files.h"
#include "reading.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* A header of U8 tensors "t0", "t1", … at these [begin, end) pairs, and so much data. */
static reading read_extents(const unsigned (*places)[2], size_t count, size_t data)
{
    char header[4096] = "{";
    size_t at = 1;
    for (size_t i = 0; i < count; i++) {
        at += (size_t)snprintf(header + at, sizeof(header) - at,
                               "%s\"t%zu\":{\"dtype\":\"U8\",\"shape\":[%u],\"data_offsets\":[%u,%u]}",
                               i == 0 ? "" : ",", i, places[i][1] - places[i][0], places[i][0], places[i][1]);
    }
    snprintf(header + at, sizeof(header) - at, "}");
    return read_header(header, data);
}

Test(extents, each_byte_once)
{
    static const struct {
        unsigned places[4][2];
        size_t count, data;
        const char *findings;
    } rows[] = {
        { { { 0, 4 }, { 4, 8 } }, 2, 8, "" },
        { { { 4, 8 }, { 0, 4 } }, 2, 8, "" },
        { { { 0, 8 } }, 1, 8, "" },
        { { { 0, 0 } }, 1, 0, "" },
        { { { 0, 4 }, { 5, 8 } }, 2, 8, "data-gap" },
        { { { 1, 4 }, { 4, 8 } }, 2, 8, "data-gap" },
        { { { 0, 4 }, { 3, 8 } }, 2, 8, "tensor-overlap" },
        { { { 0, 8 }, { 2, 4 } }, 2, 8, "tensor-overlap" },
        { { { 0, 8 }, { 0, 8 } }, 2, 8, "tensor-overlap" },
        { { { 0, 8 }, { 2, 4 }, { 4, 6 } }, 3, 8, "tensor-overlap tensor-overlap" },
        { { { 0, 4 }, { 4, 8 } }, 2, 9, "trailing-bytes" },
        { { { 0, 4 }, { 4, 8 } }, 2, 7, "truncated-data" },
        { { { 0, 4 }, { 4, 8 } }, 2, 0, "truncated-data" },
        { { { 0, 4 }, { 6, 8 } }, 2, 7, "data-gap truncated-data" },
        /* Empty ones stand at boundaries only. */
        { { { 0, 4 }, { 4, 4 }, { 4, 8 } }, 3, 8, "" },
        { { { 0, 4 }, { 2, 2 } }, 2, 4, "tensor-overlap" },
        { { { 0, 4 }, { 6, 6 } }, 2, 4, "data-gap" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        reading r = read_extents(rows[i].places, rows[i].count, rows[i].data);
        cr_expect(strcmp(r.findings, rows[i].findings) == 0, "row %zu: \"%s\"", i, r.findings);
        reading_free(&r);
    }
}

Test(extents, say_which_and_where)
{
    static const unsigned places[][2] = { { 0, 8 }, { 6, 12 }, { 16, 20 } };
    reading r = read_extents(places, 3, 18);
    cr_assert(r.c != NULL && r.c->findings.count == 3, "%s", r.findings);
    const ari_finding *f = r.c->findings.items;
    uint64_t data = r.c->files[0].data_at;
    cr_expect(strcmp(f[0].id, "tensor-overlap") == 0 && strcmp(f[0].tensor, "t1") == 0 &&
              f[0].offset == data + 6);
    cr_expect(strstr(f[0].message, "2 bytes") != NULL && strstr(f[0].message, "t0") != NULL, "%s",
              f[0].message);
    cr_expect(strcmp(f[1].id, "data-gap") == 0 && strcmp(f[1].tensor, "t2") == 0 && f[1].offset == data + 12);
    cr_expect(strstr(f[1].message, "4 bytes") != NULL, "%s", f[1].message);
    cr_expect(strcmp(f[2].id, "truncated-data") == 0 && strcmp(f[2].tensor, "t2") == 0 &&
              f[2].offset == data + 18);
    reading_free(&r);
}

/* One finding for a download that broke off, however many tensors are lost. */
Test(extents, a_cut_is_one_finding)
{
    unsigned places[40][2];
    for (unsigned i = 0; i < 40; i++) places[i][0] = 4 * i, places[i][1] = 4 * i + 4;
    reading r = read_extents((const unsigned(*)[2])places, 40, 10);
    cr_expect(strcmp(r.findings, "truncated-data") == 0, "%s", r.findings);
    cr_expect(strstr(r.c->findings.items[0].message, "38") != NULL, "%s", r.c->findings.items[0].message);
    cr_expect(strcmp(r.c->findings.items[0].tensor, "t2") == 0);
    reading_free(&r);
}

Test(extents, are_checked_for_each_file_by_itself)
{
    const char *paths[] = { "fixtures/tiny-sharded/model-00001-of-00002.safetensors",
                            "fixtures/malformed/offsets-gap.safetensors", "fixtures/small.gguf" };
    reading r = read_files(paths, 3, NULL, NULL);
    cr_expect(strcmp(r.findings, "data-gap") == 0, "%s", r.findings);
    cr_expect(strstr(r.c->findings.items[0].message, "offsets-gap.safetensors: ") != NULL, "%s",
              r.c->findings.items[0].message);
    reading_free(&r);
}

Test(extents, of_a_pipe_are_not_known)
{
    const char *path = "fixtures/piped.safetensors.zst";
    reading r = read_files(&path, 1, NULL, NULL);
    cr_expect(strcmp(r.findings, "compressed-data") == 0, "%s", r.findings);
    reading_free(&r);
    path = "fixtures/packed.safetensors.zst";
    r = read_files(&path, 1, NULL, NULL);
    cr_expect(strcmp(r.findings, "") == 0, "here the frame says how long it is: %s", r.findings);
    reading_free(&r);
}
