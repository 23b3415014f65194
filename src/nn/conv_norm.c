/* Convolution, then normalisation; backward writes the gradient of what lies between over the kept
 * output or, where none is kept as floats, over g, which saves a buffer. With frozen statistics
 * backward needs no such output (norm_frozen.h): the two are one convolution with the filter scale
 * * w. */
#include "nn/conv_norm.h"

#include "base/parallel.h"
#include "nn/norm_frozen.h"

struct tensor conv_norm_build(struct conv_norm *u, struct build *b, const char *conv,
                              const char *norm, struct tensor in, int residual,
                              const struct conv_norm_spec *s)
{
    struct tensor z = conv2d_build(&u->conv, b, conv, in, &s->conv);
    struct tensor y = norm_build(&u->norm, b, norm, z, residual, s->norm, s->activation,
                                 s->starts_at_zero ? 0 : 1, s->out_pitch);
    u->z = (struct kept){0};
    if (b->training && !u->norm.frozen && s->norm->kind != NORM_NONE)
        kept_build(&u->z, b, shape_floats(z.shape));
    u->scratch = b->scratch;
    u->max_batch = b->max_batch;
    return y;
}

static float *take_output(const struct conv_norm *u)
{
    return arena_floats(u->scratch, shape_floats(u->conv.out) * (size_t)u->max_batch);
}

/* Where z goes: to be kept for backward, else in y's place if it may. */
static float *place_of_z(struct conv_norm *u, float *y, const float *residual, enum model_mode mode)
{
    bool may_be_y = residual != y && u->norm.out_pitch == u->norm.channels;
    if (may_be_y && (!u->z.values || mode == MODEL_EVAL))
        return y;
    return u->z.values ? u->z.values : take_output(u);
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
        if (layer_keeps(mode))
            kept_store(&u->z, z, samples, u->scratch);
        norm_forward(&u->norm, y, z, residual, samples, mode);
    }
    arena_release(u->scratch, mark);
}

/* Scales the filter's gradient, which is the unscaled M, and gives the norm's weight its own: some
 * channels, which lie side by side in the filter's rows. */
struct scaling {
    struct conv_norm *unit;
    const float *scale;
};
enum { SCALE_CHANNELS = 64 };

static void scale_piece(void *context, int piece, int worker)
{
    const struct scaling *s = context;
    struct param *w = s->unit->conv.weight;
    int channels = s->unit->norm.channels, first = piece * SCALE_CHANNELS;
    int n = channels - first < SCALE_CHANNELS ? channels - first : SCALE_CHANNELS;
    double product[SCALE_CHANNELS] = {0};
    (void)worker;

    for (size_t at = (size_t)first; at < w->size; at += (size_t)channels)
        kernels_get()->double_scale(product, w->grad + at, w->data + at, s->scale + first, n);
    for (int c = 0; c < n; c++)
        norm_frozen_weight_gradient(&s->unit->norm, first + c, product[c]);
}

/* dx by the filter scale * w. */
struct scaled_filter {
    float *out;
    const float *filter, *scale;
    size_t channels;
};

static void filter_some(void *context, size_t first, size_t n)
{
    const struct scaled_filter *s = context;
    size_t c = first % s->channels;
    for (size_t i = first; i < first + n; i++) {
        s->out[i] = s->scale[c] * s->filter[i];
        c = c + 1 < s->channels ? c + 1 : 0;
    }
}

static size_t filter_floats(const struct conv2d *c)
{
    return (size_t)(c->kernel * c->kernel) * (size_t)(c->in.channels / c->groups) *
           (size_t)c->out.channels;
}

static void data_scaled(const struct conv_norm *u, float *dx, const float *masked,
                        const float *scale, struct samples samples, bool accumulate)
{
    struct conv2d scaled = u->conv;
    size_t floats = filter_floats(&u->conv);
    struct param filter = {.data = arena_floats(u->scratch, floats)};

    if (!arena_measures(u->scratch))
        parallel_floats(filter_some,
                        &(struct scaled_filter){filter.data, u->conv.weight->data, scale,
                                                (size_t)u->norm.channels},
                        floats, PARALLEL_FLOATS);
    scaled.weight = &filter;
    conv2d_backward_data(&scaled, dx, masked, samples, accumulate);
}

/* Both passes in one, and the mask of the unit below. */
static void backward_whole(struct conv_norm *u, struct conv_norm *below, float *dx,
                           const float *masked, const float *x, const float *scale,
                           struct samples samples, bool accumulate)
{
    double *sum = arena_take(u->scratch, (size_t)u->conv.in.channels, sizeof *sum);
    struct conv2d_below under = {.sum = sum};
    if (below)
        under.activation = below->norm.activation;
    conv2d_backward(&u->conv, dx, masked, x, samples,
                    &(struct conv2d_backward){
                        .scale = scale, .accumulate = accumulate, .below = below ? &under : NULL});
    if (!below)
        return;
    below->is_masked = true;
    if (!arena_measures(u->scratch))
        norm_frozen_take_sum(&below->norm, sum);
}

/* While the arena measures there are no parameters. */
static void backward_frozen(struct conv_norm *u, struct conv_norm *below, float *dx, float *g,
                            const float *y, const float *x, struct samples samples, bool accumulate)
{
    struct arena *a = u->scratch;
    bool measures = arena_measures(a), has_gaps = u->norm.out_pitch != u->norm.channels;
    int channels = u->norm.channels;
    float *scale = arena_floats(a, (size_t)channels), *masked = g;

    if (has_gaps || dx == g)
        masked = arena_floats(a, shape_floats(u->conv.out) * (size_t)u->max_batch);
    for (int c = 0; c < channels && !measures; c++)
        scale[c] = (float)norm_frozen_scale(&u->norm, c);
    if (!u->is_masked)
        norm_frozen_mask(&u->norm, masked, g, y, samples);
    u->is_masked = false;
    if (u->conv.whole) {
        backward_whole(u, below, dx, masked, x, scale, samples, accumulate);
    } else {
        conv2d_backward_weights(&u->conv, x, masked, samples);
        if (dx)
            data_scaled(u, dx, masked, scale, samples, accumulate);
    }
    if (!measures)
        parallel_for(scale_piece, &(struct scaling){u, scale},
                     (channels + SCALE_CHANNELS - 1) / SCALE_CHANNELS);
}

/* In the place of z, or else of g, where nobody reads that any more. */
static float *place_of_dz(struct conv_norm *u, const float *dx, float *g)
{
    bool may_be_g = dx != g && !u->norm.has_residual && u->norm.out_pitch == u->norm.channels;
    return u->z.values ? u->z.values : may_be_g ? g : take_output(u);
}

static void backward(struct conv_norm *u, struct conv_norm *below, float *dx, float *g,
                     const float *y, const float *x, struct samples samples, bool accumulate)
{
    size_t mark = u->scratch->used;
    if (u->norm.frozen) {
        backward_frozen(u, below, dx, g, y, x, samples, accumulate);
        arena_release(u->scratch, mark);
        return;
    }
    float *dz = place_of_dz(u, dx, g);
    if (u->z.halves)
        norm_backward_halves(&u->norm, dz, g, y, u->z.halves, samples);
    else
        norm_backward(&u->norm, dz, g, y, dz, samples);
    conv2d_backward_weights(&u->conv, x, dz, samples);
    if (dx)
        conv2d_backward_data(&u->conv, dx, dz, samples, accumulate);
    arena_release(u->scratch, mark);
}

void conv_norm_backward(struct conv_norm *u, float *dx, float *g, const float *y, const float *x,
                        struct samples samples, bool accumulate)
{
    backward(u, NULL, dx, g, y, x, samples, accumulate);
}

void conv_norm_backward_above(struct conv_norm *u, struct conv_norm *below, float *dx, float *g,
                              const float *y, const float *x, struct samples samples)
{
    bool may_mask = below->norm.frozen && below->norm.out_pitch == below->norm.channels;
    backward(u, may_mask ? below : NULL, dx, g, y, x, samples, false);
}
