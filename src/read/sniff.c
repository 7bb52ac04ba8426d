#include "read/sniff.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#define PICKLE "PyTorch checkpoints are not opened, because loading them can run code; convert to safetensors"
#define UNPACK "unpack it first, then name the model file inside"
#define LEGACY "this format of ggml precedes GGUF; convert it with llama.cpp's convert_llama_ggml_to_gguf.py"
#define POINTER "the file was never downloaded: run `git lfs pull`, or download it from its page"
#define FETCH "the download went wrong: fetch the file again"
#define NAME "name a .safetensors or .gguf file, or the folder that holds them"

static const struct magic {
    size_t at;
    const char *bytes;
    size_t size;
    const char *what, *hint;
} magics[] = {
#define MAGIC(at, bytes, what, hint)             \
    {                                            \
        at, bytes, sizeof(bytes) - 1, what, hint \
    }
    MAGIC(0, "version https://git-lfs", "a Git LFS pointer, not the model itself", POINTER),
    MAGIC(0, "# xet version", "a Xet pointer, not the model itself", POINTER),
    MAGIC(0, "PK\x03\x04", "a ZIP archive, as PyTorch checkpoints are", PICKLE),
    MAGIC(0, "PK\x05\x06", "an empty ZIP archive", PICKLE),
    MAGIC(0, "\x80\x02", "a Python pickle, as old PyTorch checkpoints are", PICKLE),
    MAGIC(0, "\x80\x03", "a Python pickle", PICKLE),
    MAGIC(0, "\x80\x04", "a Python pickle", PICKLE),
    MAGIC(0, "\x80\x05", "a Python pickle", PICKLE),
    MAGIC(0, "lmgg", "a model in the first ggml format", LEGACY),
    MAGIC(0, "fmgg", "a model in the ggmf format", LEGACY),
    MAGIC(0, "tjgg", "a model in the ggjt format", LEGACY),
    MAGIC(0, "algg", "an adapter in the ggla format", LEGACY),
    MAGIC(0, "ggml", "a model in the first ggml format", LEGACY),
    MAGIC(0, "GGML", "a model in an old ggml format", LEGACY),
    MAGIC(0, "FUGG", "a GGUF file with its magic reversed", FETCH),
    MAGIC(0, "\x1F\x8B", "compressed with gzip", UNPACK),
    MAGIC(0, "BZh", "compressed with bzip2", UNPACK),
    MAGIC(0,
          "\xFD"
          "7zXZ",
          "compressed with xz", UNPACK),
    MAGIC(0, "7z\xBC\xAF\x27\x1C", "a 7-Zip archive", UNPACK),
    MAGIC(0, "Rar!", "a RAR archive", UNPACK),
    MAGIC(257, "ustar", "a tar archive", UNPACK),
    MAGIC(0, "\x89HDF\r\n\x1A\n", "an HDF5 file, as Keras models are", "convert it to safetensors"),
    MAGIC(0, "\x93NUMPY", "a NumPy array", "convert it to safetensors"),
    MAGIC(4, "TFL3", "a TensorFlow Lite model", "convert it to safetensors"),
    MAGIC(0,
          "\x7F"
          "ELF",
          "a program (ELF)", NAME),
    MAGIC(0, "MZ", "a program (DOS or Windows)", NAME),
    MAGIC(0, "%PDF", "a PDF document", NAME),
    MAGIC(0, "\x89PNG", "a PNG image", NAME),
    MAGIC(0, "\xFF\xFE", "text in UTF-16", FETCH),
    MAGIC(0, "\xFE\xFF", "text in UTF-16", FETCH),
#undef MAGIC
};

/* LF became CR LF: every LF stands behind a CR, and there are some. */
static bool has_translated_lines(ari_span head)
{
    size_t lines = 0;
    for (size_t i = 0; i < head.size; i++) {
        if (head.data[i] != '\n') continue;
        if (i == 0 || head.data[i - 1] != '\r') return false;
        lines++;
    }
    return lines > 0;
}

/* Decoded as text and written again: every byte that was no UTF-8 became the
 * three of U+FFFD, and so there is none left. */
static bool has_replaced_bytes(ari_span head)
{
    size_t replaced = 0;
    for (size_t at = 0, n; at < head.size; at += n) {
        uint32_t code = utf8_decode(span_from(head, at), &n);
        if (code == UINT32_MAX && at + 4 < head.size) return false;
        replaced += code == 0xFFFD;
    }
    return replaced > 0;
}

const char *sniff_damage(ari_span head)
{
    head = span_first(head, 1 << 20);
    if (has_translated_lines(head)) {
        return "line ends were translated (LF to CR LF) on the way, as git does to text: fetch the file "
               "again, as binary";
    }
    if (has_replaced_bytes(head)) {
        return "the file was treated as text on the way (its bytes were replaced by U+FFFD): fetch it again, "
               "as binary";
    }
    return NULL;
}

static bool starts_caseless(ari_span s, const char *lower)
{
    for (size_t i = 0; lower[i] != '\0'; i++) {
        if (i >= s.size || tolower(s.data[i]) != lower[i]) return false;
    }
    return true;
}

static bool is_text(ari_span s)
{
    bool cut = s.size > 512;
    s = span_first(s, 512);
    for (size_t i = 0; i < s.size; i++) {
        uint8_t c = s.data[i];
        if (c < 0x20 && c != '\n' && c != '\r' && c != '\t') return false;
    }
    /* The cut may have split a character: leave its bytes out. */
    while (cut && s.size > 0 && s.data[s.size - 1] >= 0x80) s.size--;
    return utf8_valid(s);
}

static ari_status is(ari_err *err, const char *what, const char *hint)
{
    bool older_model = strcmp(hint, LEGACY) == 0;
    ari_fail(err, older_model ? ARI_UNSUPPORTED : ARI_NOT_A_MODEL, 0, "is %s", what);
    return ari_hint(err, hint);
}

static ari_status sniff_text(ari_span head, ari_err *err)
{
    while (head.size > 0 && isspace(head.data[0])) head = span_from(head, 1);
    if (starts_caseless(head, "<!doctype html") || starts_caseless(head, "<html") ||
        starts_caseless(head, "<head")) {
        return is(err, "a web page, not a model",
                  "the server sent a page instead of the file: check the address, log in, fetch it again");
    }
    if (starts_caseless(head, "<?xml") || starts_caseless(head, "<error")) {
        return is(err, "an XML document, not a model: such as a storage server's error", FETCH);
    }
    if (head.size > 0 && (head.data[0] == '{' || head.data[0] == '[')) {
        return is(err, "a JSON text, not a model", "name the model file beside it, or the folder");
    }
    return is(err, "plain text, not a model", NAME);
}

static ari_status unknown(ari_span head, ari_err *err)
{
    char bytes[64] = "";
    for (size_t i = 0; i < head.size && i < 8; i++) {
        snprintf(bytes + 3 * i, sizeof(bytes) - 3 * i, " %02x", head.data[i]);
    }
    ari_fail(err, ARI_NOT_A_MODEL, 0, "is neither safetensors nor GGUF (starts with%s)", bytes);
    return ari_hint(err, NAME);
}

ari_status sniff(ari_span head, uint64_t size, ari_err *err)
{
    if (size == 0) {
        ari_fail(err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "the file is empty");
        return ari_hint(err, FETCH);
    }
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        const struct magic *m = &magics[i];
        ari_span there = span_first(span_from(head, m->at), m->size);
        if (span_eq(there, (ari_span){ (const uint8_t *)m->bytes, m->size }))
            return is(err, m->what, m->hint);
    }
    if (is_text(head)) return sniff_text(head, err);
    if (size <= 8) {
        ari_fail(err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "%" PRIu64 " bytes are too few for any model format",
                 size);
        return ari_hint(err, FETCH);
    }
    return unknown(head, err);
}
