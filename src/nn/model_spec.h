/* What a network is: the values that models/NAME.yaml holds (read by run/model_file). ResNet
 * family: a stem of convolutions with an optional max-pool, stages of residual blocks, global
 * average pool, linear classifier. He et al. 2016; names as torchvision's. */
#ifndef NN_MODEL_SPEC_H
#define NN_MODEL_SPEC_H

#include "base/error.h"

#include <stdbool.h>

#define MODEL_MAX_STEM   8
#define MODEL_MAX_STAGES 8
#define MODEL_MAX_KERNEL 15

enum norm_kind { NORM_NONE, NORM_BATCH, NORM_GROUP };
enum block_kind { BLOCK_BASIC };

struct conv_spec {
    int width, kernel, stride; /* width: output channels */
};

struct stage_spec {
    int blocks, width, stride; /* the first block strides */
};

struct model_spec {
    char name[64];
    struct conv_spec stem[MODEL_MAX_STEM];
    int n_stem;                   /* >= 1; each followed by norm and ReLU */
    int pool_kernel, pool_stride; /* max-pool after the stem; kernel 0: none; model_spec_padding */
    enum block_kind block;
    struct stage_spec stage[MODEL_MAX_STAGES];
    int n_stages; /* >= 1 */
    enum norm_kind norm;
    int groups;              /* GroupNorm: divides every width */
    bool zero_init_residual; /* the last norm of each block begins with weight 0, so that a block
                                begins as its shortcut alone (Goyal et al. 2017, section 5.1) */
};

/* Of a convolution or pool: (kernel - 1) / 2 for odd kernels (the size is kept at stride 1), 0 for
 * even ones (patches). */
int model_spec_padding(int kernel);
/* Checks ranges and that groups divide widths; the message names the field ("stages[1].width:
 * ..."). */
enum status model_spec_check(const struct model_spec *spec, struct error *err);

#endif
