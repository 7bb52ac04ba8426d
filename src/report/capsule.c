/* capsule.c -- a model's headers as a capsule. read/capsule.h has the format. */
#include "read/capsule.h"

#include "audit/sweep.h"
#include "base/json.h"
#include "base/zstd.h"
#include "infer/model.h"
#include "lineage/sketch.h"
#include "read/capsule_meta.h"
#include "read/capsule_print.h"
#include "read/container.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>

typedef struct writing {
    ari_checkpoint *c;
    bool beside; /* With what lies beside it. */
    ari_text out;
    hash_library library;
    bool hashes; /* There is something to hash with. */
    ari_sums sums;
    uint64_t *prints; /* A hash a row, 0 for none; or NULL. */
} writing;

/* What reading a capsule finds again, of rows or of what it keeps: all other findings are written down. */
static const ari_finding_id found_again[] = {
    ARI_FINDING_OVERLAP,         ARI_FINDING_GAP,
    ARI_FINDING_TRAILING_BYTES,  ARI_FINDING_TRAILING_BYTES_GGUF,
    ARI_FINDING_TRUNCATED_DATA,  ARI_FINDING_COMPRESSED,
    ARI_FINDING_ODD_NAME,        ARI_FINDING_CONFIG_UNREADABLE,
    ARI_FINDING_CARD_UNREADABLE,
};

static void put_text(ari_text *out, const char *name, const char *value)
{
    text_printf(out, ",\"%s\":", name);
    text_put_json(out, span_of(value));
}

static void put_number(ari_text *out, const char *name, uint64_t value)
{
    text_printf(out, ",\"%s\":", name);
    json_put_uint(out, value);
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* --- The whole ---------------------------------------------------------------------------------- */

/* The last part of the path, without slashes after it; of the real one where it ends in dots. */
static ari_span own_name(const ari_checkpoint *c, char *real)
{
    ari_span path = span_of(c->path);
    if (span_ends(path, ".") && realpath(c->path, real) != NULL) path = span_of(real);
    while (path.size > 1 && span_ends(path, "/")) path.size--;
    size_t at = path.size;
    while (at > 0 && path.data[at - 1] != '/') at--;
    return span_from(path, at);
}

static void put_head(writing *w)
{
    const ari_checkpoint *c = w->c;
    char real[PATH_MAX];
    text_printf(&w->out, "{\"schema\":\"" CAPSULE_SCHEMA "%d\",\"name\":", CAPSULE_MAJOR);
    text_put_json(&w->out, own_name(c, real));
    put_number(&w->out, "files", c->file_count);
    put_number(&w->out, "tensors", c->tensors.count);
    text_put(&w->out, c->incomplete ? ",\"incomplete\":true}\n" : "}\n");
}

static void put_sidecars(writing *w)
{
    const char *name;
    for (size_t i = 0; w->beside && (name = claim_sidecar(w->c, i)) != NULL; i++) {
        ari_err err = ARI_ERR_INIT;
        ari_span text = { 0 };
        ari_status status = checkpoint_sidecar(w->c, name, &text, &err);
        ari_span part = claim_part(name, text);
        if (status != ARI_NOT_FOUND && (status != ARI_OK || part.size > 0 || text.size == 0)) {
            text_put(&w->out, "{\"sidecar\":");
            text_put_json(&w->out, span_of(name));
            text_put(&w->out, status == ARI_OK ? ",\"text\":" : ",\"unreadable\":");
            text_put_json(&w->out, status == ARI_OK ? part : span_of(err.text));
            text_put(&w->out, "}\n");
        }
        checkpoint_sidecar_close(w->c, text);
    }
}

static bool is_found_again(const char *id)
{
    for (size_t i = 0; i < sizeof(found_again) / sizeof(found_again[0]); i++) {
        if (finding_kind(id) == (size_t)found_again[i]) return true;
    }
    return false;
}

static void put_findings(writing *w)
{
    const ari_findings *f = &w->c->findings;
    for (size_t i = 0; i < f->count; i++) {
        const ari_finding *one = &f->items[i];
        if (is_found_again(one->id)) continue;
        text_printf(&w->out, "{\"finding\":\"%s\"", one->id);
        if (one->tensor != NULL && one->tensor[0] != '\0') put_text(&w->out, "tensor", one->tensor);
        if (one->offset != ARI_NO_OFFSET) put_number(&w->out, "offset", one->offset);
        put_text(&w->out, "message", one->message);
        text_put(&w->out, "}\n");
    }
}

/* --- A file ---------------------------------------------------------------------------------------- */

static const char *sha256_of(writing *w, ari_span bytes, char *hex)
{
    uint8_t digest[HASH_MOST];
    if (!w->hashes) return NULL;
    hash_state *s = hash_begin(&w->library, HASH_SHA256);
    hash_add(s, bytes);
    if (!hash_end(s, digest)) {
        w->out.failed = true;
        return NULL;
    }
    hash_hex(digest, 32, hex);
    return hex;
}

static void put_sha256(ari_text *out, const char *name, const char *hex)
{
    text_printf(out, hex == NULL ? ",\"%s\":null" : ",\"%s\":\"%s\"", name, hex);
}

/* The header as it is once decompressed; it was read, and is all there. */
static ari_span header_of(const ari_file *f)
{
    ari_err unused = ARI_ERR_INIT;
    ari_span bytes = f->map;
    if (f->inflater != NULL) inflater_refill(f->inflater, (size_t)f->header_end, &bytes, &unused);
    return span_first(bytes, (size_t)f->header_end);
}

static void put_format(ari_text *out, const ari_file *f)
{
    put_text(out, "format", f->container->word);
    if (f->version > 0) put_number(out, "version", f->version);
    if (f->big) put_text(out, "byte_order", "big");
    if (f->padding > 0) put_number(out, "alignment", f->padding + 1);
}

static void put_file(writing *w, size_t i)
{
    const ari_file *f = &w->c->files[i];
    ari_text *out = &w->out;
    char hex[2 * HASH_MOST + 1];
    text_put(out, "{\"file\":");
    text_put_json(out, span_of(name_of(f->path)));
    if (f->container == NULL) {
        text_put(out, ",\"format\":null");
    } else {
        put_format(out, f);
    }
    put_number(out, "bytes", f->size);
    if (f->content == ARI_NO_OFFSET) {
        text_put(out, ",\"content\":null");
    } else if (f->content != f->size) {
        put_number(out, "content", f->content);
    }
    if (f->container != NULL) put_number(out, "header_bytes", f->header_end);
    if (f->data_at != f->header_end) put_number(out, "data_at", f->data_at);
    if (f->shadowed > 0) put_number(out, "shadowed", f->shadowed);
    if (f->container != NULL) put_sha256(out, "header_sha256", sha256_of(w, header_of(f), hex));
    if (w->sums.files != NULL) hash_hex(w->sums.files[i].sha256, 32, hex);
    put_sha256(out, "sha256", w->sums.files == NULL ? NULL : hex);
    text_put(out, "}\n");
}

/* --- Metadata and tensors ---------------------------------------------------------------------------- */

static void put_metadata(writing *w, const ari_meta *m)
{
    char hex[2 * HASH_MOST + 1];
    ari_text *out = &w->out;
    text_put(out, "{\"metadata\":");
    text_put_json(out, m->key);
    put_text(out, "type", meta_type_word(m->type));
    if (m->type == ARI_META_ARRAY) put_text(out, "of", meta_type_word(m->element));
    if (capsule_keeps(m)) {
        capsule_put_value(m, w->c->files[m->file].version == 1 ? 4 : 8, out);
    } else {
        put_number(out, "count", m->count);
        put_sha256(out, "sha256", sha256_of(w, m->bytes, hex));
    }
    text_put(out, "}\n");
}

/* Such a tensor may hold the shape of another. */
static bool is_small(const ari_checkpoint *c, const ari_tensor *row, ari_span *bytes)
{
    const ari_dtype_info *d = dtype_info(row->dtype);
    return d != NULL && d->class == ARI_INTEGER && row->bytes > 0 &&
           checkpoint_bytes(c, row, SMALL_VALUE, bytes);
}

static void put_hex(ari_text *out, ari_span bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        char hex[3];
        hash_hex(bytes.data + i, 1, hex);
        text_put_span(out, (ari_span){ (const uint8_t *)hex, 2 });
    }
}

static void begin_exception(ari_text *out, bool *any, const char *name)
{
    text_printf(out, *any ? ",\"%s\":" : ",{\"%s\":", name);
    *any = true;
}

/* What a reader would not take for granted. */
static void put_exceptions(writing *w, const ari_tensor *row, uint64_t place)
{
    ari_text *out = &w->out;
    ari_span small;
    bool any = false;
    uint64_t hash = w->prints == NULL ? 0 : w->prints[row - w->c->tensors.rows];
    uint64_t usual = row->elements == 0 ? 0 : capsule_bytes_of(w->c, row);
    if (row->begin != place) {
        begin_exception(out, &any, "offset");
        json_put_uint(out, row->begin - w->c->files[row->file].data_at);
    }
    if (row->bytes != usual) {
        begin_exception(out, &any, "bytes");
        json_put_uint(out, row->bytes);
    }
    if (is_small(w->c, row, &small)) {
        begin_exception(out, &any, "values");
        text_put(out, "\"");
        put_hex(out, small);
        text_put(out, "\"");
    }
    if (hash != 0) {
        begin_exception(out, &any, "hash");
        capsule_put_hash(hash, out);
    }
    if (any) text_put(out, "}");
}

static void put_tensor(writing *w, const ari_tensor *row, uint64_t place)
{
    const ari_tensors *t = &w->c->tensors;
    ari_text *out = &w->out;
    text_put(out, "[");
    text_put_json(out, row->name);
    text_put(out, ",");
    text_put_json(out, tensors_dtype_name(t, row->dtype));
    text_put(out, ",[");
    for (size_t i = 0; i < row->rank; i++) {
        if (i > 0) text_put(out, ",");
        json_put_uint(out, tensor_shape(t, row)[i]);
    }
    text_put(out, "]");
    put_exceptions(w, row, place);
    text_put(out, "]\n");
}

static bool put_files(writing *w)
{
    const ari_checkpoint *c = w->c;
    ari_tensor **order = tensors_by_place(&c->tensors);
    size_t row = 0, meta = 0;
    for (size_t i = 0; order != NULL && i < c->file_count; i++) {
        uint64_t place = c->files[i].data_at;
        put_file(w, i);
        for (; meta < c->metadata.count && c->metadata.rows[meta].file == i; meta++)
            put_metadata(w, &c->metadata.rows[meta]);
        for (; row < c->tensors.count && order[row]->file == i; row++) {
            put_tensor(w, order[row], place);
            place = capsule_place_after(c, order[row]);
        }
    }
    bool ok = order != NULL;
    free(order);
    return ok;
}

/* --- The door ------------------------------------------------------------------------------------------ */

static ari_status put_fingerprint(writing *w, const ari_model *m, ari_err *err)
{
    ari_bank bank;
    ari_fingerprint print = { 0 };
    bool ok = sketch_bank(m, &bank) && sketch_model(&bank, &print);
    bank_close(&bank);
    w->prints = ok ? sketch_hashes(m) : NULL;
    if (w->prints == NULL) return ari_out_of_memory(err);
    if (print.count == 0) {
        ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET,
                 "has no hidden units whose values can be read, so there is no fingerprint");
        return ari_hint(err, "leave out --fingerprint");
    }
    capsule_put_print(&print, &w->out);
    return ARI_OK;
}

static ari_status write_all(writing *w, const ari_model *m, const ari_checks *checks, ari_err *err)
{
    ari_err unused = ARI_ERR_INIT;
    ari_checks hashing = { .hash = checks->hash, .opened = checks->opened };
    hashing.progress = checks->progress;
    hashing.context = checks->context;
    put_head(w);
    put_sidecars(w);
    put_findings(w);
    w->hashes = hash_load(&w->library, &unused) == ARI_OK;
    ari_status status = sweep_files(w->c, &hashing, &w->sums, err);
    if (status == ARI_OK && checks->fingerprint) status = put_fingerprint(w, m, err);
    if (status == ARI_OK && !put_files(w)) status = ari_out_of_memory(err);
    hash_unload(&w->library);
    return status;
}

ari_status ari_capsule_make(ari_model *m, const ari_checks *checks, unsigned char **out, size_t *bytes,
                            ari_err *err)
{
    static const ari_checks none = { 0 };
    ari_err unused = ARI_ERR_INIT;
    if (err == NULL) err = &unused;
    *out = NULL;
    *bytes = 0;
    if (m->entry != NULL)
        return ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET, "the catalogue has figures of it, and no files");
    if (m->checkpoint->capsule != NULL) {
        ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET, "is a capsule already");
        return ari_hint(err, "copy it: nothing can be added without the model that it was made of");
    }
    writing w = { .c = m->checkpoint, .beside = !m->weights_only };
    ari_status status = write_all(&w, m, checks == NULL ? &none : checks, err);
    if (status == ARI_OK && (w.out.failed || w.c->arena.failed)) status = ari_out_of_memory(err);
    ari_span text = { (const uint8_t *)w.out.data, w.out.size };
    if (status == ARI_OK) status = zstd_pack(text, out, bytes, err);
    text_free(&w.out);
    free(w.prints);
    return status;
}
