/* Rows of a CSV file as samples: (image path, class). Opaque; owns all its strings.
 *
 * Fields of the CSV: a path counts as it stands, a label without the spaces and tabs around it. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include "base/error.h"
#include "data/class_list.h"
#include "data/sample.h"
#include "io/csv.h"

#include <stdbool.h>
#include <stddef.h>

struct dataset_options {
    const char *images;       /* root of relative paths; NULL: the CSV's folder */
    const char *image_column; /* header names; ignored without a header (columns 1 and 2) */
    const char *label_column;
    bool header;
    char delimiter;
    bool labels_optional; /* atk-predict: no label column, empty or unknown labels give label -1 */
    const struct class_list *classes; /* given mapping, or NULL: made from the labels by
                                         class_list_order() */
    bool labels_are_numbers;          /* of the given classes, of which the first is first_number */
    int first_number;
    bool follows_links; /* a symbolic link to an image file is that image; else only those to
                           folders are followed (data/identity) */
    bool keeps_table;   /* for dataset_table */
};

/* The table itself, for who writes its rows again. */
struct dataset_table {
    struct csv_table csv; /* rows as they stand included */
    size_t first_row;     /* 1: there is a header */
    int image_column, label_column;
    char delimiter;
    size_t *row; /* [dataset_size] the number in csv of a sample's row */
};

/* What was noticed and does not stop the run. */
struct dataset_notes {
    int repeated_images;    /* rows beyond the first for an image, same label */
    int conflicting_images; /* rows beyond the first for an image, another label */
    int empty_rows;         /* of empty fields alone: skipped */
    int unknown_labels;     /* rows, when labels are optional */
    int first_repeated_line, first_conflicting_line, first_empty_line, first_unknown_line; /* 0 if
                                                                                   none */
    const char *first_unknown_label; /* NULL: none */
};

struct dataset;
/* A folder as csv_path is a usage error that names the tool for it.
 *
 * Rows of empty fields, as spreadsheets leave them behind, count as blank lines.
 *
 * Errors (file:line): missing or empty file, missing column, too few fields, more fields than the
 * header, empty path or label, label not in the given classes or none of their numbers, one label
 * in two spellings (data/label_key), fewer than two classes (unless classes are given or labels are
 * optional). */
enum status dataset_load(struct dataset **out, const char *csv_path,
                         const struct dataset_options *opt, struct error *err);
/* From file names alone, without labels (atk-predict IMAGE...). */
enum status dataset_from_images(struct dataset **out, char *const *paths, int n, struct error *err);
void dataset_destroy(struct dataset *d); /* NULL is fine */
int dataset_size(const struct dataset *d);
const struct sample *dataset_sample(const struct dataset *d, int index);
int dataset_images(const struct dataset *d); /* different image files */
const struct class_list *dataset_classes(const struct dataset *d);
const struct dataset_notes *dataset_notes(const struct dataset *d);
const struct dataset_table *dataset_table(const struct dataset *d); /* NULL: it was not kept */
const char *dataset_path(const struct dataset *d); /* of the CSV, for messages; "" if none */
/* Rows of b whose image also occurs in a (training rows in the validation file), and the line of
 * the first one (0 if none; may be NULL). */
int dataset_count_shared(const struct dataset *a, const struct dataset *b, int *first_line_in_b);
/* Whether two rows show one image file, however it is spelled. */
bool dataset_same_image(const struct dataset *a, int row_a, const struct dataset *b, int row_b);

#endif
