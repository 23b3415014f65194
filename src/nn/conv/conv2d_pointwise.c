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

/* A band's operands are half a second-level cache. RANGES sums; where that would be much memory for
 * each of few pixels there are FEW_RANGES and in their place blocks of the sum's columns, behind
 * which dx comes by itself. */
enum { RANGES = 16, FEW_RANGES = 2, BAND_FLOATS = 128 * 1024 };
enum { SMALL_SUM_FLOATS = 8 * 1024, LARGE_SUM_FLOATS = 128 * 1024, FEW_PIXELS = 512 };

static bool fits(const struct conv2d *c)
{
    return c->kernel == 1 && c->stride == 1 && c->groups == 1 && c->in_pitch == c->in.channels &&
           c->pad_top == 0 && c->pad_left == 0;
}

struct job {
    const struct conv2d *conv;
    const struct conv2d_backward *how;
    float *dx;
    const float *dy, *x;
    struct samples samples;
    const struct kernels *kernels;
    bool turned;
    int ranges, blocks; /* sums of dw, and blocks of its columns that are summed by themselves */
    int64_t band_pixels, weight_pixels; /* of a band, for dx and for dw alone */
    size_t filter_floats;
    float *panels;      /* the filter turned: [in / tile_columns][out, tile_columns] */
    float *sums;        /* [ranges, filter] */
    float *turned_sum;  /* [out, in], if turned */
    double *below_sums; /* [2 * RANGES, in]: of a range, and of its last band */
};

static int panels(const struct kernels *k, int columns)
{
    return (columns + k->tile_columns - 1) / k->tile_columns;
}

/* The share of the registers' lanes that `columns` fill. */
static double filled(const struct kernels *k, int columns)
{
    return (double)columns / (panels(k, columns) * k->tile_columns);
}

/* Columns first .. of dx: the filter's rows from there on, scaled and turned. */
static void panel_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    const struct conv2d *c = j->conv;
    int width = j->kernels->tile_columns, first = piece * width, depth = c->out.channels;
    int n = c->in.channels - first < width ? c->in.channels - first : width;
    const float *scale = j->how->scale, *filter = c->weight->data + (size_t)first * (size_t)depth;
    float *panel = j->panels + (size_t)piece * (size_t)depth * (size_t)width;
    (void)worker;
    enum { SIDE = 16 };
    for (int d0 = 0; d0 < depth; d0 += SIDE) {
        int end = d0 + SIDE < depth ? d0 + SIDE : depth;
        for (int d = d0; d < end; d++) {
            const float factor = scale[d], *in = filter + d;
            float *out = panel + (size_t)d * (size_t)width;
            for (int i = 0; i < n; i++)
                out[i] = factor * in[(size_t)i * (size_t)depth];
            for (int i = n; i < width; i++)
                out[i] = 0;
        }
    }
}

/* Some pixels of dw's two operands: sum [rows, columns] (+)= a^T x b. */
struct operands {
    const float *a, *b; /* [pixels, rows], [pixels, columns] */
    int rows, columns;
};

/* Columns first .. end - 1 of the sum. (Copies of the operands that lie side by side were slower.)
 */
static void add_products(const struct job *j, float *sum, const struct operands *o, int first,
                         int end, int pixels, bool accumulate)
{
    int panel = j->kernels->tile_columns;
    struct kernels_tile t = {.a_row = 1,
                             .a_step = (size_t)o->rows,
                             .depth = pixels,
                             .segments = 1,
                             .b_step = (size_t)o->columns,
                             .c_row = (size_t)o->columns,
                             .accumulate = accumulate};
    for (int k = first; k < end; k += panel)
        j->kernels->tile_product(sum + k, o->a, o->b + k, o->rows,
                                 end - k < panel ? end - k : panel, &t);
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

/* Adds up what a band of pixels gives to a block of dw's columns. */
static void band_weights(const struct job *j, int range, int block, size_t pixel, int pixels,
                         bool is_first)
{
    int in_c = j->conv->in.channels, out_c = j->conv->out.channels;
    const float *x = j->x + pixel * (size_t)in_c, *dy = j->dy + pixel * (size_t)out_c;
    struct operands o =
        j->turned ? (struct operands){dy, x, out_c, in_c} : (struct operands){x, dy, in_c, out_c};
    int panel = j->kernels->tile_columns, n = panels(j->kernels, o.columns);
    int first = n * block / j->blocks * panel, end = n * (block + 1) / j->blocks * panel;
    add_products(j, j->sums + (size_t)range * j->filter_floats, &o, first,
                 end < o.columns ? end : o.columns, pixels, !is_first);
}

static void band_data(const struct job *j, int range, size_t pixel, int pixels, bool is_first)
{
    int in_c = j->conv->in.channels;
    float *dx = j->dx + pixel * (size_t)in_c;
    put_dx(j, dx, j->dy + pixel * (size_t)j->conv->out.channels, pixels);
    if (j->how->below)
        conv2d_method_mask(j->how->below, j->below_sums + (size_t)(2 * range) * (size_t)in_c, dx,
                           j->x + pixel * (size_t)in_c, (size_t)pixels, in_c, is_first);
}

/* Pixels of the visited samples laid end to end. */
struct pixels {
    int64_t at, end;
    size_t first; /* of the present band: in the batch */
    int n;
};

static struct pixels range_of(const struct job *j, int range, int ranges)
{
    int64_t all = (int64_t)shape_pixels(j->conv->in) * j->samples.n;
    return (struct pixels){.at = all * range / ranges, .end = all * (range + 1) / ranges};
}

/* The next band: of samples that lie side by side. */
static bool next_band(const struct job *j, struct pixels *p, int64_t most)
{
    int64_t each = (int64_t)shape_pixels(j->conv->in);
    if (p->at == p->end)
        return false;
    const int *sample = j->samples.index + p->at / each;
    int64_t end = p->end - p->at < most ? p->end : p->at + most;
    int64_t until = (p->at / each + 1) * each;
    p->first = (size_t)(*sample * each + p->at % each);
    for (; until < end && sample[1] == sample[0] + 1; sample++)
        until += each;
    p->n = (int)((until < end ? until : end) - p->at);
    p->at += p->n;
    return true;
}

static void weights_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    int range = piece / j->blocks, block = piece % j->blocks;
    (void)worker;
    struct pixels p = range_of(j, range, j->ranges);
    if (p.at == p.end && block == 0) /* of all blocks */
        memset(j->sums + (size_t)range * j->filter_floats, 0, j->filter_floats * sizeof(float));
    for (bool is_first = true; next_band(j, &p, j->weight_pixels); is_first = false)
        band_weights(j, range, block, p.first, p.n, is_first);
}

static void data_piece(void *context, int range, int worker)
{
    const struct job *j = context;
    struct pixels p = range_of(j, range, RANGES);
    (void)worker;
    if (p.at == p.end)
        memset(j->below_sums + (size_t)(2 * range) * (size_t)j->conv->in.channels, 0,
               (size_t)j->conv->in.channels * sizeof(double));
    for (bool is_first = true; next_band(j, &p, j->band_pixels); is_first = false)
        band_data(j, range, p.first, p.n, is_first);
}

/* Both: ranges are the same. */
static void whole_piece(void *context, int range, int worker)
{
    const struct job *j = context;
    struct pixels p = range_of(j, range, RANGES);
    if (p.at == p.end) {
        weights_piece(context, range, worker);
        data_piece(context, range, worker);
    }
    for (bool is_first = true; next_band(j, &p, j->band_pixels); is_first = false) {
        band_weights(j, range, 0, p.first, p.n, is_first);
        band_data(j, range, p.first, p.n, is_first);
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
        conv2d_method_sum(c->weight->grad, j->sums, j->filter_floats, j->ranges);
        return;
    }
    struct turn t = {c->weight->grad, j->turned_sum, c->in.channels, c->out.channels};
    conv2d_method_sum(j->turned_sum, j->sums, j->filter_floats, j->ranges);
    parallel_for(turn_piece, &t, (t.in_c + TURN_ROWS - 1) / TURN_ROWS);
}

static struct job plan(const struct conv2d *c, struct samples samples,
                       const struct conv2d_backward *how)
{
    const struct kernels *k = kernels_get();
    int in_c = c->in.channels, out_c = c->out.channels;
    struct job j = {.conv = c,
                    .how = how,
                    .kernels = k,
                    .turned = filled(k, in_c) > filled(k, out_c),
                    .ranges = RANGES,
                    .blocks = 1,
                    .band_pixels = BAND_FLOATS / (2 * in_c + out_c) / k->tile_rows * k->tile_rows,
                    .filter_floats = (size_t)in_c * (size_t)out_c};
    int64_t pixels = (int64_t)shape_pixels(c->in) * samples.n / RANGES;
    j.weight_pixels = j.band_pixels;
    if (j.filter_floats > LARGE_SUM_FLOATS ||
        (j.filter_floats > SMALL_SUM_FLOATS && pixels < FEW_PIXELS)) {
        j.ranges = FEW_RANGES;
        j.blocks = RANGES / FEW_RANGES;
        j.weight_pixels =
            BAND_FLOATS / (j.turned ? out_c + in_c / j.blocks : in_c + out_c / j.blocks);
    }
    if (j.weight_pixels < k->tile_rows)
        j.weight_pixels = k->tile_rows;
    if (j.band_pixels < k->tile_rows)
        j.band_pixels = k->tile_rows;
    return j;
}

static void backward(const struct conv2d *c, float *dx, const float *dy, const float *x,
                     struct samples samples, const struct conv2d_backward *how)
{
    struct job j = plan(c, samples, how);
    size_t mark = c->scratch->used, in_c = (size_t)c->in.channels;
    int n_panels = panels(j.kernels, c->in.channels);
    j.dx = dx;
    j.dy = dy;
    j.x = x;
    j.samples = samples;
    j.panels = arena_floats(c->scratch,
                            (size_t)(n_panels * j.kernels->tile_columns) * (size_t)c->out.channels);
    j.sums = arena_floats(c->scratch, j.filter_floats * (size_t)j.ranges);
    j.turned_sum = arena_floats(c->scratch, j.turned ? j.filter_floats : 0);
    j.below_sums = arena_take(c->scratch, 2 * RANGES * in_c, sizeof(double));
    if (!arena_measures(c->scratch)) {
        bool is_together = dx && j.blocks == 1;
        parallel_for(panel_piece, &j, dx ? n_panels : 0);
        if (is_together)
            parallel_for(whole_piece, &j, RANGES);
        else
            parallel_for(weights_piece, &j, j.ranges * j.blocks);
        if (dx && !is_together)
            parallel_for(data_piece, &j, RANGES);
        add_up(&j);
        if (how->below)
            conv2d_method_sum_below(how->below, j.below_sums, c->in.channels, RANGES);
    }
    arena_release(c->scratch, mark);
}

const struct conv2d_whole conv2d_pointwise = {"pointwise", fits, backward};
