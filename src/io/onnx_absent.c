/* In place of io/onnx.c where the libraries are missing: nothing is written, and onnx_check says
 * what to install. */
#include "io/onnx.h"

enum status onnx_check(struct error *err)
{
    return error_set(err, "built without ONNX: apt install libonnx-dev libprotobuf-c-dev "
                          "protobuf-c-compiler, then make again");
}

struct onnx *onnx_create(const char *graph, const char *producer, const char *version,
                         struct error *err)
{
    (void)graph;
    (void)producer;
    (void)version;
    onnx_check(err);
    return NULL;
}

void onnx_destroy(struct onnx *o)
{
    (void)o;
}

void onnx_put_input(struct onnx *o, const char *name, enum onnx_type type, const char *batch,
                    const int64_t *dim, int n_dims)
{
    (void)o;
    (void)name;
    (void)type;
    (void)batch;
    (void)dim;
    (void)n_dims;
}

void onnx_put_output(struct onnx *o, const char *name, enum onnx_type type, const char *batch,
                     const int64_t *dim, int n_dims)
{
    onnx_put_input(o, name, type, batch, dim, n_dims);
}

float *onnx_put_floats(struct onnx *o, const char *name, const int64_t *dim, int n_dims)
{
    onnx_put_input(o, name, ONNX_FLOAT, name, dim, n_dims);
    return NULL;
}

int64_t *onnx_put_integers(struct onnx *o, const char *name, int n)
{
    onnx_put_input(o, name, ONNX_FLOAT, name, &(int64_t){n}, 1);
    return NULL;
}

void onnx_put_node(struct onnx *o, const char *operation, const char *output)
{
    onnx_put_metadata(o, operation, output);
}

void onnx_put_node_input(struct onnx *o, const char *name)
{
    onnx_put_metadata(o, name, name);
}

void onnx_put_integer(struct onnx *o, const char *attribute, int64_t value)
{
    onnx_put_list(o, attribute, &value, 1);
}

void onnx_put_list(struct onnx *o, const char *attribute, const int64_t *value, int n)
{
    onnx_put_input(o, attribute, ONNX_FLOAT, attribute, value, n);
}

void onnx_put_real(struct onnx *o, const char *attribute, double value)
{
    (void)value;
    onnx_put_metadata(o, attribute, attribute);
}

void onnx_put_metadata(struct onnx *o, const char *key, const char *value)
{
    (void)o;
    (void)key;
    (void)value;
}

int onnx_nodes(const struct onnx *o)
{
    (void)o;
    return 0;
}

enum status onnx_write(size_t *bytes, const struct onnx *o, const char *path, struct error *err)
{
    (void)o;
    (void)path;
    *bytes = 0;
    return onnx_check(err);
}
