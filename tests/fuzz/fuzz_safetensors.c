#include "container.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_alone(&ari_safetensors, data, size);
    exercise_path(as_file(data, size), 1u << size % 4);
    return 0;
}

/* The n-th place from `begin` on where a byte of `set` stands, counted round and round; `end` if nowhere. */
static size_t place_of(const uint8_t *data, size_t begin, size_t end, const char *set)
{
    size_t start = begin + below(end - begin);
    for (size_t i = 0; i < end - begin; i++) {
        size_t at = start + i < end ? start + i : start + i - (end - begin);
        if (data[at] != 0 && strchr(set, data[at]) != NULL) return at;
    }
    return end;
}

/* A number becomes another, a word another word of the format, an entry stands twice. */
static size_t change_header(uint8_t *data, size_t size, size_t most, size_t end)
{
    static const char *const words[] = { "F4",    "BF16",    "U64",     "F8_E8M0",  "f32",   "dtype",
                                         "shape", "null",    "[]",      "-1",       "[0,0]", "data_offsets",
                                         "{}",    "\\u0000", "\\ud800", "\xFF\x1F", "1e3",   "__metadata__" };
    char number[24];
    size_t at = place_of(data, 8, end, "0123456789"), until = at;
    switch (rand() % 4) {
    case 0:
        while (until < end && data[until] >= '0' && data[until] <= '9') until++;
        snprintf(number, sizeof(number), "%llu", (unsigned long long)odd_number());
        return splice(data, size, most, at, until, number, strlen(number));
    case 1:
        at = place_of(data, 8, end, "\"");
        for (until = at + (at < end); until < end && data[until] != '"';) until++;
        const char *word = words[below(sizeof(words) / sizeof(words[0]))];
        return splice(data, size, most, at + (at < end), until, word, strlen(word));
    case 2:
        at = place_of(data, 8, end, ",{");
        for (until = at + (at < end); until < end && data[until] != '}';) until++;
        return repeat(data, size, most, at, until);
    default:
        at = place_of(data, 8, end, ",:[]{}\"");
        return splice(data, size, most, at, at + (at < end), &" {}[],:\"0"[below(9)], 1);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    srand(seed);
    uint64_t n = size < 10 ? 0 : load(data, 8, false);
    if (n < 2 || n > size - 8 || rand() % 4 == 0) return LLVMFuzzerMutate(data, size, most);
    size_t end = 8 + (size_t)n, now = change_header(data, size, most, end);
    store(data, n + now - size, 8, false);
    return now;
}
