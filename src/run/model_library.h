/* Where the networks that have a name live: models/NAME.yaml in $ATK_TRAIN_SHARE, beside the build
 * folder of a checkout, or in ../share/atk-train of an installed program, in this order. */
#ifndef RUN_MODEL_LIBRARY_H
#define RUN_MODEL_LIBRARY_H

#include "base/error.h"
#include "nn/model_spec.h"

/* what is a path when it has a '/' or ends in ".yaml" or ".yml", else a name. An unknown name is a
 * usage error that lists the known ones. */
enum status model_library_find(struct model_spec *out, const char *what, struct error *err);

#endif
