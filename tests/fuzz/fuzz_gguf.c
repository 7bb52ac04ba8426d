#include "container.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_alone(&ari_gguf, data, size);
    exercise_path(as_file(data, size), 1u << size % 4);
    return 0;
}

enum { FIELDS = 2000, RECORDS = 500 };

/* Where the numbers of a file stand, and its pairs and tensors: as far as it can be followed. */
typedef struct plan {
    const uint8_t *data;
    size_t size, at;
    bool big;
    unsigned wide;
    size_t fields[FIELDS], field_count;
    unsigned widths[FIELDS];
    size_t begins[RECORDS], ends[RECORDS], pair_count, record_count;
} plan;

static uint64_t number(plan *p, unsigned width)
{
    if (p->size - p->at < width) {
        p->at = p->size;
        return 0;
    }
    if (p->field_count < FIELDS) {
        p->widths[p->field_count] = width;
        p->fields[p->field_count++] = p->at;
    }
    p->at += width;
    return load(p->data + p->at - width, width, p->big);
}

static void skip(plan *p, uint64_t size)
{
    p->at = size < p->size - p->at ? p->at + (size_t)size : p->size;
}

static void follow_value(plan *p)
{
    static const unsigned widths[] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };
    uint64_t type = number(p, 4), count = 1;
    if (type == 9) {
        type = number(p, 4);
        count = number(p, p->wide);
    }
    for (uint64_t i = 0; i < count && p->at < p->size; i++) {
        if (type == 8) {
            skip(p, number(p, p->wide));
        } else if (type < 13 && widths[type] > 0) {
            number(p, widths[type]);
        } else {
            p->at = p->size;
        }
    }
}

static void follow(plan *p)
{
    p->at = 4;
    uint64_t version = number(p, 4);
    p->big = (version & 0xFFFF) == 0;
    p->wide = version == 1 || version == 1u << 24 ? 4 : 8;
    uint64_t tensors = number(p, p->wide), pairs = number(p, p->wide);
    for (uint64_t i = 0; p->record_count < RECORDS && p->at < p->size; i++) {
        bool pair = i < pairs;
        if (!pair && i - pairs >= tensors) return;
        p->begins[p->record_count] = p->at;
        skip(p, number(p, p->wide));
        if (pair) {
            follow_value(p);
        } else {
            uint64_t rank = number(p, 4);
            for (uint64_t k = 0; k < rank && p->at < p->size; k++) number(p, p->wide);
            number(p, 4);
            number(p, 8);
        }
        p->ends[p->record_count++] = p->at;
        p->pair_count += pair;
    }
}

/* A pair or a tensor stands twice, or no more; the counts are kept true. */
static size_t change_record(plan *p, uint8_t *data, size_t size, size_t most)
{
    size_t i = below(p->record_count), count_at = 8 + (i < p->pair_count ? p->wide : 0);
    uint64_t count = load(data + count_at, p->wide, p->big);
    bool twice = rand() % 3 > 0;
    size_t now = twice ? repeat(data, size, most, p->begins[i], p->ends[i])
                       : splice(data, size, most, p->begins[i], p->ends[i], "", 0);
    if (now != size) store(data + count_at, twice ? count + 1 : count - 1, p->wide, p->big);
    return now;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    srand(seed);
    plan p = { .data = data, .size = size };
    if (size > 24 && rand() % 4 > 0) follow(&p);
    if (p.record_count > 0 && rand() % 3 == 0) return change_record(&p, data, size, most);
    if (p.field_count == 0) return LLVMFuzzerMutate(data, size, most);
    size_t i = below(p.field_count);
    uint64_t old = load(data + p.fields[i], p.widths[i], p.big);
    uint64_t next = rand() % 3 == 0 ? odd_number() : old + below(5) - 2;
    store(data + p.fields[i], next, p.widths[i], p.big);
    return size;
}
