#include "read/tensors.h"

#include <criterion/criterion.h>
#include <stdio.h>

static ari_tensor named(const char *name, uint32_t file)
{
    return (ari_tensor){ .name = span_of(name), .file = file };
}

/* Names that stood twice. */
typedef struct pairs {
    size_t count;
    uint32_t earlier, later; /* The files of the last pair. */
} pairs;

static void tell(void *context, const ari_tensor *earlier, const ari_tensor *row)
{
    pairs *t = context;
    t->count++;
    t->earlier = earlier->file;
    t->later = row->file;
}

Test(tensors, adds_and_finds)
{
    static char names[3000][24];
    ari_tensors t = { 0 };
    pairs none = { 0 };
    for (size_t i = 0; i < 3000; i++) {
        snprintf(names[i], sizeof(names[i]), "blk.%zu.weight", i);
        ari_tensor row = named(names[i], 0);
        row.begin = i;
        cr_assert(tensors_add(&t, &row));
    }
    cr_assert(tensors_enter(&t, 0, tell, &none) && none.count == 0);
    for (size_t i = 0; i < 3000; i++) cr_assert(tensors_find(&t, span_of(names[i]))->begin == i);
    cr_expect(tensors_find(&t, ARI_SPAN("blk.3000.weight")) == NULL);
    cr_expect(tensors_find(&t, (ari_span){ 0 }) == NULL);
    tensors_free(&t);
    cr_expect(t.count == 0 && t.rows == NULL);
}

Test(tensors, the_last_row_of_a_name_stays_in_the_place_of_the_first)
{
    ari_tensors t = { 0 };
    pairs told = { 0 };
    ari_tensor rows[] = { named("a", 0), named("b", 0), named("b", 1), named("c", 1), named("b", 1) };
    for (size_t i = 0; i < 5; i++) cr_assert(tensors_add(&t, &rows[i]));
    cr_assert(tensors_enter(&t, 0, tell, &told));
    cr_expect(told.count == 2 && told.earlier == 1 && told.later == 1, "the second pair is of one file");
    cr_expect(t.count == 3 && t.rows[1].file == 1 && tensors_find(&t, ARI_SPAN("b")) == &t.rows[1]);
    cr_expect(tensors_find(&t, ARI_SPAN("c")) == &t.rows[2], "those after it move up");
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

Test(tensors, a_shape_that_comes_again_stands_there_once)
{
    static const uint64_t shapes[][2] = { { 3, 4 }, { 4, 3 }, { 3, 4 }, { 3, 5 }, { 4, 3 } };
    ari_tensors t = { 0 };
    for (size_t i = 0; i < 5; i++) {
        ari_tensor row = { .rank = 2 };
        cr_assert(tensors_put_shape(&t, shapes[i], &row) && tensors_add(&t, &row));
    }
    cr_expect(t.size_count == 6, "three shapes of two sizes");
    for (size_t i = 0; i < 5; i++)
        cr_expect(memcmp(tensor_shape(&t, &t.rows[i]), shapes[i], sizeof(shapes[i])) == 0, "row %zu", i);
    tensors_free(&t);
}

Test(tensors, forgets_what_was_not_entered)
{
    ari_tensors t = { 0 };
    pairs none = { 0 };
    ari_tensor a = named("a", 0), other = named("a", 1), b = named("b", 1);
    cr_assert(tensors_add(&t, &a) && tensors_enter(&t, 0, tell, &none));
    cr_assert(tensors_add(&t, &other) && tensors_add(&t, &b));
    tensors_forget(&t, 1);
    cr_expect(t.count == 1 && tensors_find(&t, ARI_SPAN("a"))->file == 0);
    cr_expect(tensors_find(&t, ARI_SPAN("b")) == NULL);
    cr_assert(tensors_add(&t, &b) && tensors_enter(&t, 1, tell, &none) && none.count == 0);
    cr_expect(tensors_find(&t, ARI_SPAN("b")) == &t.rows[1]);
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
