/* The work here is in the message: a wrong column name is the first thing that goes wrong with a
 * new CSV file. */
#include "data/columns.h"

#include "base/suggest.h"

#include <stdio.h>
#include <string.h>

/* Without the spaces and tabs around it. */
static size_t trim(const char **text)
{
    *text += strspn(*text, " \t");
    size_t length = strlen(*text);
    while (length && strchr(" \t", (*text)[length - 1]))
        length--;
    return length;
}

static bool same_name(const char *field, const char *name)
{
    size_t length = trim(&field);
    return length == strlen(name) && memcmp(field, name, length) == 0;
}

/* What --delimiter is to be given for a header that was taken for one column; NULL: nothing known.
 */
static const char *guess_delimiter(const char *field, const char *name)
{
    static const char *const delimiter[][2] = {
        {";", "';'"}, {"\t", "tab"}, {"|", "'|'"}, {",", "','"}};
    if (!strstr(field, name))
        return NULL;
    for (size_t i = 0; i < sizeof delimiter / sizeof delimiter[0]; i++)
        if (strstr(field, delimiter[i][0]))
            return delimiter[i][1];
    return NULL;
}

/* "sep=;": a first line that spreadsheets write for themselves. */
static enum status refuse_separator_line(const struct csv_row *header, const char *path,
                                         struct error *err)
{
    char separator = header->field[0][4];
    if (!separator)
        return error_set(err, "%s:%d: \"sep=\" is a line for spreadsheets and no header: remove it",
                         path, header->line);
    return error_set(err,
                     "%s:%d: \"sep=%c\" is a line for spreadsheets and no header: remove it, and "
                     "use --delimiter '%c'",
                     path, header->line, separator, separator);
}

static enum status missing(const struct csv_row *header, const char *name, const char *path,
                           struct error *err)
{
    char found[512] = "";
    size_t used = 0;
    if (strncmp(header->field[0], "sep=", 4) == 0)
        return refuse_separator_line(header, path, err);
    for (int i = 0; i < header->n_fields && used < sizeof found; i++) {
        const char *field = header->field[i];
        int length = (int)trim(&field);
        used += (size_t)snprintf(found + used, sizeof found - used, "%s\"%.*s\"", i ? ", " : "",
                                 length, field);
    }
    const char *cut = used >= sizeof found ? "..." : "";
    const char *delimiter = header->n_fields == 1 ? guess_delimiter(header->field[0], name) : NULL;
    if (delimiter)
        return error_set(err,
                         "%s:%d: no column \"%s\" in the header; its only column is %s: use "
                         "--delimiter %s",
                         path, header->line, name, found, delimiter);
    if (header->n_fields == 1)
        return error_set(err,
                         "%s:%d: no column \"%s\" in the header; its only column is %s (see "
                         "--delimiter, or --no-header if this row is data)",
                         path, header->line, name, found);
    const char *meant = suggest_nearest(name, (const char *const *)header->field, header->n_fields);
    if (meant) {
        int length = (int)trim(&meant);
        return error_set(err,
                         "%s:%d: no column \"%s\" in the header; did you mean \"%.*s\"? "
                         "(columns: %s%s)",
                         path, header->line, name, length, meant, found, cut);
    }
    return error_set(err,
                     "%s:%d: no column \"%s\" in the header; columns: %s%s (use --no-header if "
                     "this row is data)",
                     path, header->line, name, found, cut);
}

enum status columns_find(int *column, const struct csv_row *header, const char *name, bool optional,
                         const char *path, struct error *err)
{
    *column = -1;
    for (int i = 0; i < header->n_fields; i++) {
        if (!same_name(header->field[i], name))
            continue;
        if (*column >= 0)
            return error_set(err, "%s:%d: column \"%s\" is there twice, as columns %d and %d", path,
                             header->line, name, *column + 1, i + 1);
        *column = i;
    }
    return *column >= 0 || optional ? STATUS_OK : missing(header, name, path, err);
}
