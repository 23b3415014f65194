#include "cli/help.h"

#include <string.h>

enum { INDENT = 28, WIDTH = 80 };

/* Continues at `column`. */
static void put_wrapped(FILE *stream, const char *text, int column)
{
    while (*text != '\0') {
        int word = (int)strcspn(text, " ");
        if (column + 1 + word > WIDTH) {
            fprintf(stream, "\n%*s", INDENT, "");
            column = INDENT;
        }
        column += fprintf(stream, " %.*s", word, text);
        text += word + (text[word] == ' ');
    }
    fputc('\n', stream);
}

void help_put_row(FILE *stream, const struct help_row *row)
{
    char left[64], right[512];
    int n = row->letter ? snprintf(left, sizeof left, "-%c, ", row->letter)
                        : snprintf(left, sizeof left, "    ");

    snprintf(left + n, sizeof left - (size_t)n, "--%s%s%s", row->name, row->argument ? "=" : "",
             row->argument ? row->argument : "");
    snprintf(right, sizeof right, "%s%s%s%s", row->text, row->initial ? " (default: " : "",
             row->initial ? row->initial : "", row->initial ? ")" : "");
    int column = fprintf(stream, "  %-26s", left);
    if (column > INDENT) /* a long option has its line to itself */
        column = fprintf(stream, "\n%*s", INDENT, "") - 1;
    put_wrapped(stream, right, column);
}
