/* How a convolution can be computed: a row for each method, as a library of kernels lists its
 * implementations. A new method is a file with a row, an entry of enum conv2d_kind, and its name in
 * the measured table. */
#ifndef NN_CONV_CONV2D_METHOD_H
#define NN_CONV_CONV2D_METHOD_H

#include "nn/layer.h"

/* The methods, in the order of conv2d_methods below. */
enum conv2d_kind {
    CONV2D_IM2COL,    /* im2col tiles and BLAS: any shape but depthwise; the reference */
    CONV2D_DIRECT,    /* implicit product with the own micro-kernel */
    CONV2D_WINOGRAD,  /* F(4x4, 3x3): 3x3, stride 1, padding 1, channels in multiples of 16 or >= 24
                       */
    CONV2D_DEPTHWISE, /* one channel in, one out: all of these, and nothing else */
};
enum { CONV2D_KINDS = 4 };

enum conv2d_pass { CONV2D_FORWARD, CONV2D_BACKWARD_DATA, CONV2D_BACKWARD_WEIGHTS };
enum { CONV2D_PASSES = 3 };

struct conv2d_whole;

struct conv2d {
    struct shape in, out;
    int kernel, stride, groups, pad_top, pad_left;
    int in_pitch; /* floats from one pixel of x (and of dx) to the next; y and dy have no gaps */
    enum conv2d_kind plan[CONV2D_PASSES]; /* by pass */
    /* Computes both backward passes in one, in place of the planned methods, behind which a norm is
     * frozen; else NULL. */
    const struct conv2d_whole *whole;
    struct param *weight;
    struct arena *scratch;
};

/* Floats from one sample of x to the next. */
static inline size_t conv2d_in_floats(const struct conv2d *c)
{
    return shape_pixels(c->in) * (size_t)c->in_pitch;
}

/* What follows a forward pass, done while its results z are in the cache: y = activation(z * scale
 * + shift + residual), a normalisation whose statistics do not depend on z. */
struct conv2d_finish {
    struct kernels_epilogue epilogue; /* [out.channels] each */
    float *y;                         /* [batch, out...]: z's place, or another */
    const float *residual;            /* as y; NULL: none */
    int y_pitch;                      /* floats from one pixel of y and residual to the next */
};

/* y's rows first .. first + rows - 1 of a sample, from its z (at the sample's first row). */
void conv2d_method_finish(const struct conv2d_finish *f, const float *z, struct shape out,
                          int sample, int first, int rows);

/* The activation whose output a convolution's x is, where nothing else reads that: the
 * convolution's dx is 0 where the activation lets no gradient pass. */
struct conv2d_below {
    enum kernels_activation activation;
    double *sum; /* [in.channels]: written, the sums of the masked dx over samples and pixels */
};

/* How a whole backward pass, which gives dw and dx, differs from the plain one. */
struct conv2d_backward {
    const float *scale;               /* [out.channels]: dx by the filter scale * w */
    bool accumulate;                  /* added to dx: not with a mask, which is of the whole dx */
    const struct conv2d_below *below; /* NULL: no mask */
};

/* Both backward passes in one, where dx does not overlap dy or x. */
struct conv2d_whole {
    const char *name; /* "pointwise" */
    bool (*fits)(const struct conv2d *c);
    /* Writes c->weight->grad, and dx (unless NULL) as `how` says. Scratch memory as in
     * conv2d_method.run. */
    void (*backward)(const struct conv2d *c, float *dx, const float *dy, const float *x,
                     struct samples samples, const struct conv2d_backward *how);
};
extern const struct conv2d_whole conv2d_pointwise, conv2d_depthwise_whole;

/* dx of some pixels of one sample, masked (x: of the same pixels), and its sums added to, or if
 * is_first written to, sum [2, channels], of which the second row is scratch. */
void conv2d_method_mask(const struct conv2d_below *below, double *sum, float *dx, const float *x,
                        size_t pixels, int channels, bool is_first);
/* below->sum, from the first of the two rows of each part. */
void conv2d_method_sum_below(const struct conv2d_below *below, const double *sums, int channels,
                             int n_parts);

struct conv2d_method {
    const char *name; /* "im2col" */
    bool finishes;    /* run can finish a forward pass */
    bool (*fits)(const struct conv2d *c, enum conv2d_pass pass);
    /* Forward: out y, source x, finish NULL or what follows. Backward-data: out dx, source dy;
     * accumulate: added to dx. Takes its scratch memory from c->scratch and gives it back, and does
     * nothing more while that measures. */
    void (*run)(const struct conv2d *c, enum conv2d_pass pass, float *out, const float *source,
                struct samples samples, bool accumulate, const struct conv2d_finish *finish);
    /* Writes c->weight->grad. */
    void (*weights)(const struct conv2d *c, const float *x, const float *dy,
                    struct samples samples);
};

extern const struct conv2d_method *const conv2d_methods[CONV2D_KINDS]; /* by enum conv2d_kind */

extern const struct conv2d_method conv2d_im2col, conv2d_direct, conv2d_winograd, conv2d_depthwise;

/* out [n] = the sum of n_parts arrays of n floats that lie end to end in `parts`, in order: sums of
 * a filter's gradient that ranges of the positions have made. */
void conv2d_method_sum(float *out, const float *parts, size_t n, int n_parts);

#endif
