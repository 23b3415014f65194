/* What a network is: the values that models/NAME.yaml holds (read by run/files/model_file). A stem
 * of convolutions with an optional max-pool, stages of blocks of one kind, an optional 1x1
 * convolution, global average pool, linear classifier. */
#ifndef NN_MODEL_SPEC_H
#define NN_MODEL_SPEC_H

#include "base/error.h"
#include "nn/block.h"

#include <stdbool.h>

#define MODEL_MAX_STEM   8
#define MODEL_MAX_STAGES 8

struct stage_spec {
    int blocks, width, stride; /* the first block strides */
    int value[BLOCK_MAX_KEYS]; /* of the block kind's keys */
};

struct model_spec {
    char name[64];
    struct conv_spec stem[MODEL_MAX_STEM];
    int n_stem;            /* >= 1; each followed by norm and activation */
    struct pool_spec pool; /* max-pool after the stem; kernel 0: none */
    const struct block_kind *block;
    struct stage_spec stage[MODEL_MAX_STAGES];
    int n_stages;   /* >= 1 */
    int head_width; /* output channels of a 1x1 convolution, with norm and activation, behind the
                       stages; 0: none */
    struct norm_spec norm;
    enum kernels_activation activation;
    bool same_padding; /* TensorFlow's padding, in every convolution and pool */
    bool zero_init_residual;
};

/* The settings of a block of the stage; those of its first block if is_first. */
struct block_spec model_spec_block(const struct model_spec *spec, int stage, bool is_first);
/* Checks ranges and that groups divide widths; the message names the field ("stages[1].width:
 * ..."). */
enum status model_spec_check(const struct model_spec *spec, struct error *err);

#endif
