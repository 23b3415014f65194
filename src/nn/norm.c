/* Both normalisations are the same four sweeps (math/kernels.h); they differ in which sums are put
 * together, which happens here, in double, in a fixed order. Channel statistics of pieces are
 * combined by Chan, Golub and LeVeque 1979. */
#include "nn/norm.h"

#include "base/parallel.h"
#include "math/kernels.h"

#include <math.h>
#include <stdio.h>

static const double EPSILON = 1e-5, MOMENTUM = 0.1;
enum { PIECE_FLOATS = 64 * 1024 };

static size_t piece_pixels(const struct norm *n)
{
    size_t pixels = PIECE_FLOATS / n->channels;
    return pixels > 0 ? pixels : 1;
}

static int pieces(const struct norm *n)
{
    return (int)((n->pixels + piece_pixels(n) - 1) / piece_pixels(n));
}

void norm_build(struct norm *n, struct build *b, const char *name, enum norm_kind kind, int groups,
                int height, int width, int channels)
{
    *n = (struct norm){.kind = kind,
                       .frozen = kind == NORM_BATCH && b->freeze_batch_norm,
                       .groups = groups,
                       .channels = channels,
                       .pixels = (size_t)height * width,
                       .workspace = b->workspace};
    if (kind != NORM_NONE) {
        n->weight = build_param(b, PARAM_VECTOR, name, "weight", channels, 0, 0, 0);
        n->bias = build_param(b, PARAM_VECTOR, name, "bias", channels, 0, 0, 0);
    }
    if (kind == NORM_BATCH) {
        n->running_mean = build_param(b, PARAM_BUFFER, name, "running_mean", channels, 0, 0, 0);
        n->running_var = build_param(b, PARAM_BUFFER, name, "running_var", channels, 0, 0, 0);
        n->batches = build_param(b, PARAM_COUNTER, name, "num_batches_tracked", 0, 0, 0, 0);
    }
    size_t values = (size_t)b->max_batch * channels;
    n->mean = arena_floats(b->activations, values);
    n->rstd = arena_floats(b->activations, values);
    for (int i = 0; i < 3; i++)
        n->coefficient[i] = arena_floats(b->activations, values);
    build_need(&b->workspace->stats_doubles, 2 * values * (size_t)pieces(n));
    char text[64];
    if (kind == NORM_GROUP)
        snprintf(text, sizeof text, "group norm, %d groups", groups);
    else
        snprintf(text, sizeof text, "batch norm");
    if (kind != NORM_NONE)
        build_layer(b, name, text, height, width, channels, 2 * (int64_t)channels, 0);
}

struct sweep {
    struct norm *norm;
    struct samples samples;
    float *out, *g; /* y or dz */
    const float *z, *residual, *y;
    bool relu;
};

/* The pixels of a piece: where they begin, counted in floats, and how many. Returns the sample. */
static int piece_range(const struct sweep *s, int piece, size_t *at, size_t *pixels)
{
    const struct norm *n = s->norm;
    int slot = piece / pieces(n), sample = s->samples.index[slot];
    size_t first = (piece % pieces(n)) * piece_pixels(n);
    *pixels = n->pixels - first < piece_pixels(n) ? n->pixels - first : piece_pixels(n);
    *at = (sample * n->pixels + first) * n->channels;
    return sample;
}

/* The two sums (or moments) of a piece, [channels] each. */
static double *piece_stats(const struct norm *n, int piece)
{
    return n->workspace->stats + (size_t)piece * 2 * n->channels;
}

static void moments_piece(void *context, int piece, int worker)
{
    const struct sweep *s = context;
    size_t at, pixels;
    (void)worker;
    piece_range(s, piece, &at, &pixels);
    double *stats = piece_stats(s->norm, piece);
    kernels_get()->norm_moments(stats, stats + s->norm->channels, s->z + at, pixels,
                                s->norm->channels);
}

struct moments {
    double count, mean, m2;
};

static void add_moments(struct moments *sum, double count, double mean, double m2)
{
    double total = sum->count + count, delta = mean - sum->mean;
    sum->mean += delta * (count / total);
    sum->m2 += m2 + delta * delta * (sum->count * count / total);
    sum->count = total;
}

/* Adds the pieces of one sample's channels first .. end - 1. */
static void add_sample(struct moments *sum, const struct norm *n, int slot, int first, int end)
{
    for (int i = 0; i < pieces(n); i++) {
        const double *stats = piece_stats(n, slot * pieces(n) + i);
        size_t done = i * piece_pixels(n);
        double count =
            (double)(n->pixels - done < piece_pixels(n) ? n->pixels - done : piece_pixels(n));
        for (int c = first; c < end; c++)
            add_moments(sum, count, stats[c], stats[n->channels + c]);
    }
}

static void update_running(struct norm *n, int channel, const struct moments *m)
{
    double unbiased = m->m2 / (m->count > 1 ? m->count - 1 : 1);
    float *mean = &n->running_mean->data[channel], *var = &n->running_var->data[channel];
    *mean = (float)((1 - MOMENTUM) * *mean + MOMENTUM * m->mean);
    *var = (float)((1 - MOMENTUM) * *var + MOMENTUM * unbiased);
}

static void batch_statistics(struct norm *n, struct samples samples, bool update)
{
    for (int c = 0; c < n->channels; c++) {
        struct moments m = {0};
        for (int i = 0; i < samples.n; i++)
            add_sample(&m, n, i, c, c + 1);
        for (int i = 0; i < samples.n; i++) {
            size_t at = (size_t)samples.index[i] * n->channels + c;
            n->mean[at] = (float)m.mean;
            n->rstd[at] = (float)(1 / sqrt(m.m2 / m.count + EPSILON));
        }
        if (update)
            update_running(n, c, &m);
    }
    n->batches->counter += update;
}

static void group_statistics(struct norm *n, struct samples samples)
{
    int width = n->channels / n->groups;
    for (int i = 0; i < samples.n; i++)
        for (int first = 0; first < n->channels; first += width) {
            struct moments m = {0};
            add_sample(&m, n, i, first, first + width);
            for (int c = first; c < first + width; c++) {
                size_t at = (size_t)samples.index[i] * n->channels + c;
                n->mean[at] = (float)m.mean;
                n->rstd[at] = (float)(1 / sqrt(m.m2 / m.count + EPSILON));
            }
        }
}

static void running_statistics(struct norm *n, struct samples samples)
{
    for (int i = 0; i < samples.n; i++)
        for (int c = 0; c < n->channels; c++) {
            size_t at = (size_t)samples.index[i] * n->channels + c;
            n->mean[at] = n->running_mean->data[c];
            n->rstd[at] = (float)(1 / sqrt(n->running_var->data[c] + EPSILON));
        }
}

static void apply_piece(void *context, int piece, int worker)
{
    const struct sweep *s = context;
    const struct norm *n = s->norm;
    size_t at, pixels;
    (void)worker;
    size_t sample = (size_t)piece_range(s, piece, &at, &pixels) * n->channels;
    kernels_get()->norm_apply(s->out + at, s->z + at, s->residual ? s->residual + at : NULL,
                              n->coefficient[0] + sample, n->coefficient[1] + sample, pixels,
                              n->channels, s->relu ? KERNELS_RELU : KERNELS_NONE);
}

void norm_forward(struct norm *n, float *y, const float *z, const float *residual,
                  struct samples samples, enum model_mode mode, bool relu)
{
    struct sweep s = {
        .norm = n, .samples = samples, .out = y, .z = z, .residual = residual, .relu = relu};
    int n_pieces = samples.n * pieces(n);
    bool running = n->kind == NORM_BATCH && (n->frozen || mode == MODEL_EVAL);
    if (n->kind != NORM_NONE && !running)
        parallel_for(moments_piece, &s, n_pieces);
    if (running)
        running_statistics(n, samples);
    else if (n->kind == NORM_BATCH)
        batch_statistics(n, samples, mode == MODEL_TRAIN);
    else if (n->kind == NORM_GROUP)
        group_statistics(n, samples);

    for (int i = 0; i < samples.n; i++)
        for (int c = 0; c < n->channels; c++) {
            size_t at = (size_t)samples.index[i] * n->channels + c;
            double scale = n->kind == NORM_NONE ? 1 : (double)n->weight->data[c] * n->rstd[at];
            n->coefficient[0][at] = (float)scale;
            n->coefficient[1][at] =
                n->kind == NORM_NONE ? 0 : (float)(n->bias->data[c] - n->mean[at] * scale);
        }
    parallel_for(apply_piece, &s, n_pieces);
}

static void backward_sums_piece(void *context, int piece, int worker)
{
    const struct sweep *s = context;
    const struct norm *n = s->norm;
    size_t at, pixels;
    (void)worker;
    size_t sample = (size_t)piece_range(s, piece, &at, &pixels) * n->channels;
    double *stats = piece_stats(n, piece);
    kernels_get()->norm_backward_sums(stats, stats + n->channels, s->g + at,
                                      s->y ? s->y + at : NULL, s->z + at, n->mean + sample, pixels,
                                      n->channels, s->y ? KERNELS_RELU : KERNELS_NONE);
}

/* Puts the pieces of each sample together in its first one, and writes the gradients of weight and
 * bias. */
static void sum_samples(struct norm *n, struct samples samples)
{
    int values = 2 * n->channels;
    for (int c = 0; c < n->channels; c++)
        n->weight->grad[c] = n->bias->grad[c] = 0;
    for (int i = 0; i < samples.n; i++) {
        double *sum = piece_stats(n, i * pieces(n));
        for (int j = 1; j < pieces(n); j++)
            for (int v = 0; v < values; v++)
                sum[v] += sum[(size_t)j * values + v];
    }
    for (int c = 0; c < n->channels; c++) {
        double bias = 0, weight = 0;
        for (int i = 0; i < samples.n; i++) {
            const double *sum = piece_stats(n, i * pieces(n));
            bias += sum[c];
            weight += sum[n->channels + c] * n->rstd[(size_t)samples.index[i] * n->channels + c];
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
static void set_coefficients(struct norm *n, size_t at, int channel, double mean_g, double mean_gx)
{
    double rstd = n->rstd[at];
    n->coefficient[0][at] = (float)(rstd * n->weight->data[channel]);
    n->coefficient[1][at] = (float)(-rstd * rstd * mean_gx);
    n->coefficient[2][at] = (float)(-rstd * mean_g);
}

static void batch_coefficients(struct norm *n, struct samples samples)
{
    double count = (double)n->pixels * samples.n;
    for (int c = 0; c < n->channels; c++) {
        double sum_g = 0, sum_gx = 0, weight = n->weight->data[c];
        for (int i = 0; i < samples.n; i++) {
            const double *sum = piece_stats(n, i * pieces(n));
            sum_g += sum[c];
            sum_gx += sum[n->channels + c] * n->rstd[(size_t)samples.index[i] * n->channels + c];
        }
        for (int i = 0; i < samples.n; i++)
            set_coefficients(n, (size_t)samples.index[i] * n->channels + c, c,
                             weight * sum_g / count, weight * sum_gx / count);
    }
}

static void group_coefficients(struct norm *n, struct samples samples)
{
    int width = n->channels / n->groups;
    double count = (double)n->pixels * width;
    for (int i = 0; i < samples.n; i++) {
        const double *sum = piece_stats(n, i * pieces(n));
        size_t sample = (size_t)samples.index[i] * n->channels;
        for (int first = 0; first < n->channels; first += width) {
            double mean_g = 0, mean_gx = 0;
            for (int c = first; c < first + width; c++) {
                mean_g += n->weight->data[c] * sum[c] / count;
                mean_gx += n->weight->data[c] * sum[n->channels + c] * n->rstd[sample + c] / count;
            }
            for (int c = first; c < first + width; c++)
                set_coefficients(n, sample + c, c, mean_g, mean_gx);
        }
    }
}

/* Statistics that do not depend on z: dz = rstd * weight * g; without a norm dz = g. */
static void constant_coefficients(struct norm *n, struct samples samples)
{
    for (int i = 0; i < samples.n; i++)
        for (int c = 0; c < n->channels; c++) {
            size_t at = (size_t)samples.index[i] * n->channels + c;
            n->coefficient[0][at] = n->kind == NORM_NONE ? 1 : n->rstd[at] * n->weight->data[c];
            n->coefficient[1][at] = n->coefficient[2][at] = 0;
        }
}

static void backward_apply_piece(void *context, int piece, int worker)
{
    const struct sweep *s = context;
    const struct norm *n = s->norm;
    size_t at, pixels;
    (void)worker;
    size_t sample = (size_t)piece_range(s, piece, &at, &pixels) * n->channels;
    kernels_get()->norm_backward_apply(s->out + at, s->g + at, s->z + at, n->mean + sample,
                                       n->coefficient[0] + sample, n->coefficient[1] + sample,
                                       n->coefficient[2] + sample, pixels, n->channels);
}

void norm_backward(struct norm *n, float *dz, float *g, const float *y, const float *z,
                   struct samples samples)
{
    struct sweep s = {.norm = n, .samples = samples, .out = dz, .g = g, .z = z, .y = y};
    int n_pieces = samples.n * pieces(n);
    parallel_for(backward_sums_piece, &s, n_pieces);
    if (n->kind != NORM_NONE)
        sum_samples(n, samples);
    if (n->kind == NORM_NONE || n->frozen)
        constant_coefficients(n, samples);
    else if (n->kind == NORM_BATCH)
        batch_coefficients(n, samples);
    else
        group_coefficients(n, samples);
    parallel_for(backward_apply_piece, &s, n_pieces);
}
