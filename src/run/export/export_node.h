/* Nodes that are needed in many places, and names made of two parts. */
#ifndef RUN_EXPORT_EXPORT_NODE_H
#define RUN_EXPORT_EXPORT_NODE_H

#include "io/onnx.h"
#include "nn/param.h"

/* Of a value: a row's name, or that with a suffix. */
struct export_name {
    char text[128];
};
struct export_name export_name(const char *row, const char *suffix); /* "ROW.SUFFIX" */

/* A node with one input or two (b NULL: one). */
void export_node(struct onnx *o, const char *operation, const char *output, const char *a,
                 const char *b);
/* A parameter under its own name, in the shape that it has on disk, or of n_dims dimensions. */
void export_param(struct onnx *o, const struct param *p);
void export_param_shaped(struct onnx *o, const struct param *p, const int64_t *dim, int n_dims);
/* A constant of n whole numbers. */
void export_integers(struct onnx *o, const char *name, const int64_t *value, int n);

#endif
