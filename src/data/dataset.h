/* Rows of a CSV file as samples: (image path, class). Opaque; owns all its strings. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Class names in label order: label i is name[i]. Plain; owned by whoever filled it. */
struct class_list {
    char **name;
    int n;
};
enum status class_list_read(struct class_list *out, const char *path,
                            struct error *err); /* one name a line */
enum status class_list_write(const struct class_list *classes, const char *path, struct error *err);
enum status class_list_copy(struct class_list *out, const struct class_list *in, struct error *err);
int class_list_find(const struct class_list *classes, const char *name); /* -1 if absent */
void class_list_free(struct class_list *classes);                        /* a zeroed list is fine */

struct dataset_options {
    const char *images;       /* root of relative paths; NULL: the CSV's folder */
    const char *image_column; /* header names; ignored without a header (columns 1 and 2) */
    const char *label_column;
    bool header;
    char delimiter;
    bool labels_optional; /* atk-predict: no label column, empty or unknown labels give label -1 */
    const struct class_list *classes; /* given mapping, or NULL: made from the labels (whole numbers
                                         in numeric order if all are, else by bytes) */
};

struct sample {
    char *image; /* as written in the CSV */
    char *path;  /* where to open it */
    int label;   /* 0..classes-1, or -1 */
    int line;    /* in the CSV */
};

/* What was noticed and does not stop the run. */
struct dataset_notes {
    int repeated_images;    /* rows beyond the first for a path, same label */
    int conflicting_images; /* rows beyond the first for a path, another label */
    int first_repeated_line, first_conflicting_line; /* 0 if none */
};

struct dataset;
/* Errors (file:line): missing or empty file, missing column, too few fields, empty path or label,
 * label not in the given classes, fewer than two classes (unless classes are given or labels are
 * optional). */
enum status dataset_load(struct dataset **out, const char *csv_path,
                         const struct dataset_options *opt, struct error *err);
/* From file names alone, without labels (atk-predict IMAGE...). */
enum status dataset_from_images(struct dataset **out, char *const *paths, int n, struct error *err);
void dataset_destroy(struct dataset *d); /* NULL is fine */
int dataset_size(const struct dataset *d);
const struct sample *dataset_sample(const struct dataset *d, int index);
const struct class_list *dataset_classes(const struct dataset *d);
const struct dataset_notes *dataset_notes(const struct dataset *d);
const char *dataset_path(const struct dataset *d); /* of the CSV, for messages */
/* Paths of b that also occur in a (training rows in the validation file). */
int dataset_count_shared(const struct dataset *a, const struct dataset *b, int *first_line_in_b);

#endif
