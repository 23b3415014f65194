#include "image/image_depth.h"

#include "image/tiff_directory.h"

#include <string.h>

/* Signature, then the first chunk: length, "IHDR", width, height, depth. */
enum { DEPTH_AT = 8 + 4 + 4 + 4 + 4 };

bool image_depth_is_16(const uint8_t *bytes, size_t size)
{
    struct tiff_directory d;
    if (tiff_directory_first(&d, bytes, size))
        return tiff_directory_value(&d, TIFF_TAG_BITS, 1) == 16;
    return size > DEPTH_AT && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0 && bytes[DEPTH_AT] == 16;
}
