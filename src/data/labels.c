#include "data/labels.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum status labels_begin(struct labels *labels, const struct class_list *given, bool optional,
                         struct error *err)
{
    *labels = (struct labels){.given = given, .optional = optional};
    for (int i = 0, number; given && i < given->n; i++)
        if (string_index_add(&labels->text, &number, given->name[i], err) != STATUS_OK)
            return err->status;
    return STATUS_OK;
}

enum status labels_add(struct labels *labels, int *number, const char *text, const char *path,
                       int line, struct error *err)
{
    *number = -1;
    if (!*text) {
        if (labels->optional)
            return STATUS_OK;
        return error_set(err, "%s:%d: the label is empty", path, line);
    }
    if (!labels->given) {
        if (strpbrk(text, "\r\n"))
            return error_set(err, "%s:%d: the label holds a line break", path, line);
        /* The model carries the names, in a format that knows no other encoding. */
        if (!utf8_valid(text))
            return error_set(err, "%s:%d: the label is not UTF-8 text (iconv converts the file)",
                             path, line);
        return string_index_add(&labels->text, number, text, err);
    }
    *number = string_index_find(&labels->text, text);
    if (*number < 0 && !labels->optional)
        return error_set(err, "%s:%d: label \"%s\" is not one of the %d given classes", path, line,
                         text, labels->given->n);
    return STATUS_OK;
}

/* Classes made from the texts, which are numbered as they came. */
static enum status order(struct labels *labels, struct class_list *classes, struct sample *sample,
                         int n, const char *path, struct error *err)
{
    int clash;
    if (class_list_order(classes, &clash, &labels->text, err) != STATUS_OK) {
        int i = 0;
        if (clash < 0)
            return err->status;
        while (sample[i].label != clash)
            i++;
        return error_prefix(err, "%s:%d", path, sample[i].line);
    }
    int *place = memory_array((size_t)labels->text.n, sizeof *place, "labels", err);
    if (!place)
        return err->status;
    for (int i = 0; i < classes->n; i++)
        place[string_index_find(&labels->text, classes->name[i])] = i;
    for (int i = 0; i < n; i++)
        if (sample[i].label >= 0)
            sample[i].label = place[sample[i].label];
    free(place);
    return STATUS_OK;
}

enum status labels_settle(struct labels *labels, struct class_list *classes, struct sample *sample,
                          int n, const char *path, struct error *err)
{
    if (labels->given)
        return class_list_copy(classes, labels->given, err);
    if (labels->text.n < 2 && !labels->optional)
        return error_set(err, "%s: only one class, \"%s\"; expected two or more", path,
                         string_index_get(&labels->text, 0));
    return order(labels, classes, sample, n, path, err);
}

void labels_free(struct labels *labels)
{
    string_index_free(&labels->text);
}
