/* Looks at tables, labels and images for what is odd and does not stop a run, and knows nothing of
 * what the data is for. */
#ifndef DATA_DATA_CHECK_H
#define DATA_DATA_CHECK_H

#include "data/data_check_side.h"
#include "data/dataset.h"
#include "data/findings.h"

#include <stdbool.h>

struct data_check {
    struct data_check_side train, val; /* val.data NULL: none; it may be that of train */
    bool classes_are_given;            /* in a file: spellings are meant then */
    bool squashes;                     /* images are made square without keeping their shape */
    int singletons;                    /* as struct split counts them */
};

/* Appends to *out what is found, in the order of the kinds. Counts and examples depend on the data
 * alone. The findings borrow from the data sets. */
enum status data_check_run(struct findings *out, const struct data_check *check, struct error *err);
/* Those of a table by itself: rows and labels. */
enum status data_check_table(struct findings *out, const struct dataset *d, bool classes_are_given,
                             struct error *err);

#endif
