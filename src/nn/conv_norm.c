/* Convolution, then normalisation; backward overwrites the kept convolution output with its
 * gradient, which saves a buffer. */
#include "nn/conv_norm.h"

void conv_norm_build(struct conv_norm *u, struct build *b, const struct model_spec *spec,
                     const char *conv, const char *norm, int in_h, int in_w, int in_c, int out_c,
                     int kernel, int stride)
{
    conv2d_build(&u->conv, b, conv, in_h, in_w, in_c, out_c, kernel, stride);
    norm_build(&u->norm, b, norm, spec->norm, spec->groups, u->conv.out_h, u->conv.out_w, out_c);
    size_t floats = conv_norm_out_floats(u) * b->max_batch;
    u->z = b->training ? arena_floats(b->activations, floats) : NULL;
    if (!b->training)
        build_need(&b->workspace->conv_out_floats, floats);
}

size_t conv_norm_out_floats(const struct conv_norm *u)
{
    return (size_t)u->conv.out_h * u->conv.out_w * u->conv.out_c;
}

void conv_norm_forward(struct conv_norm *u, float *y, const float *x, const float *residual,
                       struct samples samples, enum model_mode mode, bool relu)
{
    float *z = u->z ? u->z : u->conv.workspace->conv_out;
    conv2d_forward(&u->conv, z, x, samples);
    norm_forward(&u->norm, y, z, residual, samples, mode, relu);
}

void conv_norm_backward(struct conv_norm *u, float *dx, float *g, const float *y, const float *x,
                        struct samples samples, bool accumulate)
{
    float *dz = u->z;
    norm_backward(&u->norm, dz, g, y, u->z, samples);
    conv2d_backward_weights(&u->conv, x, dz, samples);
    if (dx)
        conv2d_backward_data(&u->conv, dx, dz, samples, accumulate);
}
