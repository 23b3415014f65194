/* Both normalisations are the same four sweeps (math/kernels.h), two here and two in
 * norm_backward.c; they differ in which sums are put together, in double, in a fixed order. Channel
 * statistics of pieces are combined by Chan, Golub and LeVeque 1979. */
#include "nn/norm_sweep.h"

#include "base/parallel.h"
#include "math/kernels.h"

#include <assert.h>
#include <math.h>
#include <string.h>

struct tensor norm_build(struct norm *n, struct build *b, const char *name, struct tensor in,
                         int residual, const struct norm_spec *spec,
                         enum kernels_activation activation, double first_weight, int out_pitch)
{
    int channels = in.shape.channels;
    *n = (struct norm){
        .spec = *spec,
        .activation = activation,
        .frozen = spec->kind == NORM_BATCH && b->freeze_batch_norm,
        .has_residual = residual >= 0,
        .channels = channels,
        .max_batch = b->max_batch,
        .out_pitch = out_pitch > 0 ? out_pitch : channels,
        .pieces = {shape_pixels(in.shape), channels, out_pitch > 0 ? out_pitch : channels},
        .scratch = b->scratch};
    struct layer_row row = {.operation = LAYER_NORM,
                            .input = in.row,
                            .residual = residual,
                            .in = in.shape,
                            .out = in.shape,
                            .norm = *spec,
                            .activation = activation};
    struct param vector = {.kind = PARAM_VECTOR, .dim = {channels}},
                 buffer = {.kind = PARAM_BUFFER, .dim = {channels}};
    if (spec->kind != NORM_NONE) {
        row.n_params = 2;
        row.parameters = 2 * (int64_t)channels;
        vector.start_value = first_weight;
        n->weight = layer_param(b, name, "weight", vector);
        vector.start_value = 0;
        n->bias = layer_param(b, name, "bias", vector);
    }
    if (spec->kind == NORM_BATCH) {
        row.n_params = 5;
        n->running_mean = layer_param(b, name, "running_mean", buffer);
        buffer.start_value = 1;
        n->running_var = layer_param(b, name, "running_var", buffer);
        n->batches =
            layer_param(b, name, "num_batches_tracked", (struct param){.kind = PARAM_COUNTER});
    }
    size_t values = (size_t)b->max_batch * (size_t)channels;
    n->mean = arena_floats(b->activations, values);
    n->rstd = arena_floats(b->activations, values);
    return layer_add_row(b, name, row);
}

static void moments_piece(void *context, int piece, int worker)
{
    const struct norm_sweep *s = context;
    size_t at, at_y, pixels;
    (void)worker;
    norm_sweep_range(s, piece, &at, &at_y, &pixels);
    double *stats = norm_sweep_stats(s, piece);
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
static void add_sample(struct moments *sum, const struct norm_sweep *s, int sample, int first,
                       int end)
{
    const struct norm *n = s->norm;
    for (int i = 0; i < norm_pieces_count(&n->pieces); i++) {
        const double *stats = norm_sweep_stats(s, sample * norm_pieces_count(&n->pieces) + i);
        size_t done = (size_t)i * norm_pieces_pixels(&n->pieces);
        double count = (double)(n->pieces.pixels - done < norm_pieces_pixels(&n->pieces)
                                    ? n->pieces.pixels - done
                                    : norm_pieces_pixels(&n->pieces));
        for (int c = first; c < end; c++)
            add_moments(sum, count, stats[c], stats[n->channels + c]);
    }
}

static void update_running(struct norm *n, int channel, const struct moments *m)
{
    double momentum = n->spec.momentum, unbiased = m->m2 / (m->count > 1 ? m->count - 1 : 1);
    float *mean = &n->running_mean->data[channel], *var = &n->running_var->data[channel];
    *mean = (float)((1 - momentum) * (double)*mean + momentum * m->mean);
    *var = (float)((1 - momentum) * (double)*var + momentum * unbiased);
}

struct batch_job {
    const struct norm_sweep *sweep;
    bool update;
};

/* Of some channels. */
static void batch_statistics_some(void *context, size_t first, size_t n_channels)
{
    const struct batch_job *j = context;
    const struct norm_sweep *s = j->sweep;
    struct norm *n = s->norm;
    for (int c = (int)first; c < (int)(first + n_channels); c++) {
        struct moments m = {0};
        for (int i = 0; i < s->samples.n; i++)
            add_sample(&m, s, i, c, c + 1);
        const float rstd = (float)(1 / sqrt(m.m2 / m.count + n->spec.epsilon));
        for (int i = 0; i < s->samples.n; i++) {
            size_t at = norm_sweep_at(s, i) + (size_t)c;
            n->mean[at] = (float)m.mean;
            n->rstd[at] = rstd;
        }
        if (j->update)
            update_running(n, c, &m);
    }
}

static void batch_statistics(const struct norm_sweep *s, bool update)
{
    enum { CHANNELS = 32 };
    struct batch_job job = {s, update};
    parallel_floats(batch_statistics_some, &job, (size_t)s->norm->channels, CHANNELS);
    s->norm->batches->counter += update;
}

/* E[z] and E[z^2], times the number of samples. */
static void add_measured(const struct norm_sweep *s)
{
    struct norm *n = s->norm;
    for (int c = 0; c < n->channels; c++) {
        float *mean = &n->bias->grad[c], *square = &n->weight->grad[c];
        struct moments m = {0};
        for (int i = 0; i < s->samples.n; i++)
            add_sample(&m, s, i, c, c + 1);
        if (n->n_measured == 0)
            *mean = *square = 0;
        *mean += (float)(m.mean * s->samples.n);
        *square += (float)((m.m2 / m.count + m.mean * m.mean) * s->samples.n);
    }
    n->n_measured += s->samples.n;
}

/* weight * (z - mean) / sqrt(var + epsilon) + bias stays what it is. */
static void adopt_measured(struct norm *n)
{
    double epsilon = n->spec.epsilon;
    for (int c = 0; c < n->channels; c++) {
        float *weight = &n->weight->data[c], *bias = &n->bias->data[c];
        float *mean = &n->running_mean->data[c], *var = &n->running_var->data[c];
        double measured = (double)n->bias->grad[c] / n->n_measured;
        double square = (double)n->weight->grad[c] / n->n_measured;
        double variance = fmax(square - measured * measured, 0);
        double scale = (double)*weight / sqrt((double)*var + epsilon);
        *bias = (float)((double)*bias + scale * (measured - (double)*mean));
        *weight = (float)(scale * sqrt(variance + epsilon));
        *mean = (float)measured;
        *var = (float)variance;
    }
    n->n_measured = 0;
}

static void group_statistics(const struct norm_sweep *s)
{
    struct norm *n = s->norm;
    int width = n->channels / n->spec.groups;
    for (int i = 0; i < s->samples.n; i++)
        for (int first = 0; first < n->channels; first += width) {
            struct moments m = {0};
            add_sample(&m, s, i, first, first + width);
            for (int c = first; c < first + width; c++) {
                size_t at = norm_sweep_at(s, i) + (size_t)c;
                n->mean[at] = (float)m.mean;
                n->rstd[at] = (float)(1 / sqrt(m.m2 / m.count + n->spec.epsilon));
            }
        }
}

double norm_running_rstd(const struct norm *n, int channel)
{
    return 1 / sqrt((double)n->running_var->data[channel] + n->spec.epsilon);
}

/* The same for every sample: found once. */
static void running_statistics(const struct norm_sweep *s)
{
    struct norm *n = s->norm;
    const size_t first = norm_sweep_at(s, 0), bytes = (size_t)n->channels * sizeof(float);
    memcpy(n->mean + first, n->running_mean->data, bytes);
    for (int c = 0; c < n->channels; c++)
        n->rstd[first + (size_t)c] = (float)norm_running_rstd(n, c);
    for (int i = 1; i < s->samples.n; i++) {
        memcpy(n->mean + norm_sweep_at(s, i), n->mean + first, bytes);
        memcpy(n->rstd + norm_sweep_at(s, i), n->rstd + first, bytes);
    }
}

/* y = scale * z + shift. */
static void set_scale_and_shift(const struct norm_sweep *s)
{
    const struct norm *n = s->norm;
    bool none = n->spec.kind == NORM_NONE;
    for (int i = 0; i < s->samples.n; i++)
        for (int c = 0; c < n->channels; c++) {
            size_t at = norm_sweep_at(s, i) + (size_t)c;
            double scale = none ? 1 : (double)n->weight->data[c] * (double)n->rstd[at];
            s->coefficient[0][at] = (float)scale;
            s->coefficient[1][at] =
                none ? 0 : (float)((double)n->bias->data[c] - (double)n->mean[at] * scale);
        }
}

static void apply_piece(void *context, int piece, int worker)
{
    const struct norm_sweep *s = context;
    const struct norm *n = s->norm;
    size_t at, at_y, pixels;
    (void)worker;
    size_t sample = norm_sweep_range(s, piece, &at, &at_y, &pixels);
    kernels_get()->norm_apply(s->out + at_y, s->z + at, s->residual ? s->residual + at_y : NULL,
                              s->coefficient[0] + sample, s->coefficient[1] + sample, pixels,
                              n->channels, (size_t)n->out_pitch, n->activation);
}

static bool uses_running(const struct norm *n, enum model_mode mode)
{
    return n->spec.kind == NORM_BATCH && (n->frozen || mode == MODEL_EVAL);
}

bool norm_as_epilogue(struct norm *n, struct kernels_epilogue *e, struct samples samples,
                      enum model_mode mode)
{
    /* Of one sample, for they are the same for all. */
    struct norm_sweep s = {.norm = n, .samples = {samples.index, 1}};
    for (int i = 0; i < 2; i++)
        s.coefficient[i] = arena_floats(n->scratch, (size_t)n->channels * (size_t)n->max_batch);
    if (!uses_running(n, mode) && n->spec.kind != NORM_NONE)
        return false;
    if (arena_measures(n->scratch))
        return true;
    if (n->spec.kind == NORM_BATCH)
        running_statistics(&s);
    set_scale_and_shift(&s);
    size_t at = norm_sweep_at(&s, 0);
    *e = (struct kernels_epilogue){s.coefficient[0] + at, s.coefficient[1] + at, n->activation};
    return true;
}

static void forward(struct norm_sweep *s, enum model_mode mode)
{
    const struct norm *n = s->norm;
    enum norm_kind kind = n->spec.kind;
    int n_pieces = s->samples.n * norm_pieces_count(&n->pieces);
    bool measures = mode == MODEL_MEASURE || mode == MODEL_MEASURE_END;
    bool learns = kind == NORM_BATCH && !n->frozen;
    bool running = uses_running(n, mode) || (learns && measures);
    if (kind == NORM_GROUP || (learns && mode != MODEL_EVAL))
        parallel_for(moments_piece, s, n_pieces);
    if (learns && measures)
        add_measured(s);
    if (learns && mode == MODEL_MEASURE_END)
        adopt_measured(s->norm);
    if (running)
        running_statistics(s);
    else if (kind == NORM_BATCH)
        batch_statistics(s, mode == MODEL_TRAIN);
    else if (kind == NORM_GROUP)
        group_statistics(s);
    set_scale_and_shift(s);
    parallel_for(apply_piece, s, n_pieces);
}

void norm_forward(struct norm *n, float *y, const float *z, const float *residual,
                  struct samples samples, enum model_mode mode)
{
    struct norm_sweep s = {.norm = n, .samples = samples, .out = y, .z = z, .residual = residual};
    size_t mark = n->scratch->used;
    if (norm_sweep_scratch(&s))
        forward(&s, mode);
    arena_release(n->scratch, mark);
}

void norm_recompute(struct norm *n, float *y, const float *z, struct samples samples)
{
    struct norm_sweep s = {.norm = n, .samples = samples, .out = y, .z = z};
    size_t mark = n->scratch->used;
    if (norm_sweep_scratch(&s)) {
        set_scale_and_shift(&s);
        parallel_for(apply_piece, &s, samples.n * norm_pieces_count(&n->pieces));
    }
    arena_release(n->scratch, mark);
}
