/* A tile is some rows of positions of one sample; how many depends on the shape alone. A tile that
 * spanned samples would pack the filter less often for small pictures, but BLAS may sum in another
 * order when a product has other rows beside (OpenBLAS's Haswell kernels do), and then what a
 * picture gets would depend on its neighbours in the batch. */
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

/* Of one sample. */
static int tiles(const struct conv2d_gather *g)
{
    int per_tile = tile_rows(g->depth, g->shape.out_width);
    return (g->rows + per_tile - 1) / per_tile;
}

size_t conv2d_gather_floats(int depth, int width, int out_c)
{
    return (size_t)tile_rows(depth, width) * width * ((size_t)depth + out_c);
}

/* Multiplies `rows` position rows of col, which begin at row `first` of a sample. With spread 1 the
 * product lands in place; else in scratch and from there in every spread-th pixel. */
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
    int per_tile = tile_rows(g->depth, g->shape.out_width), per_sample = tiles(g);
    int sample = g->samples.index[piece / per_sample], first = piece % per_sample * per_tile;
    int rows = g->rows - first < per_tile ? g->rows - first : per_tile;
    float *col = g->workspace->tile + worker * g->workspace->tile_floats,
          *scratch = col + (size_t)per_tile * g->shape.out_width * g->depth;

    im2col(col, g->source + (size_t)sample * g->shape.height * g->shape.width * g->shape.channels,
           &g->shape, first, rows);
    multiply_rows(g, col, scratch, sample, first, rows);
}

void conv2d_gather_run(const struct conv2d_gather *g)
{
    parallel_for(gather_tile, (void *)g, g->samples.n * tiles(g));
}
