#include "sample.h"

#include "files.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A header under construction, and the contents that go after it. */
typedef struct writing {
    ari_text header;
    uint64_t data; /* Bytes of tensor data so far. */
    struct {
        uint64_t at;
        uint8_t bytes[512];
        size_t size;
    } contents[64];
    size_t content_count;
    size_t tensors;
} writing;

/* --- Lines -------------------------------------------------------------------------------- */

/* The next word of a line, ended in place; NULL after the last. */
static char *next(char **line)
{
    *line += strspn(*line, " ");
    if (**line == '\0') return NULL;
    char *word = *line;
    *line += strcspn(word, " ");
    if (**line != '\0') *(*line)++ = '\0';
    return word;
}

/* The first digits of a type's name; BOOL has none. */
static unsigned bits_of(const char *dtype)
{
    const char *digits = dtype + strcspn(dtype, "0123456789");
    return *digits == '\0' ? 8 : (unsigned)strtoul(digits, NULL, 10);
}

static void add_content(writing *w, const char *content, unsigned bits, size_t *size)
{
    uint8_t *out = w->contents[w->content_count].bytes;
    *size = 0;
    w->contents[w->content_count].at = w->data;
    if (*content == '\'') {
        *size = strlen(++content);
        memcpy(out, content, *size);
    }
    for (char *end; *size == 0 || *content != '\''; content = end) {
        uint64_t value = strtoull(content, &end, 10);
        if (end == content) break;
        for (unsigned i = 0; i < bits / 8; i++) out[(*size)++] = (uint8_t)(value >> (8 * i));
    }
    w->contents[w->content_count++].size = *size;
}

static void add_tensor(writing *w, const char *name, const char *dtype, const char *sizes,
                       const char *content)
{
    uint64_t elements = 1, stored;
    size_t length = 0;
    if (content != NULL) add_content(w, content, bits_of(dtype), &length);
    text_printf(&w->header, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", w->tensors++ == 0 ? "{" : ",", name,
                dtype);
    if (*sizes == '*') {
        elements = length;
        text_printf(&w->header, "%zu", length);
    }
    for (const char *s = sizes; *s >= '0' && *s <= '9';) {
        uint64_t size = strtoull(s, (char **)&s, 10);
        elements *= size;
        text_printf(&w->header, "%" PRIu64 "%s", size, *s == 'x' ? "," : "");
        if (*s == 'x') s++;
    }
    stored = elements * bits_of(dtype) / 8;
    text_printf(&w->header, "],\"data_offsets\":[%" PRIu64 ",%" PRIu64 "]}", w->data, w->data + stored);
    w->data += stored;
}

/* Every name that the braces stand for. */
static void expand(writing *w, const char *name, const char *dtype, const char *sizes, const char *content)
{
    const char *open = strchr(name, '{');
    if (open == NULL || open[1] == '}') {
        add_tensor(w, name, dtype, sizes, content);
        return;
    }
    char *end, one[512];
    unsigned long low = 0, high = strtoul(open + 1, &end, 10);
    if (*end == '-') {
        low = high;
        high = strtoul(end + 1, &end, 10) + 1;
    }
    cr_assert(*end == '}', "%s", name);
    for (unsigned long i = low; i < high; i++) {
        snprintf(one, sizeof(one), "%.*s%lu%s", (int)(open - name), name, i, end + 1);
        expand(w, one, dtype, sizes, content);
    }
}

static void add_line(writing *w, const char *text, size_t size)
{
    char copy[1024], *line = copy;
    snprintf(copy, sizeof(copy), "%.*s", (int)size, text);
    const char *name = next(&line), *dtype = "BF16";
    if (name == NULL) return;
    const char *sizes = next(&line);
    if (sizes != NULL && *sizes >= 'A' && *sizes <= 'Z') {
        dtype = sizes;
        sizes = next(&line);
    }
    cr_assert(sizes != NULL, "%s has no sizes", name);
    line += strspn(line, " =");
    expand(w, name, dtype, sizes, *line == '\0' ? NULL : line);
}

/* --- Files -------------------------------------------------------------------------------- */

static void write_at(int fd, uint64_t at, const void *bytes, size_t size)
{
    cr_assert(pwrite(fd, bytes, size, (off_t)at) == (ssize_t)size);
}

static void write_lines(int fd, const char *lines)
{
    writing *w = calloc(1, sizeof(*w));
    for (size_t n; *lines != '\0'; lines += n + (lines[n] == '\n')) {
        n = strcspn(lines, "\n");
        add_line(w, lines, n);
    }
    text_put(&w->header, w->tensors == 0 ? "{}" : "}");
    uint8_t length[8];
    for (unsigned i = 0; i < 8; i++) length[i] = (uint8_t)(w->header.size >> (8 * i));
    write_at(fd, 0, length, 8);
    write_at(fd, 8, w->header.data, w->header.size);
    uint64_t data = 8 + w->header.size;
    cr_assert(ftruncate(fd, (off_t)(data + w->data)) == 0);
    for (size_t i = 0; i < w->content_count; i++)
        write_at(fd, data + w->contents[i].at, w->contents[i].bytes, w->contents[i].size);
    text_free(&w->header);
    free(w);
}

static ari_model *open_path(const char *path)
{
    ari_err err = ARI_ERR_INIT;
    ari_set *set = NULL;
    ari_model *m = NULL;
    if (ari_set_find(path, NULL, &set, &err) == ARI_OK) ari_model_open(set, 0, NULL, &m, &err);
    cr_assert(m != NULL, "%s", err.text);
    ari_set_free(set);
    return m;
}

/* --- For tests ----------------------------------------------------------------------------- */

sample sample_read(const char *lines)
{
    sample s = { 0 };
    memory_file file = memory_open();
    const char *path = file.path;
    write_lines(file.fd, lines);
    s.r = read_files(&path, 1, NULL, NULL);
    memory_close(&file);
    cr_assert(s.r.c != NULL, "%s", s.r.err.text);
    cr_assert(layout_build(&s.layout, &s.r.c->tensors) && pack_resolve(&s.layout, s.r.c, &s.packing) &&
              roles_assign(&s.layout));
    return s;
}

void sample_free(sample *s)
{
    layout_free(&s->layout);
    reading_free(&s->r);
}

ari_template *the_template(const sample *s, const char *pattern)
{
    ari_template *t = layout_find(&s->layout, span_of(pattern));
    cr_assert(t != NULL, "there is no template %s", pattern);
    return t;
}

const char *logical_text(const sample *s, const char *pattern)
{
    static char out[256];
    const ari_template *t = the_template(s, pattern);
    ari_shape shape = logical_shape(&s->layout, t, 0);
    size_t at = 0;
    if (shape.rank == 0) at = (size_t)snprintf(out, sizeof(out), "? (%" PRIu64 " elements)", shape.elements);
    for (uint32_t i = 0; i < shape.rank; i++) {
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%" PRIu64, i == 0 ? "" : "x", shape.sizes[i]);
    }
    if (!t->adapter && t->logical != NULL && t->logical[0].bits > 0)
        snprintf(out + at, sizeof(out) - at, ", %d bits", t->logical[0].bits);
    return out;
}

ari_model *infer(const char *lines)
{
    memory_file file = memory_open();
    write_lines(file.fd, lines);
    ari_model *m = open_path(file.path);
    memory_close(&file);
    return m;
}

ari_model *infer_beside(const char *lines, const char *sidecar, const char *text)
{
    static const char *const names[][2] = {
        { "config.json", "model.safetensors" },
        { "params.json", "consolidated.safetensors" },
        { "adapter_config.json", "adapter_model.safetensors" },
    };
    const char *name = NULL;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i][0], sidecar) == 0) name = names[i][1];
    }
    cr_assert(name != NULL);
    test_folder folder = folder_new();
    folder_text(&folder, sidecar, text);
    int fd = open(folder_path(&folder, name), O_RDWR | O_CREAT, 0600);
    cr_assert(fd >= 0);
    write_lines(fd, lines);
    close(fd);
    ari_model *m = open_path(folder_path(&folder, name));
    folder_free(&folder); /* The map lives on. */
    return m;
}

ari_model *infer_made(maker *made_file)
{
    memory_file file = memory_open();
    memory_write(&file, made(made_file));
    free(made_file);
    ari_model *m = open_path(file.path);
    memory_close(&file);
    return m;
}

/* --- Facts ---------------------------------------------------------------------------------- */

static void expect_fact(const ari_architecture *a, const char *what, const char *fact, size_t size)
{
    char name[64], wanted[256], found[320];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(fact, " "), fact);
    snprintf(wanted, sizeof(wanted), "%.*s", (int)size, fact);
    ari_field field = field_by_name(name);
    cr_assert(field != ARI_FIELD_COUNT, "%s is no field", name);
    const ari_inferred *f = &a->fields[field];
    snprintf(found, sizeof(found), "%s %s %s", name, f->value, ari_basis_word(f->basis));
    cr_expect(strcmp(wanted, found) == 0, "%s: %s wanted, found %s", what, wanted, found);
}

static void expect_all(const ari_architecture *a, const char *what, const char *facts)
{
    while (*facts != '\0') {
        const char *end = strstr(facts, "; ");
        size_t n = end == NULL ? strlen(facts) : (size_t)(end - facts);
        expect_fact(a, what, facts, n);
        facts += n + (end == NULL ? 0 : 2);
    }
}

void expect_facts(const ari_model *m, const char *what, const char *facts)
{
    expect_all(&m->architecture, what, facts);
}

void expect_part(const ari_model *m, const char *role, const char *facts)
{
    size_t i = 0;
    while (i < m->component_count && strcmp(m->components[i].role, role) != 0) i++;
    cr_assert(i < m->component_count, "there is no %s", role);
    expect_all(&m->components[i].architecture, role, facts);
}

const char *candidates_text(const ari_model *m, const char *field)
{
    static char out[2048];
    const ari_inferred *f = &m->architecture.fields[field_by_name(field)];
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < f->candidate_count && at < sizeof(out); i++)
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%s", i == 0 ? "" : " ", f->candidates[i]);
    return out;
}

const char *contradictions_text(const ari_model *m)
{
    static char out[2048];
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < m->contradiction_count && at < sizeof(out); i++) {
        const ari_contradiction *c = &m->contradictions[i];
        at += (size_t)snprintf(out + at, sizeof(out) - at, "%s%s %s %s", i == 0 ? "" : "; ",
                               field_info(c->field)->name, c->stated, c->derived);
    }
    return out;
}
