#include "read/capsule_reading.h"

void capsule_pass_over(capsule_reading *r, ari_span what, size_t at)
{
    if (r->passed_over++ > 0) return;
    r->passed = show(what);
    r->passed_at = at;
}

static size_t name_index(const char *const *names, ari_span name)
{
    size_t i = 0;
    while (names[i] != NULL && !span_is(name, names[i])) i++;
    return i;
}

void capsule_find_members(capsule_reading *r, bool first, const char *const *names, size_t *at)
{
    json_reader *j = &r->json;
    ari_span name;
    while (json_member(j, &first, &name)) {
        size_t i = name_index(names, name);
        json_peek(j);
        if (names[i] == NULL) {
            capsule_pass_over(r, name, r->c->at);
        } else {
            at[i] = r->c->at;
        }
        json_skip(j);
    }
}

ari_span capsule_take_text(capsule_reading *r)
{
    ari_span out = arena_json_bytes(&r->into->arena, json_string(&r->json));
    if (out.data == NULL) cursor_fail(r->c, ARI_LIMIT, "out of memory");
    return out;
}

bool capsule_go_to(capsule_reading *r, size_t at)
{
    if (at == 0 || !json_ok(&r->json)) return false;
    r->c->at = at;
    return !json_null(&r->json);
}

ari_span capsule_text_at(capsule_reading *r, size_t at)
{
    return capsule_go_to(r, at) ? capsule_take_text(r) : (ari_span){ 0 };
}

uint64_t capsule_take_number(capsule_reading *r)
{
    if (json_peek(&r->json) != JSON_STRING) return json_uint(&r->json);
    size_t at = r->c->at;
    ari_span digits = json_string(&r->json);
    uint64_t n = 0;
    bool good = json_ok(&r->json) && digits.size > 0;
    for (size_t i = 0; good && i < digits.size; i++) {
        uint8_t d = digits.data[i];
        good = d >= '0' && d <= '9' && mul_u64(n, 10, &n) && add_u64(n, (uint64_t)(d - '0'), &n);
    }
    if (good || !json_ok(&r->json)) return good ? n : 0;
    r->c->at = at;
    cursor_fail(r->c, ARI_MALFORMED, "a string is no number up to 2^64-1");
    return 0;
}

uint64_t capsule_number_at(capsule_reading *r, size_t at, uint64_t otherwise)
{
    return capsule_go_to(r, at) ? capsule_take_number(r) : otherwise;
}
