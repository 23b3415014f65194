/* Convolution, then normalisation; backward overwrites the kept convolution output with its
 * gradient, which saves a buffer. */
#include "nn/conv_norm.h"

struct tensor conv_norm_build(struct conv_norm *u, struct build *b, const char *conv,
                              const char *norm, struct tensor in, int residual,
                              const struct conv_norm_spec *s)
{
    struct tensor z = conv2d_build(&u->conv, b, conv, in, &s->conv);
    struct tensor y = norm_build(&u->norm, b, norm, z, residual, s->norm, s->activation,
                                 s->starts_at_zero ? 0 : 1, s->out_pitch);
    u->kept = b->training;
    u->z =
        u->kept ? arena_floats(b->activations, shape_floats(z.shape) * (size_t)b->max_batch) : NULL;
    u->scratch = b->scratch;
    u->max_batch = b->max_batch;
    return y;
}

/* Where z goes: to be kept for backward, else in y's place if it may. */
static float *place_of_z(struct conv_norm *u, float *y, const float *residual, enum model_mode mode)
{
    bool may_be_y = residual != y && u->norm.out_pitch == u->norm.channels;
    if (may_be_y && (!u->kept || mode == MODEL_EVAL))
        return y;
    return u->kept ? u->z
                   : arena_floats(u->scratch, shape_floats(u->conv.out) * (size_t)u->max_batch);
}

void conv_norm_forward(struct conv_norm *u, float *y, const float *x, const float *residual,
                       struct samples samples, enum model_mode mode)
{
    size_t mark = u->scratch->used;
    struct conv2d_finish finish = {.y = y, .residual = residual, .y_pitch = u->norm.out_pitch};
    bool is_fixed = norm_as_epilogue(&u->norm, &finish.epilogue, samples, mode);
    float *z = place_of_z(u, y, residual, mode);
    if (is_fixed && conv2d_can_finish(&u->conv)) {
        conv2d_forward_finish(&u->conv, z, x, samples, &finish);
    } else {
        conv2d_forward(&u->conv, z, x, samples);
        norm_forward(&u->norm, y, z, residual, samples, mode);
    }
    arena_release(u->scratch, mark);
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
