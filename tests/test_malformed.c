/* What each file of fixtures/malformed leads to. Statuses follow the rules of the formats' reference readers;
 * offsets were worked out by hand from the layout that scripts/make-fixtures.py writes:
 *
 *     safetensors   the header begins at 8; of {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} the
 * entry is at 13 and 48 bytes long, its values at 22, 36 and 55; the data begins at 62 GGUF          pairs or
 * infos begin at 24; of a key "k" the type is at 33, the value at 37; of a tensor "a" with one size the rank
 * is at 33, the type at 45, and a second info at 57 */
#include "exercise.h"
#include "files.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <inttypes.h>

#define NOWHERE ARI_NO_OFFSET

/* Errors: status and offset. Readable ones: OK, and the findings as "id@offset", in order. */
static const struct row {
    const char *file;
    ari_status status;
    uint64_t offset;
    const char *findings;
} rows[] = {
    /* safetensors: the length of the header. */
    { "length-cut.safetensors", ARI_NOT_A_MODEL, NOWHERE, "" },
    { "length-zero.safetensors", ARI_MALFORMED, 8, "" },
    { "length-past-end.safetensors", ARI_TRUNCATED, 8, "" },
    { "length-over-limit.safetensors", ARI_LIMIT, 0, "" },
    { "length-absurd.safetensors", ARI_NOT_A_MODEL, 0, "" },
    { "length-one-brace.safetensors", ARI_MALFORMED, 9, "" },
    { "length-one-ff.safetensors", ARI_NOT_A_MODEL, 0, "" },
    { "length-too-short.safetensors", ARI_MALFORMED, 61, "" },

    /* Its JSON. */
    { "json-array.safetensors", ARI_NOT_A_MODEL, 0, "" },
    { "json-bom.safetensors", ARI_NOT_A_MODEL, 0, "" },
    { "json-comment.safetensors", ARI_MALFORMED, 9, "" },
    { "json-trailing-comma.safetensors", ARI_MALFORMED, 61, "" },
    { "json-single-quotes.safetensors", ARI_MALFORMED, 9, "" },
    { "json-trailing-nul.safetensors", ARI_MALFORMED, 10, "" },
    { "json-trailing-text.safetensors", ARI_MALFORMED, 11, "" },
    { "json-unclosed-string.safetensors", ARI_MALFORMED, 9, "" },
    { "json-bad-escape.safetensors", ARI_MALFORMED, 10, "" },
    { "json-nested-deep.safetensors", ARI_LIMIT, 80,
      "" }, /* 2 objects from 8 on, and 62 arrays from 18 on. */

    /* An entry. The reference reader takes the two arrays and the object; nobody writes them. */
    { "entry-is-array.safetensors", ARI_MALFORMED, 13, "" },
    { "entry-is-number.safetensors", ARI_MALFORMED, 13, "" },
    { "dtype-is-object.safetensors", ARI_MALFORMED, 22, "" },
    { "dtype-missing.safetensors", ARI_MALFORMED, 13, "" },
    { "shape-missing.safetensors", ARI_MALFORMED, 13, "" },
    { "offsets-missing.safetensors", ARI_MALFORMED, 13, "" },
    { "offsets-one.safetensors", ARI_MALFORMED, 55, "" },
    { "offsets-three.safetensors", ARI_MALFORMED, 55, "" },
    { "shape-float.safetensors", ARI_MALFORMED, 37, "" },
    { "shape-exponent.safetensors", ARI_MALFORMED, 37, "" },
    { "shape-minus-zero.safetensors", ARI_MALFORMED, 37, "" },
    { "shape-negative.safetensors", ARI_MALFORMED, 37, "" },
    { "shape-two-to-64.safetensors", ARI_MALFORMED, 37, "" },
    { "shape-leading-zero.safetensors", ARI_MALFORMED, 37, "" },
    { "shape-is-string.safetensors", ARI_MALFORMED, 36, "" },

    /* Readable. */
    { "leading-space.safetensors", ARI_OK, 0, "leading-space@8" },
    { "dtype-unknown.safetensors", ARI_OK, 0, "unknown-dtype@13" },
    { "dtype-lower-case.safetensors", ARI_OK, 0, "unknown-dtype@13" },
    { "field-unknown.safetensors", ARI_OK, 0, "unknown-field@70" },
    { "field-twice.safetensors", ARI_OK, 0, "duplicate-field@36" },
    { "metadata-is-string.safetensors", ARI_OK, 0, "metadata-type@24" },
    { "metadata-not-strings.safetensors", ARI_OK, 0, "metadata-type@46" },
    { "metadata-twice.safetensors", ARI_OK, 0, "duplicate-field@95" },
    { "metadata-key-twice.safetensors", ARI_OK, 0, "duplicate-metadata@48" },
    { "name-twice.safetensors", ARI_OK, 0, "duplicate-tensor@66" },
    { "name-twice-elsewhere.safetensors", ARI_OK, 0, "duplicate-tensor@66" },
    { "name-empty.safetensors", ARI_OK, 0, "odd-name@12" },
    { "name-nul.safetensors", ARI_OK, 0, "odd-name@20" },
    { "name-escape-sequence.safetensors", ARI_OK, 0, "odd-name@31" },
    { "name-lone-surrogate.safetensors", ARI_OK, 0, "odd-name@18 not-utf8@10" },
    { "name-not-utf8.safetensors", ARI_OK, 0, "odd-name@13 not-utf8@10" },
    { "name-raw-control.safetensors", ARI_OK, 0, "odd-name@14 control-character@11" },
    { "offsets-reversed.safetensors", ARI_OK, 0, "reversed-offsets@66" },
    { "offsets-first-not-zero.safetensors", ARI_OK, 0, "data-gap@63" },
    { "offsets-gap.safetensors", ARI_OK, 0, "data-gap@125" },
    { "offsets-overlap.safetensors", ARI_OK, 0, "tensor-overlap@120" },
    { "offsets-same-ten-times.safetensors", ARI_OK, 0,
      "tensor-overlap@549 tensor-overlap@549 tensor-overlap@549 tensor-overlap@549 tensor-overlap@549 "
      "tensor-overlap@549 tensor-overlap@549 tensor-overlap@549 tensor-overlap@549" },
    { "empty-inside-another.safetensors", ARI_OK, 0, "tensor-overlap@119" },
    { "size-mismatch.safetensors", ARI_OK, 0, "size-mismatch@13" },
    { "shape-overflow.safetensors", ARI_OK, 0, "shape-overflow@13" },
    { "shape-overflow-then-zero.safetensors", ARI_OK, 0, "shape-overflow@13" },
    { "bytes-overflow.safetensors", ARI_OK, 0, "shape-overflow@13" },
    { "sub-byte-odd.safetensors", ARI_OK, 0, "partial-byte@13" },
    { "trailing-bytes.safetensors", ARI_OK, 0, "trailing-bytes@70" },
    { "data-cut.safetensors", ARI_OK, 0, "truncated-data@68" },
    { "data-gone.safetensors", ARI_OK, 0, "truncated-data@62" },

    /* GGUF: the header. */
    { "magic-only.gguf", ARI_TRUNCATED, 4, "" },
    { "magic-cut.gguf", ARI_NOT_A_MODEL, 0, "" },
    { "version-zero.gguf", ARI_UNSUPPORTED, 4, "" },
    { "version-four.gguf", ARI_UNSUPPORTED, 4, "" },
    { "counts-cut.gguf", ARI_TRUNCATED, 16, "" },
    { "tensors-negative.gguf", ARI_LIMIT, 8, "" },
    { "keys-negative.gguf", ARI_LIMIT, 16, "" },
    { "tensors-announced.gguf", ARI_TRUNCATED, 24, "" },
    { "keys-announced.gguf", ARI_TRUNCATED, 24, "" },

    /* Its pairs. */
    { "key-longer-than-file.gguf", ARI_TRUNCATED, 32, "" },
    { "key-empty.gguf", ARI_OK, 0, "empty-key@24" },
    { "key-twice.gguf", ARI_OK, 0, "duplicate-key@59" },
    { "value-type-13.gguf", ARI_MALFORMED, 33, "" },
    { "value-cut.gguf", ARI_TRUNCATED, 37, "" },
    { "string-longer-than-file.gguf", ARI_TRUNCATED, 45, "" },
    { "array-type-13.gguf", ARI_MALFORMED, 37, "" },
    { "array-longer-than-file.gguf", ARI_TRUNCATED, 49, "" },
    { "array-wraps.gguf", ARI_MALFORMED, 49, "" },
    { "array-of-strings-too-many.gguf", ARI_TRUNCATED, 49, "" },
    { "array-string-past-end.gguf", ARI_TRUNCATED, 57, "" },
    { "arrays-nested-deep.gguf", ARI_LIMIT, 793, "" }, /* The 64th array, 12 bytes each, holds another. */
    { "alignment-zero.gguf", ARI_OK, 0, "alignment@24" },
    { "alignment-three.gguf", ARI_OK, 0, "alignment@24" },
    { "alignment-u64.gguf", ARI_OK, 0, "alignment@24" },
    { "alignment-string.gguf", ARI_OK, 0, "alignment@24" },

    /* Its tensors. */
    { "name-longer-than-file.gguf", ARI_TRUNCATED, 32, "" },
    { "name-of-63.gguf", ARI_OK, 0, "" },
    { "name-of-64.gguf", ARI_OK, 0, "long-name@24" },
    { "name-twice.gguf", ARI_OK, 0, "duplicate-tensor@57" },
    { "name-escape-sequence.gguf", ARI_OK, 0, "odd-name@24" },
    { "name-not-utf8.gguf", ARI_OK, 0, "odd-name@24" },
    { "five-dimensions.gguf", ARI_OK, 0, "too-many-dimensions@33" },
    { "sixty-five-dimensions.gguf", ARI_MALFORMED, 33, "" },
    { "dimensions-four-billion.gguf", ARI_MALFORMED, 33, "" },
    { "size-negative.gguf", ARI_OK, 0, "shape-overflow@24 trailing-bytes-gguf@96" },
    { "shape-overflow.gguf", ARI_OK, 0, "shape-overflow@24" },
    { "bytes-overflow.gguf", ARI_OK, 0, "shape-overflow@24" },
    { "partial-block.gguf", ARI_OK, 0, "partial-block@24" },
    { "type-43.gguf", ARI_OK, 0, "unknown-dtype@45" },
    { "type-negative.gguf", ARI_OK, 0, "unknown-dtype@45" },
    { "type-retired.gguf", ARI_OK, 0, "removed-dtype@45" },
    { "type-repacked.gguf", ARI_OK, 0, "removed-dtype@45" },
    { "type-of-a-fork.gguf", ARI_OK, 0, "fork-dtype@45" },
    { "offset-not-aligned.gguf", ARI_OK, 0, "misaligned-tensor@57" },
    { "offset-order.gguf", ARI_OK, 0, "tensor-order@57" },
    { "offset-overlap.gguf", ARI_OK, 0, "tensor-overlap@128" }, /* The data begins at 96. */
    { "offset-gap.gguf", ARI_OK, 0, "data-gap@112" },
    { "offset-huge.gguf", ARI_OK, 0, "data-gap@64 truncated-data@80" },
    { "trailing-bytes.gguf", ARI_OK, 0, "trailing-bytes-gguf@80" },
    { "infos-cut.gguf", ARI_TRUNCATED, 24, "" },
    { "data-cut.gguf", ARI_OK, 0, "truncated-data@120" },
    { "crlf.gguf", ARI_TRUNCATED, 117, "" },          /* Three CRs more from 98 on: a length read at 109. */
    { "replaced-bytes.gguf", ARI_TRUNCATED, 99, "" }, /* A float at 87 took 12 bytes: a length read at 91. */

    /* No models. */
    { "empty.safetensors", ARI_NOT_A_MODEL, NOWHERE, "" },
    { "lfs-pointer.safetensors", ARI_NOT_A_MODEL, 0, "" },
    { "html-page.safetensors", ARI_NOT_A_MODEL, 0, "" },
    { "xml-error.gguf", ARI_NOT_A_MODEL, 0, "" },
    { "text.gguf", ARI_NOT_A_MODEL, 0, "" },
    { "json.safetensors", ARI_NOT_A_MODEL, 0, "" },
    { "zip.safetensors", ARI_NOT_A_MODEL, 0, "" },
    { "pickle.safetensors", ARI_NOT_A_MODEL, 0, "" },
    { "ggjt.gguf", ARI_UNSUPPORTED, 0, "" },
    { "gzip.gguf", ARI_NOT_A_MODEL, 0, "" },
    { "noise.gguf", ARI_NOT_A_MODEL, 0, "" },
    { "zstd-cut.safetensors.zst", ARI_TRUNCATED, 200, "" },
    { "zstd-damaged.gguf.zst", ARI_MALFORMED, NOWHERE, "" },
    { "zstd-of-text.gguf.zst", ARI_NOT_A_MODEL, 0, "" },
    { "zstd-of-nothing.gguf.zst", ARI_NOT_A_MODEL, NOWHERE, "" },
    { "config-broken", ARI_OK, 0, "config-unreadable@39" }, /* Of config.json: where a value should be. */
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static void list_findings(const ari_model *model, ari_text *out)
{
    for (size_t i = 0; i < ari_model_finding_count(model); i++) {
        ari_finding f = ari_model_finding(model, i);
        text_printf(out, "%s%s@%" PRIu64, i == 0 ? "" : " ", f.id, f.offset);
    }
    if (out->data == NULL) text_put(out, "");
}

static void check_row(const struct row *row, const char *path)
{
    ari_err err = ARI_ERR_INIT;
    ari_set *set = NULL;
    ari_model *model = NULL;
    ari_text findings = { 0 };
    ari_status status = ari_set_find(path, NULL, &set, &err);
    if (status == ARI_OK) status = ari_model_open(set, 0, NULL, &model, &err);
    cr_expect(status == row->status, "%s: %s, not %s: %s", row->file, ari_status_word(status),
              ari_status_word(row->status), err.text);
    if (row->status == ARI_OK && model != NULL) {
        list_findings(model, &findings);
        cr_expect(strcmp(findings.data, row->findings) == 0, "%s: %s, not %s", row->file, findings.data,
                  row->findings);
    } else {
        cr_expect(err.offset == row->offset, "%s: at %" PRIu64 ", not %" PRIu64, row->file, err.offset,
                  row->offset);
    }
    text_free(&findings);
    ari_model_close(model);
    ari_set_free(set);
}

Test(malformed, statuses_offsets_and_findings)
{
    char path[256];
    for (size_t i = 0; i < ROWS; i++) {
        snprintf(path, sizeof(path), "fixtures/malformed/%s", rows[i].file);
        check_row(&rows[i], path);
    }
}

Test(malformed, reports_are_clean_and_complete)
{
    char path[256];
    for (size_t i = 0; i < ROWS; i++) {
        snprintf(path, sizeof(path), "fixtures/malformed/%s", rows[i].file);
        cr_expect(exercise_path(path, ALL_FORMATS) == rows[i].status, "%s", rows[i].file);
    }
}

Test(malformed, every_fixture_has_its_row)
{
    DIR *folder = opendir("fixtures/malformed");
    cr_assert(folder != NULL);
    size_t files = 0;
    for (struct dirent *e; (e = readdir(folder)) != NULL;) {
        if (e->d_name[0] == '.') continue;
        bool found = false;
        for (size_t i = 0; i < ROWS; i++) found = found || strcmp(rows[i].file, e->d_name) == 0;
        cr_expect(found, "%s has no row", e->d_name);
        files++;
    }
    closedir(folder);
    cr_expect(files == ROWS, "%zu files, %d rows", files, ROWS);
}

/* What a user can do is said wherever there is something to do. */
Test(malformed, hints)
{
    static const struct {
        const char *file, *hint;
    } cases[] = {
        { "lfs-pointer.safetensors", "git lfs pull" },
        { "html-page.safetensors", "page" },
        { "zip.safetensors", "convert to safetensors" },
        { "pickle.safetensors", "can run code" },
        { "empty.safetensors", "again" },
        { "ggjt.gguf", "convert" },
        { "gzip.gguf", "unpack" },
        { "crlf.gguf", "line ends" },
        { "replaced-bytes.gguf", "U+FFFD" },
        { "length-past-end.safetensors", "incomplete" },
        { "infos-cut.gguf", "incomplete" },
        { "tensors-negative.gguf", "--limit tensors" },
        { "keys-negative.gguf", "--limit metadata" },
        { "length-over-limit.safetensors", "--limit header" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char path[256];
        ari_err err = ARI_ERR_INIT;
        ari_set *set = NULL;
        ari_model *model = NULL;
        snprintf(path, sizeof(path), "fixtures/malformed/%s", cases[i].file);
        cr_assert(ari_set_find(path, NULL, &set, &err) == ARI_OK);
        cr_expect(ari_model_open(set, 0, NULL, &model, &err) != ARI_OK);
        cr_expect(err.hint != NULL && strstr(err.hint, cases[i].hint) != NULL, "%s: %s", cases[i].file,
                  err.hint == NULL ? "no hint" : err.hint);
        ari_set_free(set);
    }
}
