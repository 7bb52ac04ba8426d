#include "infer/model.h"

#include "read/capsule.h"

#include "audit/audit.h"
#include "base/text.h"
#include "infer/convention.h"
#include "infer/count.h"
#include "infer/derive.h"
#include "infer/merge.h"

#include <inttypes.h>
#include <stdlib.h>

const char *ari_basis_word(ari_basis basis)
{
    static const char *const words[] = { "unknown", "shape", "weights", "convention", "stated", "ambiguous" };
    return (size_t)basis < sizeof(words) / sizeof(words[0]) ? words[basis] : "?";
}

const char *ari_version(void)
{
    return ARI_VERSION;
}

/* The dominant block type of a GGUF file: Q4_K is 4 bits, in groups of 256. */
static const char *gguf_quantization(ari_model *m)
{
    uint64_t most = 0;
    const ari_dtype_info *best = NULL;
    for (uint32_t i = 0; i < ARI_DT_COUNT; i++) {
        const ari_dtype_info *d = dtype_info(i);
        if (d->ggml < 0 || m->dtypes[i].parameters <= most) continue;
        most = m->dtypes[i].parameters;
        best = d;
    }
    if (best == NULL || best->class == ARI_FLOATING || best->class == ARI_INTEGER) return "null";
    const char *digits = best->name + strcspn(best->name, "0123456789");
    return arena_printf(&m->checkpoint->arena, "{\"scheme\":\"gguf\",\"bits\":%d,\"group_size\":%u}",
                        (int)strtol(digits, NULL, 10), best->block_elems);
}

/* What the tensors are packed as, by themselves; else what a configuration says. */
static const char *find_quantization(ari_model *m)
{
    const ari_checkpoint *c = m->checkpoint;
    const ari_packing *p = &m->packing;
    const char *out = m->claims.quantization;
    bool gguf = false;
    for (size_t i = 0; i < c->file_count; i++) gguf = gguf || c->files[i].version > 0;
    if (gguf) {
        out = gguf_quantization(m);
    } else if (p->scheme != NULL && p->group_size > 0) {
        out =
            arena_printf(&m->checkpoint->arena, "{\"scheme\":\"%s\",\"bits\":%u,\"group_size\":%" PRIu64 "}",
                         p->scheme, p->bits, p->group_size);
    } else if (p->scheme != NULL) {
        out = arena_printf(&m->checkpoint->arena, "{\"scheme\":\"%s\",\"bits\":%u,\"group_size\":null}",
                           p->scheme, p->bits);
    }
    return out == NULL ? "null" : out;
}

/* The naming dialect of a GGUF file. It chooses among conventions, and is no claim. */
static const char *find_dialect(ari_checkpoint *c)
{
    const ari_meta *row = metadata_find(&c->metadata, "general.architecture");
    bool gguf = row != NULL && row->type == ARI_META_STRING && c->files[row->file].version > 0;
    return gguf ? arena_escape(&c->arena, row->bytes, 64) : NULL;
}

static ari_status infer(ari_model *m, const ari_options *options, ari_err *err)
{
    ari_checkpoint *c = m->checkpoint;
    m->weights_only = options->weights_only;
    m->dialect = find_dialect(c);
    if (!layout_build(&m->layout, &c->tensors)) return ari_out_of_memory(err);
    checkpoint_rest(c);
    if (!pack_resolve(&m->layout, c, &m->packing) || !roles_assign(&m->layout)) return ari_out_of_memory(err);
    marks_find(&m->layout);
    if (!derive(m)) return ari_out_of_memory(err);
    if (!options->weights_only) {
        claims_read(c, &m->claims);
        merge_claims(m);
        if (m->component_count > 0) m->components[0].architecture = m->architecture;
    }
    m->active_known = count_active(m, &m->active_parameters);
    for (size_t i = 0; i < c->tensors.unknown_count; i++) {
        m->unknown_dtypes[i] = arena_escape(&c->arena, c->tensors.unknown[i], 80);
    }
    m->quantization = find_quantization(m);
    findings_close(&c->findings);
    return ARI_OK;
}

static ari_status open_model(const ari_set *set, size_t i, const ari_options *options, ari_model *m,
                             ari_err *err)
{
    ari_status status = checkpoint_read(&set->groups[i], &options->limits, &m->checkpoint, err);
    if (status != ARI_OK) return status;
    m->path = arena_escape(&m->checkpoint->arena, span_of(set->groups[i].path), ESCAPE_ALL);
    if (set->groups[i].place != NULL)
        m->place = arena_escape(&m->checkpoint->arena, span_of(set->groups[i].place), ESCAPE_ALL);
    status = infer(m, options, err);
    return status == ARI_OK && m->checkpoint->arena.failed ? ari_out_of_memory(err) : status;
}

ari_status ari_model_open(const ari_set *set, size_t i, const ari_options *options, ari_model **out,
                          ari_err *err)
{
    ari_err unused = ARI_ERR_INIT;
    ari_options chosen = options == NULL ? ari_options_default() : *options;
    if (err == NULL) err = &unused;
    *out = NULL;
    if (i >= ari_set_count(set))
        return ari_fail(err, ARI_USAGE, ARI_NO_OFFSET, "the set has no checkpoint %zu", i);
    ari_model *m = calloc(1, sizeof(*m));
    if (m == NULL) return ari_out_of_memory(err);
    ari_status status = open_model(set, i, &chosen, m, err);
    if (status != ARI_OK) {
        ari_model_close(m);
        return status;
    }
    *out = m;
    return ARI_OK;
}

ari_status ari_model_verify(ari_model *m, const ari_checks *checks, ari_err *err)
{
    static const ari_checks none = { 0 };
    ari_err unused = ARI_ERR_INIT;
    if (err == NULL) err = &unused;
    if (checks == NULL) checks = &none;
    if (m->entry != NULL)
        return ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET, "the catalogue has figures of it, and no files");
    if (m->checkpoint->capsule != NULL && (checks->values || checks->hash || checks->manifest != NULL)) {
        ari_fail(err, ARI_UNSUPPORTED, ARI_NO_OFFSET, "a capsule holds no data to read or to hash");
        return ari_hint(err,
                        "verify the model that it was made of, or leave out --values, --hash and --manifest");
    }
    return audit_run(m->checkpoint, checks, &m->sums, err);
}

ari_status ari_hash_ready(ari_err *err)
{
    ari_err unused = ARI_ERR_INIT;
    hash_library library;
    uint8_t digest[HASH_MOST];
    ari_status status = hash_load(&library, err == NULL ? &unused : err);
    /* It reads its configuration when it is first used. It stays loaded: nothing is opened to load it again.
     */
    if (status == ARI_OK) hash_end(hash_begin(&library, HASH_SHA256), digest);
    return status;
}

void ari_model_close(ari_model *m)
{
    if (m == NULL) return;
    layout_free(&m->layout);
    checkpoint_free(m->checkpoint);
    free(m);
}

ari_fact ari_model_fact(const ari_model *m, const char *field)
{
    ari_field f = field_by_name(field);
    if (f == ARI_FIELD_COUNT) return (ari_fact){ "null", ARI_UNKNOWN, NULL };
    const ari_inferred *d = &m->architecture.fields[f];
    return (ari_fact){ d->value, d->basis, d->evidence };
}

bool ari_model_parameters(const ari_model *m, uint64_t *out)
{
    *out = m->parameters;
    return m->parameters_known;
}

bool ari_model_is_capsule(const ari_model *m)
{
    return m->entry == NULL && m->checkpoint->capsule != NULL;
}

bool ari_model_has_fingerprint(const ari_model *m)
{
    return ari_model_is_capsule(m) && m->checkpoint->capsule->print != NULL;
}

bool ari_model_extent_known(const ari_model *m)
{
    for (size_t i = 0; m->entry == NULL && i < m->checkpoint->file_count; i++) {
        const ari_file *f = &m->checkpoint->files[i];
        if (f->container != NULL && f->content == ARI_NO_OFFSET) return false;
    }
    return true;
}

size_t ari_model_finding_count(const ari_model *m)
{
    return m->checkpoint->findings.count;
}

ari_finding ari_model_finding(const ari_model *m, size_t i)
{
    if (i < m->checkpoint->findings.count) return m->checkpoint->findings.items[i];
    return (ari_finding){ "", ARI_NOTE, NULL, ARI_NO_OFFSET, "" };
}

size_t ari_model_tensor_count(const ari_model *m)
{
    return m->checkpoint->tensors.count;
}

ari_tensor_info ari_model_tensor(const ari_model *m, size_t i)
{
    const ari_tensors *t = &m->checkpoint->tensors;
    if (i >= t->count) return (ari_tensor_info){ .name = "", .dtype = "" };
    const ari_tensor *row = &t->rows[i];
    const ari_dtype_info *known = dtype_info(row->dtype);
    return (ari_tensor_info){
        .name = (const char *)row->name.data,
        .name_bytes = row->name.size,
        .dtype = known != NULL ? known->name : m->unknown_dtypes[row->dtype - ARI_DT_COUNT],
        .shape = tensor_shape(t, row),
        .rank = row->rank,
        .elements = row->elements,
        .offset = row->begin,
        .bytes = row->bytes,
        .file = row->file,
    };
}
