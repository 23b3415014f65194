/* Convolution, then normalisation; backward overwrites the kept convolution output with its
 * gradient, which saves a buffer. With frozen statistics backward needs no such output
 * (norm_frozen.h): the two are one convolution with the filter scale * w. */
#include "nn/conv_norm.h"

#include "nn/norm_frozen.h"

struct tensor conv_norm_build(struct conv_norm *u, struct build *b, const char *conv,
                              const char *norm, struct tensor in, int residual,
                              const struct conv_norm_spec *s)
{
    struct tensor z = conv2d_build(&u->conv, b, conv, in, &s->conv);
    struct tensor y = norm_build(&u->norm, b, norm, z, residual, s->norm, s->activation,
                                 s->starts_at_zero ? 0 : 1, s->out_pitch);
    u->kept = b->training && !u->norm.frozen;
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

/* Of the unscaled gradient M that the filter has now, and the filter: the norm's weight gets its
 * gradient, and the filter the scaled one. scaled: scale * w, unless NULL. */
static void scale_filter(struct conv_norm *u, float *scaled, double *product, double *scale)
{
    struct param *w = u->conv.weight;
    int channels = u->norm.channels;
    size_t rows = w->size / (size_t)channels; /* output channels lie side by side */

    for (int c = 0; c < channels; c++) {
        product[c] = 0;
        scale[c] = norm_frozen_scale(&u->norm, c);
    }
    for (size_t i = 0; i < rows; i++) {
        const float *data = w->data + i * (size_t)channels;
        float *grad = w->grad + i * (size_t)channels;
        for (int c = 0; c < channels; c++) {
            product[c] += (double)data[c] * (double)grad[c];
            grad[c] = (float)(scale[c] * (double)grad[c]);
        }
        if (scaled)
            for (int c = 0; c < channels; c++)
                scaled[i * (size_t)channels + (size_t)c] = (float)(scale[c] * (double)data[c]);
    }
    for (int c = 0; c < channels; c++)
        norm_frozen_weight_gradient(&u->norm, c, product[c]);
}

static size_t filter_floats(const struct conv2d *c)
{
    return (size_t)(c->kernel * c->kernel) * (size_t)(c->in.channels / c->groups) *
           (size_t)c->out.channels;
}

/* While the arena measures there are no parameters. */
static void backward_frozen(struct conv_norm *u, float *dx, float *g, const float *y,
                            const float *x, struct samples samples, bool accumulate)
{
    struct arena *a = u->scratch;
    bool measures = arena_measures(a), has_gaps = u->norm.out_pitch != u->norm.channels;
    size_t channels = (size_t)u->norm.channels,
           floats = shape_floats(u->conv.out) * (size_t)u->max_batch;
    double *product = arena_take(a, channels, sizeof *product);
    double *scale = arena_take(a, channels, sizeof *scale);
    float *masked = measures || has_gaps || dx == g ? arena_floats(a, floats) : g;
    struct param filter = {.data = dx ? arena_floats(a, filter_floats(&u->conv)) : NULL};
    struct conv2d scaled = u->conv;

    scaled.weight = &filter;
    norm_frozen_mask(&u->norm, masked, g, y, samples);
    conv2d_backward_weights(&u->conv, x, masked, samples);
    if (!measures)
        scale_filter(u, filter.data, product, scale);
    if (dx)
        conv2d_backward_data(&scaled, dx, masked, samples, accumulate);
}

void conv_norm_backward(struct conv_norm *u, float *dx, float *g, const float *y, const float *x,
                        struct samples samples, bool accumulate)
{
    size_t mark = u->scratch->used;
    float *dz = u->z;
    if (u->norm.frozen) {
        backward_frozen(u, dx, g, y, x, samples, accumulate);
        arena_release(u->scratch, mark);
        return;
    }
    norm_backward(&u->norm, dz, g, y, u->z, samples);
    conv2d_backward_weights(&u->conv, x, dz, samples);
    if (dx)
        conv2d_backward_data(&u->conv, dx, dz, samples, accumulate);
}
