/* The micro-kernel's A operand is the band itself: along a filter row, taps and channels are
 * contiguous; one position to the right is step * channels floats on; the next filter row is one
 * band row on. B is the filter, repacked into panels as wide as the kernel's tile. */
#include "nn/conv2d_direct.h"

#include "base/parallel.h"
#include "math/kernels.h"

#include <string.h>

/* Floats of a band: half a second-level cache; the panel in use takes the rest. */
enum { BAND_FLOATS = 64 * 1024, MAX_BAND_ROWS = 16 };

struct conv2d_band conv2d_direct_band(const struct im2col_shape *s, int rows)
{
    return (struct conv2d_band){.width = (s->out_width - 1) * s->step + s->run[0].n,
                                .height = (rows - 1) * s->step + s->n_runs};
}

void conv2d_direct_fill(float *band, const float *source, const struct im2col_shape *s, int first,
                        int rows)
{
    struct conv2d_band size = conv2d_direct_band(s, rows);
    size_t pixel = s->channels;
    int left = s->run[0].dw, from = left < 0 ? -left : 0;
    int to = s->width - left < size.width ? s->width - left : size.width;
    if (to < from)
        to = from;
    for (int i = 0; i < size.height; i++) {
        if (i % s->step >= s->n_runs)
            continue; /* between filter rows: never read */
        float *out = band + i * size.width * pixel;
        int h = first * s->step + s->run[0].dh + i;
        if (h < 0 || h >= s->height || to == from) {
            memset(out, 0, size.width * pixel * sizeof *out);
            continue;
        }
        memset(out, 0, from * pixel * sizeof *out);
        memcpy(out + from * pixel, source + ((size_t)h * s->width + left + from) * pixel,
               (to - from) * pixel * sizeof *out);
        memset(out + to * pixel, 0, (size.width - to) * pixel * sizeof *out);
    }
}

static int band_rows(int band_width, int channels, int step)
{
    int rows = BAND_FLOATS / (band_width * channels * step);
    return rows < 1 ? 1 : rows > MAX_BAND_ROWS ? MAX_BAND_ROWS : rows;
}

static size_t panel_floats(int depth, int out_c)
{
    int n = kernels_get()->tile_columns;
    return (size_t)depth * ((out_c + n - 1) / n * n);
}

void conv2d_direct_need(struct workspace *w, int in_w, int in_c, int kernel, int out_c)
{
    /* The band is within BAND_FLOATS but for the rows under the last position's filter, or is a
     * single position row's. It is at most two filters wider than the source. */
    size_t row = (size_t)(in_w + 2 * kernel) * in_c;
    build_need(&w->tile_floats, BAND_FLOATS + row * kernel);
    build_need(&w->transformed_floats, panel_floats(kernel * kernel * in_c, out_c));
}

struct direct {
    const struct conv2d_gather *gather;
    const struct kernels *kernels;
    float *panels;
    int rows_each, pieces_each; /* position rows in a piece, pieces in a sample */
};

/* Panel [depth, tile_columns], padded with zeros: the kernel reads whole vectors. */
static void panel_piece(void *context, int piece, int worker)
{
    const struct direct *j = context;
    const struct conv2d_gather *g = j->gather;
    int width = j->kernels->tile_columns, first = piece * width;
    int n = g->out_c - first < width ? g->out_c - first : width;
    float *panel = j->panels + (size_t)first * g->depth;
    (void)worker;
    for (int d = 0; d < g->depth; d++) {
        memcpy(panel + (size_t)d * width, g->filter + (size_t)d * g->out_c + first,
               n * sizeof *panel);
        memset(panel + (size_t)d * width + n, 0, (width - n) * sizeof *panel);
    }
}

static void band_piece(void *context, int piece, int worker)
{
    const struct direct *j = context;
    const struct conv2d_gather *g = j->gather;
    const struct im2col_shape *s = &g->shape;
    int sample = g->samples.index[piece / j->pieces_each],
        first = piece % j->pieces_each * j->rows_each;
    int rows = g->rows - first < j->rows_each ? g->rows - first : j->rows_each;
    float *band = g->workspace->tile + worker * g->workspace->tile_floats;
    conv2d_direct_fill(band, g->source + (size_t)sample * s->height * s->width * s->channels, s,
                       first, rows);

    size_t band_row = (size_t)conv2d_direct_band(s, rows).width * s->channels;
    float *picture = g->out + (size_t)sample * g->out_h * g->out_w * g->out_c;
    struct kernels_tile t = {.a_row = (size_t)s->step * s->channels,
                             .a_step = 1,
                             .depth = s->run[0].n * s->channels,
                             .segments = s->n_runs,
                             .a_segment = band_row,
                             .b_step = j->kernels->tile_columns,
                             .c_row = (size_t)g->spread * g->out_c,
                             .accumulate = g->accumulate};
    for (int k = 0; k < g->out_c; k += j->kernels->tile_columns) {
        int columns =
            g->out_c - k < j->kernels->tile_columns ? g->out_c - k : j->kernels->tile_columns;
        for (int r = 0; r < rows; r++) {
            size_t row = (size_t)(first + r) * g->spread + g->top;
            j->kernels->tile_product(picture + (row * g->out_w + g->left) * g->out_c + k,
                                     band + r * s->step * band_row,
                                     j->panels + (size_t)k * g->depth, s->out_width, columns, &t);
        }
    }
}

void conv2d_direct_run(const struct conv2d_gather *g)
{
    struct direct j = {.gather = g, .kernels = kernels_get(), .panels = g->workspace->transformed};
    int width = conv2d_direct_band(&g->shape, 1).width;
    j.rows_each = band_rows(width, g->shape.channels, g->shape.step);
    j.pieces_each = (g->rows + j.rows_each - 1) / j.rows_each;
    parallel_for(panel_piece, &j,
                 (g->out_c + j.kernels->tile_columns - 1) / j.kernels->tile_columns);
    parallel_for(band_piece, &j, j.pieces_each * g->samples.n);
}
