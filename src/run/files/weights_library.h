/* Pre-trained weights by name: $XDG_DATA_HOME/atk-train/weights/NAME.safetensors, where
 * scripts/get-weights (atk-get-weights) puts them. */
#ifndef RUN_FILES_WEIGHTS_LIBRARY_H
#define RUN_FILES_WEIGHTS_LIBRARY_H

#include "base/error.h"

/* *path = the weights file that `what` (of --weights) stands for; the caller frees it. With a '/'
 * or
 * ".safetensors" at its end, `what` is a path, else a name of the library, else a path after all if
 * there is something. A run folder stands for its best.safetensors, or last.safetensors when no
 * validation chose a best one. A name that is neither is a usage error, which says how to get the
 * weights or which name was probably meant. */
enum status weights_library_find(char **path, const char *what, struct error *err);
/* The same for a path: of a file, which is not looked at, or of a run folder. */
enum status weights_library_file(char **path, const char *what, struct error *err);

#endif
