#include "audit/template.h"

#include "base/json.h"
#include "read/map.h"

#include <ctype.h>
#include <inttypes.h>

typedef enum place { ANYWHERE, WORD, CALL, DOT, FILTER, TAG } place;

static const struct reach {
    place place;
    const char *word, *what;
} reaches[] = {
#define REACHES(place, word, what) { place, word, what },
#include "audit/template.def"
#undef REACHES
};

enum { REACHES_KEPT = 8, REACHES = sizeof(reaches) / sizeof(reaches[0]) };

/* A template while it is read, statement by statement. */
typedef struct reading {
    ari_findings *findings;
    ari_span text;
    const char *from;
    uint64_t at;
    size_t found;
    bool seen[REACHES];
} reading;

static void note(reading *r, size_t at, ari_span word, const char *what)
{
    if (r->found++ >= REACHES_KEPT) return;
    finding_add(r->findings, ARI_FINDING_CHAT_TEMPLATE, NO_TENSOR,
                r->at == ARI_NO_OFFSET ? ARI_NO_OFFSET : r->at + at,
                "%s reaches for %s: \"%s\" at character %zu of it; it was read, not rendered", r->from, what,
                show(word).text, at + 1);
}

static bool is_word(uint8_t c)
{
    return isalnum(c) != 0 || c == '_';
}

static uint8_t byte_at(ari_span s, size_t i)
{
    return i < s.size ? s.data[i] : 0;
}

/* Words between double underscores: __class__, __globals__. */
static size_t dunder_at(ari_span s, size_t i)
{
    size_t n = 2;
    if (byte_at(s, i) != '_' || byte_at(s, i + 1) != '_' || !isalpha(byte_at(s, i + 2))) return 0;
    while (is_word(byte_at(s, i + n))) n++;
    return n > 4 && byte_at(s, i + n - 1) == '_' && byte_at(s, i + n - 2) == '_' ? n : 0;
}

static uint8_t next_mark(ari_span s, size_t i)
{
    while (i < s.size && isspace(s.data[i])) i++;
    return byte_at(s, i);
}

static bool stands_in_place(const struct reach *w, ari_span s, size_t end, uint8_t before, bool first)
{
    switch (w->place) {
    case WORD: return true;
    case CALL: return next_mark(s, end) == '(';
    case DOT: return next_mark(s, end) == '.' && before != '.';
    case FILTER: return before == '|';
    case TAG: return first;
    case ANYWHERE: break;
    }
    return false;
}

static void note_once(reading *r, size_t i, size_t at)
{
    if (!r->seen[i]) note(r, at, span_of(reaches[i].word), reaches[i].what);
    r->seen[i] = true;
}

/* A word outside of strings, from `at` to `end`. */
static void check_word(reading *r, size_t at, size_t end, uint8_t before, bool first)
{
    ari_span word = span_first(span_from(r->text, at), end - at);
    for (size_t i = 0; i < REACHES; i++) {
        bool is = reaches[i].place != ANYWHERE && span_is(word, reaches[i].word);
        if (is && stands_in_place(&reaches[i], r->text, end, before, first)) note_once(r, i, at);
    }
}

static void check_anywhere(reading *r, size_t at, size_t end)
{
    if (at >= end) return;
    ari_span rest = span_first(span_from(r->text, at), end - at);
    for (size_t i = 0; i < REACHES; i++) {
        bool may = reaches[i].place == ANYWHERE && reaches[i].word[0] == (char)rest.data[0];
        if (may && span_starts(rest, reaches[i].word)) note_once(r, i, at);
    }
    size_t n = dunder_at(rest, 0);
    bool inside = at > 0 && is_word(r->text.data[at - 1]);
    if (n > 0 && !inside) note(r, at, span_first(rest, n), "an attribute of Python's own");
}

/* An expression or statement, its marks left out. */
static void check_code(reading *r, size_t begin, size_t end, bool statement)
{
    uint8_t quote = 0, before = 0;
    bool first = statement;
    for (size_t i = begin; i < end; i++) {
        uint8_t c = r->text.data[i];
        check_anywhere(r, i, end);
        if (quote != 0) {
            if (c == '\\') {
                check_anywhere(r, ++i, end);
            } else if (c == quote) {
                quote = 0;
            }
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (is_word(c)) {
            size_t from = i;
            while (i + 1 < end && is_word(r->text.data[i + 1])) check_anywhere(r, ++i, end);
            check_word(r, from, i + 1, before, first);
            first = false;
            before = 'a';
        } else if (!isspace(c) && c != '-' && c != '+') {
            before = c;
        }
    }
}

/* Where what begins at `i` with that mark ends: its other mark, outside of strings. */
static size_t code_end(ari_span s, size_t i, uint8_t mark)
{
    uint8_t quote = 0;
    for (; i < s.size; i++) {
        uint8_t c = s.data[i];
        if (quote != 0 && c == '\\') {
            i++;
        } else if (quote != 0) {
            if (c == quote) quote = 0;
        } else if (mark != '#' && (c == '"' || c == '\'')) {
            quote = c;
        } else if (c == mark && byte_at(s, i + 1) == '}') {
            return i;
        }
    }
    return s.size;
}

void template_check(ari_findings *f, ari_span text, const char *from, uint64_t at)
{
    reading r = { .findings = f, .text = text, .from = from, .at = at };
    for (size_t i = 0; i + 1 < text.size; i++) {
        uint8_t kind = text.data[i + 1];
        if (text.data[i] != '{' || (kind != '{' && kind != '%' && kind != '#')) continue;
        size_t end = code_end(text, i + 2, kind == '{' ? '}' : kind);
        if (kind != '#') check_code(&r, i + 2, end, kind == '%');
        i = end;
    }
    if (r.found > REACHES_KEPT) {
        finding_add(f, ARI_FINDING_CHAT_TEMPLATE, NO_TENSOR, at, "%s: %zu more of the same kind", from,
                    r.found - REACHES_KEPT);
    } else if (r.found == 0) {
        finding_add(
            f, ARI_FINDING_CHAT_TEMPLATE_READ, NO_TENSOR, at,
            "%s, %zu bytes, was read and not rendered: none of what is looked for was found, which is "
            "not a proof of harmlessness",
            from, text.size);
    }
}

/* --- Where they are -------------------------------------------------------------------------- */

static void check_metadata(ari_checkpoint *c)
{
    for (size_t i = 0; i < c->metadata.count; i++) {
        const ari_meta *m = &c->metadata.rows[i];
        bool own = c->files[m->file].version > 0 && m->type == ARI_META_STRING;
        if (!own || !span_starts(m->key, "tokenizer.chat_template")) continue;
        const ari_file *file = &c->files[m->file];
        const uint8_t *begin = file->map.data;
        bool mapped = file->inflater == NULL && m->bytes.data >= begin && m->bytes.size > 0;
        const char *from = arena_printf(&c->arena, "%s%s", file->where, show(m->key).text);
        template_check(&c->findings, m->bytes, from, mapped ? (uint64_t)(m->bytes.data - begin) : m->at);
    }
}

static void check_value(ari_checkpoint *c, const json_tree *value, const char *from)
{
    if (json_text(value) != NULL)
        template_check(&c->findings, span_of(json_text(value)), from, ARI_NO_OFFSET);
}

/* "chat_template" is a template, or a list or an object of several with names. */
static void check_configuration(ari_checkpoint *c, const char *name, ari_span text)
{
    ari_err err = ARI_ERR_INIT;
    json_tree *tree = json_parse(text, &err);
    const json_tree *value = json_get(tree, "chat_template");
    const char *from = arena_printf(&c->arena, "%s: chat_template", name);
    check_value(c, value, from);
    for (const json_tree *one = json_child(value); one != NULL; one = json_next(one)) {
        check_value(c, json_is_object(one) ? json_get(one, "template") : one, from);
    }
    json_free(tree);
    if (ari_is_out_of_memory(&err)) c->arena.failed = true;
}

void templates_check(ari_checkpoint *c)
{
    static const char *const files[] = { "tokenizer_config.json", "chat_template.json",
                                         "processor_config.json", "chat_template.jinja" };
    check_metadata(c);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        ari_span text;
        ari_err unused = ARI_ERR_INIT;
        if (checkpoint_sidecar(c, files[i], &text, &unused) != ARI_OK) continue;
        if (span_ends(span_of(files[i]), ".jinja")) {
            template_check(&c->findings, text, files[i], 0);
        } else {
            check_configuration(c, files[i], text);
        }
        map_close(text);
    }
}
