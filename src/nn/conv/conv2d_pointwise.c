/* The whole backward pass of a 1x1 convolution with stride 1, a band of pixels at a time: while x
 * and dy of the band are in the cache, they give the band's part of dw and its dx, which is masked
 * where the layer below has its activation. So each of x, dy and dx goes through memory once.
 *
 * dw [in, out] = x^T x dy, or turned, dy^T x x: the wider of both dimensions fills the registers.
 * Pieces are ranges of the samples' pixels laid end to end, each with a sum of its own. */
#include "base/parallel.h"
#include "math/kernels.h"
#include "nn/conv/conv2d_method.h"

#include <string.h>

/* RANGES sums; of larger filters they would be more memory than the activations. A band's x, dy and
 * dx are half a second-level cache. */
enum { RANGES = 16, LARGE_FILTER_FLOATS = 128 * 1024, BAND_FLOATS = 128 * 1024 };

static bool fits(const struct conv2d *c)
{
    return c->kernel == 1 && c->stride == 1 && c->groups == 1 && c->in_pitch == c->in.channels &&
           c->pad_top == 0 && c->pad_left == 0 &&
           c->in.channels * (int64_t)c->out.channels <= LARGE_FILTER_FLOATS;
}

struct job {
    const struct conv2d *conv;
    const struct conv2d_backward *how;
    float *dx;
    const float *dy, *x;
    struct samples samples;
    const struct kernels *kernels;
    bool turned;
    int64_t band_pixels;
    size_t filter_floats;
    float *panels;      /* the filter turned: [in / tile_columns][out, tile_columns] */
    float *sums;        /* [RANGES, filter] */
    float *turned_sum;  /* [out, in], if turned */
    double *below_sums; /* [2 * RANGES, in]: of a range, and of its last band */
};

/* The share of the registers' lanes that `columns` fill. */
static double filled(const struct kernels *k, int columns)
{
    int panels = (columns + k->tile_columns - 1) / k->tile_columns;
    return (double)columns / (panels * k->tile_columns);
}

/* Columns first .. of dx: the filter's rows from there on, scaled and turned. */
static void panel_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    const struct conv2d *c = j->conv;
    int width = j->kernels->tile_columns, first = piece * width, depth = c->out.channels;
    int n = c->in.channels - first < width ? c->in.channels - first : width;
    const double *scale = j->how->scale;
    const float *filter = c->weight->data + (size_t)first * (size_t)depth;
    float *panel = j->panels + (size_t)piece * (size_t)depth * (size_t)width;
    (void)worker;
    enum { SIDE = 16 };
    for (int d0 = 0; d0 < depth; d0 += SIDE)
        for (int i = 0; i < width; i++)
            for (int d = d0; d < d0 + SIDE && d < depth; d++) {
                float w = i < n ? filter[(size_t)i * (size_t)depth + (size_t)d] : 0;
                panel[d * width + i] = scale ? (float)(scale[d] * (double)w) : w;
            }
}

/* sum [rows, columns] (+)= a^T x b over the pixels; a and b have as many channels. */
static void add_products(const struct job *j, float *sum, const float *a, int rows, const float *b,
                         int columns, int pixels, bool accumulate)
{
    int panel = j->kernels->tile_columns;
    struct kernels_tile t = {.a_row = 1,
                             .a_step = (size_t)rows,
                             .depth = pixels,
                             .segments = 1,
                             .b_step = (size_t)columns,
                             .c_row = (size_t)columns,
                             .accumulate = accumulate};
    for (int k = 0; k < columns; k += panel)
        j->kernels->tile_product(sum + k, a, b + k, rows, columns - k < panel ? columns - k : panel,
                                 &t);
}

/* dx of some pixels. */
static void put_dx(const struct job *j, float *dx, const float *dy, int pixels)
{
    int panel = j->kernels->tile_columns, in_c = j->conv->in.channels,
        depth = j->conv->out.channels;
    struct kernels_tile t = {.a_row = (size_t)depth,
                             .a_step = 1,
                             .depth = depth,
                             .segments = 1,
                             .b_step = (size_t)panel,
                             .c_row = (size_t)in_c,
                             .accumulate = j->how->accumulate};
    for (int k = 0; k < in_c; k += panel)
        j->kernels->tile_product(dx + k, dy, j->panels + (size_t)k * (size_t)depth, pixels,
                                 in_c - k < panel ? in_c - k : panel, &t);
}

static void band(const struct job *j, int range, size_t pixel, int pixels, bool is_first)
{
    int in_c = j->conv->in.channels, out_c = j->conv->out.channels;
    const float *x = j->x + pixel * (size_t)in_c, *dy = j->dy + pixel * (size_t)out_c;
    float *sum = j->sums + (size_t)range * j->filter_floats;

    if (j->turned)
        add_products(j, sum, dy, out_c, x, in_c, pixels, !is_first);
    else
        add_products(j, sum, x, in_c, dy, out_c, pixels, !is_first);
    if (!j->dx)
        return;
    float *dx = j->dx + pixel * (size_t)in_c;
    put_dx(j, dx, dy, pixels);
    if (j->how->below)
        conv2d_method_mask(j->how->below, j->below_sums + (size_t)(2 * range) * (size_t)in_c, dx, x,
                           (size_t)pixels, in_c, is_first);
}

static void range_piece(void *context, int range, int worker)
{
    const struct job *j = context;
    int64_t pixels = (int64_t)shape_pixels(j->conv->in), all = pixels * j->samples.n;
    int64_t at = all * range / RANGES, end = all * (range + 1) / RANGES;
    (void)worker;
    if (at == end) {
        memset(j->sums + (size_t)range * j->filter_floats, 0, j->filter_floats * sizeof(float));
        if (j->how->below)
            memset(j->below_sums + (size_t)(2 * range) * (size_t)j->conv->in.channels, 0,
                   (size_t)j->conv->in.channels * sizeof(double));
    }
    for (bool is_first = true; at < end; is_first = false) {
        int64_t sample = j->samples.index[at / pixels], in_sample = at % pixels;
        int64_t n = pixels - in_sample < end - at ? pixels - in_sample : end - at;
        n = n < j->band_pixels ? n : j->band_pixels;
        band(j, range, (size_t)(sample * pixels + in_sample), (int)n, is_first);
        at += n;
    }
}

/* grad [in, out] from sum [out, in], some rows of grad. */
struct turn {
    float *grad;
    const float *sum;
    int in_c, out_c;
};
enum { TURN_ROWS = 16 };

static void turn_piece(void *context, int piece, int worker)
{
    const struct turn *t = context;
    int first = piece * TURN_ROWS, end = first + TURN_ROWS < t->in_c ? first + TURN_ROWS : t->in_c;
    (void)worker;
    for (int k = 0; k < t->out_c; k++)
        for (int i = first; i < end; i++)
            t->grad[(size_t)i * (size_t)t->out_c + (size_t)k] =
                t->sum[(size_t)k * (size_t)t->in_c + (size_t)i];
}

static void add_up(const struct job *j)
{
    const struct conv2d *c = j->conv;
    if (!j->turned) {
        conv2d_method_sum(c->weight->grad, j->sums, j->filter_floats, RANGES);
        return;
    }
    struct turn t = {c->weight->grad, j->turned_sum, c->in.channels, c->out.channels};
    conv2d_method_sum(j->turned_sum, j->sums, j->filter_floats, RANGES);
    parallel_for(turn_piece, &t, (t.in_c + TURN_ROWS - 1) / TURN_ROWS);
}

static void backward(const struct conv2d *c, float *dx, const float *dy, const float *x,
                     struct samples samples, const struct conv2d_backward *how)
{
    const struct kernels *k = kernels_get();
    int in_c = c->in.channels, out_c = c->out.channels;
    int panels = (in_c + k->tile_columns - 1) / k->tile_columns;
    struct job j = {.conv = c,
                    .how = how,
                    .dx = dx,
                    .dy = dy,
                    .x = x,
                    .samples = samples,
                    .kernels = k,
                    .turned = filled(k, in_c) > filled(k, out_c),
                    .band_pixels = BAND_FLOATS / (2 * in_c + out_c) / k->tile_rows * k->tile_rows,
                    .filter_floats = (size_t)in_c * (size_t)out_c};
    if (j.band_pixels == 0)
        j.band_pixels = k->tile_rows;
    size_t mark = c->scratch->used;
    j.panels = arena_floats(c->scratch, (size_t)panels * (size_t)(k->tile_columns * out_c));
    j.sums = arena_floats(c->scratch, j.filter_floats * RANGES);
    j.turned_sum = arena_floats(c->scratch, j.turned ? j.filter_floats : 0);
    j.below_sums = arena_take(c->scratch, (size_t)(2 * RANGES) * (size_t)in_c, sizeof(double));
    if (!arena_measures(c->scratch)) {
        parallel_for(panel_piece, &j, dx ? panels : 0);
        parallel_for(range_piece, &j, RANGES);
        add_up(&j);
        if (how->below)
            conv2d_method_sum_below(how->below, j.below_sums, in_c, RANGES);
    }
    arena_release(c->scratch, mark);
}

const struct conv2d_whole conv2d_pointwise = {fits, backward};
