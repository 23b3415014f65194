/* A tile is some rows of positions, counted over (sample, row) pairs laid end to end, so that a
 * tile of a small picture spans samples. How many rows depends on the shape alone. */
#include "nn/conv2d_gather.h"

#include "base/parallel.h"
#include "math/gemm.h"

/* A tile's im2col rows should stay in the second-level cache, but BLAS packs the whole filter anew
 * for each product: with too few positions deep layers pack more than they multiply. */
enum { TILE_FLOATS = 96 * 1024, TILE_MIN_POSITIONS = 192 };

static int tile_rows(int depth, int width)
{
    int positions = TILE_FLOATS / depth;
    if (positions < TILE_MIN_POSITIONS)
        positions = TILE_MIN_POSITIONS;
    return (positions + width - 1) / width;
}

size_t conv2d_gather_floats(int depth, int width, int out_c)
{
    return (size_t)tile_rows(depth, width) * width * ((size_t)depth + out_c);
}

/* Multiplies `rows` position rows of col, which begin at row `first` of a sample (and may run on
 * into the next ones). With spread 1 the product lands in place; else in scratch and from there in
 * every spread-th pixel. */
static void multiply_rows(const struct conv2d_gather *g, const float *col, float *scratch,
                          int sample, int first, int rows)
{
    int width = g->shape.out_width;
    float *picture = g->out + (size_t)sample * g->out_h * g->out_w * g->out_c;
    if (g->spread == 1) {
        float *out = picture + (size_t)first * width * g->out_c;
        gemm_nn(out, col, g->filter, rows * width, g->out_c, g->depth, g->depth, g->out_c, g->out_c,
                g->accumulate ? 1.0f : 0.0f); /* out [P,K] (+)= col [P,D] x filter [D,K] */
        return;
    }
    gemm_nn(scratch, col, g->filter, rows * width, g->out_c, g->depth, g->depth, g->out_c, g->out_c,
            0.0f);
    for (int r = 0; r < rows; r++) {
        size_t row = (size_t)(first + r) * g->spread + g->top;
        float *pixel = picture + (row * g->out_w + g->left) * g->out_c;
        const float *in = scratch + (size_t)r * width * g->out_c;
        for (int p = 0; p < width; p++, in += g->out_c, pixel += (size_t)g->spread * g->out_c)
            for (int k = 0; k < g->out_c; k++)
                pixel[k] = g->accumulate ? pixel[k] + in[k] : in[k];
    }
}

static void gather_tile(void *context, int piece, int worker)
{
    const struct conv2d_gather *g = context;
    int per_tile = tile_rows(g->depth, g->shape.out_width);
    int row = piece * per_tile, end = row + per_tile;
    if (end > g->rows * g->samples.n)
        end = g->rows * g->samples.n;
    size_t col_row = (size_t)g->shape.out_width * g->depth;
    size_t source_floats = (size_t)g->shape.height * g->shape.width * g->shape.channels;
    float *col = g->workspace->tile + worker * g->workspace->tile_floats,
          *scratch = col + per_tile * col_row;

    /* Rows of neighbouring samples lie behind each other in `out` too and go into one product. */
    while (row < end) {
        int first_slot = row / g->rows, first = row % g->rows, rows = 0, slot = first_slot;
        do {
            int from = rows == 0 ? first : 0;
            int n = g->rows - from < end - row ? g->rows - from : end - row;
            im2col(col + rows * col_row, g->source + g->samples.index[slot] * source_floats,
                   &g->shape, from, n);
            rows += n;
            row += n;
            slot++;
        } while (row < end && g->spread == 1 &&
                 g->samples.index[slot] == g->samples.index[slot - 1] + 1);
        multiply_rows(g, col, scratch, g->samples.index[first_slot], first, rows);
    }
}

void conv2d_gather_run(const struct conv2d_gather *g)
{
    int rows = g->rows * g->samples.n, per_tile = tile_rows(g->depth, g->shape.out_width);
    parallel_for(gather_tile, (void *)g, (rows + per_tile - 1) / per_tile);
}
