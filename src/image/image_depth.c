#include "image/image_depth.h"

#include <string.h>

/* Signature, then the first chunk: length, "IHDR", width, height, depth. */
enum { DEPTH_AT = 8 + 4 + 4 + 4 + 4 };

bool image_depth_is_16(const uint8_t *bytes, size_t size)
{
    return size > DEPTH_AT && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0 && bytes[DEPTH_AT] == 16;
}
