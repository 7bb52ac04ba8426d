#include "base/json.h"
#include "read/container.h"
#include "report/inspect.h"
#include "report/judgement.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { METADATA_BYTES = 200 };

/* NULL of a catalogue entry, which has no files. */
static const ari_file *first_readable(const ari_checkpoint *c)
{
    size_t i = 0;
    if (c->file_count == 0) return NULL;
    while (i + 1 < c->file_count && c->files[i].container == NULL) i++;
    return &c->files[i];
}

static void add_files(json_builder *b, json_tree *source, const ari_checkpoint *c)
{
    json_tree *files = json_add_array(b, source, "files");
    for (size_t i = 0; c->files != NULL && i < c->file_count; i++) {
        json_tree *f = json_add_object(b, files, NULL);
        json_add_text(b, f, "path", c->files[i].shown);
        json_add_uint(b, f, "bytes", c->files[i].size);
        json_add_text(b, f, "sha256", c->files[i].sha256);
    }
}

static void add_dtypes(json_builder *b, json_tree *source, const ari_model *m)
{
    json_tree *dtypes = json_add_object(b, source, "dtypes");
    for (size_t i = 0; i < m->dtype_count; i++) {
        const ari_dtype_sum *s = &m->dtypes[i];
        const ari_dtype_info *known = dtype_info((uint32_t)i);
        if (s->tensors == 0) continue;
        json_tree *d =
            json_add_object(b, dtypes, known != NULL ? known->name : m->unknown_dtypes[i - ARI_DT_COUNT]);
        json_add_uint(b, d, "tensors", s->tensors);
        json_add_uint(b, d, "parameters", s->parameters);
        json_add_uint(b, d, "bytes", s->bytes);
    }
}

static void add_metadata(json_builder *b, json_tree *source, const ari_checkpoint *c)
{
    json_tree *metadata = json_add_object(b, source, "metadata");
    ari_text key = { 0 }, value = { 0 };
    for (size_t i = 0; i < c->metadata.count; i++) {
        key.size = value.size = 0;
        text_escape(&key, c->metadata.rows[i].key, ESCAPE_ALL);
        meta_print(&c->metadata.rows[i], METADATA_BYTES, &value);
        json_add_text(b, metadata, key.size == 0 ? "" : key.data, value.size == 0 ? "" : value.data);
    }
    if (key.failed || value.failed) b->failed = true;
    text_free(&key);
    text_free(&value);
}

static void add_source(json_builder *b, json_tree *to, const ari_model *m)
{
    const ari_checkpoint *c = m->checkpoint;
    const ari_file *first = first_readable(c);
    json_tree *source = json_add_object(b, to, "source");
    json_add_text(b, source, "format",
                  first == NULL        ? "catalogue"
                  : c->capsule != NULL ? "capsule"
                                       : first->container->word);
    if (first != NULL && first->version > 0) {
        json_add_uint(b, source, "version", first->version);
    } else {
        json_add_null(b, source, "version");
    }
    json_add_text(b, source, "byte_order", first != NULL && first->big ? "big" : "little");
    add_files(b, source, c);
    json_add_uint(b, source, "tensors", c->tensors.count);
    json_add_uint(b, source, "bytes", m->bytes);
    add_dtypes(b, source, m);
    add_metadata(b, source, c);
    json_add_raw(b, source, "quantization", m->quantization);
}

static void add_model(json_builder *b, json_tree *to, const ari_model *m)
{
    json_tree *model = json_add_object(b, to, "model");
    json_add_text(b, model, "kind", m->kind);
    json_add_raw(b, model, "family", m->architecture.fields[ARI_FIELD_MODEL_TYPE].value);
    if (m->parameters_known) {
        json_add_uint(b, model, "parameters", m->parameters);
    } else {
        json_add_null(b, model, "parameters");
    }
    if (m->active_known) {
        json_add_uint(b, model, "active_parameters", m->active_parameters);
    } else {
        json_add_null(b, model, "active_parameters");
    }
}

static void add_field(json_builder *b, json_tree *to, ari_field field, const ari_inferred *f)
{
    json_tree *o = json_add_object(b, to, field_info(field)->name);
    json_add_raw(b, o, "value", f->value);
    json_add_text(b, o, "basis", ari_basis_word(f->basis));
    json_add_text(b, o, "evidence", f->evidence);
    if (f->basis == ARI_WEIGHTS) json_add_number(b, o, "confidence", f->confidence);
    if (f->basis != ARI_AMBIGUOUS) return;
    json_tree *list = json_add_array(b, o, "candidates");
    for (size_t i = 0; i < f->candidate_count; i++) json_add_raw(b, list, NULL, f->candidates[i]);
}

/* Of the model every field; of a component those that say something. */
static void add_architecture(json_builder *b, json_tree *to, const ari_architecture *a, bool all)
{
    json_tree *o = json_add_object(b, to, "architecture");
    for (size_t i = 0; i < ARI_FIELD_COUNT; i++) {
        if (all || a->fields[i].basis != ARI_UNKNOWN) add_field(b, o, (ari_field)i, &a->fields[i]);
    }
}

static void add_components(json_builder *b, json_tree *to, const ari_model *m)
{
    json_tree *components = json_add_array(b, to, "components");
    for (size_t i = 0; i < m->component_count; i++) {
        const ari_component *c = &m->components[i];
        json_tree *o = json_add_object(b, components, NULL);
        json_add_text(b, o, "role", c->role);
        json_add_text(b, o, "prefix", c->prefix);
        json_add_uint(b, o, "parameters", c->parameters);
        add_architecture(b, o, &c->architecture, false);
    }
}

static void add_contradictions(json_builder *b, json_tree *to, const ari_model *m)
{
    json_tree *list = json_add_array(b, to, "contradictions");
    for (size_t i = 0; i < m->contradiction_count; i++) {
        const ari_contradiction *c = &m->contradictions[i];
        json_tree *o = json_add_object(b, list, NULL);
        json_add_text(b, o, "field", field_info(c->field)->name);
        json_add_raw(b, o, "stated", c->stated);
        json_add_raw(b, o, "derived", c->derived);
        json_add_text(b, o, "evidence", c->evidence);
    }
}

/* To two digits: more are no use, and others on other machines. */
static void add_figure(json_builder *b, json_tree *to, const char *name, double x)
{
    double rounded = floor(x * 100 + 0.5) / 100;
    json_add_number(b, to, name, rounded == 0 ? 0 : rounded);
}

static void add_head_look(json_builder *b, json_tree *to, const head_look *look)
{
    char size[24];
    if (look->count == 0) {
        json_add_null(b, to, "head_dim");
        return;
    }
    json_tree *o = json_add_object(b, to, "head_dim"), *z = json_add_object(b, o, "z");
    for (size_t i = 0; i < look->count; i++) {
        snprintf(size, sizeof(size), "%" PRIu64, look->sizes[i].head_dim);
        if (look->sizes[i].tensors > 0) {
            add_figure(b, z, size, look->sizes[i].z);
        } else {
            json_add_null(b, z, size);
        }
    }
    add_figure(b, o, "margin", look->margin);
    json_add_uint(b, o, "tensors", look->tensors);
    json_add_bool(b, o, "answered", look->answered);
    json_add_text(b, o, "reason", look->why);
}

static void add_rotary_look(json_builder *b, json_tree *to, const rotary_look *look)
{
    json_tree *o = json_add_object(b, to, "rotary_layout");
    json_add_text(b, o, "value", rotary_word(look->layout));
    if (look->rotated > 0) {
        json_add_uint(b, o, "rotary_dims", look->rotated);
    } else {
        json_add_null(b, o, "rotary_dims");
    }
    if (look->heads > 0) {
        add_figure(b, o, "reliability", look->reliability);
    } else {
        json_add_null(b, o, "reliability");
    }
    if (look->layout != ROTARY_OPEN) {
        json_add_number(b, o, "confidence", look->confidence);
    } else {
        json_add_null(b, o, "confidence");
    }
    json_add_text(b, o, "evidence", look->evidence);
}

static void add_measured(json_builder *b, json_tree *top, const ari_measured *measured)
{
    if (!measured->made) return;
    json_tree *o = json_add_object(b, top, "values");
    json_add_uint(b, o, "bytes_read", measured->bytes_read);
    add_head_look(b, o, &measured->heads);
    add_rotary_look(b, o, &measured->rotary);
}

static void add_judgement(json_builder *b, json_tree *top, const ari_comparison *c)
{
    enum { MATCHES = 5 };
    if (c == NULL) {
        json_add_array(b, top, "matches");
        json_add_array(b, top, "unique");
        json_add_null(b, top, "verdict");
        return;
    }
    json_add_matches(b, top, c, MATCHES);
    json_add_unique(b, top, c);
    json_add_verdict(b, top, c, false);
}

bool inspect_json(const ari_model *m, const ari_comparison *c, bool indented, ari_text *out)
{
    json_builder b;
    json_tree *top = json_begin(&b);
    json_add_text(&b, top, "schema", "archinspect/report/1");
    json_add_text(&b, top, "path", m->path);
    json_add_tool(&b, top, c == NULL ? NULL : c->catalogue);
    add_source(&b, top, m);
    add_model(&b, top, m);
    json_add_origins(&b, top, m, c);
    add_architecture(&b, top, &m->architecture, true);
    add_components(&b, top, m);
    add_contradictions(&b, top, m);
    add_measured(&b, top, &m->measured);
    add_judgement(&b, top, c);
    json_add_findings(&b, top, &m->checkpoint->findings);
    return json_finish(&b, indented, out);
}
