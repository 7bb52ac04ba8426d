/* exercise.h -- put a path through everything, and hold the library to its promises.
 *
 * For the damage tests and the fuzzers: whatever the bytes are, the answer is OK
 * or an error with a sentence, text that is handed out is clean, and sums agree. */
#ifndef ARI_TESTS_EXERCISE_H
#define ARI_TESTS_EXERCISE_H

#include "base/arith.h"
#include "base/json.h"
#include "base/text.h"
#include "infer/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* assert() would be compiled out by -DNDEBUG. */
#define MUST(claim)                                                                    \
    do {                                                                               \
        if (!(claim)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #claim); \
            abort();                                                                   \
        }                                                                              \
    } while (0)

/* Valid UTF-8 without controls, but for those that lay out lines where there may be several. */
static inline bool is_clean(const char *text, bool lines)
{
    ari_span rest = span_of(text);
    for (size_t n; rest.size > 0; rest = span_from(rest, n)) {
        uint32_t code = utf8_decode(rest, &n);
        bool line = lines && (code == '\n' || code == '\t');
        if (code == UINT32_MAX || (code < 0x20 && !line) || (code >= 0x7F && code < 0xA0)) return false;
        if (code >= 0x202A && code <= 0x202E) return false;
    }
    return true;
}

static inline bool span_within(ari_span part, ari_span whole)
{
    if (part.size == 0) return true;
    return part.data >= whole.data && part.data - whole.data <= (ptrdiff_t)(whole.size - part.size) &&
           part.size <= whole.size;
}

static inline void check_error(const ari_err *err)
{
    MUST(err->status != ARI_OK);
    MUST(err->text[0] != '\0' && strlen(err->text) < sizeof(err->text));
    MUST(is_clean(err->text, false) && (err->hint == NULL || is_clean(err->hint, false)));
}

static inline void check_tensors(const ari_model *model)
{
    uint64_t bytes = 0;
    bool summed = true;
    for (size_t i = 0; i < ari_model_tensor_count(model); i++) {
        ari_tensor_info t = ari_model_tensor(model, i);
        uint64_t elements = 1;
        bool whole = true;
        for (size_t k = 0; k < t.rank; k++) whole = whole && mul_u64(elements, t.shape[k], &elements);
        MUST(t.elements == 0 || (whole && t.elements == elements));
        MUST(is_clean(t.dtype, false));
        MUST(t.file < model->checkpoint->file_count);
        summed = summed && add_u64(bytes, t.bytes, &bytes);
    }
    MUST(!summed || model->bytes == bytes);
}

static inline void check_findings(const ari_model *model)
{
    for (size_t i = 0; i < ari_model_finding_count(model); i++) {
        ari_finding f = ari_model_finding(model, i);
        MUST(f.id != NULL && is_clean(f.message, false));
        MUST(f.tensor == NULL || is_clean(f.tensor, false));
    }
}

static inline bool is_json_text(const char *text)
{
    ari_err err = ARI_ERR_INIT;
    json_tree *tree = json_parse(span_of(text), &err);
    if (tree == NULL)
        fprintf(stderr, "%s: %.60s\n", err.text, text + (err.offset < 30 ? 0 : err.offset - 30));
    json_free(tree);
    return tree != NULL;
}

/* A comparison with the catalogue and with itself, in all its reports. */
static inline void check_comparisons(const ari_model *model, const ari_style *style)
{
    const ari_model *twice[] = { model, model };
    ari_catalogue *catalogue = NULL;
    MUST(ari_catalogue_open(NULL, 0, &catalogue, NULL) == ARI_OK);
    for (size_t n = 1; n <= 2; n++) {
        ari_comparison *c = NULL;
        char *text = NULL, *inspect = NULL;
        MUST(ari_compare(twice, n, catalogue, NULL, &c, NULL) == ARI_OK);
        MUST((n == 1 ? ari_report_match(c, 5, style, &text, NULL)
                     : ari_report_compare(c, style, &text, NULL)) == ARI_OK);
        MUST(ari_report_inspect(model, c, style, &inspect, NULL) == ARI_OK);
        MUST(is_clean(text, true) && is_clean(inspect, true));
        if (style->format == ARI_JSON) MUST(is_json_text(text) && is_json_text(inspect));
        free(text);
        free(inspect);
        ari_comparison_free(c);
    }
    ari_catalogue_free(catalogue);
}

static inline void check_reports(const ari_model *model, unsigned formats)
{
    for (ari_format format = ARI_TEXT; format <= ARI_NDJSON; format++) {
        if ((formats >> format & 1) == 0) continue;
        ari_style style = { .format = format, .evidence = true };
        char *inspect = NULL, *tensors = NULL;
        MUST(ari_report_inspect(model, NULL, &style, &inspect, NULL) == ARI_OK);
        if (format == ARI_JSON) check_comparisons(model, &style);
        MUST(ari_report_tensors(model, &style, &tensors, NULL) == ARI_OK);
        MUST(is_clean(inspect, true) && is_clean(tensors, true));
        if (format == ARI_JSON) MUST(is_json_text(inspect) && is_json_text(tensors));
        free(inspect);
        free(tensors);
    }
}

/* A closer look, which adds to the findings. */
static inline void check_verify(ari_model *model, unsigned formats)
{
    ari_checks checks = { .values = !ari_model_is_capsule(model) };
    ari_style style = { .format = (formats >> ARI_JSON & 1) != 0 ? ARI_JSON : ARI_TEXT };
    char *text = NULL;
    MUST(ari_model_verify(model, &checks, NULL) == ARI_OK);
    check_findings(model);
    MUST(ari_report_verify(model, &checks, true, &style, &text, NULL) == ARI_OK && is_clean(text, true));
    if (style.format == ARI_JSON) MUST(is_json_text(text));
    free(text);
}

/* The capsule of a model opens, and has its tensors. */
static inline void check_capsule(ari_model *model)
{
    static int fd = -1;
    char path[32];
    ari_set *set = NULL;
    ari_model *kept = NULL;
    unsigned char *bytes = NULL;
    size_t size = 0, n = ari_model_tensor_count(model);
    ari_status status = ari_capsule_make(model, NULL, &bytes, &size, NULL);
    MUST(status == (ari_model_is_capsule(model) ? ARI_UNSUPPORTED : ARI_OK));
    if (status != ARI_OK) return;
    if (fd < 0) fd = memfd_create("capsule", 0);
    MUST(fd >= 0 && ftruncate(fd, 0) == 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size);
    free(bytes);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    MUST(ari_set_find(path, NULL, &set, NULL) == ARI_OK &&
         ari_model_open(set, 0, NULL, &kept, NULL) == ARI_OK);
    MUST(ari_model_is_capsule(kept) && ari_model_tensor_count(kept) == n);
    for (size_t i = 0; i < n; i++) {
        ari_tensor_info a = ari_model_tensor(model, i);
        ari_span name = { (const uint8_t *)a.name, a.name_bytes };
        const ari_tensor *row = tensors_find(&kept->checkpoint->tensors, name);
        MUST(row != NULL);
        ari_tensor_info b = ari_model_tensor(kept, (size_t)(row - kept->checkpoint->tensors.rows));
        MUST(strcmp(a.dtype, b.dtype) == 0 && a.rank == b.rank && a.elements == b.elements);
        MUST(memcmp(a.shape, b.shape, a.rank * sizeof(a.shape[0])) == 0);
        MUST(a.offset == b.offset && a.bytes == b.bytes && a.file == b.file);
    }
    ari_model_close(kept);
    ari_set_free(set);
}

static inline ari_status exercise_group(const ari_set *set, size_t i, unsigned formats)
{
    ari_err err = ARI_ERR_INIT;
    ari_model *model = NULL;
    ari_status status = ari_model_open(set, i, NULL, &model, &err);
    MUST((status == ARI_OK) == (model != NULL) && status == err.status);
    if (status != ARI_OK) {
        check_error(&err);
        return status;
    }
    check_tensors(model);
    check_findings(model);
    check_reports(model, formats);
    check_capsule(model);
    check_verify(model, formats);
    ari_model_close(model);
    return ARI_OK;
}

enum { ALL_FORMATS = 15 };

/* The status of the last checkpoint at that path, or why there is none. Its reports
 * are made in the formats whose bits are set. */
static inline ari_status exercise_path(const char *path, unsigned formats)
{
    ari_err err = ARI_ERR_INIT;
    ari_set *set = NULL;
    ari_status status = ari_set_find(path, NULL, &set, &err);
    MUST((status == ARI_OK) == (set != NULL) && status == err.status);
    if (status != ARI_OK) check_error(&err);
    for (size_t i = 0; status == ARI_OK && i < ari_set_count(set); i++) {
        ari_status one = exercise_group(set, i, formats);
        if (i + 1 == ari_set_count(set)) status = one;
    }
    ari_set_free(set);
    return status;
}

#endif
