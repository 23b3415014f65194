/* Label texts become class numbers: those of a given list, or of a list made from the texts. */
#ifndef DATA_LABELS_H
#define DATA_LABELS_H

#include "base/error.h"
#include "data/class_list.h"
#include "data/sample.h"
#include "data/string_index.h"

#include <stdbool.h>

/* Plain; labels_begin fills it, labels_free empties it. */
struct labels {
    const struct class_list *given; /* NULL: classes come from the texts */
    bool optional;                  /* as in struct dataset_options */
    bool are_numbers;               /* texts are numbers of given names, the first is `first` */
    int first;
    struct string_index text; /* given names in their order, or texts as they come */
};

enum status labels_begin(struct labels *labels, const struct class_list *given, bool optional,
                         struct error *err);
/* For texts that are numbers of the given names: the first has the number `first`. "1", "01" and
 * "1.0" are one number. */
enum status labels_begin_numbers(struct labels *labels, const struct class_list *given, int first,
                                 struct error *err);
/* *number = that of one row's text, provisional until labels_settle; -1 for no class. Errors
 * (path:line): an empty text, one that is not given or no number of one, a line break. */
enum status labels_add(struct labels *labels, int *number, const char *text, const char *path,
                       int line, struct error *err);
/* *classes = the final list; makes the provisional labels of sample [n] final. Errors (path, with a
 * line where there is one): fewer than two classes, one label in two spellings (equal exact keys,
 * data/label_key) that were not both given. */
enum status labels_settle(struct labels *labels, struct class_list *classes, struct sample *sample,
                          int n, const char *path, struct error *err);
void labels_free(struct labels *labels);

#endif
