/* What lies beside checkpoints, one file at a time: configurations, indexes, cards, templates, sums,
 * manifests, and the states of packed weights, which are data of a tensor. The first byte says which. */
#include "../exercise.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "config.json",
                                     "model.safetensors.index.json",
                                     "adapter_config.json",
                                     "README.md",
                                     "tokenizer_config.json",
                                     "chat_template.jinja",
                                     "SHA256SUMS",
                                     "manifest",
                                     "params.json",
                                     "state" };

enum { NAMES = sizeof(names) / sizeof(names[0]), MANIFEST = 7, PARAMS = 8, STATE = 9 };

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void leave(void)
{
    static const char *const own[] = { "model-1.safetensors", "consolidated.safetensors" };
    for (size_t i = 0; i < NAMES; i++) unlink(in_folder(names[i]));
    for (size_t i = 0; i < 2; i++) unlink(in_folder(own[i]));
    rmdir(folder);
}

static void write_there(const char *name, const void *head, size_t head_size, const void *data, size_t size)
{
    FILE *f = fopen(in_folder(name), "wb");
    MUST(f != NULL && fwrite(head, 1, head_size, f) == head_size && fwrite(data, 1, size, f) == size &&
         fclose(f) == 0);
}

/* One layer of something like Llama, its down projection packed as bitsandbytes does. */
static void write_model(const char *name, const uint8_t *state, size_t size)
{
    char head[1024];
    int n =
        snprintf(head + 8, sizeof(head) - 8,
                 "{\"model.embed_tokens.weight\":{\"dtype\":\"U8\",\"shape\":[8,4],\"data_offsets\":[0,32]},"
                 "\"model.layers.0.self_attn.q_proj.weight\":{\"dtype\":\"U8\",\"shape\":[4,4],\"data_"
                 "offsets\":[32,48]},"
                 "\"model.layers.0.mlp.down_proj.weight\":{\"dtype\":\"U8\",\"shape\":[16,1],\"data_"
                 "offsets\":[48,64]},"
                 "\"model.layers.0.mlp.down_proj.weight.absmax\":{\"dtype\":\"F32\",\"shape\":[1],\"data_"
                 "offsets\":[64,68]},"
                 "\"model.layers.0.mlp.down_proj.weight.quant_map\":{\"dtype\":\"F32\",\"shape\":[1],\"data_"
                 "offsets\":[68,72]},"
                 "\"model.layers.0.mlp.down_proj.weight.quant_state.bitsandbytes__nf4\":{\"dtype\":\"U8\","
                 "\"shape\":[%zu],"
                 "\"data_offsets\":[72,%zu]}}",
                 size, 72 + size);
    for (int i = 0; i < 8; i++) head[i] = (char)((size_t)n >> 8 * i);
    memset(head + 8 + n, 1, 72);
    write_there(name, head, 8 + (size_t)n + 72, state, size);
}

static void check_manifest(void)
{
    ari_set *set = NULL;
    ari_model *model = NULL;
    ari_err err = ARI_ERR_INIT;
    ari_checks checks = { .manifest = in_folder("manifest") };
    MUST(ari_set_find(folder, NULL, &set, NULL) == ARI_OK);
    MUST(ari_model_open(set, 0, NULL, &model, NULL) == ARI_OK);
    if (ari_model_verify(model, &checks, &err) != ARI_OK) check_error(&err);
    check_findings(model);
    ari_model_close(model);
    ari_set_free(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (folder[0] == '\0') {
        snprintf(folder, sizeof(folder), "%s/fuzz-sidecars-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        MUST(mkdtemp(folder) != NULL && ari_hash_ready(NULL) == ARI_OK);
        atexit(leave);
    }
    if (size == 0) return 0;
    size_t which = data[0] % NAMES;
    const char *model = which == PARAMS ? "consolidated.safetensors" : "model-1.safetensors";
    write_model(model, data + 1, which == STATE ? size - 1 : 0);
    if (which != STATE) write_there(names[which], data + 1, size - 1, "", 0);
    if (which == MANIFEST) {
        check_manifest();
    } else {
        ari_status status = exercise_path(folder, 1u << size % 4);
        MUST(status == ARI_OK || status == ARI_NOT_A_MODEL || status == ARI_LIMIT || status == ARI_MALFORMED);
    }
    unlink(in_folder(names[which]));
    unlink(in_folder(model));
    return 0;
}
