/* ONNX files (github.com/onnx/onnx, onnx.proto), written: a graph of nodes with one output each,
 * the weights they read, metadata. By protobuf-c, from the onnx.proto of Debian's libonnx-dev.
 *
 * A graph is put together in the order of its nodes; what fails (no memory) is told by onnx_write,
 * and what is put after it is dropped. Names are UTF-8 and copied; a node's name is that of its
 * output. That names differ, and that nodes fit together, is the caller's care. */
#ifndef IO_ONNX_H
#define IO_ONNX_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The operators are those of opset 10, the format that of then (ONNX 1.5, of April 2019): all that
 * is needed is there, and from opset 11 on OpenCV 4.6 reads no Clip. */
enum { ONNX_OPSET = 10, ONNX_IR_VERSION = 5 };

enum onnx_type { ONNX_FLOAT = 1, ONNX_UINT8 = 2 }; /* of TensorProto, as of the operator Cast */

struct onnx;
/* STATUS_OK when this program was built with the libraries; else the error says what to install. */
enum status onnx_check(struct error *err);
/* NULL: err says why. producer, version: the program that writes. */
struct onnx *onnx_create(const char *graph, const char *producer, const char *version,
                         struct error *err);
void onnx_destroy(struct onnx *o); /* NULL is fine */

/* An input or output of the graph, of n_dims dimensions, of which the first has the name `batch`
 * in place of a size: dim[0] is not looked at. */
void onnx_put_input(struct onnx *o, const char *name, enum onnx_type type, const char *batch,
                    const int64_t *dim, int n_dims);
void onnx_put_output(struct onnx *o, const char *name, enum onnx_type type, const char *batch,
                     const int64_t *dim, int n_dims);
/* A constant that nodes read as an input. Returns its zeroed values, row by row, for the caller to
 * fill; they belong to o. NULL after a failure. */
float *onnx_put_floats(struct onnx *o, const char *name, const int64_t *dim, int n_dims);
int64_t *onnx_put_integers(struct onnx *o, const char *name, int n);

/* Begins a node. What follows, until the next one, is of it: its inputs in their order, and its
 * attributes. */
void onnx_put_node(struct onnx *o, const char *operation, const char *output);
void onnx_put_node_input(struct onnx *o, const char *name);
void onnx_put_integer(struct onnx *o, const char *attribute, int64_t value);
void onnx_put_list(struct onnx *o, const char *attribute, const int64_t *value, int n);
void onnx_put_real(struct onnx *o, const char *attribute, double value);

void onnx_put_metadata(struct onnx *o, const char *key, const char *value);

int onnx_nodes(const struct onnx *o); /* so far */
/* Atomic (base/files.h); the same graph gives the same bytes. *bytes: the size of the file. More
 * than 2^31 - 1 of them, which protobuf cannot read, are an error. */
enum status onnx_write(size_t *bytes, const struct onnx *o, const char *path, struct error *err);

#endif
