/* --class-weights: what each class counts in the training loss. */
#ifndef RUN_TRAIN_CLASS_WEIGHTS_H
#define RUN_TRAIN_CLASS_WEIGHTS_H

#include "base/error.h"
#include "data/class_list.h"

/* *weight [classes], owned by the caller, from "balanced" or a file; NULL from "none".
 *
 * "balanced": n / (m x n_c), scikit-learn's formula, for n training images in m classes, n_c of
 * this one: their mean over the images is 1, and each class weighs the same in all. A class
 * without training images gets 1.
 *
 * A file whose name ends in .yaml or .yml holds lines "class: weight"; any other is a CSV with the
 * header "class,weight". Each class must be there once and no other name; weights are numbers above
 * 0. Errors: "file:line: ..."; a word that is neither, nor the name of a file, is a usage error.
 *
 * count [classes]: training images. */
enum status class_weights_find(float **weight, const char *choice, const struct class_list *classes,
                               const int *count, struct error *err);

#endif
