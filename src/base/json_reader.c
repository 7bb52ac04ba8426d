#include "base/json_reader.h"

#include "base/scan.h"
#include "base/text.h"

json_reader json_over(ari_cursor *in, ari_arena *arena, uint64_t max_depth)
{
    return (json_reader){
        .in = in,
        .arena = arena,
        .max_depth = max_depth < JSON_MAX_DEPTH ? (unsigned)max_depth : JSON_MAX_DEPTH,
        .bad_utf8_at = ARI_NO_OFFSET,
        .control_at = ARI_NO_OFFSET,
        .nul_at = ARI_NO_OFFSET,
    };
}

static int peek(json_reader *r)
{
    ari_cursor *c = r->in;
    if (c->bad) return -1;
    while (c->at < c->in.size) {
        uint8_t b = c->in.data[c->at];
        if (b != ' ' && b != '\n' && b != '\r' && b != '\t') return b;
        c->at++;
    }
    return -1;
}

/* "expected X, found Y" at the present byte. */
static bool refuse(json_reader *r, const char *expected)
{
    ari_cursor *c = r->in;
    if (c->bad) return false;
    if (c->at >= c->in.size) {
        cursor_fail(c, ARI_MALFORMED, "JSON ends where %s was expected", expected);
    } else {
        ari_text found = { 0 };
        text_escape(&found, (ari_span){ c->in.data + c->at, 1 }, ESCAPE_ALL);
        cursor_fail(c, ARI_MALFORMED, "JSON: expected %s, found \"%s\"", expected,
                    found.data == NULL ? "" : found.data);
        text_free(&found);
    }
    return false;
}

static bool expect(json_reader *r, int byte, const char *what)
{
    if (peek(r) != byte) return refuse(r, what);
    r->in->at++;
    return true;
}

json_kind json_peek(json_reader *r)
{
    int b = peek(r);
    switch (b) {
    case '{': return JSON_OBJECT;
    case '[': return JSON_ARRAY;
    case '"': return JSON_STRING;
    case 't':
    case 'f':
    case 'n': return JSON_WORD;
    default: return b == '-' || (b >= '0' && b <= '9') ? JSON_NUMBER : JSON_NOTHING;
    }
}

bool json_enter(json_reader *r, json_kind kind)
{
    if (!(kind == JSON_OBJECT ? expect(r, '{', "an object") : expect(r, '[', "an array"))) return false;
    if (r->depth >= r->max_depth) {
        r->in->at--;
        cursor_fail(r->in, ARI_LIMIT, "JSON is nested deeper than %u levels", r->max_depth);
        return false;
    }
    r->depth++;
    return true;
}

static bool another(json_reader *r, bool *first, int close, const char *expected)
{
    int b = peek(r);
    if (b == close && b != -1) {
        r->in->at++;
        r->depth--;
        return false;
    }
    if (!*first && !expect(r, ',', expected)) return false;
    *first = false;
    return json_ok(r);
}

bool json_member(json_reader *r, bool *first, ari_span *name)
{
    if (!another(r, first, '}', "\",\" or \"}\"")) return false;
    *name = json_string(r);
    return expect(r, ':', "\":\"");
}

bool json_element(json_reader *r, bool *first)
{
    return another(r, first, ']', "\",\" or \"]\"");
}

static int hex_digit(uint8_t b)
{
    if (b >= '0' && b <= '9') return b - '0';
    if (b >= 'a' && b <= 'f') return b - 'a' + 10;
    return b >= 'A' && b <= 'F' ? b - 'A' + 10 : -1;
}

/* The four digits after \u, or -1. */
static int32_t hex4(ari_span s)
{
    if (s.size < 4) return -1;
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        int d = hex_digit(s.data[i]);
        if (d < 0) return -1;
        v = v * 16 + d;
    }
    return v;
}

static size_t encode_utf8(uint32_t code, uint8_t *out)
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (uint8_t)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (uint8_t)(lead[n] | code);
    return n;
}

/* \uXXXX, joined with a following low surrogate. A lone surrogate is encoded as
 * it stands, which is no valid UTF-8: it is noted, and shown escaped. Returns the
 * bytes consumed after "\u", 0 when they are no hex digits. */
static size_t unescape_unicode(ari_span after, uint8_t *out, size_t *written)
{
    int32_t high = hex4(after);
    if (high < 0) return 0;
    uint32_t code = (uint32_t)high;
    size_t used = 4;
    if (code >= 0xD800 && code <= 0xDBFF && after.size >= 10 && after.data[4] == '\\' &&
        after.data[5] == 'u') {
        int32_t low = hex4(span_from(after, 6));
        if (low >= 0xDC00 && low <= 0xDFFF) {
            code = 0x10000 + ((code - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
            used = 10;
        }
    }
    *written = encode_utf8(code, out);
    return used;
}

/* A copy without escapes; every escape is at least as long as what it means. */
static ari_span unescape(json_reader *r, ari_span raw)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint8_t *out = arena_alloc(r->arena, raw.size);
    if (out == NULL) {
        cursor_fail(r->in, ARI_LIMIT, "out of memory");
        return (ari_span){ 0 };
    }
    size_t n = 0;
    for (size_t i = 0; i < raw.size; i++) {
        if (raw.data[i] != '\\') {
            out[n++] = raw.data[i];
            continue;
        }
        uint8_t letter = raw.data[++i];
        const char *plain = letter == '\0' ? NULL : strchr(from, letter);
        size_t written = 1, used = 0;
        if (plain != NULL) {
            out[n] = (uint8_t)to[plain - from];
        } else if (letter != 'u' ||
                   (used = unescape_unicode(span_from(raw, i + 1), out + n, &written)) == 0) {
            r->in->at = (size_t)(raw.data + i - r->in->in.data) - 1;
            cursor_fail(r->in, ARI_MALFORMED, "JSON: a string holds an invalid escape");
            return (ari_span){ 0 };
        }
        n += written;
        i += used;
    }
    return (ari_span){ out, n };
}

ari_span json_string(json_reader *r)
{
    ari_cursor *c = r->in;
    if (!expect(r, '"', "a string")) return (ari_span){ 0 };
    size_t from = c->at, at = from, size = c->in.size;
    const uint8_t *data = c->in.data;
    bool escaped = false, high = false;
    for (;; at++) {
        at += scan_string(data + at, size - at);
        if (at >= size) {
            c->at = from - 1;
            cursor_fail(c, ARI_MALFORMED, "JSON: a string does not end");
            return (ari_span){ 0 };
        }
        uint8_t b = data[at];
        if (b == '"') break;
        if (b == '\\') {
            escaped = true;
            if (size - at > 1) at++;
        }
        high |= b >= 0x80;
        if (b < 0x20 && r->control_at == ARI_NO_OFFSET) r->control_at = at;
    }
    ari_span out = { data + from, at - from };
    c->at = at + 1;
    if (escaped) out = unescape(r, out);
    if (escaped && r->nul_at == ARI_NO_OFFSET && out.size > 0 && memchr(out.data, '\0', out.size) != NULL)
        r->nul_at = from;
    if ((high || escaped) && r->bad_utf8_at == ARI_NO_OFFSET && !utf8_valid(out)) r->bad_utf8_at = from;
    return out;
}

uint64_t json_uint(json_reader *r)
{
    ari_cursor *c = r->in;
    int b = peek(r);
    if (b < '0' || b > '9') {
        refuse(r, "a non-negative integer");
        return 0;
    }
    uint64_t v = 0;
    size_t from = c->at;
    for (; c->at < c->in.size; c->at++) {
        uint8_t d = c->in.data[c->at];
        if (d < '0' || d > '9') break;
        if (!mul_u64(v, 10, &v) || !add_u64(v, (uint64_t)(d - '0'), &v)) {
            c->at = from;
            cursor_fail(c, ARI_MALFORMED, "an integer is larger than 2^64-1");
            return 0;
        }
    }
    bool padded = b == '0' && c->at - from > 1;
    int after = c->at < c->in.size ? c->in.data[c->at] : -1;
    if (padded || after == '.' || after == 'e' || after == 'E') {
        c->at = from;
        cursor_fail(c, ARI_MALFORMED, "a number is not a plain integer");
        return 0;
    }
    return v;
}

static bool word(json_reader *r, const char *w)
{
    ari_cursor *c = r->in;
    if (!span_starts(span_from(c->in, c->at), w)) return false;
    c->at += strlen(w);
    return true;
}

bool json_null(json_reader *r)
{
    return peek(r) == 'n' && word(r, "null");
}

static size_t digits(ari_cursor *c)
{
    size_t from = c->at;
    while (c->at < c->in.size && c->in.data[c->at] >= '0' && c->in.data[c->at] <= '9') c->at++;
    return c->at - from;
}

static bool one_of(ari_cursor *c, const char *set)
{
    if (c->at >= c->in.size || c->in.data[c->at] == '\0' || strchr(set, c->in.data[c->at]) == NULL)
        return false;
    c->at++;
    return true;
}

static void skip_number(json_reader *r)
{
    ari_cursor *c = r->in;
    one_of(c, "-");
    bool good = one_of(c, "0") || digits(c) > 0;
    if (good && one_of(c, ".")) good = digits(c) > 0;
    if (good && one_of(c, "eE")) {
        one_of(c, "+-");
        good = digits(c) > 0;
    }
    if (!good) refuse(r, "a number");
}

/* One scalar, or the opening of an object or array. */
static void skip_start(json_reader *r, uint8_t *open)
{
    json_kind kind = json_peek(r);
    switch (kind) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        if (json_enter(r, kind)) open[r->depth - 1] = kind == JSON_OBJECT ? '}' : ']';
        return;
    case JSON_STRING: json_string(r); return;
    case JSON_NUMBER: skip_number(r); return;
    default: break;
    }
    if (!word(r, "true") && !word(r, "false") && !word(r, "null")) refuse(r, "a value");
}

ari_span json_skip(json_reader *r)
{
    uint8_t open[JSON_MAX_DEPTH];
    unsigned base = r->depth;
    peek(r);
    size_t from = r->in->at;
    skip_start(r, open);
    bool first = r->depth > base;
    while (json_ok(r) && r->depth > base) {
        unsigned depth = r->depth;
        ari_span name;
        bool more = open[depth - 1] == '}' ? json_member(r, &first, &name) : json_element(r, &first);
        if (more) skip_start(r, open);
        first = r->depth > depth;
    }
    if (!json_ok(r)) return (ari_span){ 0 };
    return (ari_span){ r->in->in.data + from, r->in->at - from };
}

bool json_end(json_reader *r)
{
    return peek(r) == -1 ? json_ok(r) : refuse(r, "the end");
}
