/* Capsules: the text as it is once decompressed, and as it comes, compressed or not. */
#include "container.h"
#include "mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    exercise_path(as_file(data, size), 1u << size % 4);
    return 0;
}

/* A number becomes another, a word another word of the format, a line stands twice or not at all. */
static size_t change_line(uint8_t *data, size_t size, size_t most)
{
    static const char *const words[] = { "\"file\"",        "\"metadata\"", "\"sidecar\"", "\"finding\"",
                                         "\"offset\"",      "\"bytes\"",    "\"values\"",  "\"array\"",
                                         "\"i8\"",          "\"f32\"",      "\"gguf\"",    "\"BF16\"",
                                         "\"Q4_K\"",        "null",         "[]",          "\"\\udcff\"",
                                         "\"inf\"",         "-1",           "1e3",         "{\"x\":0}",
                                         "\"fingerprint\"", "\"up\"",       "\"hash\"",    "\"home\"" };
    char number[24];
    size_t at = below(size), until;
    while (at < size && at > 0 && data[at - 1] != '\n') at--;
    for (until = at; until < size && data[until] != '\n';) until++;
    if (rand() % 4 == 0) return repeat(data, size, most, at, until + (until < size));
    if (rand() % 8 == 0) return splice(data, size, most, at, until, "", 0);
    bool digits = rand() % 2 == 0;
    size_t begin = at + below(until - at), end = begin;
    while (begin < until && (digits ? data[begin] < '0' || data[begin] > '9' : data[begin] != '"')) begin++;
    for (end = begin + (begin < until && !digits);
         end < until && (digits ? data[end] >= '0' && data[end] <= '9' : data[end] != '"');)
        end++;
    snprintf(number, sizeof(number), "%llu", (unsigned long long)odd_number());
    const char *in_place = digits ? number : words[below(sizeof(words) / sizeof(words[0]))];
    if (!digits && end < until) end++;
    return splice(data, size, most, begin, end, in_place, strlen(in_place));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    srand(seed);
    if (size == 0 || data[0] != '{' || rand() % 4 == 0) return LLVMFuzzerMutate(data, size, most);
    return change_line(data, size, most);
}
