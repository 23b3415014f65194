/* Data sets out of texts, and out of numbers of images. */
#ifndef DATA_LABELLED_TABLE_H
#define DATA_LABELLED_TABLE_H

#include "data/dataset.h"
#include "data/scratch_files.h"

/* A test's only table; classes may be NULL. */
static inline struct dataset *load_with(const char *text, const struct class_list *classes)
{
    const struct dataset_options opt = {.image_column = "image",
                                        .label_column = "label",
                                        .header = true,
                                        .delimiter = ',',
                                        .classes = classes};
    struct dataset *d;
    struct error err;
    if (dataset_load(&d, scratch_write_text("t.csv", text), &opt, &err) != STATUS_OK)
        fail_msg("%s", err.message);
    return d;
}

static inline struct dataset *load(const char *text)
{
    return load_with(text, NULL);
}

/* counts[i] images of class i, the classes one after the other. */
static inline struct dataset *make(const int *counts, int n_classes)
{
    char *text = malloc(1 << 20), *at = text;
    assert_non_null(text);
    at += sprintf(at, "image,label\n");
    for (int c = 0; c < n_classes; c++)
        for (int i = 0; i < counts[c]; i++)
            at += sprintf(at, "%d/%d.png,%d\n", c, i, c);
    struct dataset *d = load(text);
    free(text);
    return d;
}

#endif
