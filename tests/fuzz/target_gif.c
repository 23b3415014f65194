/* GIF, interlaced and animated too. */
#include "decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 4 && memcmp(data, "GIF8", 4) == 0)
        fuzz_decode(data, size);
    return 0;
}
