/* A network as an ONNX graph: from the rows that its layers say of themselves (nn/layer.h), and its
 * parameters. What ONNX calls NCHW is memory's NHWC; weights are PyTorch's, as on disk. */
#ifndef RUN_EXPORT_EXPORT_GRAPH_H
#define RUN_EXPORT_EXPORT_GRAPH_H

#include "io/onnx.h"
#include "nn/layer.h"
#include "nn/param.h"

struct export_graph {
    struct onnx *onnx;
    const struct layer_table *layers;
    const struct param_list *params; /* those that the rows speak of */
    bool folds_norm; /* BatchNorm becomes part of the convolution in front of it, which gets a bias
                      */
};

/* Adds nodes from `image` [N, 3, size, size], what the first layer reads, to the logits [N,
 * classes], and copies of the weights. *logits: the name of that value; it lives as long as the
 * rows. Memory for the graph that is missing is told by onnx_write. */
enum status export_graph_put(const char **logits, const struct export_graph *graph,
                             const char *image, struct error *err);

#endif
