/* Elements of every type from any place on, and packed weights whose sizes and bytes are anything: what is
 * read must lie within what is there, and be the same on every processor. */
#include "container.h"
#include "mutate.h"

#include "infer/numbers.h"
#include "measure/decode.h"
#include "measure/stat.h"

typedef struct input {
    const uint8_t *data;
    size_t size;
} input;

static uint8_t byte(input *in)
{
    if (in->size == 0) return 0;
    in->size--;
    return *in->data++;
}

/* --- Elements ------------------------------------------------------------------------------------ */

enum { MOST = 2048 };

static void decode_some(input *in)
{
    uint32_t dtype = byte(in) % ARI_DT_COUNT;
    bool big = byte(in) % 2 == 1;
    size_t first = byte(in), count = (size_t)byte(in) * 4;
    if (!decode_known(dtype) || (big && !decode_known_big(dtype))) return;
    const ari_dtype_info *d = dtype_info(dtype);
    size_t blocks = in->size / d->block_bytes, elements = blocks * d->block_elems;
    first = elements == 0 ? 0 : first * 7 % elements;
    if (count > elements - first) count = elements - first;
    if (count > MOST) count = MOST;
    uint8_t *exact = malloc(blocks * d->block_bytes + 1);
    if (exact == NULL) return;
    float wide[MOST], plain[MOST];
    memcpy(exact, in->data, blocks * d->block_bytes);
    ari_span data = { exact, blocks * d->block_bytes };
    decode_elements(dtype, big, data, first, count, wide);
    decode_elements_plain(dtype, big, data, first, count, plain);
    for (size_t i = 0; i < count; i++)
        MUST(memcmp(&wide[i], &plain[i], sizeof(float)) == 0 || (wide[i] != wide[i] && plain[i] != plain[i]));
    number_stat a = { 0 }, b = { 0 };
    stat_add(&a, wide, count);
    stat_add_plain(&b, wide, count);
    MUST(memcmp(&a, &b, sizeof(a)) == 0 && a.count + a.not_finite == count);
    free(exact);
}

/* --- Packed weights -------------------------------------------------------------------------------- */

/* Name, type and rank of each tensor; sizes come from the input. */
static const struct part {
    const char *name, *dtype;
    unsigned rank;
} parts[][6] = {
    { { "q.qweight", "I32", 2 },
      { "q.qzeros", "I32", 2 },
      { "q.scales", "F16", 2 },
      { "q.g_idx", "I32", 1 } },
    { { "q.qweight", "I32", 2 }, { "q.qzeros", "I32", 2 }, { "q.scales", "F16", 2 } },
    { { "q.weight", "I8", 2 }, { "q.SCB", "F32", 1 }, { "q.weight_format", "U8", 0 } },
    { { "q.weight", "U8", 2 },
      { "q.weight.absmax", "U8", 1 },
      { "q.weight.quant_map", "F32", 1 },
      { "q.weight.nested_absmax", "F32", 1 },
      { "q.weight.nested_quant_map", "F32", 1 },
      { "q.weight.quant_state.bitsandbytes__nf4", "U8", 1 } },
    { { "q.weight", "F8_E4M3", 2 }, { "q.weight_scale", "F32", 2 }, { "q.weight_zero_point", "I8", 2 } },
    { { "q.weight", "F8_E5M2", 3 }, { "q.weight_scale_inv", "BF16", 3 } },
    { { "q.weight_packed", "I32", 2 },
      { "q.weight_scale", "F16", 2 },
      { "q.weight_shape", "I64", 1 },
      { "q.weight_zero_point", "I32", 2 },
      { "q.weight_g_idx", "I32", 1 } },
    { { "q.weight", "U8", 2 }, { "q.weight_scale", "F8_E4M3", 2 }, { "q.weight_scale_2", "F32", 0 } },
    { { "q_blocks", "U8", 4 }, { "q_scales", "U8", 3 } },
    { { "q.weight", "U32", 2 },
      { "q.scales", "F16", 2 },
      { "q.biases", "F16", 2 },
      { "norm.weight", "F32", 1 } },
    { { "q.weight", "U32", 2 }, { "q.scales", "U8", 2 } },
    { { "q.W_q", "U8", 2 },
      { "q.scale", "F16", 2 },
      { "q.zero", "F16", 2 },
      { "q.shape", "I64", 1 },
      { "q.nbits", "U8", 0 },
      { "q.group_size", "U8", 0 } },
};

static void write_header(input *in, const struct part *p, ari_text *out, uint64_t *data)
{
    static const uint16_t sizes[] = { 0, 1, 2, 3, 4, 8, 12, 16, 24, 32, 33, 64, 96, 128, 129, 256 };
    uint32_t dtype;
    *data = 0;
    for (size_t i = 0; i < 6 && p[i].name != NULL; i++) {
        uint64_t elements = 1, bytes = 0;
        text_printf(out, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[", i == 0 ? "{" : ",", p[i].name, p[i].dtype);
        for (unsigned k = 0; k < p[i].rank; k++) {
            uint64_t size = sizes[byte(in) % (sizeof(sizes) / sizeof(sizes[0]))];
            if (elements * size > 1 << 16) size = 1;
            elements *= size;
            text_printf(out, "%s%u", k == 0 ? "" : ",", (unsigned)size);
        }
        MUST(dtype_from_safetensors(span_of(p[i].dtype), &dtype) &&
             dtype_bytes(dtype, elements, elements, &bytes));
        text_printf(out, "],\"data_offsets\":[%u,%u]}", (unsigned)*data, (unsigned)(*data + bytes));
        *data += bytes;
    }
    text_put(out, "}");
}

static void read_numbers(const ari_model *m)
{
    float out[64];
    for (size_t i = 0; i < m->layout.template_count; i++) {
        ari_numbers n;
        const char *why = NULL;
        bool open = numbers_open(m->checkpoint, &m->layout, &m->layout.templates[i], 0, &n, &why);
        MUST(open == (why == NULL));
        for (uint64_t row = 0; open && row < n.rows && row < 300; row += 1 + row / 4) {
            for (uint64_t at = 0; at < n.columns && at < 600; at += 50)
                numbers_read(&n, row, at, n.columns - at < 64 ? (size_t)(n.columns - at) : 64, out);
        }
        if (open) numbers_read(&n, n.rows - 1, n.columns - 1, 1, out);
    }
}

static void unpack_some(input *in)
{
    ari_text text = { 0 };
    uint64_t data;
    write_header(in, parts[byte(in) % (sizeof(parts) / sizeof(parts[0]))], &text, &data);
    size_t size = 8 + text.size + (size_t)data;
    uint8_t *file = calloc(1, size);
    if (file != NULL && text.data != NULL) {
        store(file, text.size, 8, false);
        memcpy(file + 8, text.data, text.size);
        for (size_t i = 0; i < data && in->size > 0; i++) file[8 + text.size + i] = in->data[i % in->size];
        ari_err err = ARI_ERR_INIT;
        ari_set *set = NULL;
        ari_model *m = NULL;
        if (ari_set_find(as_file(file, size), NULL, &set, &err) == ARI_OK)
            ari_model_open(set, 0, NULL, &m, &err);
        if (m != NULL) read_numbers(m);
        ari_model_close(m);
        ari_set_free(set);
    }
    free(file);
    text_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = { data, size };
    if (byte(&in) % 2 == 0) {
        decode_some(&in);
    } else {
        unpack_some(&in);
    }
    return 0;
}
