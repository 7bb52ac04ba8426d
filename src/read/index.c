#include "read/index.h"

#include "base/json_reader.h"
#include "read/map.h"

#include <inttypes.h>

enum { STRIDE = 1 << 20 };

/* An index while it is read. */
typedef struct reading {
    ari_span map;
    ari_arena arena; /* Strings that held escapes. */
    const ari_limits *limits;
    index_visit *visit;
    void *context;
    uint64_t count, total_size;
    size_t rested; /* Pages up to there were given back. */
} reading;

static bool read_pair(reading *x, json_reader *j, ari_span tensor, size_t at)
{
    if (json_peek(j) != JSON_STRING) {
        cursor_fail(j->in, ARI_MALFORMED, "weight_map holds a value that is no string");
        return false;
    }
    ari_index_row row = { .tensor = tensor, .file = json_string(j), .at = at };
    if (!json_ok(j)) return false;
    if (x->count++ >= x->limits->tensors) {
        cursor_fail(j->in, ARI_LIMIT, "more than %" PRIu64 " tensors", x->limits->tensors);
        return false;
    }
    if (at - x->rested >= STRIDE) {
        map_rest(span_first(x->map, at));
        map_fetch(span_first(span_from(x->map, at), STRIDE));
        x->rested = at;
    }
    return x->visit(x->context, &row);
}

static void read_weight_map(reading *x, json_reader *j)
{
    ari_span key;
    bool more = true;
    if (!json_enter(j, JSON_OBJECT)) return;
    for (bool first = true; json_member(j, &first, &key);) {
        if (more) {
            more = read_pair(x, j, key, j->in->at);
        } else {
            json_skip(j);
        }
    }
}

/* Some writers give total_size as 1.2e+10 or a string: those say nothing. */
static void read_total(reading *x, json_reader *j)
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

static ari_status parse(reading *x, ari_err *err)
{
    ari_cursor c = cursor_over(x->map, err);
    json_reader j = json_over(&c, &x->arena, x->limits->depth);
    ari_span key;
    bool found = false;
    if (!json_enter(&j, JSON_OBJECT)) return err->status;
    for (bool first = true; json_member(&j, &first, &key);) {
        if (span_is(key, "weight_map")) {
            found = true;
            read_weight_map(x, &j);
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

ari_status index_read(const char *path, const ari_limits *limits, index_visit *visit, void *context,
                      uint64_t *total_size, ari_err *err)
{
    reading x = { .limits = limits, .visit = visit, .context = context, .total_size = ARI_NO_OFFSET };
    ari_status status = map_small(path, limits->sidecar_bytes, &x.map, err);
    map_fetch(span_first(x.map, STRIDE));
    if (status == ARI_OK) status = parse(&x, err);
    *total_size = x.total_size;
    arena_free(&x.arena);
    map_small_close(x.map);
    return status;
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
