/* The three passes by the planned methods. Apart from Winograd's, forward is one gather, and
 * backward-data a gather from dy for each residue of the input position modulo the stride (a
 * phase); with stride 1 there is one, a convolution with the turned filter. No zeros are multiplied
 * and no thread adds where another does. */
#include "nn/conv2d.h"

#include "base/parallel.h"
#include "nn/conv2d_direct.h"
#include "nn/conv2d_gather.h"
#include "nn/conv2d_im2col_weights.h"
#include "nn/conv2d_winograd.h"

#include <stdio.h>
#include <string.h>

static int out_size(int in, int kernel, int stride, int pad)
{
    return in + 2 * pad < kernel ? 0 : (in + 2 * pad - kernel) / stride + 1;
}

/* Position rows (or columns) of a phase. */
static int phase_size(int in, int phase, int stride)
{
    return phase < in ? (in - phase + stride - 1) / stride : 0;
}

/* The filter rows (or columns) r with (phase + pad - r) divisible by the stride, r descending:
 * their sources (phase + pad - r) / stride ascend by one from *first. */
static int taps_of_phase(int *r, int *first, const struct conv2d *c, int phase)
{
    int n = 0;
    for (int i = c->kernel - 1; i >= 0; i--)
        if ((phase + c->pad - i) % c->stride == 0)
            r[n++] = i;
    if (n > 0)
        *first = (phase + c->pad - r[0]) / c->stride;
    return n;
}

/* Each phase has a depth and a width of its own, and the shallow ones take larger tiles. */
static void need_phases(const struct conv2d *c, struct workspace *w)
{
    int taps[MODEL_MAX_KERNEL], first;
    for (int top = 0; top < c->stride; top++)
        for (int left = 0; left < c->stride; left++) {
            int n_taps = taps_of_phase(taps, &first, c, top) * taps_of_phase(taps, &first, c, left);
            int width = phase_size(c->in_w, left, c->stride);
            if (n_taps > 0 && width > 0)
                build_need(&w->tile_floats,
                           conv2d_gather_floats(n_taps * c->out_c, width, c->in_c));
        }
}

static void need_workspace(const struct conv2d *c, const struct build *b)
{
    struct workspace *w = b->workspace;
    const struct conv2d_plan *plan = &c->plan;
    int depth = c->kernel * c->kernel * c->in_c;
    if (c->out_h == 0 || c->out_w == 0)
        return; /* too small a picture: model_create refuses it */
    if (plan->forward == CONV2D_IM2COL)
        build_need(&w->tile_floats, conv2d_gather_floats(depth, c->out_w, c->out_c));
    else if (plan->forward == CONV2D_DIRECT)
        conv2d_direct_need(w, c->in_w, c->in_c, c->kernel, c->out_c);
    else
        conv2d_winograd_need(w, c->in_h, c->in_w, c->in_c, c->out_c, b->max_batch);
    if (!b->training)
        return;
    build_need(&w->packed_floats, (size_t)depth * c->out_c);
    if (plan->backward_data == CONV2D_IM2COL)
        need_phases(c, w);
    else if (plan->backward_data == CONV2D_DIRECT)
        conv2d_direct_need(w, c->out_w, c->out_c, c->kernel, c->in_c);
    else
        conv2d_winograd_need(w, c->in_h, c->in_w, c->out_c, c->in_c, b->max_batch);
    if (plan->backward_weights == CONV2D_IM2COL)
        conv2d_im2col_weights_need(c, w);
    else if (plan->backward_weights == CONV2D_DIRECT)
        conv2d_direct_weights_need(c, w);
    else
        conv2d_winograd_weights_need(c, w);
}

void conv2d_build(struct conv2d *c, struct build *b, const char *name, int in_h, int in_w, int in_c,
                  int out_c, int kernel, int stride)
{
    int pad = model_spec_padding(kernel);
    *c = (struct conv2d){.in_h = in_h,
                         .in_w = in_w,
                         .in_c = in_c,
                         .out_h = out_size(in_h, kernel, stride, pad),
                         .out_w = out_size(in_w, kernel, stride, pad),
                         .out_c = out_c,
                         .kernel = kernel,
                         .stride = stride,
                         .pad = pad,
                         .workspace = b->workspace};
    c->weight = build_param(b, PARAM_CONV, name, "weight", out_c, in_c, kernel, kernel);

    c->plan = b->plan ? conv2d_plan_fit(c, *b->plan) : conv2d_plan_choose(c, b->convolutions);
    need_workspace(c, b);

    int64_t weights = (int64_t)kernel * kernel * in_c * out_c;
    char text[64];
    snprintf(text, sizeof text, "conv %dx%d/%d %d->%d", kernel, kernel, stride, in_c, out_c);
    build_layer(b, name, text, c->out_h, c->out_w, out_c, weights, weights * c->out_h * c->out_w);
    build_layer_method(b, &c->plan);
}

static void run_gather(const struct conv2d_gather *g, enum conv2d_method method)
{
    if (method == CONV2D_DIRECT)
        conv2d_direct_run(g);
    else
        conv2d_gather_run(g);
}

void conv2d_forward(const struct conv2d *c, float *y, const float *x, struct samples samples)
{
    if (c->plan.forward == CONV2D_WINOGRAD) {
        conv2d_winograd_run(&(struct conv2d_winograd){.out = y,
                                                      .source = x,
                                                      .filter = c->weight->data,
                                                      .height = c->in_h,
                                                      .width = c->in_w,
                                                      .in_c = c->in_c,
                                                      .out_c = c->out_c,
                                                      .samples = samples,
                                                      .workspace = c->workspace});
        return;
    }
    struct conv2d_gather g = {
        .source = x,
        .filter = c->weight->data,
        .out = y,
        .depth = c->kernel * c->kernel * c->in_c,
        .out_h = c->out_h,
        .out_w = c->out_w,
        .out_c = c->out_c,
        .shape = {c->in_h, c->in_w, c->in_c, c->out_w, c->stride, g.run, c->kernel},
        .rows = c->out_h,
        .spread = 1,
        .samples = samples,
        .workspace = c->workspace,
    };
    for (int r = 0; r < c->kernel; r++)
        g.run[r] = (struct im2col_run){r - c->pad, -c->pad, c->kernel};
    run_gather(&g, c->plan.forward);
}

/* The filter turned for backward-data: one block [out_c, in_c] for each tap, in the order in which
 * phases use them. */
struct turn_job {
    const struct conv2d *conv;
    float *packed;
    int tap[MODEL_MAX_KERNEL * MODEL_MAX_KERNEL]; /* r * kernel + s of the block */
    int n_taps;
};

static void turn_tap(void *context, int piece, int worker)
{
    const struct turn_job *j = context;
    const struct conv2d *c = j->conv;
    (void)worker;
    size_t block = (size_t)c->in_c * c->out_c;
    const float *in = c->weight->data + j->tap[piece] * block; /* [in_c, out_c] */
    float *out = j->packed + piece * block;                    /* [out_c, in_c] */
    enum { SIDE = 16 };
    for (int c0 = 0; c0 < c->in_c; c0 += SIDE)
        for (int k0 = 0; k0 < c->out_c; k0 += SIDE)
            for (int k = k0; k < k0 + SIDE && k < c->out_c; k++)
                for (int i = c0; i < c0 + SIDE && i < c->in_c; i++)
                    out[(size_t)k * c->in_c + i] = in[(size_t)i * c->out_c + k];
}

static void zero_phase(const struct conv2d *c, float *dx, struct samples samples, int top, int left)
{
    for (int i = 0; i < samples.n; i++)
        for (int h = top; h < c->in_h; h += c->stride)
            for (int w = left; w < c->in_w; w += c->stride)
                memset(dx + (((size_t)samples.index[i] * c->in_h + h) * c->in_w + w) * c->in_c, 0,
                       sizeof *dx * c->in_c);
}

void conv2d_backward_data(const struct conv2d *c, float *dx, const float *dy,
                          struct samples samples, bool accumulate)
{
    struct turn_job turn = {.conv = c, .packed = c->workspace->packed};
    int rows[MODEL_MAX_KERNEL], columns[MODEL_MAX_KERNEL], dh = 0, dw = 0;
    for (int top = 0; top < c->stride; top++)
        for (int left = 0; left < c->stride; left++) {
            int n_rows = taps_of_phase(rows, &dh, c, top),
                n_columns = taps_of_phase(columns, &dw, c, left);
            for (int r = 0; r < n_rows; r++)
                for (int s = 0; s < n_columns; s++)
                    turn.tap[turn.n_taps++] = rows[r] * c->kernel + columns[s];
        }
    parallel_for(turn_tap, &turn, turn.n_taps);

    if (c->plan.backward_data == CONV2D_WINOGRAD) {
        conv2d_winograd_run(&(struct conv2d_winograd){.out = dx,
                                                      .source = dy,
                                                      .filter = turn.packed,
                                                      .height = c->in_h,
                                                      .width = c->in_w,
                                                      .in_c = c->out_c,
                                                      .out_c = c->in_c,
                                                      .samples = samples,
                                                      .accumulate = accumulate,
                                                      .workspace = c->workspace});
        return;
    }
    const float *filter = turn.packed;
    for (int top = 0; top < c->stride; top++)
        for (int left = 0; left < c->stride; left++) {
            int n_rows = taps_of_phase(rows, &dh, c, top),
                n_columns = taps_of_phase(columns, &dw, c, left);
            struct conv2d_gather g = {
                .source = dy,
                .filter = filter,
                .out = dx,
                .depth = n_rows * n_columns * c->out_c,
                .out_h = c->in_h,
                .out_w = c->in_w,
                .out_c = c->in_c,
                .shape = {c->out_h, c->out_w, c->out_c, phase_size(c->in_w, left, c->stride), 1,
                          g.run, n_rows},
                .rows = phase_size(c->in_h, top, c->stride),
                .spread = c->stride,
                .top = top,
                .left = left,
                .accumulate = accumulate,
                .samples = samples,
                .workspace = c->workspace,
            };
            filter += (size_t)g.depth * c->in_c;
            if (g.rows == 0 || g.shape.out_width == 0)
                continue;
            if (g.depth == 0) {
                if (!accumulate)
                    zero_phase(c, dx, samples, top, left);
                continue;
            }
            for (int r = 0; r < n_rows; r++)
                g.run[r] = (struct im2col_run){dh + r, dw, n_columns};
            run_gather(&g, c->plan.backward_data);
        }
}

void conv2d_backward_weights(const struct conv2d *c, const float *x, const float *dy,
                             struct samples samples)
{
    if (c->plan.backward_weights == CONV2D_WINOGRAD)
        conv2d_winograd_weights(c, x, dy, samples);
    else if (c->plan.backward_weights == CONV2D_DIRECT)
        conv2d_direct_weights(c, x, dy, samples);
    else
        conv2d_im2col_weights(c, x, dy, samples);
}
