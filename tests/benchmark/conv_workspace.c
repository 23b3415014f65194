#include "conv_workspace.h"

#include "base/rng.h"

#include <string.h>

enum { BATCH = CONV_WORKSPACE_BATCH };

static void run(const struct conv_workspace *w, enum conv2d_pass pass, struct samples samples)
{
    if (pass == CONV2D_FORWARD)
        conv2d_forward(&w->conv, w->data[2], w->data[0], samples);
    else if (pass == CONV2D_BACKWARD_DATA)
        conv2d_backward_data(&w->conv, w->data[3], w->data[1], samples, false);
    else
        conv2d_backward_weights(&w->conv, w->data[0], w->data[1], samples);
}

void conv_workspace_run(const struct conv_workspace *w, enum conv2d_pass pass)
{
    run(w, pass, (struct samples){(const int[BATCH]){0, 1, 2, 3}, BATCH});
}

static void take_arrays(struct conv_workspace *w)
{
    w->param->data = arena_floats(&w->arrays, w->param->size);
    w->param->grad = arena_floats(&w->arrays, w->param->size);
    for (int i = 0; i < 4; i++)
        w->data[i] = arena_floats(&w->arrays, i % 3 == 0 ? w->in : w->out);
}

enum status conv_workspace_create(struct conv_workspace *w, const struct conv_shape *s, int size,
                                  enum conv2d_choice choice, struct error *err)
{
    const struct conv_spec spec = conv_shape_spec(s);
    memset(w, 0, sizeof *w);
    w->arrays.shows_addresses = w->scratch.shows_addresses = true;
    w->build = (struct build){.activations = &w->arrays,
                              .scratch = &w->scratch,
                              .param = w->param,
                              .max_batch = BATCH,
                              .training = true,
                              .convolutions = choice};
    conv2d_build(&w->conv, &w->build, "conv", (struct tensor){{size, size, s->in_c}, -1}, &spec);
    w->in = BATCH * conv2d_in_floats(&w->conv);
    w->out = BATCH * shape_floats(w->conv.out);
    take_arrays(w);
    for (int pass = 0; pass < CONV2D_PASSES; pass++)
        run(w, (enum conv2d_pass)pass, (struct samples){NULL, BATCH}); /* measures */
    if (arena_commit(&w->arrays, "a convolution's arrays", err) != STATUS_OK ||
        arena_commit(&w->scratch, "a convolution's scratch memory", err) != STATUS_OK)
        return err->status;
    take_arrays(w);
    struct rng rng;
    rng_seed(&rng, 1, RNG_TEST, 0, 0);
    for (size_t i = 0; i < w->param->size; i++)
        w->param->data[i] = (float)rng_uniform(&rng) - 0.5f;
    for (int i = 0; i < 2; i++)
        for (size_t j = 0; j < (i == 0 ? w->in : w->out); j++)
            w->data[i][j] = (float)rng_uniform(&rng) - 0.5f;
    return STATUS_OK;
}

void conv_workspace_destroy(struct conv_workspace *w)
{
    arena_destroy(&w->arrays);
    arena_destroy(&w->scratch);
}

const float *conv_workspace_result(size_t *n, const struct conv_workspace *w, enum conv2d_pass pass)
{
    *n = pass == CONV2D_FORWARD ? w->out : pass == CONV2D_BACKWARD_DATA ? w->in : w->param->size;
    return pass == CONV2D_FORWARD         ? w->data[2]
           : pass == CONV2D_BACKWARD_DATA ? w->data[3]
                                          : w->param->grad;
}

double conv_workspace_flops(const struct conv_workspace *w)
{
    const struct conv2d *c = &w->conv;
    return 2.0 * (double)w->out * c->kernel * c->kernel * c->in.channels / c->groups;
}

double conv_workspace_bytes(const struct conv_workspace *w)
{
    double x = BATCH * (double)shape_floats(w->conv.in);
    return sizeof(float) * (x + (double)w->out + (double)w->param->size);
}
