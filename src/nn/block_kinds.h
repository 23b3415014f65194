/* The kinds of blocks that there are. */
#ifndef NN_BLOCK_KINDS_H
#define NN_BLOCK_KINDS_H

#include "nn/block.h"

extern const struct block_kind *const block_kinds[];
extern const int block_kinds_n;

/* block_basic.c ... : one file a kind. */
extern const struct block_kind block_basic, block_bottleneck, block_inverted, block_res2net;

/* Names of torchvision's ResNets and of timm's EfficientNets. */
extern const struct block_names block_names_resnet, block_names_efficientnet;

#endif
