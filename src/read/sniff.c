#include "read/sniff.h"

#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#define PICKLE "PyTorch checkpoints are not opened, because loading them can run code; convert to safetensors"
#define CONVERT "export the weights to safetensors with the program they came from, then name that file"
#define ARRAYS "loading it may run code; save its arrays as safetensors, then name that file"
#define UNPACK "unpack it first, then name the model file inside"
#define LLAMAFILE "a llamafile is a ZIP archive too: unzip the .gguf out of it, then name that"
#define LEGACY "this format of ggml precedes GGUF; convert it with llama.cpp's convert_llama_ggml_to_gguf.py"
#define POINTER "the file was never downloaded: run `git lfs pull`, or download it from its page"
#define FETCH "the download went wrong: fetch the file again"
#define RESUME "let the download finish, or fetch the file again"
#define REFUSED \
    "the server sent a page or a message instead of the file: check the address, log in, fetch it again"
#define FOLDER "what lies beside the weights is read along with them"
#define NAME "name a .safetensors or .gguf file, or the folder that holds them"

static const struct magic {
    size_t at;
    const char *bytes;
    size_t size;
    const char *what, *hint, *behind; /* The last where zeros stand before it. */
} magics[] = {
#define MAGIC(at, bytes, what, hint)                                      \
    {                                                                     \
        at, bytes, sizeof(bytes) - 1, what, hint, "zeros, and then " what \
    }
    MAGIC(0, "# xet version", "a Xet pointer, not the model itself", POINTER),
    MAGIC(0, "PK\x05\x06", "an empty ZIP archive", FETCH),
    MAGIC(0, "\x80\x02", "a Python pickle, as old PyTorch checkpoints are", PICKLE),
    MAGIC(0, "\x80\x03", "a Python pickle", PICKLE),
    MAGIC(0, "\x80\x04", "a Python pickle", PICKLE),
    MAGIC(0, "\x80\x05", "a Python pickle", PICKLE),
    MAGIC(0, "(dp0\n", "a Python pickle", PICKLE),
    MAGIC(0, "ccollections\n", "a Python pickle", PICKLE),
    MAGIC(0, "ccopy_reg\n", "a Python pickle", PICKLE),
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
    MAGIC(0, "\x89HDF\r\n\x1A\n", "an HDF5 file, as Keras models are", CONVERT),
    MAGIC(0, "\x93NUMPY", "a NumPy array", ARRAYS),
    MAGIC(4, "TFL3", "a TensorFlow Lite model", CONVERT),
    MAGIC(0,
          "\x7F"
          "ELF",
          "a program (ELF)", NAME),
    MAGIC(0, "MZqFpD", "a program for many systems, as llamafiles are", LLAMAFILE),
    MAGIC(0, "MZ", "a program (DOS or Windows)", NAME),
    MAGIC(0, "%PDF", "a PDF document", NAME),
    MAGIC(0, "\x89PNG", "a PNG image", NAME),
    MAGIC(0, "\xFF\xFE", "text in UTF-16", FETCH),
    MAGIC(0, "\xFE\xFF", "text in UTF-16", FETCH),
#undef MAGIC
};

/* What a ZIP archive is, by a name that stands in its first bytes. */
static const struct member {
    const char *name, *what, *hint;
} members[] = {
    { "data.pkl", "a PyTorch checkpoint (a ZIP archive with a pickle inside)", PICKLE },
    { ".npy", "an archive of NumPy arrays (.npz)", ARRAYS },
    { "model.weights.h5", "a Keras model (a ZIP archive)", CONVERT },
    { "com.apple.CoreML", "a Core ML package (a ZIP archive)", CONVERT },
    { "", "a ZIP archive", UNPACK },
};

/* For formats without a magic of their own, and for folders that hold nothing else. Those that tell more
 * stand first. */
static const sniff_ending endings[] = {
    { ".incomplete", "an unfinished download", RESUME, ENDING_PARTIAL },
    { ".part", "an unfinished download", RESUME, ENDING_PARTIAL },
    { ".partial", "an unfinished download", RESUME, ENDING_PARTIAL },
    { ".crdownload", "an unfinished download", RESUME, ENDING_PARTIAL },
    { ".download", "an unfinished download", RESUME, ENDING_PARTIAL },
    { ".aria2", "aria2's record of an unfinished download", RESUME, ENDING_PARTIAL },
    { "openvino_model.bin", "the weights of an OpenVINO model", CONVERT, ENDING_WEIGHTS },
    { ".bin", "a PyTorch checkpoint", PICKLE, ENDING_PICKLED },
    { ".pt", "a PyTorch checkpoint", PICKLE, ENDING_PICKLED },
    { ".pth", "a PyTorch checkpoint", PICKLE, ENDING_PICKLED },
    { ".ckpt", "a PyTorch checkpoint", PICKLE, ENDING_PICKLED },
    { ".pkl", "a Python pickle", PICKLE, ENDING_PICKLED },
    { ".onnx", "an ONNX model", CONVERT, ENDING_WEIGHTS },
    { ".tflite", "a TensorFlow Lite model", CONVERT, ENDING_WEIGHTS },
    { ".h5", "an HDF5 file, as Keras models are", CONVERT, ENDING_WEIGHTS },
    { ".keras", "a Keras model", CONVERT, ENDING_WEIGHTS },
    { ".msgpack", "a Flax checkpoint", CONVERT, ENDING_WEIGHTS },
    { ".mlpackage", "a Core ML package", CONVERT, ENDING_WEIGHTS },
    { ".mlmodelc", "a compiled Core ML model", CONVERT, ENDING_WEIGHTS },
    { ".mlmodel", "a Core ML model", CONVERT, ENDING_WEIGHTS },
    { ".pb", "a TensorFlow graph", CONVERT, ENDING_WEIGHTS },
    { ".npz", "an archive of NumPy arrays", ARRAYS, ENDING_WEIGHTS },
    { ".npy", "a NumPy array", ARRAYS, ENDING_WEIGHTS },
    { ".llamafile", "a llamafile", LLAMAFILE, ENDING_WEIGHTS },
    { ".zip", "a ZIP archive", UNPACK, ENDING_WEIGHTS },
    { ".tar", "a tar archive", UNPACK, ENDING_WEIGHTS },
    { ".tgz", "a tar archive", UNPACK, ENDING_WEIGHTS },
    { ".gz", "compressed with gzip", UNPACK, ENDING_WEIGHTS },
    { ".7z", "a 7-Zip archive", UNPACK, ENDING_WEIGHTS },
    { ".bin.index.json", "the index of a PyTorch checkpoint", PICKLE, ENDING_TEXT },
    { "tokenizer.json", "a tokenizer", FOLDER, ENDING_TEXT },
    { "config.json", "a configuration", FOLDER, ENDING_TEXT },
    { "params.json", "a configuration", FOLDER, ENDING_TEXT },
    { "model_index.json", "the index of a diffusers pipeline", FOLDER, ENDING_TEXT },
};

/* Texts that stand in a model's place, by how they begin, in small letters. */
static const struct text {
    const char *begins, *what, *hint;
} texts[] = {
    { "<!doctype html", "a web page, not a model", REFUSED },
    { "<html", "a web page, not a model", REFUSED },
    { "<head", "a web page, not a model", REFUSED },
    { "<?xml", "an XML document, not a model: such as a storage server's error", FETCH },
    { "<error", "an XML document, not a model: such as a storage server's error", FETCH },
    { "{\"error\"", "a server's error (JSON), not a model", REFUSED },
    { "entry not found", "a server's answer (\"Entry not found\"), not a model", REFUSED },
    { "repository not found", "a server's answer (\"Repository not found\"), not a model", REFUSED },
    { "revision not found", "a server's answer (\"Revision not found\"), not a model", REFUSED },
    { "not found", "a server's answer (\"Not found\"), not a model", REFUSED },
    { "invalid username or password", "a server's answer (\"Invalid username or password\"), not a model",
      REFUSED },
    { "access to model", "a server's answer (access to the model is restricted), not a model", REFUSED },
    { "unauthorized", "a server's answer (\"Unauthorized\"), not a model", REFUSED },
    { "forbidden", "a server's answer (\"Forbidden\"), not a model", REFUSED },
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

const sniff_ending *sniff_name(const char *name)
{
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (span_ends(span_of(name), endings[i].end)) return &endings[i];
    }
    return NULL;
}

/* What lies beside a model: it is the folder that was meant. */
static ari_status beside_model(const char *path, const sniff_ending *e, ari_err *err)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path);
    ari_span folder = n > 0 ? span_first(span_of(path), n) : span_of(slash == NULL ? "." : "/");
    ari_fail(err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "is %s, not the weights: name its folder, \"%s\"", e->what,
             show(folder).text);
    return ari_hint(err, e->hint);
}

static ari_status sniff_text(const char *path, ari_span head, ari_err *err)
{
    const sniff_ending *e = sniff_name(path);
    while (head.size > 0 && isspace(head.data[0])) head = span_from(head, 1);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (starts_caseless(head, texts[i].begins)) return is(err, texts[i].what, texts[i].hint);
    }
    bool json = head.size > 0 && (head.data[0] == '{' || head.data[0] == '[');
    if (json && e != NULL && e->kind == ENDING_TEXT) return beside_model(path, e, err);
    if (json) return is(err, "a JSON text, not a model", "name the model file beside it, or the folder");
    return is(err, "plain text, not a model", NAME);
}

/* The value of a line of a pointer, up to its end: "size 269060552". */
static ari_span pointer_value(ari_span head, const char *key)
{
    const uint8_t *at = head.size == 0 ? NULL : memmem(head.data, head.size, key, strlen(key));
    if (at == NULL) return (ari_span){ (const uint8_t *)"?", 1 };
    ari_span value = span_from(head, (size_t)(at - head.data) + strlen(key));
    const uint8_t *end = value.size == 0 ? NULL : memchr(value.data, '\n', value.size);
    return span_first(value, end == NULL ? value.size : (size_t)(end - value.data));
}

static ari_status lfs_pointer(ari_span head, ari_err *err)
{
    ari_fail(err, ARI_NOT_A_MODEL, 0,
             "is a Git LFS pointer, not the model itself: missing are %s bytes, sha256 %s",
             show(span_first(pointer_value(head, "\nsize "), 20)).text,
             show(span_first(pointer_value(head, "\noid sha256:"), 64)).text);
    return ari_hint(err, POINTER);
}

static const struct member *zip_member(ari_span head)
{
    const struct member *m = members;
    while (memmem(head.data, head.size, m->name, strlen(m->name)) == NULL) m++;
    return m;
}

static ari_status zip_archive(ari_span head, const sniff_ending *e, ari_err *err)
{
    const struct member *m = zip_member(head);
    bool by_name = m->name[0] == '\0' && e != NULL && e->kind == ENDING_WEIGHTS;
    return by_name ? is(err, e->what, e->hint) : is(err, m->what, m->hint);
}

static bool is_zero(ari_span head)
{
    for (size_t i = 0; i < head.size; i++) {
        if (head.data[i] != 0) return false;
    }
    return true;
}

static ari_status zeros(ari_span head, ari_err *err)
{
    ari_fail(err, ARI_NOT_A_MODEL, 0,
             "begins with %zu zero bytes: an unfinished download, whose file was made in full size first",
             head.size);
    return ari_hint(err, RESUME);
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

static const struct magic *find_magic(ari_span head)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        const struct magic *m = &magics[i];
        ari_span there = span_first(span_from(head, m->at), m->size);
        if (span_eq(there, (ari_span){ (const uint8_t *)m->bytes, m->size })) return m;
    }
    return NULL;
}

/* A pickle of protocol 0 that begins with a name to be imported: "cposix\nsystem\n". */
static bool is_old_pickle(ari_span s)
{
    size_t i = 1;
    if (!span_starts(s, "c")) return false;
    for (int line = 0; line < 2; line++) {
        size_t begin = i;
        while (i < s.size && (isalnum(s.data[i]) != 0 || s.data[i] == '_' || s.data[i] == '.')) i++;
        if (i == begin || i >= s.size || s.data[i++] != '\n') return false;
    }
    return i < s.size;
}

/* Some zeros do not hide what follows them. */
static const char *behind_zeros(ari_span bytes)
{
    size_t n = 0;
    while (n < bytes.size && bytes.data[n] == 0) n++;
    ari_span head = span_first(span_from(bytes, n), 4096);
    const struct magic *m = find_magic(head);
    if (span_starts(head, "PK\x03\x04")) return "zeros, and then a ZIP archive";
    return m == NULL ? "zeros, and then something else" : m->behind;
}

const char *sniff_what(ari_span bytes)
{
    ari_span head = span_first(bytes, 4096);
    const struct magic *m = find_magic(head);
    if (span_starts(head, "PK\x03\x04")) return zip_member(head)->what;
    if (span_starts(head, "GGUF")) return "another GGUF file";
    if (span_starts(head, "#!")) return "a script";
    if (m != NULL) return m->what;
    if (is_old_pickle(head)) return "a Python pickle";
    if (head.size == 0) return NULL;
    if (head.data[0] == 0 && is_zero(bytes)) return "zeros";
    if (is_zero(span_first(head, 4))) return behind_zeros(bytes);
    return is_text(head) ? "plain text" : NULL;
}

ari_status sniff(const char *path, ari_span head, uint64_t size, ari_err *err)
{
    const sniff_ending *e = sniff_name(path);
    if (e != NULL && e->kind == ENDING_PARTIAL) {
        ari_fail(err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "is %s (%" PRIu64 " bytes so far)", e->what, size);
        return ari_hint(err, e->hint);
    }
    if (size == 0) {
        ari_fail(err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "the file is empty");
        return ari_hint(err, FETCH);
    }
    if (span_starts(head, "version https://git-lfs")) return lfs_pointer(head, err);
    if (span_starts(head, "PK\x03\x04")) return zip_archive(head, e, err);
    const struct magic *m = find_magic(head);
    if (m != NULL) return is(err, m->what, m->hint);
    if (is_text(head)) return sniff_text(path, head, err);
    if (size <= 8) {
        ari_fail(err, ARI_NOT_A_MODEL, ARI_NO_OFFSET, "%" PRIu64 " bytes are too few for any model format",
                 size);
        return ari_hint(err, FETCH);
    }
    if (is_zero(head)) return zeros(head, err);
    if (e != NULL && e->kind == ENDING_WEIGHTS) return is(err, e->what, e->hint);
    return unknown(head, err);
}
