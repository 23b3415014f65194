/* A layer of its own, and the three passes by the planned methods. */
#include "nn/conv/conv2d.h"

#include "nn/conv/conv2d_plan.h"

#include <assert.h>
#include <math.h>

struct tensor conv2d_build(struct conv2d *c, struct build *b, const char *name, struct tensor in,
                           const struct conv_spec *s)
{
    int height = in.shape.height, width = in.shape.width;
    *c = (struct conv2d){
        .in = in.shape,
        .out = {layer_out_size(height, s->kernel, s->stride, s->padding),
                layer_out_size(width, s->kernel, s->stride, s->padding), s->width},
        .kernel = s->kernel,
        .stride = s->stride,
        .groups = s->groups,
        .pad_top = layer_padding_before(height, s->kernel, s->stride, s->padding),
        .pad_left = layer_padding_before(width, s->kernel, s->stride, s->padding),
        .in_pitch = s->in_pitch > 0 ? s->in_pitch : in.shape.channels,
        .scratch = b->scratch,
    };
    assert(c->groups == 1 || c->in_pitch == c->in.channels);
    int64_t taps = (int64_t)s->kernel * s->kernel;
    c->weight = layer_param(
        b, name, "weight",
        (struct param){.kind = PARAM_CONV,
                       .dim = {s->width, c->in.channels / s->groups, s->kernel, s->kernel},
                       .start = PARAM_START_NORMAL,
                       .start_value = sqrt(2.0 / (double)(s->width / s->groups * taps))});
    conv2d_plan_choose(c, b->convolutions, b->freeze_batch_norm);

    int64_t weights = taps * (c->in.channels / s->groups) * s->width;
    struct layer_row row = {.operation = LAYER_CONV,
                            .input = in.row,
                            .residual = -1,
                            .in = c->in,
                            .out = c->out,
                            .kernel = s->kernel,
                            .stride = s->stride,
                            .pad_top = c->pad_top,
                            .pad_left = c->pad_left,
                            .groups = s->groups,
                            .in_channel = s->in_channel,
                            .n_params = 1,
                            .parameters = weights,
                            .multiply_adds = weights * (int64_t)shape_pixels(c->out)};
    conv2d_plan_text(row.method, sizeof row.method, c);
    return layer_add_row(b, name, row);
}

void conv2d_forward(const struct conv2d *c, float *y, const float *x, struct samples samples)
{
    conv2d_methods[c->plan[CONV2D_FORWARD]]->run(c, CONV2D_FORWARD, y, x, samples, false, NULL);
}

bool conv2d_can_finish(const struct conv2d *c)
{
    return conv2d_methods[c->plan[CONV2D_FORWARD]]->finishes;
}

void conv2d_forward_finish(const struct conv2d *c, float *z, const float *x, struct samples samples,
                           const struct conv2d_finish *finish)
{
    assert(conv2d_can_finish(c));
    conv2d_methods[c->plan[CONV2D_FORWARD]]->run(c, CONV2D_FORWARD, z, x, samples, false, finish);
}

void conv2d_backward_data(const struct conv2d *c, float *dx, const float *dy,
                          struct samples samples, bool accumulate)
{
    conv2d_methods[c->plan[CONV2D_BACKWARD_DATA]]->run(c, CONV2D_BACKWARD_DATA, dx, dy, samples,
                                                       accumulate, NULL);
}

void conv2d_backward_weights(const struct conv2d *c, const float *x, const float *dy,
                             struct samples samples)
{
    conv2d_methods[c->plan[CONV2D_BACKWARD_WEIGHTS]]->weights(c, x, dy, samples);
}

void conv2d_backward(const struct conv2d *c, float *dx, const float *dy, const float *x,
                     struct samples samples, const struct conv2d_backward *how)
{
    assert(!how->below || !how->accumulate);
    c->whole->backward(c, dx, dy, x, samples, how);
}
