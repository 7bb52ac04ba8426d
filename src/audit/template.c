#include "audit/template.h"

#include "base/json.h"
#include "read/walk.h"

#include <ctype.h>
#include <inttypes.h>

typedef enum place { ANYWHERE, WORD, CALL, INTO, PRIVATE, FILTER, TAG } place;

static const struct reach {
    place place;
    const char *word, *what;
} reaches[] = {
#define REACHES(place, word, what) { place, word, what },
#include "audit/template.def"
#undef REACHES
};

enum { REACHES_KEPT = 8, NAMES_MOST = 64, REACHES = sizeof(reaches) / sizeof(reaches[0]) };

static const char a_dunder[] = "an attribute of Python's own", in_disguise[] = "a letter in disguise",
                  by_string[] = "an attribute by a string";

/* A template while it is read, statement by statement. */
typedef struct reading {
    ari_findings *findings;
    ari_span text;
    const char *from;
    uint64_t at;
    size_t found;
    ari_span own[NAMES_MOST]; /* Names that it sets itself. */
    size_t own_count;
} reading;

static void note(reading *r, size_t at, size_t size, const char *what)
{
    if (r->found++ >= REACHES_KEPT) return;
    finding_add(r->findings, ARI_FINDING_CHAT_TEMPLATE, NO_TENSOR,
                r->at == ARI_NO_OFFSET ? ARI_NO_OFFSET : r->at + at,
                "%s reaches for %s: \"%s\" at character %zu of it; it was read, not rendered", r->from, what,
                show(span_first(span_from(r->text, at), size)).text, at + 1);
}

static bool is_word(uint8_t c)
{
    return isalnum(c) != 0 || c == '_' || c >= 0x80;
}

static uint8_t byte_at(ari_span s, size_t i)
{
    return i < s.size ? s.data[i] : 0;
}

static size_t past_blanks(ari_span s, size_t i)
{
    while (i < s.size && isspace(s.data[i])) i++;
    return i;
}

/* --- Strings ---------------------------------------------------------------------------------- */

/* A letter, digit or underscore written by its number or name: "\x5f", "\137", "\N{LOW LINE}". There is no
 * other reason to write it so. */
static bool is_disguise(ari_span s, size_t i)
{
    uint8_t kind = byte_at(s, i + 1);
    size_t digits = kind == 'x'   ? 2
                    : kind == 'u' ? 4
                    : kind == 'U' ? 8
                                  : 3,
           first = i + (isdigit(kind) ? 1 : 2);
    unsigned base = isdigit(kind) ? 8 : 16, code = 0;
    if (kind == 'N') return true;
    if (kind != 'x' && kind != 'u' && kind != 'U' && !isdigit(kind)) return false;
    for (size_t k = 0; k < digits; k++) {
        uint8_t c = byte_at(s, first + k);
        if (!isxdigit(c) || (base == 8 && (c < '0' || c > '7'))) break;
        code = code * base + (unsigned)(isdigit(c) ? c - '0' : tolower(c) - 'a' + 10);
    }
    return code < 0x80 && (isalnum((int)code) || code == '_');
}

static void check_anywhere(reading *r, size_t at, size_t end)
{
    ari_span rest = span_first(span_from(r->text, at), end - at);
    for (size_t i = 0; i < REACHES; i++) {
        bool may = reaches[i].place == ANYWHERE && rest.size > 0 && reaches[i].word[0] == (char)rest.data[0];
        if (may && span_starts(rest, reaches[i].word)) note(r, at, strlen(reaches[i].word), reaches[i].what);
    }
}

/* From behind its quote to before the other. Pieces of names are told as names are: they can be put together.
 */
static void check_string(reading *r, size_t begin, size_t end)
{
    ari_span s = span_first(r->text, end);
    bool only = end > begin;
    for (size_t i = begin; i < end; i++) {
        only = only && s.data[i] == '_';
        bool pair = s.data[i] == '_' && byte_at(s, i + 1) == '_' && (i == begin || s.data[i - 1] != '_');
        bool meets = isalpha(byte_at(s, i + 2)) || (i > begin && isalpha(s.data[i - 1]));
        if (pair && meets) {
            size_t from = i;
            while (i + 1 < end && is_word(s.data[i + 1])) i++;
            note(r, from, i + 1 - from, a_dunder);
            only = false;
            continue;
        }
        if (s.data[i] == '\\' && is_disguise(s, i)) note(r, i, 4, in_disguise);
        check_anywhere(r, i, end);
        if (s.data[i] == '\\') i++;
    }
    if (only) note(r, begin, end - begin, "a piece of such a name");
    /* "%c" % 95 */
    uint8_t next = byte_at(r->text, past_blanks(r->text, end + 1));
    const uint8_t *form = end > begin ? memmem(s.data + begin, end - begin, "%c", 2) : NULL;
    if (form != NULL && (next == '%' || next == '|')) note(r, (size_t)(form - s.data), 2, in_disguise);
}

/* Where the string ends whose quote stands at i: at its other quote, or at the end. */
static size_t string_end(ari_span s, size_t i)
{
    uint8_t quote = s.data[i++];
    while (i < s.size && s.data[i] != quote) i += s.data[i] == '\\' ? 2 : 1;
    return i < s.size ? i : s.size;
}

/* --- Words -------------------------------------------------------------------------------------- */

static bool is_own(const reading *r, ari_span word)
{
    for (size_t i = 0; i < r->own_count; i++) {
        if (span_eq(r->own[i], word)) return true;
    }
    return false;
}

static bool stands_in_place(const reading *r, place p, ari_span word, size_t end, uint8_t before, bool first)
{
    size_t next = past_blanks(r->text, end);
    uint8_t c = byte_at(r->text, next);
    bool free = before != '.' && !is_own(r, word);
    switch (p) {
    case WORD: return true;
    case CALL: return c == '(' && !is_own(r, word);
    case INTO: return (c == '.' || c == '[') && free;
    case PRIVATE:
        return (c == '[' || (c == '.' && byte_at(r->text, past_blanks(r->text, next + 1)) == '_')) && free;
    case FILTER: return before == '|';
    case TAG: return first;
    case ANYWHERE: break;
    }
    return false;
}

/* __class__ */
static bool is_dunder(ari_span w)
{
    return w.size > 4 && span_starts(w, "__") && span_ends(w, "__") && isalpha(w.data[2]);
}

/* map(attribute='x'): of anything but a plain string nobody knows which. */
static bool is_made_attribute(const reading *r, ari_span word, size_t end)
{
    size_t i = past_blanks(r->text, end);
    if (!span_is(word, "attribute") || byte_at(r->text, i) != '=' || byte_at(r->text, i + 1) == '=')
        return false;
    i = past_blanks(r->text, i + 1);
    uint8_t quote = byte_at(r->text, i);
    if (quote != '"' && quote != '\'') return true;
    uint8_t after = byte_at(r->text, past_blanks(r->text, string_end(r->text, i) + 1));
    return after != ')' && after != ',';
}

/* A word outside of strings, from `at` to `end`. */
static void check_word(reading *r, size_t at, size_t end, uint8_t before, bool first)
{
    ari_span word = span_first(span_from(r->text, at), end - at);
    if (is_dunder(word)) note(r, at, word.size, a_dunder);
    if (is_made_attribute(r, word, end)) note(r, at, word.size, by_string);
    for (size_t i = 0; i < REACHES; i++) {
        bool anywhere = reaches[i].place == ANYWHERE;
        if (!anywhere && span_is(word, reaches[i].word) &&
            stands_in_place(r, reaches[i].place, word, end, before, first))
            note(r, at, word.size, reaches[i].what);
    }
    for (size_t i = at; i < end; i++) check_anywhere(r, i, end);
}

/* --- Expressions and statements --------------------------------------------------------------------- */

/* "macro input(m)", "set sys = ...", "for os in ...": what they name from here on is the template's own. */
static void learn_name(reading *r, ari_span tag, ari_span word, size_t nth)
{
    bool names = span_is(tag, "macro") || span_is(tag, "set") || span_is(tag, "for");
    if (names && nth == 1 && r->own_count < NAMES_MOST) r->own[r->own_count++] = word;
}

/* An expression or statement, its marks left out. */
static void check_code(reading *r, size_t begin, size_t end, bool statement)
{
    uint8_t before = 0;
    size_t words = 0;
    ari_span tag = { 0 }, code = span_first(r->text, end);
    for (size_t i = begin; i < end; i++) {
        uint8_t c = code.data[i];
        if (c == '"' || c == '\'') {
            size_t stop = string_end(code, i);
            check_string(r, i + 1, stop);
            i = stop;
            before = c;
        } else if (is_word(c)) {
            size_t from = i;
            while (i + 1 < end && is_word(code.data[i + 1])) i++;
            ari_span word = span_first(span_from(code, from), i + 1 - from);
            if (statement && words == 0) tag = word;
            if (statement) learn_name(r, tag, word, words);
            check_word(r, from, i + 1, before, statement && words == 0);
            words++;
            before = 'a';
        } else if (!isspace(c) && c != '-' && c != '+') {
            before = c;
        }
    }
}

/* Where what begins at `i` ends: at its mark, outside of strings and of brackets, as Jinja has it. */
static size_t code_end(ari_span s, size_t i, uint8_t mark)
{
    size_t open = 0;
    for (; i < s.size; i++) {
        uint8_t c = s.data[i];
        if (open == 0 && c == mark && byte_at(s, i + 1) == '}') return i;
        if (c == '"' || c == '\'') i = string_end(s, i);
        if (c == '(' || c == '[' || c == '{') open++;
        if ((c == ')' || c == ']' || c == '}') && open > 0) open--;
    }
    return s.size;
}

/* Where a comment ends: whatever is in it. */
static size_t comment_end(ari_span s, size_t i)
{
    const uint8_t *end = i < s.size ? memmem(s.data + i, s.size - i, "#}", 2) : NULL;
    return end == NULL ? s.size : (size_t)(end - s.data);
}

static bool is_tag(ari_span s, size_t begin, const char *word)
{
    if (byte_at(s, begin) == '-' || byte_at(s, begin) == '+') begin++;
    ari_span rest = span_from(s, past_blanks(s, begin));
    return span_starts(rest, word) && !is_word(byte_at(rest, strlen(word)));
}

/* What stands in {% raw %} is text, up to {% endraw %}. */
static size_t raw_end(ari_span s, size_t i)
{
    for (; i + 1 < s.size; i++) {
        if (s.data[i] == '{' && s.data[i + 1] == '%' && is_tag(s, i + 2, "endraw")) return i;
    }
    return s.size;
}

static void check_all(reading *r)
{
    ari_span s = r->text;
    for (size_t i = 0; i + 1 < s.size; i++) {
        uint8_t kind = s.data[i + 1];
        if (s.data[i] != '{' || (kind != '{' && kind != '%' && kind != '#')) continue;
        if (kind == '#') {
            i = comment_end(s, i + 2) + 1;
        } else {
            size_t end = code_end(s, i + 2, kind == '{' ? '}' : '%');
            check_code(r, i + 2, end, kind == '%');
            bool raw = kind == '%' && is_tag(span_first(s, end), i + 2, "raw");
            i = raw ? raw_end(s, end) - 1 : end + 1;
        }
    }
}

void template_check(ari_findings *f, ari_span text, const char *from, uint64_t at)
{
    reading r = { .findings = f, .text = text, .from = from, .at = at };
    check_all(&r);
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
        bool mapped =
            file->inflater == NULL && file->map.size > 0 && m->bytes.data >= begin && m->bytes.size > 0;
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
    if (tree == NULL) checkpoint_unreadable(c, name, &err);
    json_free(tree);
}

static void check_file(ari_checkpoint *c, const char *name)
{
    ari_span text = { 0 };
    ari_err err = ARI_ERR_INIT;
    ari_status status = checkpoint_sidecar(c, name, &text, &err);
    if (status == ARI_NOT_FOUND) return;
    const char *shown = arena_escape(&c->arena, span_of(name), ESCAPE_ALL);
    if (status != ARI_OK) {
        checkpoint_unreadable(c, shown, &err);
    } else if (span_ends(span_of(name), ".jinja")) {
        template_check(&c->findings, text, shown, 0);
    } else {
        check_configuration(c, shown, text);
    }
    checkpoint_sidecar_close(c, text);
}

void templates_check(ari_checkpoint *c)
{
    static const char *const files[] = { "tokenizer_config.json", "chat_template.json",
                                         "processor_config.json", "chat_template.jinja" };
    static const char more[] = "additional_chat_templates";
    folder_walk w;
    check_metadata(c);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) check_file(c, files[i]);
    if (c->capsule != NULL) return;
    walk_open(&w, arena_printf(&c->arena, "%s%s", c->folder, more), 1);
    for (uint64_t seen = 0; seen < c->limits.files && walk_next(&w); seen++) {
        if (span_ends(span_of(walk_name(&w)), ".jinja"))
            check_file(c, arena_printf(&c->arena, "%s/%s", more, walk_name(&w)));
    }
    walk_close(&w);
}
