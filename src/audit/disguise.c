#include "audit/disguise.h"

#include "base/arith.h"
#include "base/text.h"
#include "read/container.h"
#include "read/sniff.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct disguise {
    size_t begins, until;
    ari_span bytes;
    const char *what;
} disguises[] = {
#define DISGUISE(begins, until, bytes, what) \
    { begins, until, { (const uint8_t *)(bytes), sizeof(bytes) - 1 }, what },
#include "audit/disguise.def"
#undef DISGUISE
};

enum { KEY_MOST = 65535 }; /* Bytes of a key of GGUF, by its description. */

/* The end of a ZIP archive is found from the end of a file: a record, and a comment of up to 64 KiB whose
 * length it states. Whatever stands before it is no matter to those who open it. */
enum { ZIP_END = 22, ZIP_COMMENT = 65535 };

static size_t zip_end(ari_span s)
{
    size_t window = s.size < ZIP_END + ZIP_COMMENT ? s.size : ZIP_END + ZIP_COMMENT;
    for (size_t at = s.size - window; at + ZIP_END <= s.size; at++) {
        const uint8_t *p = s.data + at;
        if (p[0] != 'P' || memcmp(p, "PK\x05\x06", 4) != 0) continue;
        size_t comment = (size_t)p[20] | (size_t)p[21] << 8;
        if (at + ZIP_END + comment == s.size) return at;
    }
    return SIZE_MAX;
}

static void note(ari_checkpoint *c, const ari_file *f, size_t at, const char *what)
{
    finding_add(&c->findings, ARI_FINDING_POLYGLOT, NO_TENSOR, at, "%sread as %s here, but %s", f->where,
                f->container->word, what);
}

void disguise_check(ari_checkpoint *c)
{
    for (size_t i = 0; i < c->file_count; i++) {
        const ari_file *f = &c->files[i];
        if (f->container == NULL || f->inflater != NULL) continue;
        for (size_t k = 0; k < sizeof(disguises) / sizeof(disguises[0]); k++) {
            const struct disguise *d = &disguises[k];
            ari_span there = span_first(span_from(f->map, d->begins), d->until - d->begins);
            const uint8_t *found =
                there.data == NULL ? NULL : memmem(there.data, there.size, d->bytes.data, d->bytes.size);
            if (found != NULL) note(c, f, (size_t)(found - f->map.data), d->what);
        }
        size_t at = zip_end(f->map);
        if (at != SIZE_MAX) note(c, f, at, "a ZIP archive ends with its last byte");
    }
}

/* --- Padding ------------------------------------------------------------------------------------ */

/* Once a file is enough. */
static bool check_bytes(ari_checkpoint *c, const ari_file *f, uint64_t begin, uint64_t end)
{
    if (end <= begin || end - begin > f->padding || end > f->map.size) return false;
    for (uint64_t i = begin; i < end; i++) {
        if (f->map.data[i] == 0) continue;
        const char *what = sniff_what(span_first(span_from(f->map, (size_t)i), (size_t)(end - i)));
        finding_add(&c->findings, ARI_FINDING_PADDING, NO_TENSOR, i,
                    "%sof the %" PRIu64
                    " bytes of padding here, not all are zero; this is the first place%s%s",
                    f->where, end - begin, what == NULL ? "" : "; they look like ", what == NULL ? "" : what);
        return true;
    }
    return false;
}

bool padding_check(ari_checkpoint *c)
{
    const ari_tensors *t = &c->tensors;
    ari_tensor **order = tensors_by_place(t);
    if (order == NULL) return false;
    size_t at = 0;
    for (size_t i = 0; i < c->file_count; i++) {
        const ari_file *f = &c->files[i];
        bool looks = f->container != NULL && f->inflater == NULL && f->padding > 0;
        bool found = looks && check_bytes(c, f, f->header_end, f->data_at);
        uint64_t end = f->data_at, own;
        for (; at < t->count && order[at]->file == i; at++) {
            if (looks && !found) found = check_bytes(c, f, end, order[at]->begin);
            if (add_u64(order[at]->begin, order[at]->bytes, &own) && own > end) end = own;
        }
        if (looks && !found) check_bytes(c, f, end, f->content);
    }
    free(order);
    return true;
}

/* --- Metadata ------------------------------------------------------------------------------------- */

#define T(type) (1u << ARI_META_##type)
#define OF(type) (1u << (16 + ARI_META_##type))

/* `end`: what a key ends with, or is, where it begins with no point. */
static const struct key_type {
    const char *end;
    uint32_t types; /* Of values; in the upper half, of elements of arrays. */
} key_types[] = {
#define KEY_TYPE(end, types) { end, types },
#include "audit/key_type.def"
#undef KEY_TYPE
};

static bool is_meant(const struct key_type *k, ari_span key)
{
    return k->end[0] == '.' ? span_ends(key, k->end) && !span_starts(key, "general.") : span_is(key, k->end);
}

static void check_type(ari_checkpoint *c, const ari_meta *m)
{
    bool array = m->type == ARI_META_ARRAY;
    uint32_t own = array ? 1u << (16 + m->element) : 1u << m->type;
    size_t k = 0;
    while (k < sizeof(key_types) / sizeof(key_types[0]) && !is_meant(&key_types[k], m->key)) k++;
    if (k == sizeof(key_types) / sizeof(key_types[0]) || (key_types[k].types & own) != 0) return;
    finding_add(&c->findings, ARI_FINDING_KEY_TYPE, NO_TENSOR, m->at,
                "%skey \"%s\" is of type %s%s, which its loaders do not take", c->files[m->file].where,
                show(m->key).text, array ? "array of " : "", meta_type_word(array ? m->element : m->type));
}

static bool is_plain_key(ari_span key)
{
    for (size_t i = 0; i < key.size; i++) {
        if (key.data[i] <= 0x20 || key.data[i] >= 0x7F) return false;
    }
    return key.size <= KEY_MOST;
}

/* Lines and tabs lay a text out; what else does not print is odd. */
static bool is_odd_text(ari_span text)
{
    for (size_t n; text.size > 0; text = span_from(text, n)) {
        uint32_t code = utf8_decode(text, &n);
        bool lays_out = code == '\n' || code == '\r' || code == '\t';
        bool turns = (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
        if (code == UINT32_MAX || (code < 0x20 && !lays_out) || (code >= 0x7F && code < 0xA0) || turns)
            return true;
    }
    return false;
}

/* Templates are looked at by themselves, and tokens may be any bytes. */
static void check_texts(ari_checkpoint *c, const ari_meta *m)
{
    const ari_file *f = &c->files[m->file];
    if (f->version > 0 ? !is_plain_key(m->key) : is_odd_text(m->key)) {
        finding_add(&c->findings, ARI_FINDING_ODD_KEY, NO_TENSOR, m->at, "%skey \"%s\" of %zu bytes",
                    f->where, show(m->key).text, m->key.size);
    }
    if (m->type == ARI_META_STRING && is_odd_text(m->bytes)) {
        finding_add(&c->findings, ARI_FINDING_ODD_TEXT, NO_TENSOR, m->at,
                    "%sthe text of key \"%s\" does not all print", f->where, show(m->key).text);
    }
}

/* Of a split model the first file has the model's keys. */
static void check_architecture(ari_checkpoint *c)
{
    const ari_file *f = &c->files[0];
    if (f->version == 0 || c->incomplete || metadata_find(&c->metadata, "general.architecture") != NULL)
        return;
    finding_add(&c->findings, ARI_FINDING_KEY_MISSING, NO_TENSOR, ARI_NO_OFFSET,
                "%sthere is no general.architecture", f->where);
}

void metadata_check(ari_checkpoint *c)
{
    for (size_t i = 0; i < c->metadata.count; i++) {
        const ari_meta *m = &c->metadata.rows[i];
        if (c->files[m->file].version > 0) check_type(c, m);
        check_texts(c, m);
    }
    check_architecture(c);
}
