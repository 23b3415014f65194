/* Cut into ranges of each sample's floats. */
#include "nn/kept.h"

#include "base/parallel.h"

enum { PIECE_FLOATS = 64 * 1024 };

void kept_build(struct kept *k, struct build *b, size_t floats)
{
    size_t n = floats * (size_t)b->max_batch;
    *k = (struct kept){.floats = floats, .max_batch = b->max_batch, .n_saturated = b->n_saturated};
    if (b->keeps_halves)
        k->halves = arena_take(b->activations, n, sizeof *k->halves);
    else
        k->values = arena_floats(b->activations, n);
}

struct job {
    const struct kept *kept;
    struct samples samples;
    const float *from;
    float *to;
    enum kernels_activation activation;
};

static size_t pieces(const struct kept *k)
{
    return (k->floats + PIECE_FLOATS - 1) / PIECE_FLOATS;
}

/* The piece's first float in the batch; *n of them. */
static size_t range(const struct job *j, int piece, size_t *n)
{
    const struct kept *k = j->kept;
    size_t sample = (size_t)j->samples.index[(size_t)piece / pieces(k)],
           first = (size_t)piece % pieces(k) * PIECE_FLOATS, rest = k->floats - first;
    *n = rest < PIECE_FLOATS ? rest : PIECE_FLOATS;
    return sample * k->floats + first;
}

static void store_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    size_t n, at = range(j, piece, &n);
    (void)worker;
    size_t n_over = kernels_get()->half_store(j->kept->halves + at, j->from + at, n);
    if (n_over > 0)
        atomic_fetch_add_explicit(j->kept->n_saturated, n_over, memory_order_relaxed);
}

static void read_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    size_t n, at = range(j, piece, &n);
    (void)worker;
    kernels_get()->half_load(j->to + at, j->kept->halves + at, n);
}

static void mask_piece(void *context, int piece, int worker)
{
    const struct job *j = context;
    size_t n, at = range(j, piece, &n);
    (void)worker;
    kernels_get()->half_mask(j->to + at, j->kept->halves + at, n, j->activation);
}

static void run(void (*piece)(void *context, int piece, int worker), struct job *j,
                const struct arena *scratch)
{
    if (!arena_measures(scratch))
        parallel_for(piece, j, j->samples.n * (int)pieces(j->kept));
}

void kept_store(const struct kept *k, const float *values, struct samples samples,
                const struct arena *scratch)
{
    struct job j = {.kept = k, .samples = samples, .from = values};
    if (k->halves)
        run(store_piece, &j, scratch);
}

float *kept_read(const struct kept *k, struct samples samples, struct arena *scratch)
{
    struct job j = {.kept = k, .samples = samples};
    if (!k->halves)
        return k->values;
    j.to = arena_floats(scratch, k->floats * (size_t)k->max_batch);
    run(read_piece, &j, scratch);
    return j.to;
}

const float *kept_mask(const struct kept *k, float *g, enum kernels_activation activation,
                       struct samples samples, const struct arena *scratch)
{
    struct job j = {.kept = k, .samples = samples, .to = g, .activation = activation};
    if (!k->halves)
        return k->values;
    if (activation != KERNELS_NONE)
        run(mask_piece, &j, scratch);
    return NULL;
}
