/* Part of data/data_check: what the image files themselves tell. */
#ifndef DATA_DATA_CHECK_IMAGES_H
#define DATA_DATA_CHECK_IMAGES_H

#include "data/data_check_side.h"
#include "data/findings.h"

#include <stdbool.h>

/* Copies of a file under other names, images of one colour, of 16 bits that are not used, and, if
 * these are squashed, of extreme shape. Sides without traits add nothing. */
enum status data_check_images(struct findings *out, const struct data_check_side *train,
                              const struct data_check_side *val, bool squashes, struct error *err);

#endif
