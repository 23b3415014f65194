/* What a network says of itself before it is there: counts, and the rows of its layers. */
#include "nn/small_network.h"

#include <string.h>

static void the_summary_counts_what_the_model_has(void **state)
{
    (void)state;
    for (int n = 0; n < 3; n++) {
        const struct model_spec spec = small(NORMS[n], 3);
        struct model *m = create(&spec, true);
        struct model_summary s;
        struct error err;
        assert_int_equal(model_summarise(&s, &spec, &TRAINING, &err), STATUS_OK);
        int64_t parameters = 0, layers = 0, products = 0;
        for (int i = 0; i < model_params(m)->n; i++)
            if (param_is_trained(&model_params(m)->item[i]))
                parameters += model_params(m)->item[i].size;
        for (int i = 0; i < s.layers.n; i++) {
            layers += s.layers.row[i].parameters;
            products += s.layers.row[i].multiply_adds;
        }
        assert_int_equal(s.parameters, parameters);
        assert_int_equal(layers, parameters);
        assert_int_equal(s.multiply_adds, products);
        assert_int_equal(s.layers.row[0].multiply_adds, SIZE * SIZE * 9 * 3 * 8);
        assert_int_equal(s.gradient_bytes, model_params(m)->n_trained * sizeof(float));
        assert_true(s.parameter_bytes >= s.gradient_bytes);
        assert_string_equal(s.layers.row[0].name, "conv1.0");
        assert_string_equal(s.layers.row[s.layers.n - 1].name, "fc");
        model_summary_free(&s);
        model_destroy(m);
    }
}

static void assert_row(const struct layer_row *got, const struct layer_row *want)
{
    assert_string_equal(got->name, want->name);
    assert_int_equal(got->operation, want->operation);
    assert_int_equal(got->input, want->input);
    assert_int_equal(got->residual, want->residual);
    assert_memory_equal(&got->in, &want->in, sizeof got->in);
    assert_memory_equal(&got->out, &want->out, sizeof got->out);
    assert_int_equal(got->kernel, want->kernel);
    assert_int_equal(got->stride, want->stride);
    assert_int_equal(got->pad_top, want->pad_top);
    assert_int_equal(got->pad_left, want->pad_left);
    assert_int_equal(got->activation, want->activation);
    assert_int_equal(got->parameters, want->parameters);
    assert_int_equal(got->multiply_adds, want->multiply_adds);
}

/* 15 x 15 images, 8 x 8 behind the pool, 4 x 4 in the second stage. */
static void the_rows_say_how_the_layers_hang_together(void **state)
{
    (void)state;
#define CONV(name_, input_, in_, out_, kernel_, stride_, pad_, weights_)                           \
    {                                                                                              \
        .name = (name_), .operation = LAYER_CONV, .input = (input_), .residual = -1, .in = in_,    \
        .out = out_, .kernel = (kernel_), .stride = (stride_), .pad_top = (pad_),                  \
        .pad_left = (pad_), .parameters = (weights_),                                              \
        .multiply_adds = (weights_) * (int64_t)shape_pixels((struct shape)out_)                    \
    }
#define NORM(name_, input_, residual_, shape_, activation_)                                        \
    {                                                                                              \
        .name = (name_), .operation = LAYER_NORM, .input = (input_), .residual = (residual_),      \
        .in = shape_, .out = shape_, .activation = (activation_),                                  \
        .parameters = 2 * (int64_t)((struct shape)shape_).channels                                 \
    }
#define SHAPE(side, channels)                                                                      \
    {                                                                                              \
        (side), (side), (channels)                                                                 \
    }
    const struct layer_row want[] = {
        CONV("conv1.0", -1, SHAPE(15, 3), SHAPE(15, 8), 3, 1, 1, 9 * 3 * 8),
        NORM("conv1.1", 0, -1, SHAPE(15, 8), KERNELS_RELU),
        CONV("conv1.3", 1, SHAPE(15, 8), SHAPE(15, 8), 3, 1, 1, 9 * 8 * 8),
        NORM("bn1", 2, -1, SHAPE(15, 8), KERNELS_RELU),
        {.name = "maxpool",
         .operation = LAYER_MAX_POOL,
         .input = 3,
         .residual = -1,
         .in = SHAPE(15, 8),
         .out = SHAPE(8, 8),
         .kernel = 3,
         .stride = 2,
         .pad_top = 1,
         .pad_left = 1},
        CONV("layer1.0.conv1", 4, SHAPE(8, 8), SHAPE(8, 8), 3, 1, 1, 9 * 8 * 8),
        NORM("layer1.0.bn1", 5, -1, SHAPE(8, 8), KERNELS_RELU),
        CONV("layer1.0.conv2", 6, SHAPE(8, 8), SHAPE(8, 8), 3, 1, 1, 9 * 8 * 8),
        NORM("layer1.0.bn2", 7, 4, SHAPE(8, 8), KERNELS_RELU),
        CONV("layer1.1.conv1", 8, SHAPE(8, 8), SHAPE(8, 8), 3, 1, 1, 9 * 8 * 8),
        NORM("layer1.1.bn1", 9, -1, SHAPE(8, 8), KERNELS_RELU),
        CONV("layer1.1.conv2", 10, SHAPE(8, 8), SHAPE(8, 8), 3, 1, 1, 9 * 8 * 8),
        NORM("layer1.1.bn2", 11, 8, SHAPE(8, 8), KERNELS_RELU),
        CONV("layer2.0.conv1", 12, SHAPE(8, 8), SHAPE(4, 16), 3, 2, 1, 9 * 8 * 16),
        NORM("layer2.0.bn1", 13, -1, SHAPE(4, 16), KERNELS_RELU),
        CONV("layer2.0.conv2", 14, SHAPE(4, 16), SHAPE(4, 16), 3, 1, 1, 9 * 16 * 16),
        NORM("layer2.0.bn2", 15, 18, SHAPE(4, 16), KERNELS_RELU),
        CONV("layer2.0.downsample.0", 12, SHAPE(8, 8), SHAPE(4, 16), 1, 2, 0, 8 * 16),
        NORM("layer2.0.downsample.1", 17, -1, SHAPE(4, 16), KERNELS_NONE),
        {.name = "fc",
         .operation = LAYER_LINEAR,
         .input = 16,
         .residual = -1,
         .in = {1, 1, 16},
         .out = {1, 1, CLASSES},
         .parameters = 16 * CLASSES + CLASSES,
         .multiply_adds = 16 * CLASSES},
    };
    const struct model_spec spec = small(NORM_BATCH, 3);
    struct model *m = create(&spec, true);
    struct model_summary s;
    struct error err;
    assert_int_equal(model_summarise(&s, &spec, &TRAINING, &err), STATUS_OK);
    assert_int_equal(s.layers.n, sizeof want / sizeof want[0]);
    int n_params = 0;
    for (int i = 0; i < s.layers.n; i++) {
        const struct layer_row *r = &s.layers.row[i];
        assert_row(r, &want[i]);
        assert_int_equal(r->first_param, n_params);
        for (int j = 0; j < r->n_params; j++) {
            const char *name = model_params(m)->item[n_params++].name;
            assert_memory_equal(name, r->name, strlen(r->name));
            assert_int_equal(name[strlen(r->name)], '.');
        }
        if (r->operation == LAYER_NORM)
            assert_memory_equal(&r->norm, &spec.norm, sizeof r->norm);
        if (r->operation == LAYER_CONV)
            assert_true(r->groups == 1 && r->method[0] != '\0');
    }
    assert_int_equal(n_params, model_params(m)->n);
    model_summary_free(&s);
    model_destroy(m);
}

static void the_rows_of_same_padding_begin_at_their_own_pixels(void **state)
{
    (void)state;
    struct model_spec spec = mobile(NORM_BATCH);
    struct model_options opt = TRAINING;
    struct model_summary s;
    struct error err;
    opt.size = 16; /* 16 -> 8: all of the padding is below and on the right */
    assert_int_equal(model_summarise(&s, &spec, &opt, &err), STATUS_OK);
    assert_int_equal(s.layers.row[0].pad_top, 0);
    assert_int_equal(s.layers.row[0].out.height, 8);
    assert_int_equal(s.layers.row[2].pad_top, 1); /* of three: 4x4, stride 1 */
    assert_int_equal(s.layers.row[2].out.height, 8);
    const struct layer_row *head = &s.layers.row[s.layers.n - 3];
    assert_string_equal(head->name, "conv_head");
    assert_string_equal(head[1].name, "bn2");
    assert_int_equal(head[1].activation, KERNELS_RELU6);
    assert_int_equal(head[2].in.channels, 20);
    assert_int_equal(head[2].input, s.layers.n - 2);
    model_summary_free(&s);
}

struct expected {
    const char *name;
    enum layer_operation operation;
    int input, residual, in_channel;
    struct shape out;
};

static void assert_rows(const struct layer_row *row, const struct expected *want, int n)
{
    for (int i = 0; i < n; i++) {
        assert_string_equal(row[i].name, want[i].name);
        assert_int_equal(row[i].operation, want[i].operation);
        assert_int_equal(row[i].input, want[i].input);
        assert_int_equal(row[i].residual, want[i].residual);
        assert_int_equal(row[i].in_channel, want[i].in_channel);
        assert_memory_equal(&row[i].out, &want[i].out, sizeof row[i].out);
    }
}

/* 15 x 15 images without a pool behind the stem: a first block with a chain, and one that strides.
 */
static void rows_of_a_res2net_say_what_is_split_summed_pooled_and_joined(void **state)
{
    (void)state;
    struct model_spec spec = small(NORM_BATCH, 0);
    spec.n_stem = 1;
    spec.block = &block_res2net;
    spec.stage[0] = (struct stage_spec){1, 16, 1, {64, 3, 1, 1, 1}};
    spec.stage[1] = (struct stage_spec){1, 32, 2, {64, 3, 1, 1, 1}};
    struct model_summary s;
    struct error err;
    assert_int_equal(model_summarise(&s, &spec, &TRAINING, &err), STATUS_OK);
    const struct expected want[] = {
        {"layer1.0.conv1", LAYER_CONV, 1, -1, 0, {15, 15, 12}},
        {"layer1.0.bn1", LAYER_NORM, 2, -1, 0, {15, 15, 12}},
        {"layer1.0.convs.0", LAYER_CONV, 3, -1, 0, {15, 15, 4}},
        {"layer1.0.bns.0", LAYER_NORM, 4, -1, 0, {15, 15, 4}},
        {"layer1.0.sums.1", LAYER_SUM, 3, 5, 4, {15, 15, 4}},
        {"layer1.0.convs.1", LAYER_CONV, 6, -1, 0, {15, 15, 4}},
        {"layer1.0.bns.1", LAYER_NORM, 7, -1, 0, {15, 15, 4}},
        {"layer1.0.concat", LAYER_CONCAT, 3, -1, 8, {15, 15, 12}},
        {"layer1.0.conv3", LAYER_CONV, 9, -1, 0, {15, 15, 16}},
        {"layer1.0.bn3", LAYER_NORM, 10, 13, 0, {15, 15, 16}},
        {"layer1.0.downsample.1", LAYER_CONV, 1, -1, 0, {15, 15, 16}},
        {"layer1.0.downsample.2", LAYER_NORM, 12, -1, 0, {15, 15, 16}},
        {"layer2.0.conv1", LAYER_CONV, 11, -1, 0, {15, 15, 24}},
        {"layer2.0.bn1", LAYER_NORM, 14, -1, 0, {15, 15, 24}},
        {"layer2.0.convs.0", LAYER_CONV, 15, -1, 0, {8, 8, 8}},
        {"layer2.0.bns.0", LAYER_NORM, 16, -1, 0, {8, 8, 8}},
        {"layer2.0.convs.1", LAYER_CONV, 15, -1, 8, {8, 8, 8}},
        {"layer2.0.bns.1", LAYER_NORM, 18, -1, 0, {8, 8, 8}},
        {"layer2.0.pool", LAYER_AVERAGE_POOL, 15, -1, 16, {8, 8, 8}},
        {"layer2.0.concat", LAYER_CONCAT, 20, -1, 0, {8, 8, 24}},
        {"layer2.0.conv3", LAYER_CONV, 21, -1, 0, {8, 8, 32}},
        {"layer2.0.bn3", LAYER_NORM, 22, 26, 0, {8, 8, 32}},
        {"layer2.0.downsample.0", LAYER_AVERAGE_POOL, 11, -1, 0, {8, 8, 16}},
        {"layer2.0.downsample.1", LAYER_CONV, 24, -1, 0, {8, 8, 32}},
        {"layer2.0.downsample.2", LAYER_NORM, 25, -1, 0, {8, 8, 32}},
    };
    const struct layer_row *row = s.layers.row;
    assert_int_equal(s.layers.n, 2 + sizeof want / sizeof want[0] + 1);
    assert_rows(row + 2, want, sizeof want / sizeof want[0]);
    assert_int_equal(row[27].input, 23); /* the classifier */
    assert_true(row[9].n_parts == 2 && row[9].part[0] == 5 && row[9].part[1] == 8);
    assert_true(row[21].n_parts == 2 && row[21].part[0] == 17 && row[21].part[1] == 19);
    assert_true(row[20].kernel == 3 && row[20].stride == 2 && row[20].pad_top == 1);
    assert_true(row[20].pad_counts && !row[24].pad_counts);
    assert_true(row[24].kernel == 2 && row[24].stride == 2 && row[24].pad_top == 0);
    model_summary_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_summary_counts_what_the_model_has),
        cmocka_unit_test(the_rows_say_how_the_layers_hang_together),
        cmocka_unit_test(the_rows_of_same_padding_begin_at_their_own_pixels),
        cmocka_unit_test(rows_of_a_res2net_say_what_is_split_summed_pooled_and_joined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
