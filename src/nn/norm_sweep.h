/* What both directions of a normalisation share: the pieces of a pass, and its scratch memory.
 * Included by norm_forward.c and norm_backward.c alone. */
#ifndef NN_NORM_SWEEP_H
#define NN_NORM_SWEEP_H

#include "nn/norm.h"

struct norm_sweep {
    struct norm *norm;
    struct samples samples;
    float *out, *g; /* y or dz */
    const float *z, *residual, *y;
    const uint16_t *halves; /* z, where it is kept so; then of each worker a piece of it: */
    float *piece;
    double *stats;         /* two sums (or moments) of each piece, [channels] each */
    float *coefficient[3]; /* [max_batch, channels] each */
};

/* Scratch memory of a pass; false while that is measured. */
static inline bool norm_sweep_scratch(struct norm_sweep *s)
{
    const struct norm *n = s->norm;
    size_t channels = (size_t)n->channels;
    s->stats = arena_take(
        n->scratch, 2 * channels * (size_t)norm_pieces_count(&n->pieces) * (size_t)s->samples.n,
        sizeof *s->stats);
    for (int i = 0; i < 3; i++)
        s->coefficient[i] = arena_floats(n->scratch, channels * (size_t)n->max_batch);
    return !arena_measures(n->scratch);
}

/* Returns where the sample's values begin in an array [max_batch, channels]. */
static inline size_t norm_sweep_range(const struct norm_sweep *s, int piece, size_t *at,
                                      size_t *at_y, size_t *pixels)
{
    struct norm_piece p = norm_pieces_get(&s->norm->pieces, s->samples, piece);
    *at = p.at;
    *at_y = p.at_y;
    *pixels = p.pixels;
    return p.sample * (size_t)s->norm->channels;
}

static inline double *norm_sweep_stats(const struct norm_sweep *s, int piece)
{
    return s->stats + (size_t)piece * 2 * (size_t)s->norm->channels;
}

/* The sums of the first piece of the i-th visited sample. */
static inline double *norm_sweep_sample_stats(const struct norm_sweep *s, int i)
{
    return norm_sweep_stats(s, i * norm_pieces_count(&s->norm->pieces));
}

/* Where the i-th sample that is visited has its values in an array [max_batch, channels]. */
static inline size_t norm_sweep_at(const struct norm_sweep *s, int i)
{
    return (size_t)s->samples.index[i] * (size_t)s->norm->channels;
}

#endif
