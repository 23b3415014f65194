/* TIFF and BigTIFF. */
#include "decode.h"

#include "image/tiff_directory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (tiff_directory_is_tiff(data, size))
        fuzz_decode(data, size);
    return 0;
}
