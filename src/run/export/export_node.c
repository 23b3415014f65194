#include "run/export/export_node.h"

#include <stdio.h>
#include <string.h>

struct export_name export_name(const char *row, const char *suffix)
{
    struct export_name name;
    snprintf(name.text, sizeof name.text, "%s.%s", row, suffix);
    return name;
}

void export_node(struct onnx *o, const char *operation, const char *output, const char *a,
                 const char *b)
{
    onnx_put_node(o, operation, output);
    onnx_put_node_input(o, a);
    if (b)
        onnx_put_node_input(o, b);
}

void export_param(struct onnx *o, const struct param *p)
{
    int64_t dim[4];
    for (int i = 0; i < p->n_dims; i++)
        dim[i] = p->dim[i];
    export_param_shaped(o, p, dim, p->n_dims);
}

void export_param_shaped(struct onnx *o, const struct param *p, const int64_t *dim, int n_dims)
{
    float *values = onnx_put_floats(o, p->name, dim, n_dims);
    if (values)
        param_to_disk(values, p, p->data);
}

void export_integers(struct onnx *o, const char *name, const int64_t *value, int n)
{
    int64_t *values = onnx_put_integers(o, name, n);
    if (values)
        memcpy(values, value, (size_t)n * sizeof *value);
}
