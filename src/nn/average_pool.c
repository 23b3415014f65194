/* Cut into rows of a sample. */
#include "nn/average_pool.h"

#include "base/parallel.h"

/* PyTorch's pooling_output_shape; 0 if the image is too small. */
static int out_size(int in, const struct average_pool_spec *s)
{
    int out = layer_out_size(in, s->kernel, s->stride, s->padding);
    if (!s->rounds_up || s->padding == LAYER_PADDING_SAME || in <= 0)
        return out;
    int next = out * s->stride - s->padding, last_end = next - s->stride + s->kernel;
    return next < in && last_end < in + s->padding ? out + 1 : out;
}

struct tensor average_pool_build(struct average_pool *p, struct build *b, const char *name,
                                 struct tensor in, const struct average_pool_spec *s)
{
    int height = in.shape.height, width = in.shape.width, channels = in.shape.channels;
    *p = (struct average_pool){
        .in = in.shape,
        .out = {out_size(height, s), out_size(width, s), channels},
        .scratch = b->scratch,
    };
    p->shape = (struct kernels_average){
        .height = height,
        .width = width,
        .channels = channels,
        .out_height = p->out.height,
        .out_width = p->out.width,
        .kernel = s->kernel,
        .stride = s->stride,
        .top = layer_padding_before(height, s->kernel, s->stride, s->padding),
        .left = layer_padding_before(width, s->kernel, s->stride, s->padding),
        .counted = s->counts_padding && s->padding > 0 ? s->padding : 0,
        .in_pitch = (size_t)(s->in_pitch > 0 ? s->in_pitch : channels),
        .out_pitch = (size_t)(s->out_pitch > 0 ? s->out_pitch : channels),
    };
    return layer_add_row(b, name,
                         (struct layer_row){.operation = LAYER_AVERAGE_POOL,
                                            .input = in.row,
                                            .residual = -1,
                                            .in = p->in,
                                            .out = p->out,
                                            .kernel = s->kernel,
                                            .stride = s->stride,
                                            .pad_top = p->shape.top,
                                            .pad_left = p->shape.left,
                                            .pad_counts = p->shape.counted > 0,
                                            .in_channel = s->in_channel});
}

struct job {
    const struct average_pool *pool;
    struct samples samples;
    float *out;
    const float *from;
    bool accumulate;
};

static void forward_row(void *context, int piece, int worker)
{
    const struct job *j = context;
    const struct kernels_average *p = &j->pool->shape;
    (void)worker;
    size_t sample = (size_t)j->samples.index[piece / p->out_height];
    kernels_get()->pool_average(j->out + sample * shape_pixels(j->pool->out) * p->out_pitch,
                                j->from + sample * shape_pixels(j->pool->in) * p->in_pitch, p,
                                piece % p->out_height, 1);
}

void average_pool_forward(const struct average_pool *p, float *y, const float *x,
                          struct samples samples)
{
    struct job j = {.pool = p, .samples = samples, .out = y, .from = x};
    if (!arena_measures(p->scratch))
        parallel_for(forward_row, &j, samples.n * p->out.height);
}

static void backward_row(void *context, int piece, int worker)
{
    const struct job *j = context;
    const struct kernels_average *p = &j->pool->shape;
    (void)worker;
    size_t sample = (size_t)j->samples.index[piece / p->height];
    kernels_get()->pool_average_backward(j->out + sample * shape_pixels(j->pool->in) * p->in_pitch,
                                         j->from +
                                             sample * shape_pixels(j->pool->out) * p->out_pitch,
                                         p, piece % p->height, 1, j->accumulate);
}

void average_pool_backward(const struct average_pool *p, float *dx, const float *dy,
                           struct samples samples, bool accumulate)
{
    struct job j = {.pool = p, .samples = samples, .out = dx, .from = dy, .accumulate = accumulate};
    if (!arena_measures(p->scratch))
        parallel_for(backward_row, &j, samples.n * p->in.height);
}
