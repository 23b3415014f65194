/* Class names in label order: label i is name[i]. */
#ifndef DATA_CLASS_LIST_H
#define DATA_CLASS_LIST_H

#include "base/error.h"
#include "data/string_index.h"

#include <stdbool.h>

/* Plain; owned by whoever filled it. */
struct class_list {
    char **name;
    int n;
};

/* One name a line. A UTF-8 BOM, CR before LF, spaces and tabs around a name, and blank lines do not
 * count. Errors (path:line): a name that occurs twice, fewer than two names. */
enum status class_list_read(struct class_list *out, const char *path, struct error *err);
enum status class_list_write(const struct class_list *classes, const char *path, struct error *err);
enum status class_list_copy(struct class_list *out, const struct class_list *in, struct error *err);
/* The strings of `labels` in label order: as numbers if all are whole numbers (digits, perhaps with
 * a sign in front, of any length), else by their bytes. */
enum status class_list_order(struct class_list *out, const struct string_index *labels,
                             struct error *err);
int class_list_find(const struct class_list *classes, const char *name); /* -1 if absent; linear */
void class_list_free(struct class_list *classes);                        /* a zeroed list is fine */

#endif
