/* One layer without a model around it: built twice and measured as model.c does. */
#ifndef TESTS_NN_LAYER_FIXTURE_H
#define TESTS_NN_LAYER_FIXTURE_H

#include "nn/layer.h"

#include "math/close.h"

#include <string.h>

struct layer_fixture {
    struct arena parameters, activations, scratch;
    struct build build; /* of the second pass */
};

/* Builds the layer (and keeps what it was built with in `layer`). */
typedef void layer_build(void *layer, struct build *b);
/* Calls each pass that the test will run once, with any arrays: they only measure. */
typedef void layer_measure(void *layer, struct samples samples);

/* Sizes of parameters into *sizes, of memory into the arenas. */
static inline void layer_fixture_measure(struct layer_fixture *f, struct build *sizes,
                                         layer_build *build, layer_measure *measure, void *layer)
{
    f->activations.shows_addresses = f->scratch.shows_addresses = true;
    build(layer, sizes);
    if (measure)
        measure(layer, (struct samples){NULL, sizes->max_batch});
    assert_int_equal(f->scratch.used, 0);
}

/* What a pass reads of its scratch memory before it has written there is NaN. */
static inline void layer_fixture_fill(struct arena *scratch)
{
    if (scratch->peak == 0)
        return;
    size_t floats = (scratch->peak - ARENA_GAP) / sizeof(float);
    float *all = arena_floats(scratch, floats);
    for (size_t i = 0; i < floats; i++)
        all[i] = NAN;
    arena_release(scratch, 0);
}

static inline void layer_fixture_take_parameters(struct layer_fixture *f, const struct build *sizes)
{
    struct build *b = &f->build;
    b->param = arena_take(&f->parameters, sizes->n_params + 1, sizeof *b->param);
    b->data = arena_floats(&f->parameters, sizes->n_trained);
    b->grad = arena_floats(&f->parameters, sizes->n_trained);
    b->buffers = arena_floats(&f->parameters, sizes->n_buffers);
}

/* measure: NULL for a layer that takes no scratch memory. */
static inline void layer_fixture_create_with(struct layer_fixture *f, layer_build *build,
                                             layer_measure *measure, void *layer, int max_batch,
                                             enum conv2d_choice convolutions)
{
    struct error err;
    memset(f, 0, sizeof *f);
    const struct build start = {.activations = &f->activations,
                                .scratch = &f->scratch,
                                .max_batch = max_batch,
                                .training = true,
                                .convolutions = convolutions};
    struct build sizes = start, *b = &f->build;
    layer_fixture_measure(f, &sizes, build, measure, layer);
    *b = start;
    layer_fixture_take_parameters(f, &sizes);
    assert_int_equal(arena_commit(&f->parameters, "parameters", &err), STATUS_OK);
    assert_int_equal(arena_commit(&f->activations, "activations", &err), STATUS_OK);
    assert_int_equal(arena_commit(&f->scratch, "scratch memory", &err), STATUS_OK);
    layer_fixture_take_parameters(f, &sizes);
    layer_fixture_fill(&f->scratch);
    build(layer, b);
    for (int i = 0; i < b->n_params; i++)
        for (size_t j = 0; j < b->param[i].size; j++) {
            b->param[i].data[j] = (float)rng_normal(&close_rng);
            if (b->param[i].grad)
                b->param[i].grad[j] = NAN; /* gradients are written, not added to */
        }
}

static inline void layer_fixture_create(struct layer_fixture *f, layer_build *build,
                                        layer_measure *measure, void *layer, int max_batch)
{
    layer_fixture_create_with(f, build, measure, layer, max_batch, CONV2D_AUTO);
}

static inline void layer_fixture_destroy(struct layer_fixture *f)
{
    assert_int_equal(f->scratch.used, 0); /* passes give back what they take */
    arena_destroy(&f->parameters);
    arena_destroy(&f->activations);
    arena_destroy(&f->scratch);
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
