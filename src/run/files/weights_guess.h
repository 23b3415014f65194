/* Of which network weights are that do not fit. */
#ifndef RUN_FILES_WEIGHTS_GUESS_H
#define RUN_FILES_WEIGHTS_GUESS_H

#include "io/safetensors.h"
#include "nn/param.h"
#include "run/files/library.h"

#include <stdbool.h>

/* The name of the network in models/ whose tensors, the classifier aside, are most like the file's
 * by name and shape: more than half of them, and more than those of `params`, the network that was
 * asked for. False: there is none. After parallel_start. */
bool weights_guess(char name[LIBRARY_NAME_BYTES], const struct safetensors *file,
                   const struct param_list *params);

#endif
