/* atk-predict --calibrate: the temperature that a table of labelled images gives goes into the
 * metadata of a weights file that is there already. */
#ifndef CLI_PREDICT_CALIBRATE_H
#define CLI_PREDICT_CALIBRATE_H

#include "base/error.h"
#include "run/train/calibration.h"

#include <stdbool.h>
#include <stdio.h>

/* c: the scores of all images of the table. Fewer than 50 with a label are an error. Rewrites the
 * file at `path` (atomically) and says so, for people or as a line of JSON. */
enum status predict_calibrate(FILE *stream, const struct calibration *c, const char *path,
                              bool quiet, bool json, struct error *err);

#endif
