#include "base/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool number_parse(double *out, const char *text)
{
    char *end;

    if (*text == '\0' || text[strspn(text, "+-.0123456789eE")] != '\0')
        return false;
    *out = strtod(text, &end);
    return *end == '\0' && end != text && isfinite(*out);
}
