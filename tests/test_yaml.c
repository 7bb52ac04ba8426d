/* The subset of YAML that catalogues and model cards are read as. */
#include "base/yaml.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const yaml_node *parse(ari_arena *arena, const char *text, ari_err *err)
{
    return yaml_parse(span_of(text), arena, err);
}

Test(yaml, trees_with_lines)
{
    ari_arena arena = { 0 };
    ari_err err = ARI_ERR_INIT;
    const yaml_node *top = parse(&arena, "a: 1\nb:\n  - x\n  - 'y z'\nc: {d: null, e: \"null\"}\n", &err);
    cr_assert(top != NULL, "%s", err.text);
    cr_expect(top->kind == YAML_MAPPING && top->size == 3);
    const yaml_node *list = yaml_get(top, "b");
    cr_assert(list != NULL && list->kind == YAML_SEQUENCE && list->size == 2);
    cr_expect(span_is(list->first->next->text, "y z") && list->first->next->line == 4);
    cr_expect(list->first->plain && !list->first->next->plain);
    cr_expect(yaml_is_plain(yaml_get(yaml_get(top, "c"), "d"), "null"));
    cr_expect(!yaml_is_plain(yaml_get(yaml_get(top, "c"), "e"), "null"));
    cr_expect(yaml_get(top, "z") == NULL && yaml_get(list, "a") == NULL && yaml_get(NULL, "a") == NULL);
    arena_free(&arena);
}

/* As editors of some systems save it. */
Test(yaml, byte_order_mark_and_carriage_returns)
{
    ari_arena arena = { 0 };
    ari_err err = ARI_ERR_INIT;
    const yaml_node *top = parse(&arena, "\xEF\xBB\xBF- a: 1\r\n  b: 2\r\n", &err);
    cr_assert(top != NULL && top->size == 1 && top->first->size == 2, "%s", err.text);
    arena_free(&arena);
}

Test(yaml, refused)
{
    static const char *const rows[][2] = {
        { "a: &x 1\n", "line 1" },
        { "a: 1\nb: *a\n", "line 2" },
        { "a: !!int 1\n", "line 1" },
        { "a: 1\na: 2\n", "line 2" },
        { "a: [1\n", "line" },
        { "a: 1\n---\nb: 2\n", "line" },
        { "{[a]: 1}\n", "line 1" },
        { "a: \xff\n", "line" },
        { "\ta: 1\n", "line 1" },
        { "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]\n", "line 1" },
        { "", "" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ari_arena arena = { 0 };
        ari_err err = ARI_ERR_INIT;
        cr_expect(parse(&arena, rows[i][0], &err) == NULL, "row %zu", i);
        cr_expect(err.status != ARI_OK && strstr(err.text, rows[i][1]) != NULL, "row %zu: %s", i, err.text);
        arena_free(&arena);
    }
}

/* A million levels are a text like any other. */
Test(yaml, deep_nesting_is_no_recursion)
{
    ari_arena arena = { 0 };
    ari_err err = ARI_ERR_INIT;
    size_t n = 1000000;
    char *text = malloc(n + 1);
    memset(text, '[', n);
    text[n] = '\0';
    cr_expect(parse(&arena, text, &err) == NULL && err.status != ARI_OK);
    free(text);
    arena_free(&arena);
}
