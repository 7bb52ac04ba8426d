#include "read/index.h"

#include "base/json_reader.h"
#include "read/map.h"

#include <inttypes.h>
#include <stdlib.h>

static ari_status add_row(ari_index *x, json_reader *j, const ari_limits *limits, ari_span tensor, size_t at)
{
    if (json_peek(j) != JSON_STRING)
        return cursor_fail(j->in, ARI_MALFORMED, "weight_map holds a value that is no string");
    ari_index_row row = { .tensor = tensor, .file = json_string(j), .at = at };
    if (!json_ok(j)) return j->in->err->status;
    if (x->count >= limits->tensors)
        return cursor_fail(j->in, ARI_LIMIT, "more than %" PRIu64 " tensors", limits->tensors);
    if (!array_room(&x->rows, &x->room, x->count, sizeof(x->rows[0]))) {
        return cursor_fail(j->in, ARI_LIMIT, "out of memory");
    }
    x->rows[x->count++] = row;
    return ARI_OK;
}

static void read_weight_map(ari_index *x, json_reader *j, const ari_limits *limits)
{
    ari_span key;
    if (!json_enter(j, JSON_OBJECT)) return;
    for (bool first = true; json_member(j, &first, &key);) {
        if (add_row(x, j, limits, key, j->in->at) != ARI_OK) return;
    }
}

/* Some writers give total_size as 1.2e+10 or a string: those say nothing. */
static void read_total(ari_index *x, json_reader *j)
{
    ari_span key;
    if (json_peek(j) != JSON_OBJECT) {
        json_skip(j);
        return;
    }
    json_enter(j, JSON_OBJECT);
    for (bool first = true; json_member(j, &first, &key);) {
        ari_span value = json_skip(j);
        if (!span_is(key, "total_size") || value.size == 0 || value.size > 19) continue;
        uint64_t n = 0;
        bool digits = true;
        for (size_t i = 0; i < value.size; i++) {
            digits = digits && value.data[i] >= '0' && value.data[i] <= '9';
            n = n * 10 + (uint64_t)(value.data[i] & 0x0F);
        }
        x->total_size = digits ? n : ARI_NO_OFFSET;
    }
}

static ari_status parse(ari_index *x, const ari_limits *limits, ari_err *err)
{
    ari_cursor c = cursor_over(x->map, err);
    json_reader j = json_over(&c, &x->arena, limits->depth);
    ari_span key;
    bool found = false;
    if (!json_enter(&j, JSON_OBJECT)) return err->status;
    for (bool first = true; json_member(&j, &first, &key);) {
        if (span_is(key, "weight_map")) {
            found = true;
            read_weight_map(x, &j, limits);
        } else if (span_is(key, "metadata")) {
            read_total(x, &j);
        } else {
            json_skip(&j);
        }
    }
    json_end(&j);
    if (json_ok(&j) && !found) cursor_fail(&c, ARI_MALFORMED, "the index has no weight_map");
    return err->status;
}

ari_status index_open(const char *path, const ari_limits *limits, ari_index *out, ari_err *err)
{
    *out = (ari_index){ .total_size = ARI_NO_OFFSET };
    ari_status status = map_small(path, limits->sidecar_bytes, &out->map, err);
    return status == ARI_OK ? parse(out, limits, err) : status;
}

void index_close(ari_index *x)
{
    free(x->rows);
    arena_free(&x->arena);
    map_close(x->map);
    *x = (ari_index){ 0 };
}

bool index_file_is_safe(ari_span file)
{
    if (file.size == 0 || file.data[0] == '/' || memchr(file.data, '\0', file.size) != NULL) return false;
    for (size_t at = 0; at <= file.size;) {
        ari_span rest = span_from(file, at);
        const uint8_t *slash = rest.size == 0 ? NULL : memchr(rest.data, '/', rest.size);
        size_t n = slash == NULL ? rest.size : (size_t)(slash - rest.data);
        if (span_is(span_first(rest, n), "..")) return false;
        at += n + 1;
    }
    return true;
}
