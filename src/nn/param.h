/* The parameter table: what every layer shares. Optimiser, checkpoint, weight loading and gradient
 * check are loops over it. */
#ifndef NN_PARAM_H
#define NN_PARAM_H

#include "base/error.h"
#include "base/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum param_kind {
    PARAM_CONV,    /* disk [O,I,kh,kw] (PyTorch), memory [kh,kw,I,O]: output channels contiguous for
                      GEMM */
    PARAM_LINEAR,  /* disk and memory [O,I] */
    PARAM_VECTOR,  /* bias, norm weight: [n] */
    PARAM_BUFFER,  /* running_mean, running_var [n]: saved, not trained */
    PARAM_COUNTER, /* num_batches_tracked: I64 scalar on disk, `counter` here, data NULL */
};

/* How a parameter begins. */
enum param_start {
    PARAM_START_CONSTANT, /* at start_value */
    PARAM_START_NORMAL,   /* N(0, start_value^2) */
    PARAM_START_UNIFORM,  /* uniform in +-start_value */
};

struct param {
    char name[96]; /* torchvision's: "layer1.0.conv1.weight" */
    enum param_kind kind;
    int n_dims, dim[4]; /* shape on disk */
    size_t size;        /* elements; 0 for a counter */
    float *data, *grad; /* [size]; grad NULL for buffers and in a model made without training */
    int64_t counter;
    enum param_start start; /* set by the layer that owns it */
    double start_value;
    bool
        frozen; /* never learns: keeps its value, has no gradient (running statistics: not moved) */
    bool head;  /* belongs to the classifier: may be left at its initial values when weights are
                   loaded */
};

struct param_list {
    struct param *item; /* in the network's order */
    int n;
    /* Those that learn, one behind the other, for the optimiser: all data and all gradients in two
     * arrays. They are the last ones of the network: what is frozen lies below. */
    float *data, *grad;
    size_t n_trained; /* elements in each */
    /* Places in these: of the first that learns now (0 but before model_unfreeze), and of the
     * classifier. */
    size_t first_awake, first_head;
    float *all; /* the frozen ones, too */
    size_t n_all;
};

bool param_is_trained(const struct param *p);
/* Not for a counter. Between memory layout and PyTorch's on disk; out has p->size floats. `values`
 * is p->data, p->grad or a moment in the same layout. */
void param_to_disk(float *out, const struct param *p, const float *values);
void param_from_disk(float *values, const struct param *p, const float *in);
const struct param *param_find(const struct param_list *list, const char *name);

#endif
