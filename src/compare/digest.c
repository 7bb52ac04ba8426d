#include "compare/digest.h"

/* FNV-1a; the NUL that ends a text separates it from the next. */
static void digest_text(uint64_t *hash, const char *text)
{
    size_t i = 0;
    do {
        *hash = (*hash ^ (uint8_t)text[i]) * UINT64_C(0x100000001b3);
    } while (text[i++] != '\0');
}

static void digest_number(uint64_t *hash, uint64_t n)
{
    for (size_t i = 0; i < 8; i++) *hash = (*hash ^ (n >> (8 * i) & 255)) * UINT64_C(0x100000001b3);
}

/* In the order of fields, whatever that of the file was. */
static void digest_stated(uint64_t *hash, const ari_value *pool, const ari_stated *stated, size_t n)
{
    for (size_t f = 0; f < ARI_FIELD_COUNT; f++) {
        for (size_t i = 0; i < n; i++) {
            if (stated[i].field != f) continue;
            digest_text(hash, field_info((ari_field)f)->name);
            digest_text(hash, pool[stated[i].value].json);
        }
    }
}

uint64_t digest_entry(const ari_entry *e)
{
    uint64_t start = UINT64_C(0xcbf29ce484222325), *hash = &start;
    digest_text(hash, e->name);
    digest_stated(hash, e->pool, e->stated, e->stated_count);
    for (size_t i = 0; i < e->tower_count; i++) {
        digest_text(hash, e->towers[i].role);
        digest_stated(hash, e->pool, e->towers[i].stated, e->towers[i].stated_count);
    }
    digest_number(hash, e->total_params);
    digest_number(hash, e->active_params);
    digest_number(hash, (uint64_t)e->plain_mlp << 1 | (uint64_t)e->partly_dense);
    return start;
}
