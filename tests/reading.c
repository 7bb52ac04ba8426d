#include "reading.h"

#include "files.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

reading read_files(const char **paths, size_t count, const char *index, const ari_limits *limits)
{
    reading out = { .err = ARI_ERR_INIT };
    ari_limits defaults = ari_options_default().limits;
    ari_group group = { .files = paths, .file_count = count, .path = paths[0], .folder = "", .index = index };
    checkpoint_read(&group, limits == NULL ? &defaults : limits, &out.c, &out.err);
    cr_assert((out.c == NULL) == (out.err.status != ARI_OK));
    size_t at = 0;
    for (size_t i = 0; out.c != NULL && i < out.c->findings.count && at < sizeof(out.findings); i++) {
        at += (size_t)snprintf(out.findings + at, sizeof(out.findings) - at, "%s%s", i == 0 ? "" : " ",
                               out.c->findings.items[i].id);
    }
    return out;
}

reading read_bytes(ari_span content, const ari_limits *limits)
{
    memory_file file = memory_open();
    memory_write(&file, content);
    const char *path = file.path;
    reading out = read_files(&path, 1, NULL, limits);
    memory_close(&file); /* The map lives on. */
    return out;
}

reading read_header(const char *header, size_t data_bytes)
{
    size_t n = strlen(header);
    uint8_t *content = calloc(1, 8 + n + data_bytes);
    for (unsigned i = 0; i < 8; i++) content[i] = (uint8_t)(n >> (8 * i));
    memcpy(content + 8, header, n);
    reading out = read_bytes((ari_span){ content, 8 + n + data_bytes }, NULL);
    free(content);
    return out;
}

void reading_free(reading *r)
{
    checkpoint_free(r->c);
    r->c = NULL;
}

const ari_tensor *the_tensor(const reading *r, const char *name)
{
    cr_assert(r->c != NULL, "%s", r->err.text);
    const ari_tensor *row = tensors_find(&r->c->tensors, span_of(name));
    cr_assert(row != NULL, "there is no tensor \"%s\"", name);
    return row;
}

const char *shape_text(const reading *r, const char *name)
{
    static char out[256];
    const ari_tensor *row = the_tensor(r, name);
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < row->rank && at < sizeof(out); i++) {
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%" PRIu64, i == 0 ? "" : "x",
                               tensor_shape(&r->c->tensors, row)[i]);
    }
    return out;
}

const char *value_text(const reading *r, const char *key)
{
    static char out[512];
    const ari_meta *m = metadata_find(&r->c->metadata, key);
    if (m == NULL) return "(absent)";
    ari_text text = { 0 };
    text_put(&text, "");
    meta_print(m, ESCAPE_ALL, &text);
    snprintf(out, sizeof(out), "%s", text.data);
    text_free(&text);
    return out;
}
