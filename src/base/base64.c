#include "base/base64.h"

#include "base/memory.h"

#include <string.h>

static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_text(const char *prefix, const uint8_t *bytes, size_t n, struct error *err)
{
    size_t length = strlen(prefix);
    char *out = memory_array(length + 1 + (n / 3 + 1) * 4, 1, "an image as text", err);

    if (!out)
        return NULL;
    char *at = stpcpy(out, prefix);
    for (size_t i = 0; i < n; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16 | (i + 1 < n ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (i + 2 < n ? bytes[i + 2] : 0);
        for (size_t j = 0; j < 4; j++)
            *at++ = i + j <= n ? digit[three >> (18 - 6 * j) & 63] : '=';
    }
    *at = '\0';
    return out;
}
