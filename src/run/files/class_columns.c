#include "run/files/class_columns.h"

#include "io/csv.h"

#include <stdbool.h>
#include <string.h>

static bool is_one_of(const char *column, const char *const *other, int n_other)
{
    for (int i = 0; i < n_other; i++)
        if (strcmp(column, other[i]) == 0)
            return true;
    return false;
}

void class_columns_put(FILE *stream, const struct class_list *classes, const char *const *other,
                       int n_other)
{
    static const char prefix[] = "class ";
    for (int c = 0; c < classes->n; c++) {
        const char *name = classes->name[c];
        char column[1024];
        fputc(',', stream);
        if (!is_one_of(name, other, n_other)) {
            csv_put_field(stream, name);
            continue;
        }
        snprintf(column, sizeof column, "%s%s", prefix, name);
        while ((is_one_of(column, other, n_other) || class_list_find(classes, column) >= 0) &&
               strlen(column) + sizeof prefix < sizeof column) {
            memmove(column + strlen(prefix), column, strlen(column) + 1);
            memcpy(column, prefix, strlen(prefix));
        }
        csv_put_field(stream, column);
    }
}
