/* A file that becomes shorter while it is mapped: the kernel's SIGBUS is an error of that file, and no more.
 */
#include "cli/guard.h"
#include "files.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct shrinking {
    memory_file file;
    bool shrinks;
    ari_set *set; /* Kept here, so that they can be freed after a jump. */
    ari_model *model;
    unsigned sum;
} shrinking;

/* A model is opened, its file is cut, and its names, which are views of the map, are read. */
static ari_status work(void *context, ari_err *err)
{
    shrinking *s = context;
    if (ari_set_find(s->file.path, NULL, &s->set, err) != ARI_OK) return err->status;
    if (ari_model_open(s->set, 0, NULL, &s->model, err) != ARI_OK) return err->status;
    if (s->shrinks) cr_assert(ftruncate(s->file.fd, 0) == 0);
    for (size_t i = 0; i < ari_model_tensor_count(s->model); i++) {
        ari_tensor_info t = ari_model_tensor(s->model, i);
        for (size_t k = 0; k < t.name_bytes; k++) s->sum += (unsigned char)t.name[k];
    }
    return ARI_OK;
}

static shrinking look(bool shrinks, ari_err *err)
{
    shrinking s = { .file = memory_open(), .shrinks = shrinks };
    test_bytes bytes = file_bytes("fixtures/demo.gguf");
    memory_write(&s.file, bytes_span(bytes));
    free(bytes.data);
    guarded(work, &s, err);
    ari_model_close(s.model);
    ari_set_free(s.set);
    memory_close(&s.file);
    return s;
}

Test(guard, a_file_that_shrinks_is_an_error_of_its_own)
{
    for (int round = 0; round < 3; round++) {
        ari_err err = ARI_ERR_INIT, none = ARI_ERR_INIT;
        look(true, &err);
        cr_expect(err.status == ARI_TRUNCATED && strstr(err.text, "shorter") != NULL && err.hint != NULL);
        shrinking next = look(false, &none);
        cr_expect(none.status == ARI_OK && next.sum > 0, "the next file is read as ever");
    }
}

static void *look_often(void *shrinks)
{
    for (int round = 0; round < 20; round++) {
        ari_err err = ARI_ERR_INIT;
        look(shrinks != NULL, &err);
        cr_expect(err.status == (shrinks != NULL ? ARI_TRUNCATED : ARI_OK), "%s", err.text);
    }
    return NULL;
}

Test(guard, in_threads_it_is_the_one_that_read)
{
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        cr_assert(pthread_create(&threads[i], NULL, look_often, i % 2 == 0 ? threads : NULL) == 0);
    for (size_t i = 0; i < 4; i++) cr_assert(pthread_join(threads[i], NULL) == 0);
}
