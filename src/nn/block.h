/* The basic residual block of He et al. 2016: y = relu(norm2(conv2(relu(norm1(conv1(x))))) +
 * shortcut(x)), 3x3 convolutions; the first strides; the shortcut is x itself, or a strided 1x1
 * convolution with norm where the shape changes. */
#ifndef NN_BLOCK_H
#define NN_BLOCK_H

#include "nn/conv_norm.h"

struct block {
    struct conv_norm first, second, shortcut;
    bool has_shortcut;
    float *inner,
        *y;     /* outputs of `first` and of the block, [max_batch, ...]; NULL without training */
    int parity; /* which of the workspace's outputs is y without training */
};

/* name: "layer1.0"; parity: see struct. */
void block_build(struct block *k, struct build *b, const struct model_spec *spec, const char *name,
                 int parity, int in_h, int in_w, int in_c, int width, int stride);
/* Returns y. */
float *block_forward(struct block *k, const float *x, struct samples samples, enum model_mode mode);
/* g holds dL/dy; other is a second buffer of workspace->gradient_floats. Returns which of the two
 * holds dL/dx then. */
float *block_backward(struct block *k, float *g, float *other, const float *x,
                      struct samples samples);

#endif
