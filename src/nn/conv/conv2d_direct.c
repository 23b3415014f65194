/* Convolution as an implicit matrix product: rows of the source are copied once into a band with
 * its padding, and the micro-kernel reads the pixels under the filter from there; no im2col. Any
 * shape; fastest when output channels are multiples of 16.
 *
 * The micro-kernel's A operand is the band itself: along a filter row, taps and channels are
 * contiguous; one position to the right is step * channels floats on; the next filter row is one
 * band row on. B is the filter, packed into panels as wide as the kernel's tile.
 *
 * dW[r] [kernel*C, K] = sum over position rows of (band row under filter row r)^T x (dy row): the
 * micro-kernel with A read across. Pieces by shape alone: ranges of position rows with a sum each.
 * Large filters: conv2d_direct_filter_blocks.c. */
#include "nn/conv/conv2d_direct.h"

#include "base/parallel.h"
#include "math/kernels.h"
#include "nn/conv/conv2d_phases.h"

#include <string.h>

/* Floats of a band: half a second-level cache; the panel in use takes the rest. */
enum { BAND_FLOATS = 64 * 1024, MAX_BAND_ROWS = 16 };
enum { RANGES = 16 };

static bool fits(const struct conv2d *c, enum conv2d_pass pass)
{
    (void)pass;
    return c->groups == 1;
}

/* Position rows first .. first + rows - 1 of a sample need these source rows, padded on both sides.
 * Row r's pixel for position p under the leftmost tap is band[(r * step * width + p * step) *
 * channels]. */
struct band {
    int width, height;
};

static struct band band_of(const struct im2col_shape *s, int rows)
{
    return (struct band){.width = (s->out_width - 1) * s->step + s->run[0].n,
                         .height = (rows - 1) * s->step + s->n_runs};
}

/* `n` pixels of a row without gaps. */
static void copy_pixels(float *out, const float *pixels, int n, const struct im2col_shape *s)
{
    size_t channels = (size_t)s->channels;
    if (s->pitch == s->channels) {
        memcpy(out, pixels, (size_t)n * channels * sizeof *out);
        return;
    }
    for (int i = 0; i < n; i++)
        memcpy(out + (size_t)i * channels, pixels + (size_t)i * (size_t)s->pitch,
               channels * sizeof *out);
}

static void fill_band(float *band, const float *source, const struct im2col_shape *s, int first,
                      int rows)
{
    struct band size = band_of(s, rows);
    size_t pixel = (size_t)s->channels;
    int left = s->run[0].dw, from = left < 0 ? -left : 0;
    int to = s->width - left < size.width ? s->width - left : size.width;
    if (from > size.width)
        from = size.width; /* all padding */
    if (to < from)
        to = from;
    for (int i = 0; i < size.height; i++) {
        if (i % s->step >= s->n_runs)
            continue; /* between filter rows: never read */
        float *out = band + (size_t)i * (size_t)size.width * pixel;
        int h = first * s->step + s->run[0].dh + i;
        if (h < 0 || h >= s->height || to == from) {
            memset(out, 0, (size_t)size.width * pixel * sizeof *out);
            continue;
        }
        memset(out, 0, (size_t)from * pixel * sizeof *out);
        size_t first_pixel = (size_t)h * (size_t)s->width + (size_t)(left + from);
        copy_pixels(out + (size_t)from * pixel, source + first_pixel * (size_t)s->pitch, to - from,
                    s);
        memset(out + (size_t)to * pixel, 0, (size_t)(size.width - to) * pixel * sizeof *out);
    }
}

/* Under a single tap that never leaves the source its pixels are read where they lie. */
static bool needs_band(const struct im2col_shape *s, int rows)
{
    return s->n_runs != 1 || s->run[0].n != 1 || s->run[0].dh != 0 || s->run[0].dw != 0 ||
           (s->out_width - 1) * s->step >= s->width || (rows - 1) * s->step >= s->height;
}

static int panels(int channels)
{
    int n = kernels_get()->tile_columns;
    return (channels + n - 1) / n;
}

struct run_job {
    const struct conv2d_phase *phase;
    const struct kernels *kernels;
    float *panels, *bands;
    size_t band_floats;
    int rows_each, pieces_each; /* position rows in a piece, pieces in a sample */
};

static void panel_piece(void *context, int piece, int worker)
{
    const struct run_job *j = context;
    const struct conv2d_phase *g = j->phase;
    int width = j->kernels->tile_columns, first = piece * width, out_c = g->out_shape.channels;
    int n = out_c - first < width ? out_c - first : width;
    (void)worker;
    j->kernels->tile_pack(j->panels + (size_t)first * (size_t)g->depth, g->filter + first, g->depth,
                          n, (size_t)out_c);
}

static void band_piece(void *context, int piece, int worker)
{
    const struct run_job *j = context;
    const struct conv2d_phase *g = j->phase;
    const struct im2col_shape *s = &g->shape;
    int out_c = g->out_shape.channels, panel = j->kernels->tile_columns;
    int sample = g->samples.index[piece / j->pieces_each],
        first = piece % j->pieces_each * j->rows_each;
    int rows = g->rows - first < j->rows_each ? g->rows - first : j->rows_each;
    const float *source = conv2d_phase_source(g, sample), *band;
    size_t pixel_floats = (size_t)s->channels, band_row;
    if (needs_band(s, g->rows)) {
        float *copy = j->bands + (size_t)worker * j->band_floats;
        fill_band(copy, source, s, first, rows);
        band = copy;
        band_row = (size_t)band_of(s, rows).width * pixel_floats;
    } else {
        pixel_floats = (size_t)s->pitch;
        band_row = (size_t)s->width * pixel_floats;
        band = source + (size_t)(first * s->step) * band_row;
    }
    size_t pitch = (size_t)g->out_pitch;
    float *image = conv2d_phase_out(g, sample);
    struct kernels_tile t = {.a_row = (size_t)s->step * pixel_floats,
                             .a_step = 1,
                             .depth = s->run[0].n * s->channels,
                             .segments = s->n_runs,
                             .a_segment = band_row,
                             .b_step = (size_t)panel,
                             .c_row = (size_t)g->spread * pitch,
                             .accumulate = g->accumulate};
    for (int k = 0; k < out_c; k += panel) {
        int columns = out_c - k < panel ? out_c - k : panel;
        for (int r = 0; r < rows; r++) {
            size_t row = (size_t)((first + r) * g->spread + g->top);
            size_t pixel = row * (size_t)g->out_shape.width + (size_t)g->left;
            j->kernels->tile_product(
                image + pixel * pitch + (size_t)k, band + (size_t)(r * s->step) * band_row,
                j->panels + (size_t)k * (size_t)g->depth, s->out_width, columns, &t);
        }
    }
    if (g->finish)
        conv2d_method_finish(g->finish, image, g->out_shape, sample, first, rows);
}

static void run_phase(const struct conv2d_phase *g)
{
    struct run_job j = {.phase = g, .kernels = kernels_get()};
    int out_panels = panels(g->out_shape.channels), step = g->shape.step;
    struct band one = band_of(&g->shape, 1);
    int rows = BAND_FLOATS / (one.width * g->shape.channels * step);
    j.rows_each = rows < 1 ? 1 : rows > MAX_BAND_ROWS ? MAX_BAND_ROWS : rows;
    if (j.rows_each > g->rows)
        j.rows_each = g->rows;
    j.pieces_each = (g->rows + j.rows_each - 1) / j.rows_each;
    j.band_floats = (size_t)band_of(&g->shape, j.rows_each).height * (size_t)one.width *
                    (size_t)g->shape.channels;

    size_t mark = g->scratch->used;
    j.panels = arena_floats(g->scratch, (size_t)g->depth * (size_t)out_panels *
                                            (size_t)j.kernels->tile_columns);
    j.bands = arena_floats(g->scratch, j.band_floats * (size_t)parallel_threads());
    if (!arena_measures(g->scratch)) {
        parallel_for(panel_piece, &j, out_panels);
        parallel_for(band_piece, &j, j.pieces_each * g->samples.n);
    }
    arena_release(g->scratch, mark);
}

static void run(const struct conv2d *c, enum conv2d_pass pass, float *out, const float *source,
                struct samples samples, bool accumulate, const struct conv2d_finish *finish)
{
    conv2d_phases_run(c, pass, out, source, samples, accumulate, finish, run_phase);
}

struct weights_job {
    const struct conv2d *conv;
    const float *x, *dy;
    struct samples samples;
    const struct kernels *kernels;
    struct im2col_shape shape;
    struct im2col_run run[LAYER_MAX_KERNEL];
    int rows_each; /* position rows of a band */
    size_t filter_floats, band_floats;
    float *sums, *bands;
};

static void weights_piece(void *context, int range, int worker)
{
    const struct weights_job *j = context;
    const struct conv2d *c = j->conv;
    int panel = j->kernels->tile_columns, out_channels = c->out.channels;
    int64_t all = (int64_t)c->out.height * j->samples.n;
    int row = (int)(all * range / RANGES), end = (int)(all * (range + 1) / RANGES);
    size_t out_c = (size_t)c->out.channels, filter_row = (size_t)c->kernel * (size_t)c->in.channels;
    float *sum = j->sums + (size_t)range * j->filter_floats;
    float *band = j->bands + (size_t)worker * j->band_floats;

    if (row == end)
        memset(sum, 0, j->filter_floats * sizeof *sum);
    for (bool first = true; row < end; first = false) {
        int sample = j->samples.index[row / c->out.height], in_sample = row % c->out.height;
        int n = j->rows_each < c->out.height - in_sample ? j->rows_each : c->out.height - in_sample;
        n = n < end - row ? n : end - row;
        fill_band(band, j->x + (size_t)sample * conv2d_in_floats(c), &j->shape, in_sample, n);
        size_t band_row = (size_t)band_of(&j->shape, n).width * (size_t)c->in.channels;
        struct kernels_tile t = {.a_row = 1,
                                 .a_step = (size_t)c->stride * (size_t)c->in.channels,
                                 .depth = c->out.width,
                                 .segments = n,
                                 .a_segment = (size_t)c->stride * band_row,
                                 .b_step = out_c,
                                 .c_row = out_c,
                                 .accumulate = !first};
        const float *dy = j->dy + (size_t)sample * shape_floats(c->out) +
                          (size_t)in_sample * (size_t)c->out.width * out_c;
        for (int k = 0; k < out_channels; k += panel) {
            int columns = out_channels - k < panel ? out_channels - k : panel;
            for (int r = 0; r < c->kernel; r++)
                j->kernels->tile_product(sum + (size_t)r * filter_row * out_c + (size_t)k,
                                         band + (size_t)r * band_row, dy + k, (int)filter_row,
                                         columns, &t);
        }
        row += n;
    }
}

static void weights(const struct conv2d *c, const float *x, const float *dy, struct samples samples)
{
    if (conv2d_direct_takes_filter_blocks(c)) {
        conv2d_direct_weights_by_filter_blocks(c, x, dy, samples);
        return;
    }
    struct weights_job j = {
        .conv = c,
        .x = x,
        .dy = dy,
        .samples = samples,
        .kernels = kernels_get(),
        .shape = {c->in.height, c->in.width, c->in.channels, c->in_pitch, c->out.width, c->stride,
                  j.run, c->kernel},
        .filter_floats =
            (size_t)(c->kernel * c->kernel) * (size_t)c->in.channels * (size_t)c->out.channels,
    };
    for (int r = 0; r < c->kernel; r++)
        j.run[r] = (struct im2col_run){r - c->pad_top, -c->pad_left, c->kernel};
    int rows = BAND_FLOATS / ((c->in.width + c->kernel) * c->in.channels * c->stride);
    j.rows_each = rows < 1 ? 1 : rows;
    int most = j.rows_each < c->out.height ? j.rows_each : c->out.height;
    struct band band = band_of(&j.shape, most);
    j.band_floats = (size_t)band.height * (size_t)band.width * (size_t)c->in.channels;

    size_t mark = c->scratch->used;
    j.sums = arena_floats(c->scratch, j.filter_floats * RANGES);
    j.bands = arena_floats(c->scratch, j.band_floats * (size_t)parallel_threads());
    if (!arena_measures(c->scratch)) {
        parallel_for(weights_piece, &j, RANGES);
        conv2d_method_sum(c->weight->grad, j.sums, j.filter_floats, RANGES);
    }
    arena_release(c->scratch, mark);
}

const struct conv2d_method conv2d_direct = {"direct", true, fits, run, weights};
