#include "read/sniff.h"

#include "files.h"

#include <criterion/criterion.h>

/* First bytes by the formats' own documents, and a word that must be in what is said. */
static const struct {
    ari_span head;
    ari_status status;
    const char *word;
} heads[] = {
    { BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:00\n"), ARI_NOT_A_MODEL, "LFS" },
    { BYTES("# xet version 0\n"), ARI_NOT_A_MODEL, "Xet" },
    { BYTES("PK\x03\x04\x14\0"), ARI_NOT_A_MODEL, "ZIP" },
    { BYTES("PK\x05\x06\0\0"), ARI_NOT_A_MODEL, "ZIP" },
    { BYTES("\x80\x02}q\0."), ARI_NOT_A_MODEL, "pickle" },
    { BYTES("\x80\x05\x95\0"), ARI_NOT_A_MODEL, "pickle" },
    { BYTES("lmgg\x01\0\0\0\0"), ARI_UNSUPPORTED, "ggml" },
    { BYTES("tjgg\x03\0\0\0\0"), ARI_UNSUPPORTED, "ggjt" },
    { BYTES("fmgg\x01\0\0\0\0"), ARI_UNSUPPORTED, "ggmf" },
    { BYTES("algg\x01\0\0\0\0"), ARI_UNSUPPORTED, "ggla" },
    { BYTES("\x1F\x8B\x08\0\0\0\0\0"), ARI_NOT_A_MODEL, "gzip" },
    { BYTES("BZh91AY&SY\0"), ARI_NOT_A_MODEL, "bzip2" },
    { BYTES("\xFD"
            "7zXZ\0\0"),
      ARI_NOT_A_MODEL, "xz" },
    { BYTES("7z\xBC\xAF\x27\x1C\0\x04"), ARI_NOT_A_MODEL, "7-Zip" },
    { BYTES("\x89HDF\r\n\x1A\n\0"), ARI_NOT_A_MODEL, "HDF5" },
    { BYTES("\x93NUMPY\x01\0"), ARI_NOT_A_MODEL, "NumPy" },
    { BYTES("\x1C\0\0\0TFL3\0"), ARI_NOT_A_MODEL, "Lite" },
    { BYTES("\x7F"
            "ELF\x02\x01\x01\0"),
      ARI_NOT_A_MODEL, "ELF" },
    { BYTES("%PDF-1.7\n"), ARI_NOT_A_MODEL, "PDF" },
    { BYTES("\x89PNG\r\n\x1A\n"), ARI_NOT_A_MODEL, "PNG" },
    { BYTES("<!DOCTYPE html><html>"), ARI_NOT_A_MODEL, "page" },
    { BYTES("\n\n  <!doctype HTML>"), ARI_NOT_A_MODEL, "page" },
    { BYTES("<HTML><body>"), ARI_NOT_A_MODEL, "page" },
    { BYTES("<?xml version=\"1.0\"?>"), ARI_NOT_A_MODEL, "XML" },
    { BYTES("<Error><Code>AccessDenied</Code></Error>"), ARI_NOT_A_MODEL, "XML" },
    { BYTES("{\"error\": \"not found\"}"), ARI_NOT_A_MODEL, "JSON" },
    { BYTES("[1, 2]"), ARI_NOT_A_MODEL, "JSON" },
    { BYTES("Not Found"), ARI_NOT_A_MODEL, "server" },
    { BYTES("\xED\x95\x9C\xEA\xB8\x80 text"), ARI_NOT_A_MODEL, "text" },
    { BYTES("\xFF\xFEN\0o\0"), ARI_NOT_A_MODEL, "UTF-16" },
    { BYTES("\0\0\0"), ARI_NOT_A_MODEL, "3 bytes" },
    { BYTES("\0\x01\x02\x03\x04\x05\x06\x07\x08\x09"), ARI_NOT_A_MODEL, "00 01 02 03" },
    { BYTES(""), ARI_NOT_A_MODEL, "empty" },
};

Test(sniff, says_what_a_file_is_and_what_to_do)
{
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        ari_err err = ARI_ERR_INIT;
        cr_expect(sniff("model", heads[i].head, heads[i].head.size, &err) == heads[i].status, "%s: %s",
                  heads[i].word, ari_status_word(err.status));
        cr_expect(strstr(err.text, heads[i].word) != NULL, "%s: \"%s\"", heads[i].word, err.text);
        cr_expect(err.hint != NULL && err.hint[0] != '\0', "%s", heads[i].word);
    }
}

/* A name counts where the content does not tell, and never against it. */
Test(sniff, names_tell_what_contents_do_not)
{
    static const struct {
        const char *path;
        ari_span head;
        const char *word;
    } rows[] = {
        { "a/model.onnx", BYTES("\x08\x07\x12\x07pytorch"), "ONNX" },
        { "a/saved_model.pb", BYTES("\x08\x01\x12\xF4\x01\x0A\x06\0\0\0"), "TensorFlow" },
        { "a/weights.bin", BYTES("\x01\x02\x03\x04\x05\x06\x07\x08\x09"), "neither" },
        { "a/model.gguf.part", BYTES("\x01\x02\x03"), "unfinished" },
        { "a/model.onnx", BYTES("version https://git-lfs.github.com/spec/v1\noid sha256:0f\nsize 7\n"),
          "missing are 7 bytes, sha256 0f" },
        { "a/model.onnx", BYTES("<html>"), "web page" },
        { "a/model.onnx", BYTES(""), "empty" },
        { "a/model.pt", BYTES("PK\x03\x04      model/data.pkl"), "PyTorch" },
        { "a/model.npz", BYTES("PK\x03\x04      arr_0.npy"), "NumPy" },
        { "a/model.keras", BYTES("PK\x03\x04      metadata.json"), "Keras" },
        { "a/model.safetensors", BYTES("PK\x03\x04"), "ZIP" },
        { "a/config.json", BYTES("{}"), "name its folder, \"a\"" },
        { "config.json", BYTES("{}"), "name its folder, \".\"" },
        { "/config.json", BYTES("{}"), "name its folder, \"/\"" },
        { "a/config.json", BYTES("{\"error\": 1}"), "server" },
        { "model.gguf", BYTES("\0\0\0\0\0\0\0\0\0\0"), "zero bytes" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ari_err err = ARI_ERR_INIT;
        sniff(rows[i].path, rows[i].head, rows[i].head.size, &err);
        cr_expect(strstr(err.text, rows[i].word) != NULL && err.hint != NULL, "row %zu: %s", i, err.text);
    }
}

/* Archives that name themselves further in. */
Test(sniff, looks_behind_the_first_bytes)
{
    uint8_t head[512] = "model.safetensors";
    memcpy(head + 257, "ustar", 5);
    ari_err err = ARI_ERR_INIT;
    cr_expect(sniff("model", (ari_span){ head, sizeof(head) }, 10240, &err) == ARI_NOT_A_MODEL);
    cr_expect(strstr(err.text, "tar") != NULL, "%s", err.text);
}

Test(sniff, a_cut_through_a_character_is_still_text)
{
    char head[600];
    for (size_t shift = 0; shift < 3; shift++) {
        memset(head, 'a', shift);
        for (size_t i = shift; i < sizeof(head); i++) head[i] = "\xED\x95\x9C"[(i - shift) % 3];
        ari_err err = ARI_ERR_INIT;
        sniff("model", (ari_span){ (const uint8_t *)head, sizeof(head) }, 100000, &err);
        cr_expect(strstr(err.text, "text") != NULL, "shift %zu: %s", shift, err.text);
    }
}

Test(sniff, sees_what_a_file_has_been_through)
{
    static const struct {
        ari_span head;
        const char *word; /* NULL: nothing shows. */
    } rows[] = {
        { BYTES("GGUF\x03\0\0\0a\r\nb\r\n\0"), "line ends" },
        { BYTES("GGUF\x03\0\0\0a\nb\r\n\0"), NULL },
        { BYTES("GGUF\x03\0\0\0\n\0"), NULL },
        { BYTES("GGUF\x03\0\0\0\0\0"), NULL },
        { BYTES("GGUF\x03\0\0\0\xEF\xBF\xBD\0\xEF\xBF\xBD\xEF\xBF\xBD\0\0\0\0\0"), "U+FFFD" },
        { BYTES("GGUF\x03\0\0\0\xEF\xBF\xBD\0\xFF\0\0\0\0\0\0\0"), NULL },
        { BYTES(""), NULL },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *damage = sniff_damage(rows[i].head);
        cr_expect((damage == NULL) == (rows[i].word == NULL), "row %zu: %s", i, damage == NULL ? "" : damage);
        cr_expect(damage == NULL || strstr(damage, rows[i].word) != NULL, "row %zu: %s", i, damage);
    }
}
