/* Values that no run can have written into its state: a damaged file, or a made one. */
#ifndef RUN_FILES_RUN_STATE_VALUES_H
#define RUN_FILES_RUN_STATE_VALUES_H

#include "base/error.h"
#include "io/safetensors.h"

/* Weights, buffers, moments and averages are numbers, what is a sum of squares or a count is not
 * negative: an error names the tensor and the place. Only the second moment may be infinite, as
 * squares of large gradients are. */
enum status run_state_values_check(const struct safetensors_entry *e, struct error *err);

#endif
