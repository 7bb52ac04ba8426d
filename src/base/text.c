#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static bool reserve(ari_text *t, size_t more)
{
    if (t->failed) return false;
    if (more < t->room - t->size) return true;
    size_t wanted = t->room == 0 ? 256 : t->room;
    while (wanted - t->size <= more) {
        if (wanted > SIZE_MAX / 2) break;
        wanted *= 2;
    }
    char *data = wanted - t->size > more && !t->lent ? realloc(t->data, wanted) : NULL;
    if (data == NULL) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->room = wanted;
    return true;
}

void text_put_span(ari_text *t, ari_span bytes)
{
    if (!reserve(t, bytes.size)) return;
    if (bytes.size > 0) memcpy(t->data + t->size, bytes.data, bytes.size);
    t->size += bytes.size;
    t->data[t->size] = '\0';
}

void text_put(ari_text *t, const char *words)
{
    text_put_span(t, span_of(words));
}

void text_printf(ari_text *t, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    int n = vsnprintf(NULL, 0, format, values);
    va_end(values);
    if (n < 0) t->failed = true;
    if (n < 0 || !reserve(t, (size_t)n)) return;
    va_start(values, format);
    vsnprintf(t->data + t->size, (size_t)n + 1, format, values);
    va_end(values);
    t->size += (size_t)n;
}

void text_repeat(ari_text *t, char c, size_t n)
{
    if (!reserve(t, n)) return;
    memset(t->data + t->size, c, n);
    t->size += n;
    t->data[t->size] = '\0';
}

void text_free(ari_text *t)
{
    free(t->data);
    *t = (ari_text){ 0 };
}

static unsigned utf8_length(uint8_t lead)
{
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if ((lead & 0xF0) == 0xE0) return 3;
    return lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
}

uint32_t utf8_decode(ari_span s, size_t *length)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    *length = 1;
    unsigned n = s.size == 0 ? 0 : utf8_length(s.data[0]);
    if (n == 0 || n > s.size) return UINT32_MAX;
    if (n == 1) return s.data[0];
    uint32_t code = s.data[0] & (0x7Fu >> n);
    for (unsigned i = 1; i < n; i++) {
        if ((s.data[i] & 0xC0) != 0x80) return UINT32_MAX;
        code = code << 6 | (s.data[i] & 0x3Fu);
    }
    if (code < smallest[n] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return UINT32_MAX;
    *length = n;
    return code;
}

bool utf8_valid(ari_span s)
{
    for (size_t at = 0, n; at < s.size; at += n) {
        if (utf8_decode(span_from(s, at), &n) == UINT32_MAX) return false;
    }
    return true;
}

size_t utf8_whole(ari_span s)
{
    size_t lead = s.size;
    while (lead > 0 && s.size - lead < 3 && (s.data[lead - 1] & 0xC0) == 0x80) lead--;
    if (lead == 0) return s.size;
    lead--;
    return utf8_length(s.data[lead]) > s.size - lead ? lead : s.size;
}

/* Ranges that are invisible, reorder the line, or are not characters at all:
 * C0, DEL and C1 controls; soft hyphen; grapheme joiner; Arabic letter mark; fillers;
 * zero-width and directional marks; line and paragraph separators; embeddings, overrides,
 * isolates; variation selectors; byte order mark; interlinear marks; private use and
 * non-characters; controls of shorthand and of music; tags. */
static const struct {
    uint32_t first, last;
} unsafe[] = {
    { 0x00, 0x1F },     { 0x7F, 0x9F },       { 0xAD, 0xAD },        { 0x34F, 0x34F },
    { 0x61C, 0x61C },   { 0x115F, 0x1160 },   { 0x17B4, 0x17B5 },    { 0x180B, 0x180F },
    { 0x200B, 0x200F }, { 0x2028, 0x202E },   { 0x2060, 0x206F },    { 0x3164, 0x3164 },
    { 0xFE00, 0xFE0F }, { 0xFEFF, 0xFEFF },   { 0xFFA0, 0xFFA0 },    { 0xFFF0, 0xFFFB },
    { 0xFFFE, 0xFFFF }, { 0xFDD0, 0xFDEF },   { 0x1BCA0, 0x1BCA3 },  { 0x1D173, 0x1D17A },
    { 0xE000, 0xF8FF }, { 0xE0000, 0xE0FFF }, { 0xF0000, 0x10FFFF },
};

static bool is_unsafe(uint32_t code)
{
    for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
        if (code >= unsafe[i].first && code <= unsafe[i].last) return true;
    }
    return false;
}

/* printf would do; a hostile name of ten million bytes makes it too slow. */
static void put_hex(ari_text *t, char letter, uint32_t code, size_t digits)
{
    char out[10] = { '\\', letter };
    for (size_t i = 0; i < digits; i++) out[1 + digits - i] = "0123456789abcdef"[code >> (4 * i) & 15];
    text_put_span(t, (ari_span){ (uint8_t *)out, 2 + digits });
}

static void put_code(ari_text *t, uint32_t code, ari_span bytes)
{
    switch (code) {
    case '\n': text_put(t, "\\n"); return;
    case '\r': text_put(t, "\\r"); return;
    case '\t': text_put(t, "\\t"); return;
    case '\\': text_put(t, "\\\\"); return;
    case UINT32_MAX: put_hex(t, 'x', bytes.data[0], 2); return;
    default: break;
    }
    if (!is_unsafe(code)) {
        text_put_span(t, bytes);
    } else if (code < 0x80) {
        put_hex(t, 'x', code, 2);
    } else {
        put_hex(t, code > 0xFFFF ? 'U' : 'u', code, code > 0xFFFF ? 8 : 4);
    }
}

/* How many bytes from the first on stand for themselves: nearly always all of them. */
static size_t plain_run(ari_span s)
{
    size_t n = 0;
    while (n < s.size && s.data[n] >= 0x20 && s.data[n] < 0x7F && s.data[n] != '\\') n++;
    return n;
}

void text_escape(ari_text *t, ari_span foreign, size_t most)
{
    for (size_t at = 0, n; at < foreign.size; at += n) {
        if (at >= most) {
            text_printf(t, "... (%zu bytes)", foreign.size);
            return;
        }
        ari_span rest = span_from(foreign, at);
        n = plain_run(span_first(rest, most - at));
        if (n > 0) {
            text_put_span(t, span_first(rest, n));
        } else {
            uint32_t code = utf8_decode(rest, &n);
            put_code(t, code, span_first(rest, n));
        }
    }
}

/* A character that does not show as it is within a string of JSON. */
static void put_json_code(ari_text *t, uint32_t code, ari_span bytes)
{
    if (code == UINT32_MAX) {
        put_hex(t, 'u', 0xDC00u | bytes.data[0], 4);
    } else if (code == '"') {
        text_put(t, "\\\"");
    } else if (!is_unsafe(code) || code == '\n' || code == '\r' || code == '\t') {
        put_code(t, code, bytes);
    } else if (code <= 0xFFFF) {
        put_hex(t, 'u', code, 4);
    } else {
        put_hex(t, 'u', 0xD800 + ((code - 0x10000) >> 10), 4);
        put_hex(t, 'u', 0xDC00 + ((code - 0x10000) & 0x3FF), 4);
    }
}

void text_put_json(ari_text *t, ari_span bytes)
{
    text_put(t, "\"");
    for (size_t at = 0, n; at < bytes.size; at += n) {
        ari_span rest = span_from(bytes, at);
        n = plain_run(rest);
        const uint8_t *quote = memchr(rest.data, '"', n);
        if (quote != NULL) n = (size_t)(quote - rest.data);
        if (n > 0) {
            text_put_span(t, span_first(rest, n));
        } else {
            uint32_t code = utf8_decode(rest, &n);
            put_json_code(t, code, span_first(rest, n));
        }
    }
    text_put(t, "\"");
}

ari_span arena_json_bytes(ari_arena *a, ari_span string)
{
    if (string.size < 3 || memchr(string.data, 0xED, string.size) == NULL) return string;
    uint8_t *out = arena_alloc(a, string.size);
    size_t n = 0;
    if (out == NULL) return (ari_span){ 0 };
    for (size_t at = 0; at < string.size;) {
        const uint8_t *s = string.data + at;
        bool lone =
            s[0] == 0xED && string.size - at >= 3 && (s[1] == 0xB2 || s[1] == 0xB3) && (s[2] & 0xC0) == 0x80;
        out[n++] = lone ? (uint8_t)((s[1] & 3u) << 6 | (s[2] & 0x3Fu)) : s[0];
        at += lone ? 3 : 1;
    }
    return (ari_span){ out, n };
}

void text_put_ascii(ari_text *t, const char *words)
{
    ari_span rest = span_of(words);
    for (size_t n; rest.size > 0; rest = span_from(rest, n)) {
        uint32_t code = utf8_decode(rest, &n);
        if (code < 0x80) {
            text_put_span(t, span_first(rest, n));
        } else {
            text_printf(t, code > 0xFFFF ? "\\U%08x" : "\\u%04x", code);
        }
    }
}

/* Addresses and names that GitHub would make links of, and tell somebody about, stay words. */
static const char *markdown_entity(const char *words, size_t i)
{
    bool begins = i == 0 || !isalnum((unsigned char)words[i - 1]);
    if (words[i] == '&') return "&amp;";
    if (words[i] == '@') return "&#64;";
    if (words[i] == ':' && strncmp(words + i, "://", 3) == 0) return "&#58;";
    return begins && strncasecmp(words + i, "www.", 4) == 0 ? "&#119;" : NULL;
}

void text_put_markdown(ari_text *t, const char *words)
{
    /* What would begin a list or a heading. */
    size_t digits = strspn(words, "0123456789");
    bool begins =
        words[0] != '\0' && strchr("-+=", words[0]) != NULL && (words[1] == ' ' || words[1] == words[0]);
    if (begins) text_put(t, "\\");
    for (size_t i = 0; words[i] != '\0'; i++) {
        bool numbers = i == digits && digits > 0 && (words[i] == '.' || words[i] == ')') &&
                       (words[i + 1] == ' ' || words[i + 1] == '\0');
        const char *entity = markdown_entity(words, i);
        if (entity != NULL) {
            text_put(t, entity);
            continue;
        }
        if (numbers || strchr("\\`*_{}[]<>#|~$", words[i]) != NULL) text_put(t, "\\");
        text_put_span(t, (ari_span){ (const uint8_t *)words + i, 1 });
    }
}

void text_put_html(ari_text *t, const char *words)
{
    static const char special[] = "&<>\"'";
    static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
    while (*words != '\0') {
        size_t n = strcspn(words, special);
        text_put_span(t, (ari_span){ (const uint8_t *)words, n });
        words += n;
        if (*words != '\0') text_put(t, entities[strchr(special, *words++) - special]);
    }
}

void text_thousands(ari_text *t, uint64_t n)
{
    if (n >= 1000) {
        text_thousands(t, n / 1000);
        text_printf(t, ",%03" PRIu64, n % 1000);
    } else {
        text_printf(t, "%" PRIu64, n);
    }
}

const char *arena_escape(ari_arena *a, ari_span foreign, size_t most)
{
    ari_text t = { 0 };
    text_escape(&t, foreign, most);
    const char *out = arena_copy(a, (ari_span){ (uint8_t *)t.data, t.size });
    if (t.failed) a->failed = true;
    text_free(&t);
    return out;
}

ari_shown show(ari_span foreign)
{
    enum { ROOM = 1024 }; /* Nothing grows to more than four times its size, and no memory is needed. */
    char buffer[ROOM] = "";
    ari_shown out = { "" };
    ari_text t = { .data = buffer, .room = ROOM, .lent = true };
    text_escape(&t, span_first(foreign, 96), ESCAPE_ALL);
    size_t shown = utf8_whole(span_first((ari_span){ (uint8_t *)t.data, t.size }, 140));
    snprintf(out.text, sizeof(out.text), "%.*s%s", (int)shown, t.data,
             foreign.size > 96 || t.size > shown ? "..." : "");
    return out;
}

/* East Asian wide and fullwidth blocks take two columns (UAX 11, coarsely). */
static bool is_wide(uint32_t code)
{
    return (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
           (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
           (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF01 && code <= 0xFF60) ||
           (code >= 0x1F300 && code <= 0x1FAFF) || (code >= 0x20000 && code <= 0x3FFFD);
}

size_t text_columns(const char *s)
{
    ari_span rest = span_of(s);
    size_t columns = 0;
    for (size_t n; rest.size > 0; rest = span_from(rest, n)) {
        columns += is_wide(utf8_decode(rest, &n)) ? 2 : 1;
    }
    return columns;
}

enum { WORD_MAX = 96 };

size_t text_distance(ari_span a, ari_span b)
{
    size_t row[WORD_MAX + 1];
    if (a.size > WORD_MAX || b.size > WORD_MAX) return SIZE_MAX;
    for (size_t k = 0; k <= b.size; k++) row[k] = k;
    for (size_t i = 1; i <= a.size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b.size; k++) {
            size_t above = row[k], best = diagonal + (a.data[i - 1] != b.data[k - 1]);
            if (above + 1 < best) best = above + 1;
            if (row[k - 1] + 1 < best) best = row[k - 1] + 1;
            row[k] = best;
            diagonal = above;
        }
    }
    return row[b.size];
}
