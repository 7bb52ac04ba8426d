#include "cli/scan_line.h"

#include "base/json.h"
#include "base/json_reader.h"
#include "read/map.h"
#include "report/judgement.h"

#include <inttypes.h>

static const char schema[] = "archinspect/scan/1";

enum { FORGET = 16 << 20 };

/* --- Made ------------------------------------------------------------------------------------- */

static void put_foreign(ari_text *to, const char *path)
{
    ari_text shown = { 0 };
    text_escape(&shown, span_of(path), ESCAPE_ALL);
    json_put_string(to, shown.data == NULL ? "" : shown.data);
    if (shown.failed) to->failed = true;
    text_free(&shown);
}

void scan_subject_of(const crawl_item *item, scan_subject *out)
{
    *out = (scan_subject){ 0 };
    put_foreign(&out->path, item->path);
    text_put(&out->files, "[");
    for (size_t i = 0; i < item->file_count; i++) {
        const crawl_file *f = &item->files[i];
        text_put(&out->files, i == 0 ? "{\"path\":" : ",{\"path\":");
        put_foreign(&out->files, f->path);
        text_put(&out->files, ",\"bytes\":");
        json_put_uint(&out->files, f->bytes);
        text_printf(&out->files, ",\"mtime\":\"%" PRId64 ".%09ld\",\"inode\":", f->seconds, f->nanoseconds);
        json_put_uint(&out->files, f->inode);
        text_put(&out->files, "}");
    }
    text_put(&out->files, "]");
}

static ari_span text_span(const ari_text *t)
{
    return (ari_span){ (const uint8_t *)t->data, t->size };
}

static fingerprint print_of(ari_span path, ari_span files)
{
    fingerprint f = fingerprint_begin();
    fingerprint_add(&f, path);
    fingerprint_add(&f, files);
    return f;
}

fingerprint scan_subject_print(const scan_subject *s)
{
    return print_of(text_span(&s->path), text_span(&s->files));
}

void scan_subject_free(scan_subject *s)
{
    text_free(&s->path);
    text_free(&s->files);
}

static json_tree *begin(json_builder *b, const char *type)
{
    json_tree *top = json_begin(b);
    json_add_text(b, top, "schema", schema);
    json_add_text(b, top, "type", type);
    return top;
}

static void finish(json_builder *b, ari_text *to)
{
    if (!json_finish(b, false, to)) to->failed = true;
    text_put(to, "\n");
}

void scan_line_begin(ari_text *to, const cli_options *o, const ari_catalogue *catalogue)
{
    json_builder b;
    json_tree *top = begin(&b, "begin");
    json_add_tool(&b, top, catalogue);
    json_tree *paths = json_add_array(&b, top, "paths");
    for (size_t i = 0; i < o->path_count; i++) {
        ari_text path = { 0 };
        put_foreign(&path, o->paths[i]);
        if (path.failed) b.failed = true;
        json_add_raw(&b, paths, NULL, path.failed ? "" : path.data);
        text_free(&path);
    }
    ari_text shard = { 0 };
    text_printf(&shard, "%" PRIu64 "/%" PRIu64, o->shard, o->shards);
    json_add_text(&b, top, "shard", shard.data);
    if (shard.failed) b.failed = true;
    text_free(&shard);
    finish(&b, to);
}

void scan_line_model(ari_text *to, const scan_subject *s, const char *report)
{
    ari_span body = span_of(report);
    if (span_ends(body, "\n")) body.size--;
    text_printf(to, "{\"schema\":\"%s\",\"type\":\"model\",\"path\":", schema);
    text_put_span(to, text_span(&s->path));
    text_put(to, ",\"files\":");
    text_put_span(to, text_span(&s->files));
    text_put(to, ",\"report\":");
    text_put_span(to, body);
    text_put(to, "}\n");
    if (s->path.failed || s->files.failed) to->failed = true;
}

void scan_line_error(ari_text *to, const char *path, const ari_err *what)
{
    json_builder b;
    json_tree *top = begin(&b, "error");
    ari_text shown = { 0 };
    text_escape(&shown, span_of(path), ESCAPE_ALL);
    json_add_text(&b, top, "path", shown.data == NULL ? "" : shown.data);
    json_add_text(&b, top, "status", ari_status_word(what->status));
    if (what->offset == ARI_NO_OFFSET) {
        json_add_null(&b, top, "offset");
    } else {
        json_add_uint(&b, top, "offset", what->offset);
    }
    json_add_text(&b, top, "message", what->text);
    if (shown.failed) b.failed = true;
    text_free(&shown);
    finish(&b, to);
}

void scan_line_end(ari_text *to, uint64_t models, uint64_t failed, uint64_t skipped)
{
    json_builder b;
    json_tree *top = begin(&b, "end");
    json_add_uint(&b, top, "models", models);
    json_add_uint(&b, top, "failed", failed);
    json_add_uint(&b, top, "skipped", skipped);
    finish(&b, to);
}

/* --- Read --------------------------------------------------------------------------------------- */

typedef struct old_line {
    bool scan;            /* It is one of a scan. */
    ari_span path, files; /* As they are written; empty where it is no model's. */
} old_line;

/* Of a line that is cut, or runs into the next, nothing counts. */
static old_line read_line(ari_span line)
{
    old_line out = { 0 };
    ari_err err = ARI_ERR_INIT;
    ari_arena arena = { 0 };
    ari_cursor in = cursor_over(line, &err);
    json_reader r = json_over(&in, &arena, JSON_MAX_DEPTH);
    ari_span name, type = { 0 };
    bool first = true, ok = json_enter(&r, JSON_OBJECT);
    while (ok && json_member(&r, &first, &name)) {
        ari_span value = json_skip(&r);
        if (span_is(name, "schema")) out.scan = span_is(value, "\"archinspect/scan/1\"");
        if (span_is(name, "type")) type = value;
        if (span_is(name, "path")) out.path = value;
        if (span_is(name, "files")) out.files = value;
    }
    if (!json_end(&r)) out = (old_line){ 0 };
    if (!out.scan || !span_is(type, "\"model\"")) out.path = out.files = (ari_span){ 0 };
    arena_free(&arena);
    return out;
}

static ari_status read_lines(ari_span map, fingerprint_set *out, ari_err *err)
{
    bool any = map.size == 0, added;
    for (size_t at = 0, forgotten = 0; at < map.size;) {
        const uint8_t *end = memchr(map.data + at, '\n', map.size - at);
        size_t size = end == NULL ? map.size - at : (size_t)(end - map.data) - at;
        old_line l = read_line((ari_span){ map.data + at, size });
        any = any || l.scan;
        if (l.files.size > 0 && !fingerprint_set_add(out, print_of(l.path, l.files), &added))
            return ari_out_of_memory(err);
        at += size + 1;
        /* So that an output of gigabytes does not stay in memory. */
        if (at - forgotten < FORGET || at >= map.size) continue;
        map_rest((ari_span){ map.data + forgotten, FORGET });
        forgotten += FORGET;
    }
    if (any) return ARI_OK;
    ari_fail(err, ARI_MALFORMED, ARI_NO_OFFSET, "holds no line of a scan");
    return ari_hint(err, "--since takes what an earlier scan has written");
}

ari_status scan_lines_read(const char *path, fingerprint_set *out, ari_err *err)
{
    ari_span map = { 0 };
    ari_status status = map_open(path, &map, err);
    if (status == ARI_OK) status = read_lines(map, out, err);
    map_close(map);
    return status;
}
