#include "container.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_alone(&ari_gguf, data, size);
    exercise_path(as_file(data, size), 1u << size % 4);
    return 0;
}
