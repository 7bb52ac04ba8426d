#include "read/tensors.h"

#include <criterion/criterion.h>
#include <stdio.h>

static ari_tensor named(const char *name, uint32_t file)
{
    return (ari_tensor){ .name = span_of(name), .file = file };
}

Test(tensors, adds_and_finds)
{
    static char names[3000][24];
    ari_tensors t = { 0 };
    size_t earlier;
    for (size_t i = 0; i < 3000; i++) {
        snprintf(names[i], sizeof(names[i]), "blk.%zu.weight", i);
        ari_tensor row = named(names[i], 0);
        row.begin = i;
        cr_assert(tensors_add(&t, &row, &earlier) && earlier == SIZE_MAX);
    }
    for (size_t i = 0; i < 3000; i++) cr_assert(tensors_find(&t, span_of(names[i]))->begin == i);
    cr_expect(tensors_find(&t, ARI_SPAN("blk.3000.weight")) == NULL);
    cr_expect(tensors_find(&t, (ari_span){ 0 }) == NULL);
    tensors_free(&t);
    cr_expect(t.count == 0 && t.rows == NULL);
}

Test(tensors, tells_of_an_earlier_row_of_the_name)
{
    ari_tensors t = { 0 };
    size_t earlier;
    ari_tensor a = named("a", 0), b = named("b", 0), again = named("b", 1);
    cr_assert(tensors_add(&t, &a, &earlier) && tensors_add(&t, &b, &earlier));
    cr_expect(tensors_add(&t, &again, &earlier) && earlier == 1 && t.count == 2);
    cr_expect(t.rows[1].file == 0, "the caller decides which one stays");
    tensors_free(&t);
}

Test(tensors, shapes_lie_end_to_end)
{
    ari_tensors t = { 0 };
    ari_tensor row = { .shape_at = 0, .rank = 2 };
    for (uint64_t i = 0; i < 100; i++) cr_assert(tensors_push_size(&t, i * i));
    row.shape_at = 7;
    cr_expect(tensor_shape(&t, &row)[0] == 49 && tensor_shape(&t, &row)[1] == 64);
    tensors_free(&t);
}

Test(tensors, forgets_a_file)
{
    ari_tensors t = { 0 };
    size_t earlier;
    static const struct {
        const char *name;
        uint32_t file;
    } rows[] = { { "a", 0 }, { "b", 1 }, { "c", 0 }, { "d", 1 }, { "e", 2 } };
    for (size_t i = 0; i < 5; i++) {
        ari_tensor row = named(rows[i].name, rows[i].file);
        cr_assert(tensors_add(&t, &row, &earlier));
    }
    cr_assert(tensors_drop_file(&t, 1));
    cr_expect(t.count == 3 && tensors_find(&t, ARI_SPAN("b")) == NULL &&
              tensors_find(&t, ARI_SPAN("d")) == NULL);
    cr_expect(tensors_find(&t, ARI_SPAN("a")) == &t.rows[0] && tensors_find(&t, ARI_SPAN("c")) == &t.rows[1]);
    cr_expect(tensors_find(&t, ARI_SPAN("e")) == &t.rows[2]);
    ari_tensor back = named("b", 3);
    cr_expect(tensors_add(&t, &back, &earlier) && earlier == SIZE_MAX);
    tensors_free(&t);
}

Test(tensors, names_types_we_do_not_know)
{
    ari_tensors t = { 0 };
    uint16_t first = tensors_unknown_dtype(&t, ARI_SPAN("F128"));
    uint16_t second = tensors_unknown_dtype(&t, ARI_SPAN("I4"));
    cr_expect(first >= ARI_DT_COUNT && second != first);
    cr_expect(tensors_unknown_dtype(&t, ARI_SPAN("F128")) == first, "the same spelling, the same number");
    cr_expect(span_is(tensors_dtype_name(&t, first), "F128") &&
              span_is(tensors_dtype_name(&t, second), "I4"));
    cr_expect(span_is(tensors_dtype_name(&t, ARI_DT_BF16), "BF16"));
}

/* A hostile file may have a spelling of its own for each tensor. */
Test(tensors, the_last_number_serves_all_further_types)
{
    static char spellings[200][8];
    ari_tensors t = { 0 };
    uint16_t last = 0;
    for (size_t i = 0; i < 200; i++) {
        snprintf(spellings[i], sizeof(spellings[i]), "X%zu", i);
        uint16_t dtype = tensors_unknown_dtype(&t, span_of(spellings[i]));
        cr_expect(dtype == ARI_DT_COUNT + (i < 63 ? i : 63), "spelling %zu", i);
        last = dtype;
    }
    cr_expect(span_is(tensors_dtype_name(&t, last), "?"));
    cr_expect(span_is(tensors_dtype_name(&t, ARI_DT_COUNT + 62), "X62"));
}

Test(tensors, a_forgotten_file_gives_back_what_it_replaced)
{
    ari_tensors t = { 0 };
    size_t earlier;
    ari_tensor a = named("a", 0), b = named("b", 1), other = named("a", 1), third = named("a", 2);
    cr_assert(tensors_add(&t, &a, &earlier) && tensors_add(&t, &b, &earlier));
    cr_assert(tensors_replace(&t, 0, &other) && tensors_find(&t, ARI_SPAN("a"))->file == 1);
    cr_assert(tensors_replace(&t, 0, &third) && tensors_replace(&t, 0, &third) && t.rows[0].file == 2);
    cr_assert(tensors_drop_file(&t, 2));
    cr_expect(t.count == 2 && tensors_find(&t, ARI_SPAN("a"))->file == 1, "what the second file made of it");
    tensors_free(&t);
}
