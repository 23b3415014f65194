/* What atk-predict writes must not be what it reads. */
#ifndef CLI_PREDICT_OUTPUTS_H
#define CLI_PREDICT_OUTPUTS_H

#include "cli/predict_options.h"
#include "data/dataset.h"

/* Before anything is read: an output that is the table, an image named on the command line, a file
 * of the model or the other output is an error, through whatever links. */
enum status predict_outputs_check(const struct predict_options *o, struct error *err);
/* The same for the images of a part of the data, and its table; nor may --cam's folder hold one. */
enum status predict_outputs_check_images(const struct predict_options *o,
                                         const struct dataset *images, struct error *err);

#endif
