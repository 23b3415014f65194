/* WebP, lossy and lossless, in its container. */
#include "decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size >= 12 && memcmp(data + 8, "WEBP", 4) == 0)
        fuzz_decode(data, size);
    return 0;
}
