/* The messages of onnx.proto as protobuf-c has them, each an allocation of its own, freed together.
 * (protobuf-c's own streaming drops what it has no memory for, without a word: so the file is
 * packed into memory of a size that is asked before.) */
#include "io/onnx.h"

#include "base/files.h"
#include "base/memory.h"

#include <onnx.pb-c.h>
#include <stdlib.h>
#include <string.h>

/* Values go to the file as they lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is little-endian");

enum { MAX_DIMS = 8 };

struct onnx {
    Onnx__ModelProto model;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset, *opsets[1];
    /* Elements that the repeated fields have room for. */
    size_t inputs, outputs, initializers, nodes, metadata;
    Onnx__NodeProto *node; /* the last one */
    size_t node_inputs, node_attributes;
    void **owned; /* [n_owned]: freed by onnx_destroy */
    size_t n_owned, owned_capacity;
    struct error error; /* the first failure */
};

enum status onnx_check(struct error *err)
{
    (void)err;
    return STATUS_OK;
}

/* ---- Memory ---- */

static void *take(struct onnx *o, size_t count, size_t size)
{
    if (o->error.status != STATUS_OK)
        return NULL;
    void **owned = memory_grown(o->owned, &o->owned_capacity, o->n_owned + 1, sizeof *owned,
                                "ONNX graph", &o->error);
    if (!owned)
        return NULL;
    o->owned = owned;
    void *memory = memory_array(count, size, "ONNX graph", &o->error);
    if (memory)
        o->owned[o->n_owned++] = memory;
    return memory;
}

static char *take_text(struct onnx *o, const char *text)
{
    char *copy = take(o, strlen(text) + 1, 1);
    return copy ? strcpy(copy, text) : NULL;
}

/* A repeated field with room for one element more; NULL after a failure. Such arrays are freed by
 * name, since they move. */
static void *grown(struct onnx *o, void *array, size_t *capacity, size_t n)
{
    if (o->error.status != STATUS_OK)
        return NULL;
    void **all = memory_grown(array, capacity, n + 1, sizeof *all, "ONNX graph", &o->error);
    return all;
}

/* Appends `item` to array FIELD of message M. */
#define APPEND(o, m, field, capacity, item)                                                        \
    do {                                                                                           \
        void *array_ = grown((o), (m)->field, (capacity), (m)->n_##field);                         \
        if (array_)                                                                                \
            (m)->field = array_;                                                                   \
        if (array_ && (item))                                                                      \
            (m)->field[(m)->n_##field++] = (item);                                                 \
    } while (0)

struct onnx *onnx_create(const char *graph, const char *producer, const char *version,
                         struct error *err)
{
    struct onnx *o = memory_array(1, sizeof *o, "ONNX graph", err);
    if (!o)
        return NULL;
    onnx__model_proto__init(&o->model);
    onnx__graph_proto__init(&o->graph);
    onnx__operator_set_id_proto__init(&o->opset);
    o->opset.has_version = 1;
    o->opset.version = ONNX_OPSET;
    o->opsets[0] = &o->opset;
    o->model.n_opset_import = 1;
    o->model.opset_import = o->opsets;
    o->model.has_ir_version = 1;
    o->model.ir_version = ONNX_IR_VERSION;
    o->model.graph = &o->graph;
    o->model.producer_name = take_text(o, producer);
    o->model.producer_version = take_text(o, version);
    o->graph.name = take_text(o, graph);
    if (o->error.status == STATUS_OK)
        return o;
    *err = o->error;
    onnx_destroy(o);
    return NULL;
}

void onnx_destroy(struct onnx *o)
{
    if (!o)
        return;
    for (size_t i = 0; i < o->graph.n_node; i++) {
        free(o->graph.node[i]->input);
        free(o->graph.node[i]->attribute);
    }
    free(o->graph.node);
    free(o->graph.initializer);
    free(o->graph.input);
    free(o->graph.output);
    free(o->model.metadata_props);
    for (size_t i = 0; i < o->n_owned; i++)
        free(o->owned[i]);
    free(o->owned);
    free(o);
}

/* ---- Inputs, outputs, constants ---- */

_Static_assert(ONNX_FLOAT == (int)ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT &&
                   ONNX_UINT8 == (int)ONNX__TENSOR_PROTO__DATA_TYPE__UINT8,
               "types are called by the format's numbers");

static Onnx__TensorShapeProto__Dimension *make_dimension(struct onnx *o, const char *name,
                                                         int64_t size)
{
    Onnx__TensorShapeProto__Dimension *d = take(o, 1, sizeof *d);
    if (!d)
        return NULL;
    onnx__tensor_shape_proto__dimension__init(d);
    if (name) {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
        d->dim_param = take_text(o, name);
    } else {
        d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        d->dim_value = size;
    }
    return d;
}

static Onnx__ValueInfoProto *make_value(struct onnx *o, const char *name, enum onnx_type type,
                                        const char *batch, const int64_t *dim, int n_dims)
{
    Onnx__ValueInfoProto *value = take(o, 1, sizeof *value);
    Onnx__TypeProto *proto = take(o, 1, sizeof *proto);
    Onnx__TypeProto__Tensor *tensor = take(o, 1, sizeof *tensor);
    Onnx__TensorShapeProto *shape = take(o, 1, sizeof *shape);
    Onnx__TensorShapeProto__Dimension **dims = take(o, (size_t)n_dims, sizeof *dims);
    if (!dims)
        return NULL;
    onnx__value_info_proto__init(value);
    onnx__type_proto__init(proto);
    onnx__type_proto__tensor__init(tensor);
    onnx__tensor_shape_proto__init(shape);
    for (int i = 0; i < n_dims; i++)
        dims[i] = make_dimension(o, i == 0 ? batch : NULL, dim[i]);
    shape->n_dim = (size_t)n_dims;
    shape->dim = dims;
    tensor->has_elem_type = 1;
    tensor->elem_type = (int32_t)type;
    tensor->shape = shape;
    proto->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    proto->tensor_type = tensor;
    value->name = take_text(o, name);
    value->type = proto;
    return value;
}

void onnx_put_input(struct onnx *o, const char *name, enum onnx_type type, const char *batch,
                    const int64_t *dim, int n_dims)
{
    Onnx__ValueInfoProto *value = make_value(o, name, type, batch, dim, n_dims);
    APPEND(o, &o->graph, input, &o->inputs, value);
}

void onnx_put_output(struct onnx *o, const char *name, enum onnx_type type, const char *batch,
                     const int64_t *dim, int n_dims)
{
    Onnx__ValueInfoProto *value = make_value(o, name, type, batch, dim, n_dims);
    APPEND(o, &o->graph, output, &o->outputs, value);
}

/* The values of a new constant, of so many bytes each. */
static void *put_tensor(struct onnx *o, const char *name, int32_t type, size_t item_bytes,
                        const int64_t *dim, int n_dims)
{
    size_t n = 1;
    bool fits = n_dims <= MAX_DIMS;
    for (int i = 0; i < n_dims; i++)
        fits = fits && dim[i] >= 0 && !__builtin_mul_overflow(n, (size_t)dim[i], &n);
    if (!fits && o->error.status == STATUS_OK)
        error_memory(&o->error, SIZE_MAX, "ONNX graph");
    Onnx__TensorProto *tensor = take(o, 1, sizeof *tensor);
    int64_t *dims = take(o, (size_t)n_dims, sizeof *dims);
    void *values = take(o, n, item_bytes);
    if (!values)
        return NULL;
    onnx__tensor_proto__init(tensor);
    for (int i = 0; i < n_dims; i++)
        dims[i] = dim[i];
    tensor->n_dims = (size_t)n_dims;
    tensor->dims = dims;
    tensor->has_data_type = 1;
    tensor->data_type = type;
    tensor->name = take_text(o, name);
    tensor->has_raw_data = 1;
    tensor->raw_data = (ProtobufCBinaryData){.len = n * item_bytes, .data = values};
    APPEND(o, &o->graph, initializer, &o->initializers, tensor);
    return o->error.status == STATUS_OK ? values : NULL;
}

float *onnx_put_floats(struct onnx *o, const char *name, const int64_t *dim, int n_dims)
{
    return put_tensor(o, name, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, sizeof(float), dim, n_dims);
}

int64_t *onnx_put_integers(struct onnx *o, const char *name, int n)
{
    return put_tensor(o, name, ONNX__TENSOR_PROTO__DATA_TYPE__INT64, sizeof(int64_t), &(int64_t){n},
                      1);
}

/* ---- Nodes ---- */

void onnx_put_node(struct onnx *o, const char *operation, const char *output)
{
    Onnx__NodeProto *node = take(o, 1, sizeof *node);
    char **outputs = take(o, 1, sizeof *outputs), *name = take_text(o, output),
         *op_type = take_text(o, operation);
    if (!op_type)
        return;
    onnx__node_proto__init(node);
    outputs[0] = name;
    node->name = name;
    node->op_type = op_type;
    node->n_output = 1;
    node->output = outputs;
    APPEND(o, &o->graph, node, &o->nodes, node);
    o->node = node;
    o->node_inputs = o->node_attributes = 0;
}

void onnx_put_node_input(struct onnx *o, const char *name)
{
    char *copy = take_text(o, name);
    if (copy)
        APPEND(o, o->node, input, &o->node_inputs, copy);
}

/* NULL after a failure. */
static Onnx__AttributeProto *put_attribute(struct onnx *o, const char *name,
                                           Onnx__AttributeProto__AttributeType type)
{
    Onnx__AttributeProto *a = take(o, 1, sizeof *a);
    char *copy = take_text(o, name);
    if (!copy)
        return NULL;
    onnx__attribute_proto__init(a);
    a->name = copy;
    a->has_type = 1;
    a->type = type;
    APPEND(o, o->node, attribute, &o->node_attributes, a);
    return a;
}

void onnx_put_integer(struct onnx *o, const char *attribute, int64_t value)
{
    Onnx__AttributeProto *a =
        put_attribute(o, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    if (!a)
        return;
    a->has_i = 1;
    a->i = value;
}

void onnx_put_list(struct onnx *o, const char *attribute, const int64_t *value, int n)
{
    Onnx__AttributeProto *a =
        put_attribute(o, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    int64_t *copy = take(o, (size_t)n, sizeof *copy);
    if (!copy)
        return;
    memcpy(copy, value, (size_t)n * sizeof *copy);
    a->n_ints = (size_t)n;
    a->ints = copy;
}

void onnx_put_real(struct onnx *o, const char *attribute, double value)
{
    Onnx__AttributeProto *a =
        put_attribute(o, attribute, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    if (!a)
        return;
    a->has_f = 1;
    a->f = (float)value;
}

void onnx_put_metadata(struct onnx *o, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *entry = take(o, 1, sizeof *entry);
    char *key_copy = take_text(o, key), *value_copy = take_text(o, value);
    if (!value_copy)
        return;
    onnx__string_string_entry_proto__init(entry);
    entry->key = key_copy;
    entry->value = value_copy;
    APPEND(o, &o->model, metadata_props, &o->metadata, entry);
}

int onnx_nodes(const struct onnx *o)
{
    return (int)o->graph.n_node;
}

/* ---- The file ---- */

enum status onnx_write(size_t *bytes, const struct onnx *o, const char *path, struct error *err)
{
    if (o->error.status != STATUS_OK) {
        *err = o->error;
        return err->status;
    }
    *bytes = onnx__model_proto__get_packed_size(&o->model);
    if (*bytes > INT32_MAX)
        return error_set(err, "%s: %zu bytes, and an ONNX file has at most %d", path, *bytes,
                         INT32_MAX);
    uint8_t *packed = memory_array(*bytes, 1, "ONNX file", err);
    if (!packed)
        return err->status;
    onnx__model_proto__pack(&o->model, packed);
    enum status status = files_write(path, packed, *bytes, err);
    free(packed);
    return status;
}
