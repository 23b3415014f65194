/* One side of data: rows of a table that are trained on or validated with. */
#ifndef DATA_DATA_CHECK_SIDE_H
#define DATA_DATA_CHECK_SIDE_H

#include "data/dataset.h"
#include "data/image_traits.h"

/* All borrowed. */
struct data_check_side {
    const struct dataset *data; /* NULL: no such side */
    const int *row;             /* [n] ascending */
    int n;
    const struct image_traits *traits; /* [rows of data]; NULL: no image has been looked at */
};

#endif
