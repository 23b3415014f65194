/* One layer without a model around it: built twice as model.c does, on a workspace whose arrays
 * are allocations of their own with exactly the floats that the layer asked for, so that ASan sees
 * the first one beyond. */
#ifndef TESTS_NN_LAYER_FIXTURE_H
#define TESTS_NN_LAYER_FIXTURE_H

#include "base/parallel.h"
#include "nn/build.h"

#include "math/close.h"

#include <string.h>

struct layer_fixture {
    struct arena parameters, activations;
    struct workspace workspace;
    struct build build; /* of the second pass */
};

/* Builds the layer (and keeps what it was built with in `layer`). */
typedef void layer_build(void *layer, struct build *b);

static inline void layer_fixture_create_with(struct layer_fixture *f, layer_build *build,
                                             void *layer, int max_batch,
                                             enum conv2d_choice convolutions,
                                             const struct conv2d_plan *plan)
{
    struct error err;
    memset(f, 0, sizeof *f);
    struct build sizes = {.activations = &f->activations,
                          .workspace = &f->workspace,
                          .max_batch = max_batch,
                          .training = true,
                          .convolutions = convolutions,
                          .plan = plan};
    build(layer, &sizes);
    struct build *b = &f->build;
    *b = (struct build){.activations = &f->activations,
                        .workspace = &f->workspace,
                        .max_batch = max_batch,
                        .training = true,
                        .convolutions = convolutions,
                        .plan = plan};
    for (int pass = 0; pass < 2; pass++) {
        b->param = arena_take(&f->parameters, sizes.n_params + 1, sizeof *b->param);
        b->data = arena_floats(&f->parameters, sizes.n_trained);
        b->grad = arena_floats(&f->parameters, sizes.n_trained);
        b->buffers = arena_floats(&f->parameters, sizes.n_buffers);
        if (pass == 0)
            assert_int_equal(arena_commit(&f->parameters, "parameters", &err), STATUS_OK);
    }
    assert_int_equal(arena_commit(&f->activations, "activations", &err), STATUS_OK);
    struct workspace *w = &f->workspace;
    w->tile = close_filled(w->tile_floats * parallel_threads(), NAN);
    w->partial = close_filled(w->partial_floats, NAN);
    w->packed = close_filled(w->packed_floats, NAN);
    w->transformed = close_filled(w->transformed_floats, NAN);
    w->stats = close_doubles(w->stats_doubles);
    build(layer, b);
    for (int i = 0; i < b->n_params; i++)
        for (size_t j = 0; j < b->param[i].size; j++) {
            b->param[i].data[j] = (float)rng_normal(&close_rng);
            if (b->param[i].grad)
                b->param[i].grad[j] = NAN; /* gradients are written, not added to */
        }
}

static inline void layer_fixture_create(struct layer_fixture *f, layer_build *build, void *layer,
                                        int max_batch)
{
    layer_fixture_create_with(f, build, layer, max_batch, CONV2D_AUTO, NULL);
}

static inline void layer_fixture_destroy(struct layer_fixture *f)
{
    free(f->workspace.tile);
    free(f->workspace.partial);
    free(f->workspace.packed);
    free(f->workspace.transformed);
    free(f->workspace.stats);
    arena_destroy(&f->parameters);
    arena_destroy(&f->activations);
}

/* Some of 0 .. batch - 1, ascending; at least one. Returns how many. */
static inline int layer_fixture_subset(int *index, int batch)
{
    int n = 0;
    for (int i = 0; i < batch; i++)
        if (close_pick(0, 2) > 0 || (n == 0 && i == batch - 1))
            index[n++] = i;
    return n;
}

static inline bool layer_fixture_contains(const int *index, int n, int sample)
{
    for (int i = 0; i < n; i++)
        if (index[i] == sample)
            return true;
    return false;
}

#endif
