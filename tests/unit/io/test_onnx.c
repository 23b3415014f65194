/* What is put comes back from the file, read by protobuf-c's own reader; what it computes is told
 * by cli/export.bats. */
#include "io/onnx.h"

#include "base/files.h"
#include "failing_alloc.h"
#include "scratch.h"

#include <onnx.pb-c.h>

static struct onnx *create(void)
{
    struct error err;
    struct onnx *o = onnx_create("net", "maker", "1.2", &err);
    assert_non_null(o);
    return o;
}

/* Two nodes over one input: y = Add(Clip(x, min), table). */
static void put_all(struct onnx *o)
{
    const int64_t shape[] = {0, 2, 3}, pads[] = {1, 0, -1};
    float *table, *min;
    onnx_put_input(o, "x", ONNX_UINT8, "N", shape, 3);
    onnx_put_output(o, "y", ONNX_FLOAT, "N", shape, 3);
    onnx_put_node(o, "Clip", "clipped");
    onnx_put_node_input(o, "x");
    onnx_put_node_input(o, "min");
    onnx_put_real(o, "alpha", 0.5);
    onnx_put_integer(o, "to", 1);
    onnx_put_list(o, "pads", pads, 3);
    onnx_put_node(o, "Add", "y");
    onnx_put_node_input(o, "clipped");
    onnx_put_node_input(o, "table");
    table = onnx_put_floats(o, "table", shape + 1, 2);
    min = onnx_put_floats(o, "min", NULL, 0);
    for (int i = 0; table && i < 6; i++) {
        assert_true(table[i] == 0);
        table[i] = (float)i / 2;
    }
    if (min)
        *min = -1;
    int64_t *axes = onnx_put_integers(o, "axes", 2);
    if (axes)
        axes[1] = -7;
    onnx_put_metadata(o, "classes", "a\nb");
    onnx_put_metadata(o, "size", "");
}

static Onnx__ModelProto *read_back(const char *path)
{
    uint8_t *bytes;
    size_t size;
    struct error err;
    assert_int_equal(files_read(&bytes, &size, path, 1 << 20, &err), STATUS_OK);
    Onnx__ModelProto *model = onnx__model_proto__unpack(NULL, size, bytes);
    assert_non_null(model);
    free(bytes);
    return model;
}

static void assert_value(const Onnx__ValueInfoProto *v, const char *name, int type)
{
    assert_string_equal(v->name, name);
    assert_int_equal(v->type->value_case, ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE);
    const Onnx__TypeProto__Tensor *t = v->type->tensor_type;
    assert_int_equal(t->elem_type, type);
    assert_int_equal(t->shape->n_dim, 3);
    assert_string_equal(t->shape->dim[0]->dim_param, "N");
    assert_int_equal(t->shape->dim[1]->dim_value, 2);
    assert_int_equal(t->shape->dim[2]->dim_value, 3);
}

static void assert_clip(const Onnx__NodeProto *n)
{
    assert_string_equal(n->op_type, "Clip");
    assert_string_equal(n->name, "clipped");
    assert_true(n->n_input == 2 && n->n_output == 1 && n->n_attribute == 3);
    assert_string_equal(n->input[0], "x");
    assert_string_equal(n->input[1], "min");
    assert_string_equal(n->output[0], "clipped");
    assert_string_equal(n->attribute[0]->name, "alpha");
    assert_int_equal(n->attribute[0]->type, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    assert_true(n->attribute[0]->f == 0.5f);
    assert_int_equal(n->attribute[1]->type, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    assert_int_equal(n->attribute[1]->i, 1);
    assert_int_equal(n->attribute[2]->type, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    assert_int_equal(n->attribute[2]->n_ints, 3);
    assert_int_equal(n->attribute[2]->ints[0], 1);
    assert_int_equal(n->attribute[2]->ints[2], -1);
}

static void assert_constants(const Onnx__GraphProto *g)
{
    assert_int_equal(g->n_initializer, 3);
    const Onnx__TensorProto *table = g->initializer[0], *min = g->initializer[1],
                            *axes = g->initializer[2];
    float value[6];
    int64_t number[2];
    assert_string_equal(table->name, "table");
    assert_int_equal(table->data_type, ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    assert_true(table->n_dims == 2 && table->dims[0] == 2 && table->dims[1] == 3);
    assert_int_equal(table->raw_data.len, sizeof value);
    memcpy(value, table->raw_data.data, sizeof value);
    for (int i = 0; i < 6; i++)
        assert_true(value[i] == (float)i / 2);
    assert_int_equal(min->n_dims, 0);
    assert_int_equal(min->raw_data.len, sizeof(float));
    assert_int_equal(axes->data_type, ONNX__TENSOR_PROTO__DATA_TYPE__INT64);
    assert_int_equal(axes->raw_data.len, sizeof number);
    memcpy(number, axes->raw_data.data, sizeof number);
    assert_true(number[0] == 0 && number[1] == -7);
}

static void what_is_put_is_in_the_file(void **state)
{
    (void)state;
    struct onnx *o = create();
    struct error err;
    size_t bytes, size;
    uint8_t *read;
    put_all(o);
    assert_int_equal(onnx_nodes(o), 2);
    assert_int_equal(onnx_write(&bytes, o, scratch_path("a.onnx"), &err), STATUS_OK);
    onnx_destroy(o);
    assert_int_equal(files_read(&read, &size, scratch_path("a.onnx"), 1 << 20, &err), STATUS_OK);
    assert_int_equal(size, bytes);
    free(read);
    Onnx__ModelProto *m = read_back(scratch_path("a.onnx"));
    assert_int_equal(m->ir_version, 5);
    assert_true(m->n_opset_import == 1 && m->opset_import[0]->version == 10);
    assert_string_equal(m->producer_name, "maker");
    assert_string_equal(m->producer_version, "1.2");
    assert_string_equal(m->graph->name, "net");
    assert_int_equal(m->graph->n_input, 1);
    assert_int_equal(m->graph->n_output, 1);
    assert_value(m->graph->input[0], "x", ONNX__TENSOR_PROTO__DATA_TYPE__UINT8);
    assert_value(m->graph->output[0], "y", ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
    assert_int_equal(m->graph->n_node, 2);
    assert_clip(m->graph->node[0]);
    assert_string_equal(m->graph->node[1]->op_type, "Add");
    assert_string_equal(m->graph->node[1]->input[1], "table");
    assert_int_equal(m->graph->node[1]->n_attribute, 0);
    assert_constants(m->graph);
    assert_int_equal(m->n_metadata_props, 2);
    assert_string_equal(m->metadata_props[0]->key, "classes");
    assert_string_equal(m->metadata_props[0]->value, "a\nb");
    assert_string_equal(m->metadata_props[1]->value, "");
    onnx__model_proto__free_unpacked(m, NULL);
}

/* Builds and writes in one; what a failed allocation leaves must be nothing. */
static enum status build_and_write(const char *path, struct error *err)
{
    size_t bytes;
    struct onnx *o = onnx_create("net", "maker", "1.2", err);
    if (!o)
        return err->status;
    put_all(o);
    enum status status = onnx_write(&bytes, o, path, err);
    onnx_destroy(o);
    return status;
}

static void without_memory_for_any_part_nothing_is_written(void **state)
{
    (void)state;
    struct error err;
    char path[512];
    snprintf(path, sizeof path, "%s", scratch_path("a.onnx"));
    FAILING_ALLOC_EACH(build_and_write(path, &err), &err)
        assert_false(files_exist(path));
    assert_true(files_exist(path));
}

static void
constants_of_more_bytes_than_there_are_and_files_of_more_than_2_gib_are_refused(void **state)
{
    (void)state;
    struct error err;
    size_t bytes;
    struct onnx *o = create();
    const int64_t huge[] = {INT64_MAX, INT64_MAX};
    assert_null(onnx_put_floats(o, "huge", huge, 2));
    assert_int_equal(onnx_write(&bytes, o, scratch_path("a.onnx"), &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "out of memory"));
    onnx_destroy(o);

    /* Pages that nobody touches take no memory. */
    o = create();
    const int64_t large[] = {1 << 29};
    assert_non_null(onnx_put_floats(o, "large", large, 1));
    assert_int_equal(onnx_write(&bytes, o, scratch_path("a.onnx"), &err), STATUS_FAILED);
    assert_non_null(strstr(err.message, "an ONNX file has at most 2147483647"));
    assert_false(files_exist(scratch_path("a.onnx")));
    onnx_destroy(o);
}

static void the_same_graph_gives_the_same_bytes(void **state)
{
    (void)state;
    struct error err;
    uint8_t *file[2];
    size_t size[2];
    const char *name[] = {"a.onnx", "b.onnx"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(build_and_write(scratch_path(name[i]), &err), STATUS_OK);
        assert_int_equal(files_read(&file[i], &size[i], scratch_path(name[i]), 1 << 20, &err),
                         STATUS_OK);
    }
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(file[0], file[1], size[0]);
    free(file[0]);
    free(file[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(what_is_put_is_in_the_file),
        SCRATCH_TEST(without_memory_for_any_part_nothing_is_written),
        SCRATCH_TEST(
            constants_of_more_bytes_than_there_are_and_files_of_more_than_2_gib_are_refused),
        SCRATCH_TEST(the_same_graph_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
