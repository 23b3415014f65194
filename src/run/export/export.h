/* A trained network as an ONNX file: input `image` [N, 3, size, size], RGB of 0..255; output
 * `probabilities` [N, classes]. Mean, std, temperature and softmax are nodes of the graph.
 *
 * Metadata of the file, texts: classes (one a line), size, resize ("squash", "crop" or "letterbox";
 * with crop_fraction for "crop"), interpolation ("bilinear" or "bicubic"), exif ("apply" or
 * "ignore"): how an image becomes the input; and what the graph applies, mean,
 * std and temperature. */
#ifndef RUN_EXPORT_EXPORT_H
#define RUN_EXPORT_EXPORT_H

#include "base/error.h"
#include "run/train/predictor.h"

#include <stdbool.h>
#include <stddef.h>

struct export_options {
    bool uint8_input; /* `image` holds bytes, else float32 */
    bool folds_norm;  /* BatchNorm becomes part of the convolutions; an error where there is none */
};

struct export_result {
    int nodes;
    size_t bytes;
};

/* Of the predictor's first network. Atomic; the same network gives the same bytes. */
enum status export_write(struct export_result *out, const char *path, struct predictor *predictor,
                         const struct export_options *options, struct error *err);

#endif
