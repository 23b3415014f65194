/* One convolution of the list (conv_shapes.h) with its arrays, filled with random values. */
#ifndef TESTS_CONV_WORKSPACE_H
#define TESTS_CONV_WORKSPACE_H

#include "base/arena.h"
#include "nn/conv/conv2d.h"

#include "conv_shapes.h"

enum { CONV_WORKSPACE_BATCH = 4 };

/* The results of the three passes do not overlap. */
struct conv_workspace {
    struct conv2d conv;
    struct build build;
    struct param param[1];
    struct arena arrays, scratch;
    float *data[4]; /* x, dy, y, dx */
    size_t in, out; /* floats of x and dx, of y and dy */
};

/* size: of x, in place of the shape's own. */
enum status conv_workspace_create(struct conv_workspace *out, const struct conv_shape *s, int size,
                                  enum conv2d_choice choice, struct error *err);
void conv_workspace_destroy(struct conv_workspace *w); /* a zeroed one is fine */
void conv_workspace_run(const struct conv_workspace *w, enum conv2d_pass pass);

/* What a pass writes, and how many floats. */
const float *conv_workspace_result(size_t *n, const struct conv_workspace *w,
                                   enum conv2d_pass pass);
/* Of the direct algorithm. */
double conv_workspace_flops(const struct conv_workspace *w);
/* Of the arrays of any pass, each once: the least that a pass reads and writes. */
double conv_workspace_bytes(const struct conv_workspace *w);

#endif
