/* dW [taps * C, K] = sum over positions of (what the filter sees)^T x dy for a filter of which
 * there should not be a sum for each range of positions: pieces are blocks of dW, which stay in the
 * second-level cache while a piece goes through the positions, some at a time.
 *
 * What the filter sees at these, a chunk of the taps * C floats, is copied, and so are panels of
 * dy: the micro-kernel reads each of them many times, and where they lie each position is on
 * another page. Ranges of positions as well where the blocks are few. */
#include "nn/conv/conv2d_direct.h"

#include "base/parallel.h"
#include "math/kernels.h"

#include <string.h>

/* Of a block: chunks of CHUNK rows of dW, and CHANNELS output channels. */
enum { CHUNK = 512, CHANNELS = 256, PIECES = 16, LINE = 16 };
/* FLOATS of both copies: half a second-level cache. */
enum { FLOATS = 128 * 1024 };

/* Measured: faster from here on, up to 1.6 times; slower for the small filters. */
enum { LARGE_FILTER_FLOATS = 128 * 1024 };

struct job {
    const struct conv2d *conv;
    const float *x, *dy;
    struct samples samples;
    const struct kernels *kernels;
    int row, rows;              /* floats that a filter sees in a row of the image, and in all */
    int chunks, blocks, ranges; /* of the rows of dW, of output channels, of positions */
    int positions;              /* at a time */
    size_t pitch;               /* from position to position of a copied chunk */
    float *sums, *memory;       /* [ranges] x dW; for each worker */
    size_t worker_floats, panel_floats;
};

static int up(int n, int unit)
{
    return (n + unit - 1) / unit;
}

static int share(int n, int part, int parts)
{
    return (int)((int64_t)n * part / parts);
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Floats from .. to - 1 of what a filter row sees at position w of a row, zeros outside of the
 * image; `line` is the image's row under it, or NULL. */
static void copy_taps(const struct conv2d *c, float *out, const float *line, int w, int from,
                      int to)
{
    int channels = c->in.channels;
    for (int at = from, n; at < to; at += n) {
        int tap = at / channels, pixel = w * c->stride + tap - c->pad_left;
        n = smaller((tap + 1) * channels, to) - at;
        if (line && pixel >= 0 && pixel < c->in.width)
            memcpy(out, line + (size_t)pixel * (size_t)c->in_pitch + (size_t)(at % channels),
                   (size_t)n * sizeof *out);
        else
            memset(out, 0, (size_t)n * sizeof *out);
        out += n;
    }
}

/* The same at positions first .. end - 1 of a row. */
static void copy_row(const struct job *j, float *out, const float *line, int first, int end,
                     int from, int to)
{
    const struct conv2d *c = j->conv;
    size_t pitch = (size_t)c->in_pitch;
    bool has_gaps = c->kernel > 1 && c->in_pitch != c->in.channels;
    /* All taps are inside from position `inside` on, up to `outside`. */
    int inside = up(c->pad_left, c->stride), left = c->in.width - c->kernel + c->pad_left;
    int outside = left < 0 || !line || has_gaps ? 0 : left / c->stride + 1;
    for (int w = first, n; w < end; w += n) {
        n = 1;
        if (w >= inside && w < outside) {
            n = smaller(outside, end) - w;
            size_t pixel = (size_t)(w * c->stride - c->pad_left);
            j->kernels->tile_copy(out, j->pitch, line + pixel * pitch + (size_t)from,
                                  (size_t)c->stride * pitch, n, to - from);
        } else {
            copy_taps(c, out, line, w, from, to);
        }
        out += (size_t)n * j->pitch;
    }
}

/* Rows first_row .. first_row + n_rows - 1 of what the filter sees at n positions of a sample from
 * `first` on. */
static void copy_positions(const struct job *j, float *out, const float *image, int first, int n,
                           int first_row, int n_rows)
{
    const struct conv2d *c = j->conv;
    int width = c->out.width;
    for (int at = first, end; at < first + n; at = end) {
        int h = at / width, w = at % width;
        end = smaller((h + 1) * width, first + n);
        for (int row = first_row, next; row < first_row + n_rows; row = next) {
            int r = row / j->row, line = h * c->stride + r - c->pad_top;
            next = smaller((r + 1) * j->row, first_row + n_rows);
            copy_row(j, out + (size_t)(at - first) * j->pitch + (size_t)(row - first_row),
                     line < 0 || line >= c->in.height
                         ? NULL
                         : image + (size_t)line * (size_t)c->in.width * (size_t)c->in_pitch,
                     w, w + end - at, row - r * j->row, next - r * j->row);
        }
    }
}

/* The part of positions first .. end - 1, counted over the samples end to end, that lies in the
 * sample of the first. */
struct stretch {
    int sample, first, n; /* first: in the sample */
};

static struct stretch stretch_at(const struct job *j, int first, int end)
{
    int each = j->conv->out.height * j->conv->out.width, sample = first / each;
    return (struct stretch){j->samples.index[sample], first - sample * each,
                            smaller((sample + 1) * each, end) - first};
}

static void copy_chunk(const struct job *j, float *out, int first, int end, int row, int rows)
{
    for (struct stretch s; first < end; first += s.n) {
        s = stretch_at(j, first, end);
        copy_positions(j, out, j->x + (size_t)s.sample * conv2d_in_floats(j->conv), s.first, s.n,
                       row, rows);
        out += (size_t)s.n * j->pitch;
    }
}

static void pack_panels(const struct job *j, float *panels, int column, int columns, int first,
                        int end)
{
    int panel = j->kernels->tile_columns;
    size_t out_c = (size_t)j->conv->out.channels;
    for (struct stretch s; first < end; first += s.n) {
        s = stretch_at(j, first, end);
        size_t position = (size_t)s.sample * shape_pixels(j->conv->out) + (size_t)s.first;
        for (int k = 0; k < columns; k += panel)
            j->kernels->tile_pack(panels + (size_t)k * (size_t)j->positions,
                                  j->dy + position * out_c + (size_t)(column + k), s.n,
                                  smaller(columns - k, panel), out_c);
        panels += (size_t)s.n * (size_t)panel;
    }
}

/* The first output channel of a block: multiples of 16. */
static int block_begin(const struct job *j, int block)
{
    int channels = j->conv->out.channels;
    return smaller(share(up(channels, LINE), block, j->blocks) * LINE, channels);
}

static void piece(void *context, int index, int worker)
{
    const struct job *j = context;
    int block = index % j->blocks, chunk = index / j->blocks % j->chunks,
        range = index / j->blocks / j->chunks, panel = j->kernels->tile_columns;
    int column = block_begin(j, block), columns = block_begin(j, block + 1) - column;
    int row = share(j->rows, chunk, j->chunks), rows = share(j->rows, chunk + 1, j->chunks) - row;
    int all = j->conv->out.height * j->conv->out.width * j->samples.n;
    int first = share(all, range, j->ranges), end = share(all, range + 1, j->ranges);
    size_t out_c = (size_t)j->conv->out.channels;
    float *sum = j->sums + ((size_t)range * (size_t)j->rows + (size_t)row) * out_c + column;
    float *panels = j->memory + (size_t)worker * j->worker_floats, *seen = panels + j->panel_floats;
    struct kernels_tile t = {
        .a_row = 1, .a_step = j->pitch, .segments = 1, .b_step = (size_t)panel, .c_row = out_c};
    if (first == end)
        for (int i = 0; i < rows; i++)
            memset(sum + (size_t)i * out_c, 0, (size_t)columns * sizeof *sum);
    for (; first < end; first += t.depth) {
        t.depth = smaller(end - first, j->positions);
        pack_panels(j, panels, column, columns, first, first + t.depth);
        copy_chunk(j, seen, first, first + t.depth, row, rows);
        for (int k = 0; k < columns; k += panel)
            j->kernels->tile_product(sum + k, seen, panels + (size_t)k * (size_t)j->positions, rows,
                                     smaller(columns - k, panel), &t);
        t.accumulate = true;
    }
}

static void cut(struct job *j)
{
    int panel = j->kernels->tile_columns, units = up(j->conv->out.channels, LINE);
    j->chunks = up(j->rows, CHUNK);
    j->blocks = up(j->conv->out.channels, CHANNELS);
    j->ranges = j->chunks * j->blocks < PIECES ? PIECES / (j->chunks * j->blocks) : 1;
    /* An odd number of lines: positions take turns in the sets of the cache. */
    j->pitch = (size_t)((up(up(j->rows, j->chunks), LINE) | 1) * LINE);
    size_t columns = (size_t)(up(up(units, j->blocks) * LINE, panel) * panel);
    j->positions = FLOATS / (int)(j->pitch + columns); /* 167 at least */
    j->panel_floats = columns * (size_t)j->positions;
    j->worker_floats = j->panel_floats + j->pitch * (size_t)j->positions;
}

static size_t filter_floats(const struct conv2d *c)
{
    return (size_t)(c->kernel * c->kernel) * (size_t)c->in.channels * (size_t)c->out.channels;
}

bool conv2d_direct_takes_filter_blocks(const struct conv2d *c)
{
    return filter_floats(c) > LARGE_FILTER_FLOATS;
}

void conv2d_direct_weights_by_filter_blocks(const struct conv2d *c, const float *x, const float *dy,
                                            struct samples samples)
{
    int row = c->kernel * c->in.channels;
    struct job j = {.conv = c,
                    .x = x,
                    .dy = dy,
                    .samples = samples,
                    .kernels = kernels_get(),
                    .row = row,
                    .rows = row * c->kernel};
    size_t mark = c->scratch->used, floats = filter_floats(c);
    cut(&j);
    j.sums = j.ranges > 1 ? arena_floats(c->scratch, floats * (size_t)j.ranges) : NULL;
    j.memory = arena_floats(c->scratch, j.worker_floats * (size_t)parallel_threads());
    if (!arena_measures(c->scratch)) {
        if (j.ranges == 1)
            j.sums = c->weight->grad;
        parallel_for(piece, &j, j.chunks * j.blocks * j.ranges);
        if (j.ranges > 1)
            conv2d_method_sum(c->weight->grad, j.sums, floats, j.ranges);
    }
    arena_release(c->scratch, mark);
}
