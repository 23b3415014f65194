#include "base/text.h"

#include <string.h>

bool text_ends_in(const char *text, const char *end)
{
    size_t n_text = strlen(text), n_end = strlen(end);

    return n_text > n_end && strcmp(text + n_text - n_end, end) == 0;
}
