#include "base/text.h"

#include <string.h>

bool text_ends_in(const char *text, const char *end)
{
    size_t n_text = strlen(text), n_end = strlen(end);

    return n_text > n_end && strcmp(text + n_text - n_end, end) == 0;
}

void text_make_printable(char *text)
{
    for (unsigned char *at = (unsigned char *)text; *at; at++) {
        bool c1 = at[0] == 0xC2 && at[1] >= 0x80 && at[1] < 0xA0;
        if (c1)
            at[1] = '?';
        if (c1 || (*at < 0x20 && *at != '\n') || *at == 0x7F)
            *at = '?';
    }
}
