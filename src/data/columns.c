/* The work here is in the message: a wrong column name is the first thing that goes wrong with a
 * new CSV file. */
#include "data/columns.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define MAX_NAME 64 /* longer names get no suggestion */

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

/* Insertions, deletions and replacements that make b of a, case aside (Levenshtein, two rows). */
static int edit_distance(const char *a, size_t length_a, const char *b, size_t length_b)
{
    int row[2][MAX_NAME + 1];
    if (length_a > MAX_NAME || length_b > MAX_NAME)
        return INT_MAX;
    for (size_t j = 0; j <= length_b; j++)
        row[0][j] = (int)j;
    for (size_t i = 1; i <= length_a; i++) {
        const int *above = row[(i - 1) % 2];
        int *here = row[i % 2];
        here[0] = (int)i;
        for (size_t j = 1; j <= length_b; j++) {
            int replaced = above[j - 1] +
                           (tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]));
            int shorter = above[j] < here[j - 1] ? above[j] : here[j - 1];
            here[j] = replaced < shorter + 1 ? replaced : shorter + 1;
        }
    }
    return row[length_a % 2][length_b];
}

/* The header's name nearest to `name`, if it is within a third of its letters; else NULL. */
static const char *nearest(const struct csv_row *header, const char *name)
{
    const char *best = NULL;
    int best_distance = (int)(strlen(name) + 2) / 3 + 1;
    for (int i = 0; i < header->n_fields; i++) {
        const char *field = header->field[i];
        size_t length = trim(&field);
        int distance = edit_distance(field, length, name, strlen(name));
        if (distance < best_distance) {
            best_distance = distance;
            best = header->field[i];
        }
    }
    return best;
}

static enum status missing(const struct csv_row *header, const char *name, const char *path,
                           struct error *err)
{
    char found[512] = "";
    size_t used = 0;
    for (int i = 0; i < header->n_fields && used < sizeof found; i++) {
        const char *field = header->field[i];
        int length = (int)trim(&field);
        used += (size_t)snprintf(found + used, sizeof found - used, "%s\"%.*s\"", i ? ", " : "",
                                 length, field);
    }
    const char *cut = used >= sizeof found ? "..." : "";
    const char *meant = nearest(header, name);
    if (meant) {
        int length = (int)trim(&meant);
        return error_set(
            err, "%s:%d: no column \"%s\" in the header; did you mean \"%.*s\"? (columns: %s%s)",
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
