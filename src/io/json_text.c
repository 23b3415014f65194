#include "io/json_text.h"

#include "base/utf8.h"

void json_text_put(FILE *stream, const char *text)
{
    fputc('"', stream);
    while (*text) {
        uint32_t code;
        int size = utf8_decode(&code, text);
        if (size == 0)
            fputs("\xEF\xBF\xBD", stream);
        else if (code == '"' || code == '\\')
            fprintf(stream, "\\%c", (int)code);
        else if (code < 0x20 || code == 0x7F)
            fprintf(stream, "\\u%04x", (unsigned)code);
        else
            fwrite(text, 1, (size_t)size, stream);
        text += size > 0 ? size : 1;
    }
    fputc('"', stream);
}
