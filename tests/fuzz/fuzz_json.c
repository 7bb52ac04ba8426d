/* JSON as it lies beside checkpoints: as a text for both readers, as a config.json, and as an index. */
#include "../exercise.h"

#include "base/json_reader.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The pull reader and the tree agree on what is JSON, and a tree prints as JSON again. */
static void check_readers(ari_span text)
{
    ari_arena arena = { 0 };
    ari_err pulled = ARI_ERR_INIT, parsed = ARI_ERR_INIT;
    ari_cursor c = cursor_over(text, &pulled);
    json_reader r = json_over(&c, &arena, JSON_MAX_DEPTH);
    ari_span value = json_skip(&r);
    bool good = json_end(&r);
    MUST(span_within(value, text) && c.at <= text.size);
    if (!good) check_error(&pulled);
    json_tree *tree = json_parse(text, &parsed);
    bool noted = r.bad_utf8_at != ARI_NO_OFFSET || r.control_at != ARI_NO_OFFSET || r.nul_at != ARI_NO_OFFSET;
    MUST((tree != NULL) == (good && !noted));
    if (tree == NULL) check_error(&parsed);
    if (tree != NULL) {
        ari_text out = { 0 };
        json_print_foreign(tree, &out);
        MUST(!out.failed && is_clean(out.data, false) && is_json_text(out.data));
        text_free(&out);
    }
    json_free(tree);
    arena_free(&arena);
}

static char folder[64];

static void leave(void)
{
    char path[128];
    static const char *const names[] = { "config.json", "model.safetensors.index.json",
                                         "model-1.safetensors" };
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void write_there(const char *name, const void *data, size_t size)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    MUST(f != NULL && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

/* One layer of something like Llama, for a configuration to be held against. */
static void write_model(void)
{
    static const char header[] =
        "{\"model.embed_tokens.weight\":{\"dtype\":\"U8\",\"shape\":[8,4],\"data_offsets\":[0,32]},"
        "\"model.layers.0.self_attn.q_proj.weight\":{\"dtype\":\"U8\",\"shape\":[4,4],\"data_offsets\":[32,"
        "48]},"
        "\"model.layers.0.mlp.down_proj.weight\":{\"dtype\":\"U8\",\"shape\":[4,8],\"data_offsets\":[48,80]}"
        "}";
    uint8_t content[8 + sizeof(header) - 1 + 80] = { (uint8_t)(sizeof(header) - 1),
                                                     (sizeof(header) - 1) >> 8 };
    memcpy(content + 8, header, sizeof(header) - 1);
    write_there("model-1.safetensors", content, sizeof(content));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (folder[0] == '\0') {
        snprintf(folder, sizeof(folder), "%s/fuzz-json-XXXXXX",
                 access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
        MUST(mkdtemp(folder) != NULL);
        atexit(leave);
        write_model();
    }
    check_readers((ari_span){ data, size });
    write_there("config.json", data, size);
    write_there("model.safetensors.index.json", data, size);
    ari_status status = exercise_path(folder, 1u << size % 4);
    MUST(status == ARI_OK || status == ARI_NOT_A_MODEL || status == ARI_LIMIT || status == ARI_MALFORMED);
    return 0;
}
