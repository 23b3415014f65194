/* Both norms' backward, in the two sweeps of math/kernels.h. */
#include "nn/norm_sweep.h"

#include "base/parallel.h"
#include "math/kernels.h"

#include <assert.h>

static size_t piece_floats(const struct norm *n)
{
    return norm_pieces_pixels(&n->pieces) * (size_t)n->channels;
}

/* Of a piece; of halves, in the worker's memory, where it is still in the cache when it is read. */
static const float *piece_z(const struct norm_sweep *s, size_t at, size_t pixels, int worker)
{
    if (!s->halves)
        return s->z + at;
    float *z = s->piece + (size_t)worker * piece_floats(s->norm);
    kernels_get()->half_load(z, s->halves + at, pixels * (size_t)s->norm->channels);
    return z;
}

static void backward_sums_piece(void *context, int piece, int worker)
{
    const struct norm_sweep *s = context;
    const struct norm *n = s->norm;
    size_t at, at_y, pixels;
    size_t sample = norm_sweep_range(s, piece, &at, &at_y, &pixels);
    double *stats = norm_sweep_stats(s, piece);
    kernels_get()->norm_backward_sums(stats, stats + n->channels, s->g + at_y,
                                      s->y ? s->y + at_y : NULL, piece_z(s, at, pixels, worker),
                                      n->mean + sample, pixels, n->channels, (size_t)n->out_pitch,
                                      s->y ? n->activation : KERNELS_NONE);
}

/* Puts the pieces of each sample together in its first one, and writes the gradients of weight and
 * bias. */
static void sum_samples(const struct norm_sweep *s)
{
    struct norm *n = s->norm;
    int channels = n->channels;
    for (int i = 0; i < s->samples.n; i++) {
        double *sum = norm_sweep_sample_stats(s, i);
        for (int j = 1; j < norm_pieces_count(&n->pieces); j++)
            for (int v = 0; v < 2 * channels; v++)
                sum[v] += sum[(size_t)j * 2 * (size_t)channels + (size_t)v];
    }
    for (int c = 0; c < channels; c++) {
        double bias = 0, weight = 0;
        for (int i = 0; i < s->samples.n; i++) {
            const double *sum = norm_sweep_sample_stats(s, i);
            bias += sum[c];
            weight += sum[channels + c] * (double)n->rstd[norm_sweep_at(s, i) + (size_t)c];
        }
        n->bias->grad[c] = (float)bias;
        n->weight->grad[c] = (float)weight;
    }
}

/* With g = dL/dy, x^ = (z - mean) * rstd, and means over the normalised set:
 *
 *     dz = rstd * (weight * g - mean(weight * g) - x^ * mean(weight * g * x^))
 *        = a * g + b * (z - mean) + d
 */
static void set_coefficients(const struct norm_sweep *s, size_t at, int channel, double mean_g,
                             double mean_gx)
{
    double rstd = (double)s->norm->rstd[at];
    s->coefficient[0][at] = (float)(rstd * (double)s->norm->weight->data[channel]);
    s->coefficient[1][at] = (float)(-rstd * rstd * mean_gx);
    s->coefficient[2][at] = (float)(-rstd * mean_g);
}

static void batch_coefficients(const struct norm_sweep *s)
{
    const struct norm *n = s->norm;
    double count = (double)n->pieces.pixels * s->samples.n;
    for (int c = 0; c < n->channels; c++) {
        double sum_g = 0, sum_gx = 0, weight = (double)n->weight->data[c];
        for (int i = 0; i < s->samples.n; i++) {
            const double *sum = norm_sweep_sample_stats(s, i);
            sum_g += sum[c];
            sum_gx += sum[n->channels + c] * (double)n->rstd[norm_sweep_at(s, i) + (size_t)c];
        }
        for (int i = 0; i < s->samples.n; i++)
            set_coefficients(s, norm_sweep_at(s, i) + (size_t)c, c, weight * sum_g / count,
                             weight * sum_gx / count);
    }
}

static void group_coefficients(const struct norm_sweep *s)
{
    const struct norm *n = s->norm;
    int width = n->channels / n->spec.groups;
    double count = (double)n->pieces.pixels * width;
    for (int i = 0; i < s->samples.n; i++) {
        const double *sum = norm_sweep_sample_stats(s, i);
        size_t sample = norm_sweep_at(s, i);
        for (int first = 0; first < n->channels; first += width) {
            double mean_g = 0, mean_gx = 0;
            for (int c = first; c < first + width; c++) {
                double weight = (double)n->weight->data[c];
                mean_g += weight * sum[c] / count;
                mean_gx +=
                    weight * sum[n->channels + c] * (double)n->rstd[sample + (size_t)c] / count;
            }
            for (int c = first; c < first + width; c++)
                set_coefficients(s, sample + (size_t)c, c, mean_g, mean_gx);
        }
    }
}

/* Without a norm dz = g, and z is not read: where a convolution has been finished in one pass
 * (conv_norm.c) it was never written. */
static void pass_on_piece(void *context, int piece, int worker)
{
    const struct norm_sweep *s = context;
    const struct norm *n = s->norm;
    size_t at, at_y, pixels;
    float *g;
    (void)worker;
    norm_sweep_range(s, piece, &at, &at_y, &pixels);
    g = s->g + at_y;
    kernels_get()->mask(s->out + at, g, norm_sweep_stats(s, piece), g, s->y ? s->y + at_y : NULL,
                        pixels, n->channels, (size_t)n->out_pitch,
                        s->y ? n->activation : KERNELS_NONE);
}

static void backward_apply_piece(void *context, int piece, int worker)
{
    const struct norm_sweep *s = context;
    const struct norm *n = s->norm;
    size_t at, at_y, pixels;
    size_t sample = norm_sweep_range(s, piece, &at, &at_y, &pixels);
    kernels_get()->norm_backward_apply(s->out + at, s->g + at_y, piece_z(s, at, pixels, worker),
                                       n->mean + sample, s->coefficient[0] + sample,
                                       s->coefficient[1] + sample, s->coefficient[2] + sample,
                                       pixels, n->channels, (size_t)n->out_pitch);
}

static void backward(struct norm_sweep *s)
{
    const struct norm *n = s->norm;
    int n_pieces = s->samples.n * norm_pieces_count(&n->pieces);
    if (n->spec.kind == NORM_NONE) {
        parallel_for(pass_on_piece, s, n_pieces);
        return;
    }
    parallel_for(backward_sums_piece, s, n_pieces);
    sum_samples(s);
    if (n->spec.kind == NORM_BATCH)
        batch_coefficients(s);
    else
        group_coefficients(s);
    parallel_for(backward_apply_piece, s, n_pieces);
}

static void run(struct norm_sweep *s)
{
    struct norm *n = s->norm;
    size_t mark = n->scratch->used;
    assert(!n->frozen);
    bool computes = norm_sweep_scratch(s);
    if (s->halves)
        s->piece = arena_floats(n->scratch, piece_floats(n) * (size_t)parallel_threads());
    if (computes)
        backward(s);
    arena_release(n->scratch, mark);
}

void norm_backward(struct norm *n, float *dz, float *g, const float *y, const float *z,
                   struct samples samples)
{
    struct norm_sweep s = {.norm = n, .samples = samples, .out = dz, .g = g, .z = z, .y = y};
    run(&s);
}

void norm_backward_halves(struct norm *n, float *dz, float *g, const float *y, const uint16_t *z,
                          struct samples samples)
{
    struct norm_sweep s = {.norm = n, .samples = samples, .out = dz, .g = g, .halves = z, .y = y};
    run(&s);
}
