#include "data/labels.h"

#include "base/memory.h"
#include "base/utf8.h"
#include "data/label_hint.h"
#include "data/label_key.h"

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

enum status labels_begin_numbers(struct labels *labels, const struct class_list *given, int first,
                                 struct error *err)
{
    if (labels_begin(labels, given, false, err) != STATUS_OK)
        return err->status;
    labels->are_numbers = true;
    labels->first = first;
    return STATUS_OK;
}

static enum status add_number(const struct labels *labels, int *number, const char *text,
                              const char *path, int line, struct error *err)
{
    enum { MOST_DIGITS = 9 };
    const int first = labels->first, n = labels->given->n;
    char *key = utf8_valid(text) ? label_key(text, LABEL_KEY_EXACT, err) : memory_string("", err);
    if (!key)
        return err->status;
    size_t digits = strspn(key, "0123456789");
    long value = digits > 0 && digits <= MOST_DIGITS && !key[digits] ? atol(key) : -1;
    free(key);
    if (value < first || value - first >= n)
        return error_set(err,
                         "%s:%d: label \"%s\" is not the number of a name; there are %d names, "
                         "numbered from %d to %d",
                         path, line, text, n, first, first + n - 1);
    *number = (int)(value - first);
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
    if (labels->are_numbers)
        return add_number(labels, number, text, path, line, err);
    *number = string_index_find(&labels->text, text);
    if (*number >= 0 || labels->optional)
        return STATUS_OK;
    char hint[LABEL_HINT_BYTES];
    label_hint(hint, text, labels->given);
    return error_set(err, "%s:%d: label \"%s\" is not one of the %d given classes%s", path, line,
                     text, labels->given->n, hint);
}

/* *first, *second = numbers of the first two texts with one exact key; -1: there are none. */
static enum status find_clash(int *first, int *second, const struct string_index *text,
                              struct error *err)
{
    struct string_index keys = {0};
    enum status status = STATUS_OK;
    *first = *second = -1;
    for (int i = 0; status == STATUS_OK && i < text->n && *second < 0; i++) {
        char *key = label_key(string_index_get(text, i), LABEL_KEY_EXACT, err);
        status = key ? string_index_add(&keys, first, key, err) : err->status;
        free(key);
        if (status == STATUS_OK && *first < i) /* so far each text had a key of its own */
            *second = i;
    }
    string_index_free(&keys);
    return status;
}

static int line_of(int label, const struct sample *sample)
{
    while (sample->label != label)
        sample++;
    return sample->line;
}

/* What would become two classes and is one label in two spellings is a mistake in the data. */
static enum status check_spellings(const struct labels *labels, const struct sample *sample,
                                   const char *path, struct error *err)
{
    int first, second;
    enum status status = find_clash(&first, &second, &labels->text, err);
    if (status != STATUS_OK || second < 0)
        return status;
    const char *a = string_index_get(&labels->text, first);
    const char *b = string_index_get(&labels->text, second);
    static const char advice[] = "expected one spelling, or both in a file given by --classes";
    char difference[LABEL_HINT_BYTES];
    if (label_hint_differ_visibly(a, b))
        return error_set(err,
                         "%s:%d: labels \"%s\" (line %d) and \"%s\" are one number in two "
                         "spellings; %s",
                         path, line_of(second, sample), a, line_of(first, sample), b, advice);
    label_hint_difference(difference, b, a);
    return error_set(err,
                     "%s:%d: label \"%s\" looks like \"%s\" of line %d: one label in two spellings "
                     "(%s); %s",
                     path, line_of(second, sample), b, a, line_of(first, sample), difference,
                     advice);
}

/* Classes made from the texts, which are numbered as they came. */
static enum status order(struct labels *labels, struct class_list *classes, struct sample *sample,
                         int n, const char *path, struct error *err)
{
    if (check_spellings(labels, sample, path, err) != STATUS_OK ||
        class_list_order(classes, &labels->text, err) != STATUS_OK)
        return err->status;
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
