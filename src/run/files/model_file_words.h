/* The words of a model file, and what it means by saying nothing: for its reader and its writer. */
#ifndef RUN_FILES_MODEL_FILE_WORDS_H
#define RUN_FILES_MODEL_FILE_WORDS_H

#include "nn/model_spec.h"

/* In the order of the enums in nn/layer.h; of paddings the second, and of flags the second, is
 * true. model_file_text.c. */
enum {
    MODEL_FILE_NORMS = 3,
    MODEL_FILE_ACTIVATIONS = 2,
    MODEL_FILE_PADDINGS = 2,
    MODEL_FILE_FLAGS = 2
};
extern const char *const model_file_norms[MODEL_FILE_NORMS];
extern const char *const model_file_activations[MODEL_FILE_ACTIVATIONS]; /* from KERNELS_RELU on */
extern const char *const model_file_paddings[MODEL_FILE_PADDINGS];
extern const char *const model_file_flags[MODEL_FILE_FLAGS];

/* PyTorch's. */
#define MODEL_FILE_EPSILON  1e-5
#define MODEL_FILE_MOMENTUM 0.1

#endif
