#include "compare/key.h"

#include "base/text.h"

enum { CORE = 1, SIZES = 2 };

static const struct row {
    uint8_t field, flags;
} rows[] = {
#define KEY(field, flags) { ARI_FIELD_##field, flags },
#include "compare/key.def"
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const ari_keys core_keys =
#define KEY(field, flags) | (((flags)&CORE) != 0 ? UINT64_C(1) << ARI_FIELD_##field : 0)
    0
#include "compare/key.def"
    ;

static const ari_keys size_keys =
#define KEY(field, flags) | (((flags)&SIZES) != 0 ? UINT64_C(1) << ARI_FIELD_##field : 0)
    0
#include "compare/key.def"
    ;

ari_keys keys_core(void)
{
    return core_keys;
}

ari_keys keys_sizes(void)
{
    return size_keys;
}

size_t keys_count(ari_keys set)
{
    size_t n = 0;
    for (; set != 0; set &= set - 1) n++;
    return n;
}

const char *key_name(size_t key)
{
    return key == ARI_KEY_EXPERTS ? "experts" : field_info((ari_field)key)->name;
}

static void add(ari_key_list *list, size_t key)
{
    if ((list->set & key_bit(key)) == 0) list->at[list->count++] = (uint8_t)key;
    list->set |= key_bit(key);
}

static size_t key_named(ari_span word)
{
    size_t key = 0;
    while (key < ARI_KEY_COUNT && !span_is(word, key_name(key))) key++;
    return key;
}

static ari_status no_such_key(ari_span word, ari_err *err)
{
    ari_status status =
        ari_fail(err, ARI_USAGE, ARI_NO_OFFSET, "no key \"%s\" to compare by", show(word).text);
    ari_hint(err, "keys are core, extended, all, experts, or fields as --json names them: "
                  "hidden_size,vocab_size");
    return status;
}

ari_status keys_parse(const char *words, ari_key_list *out, ari_err *err)
{
    *out = (ari_key_list){ .count = 0 };
    for (ari_span rest = span_of(words); rest.size > 0;) {
        size_t n = 0;
        while (n < rest.size && rest.data[n] != ',') n++;
        ari_span word = span_first(rest, n);
        rest = span_from(rest, n + 1);
        bool core = span_is(word, "core"), extended = span_is(word, "extended"), all = span_is(word, "all");
        for (size_t i = 0; i < ROWS; i++) {
            if (extended || (core && (rows[i].flags & CORE) != 0)) add(out, rows[i].field);
        }
        for (size_t i = 0; all && i < ARI_FIELD_COUNT; i++) add(out, i);
        if (core || extended || all) continue;
        size_t key = key_named(word);
        if (key == ARI_KEY_COUNT) return no_such_key(word, err);
        add(out, key);
    }
    return out->count > 0 ? ARI_OK : no_such_key(span_of(words), err);
}
