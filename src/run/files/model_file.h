/* Text of a model file (YAML, models/NAME.yaml) and struct model_spec, both ways. The same text
 * travels in the metadata of weights files, so that weights carry their network. */
#ifndef RUN_FILES_MODEL_FILE_H
#define RUN_FILES_MODEL_FILE_H

#include "base/error.h"
#include "nn/model_spec.h"

#include <stddef.h>
#include <stdio.h>

/* file names the text in messages ("file:line: ..."). Every key but name and pool is required;
 * unknown keys are errors with a suggestion. The network's name is its key `name` or, without one,
 * the last part of `file` without ".yaml". The result has passed model_spec_check. */
enum status model_file_parse(struct model_spec *out, const char *text, size_t size,
                             const char *file, struct error *err);
enum status model_file_read(struct model_spec *out, const char *path, struct error *err);

/* The text that model_file_parse reads back to the same values; the caller frees it. */
enum status model_file_text(char **out, const struct model_spec *spec, struct error *err);

#endif
