/* BMP, with run lengths too. */
#include "decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 2 && memcmp(data, "BM", 2) == 0)
        fuzz_decode(data, size);
    return 0;
}
