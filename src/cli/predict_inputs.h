/* What atk-predict is to classify: tables, folders, lists and single images become data sets. */
#ifndef CLI_PREDICT_INPUTS_H
#define CLI_PREDICT_INPUTS_H

#include "cli/predict_options.h"
#include "data/dataset.h"

/* Plain; all zero is fine to free. Parts are one behind the other, in the order of the arguments: a
 * table is one, and what else stands together is one. */
struct predict_inputs {
    struct dataset **part; /* [n] */
    int n;
    size_t capacity;
    int n_images; /* of all */
};

/* Labels are looked up in `classes`. warn is told what was passed over. Errors: those of the
 * readers (data/dataset.h, image_folders.h, path_list.h), more images than can be counted. */
enum status predict_inputs_load(struct predict_inputs *out, const struct predict_options *o,
                                const struct class_list *classes,
                                void (*warn)(const struct error *warning), struct error *err);
void predict_inputs_free(struct predict_inputs *in);

#endif
