#include "nn/norm_frozen.h"

#include "base/parallel.h"
#include "math/kernels.h"

#include <assert.h>

struct mask {
    const struct norm *norm;
    struct samples samples;
    float *out, *g;
    const float *y;
    double *sum; /* [pieces, channels] */
};

static void mask_piece(void *context, int piece, int worker)
{
    const struct mask *m = context;
    const struct norm *n = m->norm;
    const struct norm_piece p = norm_pieces_get(&n->pieces, m->samples, piece);
    enum kernels_activation activation = m->y ? n->activation : KERNELS_NONE;
    float *out = m->out + p.at, *g = m->g + p.at_y;
    bool is_there = out == g && activation == KERNELS_NONE;
    (void)worker;
    kernels_get()->mask(is_there ? NULL : out, n->has_residual && out != g ? g : NULL,
                        m->sum + (size_t)piece * (size_t)n->channels, g,
                        m->y ? m->y + p.at_y : NULL, p.pixels, n->channels, (size_t)n->out_pitch,
                        activation);
}

void norm_frozen_mask(struct norm *n, float *masked, float *g, const float *y,
                      struct samples samples)
{
    struct mask m = {.norm = n, .samples = samples, .out = masked, .g = g, .y = y};
    size_t mark = n->scratch->used, channels = (size_t)n->channels;
    int pieces = samples.n * norm_pieces_count(&n->pieces);
    assert(n->frozen);
    m.sum = arena_take(n->scratch, channels * (size_t)pieces, sizeof *m.sum);
    double *sum = arena_take(n->scratch, channels, sizeof *sum);
    if (!arena_measures(n->scratch)) {
        parallel_for(mask_piece, &m, pieces);
        for (size_t c = 0; c < channels; c++)
            sum[c] = 0;
        for (int i = 0; i < pieces; i++) /* row by row, as they lie */
            for (size_t c = 0; c < channels; c++)
                sum[c] += m.sum[(size_t)i * channels + c];
        norm_frozen_take_sum(n, sum);
    }
    arena_release(n->scratch, mark);
}

void norm_frozen_take_sum(struct norm *n, const double *sum)
{
    for (int c = 0; c < n->channels; c++)
        n->bias->grad[c] = (float)sum[c];
}

double norm_frozen_scale(const struct norm *n, int channel)
{
    return (double)n->weight->data[channel] * norm_running_rstd(n, channel);
}

void norm_frozen_weight_gradient(struct norm *n, int channel, double product)
{
    double mean = (double)n->running_mean->data[channel], sum = (double)n->bias->grad[channel];
    n->weight->grad[channel] = (float)((product - mean * sum) * norm_running_rstd(n, channel));
}
