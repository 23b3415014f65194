/* A network by its name in models/, or from a file: see run/files/library. */
#ifndef RUN_FILES_MODEL_LIBRARY_H
#define RUN_FILES_MODEL_LIBRARY_H

#include "base/error.h"
#include "nn/model_spec.h"

/* what is a path when it has a '/' or ends in ".yaml" or ".yml", else a name. An unknown name is a
 * usage error that lists the known ones. */
enum status model_library_find(struct model_spec *out, const char *what, struct error *err);

#endif
