/* One convolution of any shape for the tests of nn/conv/: its arrays, its plain twin's description,
 * and every test once for each method. */
#ifndef TESTS_NN_ONE_CONV_H
#define TESTS_NN_ONE_CONV_H

#include "nn/conv/conv2d.h"

#include "nn/conv/conv2d_plan.h"

#include "nn/layer_fixture.h"
#include "nn/reference.h"
#include "nn/threads.h"

/* Every test runs for each of the methods (a shape that one does not fit takes another). */
static enum conv2d_choice choice;
static const enum conv2d_kind *plan; /* [CONV2D_PASSES]; NULL but where a test says otherwise */

enum { MAX_BATCH = 10 };
#define UNTOUCHED 1234.5f

struct one_conv {
    int in_h, in_w, in_c, out_c, kernel, stride, batch;
    bool same_padding;
    int in_pitch; /* 0: x has no gaps */
    int passes;   /* that are run, a bit each; 0: all */
    struct conv2d conv;
    struct reference_conv reference;
};

/* Doubles of the twin for some samples; what it does not visit keeps the given values. */
struct arrays {
    size_t in, out; /* floats for one sample */
    float *x, *dy, *y, *dx;
    double *weight, *want_y, *want_dx, *want_dw;
};

static inline struct one_conv shape(int in_h, int in_w, int in_c, int out_c, int kernel, int stride,
                                    int batch)
{
    return (struct one_conv){.in_h = in_h,
                             .in_w = in_w,
                             .in_c = in_c,
                             .out_c = out_c,
                             .kernel = kernel,
                             .stride = stride,
                             .batch = batch};
}

static inline void build(void *layer, struct build *b)
{
    struct one_conv *o = layer;
    const struct conv_spec spec = {.width = o->out_c,
                                   .kernel = o->kernel,
                                   .stride = o->stride,
                                   .padding = o->same_padding ? LAYER_PADDING_SAME
                                                              : layer_usual_padding(o->kernel),
                                   .groups = 1,
                                   .in_pitch = o->in_pitch};
    conv2d_build(&o->conv, b, "conv", (struct tensor){{o->in_h, o->in_w, o->in_c}, -1}, &spec);
    if (plan)
        conv2d_plan_set(&o->conv, plan);
    struct reference_conv *r = &o->reference;
    *r = (struct reference_conv){.in_h = o->in_h,
                                 .in_w = o->in_w,
                                 .in_c = o->in_c,
                                 .out_c = o->out_c,
                                 .kernel = o->kernel,
                                 .stride = o->stride};
    r->pad_top = reference_padding(&r->out_h, o->in_h, o->kernel, o->stride, o->same_padding);
    r->pad_left = reference_padding(&r->out_w, o->in_w, o->kernel, o->stride, o->same_padding);
    assert_int_equal(o->conv.out.height, r->out_h);
    assert_int_equal(o->conv.out.width, r->out_w);
}

static inline void run_pass(const struct conv2d *c, enum conv2d_pass pass, const struct arrays *a,
                            struct samples samples, bool accumulate)
{
    if (pass == CONV2D_FORWARD)
        conv2d_forward(c, a->y, a->x, samples);
    else if (pass == CONV2D_BACKWARD_DATA)
        conv2d_backward_data(c, a->dx, a->dy, samples, accumulate);
    else
        conv2d_backward_weights(c, a->x, a->dy, samples);
}

static inline void measure(void *layer, struct samples samples)
{
    const struct one_conv *o = layer;
    const struct arrays none = {0};
    for (int pass = 0; pass < CONV2D_PASSES; pass++)
        if (o->passes == 0 || o->passes >> pass & 1)
            run_pass(&o->conv, (enum conv2d_pass)pass, &none, samples, false);
}

static inline void create(struct layer_fixture *f, struct one_conv *o)
{
    layer_fixture_create_with(f, build, measure, o, o->batch, choice);
}

static inline void make_arrays(struct arrays *a, const struct one_conv *o, bool accumulate)
{
    const struct param *p = o->conv.weight;
    a->in = reference_in_floats(&o->reference);
    a->out = reference_out_floats(&o->reference);
    a->x = close_normal(a->in * o->batch);
    a->dy = close_normal(a->out * o->batch);
    a->y = close_filled(a->out * o->batch, UNTOUCHED);
    a->dx = accumulate ? close_normal(a->in * o->batch) : close_filled(a->in * o->batch, UNTOUCHED);
    a->weight = close_to_double(p->data, p->size);
    a->want_y = close_to_double(a->y, a->out * o->batch);
    a->want_dx = close_to_double(a->dx, a->in * o->batch);
    a->want_dw = close_doubles(p->size);
}

static inline void free_arrays(struct arrays *a)
{
    free(a->x);
    free(a->dy);
    free(a->y);
    free(a->dx);
    free(a->weight);
    free(a->want_y);
    free(a->want_dx);
    free(a->want_dw);
}

/* A pass, or all of them, over the whole batch. */
static inline void run_whole_pass(const struct one_conv *o, enum conv2d_pass pass,
                                  const struct arrays *a)
{
    static const int all[MAX_BATCH] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    run_pass(&o->conv, pass, a, (struct samples){all, o->batch}, false);
}

static inline void run_whole_passes(const struct one_conv *o, const struct arrays *a)
{
    for (int pass = 0; pass < CONV2D_PASSES; pass++)
        run_whole_pass(o, (enum conv2d_pass)pass, a);
}

static inline int set_choice(void **state)
{
    choice = **(const enum conv2d_choice **)state;
    return 0;
}

static const enum conv2d_choice CHOICES[] = {CONV2D_AUTO, CONV2D_ALL_IM2COL, CONV2D_ALL_DIRECT,
                                             CONV2D_ALL_WINOGRAD};
#define ON(test, name, index)                                                                      \
    {                                                                                              \
        name ": " #test, test, set_choice, NULL, (void *)&CHOICES[index]                           \
    }
#define ON_EVERY_CHOICE(test)                                                                      \
    ON(test, "auto", 0), ON(test, "im2col", 1), ON(test, "direct", 2), ON(test, "winograd", 3)

#endif
