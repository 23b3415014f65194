#include "base/utf8.h"

#include "base/memory.h"

#include <string.h>

int utf8_decode(uint32_t *code, const char *text)
{
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] < 0x80) {
        *code = at[0];
        return 1;
    }
    int size = at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : 2;
    if (at[0] < 0xC0 || at[0] > 0xF7)
        return 0;
    *code = at[0] & (0x7Fu >> size);
    for (int i = 1; i < size; i++) {
        if ((at[i] & 0xC0) != 0x80) /* also stops at the zero that ends the text */
            return 0;
        *code = *code << 6 | (at[i] & 0x3Fu);
    }
    bool surrogate = *code >= 0xD800 && *code <= 0xDFFF;
    return *code < smallest[size] || *code > 0x10FFFF || surrogate ? 0 : size;
}

bool utf8_valid(const char *text)
{
    uint32_t code;
    while (*text) {
        int size = utf8_decode(&code, text);
        if (size == 0)
            return false;
        text += size;
    }
    return true;
}

char *utf8_repaired(const char *text)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    struct error ignored;
    char *out = memory_array(strlen(text) + 1, 3, "a text", &ignored), *end = out;

    while (out && *text) {
        uint32_t code;
        int size = utf8_decode(&code, text);
        end = size > 0 ? (char *)mempcpy(end, text, (size_t)size) : stpcpy(end, replacement);
        text += size > 0 ? size : 1;
    }
    return out;
}
