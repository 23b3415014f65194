/* Normalisation with what follows it: y = activation((z - mean) * rstd * weight + bias + residual).
 *
 * BatchNorm (Ioffe and Szegedy 2015): mean and biased variance over batch and pixels; running
 * statistics move by `momentum` towards the mean and the unbiased variance, as PyTorch's do.
 * GroupNorm (Wu and He 2018): over the pixels and channels of a group, for each sample alone.
 * NORM_NONE: y = activation(z + residual). Two sweeps over memory in each direction.
 *
 * MODEL_MEASURE: a BatchNorm that is not frozen adds up the samples' means and mean squares, in the
 * gradients of bias and weight. At MODEL_MEASURE_END they become its running statistics, and weight
 * and bias what computes the same as before with them. */
#ifndef NN_NORM_H
#define NN_NORM_H

#include "nn/norm_pieces.h"

struct norm {
    struct norm_spec spec;
    enum kernels_activation activation;
    bool frozen; /* BatchNorm: running statistics in MODEL_TRAIN too; they stay as they are */
    bool has_residual;
    int channels, max_batch;
    int out_pitch; /* floats from one pixel of y (and of g and the residual) to the next */
    struct norm_pieces pieces;
    struct param *weight, *bias, *running_mean, *running_var,
        *batches;       /* NULL where the kind has none */
    float *mean, *rstd; /* [max_batch, channels]: of the last forward */
    int n_measured;     /* samples, of MODEL_MEASURE */
    struct arena *scratch;
};

/* in: z; residual: the row of what is added, or -1. first_weight: the weight's initial value.
 * out_pitch: 0, or the distance of the pixels of a wider tensor, of which y is a slice; then y, g
 * and a residual point at the slice's first channel, and other channels stay as they are. */
struct tensor norm_build(struct norm *n, struct build *b, const char *name, struct tensor in,
                         int residual, const struct norm_spec *spec,
                         enum kernels_activation activation, double first_weight, int out_pitch);

/* 1 / sqrt(running variance + epsilon). */
double norm_running_rstd(const struct norm *n, int channel);

/* z [batch, pixels, channels] -> y, which may be z if it has no gaps; residual (same shape, may be
 * y, may be NULL) is added before the activation. */
void norm_forward(struct norm *n, float *y, const float *z, const float *residual,
                  struct samples samples, enum model_mode mode);

/* y of the last forward in a training mode, from its z, to the bit; without a residual, and not of
 * a frozen norm or NORM_NONE. */
void norm_recompute(struct norm *n, float *y, const float *z, struct samples samples);

/* Whether a forward in this mode multiplies and adds what z does not decide. Then *e says what, by
 * arrays that are taken from n->scratch in any case and that the caller releases, and backward may
 * follow as after norm_forward. */
bool norm_as_epilogue(struct norm *n, struct kernels_epilogue *e, struct samples samples,
                      enum model_mode mode);

/* g holds dL/dy; y is the activation's output, or NULL if g has its gradient already. dz (may be z,
 * whose values are then gone, or g, if that has no gaps) gets dL/dz; the parameters' gradients are
 * written. If a residual was added, g is its gradient afterwards: 0 where the activation is flat;
 * else it may or may not be. After a forward in MODEL_TRAIN; BatchNorm needs all of its samples,
 * and is not frozen. */
void norm_backward(struct norm *n, float *dz, float *g, const float *y, const float *z,
                   struct samples samples);

/* The same from a z of halves (IEEE binary16). */
void norm_backward_halves(struct norm *n, float *dz, float *g, const float *y, const uint16_t *z,
                          struct samples samples);

#endif
