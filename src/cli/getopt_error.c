#include "cli/getopt_error.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

/* Within a cluster of letters ("-xq") optind has not moved on yet: the letter itself is all there
 * is. (Not ASCII: getopt gives a byte of it, as a char.) */
static const char *name_option(char letter[8], char *const *argv)
{
    if (optopt == 0 || optopt >= GETOPT_ERROR_FIRST_LONG)
        return argv[optind - 1];
    if (optopt > 0 && isgraph(optopt))
        snprintf(letter, 8, "-%c", optopt);
    else
        snprintf(letter, 8, "-\\x%02x", (unsigned char)optopt);
    return letter;
}

enum status getopt_error(int code, char *const *argv, const char *program,
                         const char *(*suggest)(const char *word), struct error *err)
{
    char letter[8], word[64];
    const char *text = name_option(letter, argv);

    if (code == ':')
        return error_usage(err, "%s needs a value", text);
    if (optopt >= GETOPT_ERROR_FIRST_LONG)
        return error_usage(err, "%s: that option takes no value", text);
    const char *start = text + strspn(text, "-");
    snprintf(word, sizeof word, "%.*s", (int)strcspn(start, "="), start);
    const char *near = text == letter ? NULL : suggest(word);
    if (near)
        return error_usage(err, "unknown option \"%s\"; did you mean --%s?", text, near);
    return error_usage(err, "unknown option \"%s\"; see %s --help", text, program);
}
