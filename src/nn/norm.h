/* Normalisation with what follows it: y = relu((z - mean) * rstd * weight + bias + residual),
 * epsilon 1e-5.
 *
 * BatchNorm (Ioffe and Szegedy 2015): mean and biased variance over batch and pixels; running
 * statistics move by 0.1 towards the mean and the unbiased variance, as PyTorch's do. GroupNorm (Wu
 * and He 2018): over the pixels and channels of a group, for each sample alone. NORM_NONE: y =
 * relu(z + residual). Two sweeps over memory in each direction. */
#ifndef NN_NORM_H
#define NN_NORM_H

#include "nn/conv2d.h"

struct norm {
    enum norm_kind kind;
    bool frozen; /* BatchNorm: running statistics in MODEL_TRAIN too; they stay as they are */
    int groups, channels;
    size_t pixels; /* height * width of one sample */
    struct param *weight, *bias, *running_mean, *running_var,
        *batches;          /* NULL where the kind has none */
    float *mean, *rstd;    /* [max_batch, channels]: of the last forward */
    float *coefficient[3]; /* [max_batch, channels] each: scratch */
    const struct workspace *workspace;
};

void norm_build(struct norm *n, struct build *b, const char *name, enum norm_kind kind, int groups,
                int height, int width, int channels);

/* z [batch, pixels, channels] -> y; residual (same shape, may be y, may be NULL) is added before
 * relu. */
void norm_forward(struct norm *n, float *y, const float *z, const float *residual,
                  struct samples samples, enum model_mode mode, bool relu);

/* g holds dL/dy; where y is given (the output of a relu) g is first set to 0 where y <= 0, in
 * place, and is then also the gradient of the residual. dz (may be z: its values are then gone)
 * gets dL/dz; the parameters' gradients are written. After a forward in MODEL_TRAIN; BatchNorm
 * needs all of its samples. */
void norm_backward(struct norm *n, float *dz, float *g, const float *y, const float *z,
                   struct samples samples);

#endif
