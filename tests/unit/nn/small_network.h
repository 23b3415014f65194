/* Networks of some thousand parameters that have of everything something. */
#ifndef TESTS_NN_SMALL_NETWORK_H
#define TESTS_NN_SMALL_NETWORK_H

#include "nn/model.h"

#include "nn/block_kinds.h"

#include "math/close.h"

enum { SIZE = 15, BATCH = 4, CLASSES = 3 };

/* Two convolutions in the stem, a pool, blocks with and without shortcut, odd sizes. */
static inline struct model_spec small(enum norm_kind norm, int pool_kernel)
{
    return (struct model_spec){.name = "small",
                               .stem = {{8, 3, 1, 1, 1}, {8, 3, 1, 1, 1}},
                               .n_stem = 2,
                               .pool = {pool_kernel, 2, 1},
                               .block = &block_basic,
                               .stage = {{2, 8, 1, {0}}, {1, 16, 2, {0}}},
                               .n_stages = 2,
                               .norm = {norm, 4, 1e-5, 0.1},
                               .activation = KERNELS_RELU};
}

/* TensorFlow's habits: its padding (with strides in the stem, whose even sizes begin elsewhere),
 * ReLU6, a larger epsilon, a convolution behind the stages. */
static inline struct model_spec mobile(enum norm_kind norm)
{
    struct model_spec s = small(norm, 3);
    s.stem[0] = (struct conv_spec){
        .width = 8, .kernel = 3, .stride = 2, .padding = LAYER_PADDING_SAME, .groups = 1};
    s.stem[1] = (struct conv_spec){
        .width = 8, .kernel = 4, .stride = 1, .padding = LAYER_PADDING_SAME, .groups = 1};
    s.pool = (struct pool_spec){3, 2, LAYER_PADDING_SAME};
    s.head_width = 20;
    s.norm.epsilon = 1e-3;
    s.activation = KERNELS_RELU6;
    s.same_padding = true;
    return s;
}

static const enum norm_kind NORMS[] = {NORM_NONE, NORM_BATCH, NORM_GROUP};

static const struct model_options TRAINING = {
    .classes = CLASSES, .size = SIZE, .max_batch = BATCH, .training = true};

static inline struct model *create(const struct model_spec *spec, bool training)
{
    const struct model_options opt = {
        .classes = CLASSES, .size = SIZE, .max_batch = BATCH, .training = training};
    struct model *m;
    struct error err;
    assert_int_equal(model_create(&m, spec, &opt, &err), STATUS_OK);
    model_init(m, 1);
    return m;
}

#endif
