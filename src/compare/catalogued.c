/* catalogued.c -- a catalogue entry as a model: no tensors, and every value is stated or follows from what
 * is. */
#include "compare/catalogue.h"
#include "compare/record.h"

#include <stdlib.h>

static const char *kind_of(const ari_entry *e)
{
    static const struct {
        const char *ours, *kind;
    } kinds[] = {
#define ENTRY_KIND(word, kind) { word, kind },
#include "compare/word.def"
    };
    for (size_t i = 0; e->kind != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(e->kind, kinds[i].ours) == 0) return kinds[i].kind;
    }
    return "unknown";
}

static bool fill(ari_model *m, const ari_entry *e)
{
    ari_arena *arena = &m->checkpoint->arena;
    m->components = arena_alloc(arena, (e->tower_count + 1) * sizeof(m->components[0]));
    if (m->components == NULL) return false;
    m->entry = e;
    m->layout.tensors = &m->checkpoint->tensors;
    m->path = e->name;
    m->kind = kind_of(e);
    m->quantization = "null";
    ari_record settled;
    record_of_entry(arena, e, &settled);
    memcpy(m->architecture.fields, settled.values, sizeof(m->architecture.fields));
    m->parameters_known = entry_parameters(e, &m->parameters, &m->active_parameters);
    bool experts = strcmp(m->architecture.fields[ARI_FIELD_NUM_EXPERTS].value, "null") != 0;
    m->active_known = m->parameters_known && experts;
    if (!m->parameters_known) m->parameters = e->total_params;
    m->parameters_known = m->parameters > 0;
    m->components[m->component_count++] = (ari_component){
        .role = "text_decoder", .prefix = "", .parameters = m->parameters, .architecture = m->architecture
    };
    for (size_t i = 0; i < e->tower_count; i++) {
        ari_component *part = &m->components[m->component_count++];
        *part = (ari_component){ .role = e->towers[i].role, .prefix = "" };
        entry_architecture(e, &e->towers[i], &part->architecture);
    }
    return !arena->failed;
}

ari_status catalogue_need(const ari_catalogue *c, const char *name, const ari_entry **out, ari_err *err)
{
    *out = catalogue_find(c, name);
    if (*out != NULL) return ARI_OK;
    const char *near = catalogue_nearest(c, name);
    return ari_fail(err, ARI_NOT_FOUND, ARI_NO_OFFSET, "no such model in the catalogue%s%s%s",
                    near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near,
                    near == NULL ? "" : "\"?");
}

ari_status ari_model_catalogued(const ari_catalogue *catalogue, const char *name, ari_model **out,
                                ari_err *err)
{
    const ari_entry *e;
    *out = NULL;
    ari_status status = catalogue_need(catalogue, name, &e, err);
    if (status != ARI_OK) return status;
    ari_model *m = calloc(1, sizeof(*m));
    if (m != NULL) m->checkpoint = calloc(1, sizeof(*m->checkpoint));
    if (m == NULL || m->checkpoint == NULL || !fill(m, e)) {
        ari_model_close(m);
        return ari_out_of_memory(err);
    }
    *out = m;
    return ARI_OK;
}
