/* Normalisation in ONNX: BatchNorm as a node or folded into the convolution in front of it, and
 * GroupNorm, for which opset 10 has no operator. */
#ifndef RUN_EXPORT_EXPORT_NORM_H
#define RUN_EXPORT_EXPORT_NORM_H

#include "io/onnx.h"
#include "nn/layer.h"
#include "nn/param.h"

/* param: the row's first one. `row` is of LAYER_NORM; its residual and activation are not looked
 * at. */
void export_norm_put(struct onnx *o, const struct layer_row *row, const struct param *param,
                     const char *output, const char *input);
/* The weight of a convolution with what the norm behind it does, under its own name, and a bias
 * under the norm's: conv(x) * scale + (bias - mean * scale), scale = weight / sqrt(var + epsilon).
 * norm, param: of kind NORM_BATCH. */
void export_norm_fold(struct onnx *o, const struct param *conv, const struct layer_row *norm,
                      const struct param *param);

#endif
