/* YAML as a user's catalogue: read or refused with a line, and what is read can be shown and compared. */
#include "../exercise.h"

#include "compare/entry.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show_all(const ari_catalogue *c, const ari_entries *entries)
{
    for (ari_format format = ARI_TEXT; format <= ARI_JSON; format++) {
        ari_style style = { .format = format };
        for (size_t i = 0; i < entries->count && i < 4; i++) {
            ari_model *model = NULL;
            char *text = NULL;
            const char *name = entries->items[i].name;
            MUST(ari_report_catalogue(c, name, &style, &text, NULL) == ARI_OK && is_clean(text, true));
            MUST(format != ARI_JSON || is_json_text(text));
            MUST(ari_model_catalogued(c, name, &model, NULL) == ARI_OK);
            check_comparisons(model, &style);
            ari_model_close(model);
            free(text);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ari_arena arena = { 0 };
    ari_err err = ARI_ERR_INIT;
    ari_entries entries = { 0 };
    ari_catalogue *c = NULL;
    char path[32];
    int fd = memfd_create("catalogue", MFD_CLOEXEC);
    MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const char *files[] = { path };
    ari_status status = entries_read((ari_span){ data, size }, &arena, &entries, NULL);
    MUST((ari_catalogue_open(files, 1, &c, &err) == ARI_OK) == (status == ARI_OK));
    if (status == ARI_OK) {
        show_all(c, &entries);
    } else {
        check_error(&err);
    }
    ari_catalogue_free(c);
    arena_free(&arena);
    close(fd);
    return 0;
}
