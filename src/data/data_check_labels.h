/* Part of data/data_check: names and sizes of the classes. */
#ifndef DATA_DATA_CHECK_LABELS_H
#define DATA_DATA_CHECK_LABELS_H

#include "data/data_check_side.h"
#include "data/findings.h"

#include <stdbool.h>

/* Labels that are slips of others, words for missing values, numbers with a list of names beside
 * the table. Of classes that are given nothing is said. */
enum status data_check_labels(struct findings *out, const struct dataset *d, bool given,
                              struct error *err);
enum status data_check_class_sizes(struct findings *out, const struct data_check_side *train,
                                   int singletons, struct error *err);

#endif
