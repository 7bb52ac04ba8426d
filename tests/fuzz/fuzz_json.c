/* JSON as a text, for both readers. */
#include "../exercise.h"

#include "base/json_reader.h"

#include <stdio.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_readers((ari_span){ data, size });
    return 0;
}
